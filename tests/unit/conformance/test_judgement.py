"""Servers whose answers are wrong in themselves, the choice of cases, the bounds of a run, the reports."""

from __future__ import annotations

import base64
import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping

import pytest
from lxml import etree

from gateway.conformance import (
    Post,
    Received,
    Target,
    chosen,
    html_report,
    json_report,
    junit_report,
    load_cases,
    run,
)
from gateway.errors import CounterpartTimeout, UsageError
from gateway.wss import names
from tests.kit.door import Door
from tests.unit.conformance.bad_senders import revoked
from tests.unit.conformance.weak_server import target_of

SAMPLE = ("good-request", "no-security", "body-unsigned", "expired", "to-elsewhere", "charset")


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    opened = Door.open(tmp_path_factory.mktemp("door"), revoked=revoked())
    yield target_of(opened)
    opened.close()


def _unsigned(received: Received) -> Received:
    root = etree.fromstring(received.body)
    for header in root.findall(names.HEADER):
        root.remove(header)
    return dataclasses.replace(received, body=etree.tostring(root))


def _spoilt(old: bytes, new: bytes) -> Callable[[Received], Received]:
    return lambda received: dataclasses.replace(received, body=received.body.replace(old, new))


FLAWS: Mapping[str, tuple[Callable[[Received], Received], set[str]]] = {
    "status": (lambda received: dataclasses.replace(received, status=202), set(SAMPLE)),
    "content type": (lambda received: dataclasses.replace(received, content_type="text/plain"), set(SAMPLE)),
    "unsigned": (_unsigned, set(SAMPLE) - {"charset"}),
    "changed after signing": (_spoilt(b"</soap:Body>", b" </soap:Body>"), set(SAMPLE) - {"charset"}),
    "nothing": (lambda received: dataclasses.replace(received, body=b""), set(SAMPLE)),
}


@pytest.mark.parametrize("flaw", FLAWS)
def test_an_answer_that_is_wrong_is_found(flaw: str, target: Target) -> None:
    change, found_by = FLAWS[flaw]

    def post(raw: bytes, headers: Mapping[str, str], deadline: float) -> Received:
        return change(target.sender.post(raw, headers, deadline))

    outcomes = list(run(_over(target, post), chosen(ids=SAMPLE)))
    assert {outcome.case.id for outcome in outcomes if not outcome.passed} == found_by


def test_an_answer_of_another_system_is_found(target: Target) -> None:
    other = dataclasses.replace(target, is_target=lambda _certificate: False)
    outcomes = list(run(other, chosen(ids=SAMPLE)))
    assert {outcome.case.id for outcome in outcomes if outcome.passed} == {"charset"}


def test_an_answer_to_another_request_is_found(target: Target) -> None:
    """A server that answers every question with what it answered the first time."""
    first: list[Received] = []

    def post(raw: bytes, headers: Mapping[str, str], deadline: float) -> Received:
        first.append(target.sender.post(raw, headers, deadline))
        return first[0]

    outcomes = list(run(_over(target, post), chosen(ids=("good-request", "resigned-request"))))
    assert [outcome.passed for outcome in outcomes] == [True, False]
    assert "answer-relates" in outcomes[1].complaints[0]


def test_a_server_that_is_silent_fails(target: Target) -> None:
    def post(*_sent: object) -> Received:
        raise CounterpartTimeout("nothing")

    (outcome,) = run(_over(target, post), chosen(ids=["expired"]))
    assert outcome.complaints == ("nothing came back: CounterpartTimeout",)


def test_a_run_ends_in_time_and_says_what_was_not_run(target: Target) -> None:
    ours = [case for case in load_cases() if case.fits("terminal") and case.situation is None]
    outcomes = list(run(target, ours, seconds=0))
    assert len(outcomes) == len(ours)
    assert {outcome.complaints for outcome in outcomes} == {("not run: the time of the run is over",)}


def test_what_cannot_be_sent_is_told_apart(target: Target) -> None:
    bare = dataclasses.replace(target, bad={})
    outcomes = list(run(bare, chosen(ids=["good-request", "expired-certificate", "move-too-late"])))
    assert [(one.passed, one.failed) for one in outcomes] == [(True, False), (False, False), (False, False)]
    report = json_report("x", outcomes)
    assert (report["passed"], report["failed"], report["not_run"]) == (1, 0, 2)
    suite = etree.fromstring(junit_report("x", outcomes))
    assert (suite.get("skipped"), len(suite.findall("testcase/skipped"))) == ("2", 2)
    assert html_report("x", outcomes).count('<summary class="not run">') == 2


def test_cases_of_other_services_are_left_out(target: Target) -> None:
    assert list(run(target, chosen(ids=["piece-too-early"]))) == []


def test_what_an_answer_tells_is_judged(target: Target) -> None:
    (case,) = chosen(ids=["good-request"])
    wanted = {"MATCH": True, "no_match": False}
    for result, holds in wanted.items():
        told = dataclasses.replace(case, tells={"result": result.lower()})
        (outcome,) = run(target, [told])
        assert outcome.passed is holds
    assert outcome.complaints == ("result is match, not no_match",)


def test_a_message_before_that_is_not_answered_fails_the_case(target: Target) -> None:
    (case,) = chosen(ids=["retry"])
    (outcome,) = run(_over(target, lambda *_: Received(503, "text/plain", b"")), [case])
    assert outcome.complaints[0] == "the message before it: HTTP status 503, not 200"


def _over(target: Target, post: Post) -> Target:
    return dataclasses.replace(target, sender=dataclasses.replace(target.sender, post=post))


def test_cases_are_chosen_by_family_and_by_id() -> None:
    assert {case.family for case in chosen(families=["time"])} == {"time"}
    assert [case.id for case in chosen(ids=["digest"])] == ["digest"]
    assert chosen() == load_cases()
    with pytest.raises(UsageError, match="no-such"):
        chosen(ids=["no-such"])


def test_ids_are_unique_and_every_case_names_its_clause() -> None:
    assert len({case.id for case in load_cases()}) == len(load_cases())
    assert [case.id for case in load_cases() if not case.clause or not case.requirement] == []


def test_reports_tell_what_failed_with_the_exact_bytes(target: Target) -> None:
    outcomes = list(run(dataclasses.replace(target, is_target=lambda _: False), chosen(ids=SAMPLE)))
    report = json_report("server <1>", outcomes)
    assert (report["passed"], report["failed"]) == (1, len(SAMPLE) - 1)
    for entry, outcome in zip(report["cases"], outcomes, strict=True):
        assert outcome.received is not None
        assert base64.b64decode(entry["sent"]) == outcome.sent
        assert base64.b64decode(entry["received"]) == outcome.received.body
    suite = etree.fromstring(junit_report("server <1>", outcomes))
    assert (suite.get("tests"), suite.get("failures")) == (str(len(SAMPLE)), str(len(SAMPLE) - 1))
    assert len(suite.findall("testcase/failure")) == len(SAMPLE) - 1
    page = html_report("server <1>", outcomes)
    assert "server &lt;1&gt;" in page
    assert len(re.findall(r'<summary class="failed">', page)) == len(SAMPLE) - 1
    assert etree.fromstring(outcomes[0].sent).findtext(".//{*}SignatureValue") in page
