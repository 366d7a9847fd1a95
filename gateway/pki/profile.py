"""Certificate profiles: read from certs/*.toml, checked, and turned into certificate builders."""

from __future__ import annotations

import ipaddress
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Any, Self

from cryptography import x509
from cryptography.x509.oid import NameOID, ObjectIdentifier

from gateway.data import data_folder
from gateway.errors import StateError, UsageError

_ATTRIBUTES = {
    "C": NameOID.COUNTRY_NAME,
    "O": NameOID.ORGANIZATION_NAME,
    "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "L": NameOID.LOCALITY_NAME,
    "CN": NameOID.COMMON_NAME,
}
_KEY_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a certificate names: the values for ``{system}``, ``{role}`` and ``{municipality}``."""

    system: str = ""
    role: str = ""
    municipality: str = ""

    def fill(self, template: str) -> str:
        """The template with this holder's values."""
        for name in ("system", "role", "municipality"):
            template = template.replace(f"{{{name}}}", getattr(self, name))
        return template


@dataclass(frozen=True, slots=True)
class Profile:
    """One profile; certs/README.md says what each key means and in which unit."""

    name: str
    issuer: str
    days: int
    subject: Mapping[str, str]
    key_usage: Sequence[str]
    begin_days: int = 0
    authority: bool = False
    path_length: int | None = None
    extended_key_usage: Sequence[str] = ()
    names: Sequence[str] = ()
    policies: Sequence[str] = ()
    extensions: Sequence[Mapping[str, Any]] = field(default_factory=tuple)
    crl_hours: float = 24.0

    @classmethod
    def read(cls, name: str) -> Self:
        """The profile in certs/``name``.toml. Raises UsageError for none, StateError for a wrong one."""
        file = data_folder("certs") / f"{name}.toml"
        known = sorted(one.stem for one in file.parent.glob("*.toml") if one.stem != "negative")
        if name not in known:
            raise UsageError(f"there is no certificate profile {name!r}; there are: {', '.join(known)}")
        values = tomllib.loads(file.read_text(encoding="utf-8"))
        unknown = values.keys() - {one.name for one in fields(cls)}
        if unknown:
            raise StateError(f"{file}: unknown keys: {', '.join(sorted(unknown))}")
        return cls(name=name, **values)

    def but(self, **changes: Any) -> Self:
        """This profile with changes."""
        return replace(self, **changes)

    def name_of(self, holder: Holder) -> x509.Name:
        """The subject for ``holder``; attributes that would be empty are left out."""
        filled = ((_ATTRIBUTES[key], holder.fill(text)) for key, text in self.subject.items())
        return x509.Name([x509.NameAttribute(oid, text) for oid, text in filled if text])

    def builder(
        self,
        holder: Holder,
        at: datetime,
        more_names: Sequence[str] = (),
        valid_from: datetime | None = None,
    ) -> x509.CertificateBuilder:
        """A builder with everything but keys, issuer and key identifiers, as issued at ``at`` (aware UTC).

        ``valid_from`` moves the beginning, not the end, to an earlier instant.
        """
        begin = at.replace(microsecond=0) + timedelta(days=self.begin_days)
        builder = (
            x509.CertificateBuilder()
            .serial_number(x509.random_serial_number())
            .subject_name(self.name_of(holder))
            .not_valid_before(min(begin, (valid_from or begin).replace(microsecond=0)))
            # Both ends are included (RFC 5280 4.1.2.5): the last second belongs to the next day.
            .not_valid_after(begin + timedelta(days=self.days, seconds=-1))
        )
        for value, critical in self._extensions(holder, more_names):
            builder = builder.add_extension(value, critical)
        return builder

    def _extensions(
        self, holder: Holder, more_names: Sequence[str]
    ) -> Iterable[tuple[x509.ExtensionType, bool]]:
        yield x509.BasicConstraints(self.authority, self.path_length), True
        yield x509.KeyUsage(**{usage: usage in self.key_usage for usage in _KEY_USAGES}), True
        if self.extended_key_usage:
            yield x509.ExtendedKeyUsage([ObjectIdentifier(oid) for oid in self.extended_key_usage]), False
        names = [alternative_name(holder.fill(text)) for text in (*self.names, *more_names)]
        if names:
            yield x509.SubjectAlternativeName(names), False
        if self.policies:
            policies = [x509.PolicyInformation(ObjectIdentifier(oid), None) for oid in self.policies]
            yield x509.CertificatePolicies(policies), False
        for more in self.extensions:
            value = x509.UnrecognizedExtension(ObjectIdentifier(more["oid"]), bytes.fromhex(more["der"]))
            yield value, bool(more["critical"])


def alternative_name(text: str) -> x509.GeneralName:
    """``dns:HOST``, ``ip:ADDRESS`` or ``uri:URI`` as a name. Raises UsageError for anything else."""
    kind, _, value = text.partition(":")
    try:
        if kind == "dns" and value:
            return x509.DNSName(value)
        if kind == "ip":
            return x509.IPAddress(ipaddress.ip_address(value))
        if kind == "uri" and value:
            return x509.UniformResourceIdentifier(value)
    except ValueError:
        pass
    raise UsageError(f"{text!r} is no alternative name; write dns:HOST, ip:ADDRESS or uri:URI")
