"""``juki-gateway people …``: makes synthetic people, and loads a file of people into a system's register."""

from __future__ import annotations

import io
import os
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final, TextIO

import typer

from gateway.cli.exits import Refusal
from gateway.cli.meter import Meter
from gateway.cli.options import AsJson, State, new_app, open_state
from gateway.cli.output import Output
from gateway.errors import UsageError
from gateway.people import Places, Row, make_people, write_rows
from gateway.settings import Settings, clock_of
from gateway.state import FILE_MODE, StateFolder
from gateway.stock import Stock
from gateway.store import Progress
from gateway.store.configured import open_store

app = new_app("Synthetic people: a town, a prefecture or a nation of them. None is real.")

MOST: Final = 99_999_999
"""People of one file: its households have eight digits."""

_LOOK_EVERY = 500  # people between two looks at the time
_REGISTERS = {"municipal_cs": 6, "prefectural_server": 2, "national_server": 0}
"""Roles with a register; by how many digits of the system's own code its people's municipalities begin."""


@app.callback()
def _group() -> None:
    pass


@app.command(
    epilog="Example: juki-gateway people make --count 10000 --seed 1 --municipality 131016 --out people.csv"
)
def make(
    count: Annotated[int, typer.Option("--count", min=1, max=MOST, metavar="N", help="How many people.")],
    seed: Annotated[int, typer.Option("--seed", min=0, metavar="S", help="Another seed: other people.")],
    municipality: Annotated[
        list[str] | None,
        typer.Option("--municipality", metavar="CODE", help="Only there (six digits); may be repeated."),
    ] = None,
    prefecture: Annotated[
        list[str] | None,
        typer.Option("--prefecture", metavar="NN", help="Only there (01 to 47); may be repeated."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="File to write or replace, else standard output."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make synthetic people as CSV, household by household.

    In the whole nation, by population, unless places are named. The same seed, places and version of the
    product give the same bytes, and the first people of a larger count are those of a smaller one.
    """
    if as_json and out is None:
        raise UsageError("--json: the people go to a file then; give --out FILE")
    places = Places.choose(municipality or (), prefecture or ())
    output = Output(as_json)
    meter = Meter(output, "made", count)
    households = 0

    def rows() -> Iterator[Row]:
        nonlocal households
        for number, made in enumerate(make_people(count, seed=seed, places=places)):
            if number % _LOOK_EVERY == 0:
                meter.reach(number)
            households = made.household
            yield made.row

    with _to_stdout() if out is None else _to_file(out) as stream:
        write_rows(rows(), stream)
    figures = meter.figures(count)
    if out is None:
        output.progress(_summary(f"{count:,} people in {households:,} households", figures))
        return
    output.document(
        {
            "out": str(out),
            "people": count,
            "households": households,
            "seed": seed,
            "municipalities": len(places.codes),
            **figures,
        }
    )
    output.line(f"{out}: " + _summary(f"{count:,} people in {households:,} households", figures))


@app.command(epilog="Example: juki-gateway people load people.csv --state build/demo/131016-cs --replace")
def load(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV, as 'people make' writes it.")],
    state: State = None,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Forget everybody who is on record, with all history, first."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Load the people of a file into the register of a system that does not run.

    A municipality's register takes those who live there, a prefectural server's those of its prefecture. An
    interrupted load goes on where it stopped when the same command is given again.
    """
    folder, settings = open_state(state)
    output = Output(as_json)
    stock = Stock(file, within=_within(settings))
    with folder.running():
        clock = clock_of(settings, folder.path)
        store = open_store(folder.path, settings, clock=clock, upgrade=True)
        try:
            if stock.would_replace(store):
                _allow_replacing(settings, folder, replace)
            if settings.simulator is not None:
                _keep(file, folder.resolve(settings.simulator.people))
            meter = Meter(output, "read", stock.size)
            told = _Sorting(output)
            taken = stock.fill(store, now=clock.now(), read=meter.reach, progress=told)
            on_record = store.register.count() if taken is None else taken
        except KeyboardInterrupt:
            output.progress("stopped; the same command goes on from here")
            raise
        finally:
            store.close()
    figures = meter.figures(stock.size)
    output.document(
        {
            "file": str(file),
            "state": str(folder.path),
            "people": stock.size,
            "on_record": on_record,
            "loaded_before": taken is None,
            **figures,
        }
    )
    if taken is None:
        output.line(f"{folder.path}: filled from this file before, {on_record:,} people are on record")
        return
    output.line(f"{folder.path}: " + _summary(f"{taken:,} of {stock.size:,} people are on record", figures))
    if taken < stock.size:
        output.line("The others live elsewhere.")


class _Sorting:
    """Tells each tenth of a load's second phase."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._told = 0

    def __call__(self, progress: Progress) -> None:
        if progress.phase == "sorting" and progress.whole is not None:
            tenth = progress.done * 10 // progress.whole
            if tenth > self._told:
                self._told = tenth
                self._output.progress(f"{tenth}0 % of what searches look into is sorted")


def _summary(text: str, figures: dict[str, float]) -> str:
    return (
        f"{text}; {figures['seconds']:,.1f} s, {figures['people_per_second']:,.0f} people a second, "
        f"{figures['memory_mb']:,.0f} MB of memory"
    )


def _within(settings: Settings) -> str | None:
    """What the code of a municipality must begin with for the system to have its people on record."""
    role, code = settings.system.role, settings.system.municipality
    if role not in _REGISTERS:
        raise UsageError(f"a system of the role {role} has no register")
    return (code or "")[: _REGISTERS[role]] or None


def _allow_replacing(settings: Settings, folder: StateFolder, replace: bool) -> None:
    if not replace:
        raise Refusal(
            f"{folder.path}: other people are on record already; --replace forgets them with all history"
        )
    if settings.mode == "production":
        raise Refusal(f"{folder.path}: in production mode nobody's record is forgotten")


def _keep(file: Path, people: Path) -> None:
    """The file as the simulator's own: it fills its register from that whenever it starts."""
    if people.exists() and file.samefile(people):
        return
    with _replacing(people) as part:
        shutil.copyfile(file, part)


@contextmanager
def _to_stdout() -> Iterator[TextIO]:
    stream = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="", write_through=False)
    try:
        yield stream
        stream.flush()
    finally:
        stream.detach()


@contextmanager
def _to_file(file: Path) -> Iterator[TextIO]:
    with _replacing(file) as part, part.open("w", encoding="utf-8", newline="") as stream:
        yield stream


@contextmanager
def _replacing(file: Path) -> Iterator[Path]:
    """A new file for the block to fill; it takes the place of ``file`` when the block ends well."""
    if file.exists() and not file.is_file():
        raise UsageError(f"{file}: is no file")
    part = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE))
        try:
            yield part
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"{file}: cannot be written ({error.strerror})") from error
