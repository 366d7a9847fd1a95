"""The counterparts (相手方) registered here, found by the exact holder of a certificate.

A holder is (anchor, issuer, subject): each anchor vouches only for its own list, so a certificate of
another authority with the same subject is a stranger.
"""

from __future__ import annotations

from collections.abc import Iterable

from gateway.settings import Counterpart
from gateway.trust import TrustedCertificate

Holder = tuple[str, str, str]
"""Anchor name, issuer and subject as RFC 4514 text."""


def holder_of(certificate: TrustedCertificate) -> Holder:
    """Whose certificate it is."""
    return certificate.anchor, certificate.issuer, certificate.subject


class Counterparts:
    """All registered counterparts; settings make sure that a holder belongs to one of them only."""

    def __init__(self, counterparts: Iterable[Counterpart]) -> None:
        self._by_id = {counterpart.id: counterpart for counterpart in counterparts}
        self._signing: dict[Holder, Counterpart] = {}
        self._tls: dict[Holder, Counterpart] = {}
        for counterpart in self._by_id.values():
            for index, subjects in ((self._signing, counterpart.signing), (self._tls, counterpart.tls)):
                for subject in subjects:
                    index[subject.anchor, subject.issuer, subject.subject] = counterpart

    def __getitem__(self, counterpart_id: str) -> Counterpart:
        """The counterpart of that id; KeyError when there is none."""
        return self._by_id[counterpart_id]

    def signing(self, certificate: TrustedCertificate) -> Counterpart | None:
        """Who signs messages with this certificate."""
        return self._signing.get(holder_of(certificate))

    def on_connection(self, certificate: TrustedCertificate) -> Counterpart | None:
        """Who opens TLS connections with this certificate."""
        return self._tls.get(holder_of(certificate))
