"""What the log tells of a reference that no refusal record has.

An operation's own fault (a counterpart that did not answer, a change out of turn), an unexpected error, and
a refusal that was only counted: each has its lines in log/gateway.jsonl under the reference it was given.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from gateway.cli.explain_text import instant
from gateway.contract import INTERNAL_ERROR
from gateway.domain.faults import OPERATION_FAULTS
from gateway.refusals import RULES
from gateway.telemetry.logs import FILE_NAME

_OUTCOMES = {  # (English, Japanese)
    "failed": (
        "An unexpected error of this system; report the error and the place in the code.",
        "本システム内部の予期しないエラーです。エラーの種類とコード上の箇所を報告してください。",
    ),
    "answered": ("The request was answered.", "要求に応答しました。"),
    "repeated": (
        "The request was a retry and got the answer of before.",
        "再送された要求のため、前回の応答を返しました。",
    ),
}
_UNKNOWN = ("", "")


def logged_explanation(
    folder: Path, reference: str, now: datetime, offset_seconds: int
) -> dict[str, Any] | None:
    """What the log in ``folder`` tells of a reference; None when it does not know it."""
    lines = list(_lines(folder, reference))
    ends = [line for line in lines if line["event"] in ("message", "request-failed")]
    bugs = [line for line in lines if line["event"] in ("bug", "request-failed")]
    if not ends and not bugs:
        return None
    end, bug = (ends or bugs)[-1], (bugs or [{}])[-1]
    outcome, code, rule = end.get("outcome", "failed"), end.get("fault"), end.get("rule")
    return {
        "reference": reference,
        "outcome": outcome,
        "step": end.get("step"),
        "rule": rule,
        "reason": _reason(outcome, code, rule),
        "fault": _fault(outcome, code, rule),
        "temporary": OPERATION_FAULTS[code].temporary if code in OPERATION_FAULTS else None,
        "peer": end.get("counterpart"),
        "service": end.get("service"),
        "operation": end.get("operation"),
        "message_id": end.get("message_id"),
        "size": end.get("bytes_in"),
        "answered_at": end.get("timestamp"),
        "milliseconds": end.get("total_ms"),
        "error": bug.get("error"),
        "place": bug.get("place") or bug.get("where"),
        "clock_offset_seconds": offset_seconds,
        "now": instant(now),
        "asked": [
            {
                "at": line["timestamp"],
                "destination": line.get("destination"),
                "outcome": line.get("outcome") or line.get("code"),
                "error": line.get("error"),
                "reference": line.get("counterpart_reference"),
                "milliseconds": line.get("total_ms"),
            }
            for line in lines
            if line["event"] in ("asked", "counterpart-failed")
        ],
    }


def _reason(outcome: str, code: str | None, rule: str | None) -> dict[str, str]:
    kind = OPERATION_FAULTS.get(code or "") or RULES.get(rule or "")
    en, ja = (kind.en, kind.ja) if kind else _OUTCOMES.get(outcome, _UNKNOWN)
    return {"en": en, "ja": ja}


def _fault(outcome: str, code: str | None, rule: str | None) -> str | None:
    if rule in RULES:
        return str(RULES[rule].fault)
    return f"juki:{INTERNAL_ERROR}" if outcome == "failed" else code and f"juki:{code}"


def _lines(folder: Path, reference: str) -> Iterator[dict[str, Any]]:
    """Every line with the reference, oldest file first; a file that was moved away keeps the name's start."""
    wanted = reference.encode()
    files = [file for file in folder.glob(f"{FILE_NAME}*") if file.is_file()]
    for file in sorted(files, key=lambda file: file.stat().st_mtime):
        with file.open("rb") as stream:
            for raw in stream:
                if wanted not in raw:
                    continue
                try:
                    line = json.loads(raw)
                except ValueError:
                    continue  # a packed file, or a line that was cut off
                if line.get("reference") == reference:
                    yield line
