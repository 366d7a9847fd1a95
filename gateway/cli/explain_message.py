"""A message explained from its bytes: every step, every Reference, and the likely cause of a refusal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from lxml import etree

from gateway.cli.explain_text import STEP_OUTCOMES, instant
from gateway.contract import SERVICES
from gateway.diagnosis import Diagnosis, Finding, diagnose
from gateway.errors import UsageError
from gateway.refusals import Refused
from gateway.running import addresses_of
from gateway.settings import Settings
from gateway.state import StateFolder
from gateway.trust.configured import trust_store
from gateway.web.texts import STEPS
from gateway.wss import names
from gateway.wss.addressing import AnswerContext, RequestContext
from gateway.wss.configured import profile_of
from gateway.wss.parse import step_2_parse
from gateway.wss.profile import Profile
from gateway.wss.trace import StepTrace


def message_explanation(
    raw: bytes, state: StateFolder, settings: Settings, at: datetime, certificates: Sequence[Path]
) -> dict[str, Any]:
    """What ``explain`` prints of a message that this system received at the instant ``at``."""
    pieces = any(service.takes_pieces for service in SERVICES.values())
    diagnosis = diagnose(
        raw,
        _expected(raw, state, settings),
        trust=trust_store(settings, state.path),
        now=at,
        profile=profile_of(settings, pieces=pieces),
        others=_keys(state, certificates),
    )
    return _document(diagnosis)


def _document(diagnosis: Diagnosis) -> dict[str, Any]:
    refused = diagnosis.trace.refused
    return {
        "steps": [_step(step) for step in diagnosis.trace.steps],
        "refused_by": None if refused is None or refused.rule is None else refused.rule.name,
        "causes": [_cause(finding) for finding in diagnosis.findings],
        "references": [
            {
                "element": part.name,
                "algorithm": part.algorithm,
                "in_message": part.digest,
                "computed": part.computed,
                "holds": part.holds,
                "canonical": octets.decode(),
            }
            for part, octets in diagnosis.covered
        ],
        "signed_info": diagnosis.signed_info.decode() or None,
    }


def _step(step: StepTrace) -> dict[str, Any]:
    name = STEPS[step.step]
    return {
        "step": step.step,
        "name": {"en": name.en, "ja": name.ja},
        "outcome": step.outcome.value,
        "shown": {"en": STEP_OUTCOMES[step.outcome.value][0], "ja": STEP_OUTCOMES[step.outcome.value][1]},
    }


def _cause(finding: Finding) -> dict[str, Any]:
    cause = finding.cause
    return {
        "cause": cause.code,
        "where": finding.where,
        "proved": finding.proved,
        "told": finding.told or None,
        "text": {"en": cause.en, "ja": cause.ja},
        "mend": {"en": cause.mend_en, "ja": cause.mend_ja},
    }


def _expected(raw: bytes, state: StateFolder, settings: Settings) -> RequestContext | AnswerContext:
    """What the message must agree with: as a request here, or as an answer, with what it says itself.

    HTTP headers are not among the bytes, so SOAPAction is taken to be right.
    """
    root = _root(raw)
    content = (
        "" if root is None else next((str(body[0].tag) for body in root.iter(names.BODY) if len(body)), "")
    )
    bases = addresses_of(settings, settings.listen.port)
    for service in SERVICES.values():
        if content in {operation.request for operation in service.operations.values()}:
            addresses = frozenset(base.rstrip("/") + service.path for base in bases)
            actions = {action: operation.request for action, operation in service.operations.items()}
            return RequestContext(addresses, actions, _text(root, f"{{{names.WSA}}}Action"))
    operations = [one for service in SERVICES.values() for one in service.operations.values()]
    if root is None or content not in {names.FAULT, *(one.response for one in operations)}:
        return RequestContext(frozenset(), {}, None)
    actions = {one.answer_action: one.response for one in operations}
    actions |= {one.fault_action: names.FAULT for one in operations}
    confirmation = next(root.iter(names.CONFIRMATION), None)
    return AnswerContext(
        _text(root, f"{{{names.WSA}}}RelatesTo"),
        "" if confirmation is None else confirmation.get("Value", ""),
        actions,
    )


def _root(raw: bytes) -> etree._Element | None:
    try:
        return step_2_parse(raw, Profile().limits)
    except Refused:
        return None


def _text(root: etree._Element | None, name: str) -> str:
    return "" if root is None else next((element.text or "" for element in root.iter(name)), "")


def _keys(state: StateFolder, files: Sequence[Path]) -> Mapping[str, PublicKeyTypes]:
    """Keys that a sender may have signed with instead, by the names of their files."""
    keys: dict[str, PublicKeyTypes] = {}
    for file in files:
        try:
            found = x509.load_pem_x509_certificates(file.read_bytes())
        except (OSError, ValueError) as error:
            raise UsageError(f"{file}: is no certificate in PEM ({error})") from error
        keys[file.name] = found[0].public_key()
    return keys


def read_instant(text: str) -> datetime:
    """``--at``: an instant in UTC, ISO 8601. Raises UsageError."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--at {text}: is no instant such as {instant(datetime.now(UTC))}") from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
