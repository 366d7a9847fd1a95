"""``juki-gateway access-log``: what it shows, what it hides, and that its readers are in it."""

from __future__ import annotations

import csv
import io
import stat
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.access_output import safe_cell
from gateway.clock import SystemClock
from gateway.domain.accesses import Effect
from gateway.settings import Settings, System, render_settings
from gateway.state import StateFolder
from gateway.store import Store
from tests.kit.accesses import AT, CLERK, access, code, told, write
from tests.kit.changes import record
from tests.kit.evidence import sql

Run = Callable[..., Any]
CODE = code(1).digits


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    settings = Settings(
        mode="production",
        system=System(id="131016-cs", role="municipal_cs", name="千代田区", municipality="131016"),
    )
    return StateFolder.create(tmp_path / "cs", render_settings(settings)).path


@pytest.fixture
def store(folder: Path) -> Iterator[Store]:
    opened = Store.open(folder, clock=SystemClock(), upgrade=True)
    with opened.unit_of_work() as work:
        opened.register.put(work, record(1), valid_from=None, reason=None, recorded_at=AT)
    yield opened
    opened.close()


def logged(run: Run, folder: Path, *arguments: object) -> Any:
    ran = run("access-log", *arguments, "--state", folder, "--json")
    assert ran.status == 0, ran.err
    return ran.document


def test_search(run: Run, folder: Path, store: Store) -> None:
    write(
        store, access(1, with_number=True), access(2, at=AT + timedelta(days=1), operation="VerifyIdentity")
    )
    document = logged(run, folder, "search", "--until", "2026-11-24")
    (found,) = document["accesses"]
    assert document["found"] == 1
    assert (found["id"], found["verification_id"], found["operator_id"]) == ("local/1", "V-0001", "O-01")
    assert (found["terminal"], found["purpose"], found["with_number"]) == ("T001", "record_copy", True)
    (person,) = found["people"]
    assert (person["subject"], person["effect"], "code" in person) == ("code", "seen", False)
    ran = run("access-log", "search", "--operation", "VerifyIdentity", "--state", folder)
    assert "131016/V-0001" in ran.out
    assert "2026-11-25 12:00:00" in ran.out
    assert CODE not in ran.out


def test_only_the_newest(run: Run, folder: Path, store: Store) -> None:
    write(store, *(access(n, at=AT + timedelta(seconds=n)) for n in range(5)))
    document = logged(run, folder, "search", "--limit", 2, "--until", "2026-11-25")
    assert (document["found"], [one["id"] for one in document["accesses"]]) == (5, ["local/4", "local/5"])
    assert "the 4 oldest are not shown" in run("access-log", "search", "--limit", 3, "--state", folder).out


def test_whoever_reads_is_in_it(run: Run, folder: Path, store: Store) -> None:
    write(store, access(1))
    logged(run, folder, "search", "--person", CODE, "--reason", "開示請求 12号")
    logged(run, folder, "report", "mass")
    logged(run, folder, "search", "--reveal", "--reason", "監査")
    assert told(store)[1:] == [
        ("own", "AccessLogSearch", "read", ["seen"]),
        ("own", "AccessLogReport:mass", "read", []),
        ("own", "AccessLogSearch", "revealed", []),
    ]
    found = logged(run, folder, "search", "--person", CODE)["accesses"]
    assert [(one["operation"], one["purpose"]) for one in found[:2]] == [
        ("SearchPerson", "record_copy"),
        ("AccessLogSearch", "開示請求 12号"),
    ]
    assert found[1]["verification_id"].startswith("os:")


def test_a_log_that_cannot_be_written_is_not_read(
    run: Run, folder: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gateway.errors import StoreError
    from gateway.store import AccessLog

    write(store, access(1))

    def full(*_: Any) -> None:
        raise StoreError("the database is full")

    monkeypatch.setattr(AccessLog, "append", full)
    ran = run("access-log", "search", "--state", folder, "--json")
    assert (ran.status, "accesses" in ran.document) == (3, False)


def test_codes_are_shown_with_a_reason_only(run: Run, folder: Path, store: Store) -> None:
    write(store, access(1))
    for reason in ((), ("--reason", " ")):
        ran = run("access-log", "search", "--reveal", *reason, "--state", folder)
        assert (ran.status, CODE in ran.out) == (2, False)
    document = logged(run, folder, "search", "--reveal", "--reason", "監査")
    assert document["accesses"][0]["people"][0]["code"] == CODE
    assert run("access-log", "search", "--reason", "x" * 257, "--state", folder).status == 2


def test_a_person_by_number_or_from_standard_input(
    run: Run, folder: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(store, access(1), access(2))
    number = record(1).individual_number
    assert number is not None
    document = logged(run, folder, "search", "--person", number.digits)
    assert [one["id"] for one in document["accesses"]] == ["local/1", "local/3"]
    assert document["accesses"][1]["with_number"] is True
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{CODE}\n"))
    assert logged(run, folder, "search", "--person", "-")["found"] == 3


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("search", "--person", "12345678901"), 2),
        (("search", "--person", "1"), 2),
        (("search", "--person", "000000000090"), 2),
        (("search", "--since", "yesterday"), 2),
        (("report", "gossip"), 2),
        (("report", "person"), 2),
        (("report", "mass", "--person", CODE), 2),
        (("erase", "--before", "2099-01-01"), 1),
    ],
)
def test_used_wrongly(run: Run, folder: Path, store: Store, arguments: tuple[str, ...], status: int) -> None:
    ran = run("access-log", *arguments, "--state", folder, "--json")
    assert ran.status == status
    assert not any(one in ran.out + ran.err for one in ("12345678901", "000000000090", CODE))
    assert told(store) == []


