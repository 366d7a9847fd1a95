"""A traced message: which steps passed, what refused, what is covered; the verifier says the same."""

from __future__ import annotations

import base64

import pytest
from lxml import etree

from gateway.refusals import Refused
from gateway.wss.trace import STEPS, Outcome, Trace
from gateway.wss.verify import Verifier
from tests.kit import pages, tree
from tests.kit.identities import NOW
from tests.kit.messages import Draft, good_answer, good_fault, good_request
from tests.kit.refusal import REQUEST

P, R, N = Outcome.PASSED, Outcome.REFUSED, Outcome.NOT_REACHED


def outcomes(trace: Trace) -> list[Outcome]:
    assert [step.step for step in trace.steps] == list(STEPS)
    return [step.outcome for step in trace.steps]


@pytest.mark.parametrize(
    ("message", "answer"), [(good_request(), False), (good_answer(), True), (good_fault(), True)]
)
def test_a_good_message_passes_every_step(message: Draft, answer: bool) -> None:
    trace = pages.traced(message, answer=answer)
    assert outcomes(trace) == [P] * 9
    assert trace.refused is None
    assert trace.message is not None
    assert trace.certificate is not None
    assert [link.subject for link in trace.certificate.chain][-1] == "CN=Refusal Test CA,O=Refusal Tests,C=JP"
    assert all(part.holds for part in trace.covered)


def test_what_is_covered_and_where_it_stands() -> None:
    message = good_request()
    trace = pages.traced(message)
    assert [part.name for part in trace.covered] == [
        "Body", "Timestamp", "BinarySecurityToken", "To", "Action", "MessageID",
    ]  # fmt: skip
    elements = list(etree.fromstring(message.raw()).iter())
    assert [etree.QName(elements[part.index]).localname for part in trace.covered] == [
        part.name for part in trace.covered
    ]
    assert {part.algorithm for part in trace.covered} == {"sha256"}


def test_a_changed_body() -> None:
    trace = pages.traced(pages.changed_body())
    assert outcomes(trace) == [P, P, P, P, P, P, R, N, N]
    refused = trace.refused
    assert refused is not None
    assert refused.rule is not None
    assert (refused.rule.name, refused.where) == ("digest", "Body")
    assert [part.name for part in trace.covered if not part.holds] == ["Body"]
    body = trace.covered[0]
    assert (refused.found, refused.wanted) == (f"computed {body.computed}", f"received {body.digest}")
    assert trace.certificate is not None
    assert trace.message is None


def test_a_moved_body() -> None:
    message = good_request()
    signed = message.body
    forged = signed.copy()
    forged.attributes["wsu:Id"] = "forged"
    signed.before(forged)
    wrapper = tree.parse('<m:Moved xmlns:m="urn:example:moved"/>')
    wrapper.insert(0, signed.cut())
    message.header.insert(0, wrapper)
    trace = pages.traced(message)
    assert outcomes(trace) == [P, P, P, P, R, N, N, N, N]
    assert trace.covered == ()
    assert trace.certificate is None
    assert trace.about.chain  # the token was read


def test_a_token_that_is_no_certificate_ends_before_the_references() -> None:
    message = good_request()
    message.token.text = base64.b64encode(b"no certificate").decode()
    trace = pages.traced(message.resign())
    assert trace.refused is not None
    assert trace.refused.rule is not None
    assert trace.refused.rule.name == "token-unreadable"
    assert outcomes(trace) == [P, P, P, P, N, R, N, N, N]


def test_a_body_that_is_too_large_is_refused_where_it_is_parsed() -> None:
    trace = pages.traced(good_request().raw() + b" " * 300_000)
    assert outcomes(trace) == [R, N, N, N, N, N, N, N, N]


@pytest.mark.parametrize("raw", [b"", b"\xff\xfe", b"<!DOCTYPE a><a/>", b"<a>", b"\x00" * 100])
def test_bytes_that_are_no_message(raw: bytes) -> None:
    trace = pages.traced(raw)
    assert outcomes(trace)[0] is R
    assert trace.about.message_id is None


def test_the_verifier_says_the_same() -> None:
    """The order is the verifier's own: for every cut of a message both refuse by one rule."""
    whole = pages.changed_body()
    verifier = Verifier(pages.trust())
    for end in range(0, len(whole), 97):
        raw = whole[:end]
        with pytest.raises(Refused) as refused:
            verifier.request(raw, REQUEST, NOW)
        told = pages.traced(raw).refused
        assert told is not None
        assert told.rule == refused.value.rule
