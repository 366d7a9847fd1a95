"""What a card management system was told of addressees (送付先情報), in its order; nothing is told twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Protocol

from sqlalchemy import Connection, insert

from gateway.domain.addressee_delivery import AddresseePiece
from gateway.domain.addressee_rules import fingerprint
from gateway.store.instants import to_micros
from gateway.store.tables import received_addressees

_FINGERPRINT: Final = (
    "SELECT fingerprint FROM received_addressees WHERE municipality = :municipality AND number = :number"
)


class Work(Protocol):
    """A unit of work, as far as this goes."""

    @property
    def connection(self) -> Connection:
        """Its connection, in its transaction."""
        ...


class ReceivedAddressees:
    """Reads on read connections; ``write`` on a unit of work."""

    def __init__(self, rows: Callable[[str, Mapping[str, Any]], list[Any]]) -> None:
        self._rows = rows

    def fingerprint_of(self, municipality: str, number: str) -> bytes | None:
        """Of the addressee with this 送付先管理番号; None when there is none."""
        rows = self._rows(_FINGERPRINT, {"municipality": municipality, "number": number})
        return bytes(rows[0][0]) if rows else None

    def write(self, work: Work, piece: AddresseePiece, new: Sequence[bool], at: datetime) -> None:
        """Keep those that are ``new``. Raises Conflict when one was kept meanwhile."""
        rows = [
            {
                "municipality": piece.header.municipality.digits,
                "number": one.number,
                "fingerprint": fingerprint(piece.header, one),
                "postal_code": one.postal_code.digits,
                "address": one.address.inline,
                "name": one.name.inline,
                "people": " ".join(person.code.digits for person in one.people),
                "received_at": to_micros(at),
            }
            for one, is_new in zip(piece.addressees, new, strict=True)
            if is_new
        ]
        if rows:
            work.connection.execute(insert(received_addressees), rows)
