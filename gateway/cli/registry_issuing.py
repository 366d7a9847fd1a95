"""``juki-gateway registry codes`` and ``number``: what 機構 issues, asked for through the municipal CS."""

from __future__ import annotations

import secrets
from typing import Annotated

import typer

from clients.resident_record_system import ResidentRecordSystem
from gateway.cli.asking import (
    DEFAULT_PURPOSE,
    EarlierTry,
    OperatorIds,
    PurposeCode,
    Terminal,
    asking_as,
    caller_of,
    usable,
)
from gateway.cli.options import AsJson, State, open_state
from gateway.cli.output import Output
from gateway.domain.identifiers import ResidentRecordCode
from gateway.domain.issuing import CodeRequest, NumberReason, NumberRequest
from gateway.domain.values import read_code

Reference = Annotated[
    str | None, typer.Option(help="Reference of an earlier try: the same is issued again. Else one is drawn.")
]


def codes(
    terminal: Terminal,
    operator: OperatorIds,
    count: Annotated[int, typer.Option(help="How many.")] = 100,
    reference: Reference = None,
    purpose: PurposeCode = DEFAULT_PURPOSE,
    message_id: EarlierTry = None,
    folder: State = None,
    as_json: AsJson = False,
) -> None:
    """Ask 機構 for a block of 住民票コード that nobody has yet (空きコード)."""
    state, settings = open_state(folder)
    with usable():
        asked = CodeRequest(caller_of(settings, terminal, operator, purpose), reference or _drawn(), count)
    with asking_as(ResidentRecordSystem, state, settings) as client:
        block = client.allocate_codes(asked, message_id=message_id)
    output = Output(as_json)
    output.document({"reference": block.reference, "codes": [code.digits for code in block.codes]})
    for code in block.codes:
        output.line(code.digits)


def number(
    code: Annotated[str, typer.Option(help="住民票コード of the person, 11 digits.")],
    terminal: Terminal,
    operator: OperatorIds,
    reason: Annotated[str, typer.Option(help="new or change.")] = NumberReason.NEW.value,
    reference: Reference = None,
    purpose: PurposeCode = DEFAULT_PURPOSE,
    message_id: EarlierTry = None,
    folder: State = None,
    as_json: AsJson = False,
) -> None:
    """Ask 機構 for a new 個人番号 (生成・変更要求)."""
    state, settings = open_state(folder)
    with usable():
        asked = NumberRequest(
            caller_of(settings, terminal, operator, purpose),
            reference or _drawn(),
            ResidentRecordCode(code),
            read_code(NumberReason, reason),
        )
    with asking_as(ResidentRecordSystem, state, settings) as client:
        issued = client.request_number(asked, message_id=message_id)
    output = Output(as_json)
    output.document(
        {
            "reference": issued.reference,
            "resident_record_code": issued.code.digits,
            "individual_number": issued.number.digits,
        }
    )
    output.line(issued.number.digits)


def _drawn() -> str:
    return f"R-{secrets.token_hex(8)}"
