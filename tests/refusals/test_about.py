"""What a refusal tells of the message: enough to bind a fault to it, and never more than was verified.

MessageID from step 4 on, SignatureValue only once step 8 has passed (profile, "Faults").
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.refusals import Refused
from tests.kit import identities
from tests.kit.identities import NOW
from tests.kit.messages import MESSAGE_ID, SERVICE, good_request
from tests.kit.refusal import Bench, check, replaced

BEFORE = {"DOCTYPE": 2, "two Bodies": 3, "no Timestamp": 4}
UNBOUND = {"SHA-1": 5, "Body unsigned": 6, "another anchor": 7, "digest": 8, "signature value": 8}
BOUND = {"expired": 9, "another address": 10, "another Body": 10}


def message(flaw: str) -> bytes:
    """A good message with one flaw."""
    draft = good_request()
    if flaw == "two Bodies":
        draft.body.after(draft.body.copy())
    elif flaw == "no Timestamp":
        draft.timestamp.cut()
    elif flaw == "SHA-1":
        draft.root.one("DigestMethod").attributes["Algorithm"] = "http://www.w3.org/2000/09/xmldsig#sha1"
    elif flaw == "Body unsigned":
        draft.reference(draft.body).cut()
        draft.resign()
    elif flaw == "another anchor":
        draft = good_request(identities.TestAuthority("Refusal Test CA").identity("P-256"))
    elif flaw == "signature value":
        draft.root.one("Signature").attributes["Id"] = "outside"
        draft.resign(identities.authority().identity("P-256", "somebody else"))
    elif flaw == "expired":
        draft = good_request(created=NOW - timedelta(hours=1))
    elif flaw == "another address":
        draft = good_request(to="https://127.0.0.1/other")
    elif flaw == "another Body":
        draft = good_request(body=f'<t:Other xmlns:t="{SERVICE}"/>')
    raw = draft.raw()
    if flaw == "DOCTYPE":
        return b"<!DOCTYPE x>" + raw
    return replaced(raw, "東京都", "大阪府") if flaw == "digest" else raw


def refusal(bench: Bench, flaw: str, step: int) -> Refused:
    """The refusal that this flaw brings."""
    with pytest.raises(Refused) as caught:
        bench.request(message(flaw))
    check(caught.value.rule.step == step, f"{flaw}: {caught.value}")
    return caught.value


@pytest.mark.parametrize(("flaw", "step"), BEFORE.items(), ids=BEFORE)
def test_nothing_is_known_before_step_4_has_passed(bench: Bench, flaw: str, step: int) -> None:
    about = refusal(bench, flaw, step).about
    check(about.message_id is None, "MessageID")
    check(about.signature_value is None, "SignatureValue")


@pytest.mark.parametrize(("flaw", "step"), UNBOUND.items(), ids=UNBOUND)
def test_the_message_id_is_known_from_step_4_on(bench: Bench, flaw: str, step: int) -> None:
    about = refusal(bench, flaw, step).about
    check(about.message_id == MESSAGE_ID, "MessageID")
    check(about.signature_value is None, "a signature that was not verified is not confirmed")


@pytest.mark.parametrize(("flaw", "step"), BOUND.items(), ids=BOUND)
def test_the_signature_is_known_once_step_8_has_passed(bench: Bench, flaw: str, step: int) -> None:
    about = refusal(bench, flaw, step).about
    check(about.message_id == MESSAGE_ID, "MessageID")
    check(about.signature_value is not None, "SignatureValue")


@pytest.mark.parametrize("text", ["1", "urn:", "urn:a b", "urn:" + "x" * 253])
def test_a_message_id_that_is_none_is_not_repeated(bench: Bench, text: str) -> None:
    # Our answer's RelatesTo would carry the sender's text under our signature.
    with pytest.raises(Refused) as caught:
        bench.request(replaced(good_request(message_id=text).raw(), "東京都", "大阪府"))
    check(caught.value.about.message_id is None, "MessageID")


@pytest.mark.parametrize("flaw", [*BEFORE, *UNBOUND, *BOUND])
def test_no_text_of_the_body_in_a_refusal(bench: Bench, flaw: str) -> None:
    steps = BEFORE | UNBOUND | BOUND
    refused = refusal(bench, flaw, steps[flaw])
    told = f"{refused} {refused!r} {refused.found} {refused.wanted} {refused.where} {refused.about}"
    for secret in ("髙橋", "東京都", "大阪府", "葛"):
        check(secret not in told, "personal data in a refusal")


def test_parser_messages_quote_nothing(bench: Bench) -> None:
    for new in ("<東京都>", "&東京都;", "&#0;東京都", "<t:東京都 a=1/>"):
        with pytest.raises(Refused) as caught:
            bench.request(replaced(good_request().raw(), "東京都", new))
        check(
            "東京都" not in f"{caught.value} {caught.value.found}", "the parser's message quotes the document"
        )
