"""Comparisons that a prefectural or national server makes for a municipality, until it has told of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from gateway.domain.consistency import ConsistencyPiece, Finding, Total
from gateway.store.consistency_runs import finding_row, read_finding
from gateway.store.failures import Conflict
from gateway.store.instants import to_micros
from gateway.store.tables import consistency_compared, consistency_comparisons

_OF = consistency_comparisons.c


@dataclass(frozen=True, slots=True)
class Comparison:
    """How far a comparison is: the last piece, and what was held of all spans so far."""

    municipality: str
    piece: int
    held: Total
    done: bool


class ConsistencyComparisons:
    """Reads on read connections; ``take`` on a unit of work."""

    def __init__(self, read: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._read = read

    def find(self, reference: str) -> Comparison | None:
        """The comparison for this run of a municipality's."""
        with self._read() as connection:
            row = connection.execute(
                select(consistency_comparisons).where(_OF.reference == reference)
            ).one_or_none()
        if row is None:
            return None
        told = row._asdict()  # a row's own count is a method
        return Comparison(
            told["municipality"], told["piece"], Total(told["count"], told["digest"]), told["done"]
        )

    def take(
        self,
        work: Any,
        piece: ConsistencyPiece,
        held: Total,
        found: Sequence[Finding],
        *,
        at: datetime,
    ) -> list[Finding] | None:
        """Note what a piece showed; all findings, once it was the last. Raises Conflict unless it is next."""
        connection = work.connection
        values = {
            "piece": piece.piece,
            "count": held.count,
            "digest": held.digest,
            "done": piece.last,
        }
        if piece.piece == 1:
            if connection.execute(select(_OF.piece).where(_OF.reference == piece.run)).first() is not None:
                raise Conflict("the run was begun meanwhile")
            connection.execute(
                insert(consistency_comparisons),
                {
                    "reference": piece.run,
                    "municipality": piece.caller.municipality.digits,
                    "findings": 0,
                    "begun_at": to_micros(at),
                    **values,
                },
            )
        else:
            change = (
                update(consistency_comparisons)
                .where(_OF.reference == piece.run, _OF.piece == piece.piece - 1, _OF.done.is_(False))
                .values(**values)
            )
            if connection.execute(change).rowcount != 1:
                raise Conflict("another piece is next")
        if found:
            rows = [{**finding_row(one), "reference": piece.run} for one in found]
            connection.execute(insert(consistency_compared), rows)
        if not piece.last:
            return None
        mine = consistency_compared.c.reference == piece.run
        every = [
            read_finding(row)
            for row in connection.execute(
                select(consistency_compared).where(mine).order_by(consistency_compared.c.code)
            )
        ]
        connection.execute(
            update(consistency_comparisons)
            .where(_OF.reference == piece.run)
            .values(
                findings=select(func.count()).select_from(consistency_compared).where(mine).scalar_subquery()
            )
        )
        connection.execute(delete(consistency_compared).where(mine))
        return every
