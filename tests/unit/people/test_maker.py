"""The generator: the same people for the same seed, and every kind of them in the promised shares."""

from __future__ import annotations

import io
import subprocess
import sys
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path

import pytest

from gateway.domain.eras import Calendar
from gateway.domain.identifiers import MunicipalityCode
from gateway.domain.municipalities import municipalities
from gateway.domain.register_date import Certainty
from gateway.errors import UsageError
from gateway.people import CardState, Made, Person, Places, births, make_people, notes, person_of, write_rows
from gateway.people.rates import CARDS, SHARES
from tests.kit.towns import TOWN, nation

COUNT = 60_000
_ROOT = Path(__file__).parents[3]


@cache
def people() -> tuple[Person, ...]:
    """The first of them as the strict reader takes them."""
    return tuple(person_of(made.row._asdict()) for made in nation(COUNT)[:20_000])


def written(made: list[Made] | tuple[Made, ...]) -> str:
    out = io.StringIO(newline="")
    write_rows((one.row for one in made), out)
    return out.getvalue()


def test_the_same_seed_gives_the_same_bytes_and_a_smaller_count_the_first_of_them() -> None:
    again = list(make_people(2_000, seed=1, places=Places.choose()))
    assert written(again) == written(nation(COUNT)[:2_000])
    assert written(again) != written(list(make_people(2_000, seed=2, places=Places.choose())))


