"""A network with two systems of somebody else, and what ``status`` says of it.

The national server is another network's, under that network's authority; the terminal's certificates come
from a third authority. Between them stands one gateway, which trusts each for what it is.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from clients.connect import connect
from clients.integrated_terminal import IntegratedTerminal
from gateway.cli.network.external_option import with_externals
from gateway.cli.network.folders import Made, make_network, take_folder
from gateway.cli.network.health import is_ready, probe_context
from gateway.cli.network.plan import DEVELOPMENT, Plan
from gateway.cli.network.revocation import RevocationLists
from gateway.cli.network.wiring import settings_for
from gateway.clock import SystemClock
from gateway.domain.codes import VerificationResult
from gateway.errors import CounterpartError
from gateway.monitoring.metrics import METRICS
from gateway.pki import Authority, Credential
from gateway.settings import Destination, load_settings, render_settings
from gateway.state import StateFolder, write_atomically
from gateway.trust.configured import trust_store
from tests.kit.delivery import wait
from tests.kit.metrics import Monitored
from tests.kit.network import COMMAND, GATEWAY, NATIONAL, TERMINAL, by_code

HERE = Plan(tuple(DEVELOPMENT.system(name) for name in (NATIONAL, GATEWAY, TERMINAL)))


def ours() -> Plan:
    """The plan without prefectures: three systems are enough here."""
    calls = {NATIONAL: (), GATEWAY: (NATIONAL,), TERMINAL: (GATEWAY,)}
    return Plan(tuple(replace(one, calls=calls[one.id]) for one in HERE.systems))


def make(folder: Path, *external: str) -> Made:
    take_folder(folder, "network")
    plan = with_externals(ours(), external, at=datetime.now(UTC))
    made = make_network(folder, plan, lambda _text: None)
    RevocationLists(made.authority, made.states.values()).refresh()
    return made


def bundle(file: Path, *parts: Path) -> Path:
    file.write_bytes(b"".join(part.read_bytes() for part in parts))
    return file


def bundle_of(made: Made, system: str, file: Path) -> Path:
    """What whoever runs a system gives away: its two certificates and their issuers."""
    state, authority = made.states[system], made.authority
    own = (state.certificates / "signing.pem", state.certificates / "tls.pem")
    return bundle(file, *own, authority.issuing_pem, authority.root_pem)


@dataclass
class Served:
    """A server that runs on a state folder."""

    state: StateFolder
    process: subprocess.Popen[bytes]

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(40)


def serve(made: Made, system: str) -> Served:
    state, authority = made.states[system], made.authority
    process = subprocess.Popen([*COMMAND, "serve", str(state.path)], stderr=subprocess.DEVNULL)
    context = probe_context(
        (authority.root_pem, authority.issuing_pem),
        state.certificates / "tls.pem",
        state.keys / "tls.key.pem",
    )
    served = Served(state, process)
    deadline = time.monotonic() + 30
    while not is_ready("127.0.0.1", made.ports[system], context):
        if process.poll() is not None or time.monotonic() > deadline:
            served.end()
            raise RuntimeError(f"{system} is not ready: {process.returncode}")
        time.sleep(0.1)
    return served


@dataclass
class World:
    """Our network, the other one's national server, and the vendor's terminal."""

    made: Made
    gateway: Served
    national: Served
    vendor: StateFolder
    bundle: Path

    def status(self, folder: Path | None = None) -> tuple[int, dict[str, Any]]:
        done = subprocess.run(
            [*COMMAND, "status", "--json", "--state", str(folder or self.gateway.state.path)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.returncode, json.loads(done.stdout)


def vendor_terminal(folder: Path, credentials: dict[str, Credential], made: Made) -> StateFolder:
    """A state folder for the vendor's terminal, so that our client can play it: it knows the gateway only."""
    terminal = replace(DEVELOPMENT.system(TERMINAL), id="vendor-terminal")
    settings = settings_for(terminal)
    state = StateFolder.create(folder, render_settings(settings))
    for use, credential in credentials.items():
        write_atomically(state.keys / f"{use}.key.pem", credential.key.read_bytes())
        (state.certificates / f"{use}.pem").write_bytes(credential.certificate.read_bytes())
    authority = made.authority
    for source in (
        authority.root_pem, authority.issuing_pem, authority.root_crl_pem, authority.issuing_crl_pem,
    ):  # fmt: skip
        (state.certificates / source.name).write_bytes(source.read_bytes())
    known = load_settings(made.folder / "reference-terminal.toml").counterparts
    state.write_settings(
        render_settings(
            settings.model_copy(
                update={
                    "counterparts": tuple(one for one in known if one.id == GATEWAY),
                    "destinations": (
                        Destination(
                            id=GATEWAY, url=made.address(DEVELOPMENT.system(GATEWAY)), deadline_seconds=15
                        ),
                    ),
                }
            )
        )
    )
    return state


