"""``juki-gateway inquiry …``: inquiries to 機構 (J-LIS), as whoever may make them would, as commands."""

from __future__ import annotations

from typing import Annotated

import typer

from clients.integrated_terminal import IntegratedTerminal
from clients.number_use_system import NumberUseSystem
from gateway.cli import inquiry_file
from gateway.cli.asking import EarlierTry, OperatorIds, PurposeCode, Terminal, asking_as, caller_of, usable
from gateway.cli.options import AsJson, State, new_app, open_state
from gateway.cli.output import Output
from gateway.cli.terminal import person_document
from gateway.domain.basic_four import BasicFour
from gateway.domain.codes import Purpose, Sex
from gateway.domain.identifiers import IndividualNumber
from gateway.domain.inquiry import Inquiry, InquiryAnswer, InquiryKey, InquiryResult, LegalBasis
from gateway.domain.register_date_text import read_written
from gateway.domain.register_text import RegisterText
from gateway.domain.values import read_code
from gateway.errors import UsageError

app = new_app("Inquiries to 機構 (J-LIS), by an integrated terminal or a number-use business system.")

_ASKING: dict[str, type[IntegratedTerminal] | type[NumberUseSystem]] = {
    "integrated_terminal": IntegratedTerminal,
    "number_use_system": NumberUseSystem,
}


@app.callback()
def _group() -> None:
    pass


@app.command(
    epilog="Example: juki-gateway inquiry ask --state build/demo/131016-number-use-1 --number 149709400944 "
    "--terminal 131016-N001 --operator V1310160201/OP01 --purpose number_use --basis number_use"
)
def ask(
    terminal: Terminal,
    operator: OperatorIds,
    basis: Annotated[
        str, typer.Option(help="Legal basis (根拠): " + ", ".join(one.value for one in LegalBasis))
    ],
    purpose: PurposeCode = Purpose.NUMBER_USE.value,
    number: Annotated[str | None, typer.Option(help="個人番号, 12 digits.")] = None,
    name: Annotated[str | None, typer.Option(help="氏名, all of it.")] = None,
    birth_date: Annotated[str | None, typer.Option(help="Birth date as written: 昭和60年4月12日.")] = None,
    sex: Annotated[str | None, typer.Option(help="1 (男) or 2 (女).")] = None,
    address: Annotated[str | None, typer.Option(help="住所, all of it.")] = None,
    message_id: EarlierTry = None,
    folder: State = None,
    as_json: AsJson = False,
) -> None:
    """Inquire for a person's identity record (照会): by 個人番号, or by the four items.

    Prints what 機構 answers. Exit status 0 for any answer, 1 when the question was refused, 3 when a system
    that has to be asked was not reached in time.
    """
    state, settings = open_state(folder)
    client_of = _ASKING.get(settings.system.role)
    if client_of is None:
        raise UsageError(f"{state.path}: a system of the role {settings.system.role} makes no inquiry")
    with usable():
        inquiry = Inquiry(
            caller_of(settings, terminal, operator, purpose),
            read_code(LegalBasis, basis),
            _key(number, (name, birth_date, sex, address)),
        )
    with asking_as(client_of, state, settings) as client:
        answer = client.inquire(inquiry, message_id=message_id)
    _tell(Output(as_json), answer)


def _tell(output: Output, answer: InquiryAnswer) -> None:
    record = answer.record
    person = None
    if record is not None:
        number = None if record.individual_number is None else record.individual_number.digits
        person = {**person_document(record), "individual_number": number}
    output.document(
        {
            "result": answer.result.value,
            "text": {"ja": answer.result.ja, "en": answer.result.en},
            "checked_at": answer.checked_at.isoformat().replace("+00:00", "Z"),
            "reference": answer.reference,
            "person": person,
        }
    )
    found = answer.result is InquiryResult.FOUND
    output.line(
        f"{answer.result.value}  {answer.result.ja}  {answer.result.en}", "green" if found else "yellow"
    )
    output.line(f"answered at {answer.checked_at:%Y-%m-%dT%H:%M:%SZ}, reference {answer.reference}")
    if person is not None:
        output.table(("item", "value"), [[item, told] for item, told in person.items() if told])


def _key(number: str | None, items: tuple[str | None, ...]) -> InquiryKey:
    given = [item for item in items if item]
    if (number is None) != bool(given):
        raise UsageError("give either --number, or the four items")
    if number is not None:
        return IndividualNumber(number)
    if len(given) != len(items):
        raise UsageError("the four items are --name, --birth-date, --sex and --address")
    name, birth_date, sex, address = given
    return BasicFour(RegisterText(name), read_written(birth_date), read_code(Sex, sex), RegisterText(address))


_FILE = "--state build/demo/131016-addressee-terminal-1 --terminal 131016-A001 --operator V1310160301/OP01"
app.command(epilog=f"Example: juki-gateway inquiry deliver inquiries.csv {_FILE}")(inquiry_file.deliver)
app.command(epilog=f"Example: juki-gateway inquiry status --office TAX --file 2026-1 {_FILE}")(
    inquiry_file.status
)
app.command(epilog=f"Example: juki-gateway inquiry fetch results.csv --office TAX --file 2026-1 {_FILE}")(
    inquiry_file.fetch
)
app.command(
    epilog="Example: juki-gateway inquiry make rows.csv inquiries.csv --municipality 131016 --office TAX "
    "--file 2026-1 --basis number_use"
)(inquiry_file.make)
