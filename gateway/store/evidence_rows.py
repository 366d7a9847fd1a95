"""Reads evidence back by ranges of an id, never in one long transaction: it can be done beside the work."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, select, text

from gateway.evidence import ChainStart, Entry, Kept, Seal, SealUnreadable, Signature, parse_chain
from gateway.evidence.seal import read_statement
from gateway.evidence.transient import HANDED_OVER
from gateway.store.evidence_log import SHIFT
from gateway.store.instants import from_micros, to_micros
from gateway.store.tables import (
    evidence_certificates,
    evidence_chains,
    evidence_entries,
    evidence_seals,
)

_E = evidence_entries.c
_RANGE: Final = 1_000  # entries read by one statement
_PAGE: Final = (
    "SELECT e.id, e.at, e.direction, e.kind, e.peer, e.operation, e.message_id, e.relates_to, e.outcome,"
    " e.size, e.digest, e.algorithm, e.signed, e.value, e.certificate, e.link, {body}"
    " FROM evidence_entries e LEFT JOIN evidence_bodies b ON b.id = e.id"
    " LEFT JOIN evidence_transient t ON t.id = e.id"
    " WHERE e.id > :after AND e.id <= :last ORDER BY e.id LIMIT :most"
)
_PAGE_WITH_BODIES: Final = _PAGE.format(body="COALESCE(b.body, t.body)")
_PAGE_WITHOUT: Final = _PAGE.format(
    body="CASE WHEN b.id IS NULL AND t.id IS NULL THEN NULL ELSE :nothing END"
)
_LINK = select(_E.link).where(_E.id == bindparam("entry"))
_CHAINS = select(evidence_chains).order_by(evidence_chains.c.id)
_CHAIN_OF = select(evidence_chains.c.id, evidence_chains.c.genesis).where(
    evidence_chains.c.node == bindparam("node"), evidence_chains.c.epoch == bindparam("epoch")
)
_LAST = select(func.max(_E.id)).where(_E.id > bindparam("first"), _E.id < bindparam("beyond"))
_SEALS = (
    select(evidence_seals, evidence_certificates.c.der)
    .outerjoin(evidence_certificates, evidence_certificates.c.digest == evidence_seals.c.certificate)
    .where(evidence_seals.c.number > bindparam("after"))
    .order_by(evidence_seals.c.number)
    .limit(200)
)
_STRAY = text(
    "SELECT b.id FROM (SELECT id FROM evidence_bodies UNION ALL SELECT id FROM evidence_transient) b"
    " LEFT JOIN evidence_entries e ON e.id = b.id WHERE e.id IS NULL LIMIT 1"
)
_MATCHING = select(_E.id).order_by(_E.id)
_ERASURES = select(_E.outcome).where(_E.kind == "erasure")
_HANDED_OVER = select(_E.peer, _E.relates_to).where(_E.kind == "erasure", _E.outcome == HANDED_OVER)
_TRANSIENT = text("SELECT 1 FROM evidence_transient LIMIT 1")
_CERTIFICATE = select(evidence_certificates.c.der).where(
    evidence_certificates.c.digest == bindparam("digest")
)

_TEXTS: Final = frozenset({str, type(None)})
_TYPES: Final = frozenset({(int, int, bytes, bytes, bytes), (int, int, bytes, bytes, type(None))})

Read = Callable[[], AbstractContextManager[Connection]]


class RowUnreadable(ValueError):
    """A row that does not have the form in which rows are written."""


@dataclass(frozen=True, slots=True)
class ChainRow:
    """A chain as it is stored; ``last`` is the number of its newest entry when it was read."""

    id: int
    text: str
    genesis: bytes
    sealed: int
    last: int

    def start(self) -> ChainStart:
        """How it begins. Raises RowUnreadable."""
        try:
            return parse_chain(self.text)
        except (TypeError, ValueError) as error:
            raise RowUnreadable(str(error)) from None


class EvidenceRows:
    """All evidence of a store, for reading."""

    def __init__(self, read: Read, rows: Callable[[str, Mapping[str, Any]], list[Any]]) -> None:
        self._read = read
        self._rows = rows

    def chains(self) -> list[ChainRow]:
        """Every chain, in the order in which they began, each as far as it goes now."""
        with self._read() as connection:
            found = []
            for row in connection.execute(_CHAINS).all():
                first = row.id << SHIFT
                last = connection.execute(_LAST, {"first": first, "beyond": (row.id + 1) << SHIFT}).scalar()
                number = 0 if last is None else last - first
                genesis = row.genesis if isinstance(row.genesis, bytes) else b""  # then it is no digest
                found.append(ChainRow(row.id, row.text, genesis, row.sealed, number))
        return found

    def entries(
        self, chain: int, *, after: int = 0, last: int, bodies: bool = True
    ) -> Iterator[tuple[int, Kept | RowUnreadable]]:
        """Entries of a chain by number, ``after`` excluded and ``last`` included.

        Without ``bodies`` the bytes that are kept are given as empty. A row that nobody can have written is
        given as such.
        """
        base = chain << SHIFT
        at, end = base + after, base + last
        page = _PAGE_WITH_BODIES if bodies else _PAGE_WITHOUT
        while at < end:
            rows = self._rows(page, {"after": at, "last": end, "most": _RANGE, "nothing": b""})
            for row in rows:
                number = row[0] - base
                try:
                    yield number, kept_from(row, number)
                except (TypeError, ValueError, AttributeError, OverflowError) as error:
                    yield number, RowUnreadable(str(error))
            if len(rows) < _RANGE:
                return
            at = rows[-1][0]

    def link_at(self, node: str, epoch: int, number: int) -> bytes | None:
        """The link stored for an entry (number 0: for the chain's text); None when it is not there."""
        with self._read() as connection:
            chain = connection.execute(_CHAIN_OF, {"node": node, "epoch": epoch}).one_or_none()
            if chain is None:
                return None
            link: object = chain.genesis
            if number:
                link = connection.execute(_LINK, {"entry": (chain.id << SHIFT) + number}).scalar_one_or_none()
        return link if isinstance(link, bytes) else None

    def seals(self, *, after: int = 0) -> Iterator[tuple[int, Seal]]:
        """Every seal by number. Raises SealUnreadable at one that is not in form."""
        at = after
        while True:
            with self._read() as connection:
                rows = connection.execute(_SEALS, {"after": at}).all()
            for row in rows:
                yield row.number, _seal_from(row)
            if not rows:
                return
            at = rows[-1].number

    def seal(self, number: int) -> Seal | None:
        """One seal; None when it is not there. Raises SealUnreadable."""
        with self._read() as connection:
            row = connection.execute(_SEALS.limit(1), {"after": number - 1}).one_or_none()
        if row is None or row.number != number:
            return None
        return _seal_from(row)

    def newest_seal(self) -> Seal | None:
        """The newest seal; None when there is none yet. Raises SealUnreadable."""
        with self._read() as connection:
            number = connection.execute(select(func.max(evidence_seals.c.number))).scalar()
        return None if number is None else self.seal(number)

    def unsealed(self) -> int:
        """How many entries no seal covers yet."""
        dirty = evidence_chains.c.dirty
        with self._read() as connection:
            rows = connection.execute(
                select(evidence_chains.c.id, evidence_chains.c.sealed).where(dirty)
            ).all()
            total = 0
            for row in rows:
                first = row.id << SHIFT
                last = connection.execute(_LAST, {"first": first, "beyond": (row.id + 1) << SHIFT}).scalar()
                total += 0 if last is None else last - first - row.sealed
        return total

    def certificate(self, digest: bytes) -> bytes | None:
        """A signer's certificate (DER) by its SHA-256."""
        with self._read() as connection:
            return connection.execute(_CERTIFICATE, {"digest": digest}).scalar_one_or_none()

    def signature(self, kept: Kept) -> Signature | None:
        """The signature of an entry, with the certificate; None when it has none, or that is not kept."""
        algorithm, signed, value, digest = kept.signed
        if algorithm == "-":
            return None
        der = self.certificate(bytes.fromhex(digest))
        if der is None:
            return None
        return Signature(algorithm, bytes.fromhex(signed), base64.b64decode(value), der)

    def stray_body(self) -> tuple[int, int] | None:
        """Chain and number of bytes that no entry speaks of; None when there are none."""
        with self._read() as connection:
            found = connection.execute(_STRAY).scalar()
        return None if found is None else (found >> SHIFT, found & ((1 << SHIFT) - 1))

    def erasures(self) -> list[str]:
        """The outcome of every erasure there is."""
        with self._read() as connection:
            return [str(outcome) for outcome in connection.execute(_ERASURES).scalars()]

    def has_transient(self) -> bool:
        """Whether the bytes of any message are kept that go once it was handed over."""
        with self._read() as connection:
            return connection.execute(_TRANSIENT).first() is not None

    def handed_over(self) -> set[tuple[str, str]]:
        """Peer and MessageID of every message that was erased since what it carried was handed over."""
        with self._read() as connection:
            return {(row.peer, row.relates_to) for row in connection.execute(_HANDED_OVER)}

    def matching(
        self, chain: ChainRow, *, message_id: str | None = None, since: datetime | None = None
    ) -> Iterator[int]:
        """Numbers of entries that name or relate to a MessageID, or are not older than an instant."""
        base = chain.id << SHIFT
        statement = _MATCHING.where(_E.id > base, _E.id <= base + chain.last)
        if message_id is not None:
            statement = statement.where((_E.message_id == message_id) | (_E.relates_to == message_id))
        if since is not None:
            statement = statement.where(_E.at >= to_micros(since))
        at = base
        while True:
            with self._read() as connection:
                found = connection.execute(statement.where(_E.id > at).limit(_RANGE)).scalars().all()
            yield from (entry - base for entry in found)
            if len(found) < _RANGE:
                return
            at = found[-1]


def _seal_from(row: Any) -> Seal:
    parts = (row.statement, row.signature, row.der)
    if not all(isinstance(part, bytes) for part in parts):
        raise SealUnreadable("its certificate or another part of it is missing")
    return read_statement(*parts)


def kept_from(row: tuple[Any, ...], number: int) -> Kept:
    """A row as the checks see it. Raises ValueError, TypeError, AttributeError for one not of our writing."""
    _, at, direction, kind, peer, operation, message_id, relates_to, outcome, *rest = row
    size, digest, algorithm, signed, value, certificate, link, body = rest
    told = ("-", "-", "-", "-")
    if algorithm is not None:
        told = (
            algorithm,
            signed.hex(),
            binascii.b2a_base64(value, newline=False).decode(),
            certificate.hex(),
        )
    elif (signed, value, certificate) != (None, None, None):
        raise TypeError("a part of a signature without its algorithm")
    types = (type(at), type(size), type(digest), type(link), type(body))
    if types not in _TYPES or not _TEXTS.issuperset(
        map(type, (direction, kind, peer, operation, message_id, relates_to, outcome, algorithm))
    ):
        raise TypeError("a value of another type")
    entry = Entry(
        from_micros(at),
        direction,
        peer,
        kind,
        operation,
        message_id,
        relates_to,
        outcome,
        body,
        digest,
        size,
    )
    return Kept(number, entry, told, link)
