"""Fills a register with a first stock of people, from a file of synthetic ones (gateway.people.rows)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from gateway.errors import UsageError
from gateway.people import CardState, Person, read_people
from gateway.store import Conflict, Newcomer, Progress, Store

NO_CARD: Final = CardState.NONE.value
_CHUNK: Final = 1 << 20  # bytes
_TELL_EVERY: Final = 500  # people


class Stock:
    """A file of people, and whom of them the register takes.

    ``within`` keeps to a prefecture (two digits) or municipality (six). ``size`` is how many people the file
    has. Raises UsageError for a file that cannot be
    read.
    """

    def __init__(self, source: Path, *, within: str | None = None) -> None:
        self.source = source
        self.within = within
        digest, lines = hashlib.sha256(), 0
        try:
            with source.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    digest.update(chunk)
                    lines += chunk.count(b"\n")
        except OSError as error:
            raise UsageError(f"{source}: cannot be read ({error.strerror})") from None
        self.size = max(lines - 1, 0)
        self.digest = digest.hexdigest() + (within or "")

    def is_in(self, store: Store) -> bool:
        """Whether the register was filled from just this."""
        return store.loader.source() == self.digest

    def would_replace(self, store: Store) -> bool:
        """Whether a filling would forget people that something else than an unfinished load recorded."""
        if self.is_in(store) or store.loader.unfinished() is not None:
            return False
        return store.loader.source() is not None or store.register.count() > 0

    def fill(
        self,
        store: Store,
        *,
        now: datetime,
        read: Callable[[int], None] = lambda _: None,
        progress: Callable[[Progress], None] = lambda _: None,
    ) -> int | None:
        """Bring the register to what the file says; gives how many people, None when it was filled before.

        Another content replaces everybody, with all history. A filling that was interrupted goes on. ``read``
        is told how many people of the file are read, those who live elsewhere among them. Raises UsageError
        that names line and column of what cannot be taken.
        """
        if store.loader.is_stale():
            store.loader.fold_again()
        if self.is_in(store):
            return None
        if store.loader.unfinished() != self.digest:
            store.loader.clear()
        newcomers = (_newcomer(person) for _, person in self._people(read))
        try:
            return store.loader.load(newcomers, source=self.digest, recorded_at=now, progress=progress)
        except Conflict:
            self._refuse_twins()
            raise

    def _people(self, read: Callable[[int], None] = lambda _: None) -> Iterator[tuple[int, Person]]:
        """Whom the register takes, each with the line of the file."""
        for line, person in enumerate(read_people(self.source), start=2):
            if (line - 1) % _TELL_EVERY == 0:
                read(line - 1)
            if self.within is None or person.record.municipality.digits.startswith(self.within):
                yield line, person

    def _refuse_twins(self) -> None:
        """Name the first line whose number another has; keeps all numbers in memory, only in this case."""
        lines: dict[tuple[str, str], int] = {}
        for line, person in self._people():
            record = person.record
            number = "" if record.individual_number is None else record.individual_number.digits
            for column, digits in (
                ("resident_record_code", record.code.digits),
                ("individual_number", number),
            ):
                first = lines.setdefault((column, digits), line) if digits else line
                if first != line:
                    raise UsageError(
                        f"{self.source}: line {line}, column {column}: the same as in line {first}"
                    )


def fill(store: Store, source: Path, *, now: datetime, within: str | None = None) -> None:
    """Bring the register to what the file says, as ``Stock.fill``."""
    Stock(source, within=within).fill(store, now=now)


def _newcomer(person: Person) -> Newcomer:
    has_card = person.card_state is not CardState.NONE
    return Newcomer(person.versions(), person.card_state.value if has_card else None)
