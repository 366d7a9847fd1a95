"""Files of inquiries over the network as it runs: by signed pieces and by a watched folder, killed."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.csv_text import cells_of
from gateway.domain.inquiry import InquiryResult
from gateway.domain.inquiry_file_text import COLUMNS, RESULT_COLUMNS
from gateway.settings import InquiryFolder, Operator, load_settings, render_settings
from gateway.store.configured import open_store
from tests.kit.made import copied_network
from tests.kit.network import GATEWAY, Network, by_code

TERMINAL = "131016-addressee-terminal-1"
WHO = ("--terminal", "131016-A001", "--operator", "V1310160301/OP01")
JLIS = "jlis-server"


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    folder = tmp_path_factory.mktemp("files") / "network"
    state = copied_network(folder).states[GATEWAY]
    settings = load_settings(state.settings_file)
    watched = InquiryFolder(
        system=TERMINAL,
        path=Path("inquiries"),
        terminal="131016-A001",
        operator=Operator(verification_id="V1310160301", operator_id="OP01"),
    )
    update = {
        "inquiry_folders": (watched,),
        "listen": settings.listen.model_copy(update={"workers": 2}),
    }
    state.write_settings(render_settings(settings.model_copy(update=update)))
    started = Network(folder)
    try:
        yield started
    finally:
        started.end()


def rows_of(people: Sequence[dict[str, str]]) -> list[list[str]]:
    """By number and by items in turn; every seventh is nobody's."""
    rows = []
    for number, person in enumerate(people, start=1):
        items = [
            person[column] for column in ("birth_calendar", "birth_digits", "birth_certainty", "birth_text")
        ]
        if number % 2:
            rows.append([str(number), person["individual_number"], *[""] * 7])
        else:
            address = person["address"] + ("九" if number % 7 == 0 else "")
            rows.append([str(number), "", person["name"], *items, person["sex"], address])
    return rows


def make(network: Network, tmp_path: Path, name: str, rows: Sequence[Sequence[str]]) -> Path:
    """A file of inquiries, sealed by the command."""
    plain, made = tmp_path / f"{name}.rows", tmp_path / f"{name}.csv"
    with plain.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows([COLUMNS, *rows])
    sealed = ("--municipality", "131016", "--office", "TAX", "--file", name, "--basis", "number_use")
    done = network.command("inquiry", "make", plain, made, *sealed)
    assert done.returncode == 0, done
    return made


def people(network: Network, count: int) -> list[dict[str, str]]:
    known = network.people()
    return [known[place % len(known)] for place in range(count)]


def run(network: Network, command: str, *options: object, status: int = 0) -> Any:
    state = network.state(TERMINAL).path
    done = network.command("inquiry", command, *options, "--state", state, *WHO, "--json")
    assert done.returncode == status, done
    return json.loads(done.stdout)


def judge(file: Path, asked: Sequence[dict[str, str]]) -> None:
    """Each line once, in the order of the file, and about whom it asked for."""
    header, columns, *lines = file.read_bytes().splitlines(keepends=True)
    assert cells_of(header)[0] == "juki-inquiry-results"
    assert tuple(cells_of(columns)) == RESULT_COLUMNS
    found = [dict(zip(RESULT_COLUMNS, cells_of(line), strict=True)) for line in lines]
    assert [int(line["line"]) for line in found] == list(range(1, len(asked) + 1))
    for number, (line, person) in enumerate(zip(found, asked, strict=True), start=1):
        if number % 7 == 0 and number % 2 == 0:
            assert (line["result"], line["name"]) == (InquiryResult.NO_RECORD.value, "")
        elif line["result"] == "found":
            assert line["resident_record_code"] == person["resident_record_code"]
            assert line["individual_number"] == person["individual_number"]
        else:  # alike in all items
            assert (line["result"], number % 2) == ("several_records", 0)


def inquirers(network: Network) -> list[int]:
    """The gateway's companions: its children that are no workers of the front come last."""
    parent = network.state(GATEWAY).running_process()
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = entry.read_text().rsplit(")", 1)[1].split()
            if int(fields[1]) == parent:
                found.append(int(entry.parent.name))
    return sorted(found)


