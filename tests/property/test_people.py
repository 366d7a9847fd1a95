"""A file of people: whatever a register can hold comes back, and no bytes break the reader."""

from __future__ import annotations

import io
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from gateway.domain.kana import Kana
from gateway.domain.values import InvalidValue
from gateway.errors import UsageError
from gateway.people import COLUMNS, CardState, Person, read_people, write_people
from gateway.people.reader import person_of
from gateway.people.rows import row_of
from tests.kit.strategies import identity_records, register_texts

_FREE = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters="\ufeff"))
_SYSTEMS = st.from_regex("[0-9A-Za-z]([0-9A-Za-z-]{0,20}[0-9A-Za-z])?", fullmatch=True)


@st.composite
def people(draw: st.DrawFn) -> Person:
    """Everybody whom a file can hold."""
    past_name = draw(st.none() | register_texts())
    person = Person(
        record=draw(identity_records),
        card_state=draw(st.sampled_from(CardState)),
        household=draw(_FREE)[:200],
        past_name=past_name,
        past_kana=draw(st.none() | st.just(Kana("カワイ\u3000ハナコ"))) if past_name else None,
        past_address=draw(st.none() | register_texts(20)),
        recorded_at=tuple(draw(st.lists(_SYSTEMS, max_size=3))),
        note=draw(_FREE)[:200],
    )
    try:
        row_of(person)
    except InvalidValue as error:
        assume(error.code != "formula")
        raise
    return person


@given(st.lists(people(), max_size=5))
def test_what_is_written_is_read(persons: list[Person]) -> None:
    out = io.StringIO(newline="")
    write_people(persons, out)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "people.csv"
        file.write_bytes(out.getvalue().encode())
        assert list(read_people(file)) == persons


@given(people())
def test_a_row_and_its_person_are_the_same(person: Person) -> None:
    assert person_of(row_of(person)._asdict()) == person
    versions = person.versions()
    assert versions[-1] == person.record
    assert len(versions) == 1 + (person.past_name is not None or person.past_address is not None)


@given(
    st.lists(st.lists(st.text(max_size=6), min_size=len(COLUMNS), max_size=len(COLUMNS)), max_size=2),
    st.binary(max_size=60),
)
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_anything_is_read_or_refused_by_line(rows: list[list[str]], tail: bytes) -> None:
    text = "\n".join(",".join(cells) for cells in (list(COLUMNS), *rows)) + "\n"
    with TemporaryDirectory() as folder:
        file = Path(folder) / "people.csv"
        file.write_bytes(text.encode("utf-8", "surrogatepass") + tail)
        try:
            list(read_people(file))
        except UsageError as error:
            assert str(error).startswith(f"{file}: line ")
