"""Flow 7 with real servers, keys, sockets and databases: delivered in pieces, handed over, and erased."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.cli.addressees_file import write_addressees
from gateway.domain.addressee import Addressee
from gateway.domain.addressee_delivery import SendingQuestion, TargetQuestion
from gateway.domain.change_report import Delivery
from gateway.domain.register_text import RegisterText
from gateway.errors import CounterpartFault
from gateway.settings import load_settings
from gateway.wss.sign import new_message_id
from tests.kit.addressees import addressee, elsewhere, header, piece, somebody
from tests.kit.changes import clerk, code, entry, report
from tests.kit.databases import database_of, databases
from tests.kit.delivery import wait
from tests.kit.network import COMMAND
from tests.kit.registry import CARDS, GATEWAY, NATION, PREFECTURE, SYSTEM, registry
from tests.kit.rows import rows as held
from tests.kit.rows import tables_with
from tests.kit.town import Town, until

WHO = ("--terminal", "131016-R001", "--operator", "V1310160101/OP01")
MARK, NUMBER = "秘匿送付先七百七十七番館", "GEHEIM"
PEOPLE = range(7_200_001, 7_200_041)


@pytest.fixture(scope="module", params=databases("addressees"))
def town(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with database_of(request.param) as database:
        yield from _town(tmp_path_factory.mktemp("addressees") / "net", database)


def _town(folder: Path, database: str | None) -> Iterator[Town]:
    made = Town.make(folder, database=database)
    try:
        for system in (NATION, PREFECTURE, CARDS, GATEWAY):
            made.start(system, seconds=90)
        with registry(made.folder) as client:
            client.report_changes(report(*map(entry, PEOPLE)))
        yield made
    finally:
        made.close()


def rows(town: Town, system: str, query: str) -> list[tuple[object, ...]]:
    return held(town.folder / system, query)


def received(town: Town) -> list[str]:
    """Numbers that the card management system holds, in its order."""
    return [str(row[0]) for row in rows(town, CARDS, "SELECT number FROM received_addressees ORDER BY id")]


def erased(town: Town) -> bool:
    """Whether the gateway's database has no bytes of addressees any more, and its log was emptied."""
    waiting = rows(
        town,
        GATEWAY,
        "SELECT (SELECT count(*) FROM evidence_transient)"
        " + (SELECT count(*) FROM outbox WHERE operation = 'NotifyAddressees' AND line IS NOT NULL)",
    )
    return waiting == [(0,)]


def found_in(folder: Path, *values: str) -> list[str]:
    """Files that hold any of these values in any of their bytes, the write-ahead log's among them."""
    return [
        str(file.relative_to(folder))
        for file in sorted(folder.rglob("*"))
        if file.is_file() and any(value.encode() in file.read_bytes() for value in values)
    ]


def kept(town: Town) -> list[str]:
    """Where the gateway has any of it: files of its state folder, and tables of its PostgreSQL."""
    state = town.folder / GATEWAY
    url = load_settings(state / "gateway.toml").database_url
    return [*found_in(state, MARK, NUMBER), *(tables_with(url, MARK, NUMBER) if url else ())]


def many(numbers: range, **changes: object) -> list[Addressee]:
    return [
        elsewhere(f"{NUMBER}{number}", somebody(PEOPLE[number % len(PEOPLE)]), mark=f"{MARK}{number}")
        for number in numbers
    ]


def write(file: Path, told: list[Addressee]) -> Path:
    out = io.StringIO()
    write_addressees([(header(), one) for one in told], out)
    file.write_bytes(out.getvalue().encode())
    return file


def command(town: Town, name: str, *arguments: object) -> tuple[int, dict[str, object]]:
    state = ("--state", str(town.folder / SYSTEM), "--json")
    done = subprocess.run(
        [*COMMAND, "registry", name, *map(str, arguments), *WHO, *state],
        capture_output=True,
        timeout=90,
        check=False,
    )
    return done.returncode, json.loads(done.stdout)


