"""``juki-gateway terminal …``: what a clerk at the integrated terminal (統合端末) does, as commands."""

from __future__ import annotations

from typing import Annotated

import typer

from clients.integrated_terminal import IntegratedTerminal
from gateway.cli.asking import EarlierTry, OperatorIds, PurposeCode, Terminal, asking_as, caller_of, usable
from gateway.cli.options import AsJson, State, new_app, open_state
from gateway.cli.output import Output
from gateway.cli.terminal_moves import cancel_move_in, moves, request_certificate
from gateway.domain.basic_four import BasicFour
from gateway.domain.codes import DocumentKind, Purpose, Sex, VerificationResult
from gateway.domain.identifiers import MunicipalityCode, ResidentRecordCode
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.kana import Kana
from gateway.domain.register_date_text import read_written, written
from gateway.domain.register_text import RegisterText
from gateway.domain.search import Match, SearchQuestion, SearchTerms
from gateway.domain.values import read_code
from gateway.domain.verification import IdentityQuestion, PresentedDocument
from gateway.errors import UsageError

app = new_app("The integrated terminal (統合端末): asks the municipal CS as a clerk would.")


@app.callback()
def _group() -> None:
    pass


@app.command(
    epilog="Example: juki-gateway terminal verify --state build/demo/131016-terminal-1 --code 05783086273 "
    "--terminal 131016-T001 --operator V1310160001/OP01"
)
def verify(
    terminal: Terminal,
    operator: OperatorIds,
    code: Annotated[str | None, typer.Option(help="住民票コード read from the card, 11 digits.")] = None,
    document: Annotated[
        str | None,
        typer.Option(help="Document that shows the four items: " + ", ".join(k.value for k in DocumentKind)),
    ] = None,
    name: Annotated[str | None, typer.Option(help="氏名 as on the document.")] = None,
    birth_date: Annotated[str | None, typer.Option(help="Birth date as written: 昭和60年4月12日.")] = None,
    sex: Annotated[str | None, typer.Option(help="1 (男) or 2 (女).")] = None,
    address: Annotated[str | None, typer.Option(help="住所 as on the document.")] = None,
    purpose: PurposeCode = Purpose.RECORD_COPY.value,
    message_id: EarlierTry = None,
    folder: State = None,
    as_json: AsJson = False,
) -> None:
    """Verify a person's identity (本人確認): by 住民票コード, or by the four items of a document.

    Prints the national server's result. Exit status 0 for any result, 1 when the question was
    refused, 3 when a system that has to be asked was not reached in time.
    """
    state, settings = open_state(folder)
    with usable():
        question = IdentityQuestion(
            caller_of(settings, terminal, operator, purpose),
            _key(code, document, (name, birth_date, sex, address)),
        )
    with asking_as(IntegratedTerminal, state, settings) as client:
        answer = client.verify_identity(question, message_id=message_id)
    output = Output(as_json)
    output.document(
        {
            "result": answer.result.value,
            "text": {"ja": answer.result.ja, "en": answer.result.en},
            "checked_at": answer.checked_at.isoformat().replace("+00:00", "Z"),
            "reference": answer.reference,
        }
    )
    result, colour = answer.result, "green" if answer.result is VerificationResult.MATCH else "yellow"
    output.line(f"{result.value}  {result.ja}  {result.en}", colour)
    output.line(f"checked at {answer.checked_at:%Y-%m-%dT%H:%M:%SZ}, reference {answer.reference}")


