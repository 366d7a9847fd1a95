"""Refusals explained by their reference, the terminal's command, and revocation as it comes.

One network; what is revoked here was issued for it.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import shutil
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.diagnosis import CAUSES
from gateway.pki import Authority
from gateway.refusals import RULES
from gateway.settings import load_settings, render_settings
from gateway.state import StateFolder
from tests.kit import identities, replies, signing, tree
from tests.kit.network import (
    GATEWAY,
    TERMINAL,
    Network,
    by_code,
    running,
)

ONLY = ("131016-cs", "national-server")


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    # Every refusal is recorded, none only counted: what a record tells is looked at, too.
    with running(
        tmp_path_factory.mktemp("network") / "net", only=ONLY, refusals={"per_minute": 100_000}
    ) as started:
        yield started


# explain


@pytest.fixture(scope="module")
def refused(network: Network) -> replies.Read:
    """A refusal with a chain: the revoked credential."""
    entry = network.document["negative"]["revoked"]
    request = network.message(by_code(network.person(card_state="active")), entry=entry)
    return replies.read(network.post(request.raw(), entry).body)


def explain(network: Network, reference: str | None, *options: str) -> Any:
    state = network.state(GATEWAY).path
    return network.command("explain", reference, "--state", state, *options)


def test_a_refusal_is_explained_as_one_document(network: Network, refused: replies.Read) -> None:
    done = explain(network, refused.reference, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    rule = RULES["certificate-revoked"]
    assert (told["step"], told["rule"], told["fault"]) == (7, rule.name, "wsse:FailedAuthentication")
    assert told["reason"] == {"en": rule.en, "ja": rule.ja}
    assert (told["peer"], told["service"]) == (TERMINAL, "terminal")
    assert told["message_id"] == refused.relates_to
    assert len(told["digest"]) == 64
    assert told["found"]
    signer = told["chain"][0]
    assert signer["subject"] == (
        "CN=131016-terminal-1,L=131016,OU=integrated_terminal,O=Juki Gateway Development,C=JP"
    )
    assert 0 < signer["days_left"] <= signer["days_left_when_refused"] < 1200
    assert told["clock_offset_seconds"] == 0
    assert -1 < told["created_to_refused_seconds"] < 30
    instants = [datetime.fromisoformat(told[key]) for key in ("created", "refused_at", "now", "expires")]
    assert all(instant.tzinfo is not None for instant in instants)
    assert instants == sorted(instants)


@pytest.mark.parametrize(
    ("language", "labels"),
    [
        ("en", ("Reason", "Certificate chain", "Clock offset")),
        ("ja", ("理由", "証明書チェーン", "時計のずれ")),
    ],
)
def test_a_refusal_is_explained_to_people(
    network: Network, refused: replies.Read, language: str, labels: tuple[str, ...]
) -> None:
    done = explain(network, refused.reference, "--language", language)
    assert done.returncode == 0
    rule = RULES["certificate-revoked"]
    assert (rule.en if language == "en" else rule.ja) in done.stdout
    assert (rule.ja if language == "en" else rule.en) not in done.stdout
    assert all(label in done.stdout for label in labels)
    assert str(refused.reference) in done.stdout


def test_digests_expected_and_got_are_explained(network: Network) -> None:
    request = network.message(by_code(network.person(card_state="active")))
    request.body.elements[0].one("purpose").text = "move_in"
    seen = replies.read(network.post(request.raw()).body)
    told = json.loads(explain(network, seen.reference, "--json").stdout)
    assert (told["rule"], told["where"]) == ("digest", "Body")
    assert told["found"]
    assert told["wanted"]
    assert told["found"] != told["wanted"]


@pytest.fixture(scope="module")
def indented(network: Network) -> tuple[bytes, replies.Read]:
    """A request whose Body was indented after signing, and its fault."""
    request = network.message(by_code(network.person(card_state="active")))
    inner = tree.write(request.body)
    raw = request.raw().decode().replace(inner, inner.replace("><", ">\n  <")).encode()
    return raw, replies.read(network.post(raw).body)


def test_the_cause_is_found_in_the_kept_bytes(network: Network, indented: tuple[bytes, replies.Read]) -> None:
    raw, seen = indented
    told = json.loads(explain(network, seen.reference, "--json").stdout)["message"]
    assert [(one["cause"], one["where"], one["proved"]) for one in told["causes"]] == [
        ("pretty-printed", "Body", True)
    ]
    assert [one["outcome"] for one in told["steps"]] == ["passed"] * 6 + ["refused"] + ["not-reached"] * 2
    (body,) = [one for one in told["references"] if not one["holds"]]
    assert (body["element"], body["algorithm"]) == ("Body", "sha256")
    assert hashlib.sha256(body["canonical"].encode()).hexdigest() == body["computed"] != body["in_message"]
    kept = list((network.state(GATEWAY).data / "refused").iterdir())
    assert kept
    assert not any(raw in file.read_bytes() for file in kept)


def test_a_message_is_explained_by_its_id_and_by_its_file(
    network: Network, indented: tuple[bytes, replies.Read], tmp_path: Path
) -> None:
    raw, seen = indented
    by_id = explain(network, seen.relates_to, "--lang", "ja", "--canonical")
    assert by_id.returncode == 0
    assert all(
        text in by_id.stdout for text in (CAUSES["pretty-printed"].mend_ja, "正規化SignedInfo", "確定")
    )
    file = tmp_path / "message.xml"
    file.write_bytes(raw)
    told = json.loads(explain(network, str(file), "--json").stdout)
    assert told["digest"] == hashlib.sha256(raw).hexdigest()
    assert [one["cause"] for one in told["message"]["causes"]] == ["pretty-printed"]
    later = json.loads(explain(network, str(file), "--at", "2020-01-01T00:00:00Z", "--json").stdout)
    assert later["message"]["refused_by"] == "certificate-not-yet-valid"


def test_a_good_message_in_a_file_is_said_to_be_good(network: Network, tmp_path: Path) -> None:
    request = network.message(by_code(network.person(card_state="active")))
    answer = network.post(request.raw())
    for name, raw in (("request.xml", request.raw()), ("answer.xml", answer.body)):
        (tmp_path / name).write_bytes(raw)
        told = json.loads(explain(network, str(tmp_path / name), "--json").stdout)
        assert told["message"]["refused_by"] is None, name
        assert told["message"]["causes"] == []
    assert explain(network, str(tmp_path / "request.xml"), "--at", "yesterday").returncode == 2
    assert explain(network, "ref", "--at", "2026-01-01").returncode == 2


def test_another_key_is_named_when_its_certificate_is_given(network: Network, tmp_path: Path) -> None:
    request = network.message(by_code(network.person(card_state="active")))
    stranger = identities.authority().identity("RSA-2048", "stranger")
    certificate = tmp_path / "stranger.pem"
    certificate.write_bytes(stranger.certificate.public_bytes(Encoding.PEM))
    value = signing.signature_value(request.signed_info, stranger)
    request.root.one("SignatureValue").text = base64.b64encode(value).decode()
    file = tmp_path / "message.xml"
    file.write_bytes(request.raw())
    told = json.loads(explain(network, str(file), "--certificate", str(certificate), "--json").stdout)
    assert [(one["cause"], one["told"]) for one in told["message"]["causes"]] == [
        ("other-key", "stranger.pem")
    ]
    assert explain(network, str(file), "--certificate", str(file)).returncode == 2


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_reference_that_nobody_gave(network: Network, options: tuple[str, ...]) -> None:
    done = explain(network, "0123456789abcdef0123", *options)
    assert done.returncode == 1
    assert "0123456789abcdef0123" in done.stderr
    if options:
        assert json.loads(done.stdout)["error"]["status"] == 1
    else:
        assert done.stdout == ""


# The terminal's command.


def verify(network: Network, *options: str, state: Path | None = None) -> Any:
    named = ("--terminal", "131016-T001", "--operator", "V1310160001/OP01")
    folder = state or network.state(TERMINAL).path
    return network.command("terminal", "verify", "--state", folder, *named, *options)


def test_the_command_by_code(network: Network) -> None:
    person = network.person(card_state="active")
    done = verify(network, "--code", person["resident_record_code"], "--json")
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert (told["result"], told["text"]["ja"]) == ("match", "一致")
    assert told["checked_at"].endswith("Z")
    assert set(told) == {"result", "text", "checked_at", "reference"}


def test_the_command_by_document(network: Network) -> None:
    """A result that is no match is a result: exit status 0."""
    person = network.person(card_state="active")
    items = ("--document", "passport", "--name", person["name"], "--birth-date", person["birth_date"])
    same = verify(network, *items, "--sex", person["sex"], "--address", person["address"])
    other = verify(network, *items, "--sex", "1", "--address", person["address"])
    assert (same.returncode, other.returncode) == (0, 0)
    assert same.stdout.startswith("match  一致")
    assert other.stdout.startswith("mismatch  不一致")
    assert person["name"] not in same.stdout


def test_the_command_when_the_gateway_refuses(network: Network) -> None:
    done = verify(network, "--code", "05783086273", "--operator", "V1310160001/OP99", "--json")
    assert done.returncode == 1
    error = json.loads(done.stdout)["error"]
    assert (error["kind"], error["status"]) == ("CounterpartFault", 1)
    assert "NotPermitted" in error["text"]
    reference = error["text"].rpartition("reference ")[2].strip(")")
    assert json.loads(explain(network, reference, "--json").stdout)["rule"] == "operator"


@pytest.mark.parametrize(
    "options",
    [
        ("--code", "05783086274"),
        ("--code", "0578308627"),
        (),
        ("--code", "05783086273", "--document", "passport"),
        ("--document", "passport", "--name", "山田 花子"),
        ("--document", "library_card"),
        ("--code", "05783086273", "--purpose", "curiosity"),
        ("--nonsense",),
    ],
)
def test_the_command_used_wrongly(network: Network, options: tuple[str, ...]) -> None:
    done = verify(network, *options)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert "05783086274" not in done.stderr


def test_the_command_when_nobody_answers(network: Network, tmp_path: Path) -> None:
    folder = tmp_path / TERMINAL
    shutil.copytree(network.state(TERMINAL).path, folder)
    settings = load_settings(folder / "gateway.toml")
    gone = tuple(one.model_copy(update={"url": "https://127.0.0.1:9/"}) for one in settings.destinations)
    StateFolder(folder).write_settings(render_settings(settings.model_copy(update={"destinations": gone})))
    done = verify(network, "--code", "05783086273", "--json", state=folder)
    assert done.returncode == 3
    assert json.loads(done.stdout)["error"]["status"] == 3


# Revocation while it runs.


def issued(network: Network, folder: Path, profile: str) -> dict[str, str]:
    """One more credential of the terminal, by the network's PKI."""
    credential = Authority.open(network.folder / "pki").issue(
        profile,
        role="integrated_terminal",
        system=TERMINAL,
        municipality="131016",
        at=datetime.now(UTC),
        key_kind="P-256",
        key_file=folder / f"{profile}.key.pem",
        certificate_file=folder / f"{profile}.pem",
    )
    return {"key": str(credential.key), "certificate": str(credential.certificate)}


