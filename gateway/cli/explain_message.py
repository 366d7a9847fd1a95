"""A message explained from its bytes: every step, every Reference, and the likely cause of a refusal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

from gateway.cli.explain_text import NOT_JUDGED, OTHER_STEPS, STEP_OUTCOMES, instant
from gateway.conformance import expected_of, look_at
from gateway.contract import SERVICES
from gateway.diagnosis import Diagnosis, Finding, diagnose
from gateway.errors import UsageError
from gateway.running import addresses_of
from gateway.settings import Settings
from gateway.state import StateFolder
from gateway.trust.configured import trust_store
from gateway.web.texts import STEPS
from gateway.wss.configured import profile_of
from gateway.wss.trace import StepTrace


def message_explanation(
    raw: bytes, state: StateFolder, settings: Settings, at: datetime, certificates: Sequence[Path]
) -> dict[str, Any]:
    """What ``explain`` prints of a message that this system received at the instant ``at``."""
    pieces = any(service.takes_pieces for service in SERVICES.values())
    diagnosis = diagnose(
        raw,
        expected_of(look_at(raw), addresses_of(settings, settings.listen.port)),
        trust=trust_store(settings, state.path),
        now=at,
        profile=profile_of(settings, pieces=pieces),
        others=keys_of(certificates),
    )
    return diagnosis_document(diagnosis)


def diagnosis_document(diagnosis: Diagnosis) -> dict[str, Any]:
    """Steps, causes and signed parts of a message."""
    refused = diagnosis.trace.refused
    return {
        "steps": [step_document(step) for step in diagnosis.trace.steps],
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


def step_document(step: StepTrace, *, judged: bool = True) -> dict[str, Any]:
    """One step; not ``judged`` is one that the bytes do not tell of."""
    name = STEPS.get(step.step) or OTHER_STEPS[step.step]
    outcome = step.outcome.value if judged else NOT_JUDGED
    return {
        "step": step.step,
        "name": {"en": name.en, "ja": name.ja},
        "outcome": outcome,
        "shown": {"en": STEP_OUTCOMES[outcome][0], "ja": STEP_OUTCOMES[outcome][1]},
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


def keys_of(files: Sequence[Path]) -> Mapping[str, PublicKeyTypes]:
    """Keys that a sender may have signed with instead, by the names of their files. Raises UsageError."""
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
