"""``juki-gateway explain REFERENCE``: the whole reason of a refusal, for the operator only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

import typer

from gateway.cli.exits import CheckFailed
from gateway.cli.options import AsJson, State, new_app, open_state
from gateway.cli.output import Output
from gateway.clock import SystemClock
from gateway.refusals import RULES
from gateway.store import RefusalRecord, Store

app = new_app()

LABELS = {  # (English, Japanese)
    "reference": ("Reference", "参照番号"),
    "step": ("Step", "手順"),
    "rule": ("Rule", "規則"),
    "reason": ("Reason", "理由"),
    "fault": ("Fault", "フォールト"),
    "found": ("Found", "検出内容"),
    "wanted": ("Wanted", "期待内容"),
    "where": ("Where", "箇所"),
    "peer": ("Peer", "相手方"),
    "service": ("Service", "サービス"),
    "operation": ("Operation", "操作"),
    "message_id": ("MessageID", "MessageID"),
    "digest": ("SHA-256", "SHA-256"),
    "size": ("Bytes", "バイト数"),
    "refused_at": ("Refused at", "拒否日時"),
    "created": ("Created", "Created"),
    "expires": ("Expires", "Expires"),
    "created_to_refused_seconds": ("Created to refusal, s", "Createdから拒否まで(秒)"),
    "clock_offset_seconds": ("Clock offset, s", "時計のずれ(秒)"),
    "now": ("Now", "現在日時"),
    "chain": ("Certificate chain", "証明書チェーン"),
}


@app.command(epilog="Example: juki-gateway explain REFERENCE --state build/demo/131016-cs")
def explain(
    reference: Annotated[str, typer.Argument(metavar="REFERENCE", help="juki:reference of the fault.")],
    folder: State = None,
    language: Annotated[Literal["en", "ja"], typer.Option("--language", help="Language of the text.")] = "en",
    as_json: AsJson = False,
) -> None:
    """Print why a message was refused: step, rule, what was found and wanted, chain, clocks.

    Exit status 1 when no record has this reference (above a rate refusals are only counted).
    """
    state, settings = open_state(folder)
    clock = SystemClock(timedelta(seconds=settings.clock.offset_seconds))
    store = Store.open(state.path, clock=clock)
    try:
        record = store.refusals.find(reference)
    finally:
        store.close()
    if record is None:
        raise CheckFailed(f"no refusal with the reference {reference} is kept here")
    explained = explanation(record, clock.now(), settings.clock.offset_seconds)
    output = Output(as_json)
    output.document(explained)
    column = ("en", "ja").index(language)
    rows = [
        (LABELS[key][column], explained[key][language] if key == "reason" else explained[key])
        for key in LABELS
        if key != "chain" and explained[key] not in (None, "")
    ]
    output.table(("", ""), rows)
    if explained["chain"]:
        output.line()
        output.line(LABELS["chain"][column], style="bold")
        columns = ("subject", "issuer", "not_after", "days_left_when_refused", "days_left")
        output.table(columns, [[link[name] for name in columns] for link in explained["chain"]])


def explanation(record: RefusalRecord, now: datetime, offset_seconds: int) -> dict[str, Any]:
    """The record as the command prints it; times in UTC, ISO 8601."""
    rule = RULES.get(record.rule)
    created = record.created
    return {
        "reference": record.reference,
        "step": record.step,
        "rule": record.rule,
        "reason": {"en": rule.en if rule else "", "ja": rule.ja if rule else ""},
        "fault": record.fault,
        "found": record.found,
        "wanted": record.wanted,
        "where": record.where,
        "peer": record.peer,
        "service": record.service,
        "operation": record.operation,
        "message_id": record.message_id,
        "digest": record.digest,
        "size": record.size,
        "refused_at": _instant(record.at),
        "created": _instant(created),
        "expires": _instant(record.expires),
        "created_to_refused_seconds": (record.at - created).total_seconds() if created else None,
        "clock_offset_seconds": offset_seconds,
        "now": _instant(now),
        "chain": [
            {
                "subject": link.subject,
                "issuer": link.issuer,
                "not_after": _instant(link.not_after),
                "days_left_when_refused": (link.not_after - record.at).days,
                "days_left": (link.not_after - now).days,
            }
            for link in record.chain
        ],
    }


def _instant(value: datetime | None) -> str | None:
    return None if value is None else value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
