"""The counts of step 2 and steps 3 and 4 in one look come to what they come to one by one.

On good messages and on mutants.
A yes (an envelope taken apart, or one of the two refusals that the look may raise) must be what the two steps
say; a no decides nothing. The step-by-step way is what names every other refusal.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from lxml import etree

from gateway.refusals import Refused
from gateway.wss.envelope import step_3_shape
from gateway.wss.parse import Parsed, step_2_counts, step_2_tree
from gateway.wss.profile import Limits
from gateway.wss.security import step_4_security
from gateway.wss.sign import Outgoing, sign
from gateway.wss.usual import usual_form
from tests.kit import identities
from tests.kit.evidence import file_signer
from tests.kit.messages import SERVICE, Draft, Style, good_answer, good_request
from tests.kit.mutating import change_bytes, change_tree

LIMITS = Limits()
BODY = f'<t:Ask xmlns:t="{SERVICE}"><t:name>髙橋\u3000𠮷子</t:name><t:empty/></t:Ask>'
STYLES = (
    Style(),
    Style(security_first=True, gap="\n", order=("signature", "timestamp", "token")),
    Style(soap="S", wsa="a", wsse="x", wsu="u", ds="d", digest="http://www.w3.org/2001/04/xmlenc#sha512"),
)
"""Some forms that are usual enough."""


@cache
def good(number: int, *, answer: bool) -> Draft:
    make = good_answer if answer else good_request
    return make(identities.identity("P-256"), style=STYLES[number], body=BODY)


def in_one_look(parsed: Parsed, limits: Limits = LIMITS) -> Any:
    """What the look says: None, the refusal, or everything that was read."""
    try:
        found = usual_form(parsed, limits)
    except Refused as refused:
        return refused.rule.name, refused.where, refused.found
    return None if found is None else parts(*found)


def step_by_step(parsed: Parsed, limits: Limits = LIMITS) -> Any:
    try:
        step_2_counts(parsed, limits)
        envelope = step_3_shape(parsed.root)
        return parts(envelope, step_4_security(envelope, limits))
    except Refused as refused:
        return refused.rule.name, refused.where, refused.found


def parts(*read: Any) -> list[dict[str, Any]]:
    """Elements are compared by identity: they are of one tree."""
    return [one._asdict() for one in read]


def same(raw: bytes, told: str, limits: Limits = LIMITS) -> str:
    """Both come to the same, where the look says anything; gives what it said."""
    try:
        parsed = step_2_tree(raw, limits)
    except Refused:
        return "unread"
    look = in_one_look(parsed, limits)
    if look is None:
        return "no"
    wanted = step_by_step(parsed, limits)
    if look != wanted:
        pytest.fail(f"{told}: {look} in one look, {wanted} step by step, of {raw!r}")
    return "yes" if isinstance(look, list) else "refused"


@pytest.mark.parametrize("answer", [False, True])
@pytest.mark.parametrize("number", range(len(STYLES)))
def test_a_usual_message_is_seen_as_one(number: int, answer: bool) -> None:
    assert same(good(number, answer=answer).raw(), "the good message") == "yes"


@pytest.mark.parametrize("relates_to", [None, "urn:uuid:1"])
def test_our_own_messages_are_usual(relates_to: str | None) -> None:
    confirms = None if relates_to is None else "AAAA"
    outgoing = Outgoing(etree.fromstring(BODY), "urn:to", "urn:do", "urn:uuid:2", relates_to, confirms)
    signed = sign(outgoing, file_signer(), datetime.now(UTC))
    assert same(signed.raw, "our own") == "yes"


@pytest.mark.parametrize("answer", [False, True])
@pytest.mark.parametrize("number", range(len(STYLES)))
def test_changes_of_the_bytes(number: int, answer: bool) -> None:
    draw = random.Random(f"bytes {number} {answer}")  # noqa: S311 - a seed that replays, no secret
    original = good(number, answer=answer).raw()
    seen = {"unread": 0, "no": 0, "yes": 0, "refused": 0}
    for count in range(1_000):
        raw = original
        for _ in range(draw.choice((1, 1, 2))):
            raw = change_bytes(raw, draw)
        seen[same(raw, f"change {count}")] += 1
    assert min(seen.values()) > 10, seen


@pytest.mark.parametrize("answer", [False, True])
@pytest.mark.parametrize("number", range(len(STYLES)))
def test_changes_of_the_structure(number: int, answer: bool) -> None:
    draw = random.Random(f"structure {number} {answer}")  # noqa: S311 - a seed that replays, no secret
    original = good(number, answer=answer)
    seen = {"unread": 0, "no": 0, "yes": 0, "refused": 0}
    for count in range(700):
        draft = Draft(original.root.copy(), original.identity)
        for _ in range(draw.choice((1, 1, 2))):
            change_tree(draft, draw)
        seen[same(draft.raw(), f"change {count}")] += 1
    assert seen["no"] > 100, seen
    assert seen["yes"] > 10, seen


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<soap:Envelope ", b'<soap:Envelope xml:lang="ja" '),
        (
            b"<soap:Envelope ",
            b'<soap:Envelope xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="0" ',
        ),
        (b"<t:name>", b'<t:name xml:id="body-1">'),
        (b"<t:name>", b'<t:name AssertionID="body-1">'),
        (b"</soap:Header>", b"x</soap:Header>"),
        (b"</soap:Header>", b'<o:o xmlns:o="urn:o"/></soap:Header>'),
        (b"</t:Ask>", b"</t:Ask><o:o xmlns:o='urn:o'/>"),
        (b"<wsu:Expires>", b'<wsu:Expires ValueType="x">'),
        (b"<wsa:To ", b"<wsa:To soap:mustUnderstand='1' "),
    ],
)
def test_what_is_not_usual(old: bytes, new: bytes) -> None:
    raw = good(0, answer=False).raw()
    if old not in raw:
        raise AssertionError(old)
    told = same(raw.replace(old, new, 1), old.decode())
    assert told == "no"


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        (Limits(depth=9), "yes"),
        (Limits(depth=8), "no"),
        (Limits(attributes=3), "yes"),
        (Limits(attributes=2), "no"),
        (Limits(elements=112), "yes"),
        (Limits(elements=111), "no"),
    ],
)
def test_past_a_bound_of_step_2_nothing_is_usual(limits: Limits, told: str) -> None:
    """With a bound as low as the message needs it, and one lower; elements count by their tags."""
    body = "<t:Ask xmlns:t='urn:t'>" + "<t:a>" * 6 + "</t:a>" * 6 + "</t:Ask>"
    assert same(good_request(identities.identity("P-256"), body=body).raw(), "a bound", limits) == told


@pytest.mark.parametrize("depth", [60, 61, 62, 63])
def test_a_deep_body(depth: int) -> None:
    """About the profile's own bound of 64 levels."""
    body = "<t:Ask xmlns:t='urn:t'>" + "<t:a>" * depth + "</t:a>" * depth + "</t:Ask>"
    told = same(good_request(identities.identity("P-256"), body=body).raw(), f"depth {depth}")
    assert told == ("yes" if depth + 3 <= LIMITS.depth else "no")