def test_neither_the_process_nor_its_hash_seed_matters() -> None:
    program = (
        "import hashlib, io\n"
        "from gateway.people import Places, make_people, write_rows\n"
        "out = io.StringIO(newline='')\n"
        "write_rows((m.row for m in make_people(500, seed=9, places=Places.choose((), ('13', '27')))), out)\n"
        "print(hashlib.sha256(out.getvalue().encode()).hexdigest())\n"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=_ROOT,
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_everybody_is_fit_for_the_register() -> None:
    for person, made in zip(people(), nation(COUNT), strict=False):
        assert person.record.name.inline == made.row.name
        assert person.household == f"H{made.household:08d}"


def test_numbers_are_valid_and_no_two_alike() -> None:
    rows = [made.row for made in nation(COUNT)]
    assert len({row.resident_record_code for row in rows}) == COUNT
    assert len({row.individual_number for row in rows}) == COUNT
    first = Counter(row.resident_record_code[0] for row in rows)
    assert all(COUNT * 0.09 < first[str(digit)] < COUNT * 0.11 for digit in range(10))


@pytest.mark.parametrize("kind", SHARES)
def test_every_special_kind_is_as_frequent_as_promised(kind: str) -> None:
    found = sum(kind in made.row.note.split("; ") for made in nation(COUNT))
    expected = SHARES[kind] * COUNT
    # Three deviations of a count, wider as members of a household share kinds.
    assert abs(found - expected) < 0.15 * expected + 6 * expected**0.5


def test_every_kind_of_note_has_a_share() -> None:
    kinds = {kind for made in nation(COUNT) for kind in made.row.note.split("; ")} - {""}
    assert kinds == set(SHARES)


def test_all_fourteen_forms_of_unknown_dates_and_every_calendar() -> None:
    rows = [made.row for made in nation(COUNT)]
    forms = Counter(row.birth_certainty for row in rows)
    assert set(forms) == {certainty.value for certainty in Certainty}
    assert {row.birth_calendar for row in rows} == {calendar.value for calendar in Calendar}, (
        "明治 is there by 明治45年7月30日 only"
    )
    # Each form that must carry the register's text, and each that must not, was read by the strict reader.
    for row in rows:
        if row.birth_certainty != "exact":
            person_of(row._asdict())


def test_days_of_two_eras_and_days_that_no_calendar_has() -> None:
    rows = [made.row for made in nation(COUNT)]
    eras = {row.birth_date for row in rows if notes.TWO_ERAS in row.note}
    assert eras == {"明治45年7月30日", "大正15年12月25日"}
    impossible = [row for row in rows if notes.NO_DAY in row.note]
    assert {row.birth_digits[4:] for row in impossible} >= {"0229", "0230"}
    for row in impossible:
        assert not person_of(row._asdict()).record.birth_date.is_calendar_day


def test_cards_are_in_their_shares() -> None:
    states = Counter(made.row.card_state for made in nation(COUNT))
    assert set(states) == {state.value for state in CardState}
    for state, share in CARDS.items():
        assert abs(states[state] / COUNT - share) < 0.01


def test_households_live_together_and_are_as_large_as_in_life() -> None:
    homes: dict[int, list[Made]] = defaultdict(list)
    for made in nation(COUNT):
        homes[made.household].append(made)
    assert sorted(homes) == list(range(1, len(homes) + 1))
    for members in homes.values():
        assert len({(one.row.address, one.row.municipality) for one in members}) == 1
        given = [one.row.kana.partition(" ")[2] for one in members if not one.row.latin_name]
        assert len(members) <= 9
        assert len(given) - len(set(given)) <= 1
    sizes = Counter(map(len, homes.values()))
    assert 0.33 < sizes[1] / len(homes) < 0.42
    assert 2.0 < COUNT / len(homes) < 2.5


def test_nobody_is_unborn_or_older_than_anybody() -> None:
    years = [int(made.row.birth_digits[:4]) for made in nation(COUNT) if made.row.birth_digits[0] != "0"]
    assert min(years) >= 1905
    assert max(years) <= births.AS_OF.year
    old = sum(year <= 1961 for year in years) / len(years)
    assert 0.24 < old < 0.36  # 65 and older: 29 % in life


def test_surnames_are_as_frequent_as_in_life() -> None:
    rows = [made.row for made in nation(COUNT) if not made.row.latin_name]
    surnames = Counter(row.kana.partition(" ")[0] for row in rows)
    assert [name for name, _ in surnames.most_common(3)][:2] == ["サトウ", "スズキ"]
    assert abs(surnames["サトウ"] / len(rows) - 0.0145) < 0.003
    assert abs(surnames["スズキ"] / len(rows) - 0.0140) < 0.003
    assert len(surnames) > 3_000


def test_a_spelling_is_rarer_than_the_common_one() -> None:
    rows = [made.row for made in nation(COUNT)]
    heads = Counter(row.name.partition(" ")[0] for row in rows)
    assert 0 < heads["髙橋"] < heads["高橋"]
    assert 0 < heads["渡邉"] < heads["渡辺"]
    assert 0 < heads["𠮷田"] < heads["吉田"]
    texts = "".join(row.name + row.address for row in rows)
    assert any(one in texts for one in ("邉\U000e0101", "葛\U000e0100", "辻\U000e0100"))
    assert "{J+A" in texts
    assert "\ufa19" in texts or "\ufa10" in texts


def test_foreigners_have_latin_names_and_western_dates() -> None:
    rows = [made.row for made in nation(COUNT) if made.row.latin_name]
    assert {row.birth_calendar for row in rows} == {"western"}
    assert any(row.common_name for row in rows)
    assert any(not row.kana for row in rows)
    assert any(row.name != row.latin_name for row in rows)
    assert all(not row.former_surname for row in rows)


def test_former_and_past_names_are_of_wives() -> None:
    for made in nation(COUNT):
        row = made.row
        if row.former_surname or row.past_name:
            assert row.sex == "2"
        if row.past_name:
            assert row.past_kana
            assert row.past_name.partition(" ")[2] == row.name.partition(" ")[2]
            assert row.past_name != row.name


def test_people_live_in_real_municipalities_by_population() -> None:
    homes = Counter(made.row.municipality for made in nation(COUNT))
    known = municipalities()
    for code, _ in homes.most_common():
        assert MunicipalityCode(code) in known
    assert len(homes) > 1_200
    assert homes.most_common(1)[0][0] == "141003"  # 横浜市
    tokyo = sum(count for code, count in homes.items() if code.startswith("13"))
    assert 0.09 < tokyo / COUNT < 0.13


def test_an_address_begins_with_its_municipality() -> None:
    known = municipalities()
    for made in nation(COUNT):
        about = known[MunicipalityCode(made.row.municipality)]
        place = about.prefecture + about.name
        assert made.row.address.startswith(place)
        assert not made.row.past_address or made.row.past_address.startswith(place)
        assert made.row.past_address != made.row.address


def test_chosen_places_only() -> None:
    def codes(places: Places) -> set[str]:
        return {made.row.municipality for made in make_people(300, seed=1, places=places)}

    assert codes(Places.choose([TOWN])) == {TOWN}
    assert codes(Places.choose([TOWN, "012025"])) == {TOWN, "012025"}
    assert {code[:2] for code in codes(Places.choose([], ["13"]))} == {"13"}
    assert {code[:2] for code in codes(Places.choose([TOWN], ["01"]))} >= {"01"}


@pytest.mark.parametrize(
    ("codes", "prefectures"),
    [(["131017"], []), (["13101"], []), (["130001"], []), ([], ["48"]), ([], ["1"]), ([], ["00"])],
)
def test_a_place_that_does_not_exist(codes: list[str], prefectures: list[str]) -> None:
    with pytest.raises(UsageError):
        Places.choose(codes, prefectures)