class Loop:
    """Requests one after the other on one connection, in a thread, until told to stop."""

    def __init__(self, network: Network, entry: dict[str, Any]) -> None:
        self.outcomes: list[str] = []
        self.error: Exception | None = None
        self._network = network
        self._entry = entry
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        network, question = self._network, by_code(self._network.person(card_state="active"))
        try:
            with contextlib.closing(network.wire(self._entry)) as wire:
                while not self._stop.is_set():
                    answer = wire.post(network.message(question, entry=self._entry).raw())
                    if answer.status == 200:
                        self.outcomes.append("answered")
                    else:
                        seen = replies.read(answer.body)
                        assert seen.reference
                        self.outcomes.append(seen.reference)
                    time.sleep(0.02)
        except Exception as error:  # noqa: BLE001 - a dropped request above all
            self.error = error

    def until(self, count: int) -> None:
        """Wait for so many more outcomes."""
        wanted = len(self.outcomes) + count
        self._network.wait(lambda: len(self.outcomes) >= wanted or self.error, 10)

    def end(self) -> list[str]:
        """Stop, and give what was answered and refused, by rule, in order."""
        self._stop.set()
        self._thread.join(20)
        assert self.error is None, repr(self.error)
        rules = {
            line["reference"]: str(line["rule"])
            for line in self._network.messages(GATEWAY)
            if line["outcome"] == "refused"
        }
        return [rules.get(outcome, outcome) for outcome in self.outcomes]


