"""``juki-gateway people``: makes files of people, loads them into registers of systems that do not run."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.cli import people as command
from gateway.cli.network.people import people_csv
from gateway.clock import SystemClock
from gateway.domain.identifiers import ResidentRecordCode
from gateway.domain.register_text import RegisterText
from gateway.domain.search import Match, SearchTerms
from gateway.people import Made, read_people
from gateway.settings import Settings, Simulator, System, load_settings, render_settings
from gateway.state import StateFolder
from gateway.stock import Stock
from gateway.store import Found, Store, register_load

Run = Callable[..., Any]
TOWN, OTHER = "131016", "012025"


@pytest.fixture
def file(run: Run, tmp_path: Path) -> Path:
    """300 people of two municipalities."""
    file = tmp_path / "people.csv"
    places = ("--municipality", TOWN, "--municipality", OTHER)
    assert run("people", "make", "--count", 300, "--seed", 4, *places, "--out", file).status == 0
    return file


@pytest.fixture
def state(tmp_path: Path) -> StateFolder:
    system = System(id="131016-cs", role="municipal_cs", name="x", municipality=TOWN)
    return StateFolder.create(
        tmp_path / "131016-cs", render_settings(Settings(mode="development", system=system))
    )


@contextmanager
def store_of(state: StateFolder) -> Iterator[Store]:
    store = Store.open(state.path, clock=SystemClock())
    yield store
    store.close()


def rows(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.read_text("utf-8"))))


def test_make_into_a_file(run: Run, tmp_path: Path) -> None:
    files = [tmp_path / "a.csv", tmp_path / "b.csv"]
    for file in files:
        ran = run("people", "make", "--count", 50, "--seed", 3, "--prefecture", "13", "--out", file, "--json")
        assert ran.status == 0
    document = ran.document
    assert {name: document[name] for name in ("out", "people", "seed", "municipalities")} == {
        "out": str(files[1]), "people": 50, "seed": 3, "municipalities": 62,
    }  # fmt: skip
    assert 10 < document["households"] < 50
    assert min(document["seconds"], document["people_per_second"], document["memory_mb"]) > 0
    assert files[0].read_bytes() == files[1].read_bytes()
    assert len(list(read_people(files[0]))) == 50
    assert files[0].stat().st_mode & 0o777 == 0o600
    ran = run("people", "make", "--count", 20, "--seed", 3, "--prefecture", "13", "--out", files[0])
    assert ran.out.startswith(f"{files[0]}: 20 people in ")
    assert files[1].read_bytes().startswith(files[0].read_bytes())
    assert sorted(tmp_path.iterdir()) == files


def test_make_to_standard_output(run: Run, file: Path) -> None:
    places = ("--municipality", OTHER, "--municipality", TOWN)
    ran = run("people", "make", "--count", 300, "--seed", 4, *places)
    assert ran.status == 0
    assert ran.out.encode() == file.read_bytes()
    assert "300 people in " in ran.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("--count", "0", "--seed", "1"),
        ("--count", "100000000", "--seed", "1"),
        ("--count", "1", "--seed", "-1"),
        ("--count", "1"),
        ("--count", "1", "--seed", "1", "--municipality", "131017"),
        ("--count", "1", "--seed", "1", "--prefecture", "48"),
        ("--count", "1", "--seed", "1", "--out", "."),
        ("--count", "1", "--seed", "1", "--out", "there/is/no/folder.csv"),
    ],
)
def test_make_used_wrongly(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("people", "make", *arguments).status == 2
    assert not list(tmp_path.iterdir())


def test_json_needs_a_file(run: Run) -> None:
    ran = run("people", "make", "--count", 1, "--seed", 1, "--json")
    assert ran.status == 2
    assert ran.document["error"]["kind"] == "UsageError"


def test_an_interrupted_make_leaves_the_file_as_it_was(
    run: Run, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = file.read_bytes()
    made = command.make_people

    def interrupted(*arguments: Any, **options: Any) -> Iterator[Made]:
        for number, one in enumerate(made(*arguments, **options)):
            if number == 100:
                raise KeyboardInterrupt
            yield one

    monkeypatch.setattr(command, "make_people", interrupted)
    ran = run("people", "make", "--count", 200, "--seed", 9, "--out", file)
    assert ran.status == 130
    assert ran.err == "juki-gateway: interrupted\n"
    assert file.read_bytes() == before
    assert list(file.parent.iterdir()) == [file]


def test_progress_goes_to_standard_error(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.cli.meter._EVERY", 0.0)
    ran = run("people", "make", "--count", 1_001, "--seed", 1, "--out", tmp_path / "a.csv", "--json")
    assert ran.document["people"] == 1_001
    line = ran.err.splitlines()[-1]
    for told in ("1,000 of 1,001 people made", " a second, about 0 s left, ", " MB of memory"):
        assert told in line


def test_a_municipality_takes_those_who_live_there(run: Run, file: Path, state: StateFolder) -> None:
    ran = run("people", "load", file, "--state", state.path, "--json")
    assert ran.status == 0
    home = [person for person in read_people(file) if person.record.municipality.digits == TOWN]
    assert 0 < len(home) < 300
    assert ran.document["people"] == 300
    assert ran.document["on_record"] == len(home)
    assert ran.document["loaded_before"] is False
    moved = renamed = 0
    with store_of(state) as store:
        assert store.register.count() == len(home)
        for person in home:
            record = person.record
            assert store.register.find(record.code) == record
            assert (store.cards.of(record.code) or "none") == person.card_state.value
            history = [version.record for version in store.register.history(record.code)]
            assert history == list(person.versions())
            if person.past_address is not None:
                moved += 1
                terms = SearchTerms(birth_date=record.birth_date, address=(person.past_address, Match.EXACT))
                found = store.register.search(terms)
                assert isinstance(found, Found)
                assert record in found.records
            if person.past_name is not None:
                renamed += 1
                terms = SearchTerms(name=(person.past_name, Match.EXACT), birth_date=record.birth_date)
                found = store.register.search(terms)
                assert isinstance(found, Found)
                assert record in found.records
    assert moved
    assert renamed
    again = run("people", "load", file, "--state", state.path, "--json").document
    assert (again["on_record"], again["loaded_before"]) == (len(home), True)


def test_past_names_and_addresses_of_the_sample_people_are_found(
    run: Run, tmp_path: Path, state: StateFolder
) -> None:
    file = tmp_path / "sample.csv"
    file.write_bytes(people_csv())
    assert run("people", "load", file, "--state", state.path).status == 0
    (renamed,) = [person for person in read_people(file) if person.past_name]
    assert renamed.past_name is not None
    with store_of(state) as store:
        for name in (renamed.past_name, RegisterText("河合花子"), renamed.record.name):
            terms = SearchTerms(name=(name, Match.EXACT), birth_date=renamed.record.birth_date)
            assert store.register.search(terms) == Found((renamed.record,))


def test_other_people_are_replaced_only_when_that_is_asked_for(
    run: Run, file: Path, state: StateFolder, tmp_path: Path
) -> None:
    assert run("people", "load", file, "--state", state.path).status == 0
    other = tmp_path / "other.csv"
    run("people", "make", "--count", 40, "--seed", 8, "--municipality", TOWN, "--out", other)
    ran = run("people", "load", other, "--state", state.path, "--json")
    assert ran.status == 1
    assert ran.document["error"]["kind"] == "Refusal"
    settings = load_settings(state.settings_file, with_environment=False)
    state.write_settings(render_settings(settings.model_copy(update={"mode": "production"})))
    ran = run("people", "load", other, "--state", state.path, "--replace")
    assert ran.status == 1
    assert "production" in ran.err
    state.write_settings(render_settings(settings))
    ran = run("people", "load", other, "--state", state.path, "--replace", "--json")
    assert ran.document["on_record"] == 40
    with store_of(state) as store:
        assert store.register.count() == 40
        assert store.register.find(ResidentRecordCode(rows(file)[0]["resident_record_code"])) is None


def test_a_bad_line_is_told_and_the_mended_file_is_taken(run: Run, file: Path, state: StateFolder) -> None:
    good = file.read_bytes()
    lines = good.decode().splitlines(keepends=True)
    code, _, rest = lines[200].partition(",")
    wrong = code[:-1] + str((int(code[-1]) + 1) % 10)
    lines[200] = f"{wrong},{rest}"
    file.write_text("".join(lines), "utf-8")
    ran = run("people", "load", file, "--state", state.path)
    assert ran.status == 2
    assert ran.err.endswith(f"juki-gateway: {file}: line 201, column resident_record_code: check-digit\n")
    assert wrong not in ran.err
    file.write_bytes(good)
    assert run("people", "load", file, "--state", state.path).status == 0


@pytest.mark.parametrize("column", ["resident_record_code", "individual_number"])
def test_one_number_twice_is_told_by_both_lines(
    run: Run, file: Path, state: StateFolder, column: str
) -> None:
    cells = rows(file)
    home = [number for number, row in enumerate(cells) if row["municipality"] == TOWN]
    first, second = home[3], home[30]
    cells[second][column] = cells[first][column]
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, cells[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(cells)
    ran = run("people", "load", file, "--state", state.path)
    assert ran.status == 2
    told = f"line {second + 2}, column {column}: the same as in line {first + 2}\n"
    assert ran.err.endswith(told)


def test_an_interrupted_load_goes_on(
    run: Run, file: Path, state: StateFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(register_load, "BATCH", 20)
    told: list[Any] = []

    class Interrupting(command._Sorting):
        def __call__(self, progress: Any) -> None:
            told.append(progress)
            if len(told) in (3, 8):
                raise KeyboardInterrupt

    monkeypatch.setattr(command, "_Sorting", Interrupting)
    for _ in range(2):
        ran = run("people", "load", file, "--state", state.path)
        assert ran.status == 130
        assert "the same command goes on from here" in ran.err
    done = [progress.done for progress in told if progress.phase == "reading"]
    assert done[3] == done[2] + 20
    ran = run("people", "load", file, "--state", state.path, "--json")
    assert ran.status == 0
    with store_of(state) as store:
        assert store.register.count() == ran.document["on_record"]
        assert Stock(file, within=TOWN).is_in(store)


def test_not_while_the_system_runs(run: Run, file: Path, state: StateFolder) -> None:
    with state.running():
        ran = run("people", "load", file, "--state", state.path, "--json")
    assert ran.status == 1
    assert ran.document["error"]["kind"] == "StateBusy"


def test_a_simulator_keeps_the_file_from_which_it_is_filled(run: Run, file: Path, tmp_path: Path) -> None:
    system = System(id="13-prefectural-server", role="prefectural_server", name="x", municipality="130001")
    settings = Settings(mode="development", system=system, simulator=Simulator())
    state = StateFolder.create(tmp_path / system.id, render_settings(settings))
    ran = run("people", "load", file, "--state", state.path, "--json")
    assert ran.document["on_record"] == sum(row["municipality"] == TOWN for row in rows(file))
    kept = state.data / "people.csv"
    assert kept.read_bytes() == file.read_bytes()
    with store_of(state) as store:
        assert Stock(kept, within="13").is_in(store)
    assert run("people", "load", kept, "--state", state.path, "--json").document["loaded_before"]


def test_a_system_without_a_register(run: Run, file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "terminal"
    settings = Settings(
        mode="development", system=System(id="terminal", role="integrated_terminal", name="x")
    )
    StateFolder.create(folder, render_settings(settings))
    ran = run("people", "load", file, "--state", folder)
    assert ran.status == 2
    assert "has no register" in ran.err
    assert run("people", "load", file).status == 2
    assert run("people", "load", tmp_path / "nothing.csv", "--state", folder).status == 2
