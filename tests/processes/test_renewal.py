"""Keys and certificates exchanged in a running network under load, and rehearsed before."""

from __future__ import annotations

import contextlib
import json
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.clock import SystemClock
from gateway.domain.codes import VerificationResult
from gateway.store import Store
from tests.kit.network import GATEWAY, NATIONAL, Network, by_code, new_id, running

ONLY = ("131016-cs", "national-server", "13-prefectural-server")


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    with running(tmp_path_factory.mktemp("network") / "net", only=ONLY) as started:
        yield started


def command(network: Network, *arguments: object, status: int = 0) -> Any:
    done = network.command("pki", *arguments, "--json")
    assert done.returncode == status, done
    return json.loads(done.stdout)


def der(file: str | Path) -> bytes:
    return x509.load_pem_x509_certificate(Path(file).read_bytes()).public_bytes(Encoding.DER)


class Load(threading.Thread):
    """A terminal that asks one question after the other; each is passed on to the national server."""

    def __init__(self, network: Network) -> None:
        super().__init__(daemon=True)
        self._network = network
        self._question = by_code(network.people()[0])
        self.over = threading.Event()
        self.answered = 0
        self.signers: Counter[bytes] = Counter()
        self.failed: list[object] = []

    def run(self) -> None:
        wire = self._network.wire()  # connections as they come: one is kept, one in ten is new
        while not self.over.is_set():
            try:
                asked = self._network.message(self._question, message_id=new_id())
                reply = wire.post(asked.raw())
                answer = self._network.verified(reply.body, asked)
                if reply.status != 200:
                    self.failed.append(reply.body)
                self.signers[answer.certificate.der] += 1
            except Exception as error:  # noqa: BLE001 - whatever a caller would have seen
                self.failed.append(error)
            self.answered += 1
            if self.answered % 10 == 0:
                wire.close()
                wire = self._network.wire()
        wire.close()

    def come(self, more: int) -> None:
        wanted = self.answered + more
        Network.wait(lambda: self.answered >= wanted or self.failed, 60)
        assert self.failed == []


@contextlib.contextmanager
def load(network: Network) -> Iterator[Load]:
    running = Load(network)
    running.start()
    try:
        running.come(3)
        yield running
    finally:
        running.over.set()
        running.join(30)
    assert running.failed == []


def shown(network: Network) -> bytes:
    """The certificate that the gateway shows on a new connection."""
    url = urlsplit(network.system(GATEWAY)["address"])
    return ssl.PEM_cert_to_DER_cert(
        ssl.get_server_certificate((str(url.hostname), url.port or 0), timeout=10)
    )


def met(network: Network) -> set[bytes]:
    """Every certificate that the national server saw a request signed with."""
    store = Store.open(network.state(NATIONAL).path, clock=SystemClock())
    try:
        found = set()
        for chain in store.evidence_rows.chains():
            for _, kept in store.evidence_rows.entries(chain.id, last=chain.last, bodies=False):
                if getattr(kept, "entry", None) is not None and kept.entry.kind == "request":  # type: ignore[union-attr]
                    signature = store.evidence_rows.signature(kept)  # type: ignore[arg-type]
                    if signature is not None:
                        found.add(signature.certificate)
        return found
    finally:
        store.close()


@pytest.mark.timeout(300)
def test_both_keys_are_exchanged_under_load(network: Network) -> None:
    state = network.state(GATEWAY)
    before = state.running_process()
    old = {use: der(network.system(GATEWAY)[use]["certificate"]) for use in ("signing", "tls")}
    with load(network) as asking:
        told = command(network, "renew", state.path)
        new = {use: der(told[use]["certificate"]) for use in ("signing", "tls")}
        asked = command(network, "rehearse", state.path)["counterparts"]
        takes = {one["id"]: one["takes_it"] for one in asked}
        assert takes["national-server"] and takes["13-prefectural-server"]
        assert takes["131016-terminal-1"] is None  # it only calls
        network.wait(lambda: asking.signers[new["signing"]] > 20 or asking.failed, 60)
        network.wait(lambda: shown(network) == new["tls"] or asking.failed, 30)
        asking.come(20)
    assert set(asking.signers) == {old["signing"], new["signing"]}  # nothing else, and nothing failed
    assert state.running_process() == before
    assert {old["signing"], new["signing"]} <= met(network)
    done = network.command("evidence", "verify", "--state", state.path, "--signatures", "--json")
    assert done.returncode == 0, done  # seals by both keys
    done = network.command("status", "--state", state.path, "--json")
    assert json.loads(done.stdout)["problems"] == []
    lines = [line for line in network.lines(GATEWAY) if line["event"] == "signing-key-renewed"]
    assert lines


def test_a_terminal_signs_with_its_new_key(network: Network) -> None:
    terminal = network.state("131016-terminal-1").path
    told = command(network, "renew", terminal, "--use", "signing")
    with network.client() as client:
        question = by_code(network.people()[0])
        limit = time.monotonic() + 30
        while True:
            assert client.terminal.verify_identity(question).result is VerificationResult.MATCH
            used = x509.load_pem_x509_certificate(Path(told["signing"]["certificate"]).read_bytes())
            if client.seen[-1].request.find(_base64(used)) > 0:
                break
            assert time.monotonic() < limit


def _base64(certificate: x509.Certificate) -> bytes:
    pem = certificate.public_bytes(Encoding.PEM).splitlines()
    return b"".join(pem[1:3])[:100]


def test_a_rehearsal_finds_who_would_refuse(network: Network) -> None:
    state = network.state(GATEWAY).path
    told = command(network, "renew", state, "--use", "signing", "--from", "2027-06-01T00:00:00Z")
    revoked = network.command(
        "pki", "revoke", told["signing"]["certificate"], "--state", network.folder, "--json"
    )
    assert revoked.returncode == 0, revoked
    network.behave("down", "13-prefectural-server")

    def answered() -> dict[str, Any]:
        done = network.command("pki", "rehearse", state, "--json")
        assert done.returncode in {0, 1, 3}, done
        return {one["id"]: one for one in json.loads(done.stdout)["counterparts"]}

    try:
        # The lists are taken up within a few seconds, by each process of the server in its own time.
        network.wait(lambda: all(answered()["national-server"]["takes_it"] is False for _ in range(5)), 60)
        found = answered()
        assert "refuses: " in found["national-server"]["detail"]
        assert found["13-prefectural-server"]["takes_it"] is None
    finally:
        network.behave("off", "13-prefectural-server")
    assert network.command("pki", "rehearse", state).returncode == 1
    # The key in use is not concerned, and the revoked one never comes into use.
    command(network, "renew", state, "--use", "signing", "--cancel")
    assert network.command("pki", "rehearse", state).returncode == 0
    with network.client() as client:
        question = by_code(network.people()[0])
        assert client.terminal.verify_identity(question).result is VerificationResult.MATCH
