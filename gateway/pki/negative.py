"""Credentials that must be refused, so that any harness can try them against a gateway.

In each, ``signing`` is the bad one and ``tls`` the role's good one, but for ``unknown_system`` (both good,
registered nowhere) and ``wrong_role`` (both good, of another system). certs/negative.toml says what each
changes.
"""

from __future__ import annotations

import tempfile
import tomllib
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from gateway.data import data_folder
from gateway.pki.authority import Authority, Credential
from gateway.pki.keys import make_folder
from gateway.pki.profile import Profile


@dataclass(frozen=True, slots=True)
class System:
    """A system for which credentials are made; ``municipality`` is its 市町村コード or None."""

    role: str
    system: str
    municipality: str | None


@dataclass(frozen=True, slots=True)
class NegativeEntry:
    """One entry of ``negative`` in network.json."""

    role: str
    signing: Credential
    tls: Credential

    def document(self) -> dict[str, Any]:
        """The entry as network.json holds it."""
        pairs = (("signing", self.signing), ("tls", self.tls))
        files = {name: {"key": str(one.key), "certificate": str(one.certificate)} for name, one in pairs}
        return {"role": self.role, **files}


def write_negative(
    authority: Authority,
    folder: Path,
    *,
    as_system: System,
    tls: Credential,
    other: tuple[Credential, Credential],
    at: datetime,
    key_kind: str = "RSA-2048",
) -> dict[str, NegativeEntry]:
    """Write all bad credentials into ``folder``/NAME/ and return them by name.

    ``as_system`` is the system whose name they carry, ``tls`` its good TLS credential, ``other`` the
    signing and TLS credentials of a system with another role. The revoked one is on the CRLs that are
    published by this, and stays on every later one. Raises as Authority.issue does.
    """
    entries = {}
    make_folder(folder)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        for name, change in _changes().items():
            issuer = authority
            if change.pop("other_authority", False):
                issuer = Authority.create(Path(scratch) / "other", at=at)
            revoke = change.pop("revoke", False)
            another = change.pop("system", None)
            kind = change.pop("key_kind", key_kind)
            named = as_system if another is None else replace(as_system, system=another)
            home = folder.absolute() / name
            signing = _issue(
                issuer, Profile.read("signing").but(**change), named, home=home, at=at, key_kind=kind
            )
            if revoke:
                authority.revoke(signing.certificate, at=at, reason="keyCompromise")
            own = (
                tls
                if another is None
                else _issue(issuer, Profile.read("tls"), named, home=home, at=at, key_kind=kind)
            )
            entries[name] = NegativeEntry(as_system.role, signing, own)
    entries["wrong_role"] = NegativeEntry(as_system.role, *other)
    authority.publish_crls(at=at)
    return entries


def _changes() -> dict[str, dict[str, Any]]:
    return tomllib.loads((data_folder("certs") / "negative.toml").read_text(encoding="utf-8"))


def _issue(
    issuer: Authority, profile: Profile, named: System, *, home: Path, at: datetime, key_kind: str
) -> Credential:
    return issuer.issue(
        profile,
        role=named.role,
        system=named.system,
        municipality=named.municipality,
        at=at,
        key_kind=key_kind,
        key_file=home / f"{profile.name}.key.pem",
        certificate_file=home / f"{profile.name}.pem",
    )