def verify(state: StateFolder, code: str) -> VerificationResult:
    settings = load_settings(state.settings_file)
    terminal = IntegratedTerminal(
        connect(
            settings,
            state.path,
            destination=GATEWAY,
            service=IntegratedTerminal.SERVICE,
            trust=trust_store(settings, state.path),
            clock=SystemClock(),
        )
    )
    try:
        return terminal.verify_identity(by_code(code)).result
    finally:
        terminal.close()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    home = tmp_path_factory.mktemp("external")
    # First both networks as they are by themselves, so that each has certificates to give away.
    other, own = make(home / "other"), make(home / "own")
    reference = own.states[TERMINAL].settings_file
    (home / "own" / "reference-terminal.toml").write_bytes(reference.read_bytes())
    gateway_address = own.address(DEVELOPMENT.system(GATEWAY))
    ours_for_them = bundle_of(own, GATEWAY, home / "our-gateway.pem")
    theirs_for_us = bundle_of(other, NATIONAL, home / "their-national.pem")
    # A third authority for the vendor's terminal.
    authority = Authority.create(home / "vendor-pki", at=datetime.now(UTC))
    credentials = {
        profile: authority.issue(
            profile, role="anything", system="vendor", municipality=None, at=datetime.now(UTC)
        )
        for profile in ("signing", "tls")
    }
    files = [credential.certificate for credential in credentials.values()]
    pem = bundle(home / "vendor.pem", *files, authority.issuing_pem, authority.root_pem)
    other = make(home / "other", f"{GATEWAY}={gateway_address},{ours_for_them}")
    address = other.address(DEVELOPMENT.system(NATIONAL))
    own = make(home / "own", f"national_server={address},{theirs_for_us}", f"integrated_terminal={pem}")
    served: list[Served] = []
    try:
        served.append(serve(other, NATIONAL))
        served.append(serve(own, GATEWAY))
        vendor = vendor_terminal(home / "vendor-terminal", credentials, own)
        yield World(own, served[1], served[0], vendor, pem)
    finally:
        for one in served:
            one.end()


def test_a_question_goes_through_all_three(world: World) -> None:
    assert verify(world.vendor, "05783086273") is VerificationResult.MATCH


def test_each_counterpart_has_an_anchor_of_its_own(world: World) -> None:
    settings = load_settings(world.gateway.state.settings_file)
    assert [(anchor.name, anchor.revocation) for anchor in settings.anchors] == [
        ("development", "crl"),
        (f"external-{NATIONAL}", "off"),
        (f"external-{TERMINAL}", "off"),
    ]
    for counterpart in settings.counterparts:
        holders = (*counterpart.signing, *counterpart.tls)
        assert {holder.anchor for holder in holders} == {f"external-{counterpart.id}"}


def test_the_terminal_that_was_left_out_is_refused(world: World) -> None:
    """Its folder and its certificates of the network's own authority are there still."""
    left_out = StateFolder.open(world.made.folder / TERMINAL)
    with pytest.raises(CounterpartError):
        verify(left_out, "05783086273")


def test_status_sees_the_external_server(world: World) -> None:
    verify(world.vendor, "05783086273")
    code, document = world.status()
    assert (code, document["good"], document["problems"]) == (0, True, [])
    assert document["served"]["process"] == world.gateway.process.pid
    assert document["served"]["ready"] is True
    (national,) = document["counterparts"]
    assert national["id"] == NATIONAL
    assert (national["reachable"], national["ready"]) == (True, True)
    assert {anchor["name"]: anchor["revocation"] for anchor in document["anchors"]} == {
        "development": "crl",
        f"external-{NATIONAL}": "off",
        f"external-{TERMINAL}": "off",
    }
    assert document["outbox"]["dead"] == 0
    assert document["evidence"]["newest_seal"] or document["evidence"]["unsealed"]
    # A system that only calls is not served, and has no store.
    code, document = world.status(world.vendor.path)
    assert (code, document["served"], document["outbox"]) == (0, None, None)
    assert [one["ready"] for one in document["counterparts"]] == [True]


