"""The trust that a network has in external systems: an anchor of its own for each of their roots.

An anchor vouches only for the counterparts that name it. Systems under one root share an anchor; a root that
is the network's own needs none beside it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from gateway.cli.network.external import External, Root
from gateway.settings import Anchor, ExtendedKeyUsage, Subject

PREFIX = "external-"
"""How the names of these anchors and of their files begin."""


@dataclass(frozen=True, slots=True)
class _Shared:
    """A root with everything that any external system needs below it."""

    name: str
    root: Root
    users: list[External]


class Outside:
    """What the systems of a network must know of the external ones."""

    def __init__(self, externals: Sequence[External], *, own_anchor: str, own_root: x509.Certificate) -> None:
        self._externals = {external.id: external for external in externals}
        self._own_anchor, self._own_root = own_anchor, own_root
        self._shared: dict[x509.Certificate, _Shared] = {}
        for external in externals:
            for root in external.roots:
                if root.certificate != own_root:
                    self._share(external, root)

    def __contains__(self, system_id: str) -> bool:
        """Whether the system is external."""
        return system_id in self._externals

    def holders(self, system_id: str) -> dict[str, Any]:
        """``signing`` and ``tls`` of the counterpart in the settings."""
        external = self._externals[system_id]
        return {
            "signing": (self._holder(external, external.signing),),
            "tls": (self._holder(external, external.tls),),
        }

    def anchors(self, known: Collection[str]) -> tuple[Anchor, ...]:
        """The anchors that a system needs whose counterparts have these ids."""
        return tuple(_anchor(shared) for shared in self._needed(known))

    def files(self, known: Collection[str]) -> dict[Path, bytes]:
        """The files that these anchors name: path in the state folder, and PEM."""
        found = {}
        for shared in self._needed(known):
            for path, thing in _parts(shared).items():
                found[path] = thing.public_bytes(Encoding.PEM)
        return found

    def _needed(self, known: Collection[str]) -> list[_Shared]:
        return [shared for shared in self._shared.values() if any(user.id in known for user in shared.users)]

    def _share(self, external: External, root: Root) -> None:
        shared = self._shared.get(root.certificate)
        if shared is None:
            second = any(other.users[0].id == external.id for other in self._shared.values())
            name = f"{PREFIX}{external.id}{'.tls' if second else ''}"
            shared = self._shared[root.certificate] = _Shared(name, Root(root.certificate), [])
        shared.users.append(external)
        known = shared.root
        known.intermediates += [one for one in root.intermediates if one not in known.intermediates]
        known.crls += [crl for crl in root.crls if crl not in known.crls]

    def _holder(self, external: External, certificate: x509.Certificate) -> Subject:
        root = external.root_of(certificate)
        anchor = self._own_anchor if root == self._own_root else self._shared[root].name
        return Subject(
            anchor=anchor,
            issuer=certificate.issuer.rfc4514_string(),
            subject=certificate.subject.rfc4514_string(),
        )


def _parts(shared: _Shared) -> dict[Path, x509.Certificate | x509.CertificateRevocationList]:
    folder = Path("certificates")
    found: dict[Path, x509.Certificate | x509.CertificateRevocationList] = {
        folder / f"{shared.name}.root.pem": shared.root.certificate
    }
    for number, certificate in enumerate(shared.root.intermediates, 1):
        found[folder / f"{shared.name}.issuing-{number}.pem"] = certificate
    for number, crl in enumerate(shared.root.crls, 1):
        found[folder / f"{shared.name}.crl-{number}.pem"] = crl
    return found


def _anchor(shared: _Shared) -> Anchor:
    parts = _parts(shared)
    root, *others = parts
    revocation: Literal["crl", "off"] = "crl" if shared.root.crls else "off"
    return Anchor(
        name=shared.name,
        certificate=root,
        intermediates=tuple(path for path in others if isinstance(parts[path], x509.Certificate)),
        crls=tuple(path for path in others if not isinstance(parts[path], x509.Certificate)),
        revocation=revocation,
        extended_key_usage=_usages(shared),
    )


def _usages(shared: _Shared) -> ExtendedKeyUsage:
    """For TLS an extended key usage is demanded where the certificates carry one; for signing none is."""
    tls = [user.tls for user in shared.users if user.root_of(user.tls) == shared.root.certificate]
    client, server = ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH
    return ExtendedKeyUsage(
        tls_client=client.dotted_string if tls and all(_carries(one, client) for one in tls) else None,
        tls_server=server.dotted_string if tls and all(_carries(one, server) for one in tls) else None,
    )


def _carries(certificate: x509.Certificate, usage: x509.ObjectIdentifier) -> bool:
    try:
        return usage in certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return False
