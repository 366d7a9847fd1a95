"""Search against a second, plain implementation over whole registers, and how the database reads for it."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.clock import FixedClock
from gateway.domain.codes import Sex
from gateway.domain.eras import Calendar
from gateway.domain.folding import fold_address, fold_name, kana_keys
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.kana import Kana
from gateway.domain.register_date import Certainty, RegisterDate
from gateway.domain.register_text import RegisterText
from gateway.domain.search import Match, SearchTerms
from gateway.store import Found, Newcomer, Store, TooMany, register_search
from tests.bench.search_mix import SHARES, build, plans, run
from tests.kit.databases import database_of
from tests.kit.townspeople import GIVEN, SURNAMES, residence, townspeople

NOW = datetime(2026, 11, 25, tzinfo=UTC)
Lives = list[list[IdentityRecord]]  # the versions of each person


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def town(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Store, Lives]]:
    with database_of(request.param) as url:
        yield from _town(url or tmp_path_factory.mktemp("town"))


def _town(where: Path | str) -> Iterator[tuple[Store, Lives]]:
    store = Store.open(where, clock=FixedClock(NOW), upgrade=True)
    lives: Lives = [[record] for record in townspeople(400)]
    store.loader.load((Newcomer((v[0],)) for v in lives), source="town", recorded_at=NOW)
    random_ = random.Random(3)  # noqa: S311 - the same town each time
    with store.unit_of_work() as work:
        for versions in random_.sample(lives, 120):
            for _ in range(random_.randint(1, 3)):
                versions.append(_changed(versions[-1], random_))
                store.register.put(work, versions[-1], valid_from=None, reason=None, recorded_at=NOW)
    yield store, lives
    store.close()


def _changed(record: IdentityRecord, random_: random.Random) -> IdentityRecord:
    if random_.random() < 0.5:
        return replace(record, **residence(random_))
    surname, kana = random_.choice(SURNAMES)
    given, given_kana = random_.choice(GIVEN)
    return replace(record, name=RegisterText(f"{surname} {given}"), kana=Kana(f"{kana} {given_kana}"))


def _fits(asked: str, match: Match, held: str) -> bool:
    return held.startswith(asked) if match is Match.PREFIX and asked else held == asked


def _called(terms: SearchTerms, version: IdentityRecord) -> bool:
    if terms.name is not None:
        names = [version.name.inline, *(n.inline for n in (version.latin_name, version.common_name) if n)]
        if version.former_surname:
            given = version.name.inline.replace("\u3000", " ").split(" ")[1:]
            names.append(version.former_surname.inline + " ".join(given))
        asked, match = terms.name
        if not any(_fits(fold_name(asked.inline), match, fold_name(name)) for name in names):
            return False
    if terms.kana is not None:
        asked_kana, match = terms.kana
        held = kana_keys(version.kana.text) if version.kana else ("",)
        return any(_fits(one, match, other) for one in kana_keys(asked_kana.text) for other in held)
    return True


def _born(asked: RegisterDate, held: RegisterDate) -> bool:
    def parts(date: RegisterDate) -> tuple[str, str, str]:
        vague = date.certainty.value.startswith("between")
        return date.digits[:4], "00" if vague else date.digits[4:6], "00" if vague else date.digits[6:]

    if parts(asked) == ("0000", "00", "00"):
        return parts(held) == parts(asked)
    return all(
        one == other or not one.strip("0") or not other.strip("0")
        for one, other in zip(parts(asked), parts(held), strict=True)
    )


def _plainly(terms: SearchTerms, lives: Lives, prefecture: str | None) -> list[IdentityRecord]:
    """The same search, by looking at everybody."""
    hits = []
    for versions in lives:
        now = versions[-1]
        if not any(_called(terms, version) for version in versions):
            continue
        if terms.birth_date is not None and not _born(terms.birth_date, now.birth_date):
            continue
        if terms.sex is not None and terms.sex is not now.sex:
            continue
        if prefecture is not None and now.municipality.prefecture != prefecture:
            continue
        if terms.address is not None:
            asked, match = terms.address
            held = (fold_address(version.address.inline) for version in versions)
            if not any(_fits(fold_address(asked.inline), match, address) for address in held):
                continue
        hits.append(now)
    return sorted(hits, key=lambda r: (r.kana.text if r.kana else "", r.code.digits))


def _any_terms(lives: Lives, random_: random.Random) -> SearchTerms:
    """A question about somebody, sometimes of a version long past, sometimes about nobody."""
    person = random_.choice(random_.choice(lives))
    surname, kana = random_.choice(SURNAMES)
    items = random_.sample(["named", "birth", "address"], random_.randint(2, 3))
    asked: dict[str, object] = {}
    if "named" in items:
        kind = random_.choice(["name", "kana", "both"])
        if kind != "kana":
            name = random_.choice(
                [person.name.inline, person.name.inline.split("\u3000")[0], surname, surname[0]]
            )
            if name.startswith("{") and "}" not in name:
                name = surname
            asked["name"] = (RegisterText(name), random_.choice(list(Match)))
        if kind != "name":
            reading = person.kana.text if person.kana else kana
            whole = random_.random() < 0.5
            asked["kana"] = (
                Kana(reading if whole else reading[: random_.randint(1, 3)]),
                Match.EXACT if whole and random_.random() < 0.5 else Match.PREFIX,
            )
    if "birth" in items:
        date = person.birth_date
        if date.certainty is Certainty.EXACT and random_.random() < 0.5:
            date = random_.choice(
                [
                    RegisterDate(Calendar.SHOWA, f"{date.year}0000", Certainty.MONTH_AND_DAY_UNKNOWN),
                    RegisterDate(Calendar.SHOWA, f"{date.digits[:6]}00", Certainty.DAY_UNKNOWN),
                    RegisterDate(Calendar.NONE, "00000000", Certainty.UNKNOWN),
                ]
            )
        asked["birth_date"] = date
    if "address" in items:
        address = person.address.inline
        cut = random_.choice([len(address), len(address), random_.randint(3, len(address)), 3])
        asked["address"] = (RegisterText(address[:cut]), random_.choice(list(Match)))
    if random_.random() < 0.3:
        asked["sex"] = random_.choice(list(Sex))
    return SearchTerms(**asked)  # type: ignore[arg-type]


# The three ways to choose a table: by one look, by the second, and by neither.
@pytest.mark.parametrize(
    "looks", [(1_500, 10_000), (20, 10_000), (5, 20)], ids=["first", "second", "neither"]
)
def test_it_finds_whom_a_look_at_everybody_finds(
    town: tuple[Store, Lives], monkeypatch: pytest.MonkeyPatch, looks: tuple[int, int]
) -> None:
    store, lives = town
    monkeypatch.setattr(register_search, "_FIRST_LOOK", looks[0])
    monkeypatch.setattr(register_search, "_SECOND_LOOK", looks[1])
    random_ = random.Random(looks[0])  # noqa: S311 - the same questions each time
    nobody = many = 0
    for _ in range(200):
        terms = _any_terms(lives, random_)
        prefecture = random_.choice([None, None, "13", "14"])
        limit = random_.choice([1, 5, 50])
        expected = _plainly(terms, lives, prefecture)
        answer = store.register.search(terms, limit=limit, prefecture=prefecture)
        if len(expected) > limit:
            assert answer == TooMany(limit)
            many += 1
        else:
            assert isinstance(answer, Found)
            assert list(answer.records) == expected
            nobody += not expected
    assert many > 7
    assert 15 < nobody < 150


def test_the_mix_is_the_same_for_a_seed_and_has_every_class(town: tuple[Store, Lives]) -> None:
    store, _ = town
    questions = build(store, seed=7, count=200)
    assert questions == build(store, seed=7, count=200)
    assert questions != build(store, seed=8, count=200)
    figures = run(store, questions)
    assert set(figures) == {*SHARES, "all"}
    assert {kind: figures[kind].count for kind in SHARES} == {k: 2 * share for k, share in SHARES.items()}
    assert figures["variants"].found >= 1
    assert figures["too_many"].too_many > 0


@pytest.mark.parametrize("looks", [(1_500, 10_000), (5, 20)], ids=["first", "neither"])
def test_no_search_reads_through_a_table(
    town: tuple[Store, Lives], monkeypatch: pytest.MonkeyPatch, looks: tuple[int, int]
) -> None:
    """Every table is sought by its key; SCAN may only be said of rows that were sought before."""
    store, _ = town
    monkeypatch.setattr(register_search, "_FIRST_LOOK", looks[0])
    monkeypatch.setattr(register_search, "_SECOND_LOOK", looks[1])
    if store.database.dialect.concurrent:
        _each_seeks_an_index(store)
        return
    for asked, plan in plans(store, build(store, seed=5, count=200)):
        steps = plan.splitlines()
        assert any(step.startswith("SEARCH search_by_") for step in steps), asked.kind
        for step in steps:
            assert not step.startswith("SCAN") or step in ("SCAN arm", "SCAN counted", "SCAN rows_read"), plan
            assert "MULTI-INDEX" not in step, plan


def _each_seeks_an_index(store: Store) -> None:
    """On PostgreSQL, which would read so few people through: what it does where that costs too much."""
    for setting in ("enable_seqscan", "enable_bitmapscan"):  # on the connection that this thread keeps
        store.rows(f"SELECT set_config('{setting}', 'off', false)", ())
    for asked, plan in plans(store, build(store, seed=5, count=200)):
        steps = [line.strip() for line in plan.splitlines()]
        sought = [line for line in steps if re.search(r"Index (Only )?Scan using pk_search_by_", line)]
        assert sought, (asked.kind, plan)
        assert not [line for line in steps if "Seq Scan" in line], plan
        first = re.findall(r"using pk_search_by_(\w+) .*?\n\s*Index Cond: \((.*)\)", plan)
        assert len(first) == len(sought), plan
        for table, condition in first:
            assert f"{table}_key" in condition, plan
