"""``juki-gateway status`` over state folders that nobody serves, and before servers of every kind."""

from __future__ import annotations

import re
import shutil
import ssl
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.cli import status_line
from gateway.cli.network.folders import Made, make_network, take_folder
from gateway.cli.network.plan import DEVELOPMENT
from gateway.cli.network.revocation import RevocationLists
from gateway.clock import SystemClock
from gateway.pki.profile import Profile
from gateway.settings import load_settings, render_settings
from gateway.state import StateFolder
from gateway.store import GiveUp, Store, Wanted
from gateway.telemetry import Alarms
from tests.kit.outbox import outgoing
from tests.kit.raw_server import RawServer, answer, sends, silent
from tests.kit.tls import TestAuthority

Run = Callable[..., Any]
GATEWAY, TERMINAL, NATIONAL = "131016-cs", "131016-terminal-1", "national-server"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A network that never ran."""
    folder = tmp_path_factory.mktemp("net")
    take_folder(folder, "network")
    made = make_network(folder, DEVELOPMENT, lambda _text: None)
    RevocationLists(made.authority, made.states.values()).refresh()
    return made


@pytest.fixture
def gateway(made: Made, tmp_path: Path) -> StateFolder:
    """A copy of the gateway's state folder that calls nobody."""
    state = copied(made, tmp_path)
    call(state)
    return state


def copied(made: Made, folder: Path) -> StateFolder:
    state = StateFolder(folder / GATEWAY)
    shutil.copytree(made.states[GATEWAY].path, state.path)
    return state


def call(state: StateFolder, *addresses: str) -> None:
    """Let the first so many of the system's destinations have these addresses, and no other be there."""
    settings = load_settings(state.settings_file)
    called = zip(settings.destinations, addresses, strict=False)
    destinations = tuple(one.model_copy(update={"url": url}) for one, url in called)
    state.write_settings(render_settings(settings.model_copy(update={"destinations": destinations})))


def test_what_is_told_of_a_system_that_is_not_served(run: Run, gateway: StateFolder) -> None:
    told = run("status", "--state", gateway.path, "--json")
    document = told.document
    assert told.status == 1
    assert (document["good"], document["problems"]) == (False, ["is not served"])
    assert document["served"]["process"] is None
    assert document["served"]["ready"] is None
    assert document["system"] == {
        "id": GATEWAY, "role": "municipal_cs", "name": "千代田区 市町村CS", "municipality": "131016",
        "mode": "development", "state": str(gateway.path), "clock_offset_seconds": 0,
    }  # fmt: skip
    assert [(one["use"], one["days_left"] > 1000, one["problem"]) for one in document["certificates"]] == [
        ("signing", True, None),
        ("tls", True, None),
    ]
    (anchor,) = document["anchors"]
    assert (anchor["name"], anchor["development"], anchor["problems"]) == ("development", True, [])
    assert [0.9 < one["days_left"] <= 1 for one in anchor["lists"]] == [True, True]
    assert {"juki-gateway", "python", "openssl", "sqlite", "lxml"} <= set(document["versions"])
    assert document["store"]["readable"] is True
    assert document["store"]["schema"].startswith("r")
    assert document["alarms"] == []
    assert (document["outbox"]["undelivered"], document["outbox"]["dead"]) == (0, 0)
    assert document["evidence"] == {"newest_seal": None, "unsealed": 0}


def test_for_people(run: Run, gateway: StateFolder) -> None:
    told = run("status", "--state", gateway.path)
    assert told.status == 1
    for words in ("131016-cs", "not served", "own signing", "revocation list", "WRONG  is not served"):
        assert words in told.out


def test_alarms_and_dead_letters_are_wrong(run: Run, gateway: StateFolder) -> None:
    Alarms(gateway.run).begin("disk-low")
    Alarms(gateway.run).begin("counterpart-unreachable", NATIONAL)
    store = Store.open(gateway.path, clock=SystemClock())
    with store.unit_of_work() as work:
        store.outbox.enqueue(work, outgoing("prefectural-server"))
        store.outbox.enqueue(work, outgoing(NATIONAL))
    with store.unit_of_work() as work:
        wanted = {"prefectural-server": Wanted(1, timedelta(seconds=10))}
        (lease,) = store.outbox.claim(work, wanted, "local/0")
        assert store.outbox.settle(work, lease, GiveUp("PersonUnknown", business=True))
    store.close()
    told = run("status", "--state", gateway.path, "--json")
    assert told.status == 1
    assert [(one["code"], one["about"]) for one in told.document["alarms"]] == [
        ("disk-low", ""),
        ("counterpart-unreachable", NATIONAL),
    ]
    assert told.document["problems"] == [
        "is not served",
        "alarm disk-low",
        f"alarm counterpart-unreachable ({NATIONAL})",
        "dead letters: 1",
    ]
    assert told.document["outbox"]["undelivered"] == 2


