"""What a counter notices of a large file of inquiries: ``python -m tests.bench.counter LINES``.

A development network runs as it does for anybody. A terminal inquires one question after the other, first
alone, then while a file of so many lines is answered. One line of JSON: milliseconds of an inquiry, p50 and
p99, alone and beside the file. Nothing waits for the file's end.
"""

from __future__ import annotations

import csv
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Final

from gateway.domain.codes import Purpose
from gateway.domain.identifiers import IndividualNumber
from gateway.domain.inquiry import Inquiry, LegalBasis
from gateway.domain.inquiry_file_text import COLUMNS
from tests.kit.network import Network, caller, running

ONLY: Final = ("131016-cs", "national-server", "jlis-server")
_OFFICE: Final = "131016-addressee-terminal-1"
_WHO: Final = ("--terminal", "131016-A001", "--operator", "V1310160301/OP01")
_NAME: Final = ("--office", "TAX", "--file", "bench")
_INQUIRIES: Final = 400
_WARM: Final = 30
_BEGIN_SECONDS: Final = 300.0


def measure(lines: int) -> dict[str, Any]:
    """Start, measure, end."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        with running(folder / "network", only=ONLY) as network, network.client() as client:
            numbers = [IndividualNumber(one["individual_number"]) for one in network.people()]
            asked = cycle(Inquiry(caller(Purpose.NUMBER_USE), LegalBasis.LISTED_WORK, one) for one in numbers)

            def ask() -> None:
                client.terminal.inquire(next(asked))

            _times(ask, _WARM)
            alone = _times(ask, _INQUIRIES)
            _command(network, "deliver", _file(network, folder, numbers, lines))
            begun = time.monotonic()
            while not _answered(network) > 0:
                if time.monotonic() - begun > _BEGIN_SECONDS:
                    raise SystemExit("the file was not begun")
                time.sleep(0.1)
            before = _answered(network)
            began = time.monotonic()
            beside = _times(ask, _INQUIRIES)
            seconds, after = time.monotonic() - began, _answered(network)
    if after in {before, lines}:
        raise SystemExit("the file was not answered beside the inquiries: it stood still, or was too short")
    return {
        "lines": lines,
        "inquiries": _INQUIRIES,
        "alone": _figures(alone),
        "beside": _figures(beside),
        "lines_per_second": round((after - before) / seconds),
    }


def _file(network: Network, folder: Path, numbers: list[IndividualNumber], lines: int) -> Path:
    """A file of inquiries about the network's people, again and again."""
    plain, made = folder / "rows.csv", folder / "file.csv"
    rest = [""] * (len(COLUMNS) - 2)
    with plain.open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream, lineterminator="\n")
        rows.writerow(COLUMNS)
        rows.writerows(
            [str(place), one.digits, *rest]
            for place, one in enumerate(islice(cycle(numbers), lines), start=1)
        )
    sealed = ("--municipality", "131016", *_NAME, "--basis", "number_use")
    done = network.command("inquiry", "make", plain, made, *sealed)
    if done.returncode:
        raise SystemExit(done.stderr)
    return made


def _command(network: Network, *arguments: object) -> Any:
    state = network.state(_OFFICE).path
    done = network.command("inquiry", *arguments, "--state", state, *_WHO, "--json")
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout)


def _answered(network: Network) -> int:
    return int(_command(network, "status", *_NAME)["answered"])


def _times(call: Callable[[], None], count: int) -> list[float]:
    found = []
    for _ in range(count):
        begun = time.perf_counter()
        call()
        found.append((time.perf_counter() - begun) * 1000)
    return found


def _figures(milliseconds: list[float]) -> dict[str, float]:
    return {
        "p50_ms": round(statistics.median(milliseconds), 2),
        "p99_ms": round(statistics.quantiles(milliseconds, n=100)[98], 2),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(int(sys.argv[1]))) + "\n")
