"""Any sequence of reports: ruled on as a plain model does, and the next servers end with the same, in order.

The notices go on as a dispatcher would bring them: in each person's order, some of them twice.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.change import Change, ChangeResult
from gateway.domain.change_reason import ChangeGroup, ChangeReason
from gateway.domain.identifiers import IndividualNumber, ResidentRecordCode
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.register_text import RegisterText
from tests.kit.changes import DAY, code, record, report
from tests.kit.examples import examples
from tests.kit.intake import Office

PEOPLE = 4
_first = itertools.count(1, 1_000)


@dataclass
class Person:
    """What the model knows of one person."""

    number: IndividualNumber
    code: ResidentRecordCode
    last: int = 0
    here: bool = False
    record: IdentityRecord | None = None
    taken: dict[int, Change] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """A change of person ``who`` with its number off by ``off``; ``again`` repeats what has that number."""

    who: int
    reason: ChangeReason
    off: int
    again: bool
    word: int


steps = st.builds(
    Step,
    st.integers(0, PEOPLE - 1),
    st.sampled_from(ChangeReason),
    st.sampled_from([0, 0, 0, 0, 0, -1, -2, 1, 3]),
    st.booleans(),
    st.integers(0, 9),
)


class Town:
    """The people of one example, their codes never used before."""

    def __init__(self) -> None:
        self.first = next(_first)
        self.fresh = itertools.count(self.first + PEOPLE)
        self.people = [
            Person(IndividualNumber.from_base(f"{self.first + who:011d}"), code(self.first + who))
            for who in range(PEOPLE)
        ]

    def change(self, step: Step) -> Change:
        """What is reported."""
        person = self.people[step.who]
        number = max(1, person.last + 1 + step.off)
        if step.again and number in person.taken:
            return person.taken[number]
        made = record(self.first, individual_number=person.number, code=person.code)
        former = None
        if step.reason.group is ChangeGroup.CODE:
            former, made = person.code, dataclasses.replace(made, code=code(next(self.fresh)))
        made = dataclasses.replace(made, address=RegisterText(f"東京都千代田区{step.word}番{number}"))
        return Change(number, step.reason, DAY, made, former)

    def expect(self, step: Step, change: Change) -> ChangeResult:
        """What must be answered; the model goes on when it is accepted."""
        person = self.people[step.who]
        recoded = change.former_code is not None and change.record.code == person.code
        if recoded and person.taken.get(change.number) == change:
            return ChangeResult.ALREADY_ACCEPTED
        known = person.last > 0 and change.code == person.code
        if not known and (person.last or not change.enters):
            # By a former code of the person, or nobody yet: as if the person had never been.
            return ChangeResult.NOT_ON_RECORD if not change.enters else _unseen(change)
        result = _result(person, change)
        if result is ChangeResult.ACCEPTED:
            person.last, person.here, person.record = change.number, not change.removes, change.record
            person.code = change.record.code
            person.taken[change.number] = change
        return result


def _result(person: Person, change: Change) -> ChangeResult:
    if change.number <= person.last:
        same = person.taken.get(change.number) == change
        return ChangeResult.ALREADY_ACCEPTED if same else ChangeResult.NUMBER_USED
    if change.number > person.last + 1:
        return ChangeResult.NUMBER_GAP
    if change.enters is person.here:
        return ChangeResult.ALREADY_ON_RECORD if change.enters else ChangeResult.REMOVED
    return ChangeResult.ACCEPTED


def _unseen(change: Change) -> ChangeResult:
    """An entry by a code that the person has left: the 個人番号 tells that it is nobody new."""
    return ChangeResult.NUMBER_GAP if change.number > 1 else ChangeResult.INDIVIDUAL_NUMBER_IN_USE


@pytest.fixture(scope="module")
def offices(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Office]]:
    folder: Path = tmp_path_factory.mktemp("offices")
    made = [
        Office.open(folder / "cs", ("13-prefectural-server", "prefectural")),
        Office.open(folder / "prefecture", ("national-server", "national")),
        Office.open(folder / "nation", None),
    ]
    yield made
    for office in made:
        office.store.close()


def _delivered(office: Office) -> None:
    with office.store.unit_of_work() as work:
        work.connection.exec_driver_sql("DELETE FROM outbox")
        work.connection.exec_driver_sql("DELETE FROM outbox_lines")


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(st.lists(steps, min_size=1, max_size=6), min_size=1, max_size=5), st.data())
def test_ruled_on_as_the_model_does(offices: list[Office], batches: list[list[Step]], data: Any) -> None:
    town = Town()
    cs, *others = offices
    for office in offices:  # what an example that failed has left
        _delivered(office)
    for batch in batches:
        changes, wanted = [], []
        for step in batch:
            change = town.change(step)
            changes.append(change)
            wanted.append(town.expect(step, change))
        assert cs.report(report(*changes)) == wanted
    for person in town.people:
        assert cs.store.register.find(person.code) == (person.record if person.here else None)
    for near, far in zip(offices, others, strict=False):
        for told in near.waiting():
            for _ in range(data.draw(st.integers(1, 2))):
                results = far.notify(told)
                assert results[0].is_on_record
        _delivered(near)
    codes = ", ".join(f"'{person.code.digits}'" for person in town.people)
    query = (
        "SELECT k.code, c.number, c.reason, c.fingerprint, c.version FROM person_changes c"  # noqa: S608
        f" JOIN person_codes k ON k.person = c.person WHERE k.code IN ({codes}) ORDER BY c.id"
    )
    assert offices[0].rows(query) == offices[1].rows(query) == offices[2].rows(query)
    for person in town.people:
        found = [office.store.register.find(person.code) for office in offices]
        assert found[0] == found[1] == found[2]