def test_nobody_has_this_number(run: Run, folder: Path, store: Store) -> None:
    number = record(77).individual_number
    assert number is not None
    # An inquiry to 機構 may have been about it, and whoever looks is in the log himself.
    done = run("access-log", "search", "--person", number.digits, "--state", folder)
    assert (done.status, done.out.splitlines()[-1]) == (0, "1 accesses")
    assert number.digits not in done.out
    assert [line[1] for line in told(store)] == ["AccessLogSearch"]


def test_export(run: Run, folder: Path, store: Store, tmp_path: Path) -> None:
    evil = replace(CLERK, purpose="=HYPERLINK(1)", terminal="＝T", system=" +1")
    write(store, access(1, 2, who=evil), access(outcome="no_record"))
    out = tmp_path / "out.csv"
    assert logged(run, folder, "export", out, "--until", "2026-11-25")["lines"] == 3
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    content = out.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert CODE.encode() not in content
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert [row["id"] for row in rows] == ["local/1", "local/1", "local/2"]
    assert (rows[0]["purpose"], rows[0]["terminal"], rows[0]["system"]) == ("'=HYPERLINK(1)", "'＝T", "' +1")
    assert rows[0]["at_japan"] == "2026-11-24T12:00:00+09:00"
    assert (rows[0]["effect"], rows[2]["effect"], rows[0]["with_number"]) == ("seen", "", "no")
    assert rows[0]["person"] != rows[1]["person"]
    assert run("access-log", "export", out, "--state", folder).status == 2  # never over another file
    assert [one[1] for one in told(store)][2:] == ["AccessLogExport"]
    opened = tmp_path / "opened.csv"
    logged(run, folder, "export", opened, "--person", CODE, "--reveal", "--reason", "開示請求")
    assert CODE in opened.read_text("utf-8-sig")


@pytest.mark.parametrize("sign", "=+-@\t\r＝＋－＠")
def test_no_cell_is_a_formula(sign: str) -> None:
    for text in (f"{sign}1+1", f" {sign}cmd"):
        assert safe_cell(text).startswith("'")


@pytest.mark.parametrize("text", ["", "V-0001", "a=b", "東京", "1-1"])
def test_other_cells_stay(text: str) -> None:
    assert safe_cell(text) == text
    assert safe_cell(None) == ""


def test_control_and_bidi_characters_are_written_out() -> None:
    assert safe_cell("a\u202eb\nc") == "a\\u202eb\\u000ac"


def test_reports(run: Run, folder: Path, store: Store) -> None:
    night = AT + timedelta(hours=12)
    write(
        store,
        *(access(n, at=AT + timedelta(seconds=n)) for n in range(100)),
        access(1, effect=Effect.ASKED, outcome="mismatch", operation="VerifyIdentity"),
        access(2, at=night),
    )
    span = ("--since", "2026-11-24", "--until", "2026-11-25")
    mass = logged(run, folder, "report", "mass", *span)
    assert (mass["people"], mass["minutes"]) == (100, 60)
    assert [(one["kind"], one["people"]) for one in mass["masses"]] == [("operator", 100), ("terminal", 100)]
    assert mass["masses"][0]["since"].startswith("2026-11-24T12:00:00+09:00")
    closed = logged(run, folder, "report", "closed", *span)["accesses"]
    assert [(one["id"], one["closed"]) for one in closed] == [("local/102", ["night"])]
    failures = logged(run, folder, "report", "failed", *span)["accesses"]
    assert [one["outcome"] for one in failures] == ["mismatch"]
    person = logged(run, folder, "report", "person", "--person", CODE, *span)["accesses"]
    assert [one["id"] for one in person] == ["local/101", "local/2"]
    counts = logged(run, folder, "report", "operators", *span)["operators"]
    assert [(one["operation"], one["accesses"], one["failed"], one["people"]) for one in counts] == [
        ("SearchPerson", 101, 0, 100),
        ("VerifyIdentity", 1, 1, 1),
    ]
    for kind in ("mass", "closed", "failed", "operators"):
        assert run("access-log", "report", kind, "--state", folder).status == 0


def test_verify(run: Run, folder: Path, store: Store) -> None:
    write(store, access(1), access(2))
    assert logged(run, folder, "verify") == {
        **{"good": True, "accesses": 2, "erased": 0, "notes": 0, "unnoted": 2, "findings": []}
    }
    sql(store, "UPDATE accesses SET verification_id = 'V-0002' WHERE id & 255 = 1")
    ran = run("access-log", "verify", "--state", folder)
    assert (ran.status, "local/1: is not what was written" in ran.out) == (1, True)


def test_erase(run: Run, folder: Path, store: Store) -> None:
    old = SystemClock().now() - timedelta(days=2558)
    write(store, access(1, at=old), access(2, at=old + timedelta(days=2)))
    assert logged(run, folder, "erase")["erased"] == 1
    assert run("access-log", "erase", "--state", folder).status == 0
    assert [one[0] for one in told(store)] == ["in"]
    assert logged(run, folder, "verify")["erased"] == 1
