"""A whole development network as processes: up, status, down, killed, again."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import ssl
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from gateway.cli.network.health import is_ready, probe_context
from gateway.cli.network.plan import DEVELOPMENT
from gateway.domain.identifiers import IndividualNumber, MunicipalityCode, ResidentRecordCode
from gateway.domain.kana import Kana
from gateway.domain.register_date_text import read_written
from gateway.domain.register_text import RegisterText
from gateway.settings import load_settings
from gateway.state import StateFolder

COMMAND = (sys.executable, "-m", "gateway.cli")
READY_SECONDS = 30
SERVED = tuple(system.id for system in DEVELOPMENT.served)
FEW = ("131016-cs", "national-server")
"""Servers of the networks of which the number plays no part."""
CALLERS = tuple(system.id for system in DEVELOPMENT.systems if not system.served)
_LIVE = shutil.ignore_patterns("network.json", "*.sqlite*")
NEGATIVE = {
    "expired", "not_yet_valid", "revoked", "other_ca", "ca_as_leaf", "wrong_usage", "small_key",
    "unknown_system", "wrong_role",
}  # fmt: skip


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


class Up:
    """A running ``network up --json``."""

    def __init__(self, folder: Path, only: Sequence[str] = ()) -> None:
        self.folder = folder
        self.served = only or SERVED
        self.stale = self.written()
        self.errors = (folder.parent / f"{folder.name}.err").open("w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [
                *COMMAND,
                "network",
                "up",
                str(folder),
                "--json",
                *(part for one in only for part in ("--only", one)),
            ],
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
        )

    def wait(self) -> None:
        folder, begun = self.folder, time.monotonic()
        while self.written() in {None, self.stale}:
            if self.process.poll() is not None or time.monotonic() - begun > READY_SECONDS:
                self.errors.seek(0)
                pytest.fail(f"not ready: {self.errors.read()}")
            time.sleep(0.05)
        self.document = json.loads((folder / "network.json").read_text(encoding="utf-8"))
        self.servers = [self.server(name) for name in self.served]

    def written(self) -> int | None:
        """Which network.json is there now; a supervisor that was killed leaves one."""
        try:
            return (self.folder / "network.json").stat().st_mtime_ns
        except FileNotFoundError:
            return None

    def server(self, system: str) -> int:
        process = StateFolder(self.folder / system).running_process()
        assert process is not None
        return process

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        self.process.communicate(timeout=40)
        self.errors.close()


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Up]]:
    """Starts networks. All are copies of one, stopped: its keys are made once, its ports wanted by all."""
    started: list[Up] = []
    stopped = tmp_path_factory.mktemp("stopped") / "net"

    def up(folder: Path, only: Sequence[str] = ()) -> Up:
        if started and not folder.exists():
            if not stopped.exists():
                shutil.copytree(started[0].folder, stopped, ignore=_LIVE)
            shutil.copytree(stopped, folder)
        started.append(Up(folder, only))
        started[-1].wait()
        return started[-1]

    yield up
    for one in started:
        one.end()


@pytest.fixture(scope="module")
def running(start: Callable[..., Up], tmp_path_factory: pytest.TempPathFactory) -> Up:
    return start(tmp_path_factory.mktemp("network") / "net")


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def children_of(process: int) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rsplit(")", 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == process:
            found.append(int(entry.parent.name))
    return found + [grandchild for child in found for grandchild in children_of(child)]


def wait_until(condition: Callable[[], bool], seconds: float = 35) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "in time"
        time.sleep(0.05)


def test_the_document_says_everything(running: Up) -> None:
    document = running.document
    assert set(document) == {"version", "clock", "trust", "systems", "negative", "sample"}
    assert document["version"] == 1
    assert document["clock"] == {"offset_seconds": 0}
    assert set(document["trust"]) == {"anchors", "intermediates", "crls"}
    assert [len(document["trust"][part]) for part in ("anchors", "intermediates", "crls")] == [1, 1, 2]
    systems = {system["id"]: system for system in document["systems"]}
    assert set(systems) == {*SERVED, *CALLERS}
    common = {"id", "role", "name", "municipality", "state", "signing", "tls"}
    for name, system in systems.items():
        more = (
            {"address", "addresses", "monitoring", "services"}
            if name in SERVED
            else {"terminals", "operators", "purposes", "legal_bases"}
        )
        assert set(system) == common | more
        assert Path(system["state"]) == running.folder / name
    gateway, national = systems["131016-cs"], systems["national-server"]
    assert (gateway["role"], gateway["municipality"]) == ("municipal_cs", "131016")
    callers = {
        "terminal": ["integrated_terminal"],
        "resident_record": ["resident_record_system"],
        "number_use": ["number_use_system"],
        "addressee_terminal": ["addressee_terminal"],
        "municipal": ["municipal_cs"],
        "consistency_result": ["national_server", "prefectural_server"],
    }
    urls = {name: f"{gateway['address']}{name}/1" for name in callers}
    assert gateway["services"] == {
        name: {"url": url, "wsdl": f"{url}?wsdl", "callers": callers[name]} for name, url in urls.items()
    }
    assert national["services"]["national"]["callers"] == ["municipal_cs", "prefectural_server"]
    assert gateway["address"].startswith("https://127.0.0.1:")
    terminal = systems["131016-terminal-1"]
    assert terminal["terminals"]
    assert terminal["purposes"]
    assert all(set(operator) == {"verification_id", "operator_id"} for operator in terminal["operators"])


def test_every_file_named_is_there_with_one_block(running: Up) -> None:
    def credentials(entry: dict[str, Any]) -> Iterator[dict[str, str]]:
        yield from (entry["signing"], entry["tls"])

    document = running.document
    keys, others = [], [path for part in document["trust"].values() for path in part]
    for entry in (*document["systems"], *document["negative"].values()):
        for credential in credentials(entry):
            keys.append(credential["key"])
            others.append(credential["certificate"])
    for path in map(Path, (*keys, *others)):
        assert path.is_absolute()
        assert path.read_text().count("-----BEGIN ") == 1, path
    for path in map(Path, keys):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    for system in document["systems"]:
        certificate = x509.load_pem_x509_certificate(Path(system["tls"]["certificate"]).read_bytes())
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert "127.0.0.1" in map(str, names.get_values_for_type(x509.IPAddress))


def test_the_bad_credentials_are_listed(running: Up) -> None:
    negative = running.document["negative"]
    assert set(negative) == NEGATIVE
    terminal = next(one for one in running.document["systems"] if one["role"] == "integrated_terminal")
    for name, entry in negative.items():
        assert set(entry) == {"role", "signing", "tls"}
        assert entry["role"] == "integrated_terminal"
        assert entry["signing"] != terminal["signing"]
        assert (entry["tls"] == terminal["tls"]) is (name not in {"unknown_system", "wrong_role"}), name


def test_the_people_are_whole_and_valid(running: Up) -> None:
    with Path(running.document["sample"]["people"]).open(encoding="utf-8", newline="") as stream:
        people = list(csv.DictReader(stream))
    assert len(people) >= 12
    for person in people:
        ResidentRecordCode(person["resident_record_code"])
        IndividualNumber(person["individual_number"])
        MunicipalityCode(person["municipality"])
        RegisterText(person["name"])
        RegisterText(person["address"])
        Kana(person["kana"])
        date = read_written(person["birth_date"])
        written = (date.calendar.value, date.digits, date.certainty.value)
        assert written == (person["birth_calendar"], person["birth_digits"], person["birth_certainty"])
        assert person["sex"] in {"1", "2"}
        assert set(person["recorded_at"].split()) <= set(SERVED)
    assert {person["card_state"] for person in people} == {"active", "suspended", "lapsed", "none"}
    four = [(p["name"], p["birth_date"], p["sex"], p["address"]) for p in people]
    assert len(set(four)) == len(four) - 1  # two people alike
    names = "".join(person["name"] for person in people)
    assert "{J+" in names
    assert any(ord(character) >= 0xE0100 for character in names)
    assert any(0x20000 <= ord(character) < 0xE0000 for character in names)
    for column in ("resident_record_code", "individual_number"):
        assert len({person[column] for person in people}) == len(people)


def test_status_and_the_refused_second_start(running: Up) -> None:
    status = run("network", "status", running.folder, "--json")
    assert status.returncode == 0
    assert json.loads(status.stdout)["systems"] == running.document["systems"]
    second = run("network", "up", running.folder, "--json")
    assert second.returncode == 1
    assert json.loads(second.stdout)["error"]["kind"] == "StateBusy"
    assert (running.folder / "network.json").exists()
    served = run("serve", running.folder / "131016-cs")
    assert served.returncode == 1
    assert "is already served" in served.stderr


def test_settings_are_those_of_a_development_network(running: Up) -> None:
    settings = load_settings(running.folder / "131016-cs" / "gateway.toml")
    assert settings.mode == "development"
    gateway = DEVELOPMENT.system("131016-cs")
    wanted = {system.id for system in DEVELOPMENT.counterparts(gateway)}
    assert {"national-server", "13-prefectural-server", "131016-terminal-1"} <= wanted
    assert {counterpart.id for counterpart in settings.counterparts} == wanted
    assert all(counterpart.fault_detail for counterpart in settings.counterparts)
    assert settings.limits.requests_per_minute == settings.budgets.per_person == 1_000_000
    addresses = {one["id"]: one.get("address") for one in running.document["systems"]}
    assert [(one.id, one.url) for one in settings.destinations] == [
        (name, addresses[name]) for name in gateway.calls
    ]


def test_a_revocation_reaches_every_system(running: Up) -> None:
    """What ``pki revoke`` publishes is copied into the state folders while the network runs."""
    source = running.folder / "pki" / "issuing.crl.pem"
    copy = running.folder / "131016-cs" / "certificates" / "issuing.crl.pem"
    assert copy.read_bytes() == source.read_bytes()
    # unknown_system is registered nowhere, so no other test misses it.
    certificate = running.folder / "negative" / "unknown_system" / "signing.pem"
    revoked = run("pki", "revoke", certificate, "--state", running.folder)
    assert revoked.returncode == 0, revoked.stderr
    serial = x509.load_pem_x509_certificate(certificate.read_bytes()).serial_number

    def arrived() -> bool:
        crl = x509.load_pem_x509_crl(copy.read_bytes())
        return crl.get_revoked_certificate_by_serial_number(serial) is not None

    wait_until(arrived, 5)


def test_down_ends_all_and_a_new_start_keeps_the_ports(start: Callable[..., Up], tmp_path: Path) -> None:
    first = start(tmp_path / "net", FEW)
    processes = [first.process.pid, *children_of(first.process.pid)]
    assert set(first.servers) <= set(processes)
    down = run("network", "down", tmp_path / "net", "--json")
    assert down.returncode == 0
    assert json.loads(down.stdout) == {"ended": True, "process": first.process.pid}
    assert not (tmp_path / "net" / "network.json").exists()
    out, _ = first.process.communicate(timeout=10)
    assert first.process.returncode == 0
    # Exactly one document on standard output.
    assert json.loads(out) == first.document
    assert not [process for process in processes if alive(process)]
    assert run("network", "status", tmp_path / "net").returncode == 1
    again = run("network", "down", tmp_path / "net", "--json")
    assert (again.returncode, json.loads(again.stdout)["ended"]) == (0, False)

    second = start(tmp_path / "net", FEW)
    assert second.document == first.document
    # Ctrl-C is as good as 'down'.
    second.process.send_signal(signal.SIGINT)
    assert second.process.wait(40) == 0
    assert not (tmp_path / "net" / "network.json").exists()


def test_a_killed_supervisor_takes_its_servers_along(start: Callable[..., Up], tmp_path: Path) -> None:
    first = start(tmp_path / "net", FEW)
    children = children_of(first.process.pid)
    assert set(first.servers) <= set(children)
    first.process.kill()
    first.process.wait(10)
    wait_until(lambda: not [child for child in children if alive(child)])
    # It could not tidy up; the next start and 'down' do.
    assert (tmp_path / "net" / "network.json").exists()
    assert run("network", "status", tmp_path / "net").returncode == 1
    second = start(tmp_path / "net", FEW)
    assert second.document == first.document


def test_a_server_that_ends_is_started_again(start: Callable[..., Up], tmp_path: Path) -> None:
    up = start(tmp_path / "net", FEW)
    gateway = next(one for one in up.document["systems"] if one["id"] == "131016-cs")
    port = int(gateway["address"].rsplit(":", 1)[1].strip("/"))
    trusted = map(Path, (*up.document["trust"]["anchors"], *up.document["trust"]["intermediates"]))
    context: ssl.SSLContext = probe_context(
        trusted, Path(gateway["tls"]["certificate"]), Path(gateway["tls"]["key"])
    )
    assert is_ready("127.0.0.1", port, context)
    before = up.server("131016-cs")
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: StateFolder(up.folder / "131016-cs").running_process() not in {None, before}, 15)
    wait_until(lambda: is_ready("127.0.0.1", port, context), 15)


@pytest.mark.parametrize("content", ["a file", "another folder"])
def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path, content: str) -> None:
    folder = tmp_path / "net"
    if content == "a file":
        folder.write_text("mine")
    else:
        folder.mkdir()
        (folder / "mine").write_text("mine")
    for command in (("network", "up"), ("demo",)):
        refused = run(*command, folder, "--json")
        assert refused.returncode == 2
        assert json.loads(refused.stdout)["error"]["status"] == 2
    assert (folder if content == "a file" else folder / "mine").read_text() == "mine"
    assert run("network", "down", folder).returncode == 2