def test_metrics_and_health_on_their_own_port(world: World) -> None:
    monitored = Monitored.of(world.gateway.state)
    labels = {"service": "terminal", "operation": "VerifyIdentity"}
    before = monitored.value("juki_messages_total", outcome="answered", **labels)
    refused = monitored.value("juki_refusals_total")
    stranger = StateFolder.open(world.made.folder / TERMINAL)
    with pytest.raises(CounterpartError):
        verify(stranger, "05783086273")
    assert monitored.value("juki_refusals_total") == refused + 1
    verify(world.vendor, "05783086273")
    assert monitored.value("juki_messages_total", outcome="answered", **labels) == before + 1
    all_of_them = monitored.value("juki_messages_total", **labels)
    assert monitored.value("juki_message_seconds_count", **labels) == all_of_them > before
    assert monitored.value("juki_message_seconds_bucket", le="+Inf", **labels) == all_of_them
    assert monitored.value("juki_message_seconds_sum", **labels) > 0
    assert monitored.value("juki_ready") == monitored.value("juki_database_up") == 1
    assert monitored.value("juki_workers_serving") == (os.cpu_count() or 1)
    assert monitored.value("juki_outbox_messages", destination=NATIONAL) == 0
    assert 29 < monitored.value("juki_certificate_days", certificate="tls") < 4000
    assert monitored.value("juki_revocation_list_days") > 0
    assert monitored.value("juki_build_info") == 1
    names = {name for name, _, _ in monitored.samples()}
    assert {name for name in METRICS if not any(found.startswith(name) for found in names)} <= {
        "juki_not_ready",  # all is well
        "juki_evidence_seal_age_seconds",  # until the first seal
    }
    assert [name for name in names if not any(name.startswith(known) for known in METRICS)] == []
    assert (monitored.get("health/live"), monitored.get("health/ready")) == (
        (200, "live\n"),
        (200, "ready\n"),
    )
    assert monitored.get("terminal/1")[0] == 404


def test_metrics_name_no_person_and_no_operator(world: World) -> None:
    verify(world.vendor, "05783086273")
    _, text = Monitored.of(world.gateway.state).get("metrics")
    for secret in ("05783086273", "V1310160001", "131016-T001"):
        assert secret not in text


def test_readiness_tells_why(world: World) -> None:
    """A revocation list that ended: the system's own port and the monitoring port say the same."""
    state = world.gateway.state
    file = state.certificates / "issuing.crl.pem"
    content = file.read_bytes()
    monitored = Monitored.of(state)
    try:
        write_atomically(file, b"no list")
        wait(lambda: monitored.value("juki_not_ready", reason="crl-unreadable") == 1)
        status, reasons = monitored.get("health/ready")
        assert (status, "revocation list" in reasons) == (503, True)
        assert monitored.value("juki_alarms", code="crl-unreadable") == 1
        assert monitored.value("juki_ready") == 0
    finally:
        write_atomically(file, content)
    wait(lambda: monitored.get("health/ready")[0] == 200)


def test_status_sees_a_simulator_that_was_set_down(world: World) -> None:
    """Its supervisor, who shows its own certificate, still finds it ready: it is not started again."""
    file = world.national.state.run / "behaviour.json"
    write_atomically(file, b'{"kind": "down"}')
    try:
        code, document = world.status()
        assert code == 1
        (national,) = document["counterparts"]
        assert (national["reachable"], national["ready"]) == (False, None)
        assert world.status(world.national.state.path)[1]["served"]["ready"] is True
    finally:
        file.unlink()
    assert world.status()[0] == 0


def test_the_command_says_what_it_cannot_use(world: World, tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "network", "up", str(tmp_path / "net"), "--external", f"municipal_cs={world.bundle}"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "131016-cs, 141003-cs" in done.stderr
    assert not (tmp_path / "net").exists()


def test_the_network_document_names_no_key_of_theirs(world: World, tmp_path: Path) -> None:
    """The whole command with an external terminal: network.json says whose it is."""
    errors = (tmp_path / "err").open("wb")
    process = subprocess.Popen(
        [
            *COMMAND,
            "network",
            "up",
            str(tmp_path / "net"),
            "--external",
            f"integrated_terminal={world.bundle}",
        ],
        stdout=subprocess.DEVNULL,
        stderr=errors,
    )
    try:
        file = tmp_path / "net" / "network.json"
        deadline = time.monotonic() + 60
        while not file.exists():
            assert process.poll() is None, (tmp_path / "err").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.1)
        document = json.loads(file.read_text(encoding="utf-8"))
        terminal = next(one for one in document["systems"] if one["id"] == TERMINAL)
        assert terminal["external"] is True
        assert "state" not in terminal
        assert list(terminal["signing"]) == list(terminal["tls"]) == ["certificate"]
        assert Path(terminal["signing"]["certificate"]).read_text().count("BEGIN CERTIFICATE") == 1
        assert document["negative"] == {}
        assert not (tmp_path / "net" / TERMINAL).exists()
    finally:
        process.terminate()
        process.wait(40)
        errors.close()


def test_status_when_the_counterpart_is_gone(world: World) -> None:
    """The last of the file: it ends the other network's server."""
    world.national.end()
    begun = time.monotonic()
    code, document = world.status()
    assert time.monotonic() - begun < 8
    assert code == 1
    (national,) = document["counterparts"]
    assert (national["reachable"], national["ready"]) == (False, None)
    assert [problem for problem in document["problems"] if problem.startswith(f"counterpart {NATIONAL}: ")]
    world.gateway.end()
    code, document = world.status()
    assert code == 1
    assert document["served"]["process"] is None
    assert "is not served" in document["problems"]
