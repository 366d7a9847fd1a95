"""Parts of the development network that need no real gateway: supervisor, ports, lists, settings kept."""

from __future__ import annotations

import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from cryptography import x509

from gateway.cli.exits import Refusal, Unreachable
from gateway.cli.network import ports, supervisor
from gateway.cli.network.commands import up
from gateway.cli.network.document import network_document
from gateway.cli.network.folders import Made, make_network, take_folder
from gateway.cli.network.plan import DEVELOPMENT, Plan
from gateway.cli.network.revocation import NEXT_UPDATE_HOURS, RevocationLists
from gateway.cli.network.supervisor import Server, Supervisor
from gateway.errors import UsageError
from gateway.settings import load_settings, render_settings
from gateway.state import lock_holder, process_lock
from tests.kit.delivery import wait


def sleep() -> None:
    time.sleep(60)


def tell_and_sleep() -> None:
    sys.stderr.write("alive")
    sys.stderr.flush()
    time.sleep(60)


def fail() -> None:
    raise SystemExit("no port is free")


def nothing() -> None:
    pass


def stubborn(flag: Path) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    flag.touch()
    time.sleep(60)


def never(_seconds: float) -> bool:
    time.sleep(_seconds)
    return False


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[list[Server]]:
    made: list[Server] = []
    yield made
    for server in made:
        if server.process is not None:
            server.process.send(signal.SIGKILL)
            server.process.wait(10)


def server(tmp_path: Path, servers: list[Server], run: Callable[[], None], *, ready: bool = True) -> Server:
    one = Server(f"s{len(servers)}", run, tmp_path / "console", lambda: ready)
    servers.append(one)
    return one


def test_servers_start_and_end_together(tmp_path: Path, servers: list[Server]) -> None:
    said: list[str] = []
    two = Supervisor([server(tmp_path, servers, sleep), server(tmp_path, servers, sleep)], said.append)
    assert two.start(never)
    assert said == ["s0 is ready", "s1 is ready"]
    two.watch()
    assert [one.ended() for one in servers] == [None, None]
    two.end()
    assert [one.ended() for one in servers] == [-15, -15]


def test_a_server_that_ends_at_once_is_reported_with_its_last_words(
    tmp_path: Path, servers: list[Server]
) -> None:
    one = server(tmp_path, servers, fail, ready=False)
    with pytest.raises(Refusal, match=r"s0 ended with status 1:\nno port is free"):
        Supervisor([one], lambda _text: None).start(never)


