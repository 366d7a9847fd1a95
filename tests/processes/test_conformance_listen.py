"""``conformance listen``: our own zeep client takes its good answers and refuses every bad one as it must."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from clients.connect import connect
from clients.national_server import NationalServer
from gateway.conformance import BEHAVIOURS
from gateway.contract import SERVICES
from gateway.domain.identifiers import ResidentRecordCode
from gateway.domain.verification import IdentityQuestion
from gateway.errors import (
    CounterpartAnswerInvalid,
    CounterpartError,
    CounterpartFault,
    CounterpartTimeout,
    CounterpartUnavailable,
)
from gateway.settings import clock_of, load_settings
from gateway.trust.configured import trust_store
from tests.kit.captured import Capture
from tests.kit.network import COMMAND, GATEWAY, NATIONAL, Wire, caller

OPERATION = SERVICES["national"].operation("VerifyIdentity")
SLOW = "slow=5"
MORE = ("fault=NotPermitted", "fault=MessageExpired")
IN_TURN = [*(SLOW if name == "slow" else name for name in BEHAVIOURS), *MORE]
ERRORS: dict[str, type[CounterpartError]] = {
    "fault": CounterpartFault,
    "unsigned": CounterpartAnswerInvalid,
    "html": CounterpartUnavailable,
    "unsigned-fault": CounterpartFault,
    "unbound-fault": CounterpartFault,
    "http-503": CounterpartUnavailable,
    "too-large": CounterpartUnavailable,
    "cut": CounterpartUnavailable,
    "hang-up": CounterpartUnavailable,
    "trickle": CounterpartTimeout,
    "slow": CounterpartTimeout,
}
"""What our client makes of an answer; where nothing stands, it refuses it by the behaviour's rule."""