@app.command(
    epilog="Example: juki-gateway terminal search --state build/demo/131016-terminal-1 --name 山田 --prefix "
    "--address 東京都千代田区 --terminal 131016-T001 --operator V1310160001/OP01"
)
def search(
    terminal: Terminal,
    operator: OperatorIds,
    name: Annotated[str | None, typer.Option(help="氏名, 通称, 旧氏 or Latin name, now or past.")] = None,
    kana: Annotated[str | None, typer.Option(help="Reading of the name, full-width katakana.")] = None,
    birth_date: Annotated[str | None, typer.Option(help="Birth date as written: 昭和60年4月12日.")] = None,
    sex: Annotated[str | None, typer.Option(help="1 (男) or 2 (女).")] = None,
    address: Annotated[
        str | None, typer.Option(help="住所, now or past; compared from its beginning.")
    ] = None,
    prefix: Annotated[bool, typer.Option("--prefix", help="Name and reading are beginnings.")] = False,
    residence: Annotated[
        str | None, typer.Option(help="Code of the municipality where the person is thought to live.")
    ] = None,
    purpose: PurposeCode = Purpose.RECORD_COPY.value,
    message_id: EarlierTry = None,
    folder: State = None,
    as_json: AsJson = False,
) -> None:
    """Search identity records (検索) by at least two of name, birth date and address.

    Without --residence the search goes outward: here, the prefecture, the nation. Exit status 0 for any
    result, 1 when the question was refused, 3 when a system that has to be asked was not reached in time.
    """
    state, settings = open_state(folder)
    match = Match.PREFIX if prefix else Match.EXACT
    with usable():
        question = SearchQuestion(
            caller_of(settings, terminal, operator, purpose),
            SearchTerms(
                name=None if name is None else (RegisterText(name), match),
                kana=None if kana is None else (Kana(kana), match),
                birth_date=None if birth_date is None else read_written(birth_date),
                sex=None if sex is None else read_code(Sex, sex),
                address=None if address is None else (RegisterText(address), Match.PREFIX),
            ),
            None if residence is None else MunicipalityCode(residence),
        )
    with asking_as(IntegratedTerminal, state, settings) as client:
        answer = client.search_person(question, message_id=message_id)
    output = Output(as_json)
    people = [person_document(record) for record in answer.records]
    output.document(
        {
            "result": answer.result.value,
            "text": {"ja": answer.result.ja, "en": answer.result.en},
            "answered_by": answer.answered_by.value,
            "checked_at": answer.checked_at.isoformat().replace("+00:00", "Z"),
            "reference": answer.reference,
            "people": people,
        }
    )
    output.line(f"{answer.result.value}  {answer.result.ja}  {answer.result.en}")
    output.line(f"searched by {answer.answered_by.en}, reference {answer.reference}")
    columns = ("resident_record_code", "name", "kana", "birth_date", "sex", "address", "municipality")
    if people:
        output.table(columns, [[person[column] or "" for column in columns] for person in people])


def person_document(record: IdentityRecord) -> dict[str, str | None]:
    """A record for people and programs, without its 個人番号: a search shows none."""

    def inline(text: RegisterText | None) -> str | None:
        return None if text is None else text.inline

    return {
        "resident_record_code": record.code.digits,
        "name": record.name.inline,
        "kana": None if record.kana is None else record.kana.text,
        "latin_name": inline(record.latin_name),
        "common_name": inline(record.common_name),
        "former_surname": inline(record.former_surname),
        "birth_date": written(record.birth_date),
        "sex": record.sex.value,
        "address": record.address.inline,
        "municipality": record.municipality.digits,
    }


def _key(
    code: str | None, document: str | None, items: tuple[str | None, ...]
) -> ResidentRecordCode | PresentedDocument:
    if (code is None) == (document is None):
        raise UsageError("give either --code, or --document with the four items")
    if code is not None:
        return ResidentRecordCode(code)
    name, birth_date, sex, address = (item or "" for item in items)
    if not (name and birth_date and sex and address):
        raise UsageError("--document needs --name, --birth-date, --sex and --address")
    return PresentedDocument(
        read_code(DocumentKind, document or ""),
        BasicFour(RegisterText(name), read_written(birth_date), read_code(Sex, sex), RegisterText(address)),
    )


_WHO = "--state build/demo/131016-terminal-1 --terminal 131016-T001 --operator V1310160001/OP01"
app.command(
    "request-certificate",
    epilog="Example: juki-gateway terminal request-certificate --code 14675831492 --serial 0123456789AB "
    f"--old-town 141003 --moved-on 2026-11-26 {_WHO}",
)(request_certificate)
app.command("moves", epilog=f"Example: juki-gateway terminal moves --code 14675831492 {_WHO}")(moves)
app.command(
    "cancel-move-in",
    epilog=f"Example: juki-gateway terminal cancel-move-in --move M-0123456789abcdef0123 {_WHO}",
)(cancel_move_in)
