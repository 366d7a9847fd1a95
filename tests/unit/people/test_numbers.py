"""Numbers without order and without twins: a permutation, with the right check digits."""

from __future__ import annotations

import pytest

from gateway.domain.identifiers import IndividualNumber, ResidentRecordCode
from gateway.people.numbers import IndividualNumbers, RecordCodes


@pytest.mark.parametrize(
    ("make", "kind", "last"),
    [(RecordCodes, ResidentRecordCode, 10**10 - 1), (IndividualNumbers, IndividualNumber, 10**11 - 1)],
)
def test_they_are_valid_and_all_different(
    make: type[RecordCodes] | type[IndividualNumbers],
    kind: type[ResidentRecordCode] | type[IndividualNumber],
    last: int,
) -> None:
    numbers = make("a key")
    places = [*range(30_000), *range(last - 1_000, last + 1), *range(0, last, last // 1_000)]
    found = {place: numbers(place) for place in places}
    assert len(set(found.values())) == len(found)
    for digits in found.values():
        kind(digits)


def test_another_key_gives_others() -> None:
    assert set(map(RecordCodes("a"), range(1_000))).isdisjoint(map(RecordCodes("b"), range(1_000)))
