"""Ruling on changes one after the other, each on the state that those before it leave (flow 1).

The same for the municipal CS, which is reported to, and for a server that is notified.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from gateway.domain.caller import Caller
from gateway.domain.change import Change, ChangeResult, Ruling, Standing, Surroundings, after, judge
from gateway.domain.change_report import ChangeEntry, ChangeOutcome, Notice, RecordedChange
from gateway.domain.identifiers import IndividualNumber, ResidentRecordCode
from gateway.domain.identity_record import IdentityRecord


class ChangeJournal(Protocol):
    """Register and log of changes, read only."""

    def standing(self, code: ResidentRecordCode, municipality: str) -> Standing:
        """The person with this 住民票コード as the municipality (six digits) has reported it."""
        ...

    def change(self, person: int, municipality: str, number: int) -> RecordedChange | None:
        """The newest revision of a change on record."""
        ...

    def record(self, person: int, version: int) -> IdentityRecord:
        """One version of a record."""
        ...

    def owner_of_code(self, code: ResidentRecordCode) -> int | None:
        """The person that has this 住民票コード."""
        ...

    def owner_of_number(self, number: IndividualNumber) -> int | None:
        """The person that has this 個人番号."""
        ...


NoticeMaker = Callable[[Caller, Change], Notice]
"""Makes what the next server is told of a change."""


@dataclass(slots=True)
class ChangeIntake:
    """One report being ruled on.

    ``notice`` is None where nobody is told; ``today`` as Surroundings has it.
    """

    journal: ChangeJournal
    caller: Caller
    notice: NoticeMaker | None
    today: dt.date | None
    outcomes: list[ChangeOutcome] = field(default_factory=list)
    entries: list[ChangeEntry] = field(default_factory=list)
    _standings: dict[ResidentRecordCode, Standing] = field(default_factory=dict)
    _accepted: dict[tuple[int, int], tuple[bytes, int]] = field(default_factory=dict)
    _codes: dict[ResidentRecordCode, int | None] = field(default_factory=dict)
    _numbers: dict[IndividualNumber, int] = field(default_factory=dict)
    _newcomers: int = 0

    def take(self, change: Change, *, cancels: int | None = None) -> Ruling:
        """Rule on the next change."""
        read, standing = None, self._standings.get(change.code)
        if standing is None:
            read = standing = self.journal.standing(change.code, self._reporter)
        if change.former_code is not None and self._was_recoded(change):
            ruling = Ruling(ChangeResult.ALREADY_ACCEPTED)
        else:
            ruling = judge(change, standing, self._around(change, standing))
        self._tell(change, ruling)
        if ruling.result.is_accepted:
            notice = None if self.notice is None else self.notice(self.caller, change)
            self.entries.append(ChangeEntry(change, self._reporter, read, notice, cancels))
            self._advance(change, standing)
        return ruling

    def take_all(self, changes: Sequence[Change]) -> None:
        """Rule on each in its turn."""
        for change in changes:
            self.take(change)

    def refuse(self, code: ResidentRecordCode, number: int, ruling: Ruling) -> None:
        """Answer what cannot become a change."""
        self.outcomes.append(ChangeOutcome(code, number, ruling.result, ruling.expected))

    @property
    def _reporter(self) -> str:
        return self.caller.municipality.digits

    def _tell(self, change: Change, ruling: Ruling) -> None:
        self.outcomes.append(ChangeOutcome(change.code, change.number, ruling.result, ruling.expected))

    def _was_recoded(self, change: Change) -> bool:
        """Whether this very change of the code was taken before: the person has the new code by now."""
        code = change.record.code
        standing = self._standings.get(code) or self.journal.standing(code, self._reporter)
        return self._known(standing.person, change.number) == (change.fingerprint(), change.revision)

    def _around(self, change: Change, standing: Standing) -> Surroundings:
        code, number = change.record.code, change.record.individual_number
        person = standing.person
        return Surroundings(
            reporter=self._reporter,
            known=self._known(person, change.number) if change.number <= standing.last else None,
            code_taken=change.former_code is not None and self._is_others(self._owner_of_code(code), person),
            individual_number_taken=number is not None
            and self._is_others(self._owner_of_number(number), person),
            today=self.today,
        )

    def _known(self, person: int | None, number: int) -> tuple[bytes, int] | None:
        if person is None:
            return None
        if (accepted := self._accepted.get((person, number))) is not None:
            return accepted
        found = self.journal.change(person, self._reporter, number)
        return None if found is None else (found.fingerprint, found.revision)

    def _owner_of_code(self, code: ResidentRecordCode) -> int | None:
        return self._codes[code] if code in self._codes else self.journal.owner_of_code(code)

    def _owner_of_number(self, number: IndividualNumber) -> int | None:
        return self._numbers[number] if number in self._numbers else self.journal.owner_of_number(number)

    @staticmethod
    def _is_others(owner: int | None, person: int | None) -> bool:
        return owner is not None and owner != person

    def _advance(self, change: Change, standing: Standing) -> None:
        """What the change leaves behind for those after it; newcomers get numbers of this report's own."""
        person = standing.person
        if person is None:
            self._newcomers += 1
            person = -self._newcomers
        self._accepted[person, change.number] = (change.fingerprint(), change.revision)
        if change.revision:
            self._standings[change.code] = standing
            return
        record = change.record
        if change.former_code is not None:
            self._standings[change.former_code] = Standing()
            self._codes[change.former_code] = None
        left = after(change, standing)
        self._standings[record.code] = Standing(left.presence, left.last, person, standing.version)
        self._codes[record.code] = person
        if record.individual_number is not None:
            self._numbers[record.individual_number] = person