def test_polled_delivered_handed_over_and_asked_for(town: Town) -> None:
    with registry(town.folder) as client:
        found = client.list_addressee_targets(TargetQuestion(clerk()))
        assert {code(one) for one in PEOPLE} <= {target.code for target in found.targets}
        told = piece(
            addressee("P1", somebody(PEOPLE[0]), somebody(PEOPLE[1])),
            addressee("P2", somebody(PEOPLE[2], name=RegisterText("別人"))),
            addressee("P3", somebody(PEOPLE[3])),
        )
        name = new_message_id()
        receipts = [client.deliver_addressees(told, message_id=name) for _ in range(2)]
        assert receipts[0] == receipts[1]
        outcomes = [(one.result.value, one.person) for one in receipts[0].outcomes]
        assert outcomes == [("accepted", None), ("record_differs", 1), ("accepted", None)]
        wait(lambda: received(town) == ["P1", "P3"], 20)
        left = client.list_addressee_targets(TargetQuestion(clerk()))
        gone = {code(PEOPLE[place]) for place in (0, 1, 3)}
        assert not gone & {target.code for target in left.targets}
        asked = SendingQuestion(clerk(), code(PEOPLE[1]))
        wait(
            lambda: (
                [one.delivery for one in client.query_addressee_sendings(asked).sendings]
                == [Delivery.DELIVERED]
            ),
            10,
        )
        with pytest.raises(CounterpartFault) as caught:
            client.deliver_addressees(piece(addressee("P9", somebody(PEOPLE[0])), caller=clerk("141003")))
    assert caught.value.code == "NotPermitted"


def test_a_file_goes_on_after_a_kill_of_either_side_and_nothing_of_it_stays(
    town: Town, tmp_path: Path
) -> None:
    before = len(received(town))
    told = many(range(240))
    file = write(tmp_path / "addressees.csv", told)
    arguments = [str(file), "--batch", "12", *WHO, "--state", str(town.folder / SYSTEM)]
    journal = tmp_path / "addressees.csv.journal"
    first = subprocess.Popen(
        [*COMMAND, "registry", "addressees", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait(lambda: journal.exists() and len(journal.read_text().splitlines()) > 6, 30)
        for dispatcher in town.dispatchers(GATEWAY):
            os.kill(dispatcher, signal.SIGKILL)
        town.restart(GATEWAY)
    finally:
        first.kill()
        first.wait()
    status, document = command(town, "addressees", file)
    assert (status, document["refused"]) == (0, [])
    assert document["addressees"] == 240
    assert MARK not in journal.read_text()
    assert NUMBER not in journal.read_text()
    wait(lambda: len(received(town)) == before + 240, 60)
    assert received(town)[before:] == [one.number for one in told]
    assert until(lambda: erased(town) and not kept(town), 30), kept(town)
    assert found_in(town.folder / CARDS, MARK)
    for one in ("verify", "export"):
        extra = [str(tmp_path / "export")] if one == "export" else ["--signatures"]
        done = subprocess.run(
            [*COMMAND, "evidence", one, *extra, "--state", str(town.folder / GATEWAY), "--json"],
            capture_output=True,
            timeout=90,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    checked = subprocess.run(
        ["python3", "-I", str(tmp_path / "export" / "verify.py"), str(tmp_path / "export")],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout
    assert "absent" not in checked.stdout


def test_nothing_is_erased_while_the_other_end_is_away(town: Town, tmp_path: Path) -> None:
    town.end(CARDS)
    try:
        file = write(tmp_path / "more.csv", many(range(300, 304)))
        assert command(town, "addressees", file)[0] == 0
        time.sleep(1.5)
        assert not erased(town)
        assert kept(town)
    finally:
        town.start(CARDS, seconds=60)
    wait(lambda: received(town)[-1] == f"{NUMBER}303", 30)
    assert until(lambda: not kept(town), 30)


def test_a_file_with_addressees_that_are_not_taken(town: Town, tmp_path: Path) -> None:
    good, other = (addressee(f"Q{one}", somebody(PEOPLE[one])) for one in (5, 6))
    wrong = addressee("Q7", somebody(1))
    file = write(tmp_path / "some.csv", [good, wrong, other])
    status, document = command(town, "addressees", file)
    assert (status, document["accepted"]) == (1, 2)
    assert document["refused"] == [{"line": 3, "result": "not_on_record", "person": 1}]
    status, document = command(town, "targets")
    assert status == 0
    status, document = command(town, "sendings", "--code", code(PEOPLE[5]).digits)
    assert status == 0
    assert command(town, "sendings", "--code", code(1).digits)[0] == 1
    spoilt = tmp_path / "spoilt.csv"
    spoilt.write_text(file.read_text().replace("notice_and_application", "x", 1))
    assert command(town, "addressees", spoilt)[0] == 2


def test_logs_tell_nothing(town: Town) -> None:
    with contextlib.suppress(FileNotFoundError):
        for log in (town.folder / GATEWAY / "log").glob("*"):
            text = log.read_text(encoding="utf-8")
            assert MARK not in text
            assert NUMBER not in text
            assert code(PEOPLE[0]).digits not in text
