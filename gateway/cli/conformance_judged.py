"""A judged message as a document, and as lines for people; in the words of ``explain``."""

from __future__ import annotations

import base64
import hashlib
from typing import Any, Final

from gateway.cli.explain_message import diagnosis_document, step_document
from gateway.cli.explain_tell import tell
from gateway.cli.explain_text import Language, instant
from gateway.cli.output import Output
from gateway.conformance import Judged

NOTES: Final = {
    "http": (
        "HTTP headers and the connection's certificate are not among the bytes.",
        "HTTPヘッダーと接続の証明書はこのバイト列に含まれません。",
    ),
    "guard": (
        "Whether it was received before is known to its receiver only.",
        "重複受信の有無は受信側でのみ判定できます。",
    ),
    "sender": (
        "Whether its signer may say this is not known: the system that it is for is not here.",
        "署名者の権限は判定できません(宛先のシステムの設定がありません)。",
    ),
    "binding": (
        "The request that it answers is not among the files: RelatesTo and SignatureConfirmation are taken "
        "to be right.",
        "対応する要求のファイルがないため、RelatesToとSignatureConfirmationは正しいものとみなしました。",
    ),
    "unbound": (
        "The fault names no request: its sender could not tell which one it refused.",
        "フォールトが要求を特定していません。",
    ),
    "revocation": (
        "Revocation was not looked at: no --crl was given.",
        "失効は確認していません(--crlの指定がありません)。",
    ),
}
"""What could not be judged, in both languages."""


def judged_document(judged: Judged, *, revocation: bool = True) -> dict[str, Any]:
    """Everything that is known of the message; times in UTC, bytes in Base64."""
    seen, refused = judged.seen, judged.refused
    rule = None if refused is None else refused.rule
    message = diagnosis_document(judged.diagnosis)
    message["steps"] = [
        step_document(step, judged=step.step not in judged.not_judged) for step in judged.steps
    ]
    message["refused_by"] = None if rule is None else rule.name
    return {
        "name": judged.name,
        "kind": seen.kind,
        "service": None if seen.service is None else seen.service.name,
        "operation": None if seen.operation is None else seen.operation.name,
        "message_id": seen.message_id or None,
        "relates_to": seen.relates_to or None,
        "size": len(judged.raw),
        "digest": hashlib.sha256(judged.raw).hexdigest(),
        "at": instant(judged.at),
        "good": refused is None,
        "step": None if rule is None else rule.step,
        "rule": None if rule is None else rule.name,
        "reason": None if rule is None else {"en": rule.en, "ja": rule.ja},
        "where": None if refused is None else refused.where or None,
        "found": None if refused is None else refused.found or None,
        "wanted": None if refused is None else refused.wanted or None,
        "notes": [
            {"note": key, "en": NOTES[key][0], "ja": NOTES[key][1]} for key in _notes(judged, revocation)
        ],
        "message": message,
        "bytes": base64.b64encode(judged.raw).decode("ascii"),
    }


def _notes(judged: Judged, revocation: bool) -> list[str]:
    seen, message = judged.seen, judged.diagnosis.trace.message
    notes = ["http", "guard"]
    if message is not None and 11 in judged.not_judged:
        notes.append("sender")
    if seen.kind in {"answer", "fault"} and judged.asked is None:
        notes.append("binding")
    if message is not None and not message.bound:
        notes.append("unbound")
    return notes if revocation else [*notes, "revocation"]


def line_of(document: dict[str, Any], language: Language) -> str:
    """The message in one line: name, kind, operation, and the rule when it does not hold."""
    verdict = {"en": ("ok", "REFUSED"), "ja": ("適合", "拒否")}[language][not document["good"]]
    what = " ".join(part for part in (document["kind"], document["operation"]) if part)
    line = f"{verdict}  {document['name']}  {what}"
    if document["good"]:
        return line
    step = {"en": f"step {document['step']}", "ja": f"手順{document['step']}"}[language]
    where = f" ({document['where']})" if document["where"] else ""
    return f"{line}  {step} {document['rule']}: {document['reason'][language]}{where}"


def tell_judged(output: Output, document: dict[str, Any], language: Language) -> None:
    """The line; of a message that does not hold what was found and wanted, steps, causes and digests too."""
    output.line(line_of(document, language), "green" if document["good"] else "red")
    if not document["good"]:
        tell(output, document, language, canonical=False)