class Listener:
    """The command in a process of its own."""

    def __init__(self, capture: Capture, *options: object) -> None:
        told = [*COMMAND, "conformance", "listen", "--network", capture.file, "--as", NATIONAL, *options]
        self.process = subprocess.Popen(
            [str(one) for one in told], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stderr is not None
        line = next((line for line in self.process.stderr if "listens at" in line), "")
        found = re.search(r"(https://[0-9.:]+/)", line)
        if found is None:
            raise RuntimeError(line + self.end()[1])
        self.address = found[1]

    def end(self) -> tuple[int, str]:
        """Its exit status and what it wrote, once it has ended by itself."""
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out or err


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Capture:
    return Capture.made(tmp_path_factory.mktemp("listened") / "net")


@contextlib.contextmanager
def client(capture: Capture, address: str) -> Iterator[NationalServer]:
    """The gateway's own client of the national server, told where it listens."""
    state = capture.state(GATEWAY)
    settings = load_settings(state.settings_file)
    there = tuple(
        one.model_copy(update={"url": address, "deadline_seconds": 1.5}) if one.id == NATIONAL else one
        for one in settings.destinations
    )
    channel = connect(
        settings.model_copy(update={"destinations": there}),
        state.path,
        destination=NATIONAL,
        service=NationalServer.SERVICE,
        trust=trust_store(settings, state.path),
        clock=clock_of(settings, state.path),
    )
    try:
        yield NationalServer(channel)
    finally:
        channel.close()


def question(capture: Capture) -> IdentityQuestion:
    return IdentityQuestion(caller(), ResidentRecordCode(capture.people()[0]["resident_record_code"]))


def test_every_behaviour_is_what_it_says_to_a_strict_client(capture: Capture, tmp_path: Path) -> None:
    report, page = tmp_path / "listened.json", tmp_path / "listened.html"
    listener = Listener(
        capture,
        *(part for one in IN_TURN for part in ("--behaviour", one)),
        *("--service", "national", "--count", len(IN_TURN), "--json-file", report, "--html", page),
    )
    came: dict[str, CounterpartError | None] = {}
    with client(capture, listener.address) as national:
        for name in IN_TURN:
            try:
                national.verify_identity(question(capture))
                came[name] = None
            except CounterpartError as error:
                came[name] = error
    assert listener.end()[0] == 0
    assert came["answer"] is None
    for name in IN_TURN[1:]:
        kind, _, code = name.partition("=")
        error, rule = came[name], BEHAVIOURS[kind].rule
        assert type(error) is ERRORS.get(kind, CounterpartAnswerInvalid), (name, error)
        if rule is not None:
            assert {"schema": "follow the contract"}.get(rule, rule) in str(error), name
        if isinstance(error, CounterpartFault):
            standing = {"unsigned-fault": "unauthenticated", "unbound-fault": "unbound"}.get(kind, "bound")
            assert error.standing == standing, name
            assert kind != "fault" or error.code == (code or "Busy")
    told = json.loads(report.read_text("utf-8"))
    assert (told["passed"], told["failed"], told["turned_away"]) == (len(IN_TURN), 0, [])
    messages = sorted(told["messages"], key=lambda one: int(one["name"].removeprefix("message ")))
    names = [one["answer"]["behaviour"] for one in messages]  # a slow one is told when it was sent
    assert names == [name.partition("=")[0] for name in IN_TURN]
    assert {one["peer"] for one in told["messages"]} == {GATEWAY}
    assert page.read_text("utf-8").count('<summary class="passed">') == len(IN_TURN)


def test_a_message_that_does_not_hold_is_judged_at_its_step_and_gets_its_fault(
    capture: Capture, tmp_path: Path
) -> None:
    listener = Listener(capture, "--count", 3, "--json", "--behaviour", "unsigned", "--lang", "ja")
    good = capture.question(GATEWAY, listener.address + "national/1")
    spoilt = good.raw.replace(b"</soap:Body>", b" </soap:Body>")
    headers = {"SOAPAction": f'"{OPERATION.action}"'}
    with contextlib.closing(Wire(listener.address, context(capture, GATEWAY))) as wire:
        refused = wire.post(spoilt, path="/national/1", headers=headers)
        answered = wire.post(good.raw, path="/national/1", headers=headers)
        again = wire.post(good.raw, path="/national/1", headers=headers)
    assert etree.fromstring(refused.body).findtext(".//{*}code") == "FailedCheck"
    assert etree.fromstring(answered.body).find(".//{*}Security") is None
    assert etree.fromstring(again.body).findtext(".//{*}code") == "DuplicateMessage"
    status, out = listener.end()
    first, second, third = json.loads(out)["messages"]
    assert status == 1
    assert (first["good"], first["step"], first["rule"]) == (False, 8, "digest")
    assert first["message"]["causes"][0]["cause"] == "pretty-printed"
    assert (second["good"], second["answer"]["client_rule"]) == (True, "security-missing")
    assert (third["good"], third["step"], third["rule"]) == (False, 12, "replayed")


def test_who_has_no_certificate_is_told_and_a_signal_ends_it_with_its_reports(
    capture: Capture, tmp_path: Path
) -> None:
    listener = Listener(capture, "--json", "--junit", tmp_path / "listened.xml")
    stranger = ssl.create_default_context(cafile=capture.document["trust"]["anchors"][0])
    for file in capture.document["trust"]["intermediates"]:
        stranger.load_verify_locations(cafile=file)
    with pytest.raises((ssl.SSLError, OSError)), contextlib.closing(Wire(listener.address, stranger)) as wire:
        wire.post(b"", path="/national/1")
    listener.process.send_signal(signal.SIGTERM)
    status, out = listener.end()
    assert status == 1
    assert [one["event"] for one in json.loads(out)["turned_away"]] == ["handshake-failed"]
    assert etree.fromstring((tmp_path / "listened.xml").read_bytes()).get("tests") == "0"


def context(capture: Capture, system: str) -> ssl.SSLContext:
    """TLS with the client certificate of a system."""
    trust, tls = capture.document["trust"], capture.system(system)["tls"]
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for file in (*trust["anchors"], *trust["intermediates"]):
        made.load_verify_locations(cafile=file)
    made.load_cert_chain(tls["certificate"], tls["key"])
    return made
