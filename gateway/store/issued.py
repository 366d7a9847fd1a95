"""What a simulated 機構 has issued, for which request: so that nothing is issued twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from gateway.store.failures import Conflict
from gateway.store.instants import to_micros
from gateway.store.tables import issued

_OF = (
    "SELECT digits FROM issued WHERE municipality = :municipality AND kind = :kind"
    " AND reference = :reference ORDER BY place"
)
_HAS = "SELECT 1 FROM issued WHERE kind = :kind AND digits = :digits"
_ABOUT = (
    "SELECT about FROM issued WHERE municipality = :municipality AND kind = 'number'"
    " AND reference = :reference"
)


class Issued:
    """Reads on read connections; ``write`` on a unit of work."""

    def __init__(self, rows: Callable[[str, Mapping[str, Any]], list[Any]]) -> None:
        self._rows = rows

    def of(self, municipality: str, kind: str, reference: str) -> list[str]:
        """What was issued for a request, in its order."""
        values = {"municipality": municipality, "kind": kind, "reference": reference}
        return [row[0] for row in self._rows(_OF, values)]

    def about(self, municipality: str, reference: str) -> str | None:
        """For whom a number was issued."""
        rows = self._rows(_ABOUT, {"municipality": municipality, "reference": reference})
        return rows[0][0] if rows else None

    def has(self, kind: str, digits: str) -> bool:
        """Whether it was issued to anybody."""
        return bool(self._rows(_HAS, {"kind": kind, "digits": digits}))

    def write(
        self,
        work: Any,
        municipality: str,
        kind: str,
        reference: str,
        digits: Sequence[str],
        about: str,
        *,
        at: datetime,
    ) -> None:
        """Note what is issued. Raises Conflict when any of it was issued meanwhile."""
        rows = [
            {
                "kind": kind,
                "digits": one,
                "municipality": municipality,
                "reference": reference,
                "place": place,
                "about": about,
                "issued_at": to_micros(at),
            }
            for place, one in enumerate(digits)
        ]
        try:
            work.connection.execute(insert(issued), rows)
        except IntegrityError:
            raise Conflict("it was issued meanwhile") from None
