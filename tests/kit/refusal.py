"""How the refusal tests try a message and judge what came of it.

Nothing here relies on ``assert``: under ``python -O`` only pytest's rewritten asserts of test modules
would be gone, and a suite that checks nothing must not pass. ``Unexpected`` is raised by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from gateway.refusals import Refused
from gateway.wss.verify import AnswerContext, RequestContext, SecuredMessage, VerifiedMessage, Verifier
from tests.kit import messages
from tests.kit.identities import NOW
from tests.kit.messages import Draft

REQUEST = RequestContext(
    addresses=frozenset({messages.TO}),
    actions={messages.ACTION: f"{{{messages.SERVICE}}}Ask"},
    soap_action=messages.ACTION,
)
ANSWER = AnswerContext(
    message_id=messages.MESSAGE_ID,
    signature_value=messages.CONFIRMED,
    actions={messages.ANSWER_ACTION: f"{{{messages.SERVICE}}}AskAnswer"},
)


class Unexpected(AssertionError):
    """A message was accepted, or refused by another rule than the test names."""


def check(holds: object, text: str) -> None:
    """Like ``assert``, but also under ``python -O``."""
    if not holds:
        raise Unexpected(text)


@contextmanager
def expect_refusal(rule: str, fault: str) -> Iterator[None]:
    """The block must refuse by exactly this rule, and the sender must see exactly this fault."""
    try:
        yield
    except Refused as refused:
        seen = (refused.rule.name, str(refused.rule.fault))
        if seen != (rule, fault):
            raise Unexpected(
                f"refused by {seen}, wanted {(rule, fault)}; {refused} found {refused.found!r}"
            ) from refused
        return
    raise Unexpected(f"accepted; wanted {rule}, {fault}")


@dataclass(frozen=True)
class Bench:
    """One verifier (one engine) and the good context of the tests' messages."""

    verifier: Verifier

    def request(
        self, message: Draft | bytes, *, now: datetime = NOW, expected: RequestContext = REQUEST
    ) -> VerifiedMessage:
        """Verify as a request, steps 2 to 10."""
        return self.verifier.request(_raw(message), expected, now)

    def answer(
        self, message: Draft | bytes, *, now: datetime = NOW, expected: AnswerContext = ANSWER
    ) -> VerifiedMessage:
        """Verify as an answer, steps 2 to 10."""
        return self.verifier.answer(_raw(message), expected, now)

    def secured(self, message: Draft | bytes, *, now: datetime = NOW) -> SecuredMessage:
        """Verify steps 2 to 9 only."""
        return self.verifier.secured(_raw(message), now)

    def refuses(
        self,
        message: Draft | bytes,
        rule: str,
        fault: str,
        *,
        now: datetime = NOW,
        expected: RequestContext = REQUEST,
    ) -> None:
        """The message, as a request, must be refused by this rule with this fault."""
        with expect_refusal(rule, fault):
            self.request(message, now=now, expected=expected)

    def refuses_answer(
        self, message: Draft | bytes, rule: str, fault: str, *, expected: AnswerContext = ANSWER
    ) -> None:
        """The message, as an answer, must be refused by this rule with this fault."""
        with expect_refusal(rule, fault):
            self.answer(message, expected=expected)

    def accepts(self, message: Draft | bytes, *, now: datetime = NOW) -> None:
        """The message, as a request, must pass steps 2 to 10."""
        try:
            self.request(message, now=now)
        except Refused as refused:
            raise Unexpected(f"{refused}; found {refused.found!r}, wanted {refused.wanted!r}") from refused


def replaced(raw: bytes, old: bytes | str, new: bytes | str) -> bytes:
    """The bytes with the one place where ``old`` stands changed to ``new``."""
    old = old.encode() if isinstance(old, str) else old
    new = new.encode() if isinstance(new, str) else new
    check(raw.count(old) == 1, f"{old!r} stands {raw.count(old)} times")
    return raw.replace(old, new)


def _raw(message: Draft | bytes) -> bytes:
    return message if isinstance(message, bytes) else message.raw()
