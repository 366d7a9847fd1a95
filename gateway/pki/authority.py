"""The development PKI: a root and an issuing authority in one folder, what they issue and revoke.

    DIR/root.pem, issuing.pem              certificates, one PEM block each
    DIR/root.crl.pem, issuing.crl.pem      CRLs, one PEM block each
    DIR/root.key.pem, issuing.key.pem      keys, 0600
    DIR/register.json                      what was issued and revoked, CRL numbers
    DIR/systems/SYSTEM/PROFILE[.key].pem   credentials for which no other place is named

For production the certificates come from a real authority; this one marks itself as development.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

from gateway.errors import StateError, UsageError
from gateway.pki.keys import (
    digest_for,
    make_folder,
    make_key,
    read_certificate_file,
    read_key,
    write_key,
    write_pem,
)
from gateway.pki.profile import Holder, Profile
from gateway.pki.register import Entry, Register, instant, register_for_change, seconds

_SYSTEM = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_ROLE = re.compile(r"[a-z][a-z0-9_]{0,63}")
_MUNICIPALITY = re.compile(r"[0-9]{6}")

_SERIAL_DIGITS = 8

AUTHORITIES = ("root", "issuing")
"""The two authorities; names of files, profiles and issuers."""


@dataclass(frozen=True, slots=True)
class Credential:
    """The files of one key and its certificate."""

    key: Path
    certificate: Path


@dataclass(frozen=True, slots=True)
class Issued:
    """One certificate as listed. ``days_left`` is whole days at the instant of listing."""

    entry: Entry
    days_left: int
    state: str
    """``good``, ``revoked``, ``expired`` or ``not yet valid``."""


class Authority:
    """The PKI in a folder. Make it with ``create``, or take one that exists with ``open``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()

    @classmethod
    def create(cls, folder: Path, *, at: datetime, key_kind: str = "P-256") -> Authority:
        """Make both authorities and their first CRLs as of ``at`` (aware UTC).

        Raises StateError when the folder is not empty or cannot be written, UsageError for a kind of key.
        """
        self = cls(folder)
        if self.folder.exists() and (not self.folder.is_dir() or any(self.folder.iterdir())):
            raise StateError(f"{self.folder}: is not empty; a new PKI needs a folder of its own")
        make_folder(self.folder)
        Register().write(self._register)
        for name in AUTHORITIES:
            write_key(self._key(name), make_key(key_kind))
            public = read_key(self._key(name)).public_key()
            self._certify(Profile.read(name), Holder(), public, at=at, file=self.pem(name))
        self.publish_crls(at=at)
        return self

    @classmethod
    def open(cls, folder: Path) -> Authority:
        """Take an existing PKI. Raises StateError when there is none in the folder."""
        self = cls(folder)
        missing = [one for one in (self._register, *map(self.pem, AUTHORITIES)) if not one.is_file()]
        if missing:
            raise StateError(f"{self.folder}: no PKI is here ({missing[0].name} is missing)")
        return self

    @property
    def root_pem(self) -> Path:
        """The root's certificate."""
        return self.pem("root")

    @property
    def issuing_pem(self) -> Path:
        """The issuing authority's certificate."""
        return self.pem("issuing")

    @property
    def root_crl_pem(self) -> Path:
        """The root's CRL: whether the issuing authority is revoked."""
        return self.crl_pem("root")

    @property
    def issuing_crl_pem(self) -> Path:
        """The issuing authority's CRL: which systems' certificates are revoked."""
        return self.crl_pem("issuing")

    def pem(self, name: str) -> Path:
        """The certificate of one of AUTHORITIES."""
        return self.folder / f"{name}.pem"

    def crl_pem(self, name: str) -> Path:
        """The CRL of one of AUTHORITIES."""
        return self.folder / f"{name}.crl.pem"

    def issue(
        self,
        profile: str | Profile,
        *,
        role: str,
        system: str,
        municipality: str | None,
        at: datetime,
        valid_from: datetime | None = None,
        key_kind: str = "RSA-2048",
        names: Sequence[str] = (),
        key_file: Path | None = None,
        certificate_file: Path | None = None,
        keep_key: bool = False,
    ) -> Credential:
        """Issue a certificate as of ``at`` (aware UTC) and write it with its key.

        ``names`` are further alternative names (``dns:HOST``, ``ip:ADDRESS``). ``keep_key`` certifies the
        key that is in ``key_file`` already: a renewal. ``valid_from`` lets it begin earlier than ``at``, from
        which its days are counted: in a network whose clock is moved TLS keeps the machine's. Raises
        UsageError for values that make no certificate, StateError when files cannot be read or written.
        """
        if isinstance(profile, str):
            profile = Profile.read(profile)
        if profile.name in AUTHORITIES:
            raise UsageError(f"the profile {profile.name!r} is of an authority, not of a system")
        if not _SYSTEM.fullmatch(system):
            raise UsageError(f"{system!r} is no system id; small letters, digits, hyphens, at most 63")
        if municipality is not None and not _MUNICIPALITY.fullmatch(municipality):
            raise UsageError(f"{municipality!r} is no municipality code; write six digits")
        if not _ROLE.fullmatch(role):
            raise UsageError(f"{role!r} is no role; small letters, digits, underscores, at most 64")
        home = self.folder / "systems" / system
        credential = Credential(
            (key_file or home / f"{profile.name}.key.pem").absolute(),
            (certificate_file or home / f"{profile.name}.pem").absolute(),
        )
        if not (keep_key and credential.key.exists()):
            write_key(credential.key, make_key(key_kind, weak=key_kind == "RSA-1024"))
        public = read_key(credential.key).public_key()
        holder = Holder(system, role, municipality or "")
        self._certify(
            profile, holder, public, at=at, file=credential.certificate, names=names, valid_from=valid_from
        )
        return credential

    def revoke(self, certificate: Path | str, *, at: datetime, reason: str = "unspecified") -> Entry:
        """Put a certificate (its file, or the beginning of its serial in hex) on the next CRLs, for good.

        Raises UsageError when this PKI did not issue it, or for a reason that RFC 5280 5.3.1 does not
        name. Revoking it again changes nothing. The CRL is not published by this.
        """
        if reason not in (known := {flag.value for flag in x509.ReasonFlags} - {"removeFromCRL"}):
            raise UsageError(f"{reason!r} is no reason; there are: {', '.join(sorted(known))}")
        if isinstance(certificate, Path):
            serial = f"{read_certificate_file(certificate).serial_number:x}"
        else:
            serial = certificate.lower().removeprefix("0x").lstrip("0")
        if len(serial) < _SERIAL_DIGITS:
            raise UsageError(f"serial {serial!r} is too short; give at least {_SERIAL_DIGITS} digits")
        with register_for_change(self._register) as register:
            found = [
                one for one in register.entries if one.serial.startswith(serial) and one.profile != "root"
            ]
            if len(found) != 1:
                raise UsageError(
                    f"{len(found)} certificates that begin with serial {serial} were issued here"
                )
            if found[0].revoked_at is None:
                found[0].revoked_at, found[0].reason = seconds(at), reason
            return found[0]

    def publish_crls(self, *, at: datetime, hours: float | None = None) -> dict[str, int]:
        """Write both CRLs as of ``at``, each with the next number, and return the numbers.

        nextUpdate is ``hours`` later, or what the authority's profile says.
        """
        with register_for_change(self._register) as register:
            for name in AUTHORITIES:
                register.crl_numbers[name] = register.crl_numbers.get(name, 0) + 1
            # The numbers are kept before the lists are seen: a number is never used twice.
            register.write(self._register)
            for name in AUTHORITIES:
                lifetime = timedelta(hours=Profile.read(name).crl_hours if hours is None else hours)
                write_pem(self.crl_pem(name), self._crl(name, register, at, lifetime))
            return dict(register.crl_numbers)

    def listing(self, *, at: datetime) -> list[Issued]:
        """Every certificate ever issued, in order, with days left and state at ``at``."""
        return [_issued(entry, at) for entry in Register.read(self._register).entries]

    @property
    def _register(self) -> Path:
        return self.folder / "register.json"

    def _key(self, name: str) -> Path:
        return self.folder / f"{name}.key.pem"

    def _certify(
        self,
        profile: Profile,
        holder: Holder,
        public: CertificatePublicKeyTypes,
        *,
        at: datetime,
        file: Path,
        names: Sequence[str] = (),
        valid_from: datetime | None = None,
    ) -> None:
        key = read_key(self._key(profile.issuer))
        itself = profile.name == profile.issuer
        above = None if itself else read_certificate_file(self.pem(profile.issuer))
        issuer = profile.name_of(holder) if above is None else above.subject
        try:
            certificate = (
                profile.builder(holder, at, names, valid_from)
                .issuer_name(issuer)
                .public_key(public)
                .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
                .add_extension(
                    x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False
                )
                .sign(key, digest_for(key))
            )
        except (ValueError, OverflowError) as error:
            raise UsageError(f"no certificate can be made of these values: {error}") from None
        if above is not None and certificate.not_valid_after_utc > above.not_valid_after_utc:
            end = above.not_valid_after_utc
            raise UsageError(f"the certificate would outlive its authority, which ends on {end:%Y-%m-%d}")
        entry = Entry(
            serial=f"{certificate.serial_number:x}",
            issuer=profile.issuer,
            profile=profile.name,
            subject=certificate.subject.rfc4514_string(),
            system=holder.system,
            role=holder.role,
            municipality=holder.municipality or None,
            not_before=seconds(certificate.not_valid_before_utc),
            not_after=seconds(certificate.not_valid_after_utc),
            certificate=str(file),
        )
        # The register first: what is not in it could never be revoked.
        with register_for_change(self._register) as register:
            register.entries.append(entry)
        write_pem(file, certificate)

    def _crl(
        self, name: str, register: Register, at: datetime, lifetime: timedelta
    ) -> x509.CertificateRevocationList:
        key = read_key(self._key(name))
        this_update = at.replace(microsecond=0)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(read_certificate_file(self.pem(name)).subject)
            .last_update(this_update)
            .next_update(this_update + lifetime)
            .add_extension(x509.CRLNumber(register.crl_numbers[name]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False
            )
        )
        for entry in register.entries:
            if entry.issuer == name and entry.revoked_at is not None:
                revoked = x509.RevokedCertificateBuilder().serial_number(int(entry.serial, 16))
                revoked = revoked.revocation_date(instant(entry.revoked_at))
                # RFC 5280 5.3.1: "unspecified" is said by leaving the reason out.
                if entry.reason not in (None, "unspecified"):
                    revoked = revoked.add_extension(
                        x509.CRLReason(x509.ReasonFlags(entry.reason)), critical=False
                    )
                builder = builder.add_revoked_certificate(revoked.build())
        return builder.sign(key, digest_for(key))


def _issued(entry: Entry, at: datetime) -> Issued:
    now = at.timestamp()
    if entry.revoked_at is not None:
        state = "revoked"
    elif now > entry.not_after:
        state = "expired"
    else:
        state = "not yet valid" if now < entry.not_before else "good"
    return Issued(entry, (instant(entry.not_after) - at).days, state)