@pytest.mark.parametrize(("profile", "rule"), [("signing", "certificate-revoked"), ("tls", "tls-untrusted")])
def test_a_revocation_is_taken_up_without_a_dropped_request(
    network: Network, tmp_path: Path, profile: str, rule: str
) -> None:
    entry = {**network.system(TERMINAL), profile: issued(network, tmp_path, profile)}
    authority = Authority.open(network.folder / "pki")
    loops = [Loop(network, entry) for _ in range(2)]
    for loop in loops:
        loop.until(5)
    # A new list in which nothing of this changed: nobody notices.
    authority.publish_crls(at=datetime.now(UTC), hours=24)
    time.sleep(1.2)
    assert all(set(loop.outcomes) == {"answered"} for loop in loops)
    authority.revoke(Path(entry[profile]["certificate"]), at=datetime.now(UTC), reason="keyCompromise")
    authority.publish_crls(at=datetime.now(UTC), hours=24)
    network.wait(lambda: all(loop.outcomes[-1] != "answered" or loop.error for loop in loops), 5)
    for loop in loops:
        loop.until(3)
    for loop in loops:
        outcomes = loop.end()
        turn = outcomes.index(rule)
        assert set(outcomes[:turn]) == {"answered"}
        assert set(outcomes[turn:]) == {rule}
    # The other credentials of the same holder still serve.
    assert network.post(network.message(by_code(network.person(card_state="active"))).raw()).status == 200


def test_a_list_that_cannot_be_read_leaves_the_one_before_in_use(network: Network) -> None:
    file = network.state(GATEWAY).path / "certificates" / "issuing.crl.pem"
    good = file.read_bytes()
    file.write_bytes(b"-----BEGIN X509 CRL-----\nbroken\n-----END X509 CRL-----\n")
    try:
        time.sleep(1.2)
        question = by_code(network.person(card_state="active"))
        assert network.post(network.message(question).raw()).status == 200
        revoked = network.document["negative"]["revoked"]
        seen = replies.read(network.post(network.message(question, entry=revoked).raw(), revoked).body)
        (line,) = [one for one in network.messages(GATEWAY) if one["reference"] == seen.reference]
        assert line["rule"] == "certificate-revoked"
    finally:
        file.write_bytes(good)
