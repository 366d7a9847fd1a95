"""``juki-gateway outbox`` over a state folder that nobody serves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.clock import SystemClock
from gateway.state import StateFolder
from gateway.store import Delivered, GiveUp, Settlement, Store, Wanted
from tests.kit.outbox import outgoing

Run = Callable[..., Any]
ANSWER = Delivered("urn:uuid:answer", b"digest")
REFUSED = GiveUp("PersonUnknown", business=True)


class Folder:
    """A state folder and its outbox."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.store = Store.open(path, clock=SystemClock(), upgrade=True)

    def put(self, settlement: Settlement | None = None, **changes: Any) -> None:
        """One message, and what became of it."""
        with self.store.unit_of_work() as work:
            self.store.outbox.enqueue(work, outgoing("prefectural-server", **changes))
        if settlement is not None:
            with self.store.unit_of_work() as work:
                (lease,) = self.store.outbox.claim(
                    work, {"prefectural-server": Wanted(1, timedelta(seconds=10))}, "local/0"
                )
                assert self.store.outbox.settle(work, lease, settlement)


@pytest.fixture
def folder(run: Run, tmp_path: Path) -> Iterator[Folder]:
    assert run("init", tmp_path / "131016-cs", "--municipality", "131016").status == 0
    made = Folder(tmp_path / "131016-cs")
    yield made
    made.store.close()


def test_an_empty_outbox(run: Run, folder: Folder) -> None:
    ran = run("outbox", "list", "--state", folder.path, "--json")
    assert ran.status == 0
    assert ran.document == {
        "undelivered": 0, "dead": 0, "oldest_seconds": None, "destinations": [], "messages": [],
    }  # fmt: skip
    assert run("outbox", "list", "--state", folder.path).out == "Everything is delivered.\n"
    assert run("outbox", "drain", "--state", folder.path).status == 0


def test_the_list_by_state(run: Run, folder: Folder) -> None:
    folder.put(REFUSED, key="k1", body=b"<secret/>")
    folder.put(ANSWER, key="k2")
    folder.put(key="k1")
    whole = run("outbox", "list", "--state", folder.path, "--json").document
    assert (whole["undelivered"], whole["dead"]) == (2, 1)
    assert whole["oldest_seconds"] >= 0
    assert [(one["id"], one["state"]) for one in whole["messages"]] == [(1, "dead"), (3, "pending")]
    for options, ids in (
        (("--dead",), [1]),
        (("--dead", "--delivered"), [1, 2]),
        (("--after", "1"), [3]),
        (("--limit", "1"), [1]),
        (("--code", "PersonUnknown"), [1]),
        (("--destination", "nobody"), []),
    ):
        ran = run("outbox", "list", *options, "--state", folder.path, "--json")
        assert [one["id"] for one in ran.document["messages"]] == ids
    text = run("outbox", "list", "--limit", "2", "--state", folder.path).out
    assert "There may be more: --after 3" in text
    assert "secret" not in text


def test_show(run: Run, folder: Folder) -> None:
    folder.put(REFUSED, key="k1", body=b"<secret/>", message_id="urn:uuid:1")
    assert run("outbox", "requeue", 1, "--state", folder.path).status == 0
    ran = run("outbox", "show", 1, "--state", folder.path, "--json")
    assert ran.document["given_up"][0] | {"given_up_at": ""} == {
        "message_id": "urn:uuid:1", "given_up_at": "", "code": "PersonUnknown",
    }  # fmt: skip
    assert (ran.document["state"], ran.document["first_in_line"]) == ("pending", True)
    assert "secret" not in ran.out
    assert "urn:uuid:1 " in run("outbox", "show", 1, "--state", folder.path).out
    assert run("outbox", "show", 2, "--state", folder.path).status == 1


def test_requeue_all_of_a_kind(run: Run, folder: Folder) -> None:
    for number in range(3):
        folder.put(REFUSED, key=f"k{number}")
    folder.put(GiveUp("DuplicateMessage", business=False), key="k9", message_id="urn:uuid:9")
    ran = run("outbox", "requeue", "--all", "--code", "PersonUnknown", "--state", folder.path, "--json")
    assert [one["id"] for one in ran.document["requeued"]] == [1, 2, 3]
    ran = run("outbox", "requeue", "--all", "--state", folder.path, "--json")
    assert [(one["id"], one["message_id"]) for one in ran.document["requeued"]] == [(4, "urn:uuid:9")]
    assert run("outbox", "requeue", "--all", "--state", folder.path).out == "0 requeued\n"


def test_drop(run: Run, folder: Folder) -> None:
    folder.put(REFUSED, key="k1")
    folder.put(key="k1")
    assert run("outbox", "drop", 1, "--state", folder.path).status == 0
    assert [backlog.dead for backlog in folder.store.outbox_desk.backlog()] == [0]
    assert run("outbox", "drop", 1, "--state", folder.path).status == 1
    assert run("outbox", "drop", 2, "--state", folder.path).status == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("requeue",),
        ("requeue", "1", "--all"),
        ("requeue", "1", "--code", "X"),
        ("drop",),
        ("show", "x"),
        ("list", "--limit", "0"),
    ],
)
def test_wrong_use(run: Run, folder: Folder, arguments: tuple[str, ...]) -> None:
    assert run("outbox", *arguments, "--state", folder.path).status == 2


def test_drain_says_why_it_cannot_end(run: Run, folder: Folder) -> None:
    folder.put(key="k2")
    ran = run("outbox", "drain", "--state", folder.path)
    assert (ran.status, "is not served" in ran.err) == (1, True)
    with StateFolder(folder.path).running():
        ran = run("outbox", "drain", "--timeout", "0.3", "--state", folder.path, "--json")
    assert ran.status == 3
    assert ran.document["undelivered"] == 1
    folder.put(REFUSED, key="k1")
    assert run("outbox", "drain", "--state", folder.path).status == 1


def test_drain_ends_when_only_dead_letters_are_left(run: Run, folder: Folder) -> None:
    folder.put(REFUSED, key="k1")
    folder.put(key="k1")
    ran = run("outbox", "drain", "--state", folder.path)
    assert ran.status == 1
    assert "2 messages wait for an operator" in ran.err
