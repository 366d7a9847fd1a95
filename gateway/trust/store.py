"""The trust store: whether a certificate is to be believed at an instant, for a usage.

Good checks are remembered with the span in which nothing about them can change; within it a check is one
look-up and two comparisons. Changed CRL files are taken up by whichever thread comes first after a
second; the others go on with what they have.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Sequence
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.errors import StateError
from gateway.refusals import About, Refused
from gateway.trust.certificate import (
    instant,
    is_authority,
    is_development,
    judge_key,
    link_of,
    read_certificate,
)
from gateway.trust.model import Anchor, AnchorStatus, ListStatus, TrustedCertificate, Usage
from gateway.trust.path import find_path
from gateway.trust.rules import CRL_SKEW, judge_leaf, judge_revocation, judge_validity
from gateway.trust.snapshot import Remembered, Snapshot, changed, take_up

LOOK_EVERY = 1.0
"""Seconds between two looks at the CRL files."""


class TrustStore:
    """The configured anchors and what is known of revocation. Safe for concurrent threads.

    Raises StateError for anchors that cannot stand together: a name or certificate given twice, or a
    certificate that is no authority's.
    """

    def __init__(self, anchors: Sequence[Anchor]) -> None:
        self._anchors = tuple(anchors)
        names = [anchor.name for anchor in self._anchors]
        certificates = [anchor.certificate for anchor in self._anchors]
        if len(set(names)) != len(names) or len(set(certificates)) != len(certificates):
            raise StateError("two trust anchors have the same name or the same certificate")
        for anchor in self._anchors:
            if not all(is_authority(one) for one in (anchor.certificate, *anchor.intermediates)):
                raise StateError(f"trust anchor {anchor.name}: a certificate that is no authority's")
        self._lock = threading.Lock()
        self._snapshot = take_up(Snapshot(), self._anchors)
        self._look_at = time.monotonic() + LOOK_EVERY

    @property
    def anchors(self) -> tuple[Anchor, ...]:
        """The anchors, as configured."""
        return self._anchors

    def check(self, der: bytes, *, usage: Usage, at: datetime) -> TrustedCertificate:
        """The certificate ``der``, if every rule of step 7 holds for it at ``at`` (aware, UTC).

        Raises Refused by the exact rule. A path under any anchor will do; where several refuse, the
        first one with a path speaks.
        """
        snapshot = self._current()
        remembered = snapshot.memo.get((der, usage))
        if remembered is not None and remembered.valid_from <= at <= remembered.valid_until:
            return remembered.trusted
        entry = self._judge(der, usage, at, snapshot)
        snapshot.remember((der, usage), entry)
        return entry.trusted

    def reload(self) -> None:
        """Look at the CRL files now, not when the next second is over."""
        with self._lock:
            self._look()

    def status(self, at: datetime) -> tuple[AnchorStatus, ...]:
        """Anchors, the CRL in use for each authority with number, next update and days left, problems."""
        snapshot = self._current()
        return tuple(_anchor_status(anchor, snapshot, at) for anchor in self._anchors)

    def _current(self) -> Snapshot:
        if time.monotonic() >= self._look_at and self._lock.acquire(blocking=False):
            try:
                self._look()
            finally:
                self._lock.release()
        return self._snapshot

    def _look(self) -> None:
        if changed(self._snapshot, self._anchors):
            self._snapshot = take_up(self._snapshot, self._anchors)
        self._look_at = time.monotonic() + LOOK_EVERY

    def _judge(self, der: bytes, usage: Usage, at: datetime, snapshot: Snapshot) -> Remembered:
        leaf = read_certificate(der)
        refusal: Refused | None = None
        for anchor in self._anchors:
            path = find_path(leaf, anchor, at)
            if path is None:
                continue
            try:
                return _judge_path(path, anchor, usage, at, snapshot)
            except Refused as exc:
                exc.about = About(chain=_shown(path))
                refusal = refusal or exc
        if refusal is not None:
            raise refusal
        # A stranger's subject may name a person: only the issuer and the serial are kept.
        judge_validity(leaf, (), at)
        issuer = leaf.issuer.rfc4514_string()[:256]
        until = instant(leaf.not_valid_after_utc)
        raise Refused(
            "certificate-path",
            found=f"issuer={issuer} serial={leaf.serial_number:x} not_after={until}",
            wanted="; ".join(anchor.certificate.subject.rfc4514_string() for anchor in self._anchors),
        )


def _shown(path: Sequence[x509.Certificate]) -> tuple[tuple[str, str, datetime], ...]:
    links = [link_of(one, None, None) for one in path]
    return tuple((link.subject, link.issuer, link.not_after) for link in links)


def _judge_path(
    path: Sequence[x509.Certificate],
    anchor: Anchor,
    usage: Usage,
    at: datetime,
    snapshot: Snapshot,
) -> Remembered:
    for certificate in path:
        judge_validity(certificate, path, at)
    judge_leaf(path, anchor, usage, at)
    leaf = path[0]
    der = leaf.public_bytes(Encoding.DER)
    key = leaf.public_key()
    judge_key(key)
    spoke = judge_revocation(path, anchor, snapshot, at)
    links = [link_of(one, said.number, said.next_update) for one, said in zip(path, spoke, strict=False)]
    links += [link_of(one, None, None) for one in path[len(links) :]]
    trusted = TrustedCertificate(
        certificate=leaf,
        der=der,
        fingerprint=hashlib.sha256(der).hexdigest(),
        subject=links[0].subject,
        issuer=links[0].issuer,
        anchor=anchor.name,
        public_key=key,
        not_after=leaf.not_valid_after_utc,
        chain=tuple(links),
    )
    return Remembered(
        trusted,
        max([link.not_before for link in links] + [one.this_update - CRL_SKEW for one in spoke]),
        min([link.not_after for link in links] + [one.next_update for one in spoke]),
    )


def _anchor_status(anchor: Anchor, snapshot: Snapshot, at: datetime) -> AnchorStatus:
    lists = []
    for authority in (anchor.certificate, *anchor.intermediates) if anchor.revocation == "crl" else ():
        current = snapshot.list_for(anchor, authority)
        issuer = authority.subject.rfc4514_string()
        if current is None:
            lists.append(ListStatus(issuer, None, None, None, None, None))
            continue
        left = (current.next_update - at).total_seconds() / 86400
        lists.append(
            ListStatus(
                issuer, str(current.file), current.number, current.this_update, current.next_update, left
            )
        )
    return AnchorStatus(
        name=anchor.name,
        subject=anchor.certificate.subject.rfc4514_string(),
        not_after=anchor.certificate.not_valid_after_utc,
        days_left=(anchor.certificate.not_valid_after_utc - at).days,
        revocation=anchor.revocation,
        development=any(is_development(one) for one in (anchor.certificate, *anchor.intermediates)),
        lists=tuple(lists),
        problems=snapshot.problems.get(anchor.name, ()),
    )