def test_certificates_and_lists_that_end(run: Run, made: Made, gateway: StateFolder) -> None:
    now = datetime.now(UTC)
    short = Profile.read("signing").but(days=20)
    made.authority.issue(
        short, role="municipal_cs", system=GATEWAY, municipality="131016", at=now,
        key_file=gateway.keys / "signing.key.pem", certificate_file=gateway.certificates / "signing.pem",
    )  # fmt: skip
    made.authority.revoke(gateway.certificates / "tls.pem", at=now - timedelta(seconds=1))
    made.authority.publish_crls(at=now, hours=0.5)
    for name in ("root.crl.pem", "issuing.crl.pem"):
        shutil.copy(made.authority.folder / name, gateway.certificates / name)
    told = run("status", "--state", gateway.path, "--json")
    assert told.status == 1
    problems = told.document["problems"]
    assert problems[0] == "is not served"
    assert problems[1].startswith("signing certificate: ends in ")
    assert problems[2] == "tls certificate: certificate-revoked"
    assert all("has no fresh successor" in problem for problem in problems[3:])
    assert len(problems) == 5
    # And none at all.
    (gateway.certificates / "issuing.crl.pem").unlink()
    told = run("status", "--state", gateway.path, "--json")
    assert any("no revocation list of" in problem for problem in told.document["problems"])


def test_a_store_that_cannot_be_read(run: Run, gateway: StateFolder) -> None:
    for file in gateway.data.glob("gateway.sqlite*"):
        file.unlink()
    (gateway.data / "gateway.sqlite").write_bytes(b"not a database, whatever else it may be" * 100)
    told = run("status", "--state", gateway.path, "--json")
    assert told.status == 3
    assert told.document["store"]["readable"] is False
    assert told.document["outbox"] is None
    (gateway.data / "gateway.sqlite").unlink()
    assert run("status", "--state", gateway.path).status == 3


def test_a_new_system_says_what_it_lacks(run: Run, tmp_path: Path) -> None:
    assert run("init", tmp_path / "131016-cs", "--municipality", "131016").status == 0
    told = run("status", "--state", tmp_path / "131016-cs", "--json")
    assert told.status == 3
    text = " ".join(told.document["problems"])
    for words in ("is not served", "signing certificate: ", "tls certificate: ", "store: "):
        assert words in text


def test_used_wrongly(run: Run, tmp_path: Path) -> None:
    assert run("status").status == 2
    assert run("status", "--state", tmp_path / "nowhere").status == 2


@pytest.fixture
def servers() -> Iterator[list[RawServer]]:
    started: list[RawServer] = []
    yield started
    for server in started:
        server.stop()


def test_a_caller_whose_gateway_is_away(run: Run, made: Made) -> None:
    told = run("status", "--state", made.states[TERMINAL].path, "--json")
    assert told.status == 1
    assert told.document["served"] is None
    (one,) = told.document["counterparts"]
    assert (one["id"], one["role"], one["reachable"], one["ready"]) == (
        GATEWAY, "municipal_cs", False, None,
    )  # fmt: skip
    assert "Connection refused" in one["detail"]


def test_silence_costs_two_seconds_once(
    run: Run, made: Made, tmp_path: Path, servers: list[RawServer]
) -> None:
    """Both are asked at once: one takes connections and says nothing, the other does not speak TLS."""
    servers += [RawServer(silent, reads=False), RawServer(sends(answer(b"plain")), reads=False)]
    state = copied(made, tmp_path)
    call(state, *(f"https://127.0.0.1:{server.port}/" for server in servers))
    begun = time.monotonic()
    told = run("status", "--state", state.path, "--json")
    assert time.monotonic() - begun < status_line.SECONDS + 1.5
    assert told.status == 1
    assert [one["reachable"] for one in told.document["counterparts"]] == [False, False]


@pytest.mark.parametrize(
    ("who", "status", "reachable", "ready", "detail"),
    [
        (NATIONAL, "200 OK", True, True, "ready"),
        (NATIONAL, "503 Service Unavailable", True, False, "the disk is almost full"),
        (NATIONAL, "404 Not Found", True, None, "answers 404 to /health/ready"),
        ("14-prefectural-server", "200 OK", False, None, "is not the counterpart's"),
        (None, "200 OK", False, None, "self-signed certificate|unable to get local issuer certificate"),
    ],
)
def test_what_a_server_says(
    run: Run,
    made: Made,
    tmp_path: Path,
    servers: list[RawServer],
    who: str | None,
    status: str,
    reachable: bool,
    ready: bool | None,
    detail: str,
) -> None:
    """A server of somebody else need not have our health question; a stranger is never taken for it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if who is None:
        stranger = TestAuthority(tmp_path / "tls").issue("server", server=True)
        context.load_cert_chain(stranger.certificate, stranger.key)
    else:
        state = made.states[who]
        context.load_cert_chain(state.certificates / "tls.pem", state.keys / "tls.key.pem")
    text = answer(b"the disk is almost full", status=status)
    servers.append(RawServer(sends(text), context))
    # The national server's alone.
    state = copied(made, tmp_path)
    settings = load_settings(state.settings_file)
    url = f"https://127.0.0.1:{servers[0].port}/"
    national = next(one for one in settings.destinations if one.id == NATIONAL)
    only = (national.model_copy(update={"url": url}),)
    state.write_settings(render_settings(settings.model_copy(update={"destinations": only})))
    told = run("status", "--state", state.path, "--json")
    (one,) = told.document["counterparts"]
    assert (one["reachable"], one["ready"]) == (reachable, ready)
    assert re.search(detail, one["detail"])
    wrong = [problem for problem in told.document["problems"] if problem.startswith("counterpart")]
    assert bool(wrong) is not (reachable and ready is not False)
