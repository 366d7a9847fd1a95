"""``conformance check``: captured messages judged without a server; and what ``listen`` does not take."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from gateway.refusals import RULES
from gateway.transport import faults
from gateway.wss.sign import SignedMessage
from tests.kit.captured import SERVICE, Capture
from tests.kit.network import GATEWAY, NATIONAL, TERMINAL, caller

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Capture:
    return Capture.made(tmp_path_factory.mktemp("capture") / "net")


@pytest.fixture
def kept(tmp_path: Path) -> Callable[[str, SignedMessage | bytes], Path]:
    def keep(name: str, message: SignedMessage | bytes) -> Path:
        file = tmp_path / name
        file.write_bytes(message if isinstance(message, bytes) else message.raw)
        return file

    return keep


def _outcomes(message: dict[str, Any]) -> dict[int, str]:
    return {step["step"]: step["outcome"] for step in message["message"]["steps"]}


def test_a_good_pair_holds_and_what_cannot_be_judged_is_said(
    run: Run, capture: Capture, kept: Callable[..., Path]
) -> None:
    asked = capture.request()
    files = kept("answer.xml", capture.answer(asked)), kept("request.xml", asked)
    ran = run("conformance", "check", *files, "--network", capture.file, "--json")
    assert ran.status == 0
    answer, request = ran.document["messages"]
    assert (request["kind"], request["service"], answer["kind"]) == ("request", "terminal", "answer")
    wanted = {step: "not-judged" if step in {1, 12} else "passed" for step in range(1, 14)}
    assert (_outcomes(request), _outcomes(answer)) == (wanted, wanted)
    assert {note["note"] for note in answer["notes"]} == {"http", "guard"}
    assert base64.b64decode(request["bytes"]) == asked.raw


Flaw = Callable[[Capture], "SignedMessage | bytes"]
HOUR = timedelta(hours=1)
FLAWS: dict[str, Flaw] = {
    "not-well-formed": lambda capture: capture.request().raw[:-1],
    "digest": lambda capture: capture.request().raw.replace(b"12345678903", b"12345678904"),
    "to": lambda capture: capture.request(to="https://127.0.0.1:1/terminal/1"),
    "request-relates": lambda capture: capture.request(relates_to="urn:uuid:0"),
    "role": lambda capture: capture.request(NATIONAL),
    "sender-unknown": lambda capture: capture.request(GATEWAY),
    "operator": lambda capture: capture.request(asking=caller(operator_id="OP99")),
    "schema": lambda capture: capture.request(
        content=etree.fromstring(f'<VerifyIdentity xmlns="{SERVICE.namespace}"/>')
    ),
}


@pytest.mark.parametrize("rule", FLAWS)
def test_a_request_that_would_be_refused_is_so_by_its_rule(
    run: Run, capture: Capture, kept: Callable[..., Path], rule: str
) -> None:
    files = kept("bad.xml", FLAWS[rule](capture)), kept("good.xml", capture.request())
    ran = run("conformance", "check", *files, "--network", capture.file, "--json")
    assert ran.status == 1
    bad, good = ran.document["messages"]
    assert (bad["good"], bad["rule"], bad["step"]) == (False, rule, RULES[rule].step)
    assert _outcomes(bad)[RULES[rule].step] == "refused"
    assert good["good"]


ANSWERS: dict[str, Callable[[Capture, SignedMessage], SignedMessage | bytes]] = {
    "answer-relates": lambda capture, asked: capture.answer(asked, relates_to="urn:uuid:0"),
    "answer-confirmation": lambda capture, asked: capture.answer(asked, confirms="AAAA"),
    "answer-other-system": lambda capture, asked: capture.answer(asked, NATIONAL),
    "action": lambda capture, asked: capture.answer(
        asked, action=f"{SERVICE.namespace}:SearchPersonResponse"
    ),
    "body-unsigned": lambda capture, asked: _without_reference(capture.answer(asked).raw),
}


@pytest.mark.parametrize("rule", ANSWERS)
def test_an_answer_is_judged_as_that_to_its_request(
    run: Run, capture: Capture, kept: Callable[..., Path], rule: str
) -> None:
    asked = capture.request()
    pair = f"{kept('request.xml', asked)},{kept('answer.xml', ANSWERS[rule](capture, asked))}"
    ran = run("conformance", "check", "--pair", pair, "--network", capture.file, "--json")
    assert ran.status == 1
    request, answer = ran.document["messages"]
    assert request["good"]
    assert (answer["rule"], answer["step"]) == (rule, RULES[rule].step)


def test_an_answer_alone_is_judged_but_for_its_binding(
    run: Run, capture: Capture, kept: Callable[..., Path]
) -> None:
    file = kept("answer.xml", capture.answer(capture.request()))
    ran = run("conformance", "check", file, "--network", capture.file, "--json")
    assert ran.status == 0
    assert "binding" in {note["note"] for note in ran.document["messages"][0]["notes"]}


def test_an_operations_fault_and_one_without_signature(
    run: Run, capture: Capture, kept: Callable[..., Path]
) -> None:
    refusal = faults.refusal_fault(RULES["operator"], faults.new_reference(), detail=True)
    asked = capture.request()
    signed = capture.answer(asked, content=refusal.element, action=refusal.action, inclusive=("juki",))
    other = faults.refusal_fault(RULES["operator"], faults.new_reference(), detail=True)
    files = kept("r.xml", asked), kept("s.xml", signed), kept("u.xml", faults.unsigned_envelope(other))
    ran = run("conformance", "check", *files, "--network", capture.file, "--json")
    assert [(one["kind"], one["good"], one["rule"]) for one in ran.document["messages"]] == [
        ("request", True, None),
        ("fault", True, None),
        ("fault", False, "envelope-children"),
    ]


def test_time_is_that_of_the_message_unless_it_is_given(
    run: Run, capture: Capture, kept: Callable[..., Path]
) -> None:
    file = kept("ahead.xml", capture.request(at=datetime.now(UTC) + HOUR))
    assert run("conformance", "check", file, "--network", capture.file).status == 0
    file = kept("late.xml", capture.request())
    later = (datetime.now(UTC) + HOUR).isoformat()
    ran = run("conformance", "check", file, "--network", capture.file, "--at", later, "--json")
    assert (ran.status, ran.document["messages"][0]["rule"]) == (1, "timestamp-expired")
    assert ran.document["messages"][0]["message"]["causes"][0]["cause"] == "sent-late"


def test_trust_alone_and_the_state_of_the_receiver(
    run: Run, capture: Capture, kept: Callable[..., Path]
) -> None:
    file, trust = kept("request.xml", capture.request()), capture.document["trust"]
    authorities = [part for one in (*trust["anchors"], *trust["intermediates"]) for part in ("--trust", one)]
    ran = run("conformance", "check", file, *authorities, "--json")
    assert (ran.status, _outcomes(ran.document["messages"][0])[11]) == (0, "not-judged")
    assert {"sender", "revocation"} <= {note["note"] for note in ran.document["messages"][0]["notes"]}
    lists = [part for one in trust["crls"] for part in ("--crl", one)]
    ran = run("conformance", "check", file, *authorities, *lists, "--json")
    assert "revocation" not in {note["note"] for note in ran.document["messages"][0]["notes"]}
    ran = run("conformance", "check", file, *authorities[:2], "--json")
    assert (ran.status, ran.document["messages"][0]["rule"]) == (1, "certificate-path")
    ran = run("conformance", "check", file, "--state", capture.state(GATEWAY).path, "--json")
    assert (ran.status, _outcomes(ran.document["messages"][0])[11]) == (0, "passed")


def test_reports_and_people_are_told_rule_cause_and_mend(
    run: Run, capture: Capture, kept: Callable[..., Path], tmp_path: Path
) -> None:
    spoilt = capture.request().raw.replace(b"</soap:Body>", b" </soap:Body>")
    files = kept("spoilt.xml", spoilt), kept("good.xml", capture.request())
    reports = {name: tmp_path / f"run.{name}" for name in ("junit", "json-file", "html")}
    options = [part for name, file in reports.items() for part in (f"--{name}", file)]
    ran = run("conformance", "check", *files, "--network", capture.file, "--lang", "ja", *options)
    assert ran.status == 1
    assert f"適合  {files[1]}" in ran.out
    assert RULES["digest"].ja in ran.out
    assert "対処" in ran.out
    suite = etree.fromstring(reports["junit"].read_bytes())
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    assert suite.find("testcase/failure").text  # the cause  # type: ignore[union-attr]
    assert json.loads(reports["json-file"].read_text("utf-8"))["failed"] == 1
    page = reports["html"].read_text("utf-8")
    assert page.count('<summary class="failed">') == page.count('<summary class="passed">') == 1
    assert etree.fromstring(spoilt).findtext(".//{*}SignatureValue") in page


def test_what_cannot_be_read_or_is_asked_for_wrongly(
    run: Run, capture: Capture, kept: Callable[..., Path], tmp_path: Path
) -> None:
    file = kept("request.xml", capture.request())
    assert run("conformance", "check", tmp_path / "none.xml", "--network", capture.file).status == 2
    assert run("conformance", "check", file).status == 2
    assert run("conformance", "check", "--network", capture.file).status == 2
    assert run("conformance", "check", "--pair", str(file), "--network", capture.file).status == 2
    assert run("conformance", "check", file, "--network", file).status == 2


@pytest.mark.parametrize(
    "wrong",
    [
        ("--as", "nobody"),
        ("--as", TERMINAL),
        ("--as", NATIONAL, "--behaviour", "kind"),
        ("--as", NATIONAL, "--behaviour", "fault=Nothing"),
        ("--as", NATIONAL, "--service", "terminal"),
        (),
    ],
)
def test_listen_is_asked_for_wrongly(run: Run, capture: Capture, wrong: tuple[str, ...]) -> None:
    assert run("conformance", "listen", "--network", capture.file, *wrong).status == 2


def test_a_second_key_is_needed_to_sign_as_another(run: Run, capture: Capture) -> None:
    state = capture.state(NATIONAL).path
    ran = run("conformance", "listen", "--state", state, "--behaviour", "wrong-signer")
    assert (ran.status, "second system" in ran.err) == (2, True)


def _without_reference(raw: bytes) -> bytes:
    """Without the Reference to the Body."""
    root = etree.fromstring(raw)
    body = root.find("{*}Body")
    assert body is not None
    identifier = next(value for name, value in body.attrib.items() if name.endswith("Id"))
    reference = root.find(f".//{{*}}Reference[@URI='#{identifier}']")
    assert reference is not None
    parent = reference.getparent()
    assert parent is not None
    parent.remove(reference)
    return etree.tostring(root)