def test_a_file_is_answered_while_everything_is_killed(network: Network, tmp_path: Path) -> None:
    """Also: a counter has its answers meanwhile."""
    asked = people(network, 900)
    file = make(network, tmp_path, "killed", rows_of(asked))
    before = run(network, "deliver", file)
    assert (before["state"], before["sent"]) in {("received", 1), ("accepted", 1)}
    again = run(network, "deliver", file)
    assert again["sent"] == 0
    name = ("--office", "TAX", "--file", "killed")
    waits: list[float] = []
    kills, deadline = 0, time.monotonic() + 60
    with network.client() as client:
        while (now := run(network, "status", *name))["state"] != "done":
            assert time.monotonic() < deadline, now
            begun = time.monotonic()
            client.terminal.verify_identity(by_code(asked[0]))
            waits.append(time.monotonic() - begun)
            if 0 < now["answered"] < now["count"] and kills < 3:
                kills += 1
                os.kill(inquirers(network)[-1], signal.SIGKILL)
                time.sleep(0.3)
    assert kills
    assert sorted(waits)[len(waits) // 2] < 1.0
    out = tmp_path / "killed.out"
    assert run(network, "fetch", out, *name)["lines"] == len(asked)
    judge(out, asked)
    refused = run(network, "fetch", tmp_path / "none.out", "--office", "TAX", "--file", "other", status=1)
    assert refused["error"]["kind"] == "Refusal"
    # The lines are in the access log, each once.
    state = network.state(GATEWAY)
    store = open_store(state.path, network.settings(GATEWAY), clock=_clock())
    try:
        with store.read() as connection:
            counted = connection.exec_driver_sql(
                "SELECT sum(people), count(*) FROM accesses WHERE operation = 'InquirePeople'"
                " AND outcome = 'answered'"
            ).one()
    finally:
        store.close()
    assert counted[0] == len(asked)
    assert counted[1] == -(-len(asked) // 25)


def test_what_is_not_whole_is_rejected_and_nobody_is_asked(network: Network, tmp_path: Path) -> None:
    asked = people(network, 3)
    file = make(network, tmp_path, "wrong", rows_of(asked))
    text = file.read_text(encoding="utf-8")
    before = len(network.messages(JLIS))
    file.write_text(text.replace(asked[0]["individual_number"], "123456789012"), encoding="utf-8")
    wrong = run(network, "deliver", file, status=2)
    assert "line 3, column individual_number: check-digit" in wrong["error"]["text"]
    inside = network.state(GATEWAY).path / "inquiries"
    network.wait((inside / "in").is_dir, 10)
    for name, content in (
        ("half.csv", text[: len(text) - 20]),
        ("digest.csv", text.replace(asked[0]["individual_number"], asked[2]["individual_number"])),
        ("purpose.csv", text.replace("number_use,number_use", "record_copy,number_use", 1)),
        ("town.csv", text.replace("131016", "141003", 1)),
    ):
        leave(inside, name, content.replace("TAX,wrong", f"TAX,{name.partition('.')[0]}", 1))
    (tmp_path / "target").write_text(text, encoding="utf-8")
    (inside / "in" / "link.csv").symlink_to(tmp_path / "target")
    rejected = inside / "rejected"
    names = ("half.csv", "digest.csv", "purpose.csv", "town.csv", "link.csv")
    network.wait(lambda: all((rejected / f"{name}.error.csv").exists() for name in names), 20)
    told = {name: (rejected / f"{name}.error.csv").read_text().splitlines()[1] for name in names}
    assert told == {
        "half.csv": "5,,no-line-end",
        "digest.csv": "1,digest,differs",
        "purpose.csv": "1,purpose,not-registered",
        "town.csv": "1,municipality,not-registered",
        "link.csv": "0,,no-plain-file",
    }
    assert (rejected / "link.csv").is_symlink()
    assert list((inside / "in").iterdir()) == []
    assert len(network.messages(JLIS)) == before


def leave(folder: Path, name: str, content: str) -> None:
    """As its owner does: written under another name, and renamed in."""
    part = folder / "in" / f".{name}"
    part.write_text(content, encoding="utf-8")
    part.rename(folder / "in" / name)


def test_a_watched_folder(network: Network, tmp_path: Path) -> None:
    asked = people(network, 60)
    file = make(network, tmp_path, "folder", rows_of(asked))
    inside = network.state(GATEWAY).path / "inquiries"
    network.wait((inside / "in").is_dir, 10)
    leave(inside, "folder.csv", file.read_text(encoding="utf-8"))
    network.wait((inside / "out" / "folder.csv").exists, 20)
    judge(inside / "out" / "folder.csv", asked)
    assert (inside / "accepted" / "folder.csv").exists()
    # The same once more is known; another under the same name is none of it.
    leave(inside, "again.csv", file.read_text(encoding="utf-8"))
    network.wait((inside / "accepted" / "again.csv").exists, 10)
    other = make(network, tmp_path, "folder", rows_of(asked[:5]))
    leave(inside, "other.csv", other.read_text(encoding="utf-8"))
    network.wait((inside / "rejected" / "other.csv.error.csv").exists, 10)
    assert "name-used" in (inside / "rejected" / "other.csv.error.csv").read_text()
    assert run(network, "status", "--office", "TAX", "--file", "folder")["answered"] == len(asked)


def _clock() -> Any:
    from gateway.clock import SystemClock

    return SystemClock()