def test_a_server_that_is_never_ready(
    tmp_path: Path, servers: list[Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "READY_SECONDS", 0.3)
    one = server(tmp_path, servers, sleep, ready=False)
    with pytest.raises(Unreachable, match="s0"):
        Supervisor([one], lambda _text: None).start(never)


def test_a_server_s_failure_is_in_its_last_words(tmp_path: Path, servers: list[Server]) -> None:
    one = server(tmp_path, servers, [].pop, ready=False)
    with pytest.raises(Refusal, match=r"(?s)s0 ended with status 1:.*IndexError: pop from empty list"):
        Supervisor([one], lambda _text: None).start(never)


def test_a_server_holds_no_lock_of_its_supervisor(tmp_path: Path, servers: list[Server]) -> None:
    lock = tmp_path / "lock"
    with process_lock(lock, "taken"):
        one = server(tmp_path, servers, tell_and_sleep)
        one.start()
        wait(lambda: one.last_words() == "alive", 10)
    assert one.ended() is None
    assert lock_holder(lock) is None


def test_a_start_can_be_stopped(tmp_path: Path, servers: list[Server]) -> None:
    one = server(tmp_path, servers, sleep, ready=False)
    assert not Supervisor([one], lambda _text: None).start(lambda _seconds: True)


def test_a_server_that_keeps_ending_ends_the_network(tmp_path: Path, servers: list[Server]) -> None:
    one = server(tmp_path, servers, nothing)
    watched = Supervisor([one], lambda _text: None)
    one.start()
    with pytest.raises(Refusal, match="keeps ending"):
        for _turn in range(600):
            watched.watch()
            time.sleep(0.02)
    assert len(one.starts) == 5


def test_a_server_is_not_started_again_while_something_of_it_is_left(
    tmp_path: Path, servers: list[Server]
) -> None:
    left = [True]
    one = Server("s0", nothing, tmp_path / "console", lambda: True, lambda: left[0])
    servers.append(one)
    watched = Supervisor([one], lambda _text: None)
    one.start()
    wait(lambda: one.ended() is not None, 10)
    watched.watch()
    assert len(one.starts) == 1
    left[0] = False
    watched.watch()
    assert len(one.starts) == 2


def test_a_stubborn_server_is_killed(
    tmp_path: Path, servers: list[Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "END_SECONDS", 0.3)
    flag = tmp_path / "deaf"
    one = Server("s0", partial(stubborn, flag), tmp_path / "console", flag.exists)
    servers.append(one)
    deaf = Supervisor([one], lambda _text: None)
    assert deaf.start(never)
    deaf.end()
    assert one.ended() == -9


def test_a_remembered_port_is_kept_while_it_is_free() -> None:
    first = ports.choose_port(None, ())
    assert 20_000 <= first <= 32_000
    assert ports.choose_port(first, ()) == first
    assert ports.choose_port(first, (first,)) != first
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", first))
        taken.listen()
        assert not ports.is_free(first)
        assert ports.choose_port(first, ()) != first


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("net")
    take_folder(folder, "network")
    return make_network(folder, DEVELOPMENT, lambda _text: None)


def test_making_it_again_changes_nothing_but_addresses(made: Made) -> None:
    files = {path: path.read_bytes() for path in made.folder.rglob("*") if path.is_file()}
    again = make_network(made.folder, DEVELOPMENT, lambda _text: None)
    assert again.ports == made.ports
    assert {path: path.read_bytes() for path in made.folder.rglob("*") if path.is_file()} == files


def test_what_a_person_set_stays(made: Made) -> None:
    state = made.states["131016-cs"]
    settings = load_settings(state.settings_file)
    mine = settings.model_copy(
        update={
            "limits": settings.limits.model_copy(update={"depth": 32}),
            "destinations": tuple(
                one.model_copy(update={"deadline_seconds": 2.0, "url": "https://127.0.0.1:1/"})
                for one in settings.destinations
            ),
        }
    )
    state.write_settings(render_settings(mine))
    make_network(made.folder, DEVELOPMENT, lambda _text: None)
    now = load_settings(state.settings_file)
    assert now.limits.depth == 32
    assert [(one.deadline_seconds, one.url) for one in now.destinations] == [
        (2.0, made.address(DEVELOPMENT.system(name))) for name in DEVELOPMENT.system("131016-cs").calls
    ]
    state.write_settings(render_settings(settings))


def test_an_interrupted_making_goes_on_where_it_stopped(tmp_path: Path) -> None:
    folder = tmp_path / "net"
    take_folder(folder, "network")
    # As if the first start had been killed: a state folder without settings, a PKI without certificates.
    (folder / "131016-cs" / "keys").mkdir(parents=True)
    (folder / "pki").mkdir()
    (folder / "pki" / "root.key.pem").write_text("half")
    plan = Plan(tuple(one for one in DEVELOPMENT.systems if one.role != "integrated_terminal"))
    whole = make_network(folder, plan, lambda _text: None)
    (whole.states["131016-cs"].certificates / "tls.pem").unlink()
    make_network(folder, plan, lambda _text: None)
    assert (whole.states["131016-cs"].certificates / "tls.pem").exists()
    # A system that joins later becomes known to those that are there.
    later = make_network(folder, DEVELOPMENT, lambda _text: None)
    settings = load_settings(later.states["131016-cs"].settings_file)
    known = [one.id for one in settings.counterparts]
    assert set(known) == {one.id for one in DEVELOPMENT.counterparts(DEVELOPMENT.system("131016-cs"))}
    assert known[-1] == "131016-terminal-1"


def test_bad_credentials_are_issued_once(made: Made) -> None:
    document = network_document(made, lambda _text: None)
    again = network_document(made, lambda _text: pytest.fail("issued twice"))
    assert again == document


def test_only_folders_of_ours_are_taken(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("")
    with pytest.raises(UsageError):
        take_folder(tmp_path, "network")
    take_folder(tmp_path / "new", "demo")
    take_folder(tmp_path / "new", "network")
    assert (tmp_path / "new" / "made-by").read_text() == "demo\n"


def test_lists_are_renewed_and_copied(made: Made) -> None:
    state = made.states["131016-cs"]
    copy = state.certificates / "issuing.crl.pem"

    def number() -> int:
        crl = x509.load_pem_x509_crl(copy.read_bytes())
        return crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number

    lists = RevocationLists(made.authority, made.states.values(), renew_seconds=3600)
    assert lists.refresh()
    first = number()
    crl = x509.load_pem_x509_crl(copy.read_bytes())
    assert crl.next_update_utc is not None
    assert crl.next_update_utc - crl.last_update_utc == timedelta(hours=NEXT_UPDATE_HOURS)
    assert not lists.refresh()
    assert number() == first
    # Published by somebody else: taken up without waiting for the next renewal.
    made.authority.publish_crls(at=datetime.now(UTC))
    assert lists.refresh()
    assert number() == first + 1
    hasty = RevocationLists(made.authority, made.states.values(), renew_seconds=0)
    for more in (2, 3):
        assert hasty.refresh()
        assert number() == first + more


def test_lists_follow_a_clock_that_is_moved(made: Made) -> None:
    offset = [timedelta(0)]
    lists = RevocationLists(made.authority, made.states.values(), renew_seconds=3600, ahead=lambda: offset[0])
    copy = made.states["131016-cs"].certificates / "root.crl.pem"

    def current_for() -> timedelta:
        crl = x509.load_pem_x509_crl(copy.read_bytes())
        return (crl.next_update_utc or crl.last_update_utc) - crl.last_update_utc

    assert lists.refresh()
    assert current_for() == timedelta(hours=NEXT_UPDATE_HOURS)
    offset[0] = timedelta(days=30)
    assert lists.refresh()
    assert current_for() == timedelta(days=30, hours=NEXT_UPDATE_HOURS)
    assert not lists.refresh()


def test_some_servers_come_with_whoever_calls_no_other() -> None:
    plan = DEVELOPMENT.only_servers({"131016-cs", "national-server"})
    assert {system.id for system in plan.served} == {"131016-cs", "national-server"}
    assert {"131016-terminal-1", "131016-registry"} <= {system.id for system in plan.systems}
    assert "141003-terminal-1" not in {system.id for system in plan.systems}
    assert plan.system("131016-cs").calls == ("national-server",)


@pytest.mark.parametrize("unknown", ["nobody", "131016-terminal-1"])
def test_what_is_no_server_cannot_be_the_only_one(tmp_path: Path, unknown: str) -> None:
    with pytest.raises(UsageError, match=unknown):
        up(tmp_path / "network", only=["131016-cs", unknown])
    assert not (tmp_path / "network").exists()
