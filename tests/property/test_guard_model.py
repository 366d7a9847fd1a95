"""The duplicate guard, over the real tables, against a model of a dozen lines, with time moving."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from gateway.clock import FixedClock
from gateway.refusals import Refused
from gateway.store import Arrival, Claimed, ClaimLost, InProgress, Store, Stored, StoredAnswer, Token
from tests.kit.examples import examples

_LEASE, _SEEN = timedelta(seconds=10), timedelta(minutes=6)
_KEEP = {"question": timedelta(hours=1), "change": timedelta(days=90)}


@dataclass
class Message:
    """What the model remembers of one (sender, MessageID)."""

    content: bytes
    kept_until: datetime
    holder: Token | None
    lease_until: datetime
    answer: StoredAnswer | None = None


@dataclass(frozen=True)
class Claim:
    """A claim that the guard granted."""

    key: tuple[str, str]
    token: Token


class GuardAgainstModel(RuleBasedStateMachine):
    """Every outcome of the guard is the one that the model foretells."""

    claims = Bundle("claims")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.clock = FixedClock(datetime(2026, 11, 23, 9, 0, tzinfo=UTC))
        self.store = Store.open(self.folder, clock=self.clock, upgrade=True)
        self.messages: dict[tuple[str, str], Message] = {}
        self.seen: dict[bytes, datetime] = {}
        self.signatures = 0
        self.answers = 0

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)

    def _expected(self, key: tuple[str, str], content: bytes, signature: bytes) -> object:
        now = self.clock.now()
        known = self.messages.get(key)
        if signature in self.seen:
            return "replayed"
        if known is None or known.kept_until <= now:
            return Claimed
        if known.content != content:
            return "message-id-reused"
        if known.answer is not None:
            return Stored(known.answer)
        if known.holder is not None and now < known.lease_until:
            return InProgress(known.lease_until)
        return Claimed

    @rule(
        target=claims,
        sender=st.sampled_from(["t1", "t2"]),
        message_id=st.sampled_from(["m1", "m2"]),
        content=st.sampled_from([b"c1", b"c2"]),
        kind=st.sampled_from(sorted(_KEEP)),
        replay=st.none() | st.integers(0, 30),
        in_one_transaction=st.booleans(),
    )
    def present(
        self,
        *,
        sender: str,
        message_id: str,
        content: bytes,
        kind: str,
        replay: int | None,
        in_one_transaction: bool,
    ) -> Claim | None:
        """A message arrives: freshly signed, or with a SignedInfo that may have been seen."""
        if replay is None or replay >= self.signatures:
            self.signatures += 1
        number = self.signatures if replay is None or replay >= self.signatures else replay
        signature, key, now = b"s%d" % number, (sender, message_id), self.clock.now()
        expected = self._expected(key, content, signature)
        found: object
        try:
            arrival = Arrival(*key, content, signature, now, now + _SEEN)
            times = {"lease_until": now + _LEASE, "keep_until": now + _KEEP[kind]}
            if in_one_transaction:
                with self.store.unit_of_work() as work:
                    outcome = work.guard.claim(arrival, **times)
            else:
                outcome = self.store.guard.claim(arrival, **times)
        except Refused as refused:
            found = refused.rule.name
        else:
            self.seen[signature] = now + _SEEN
            found = Claimed if isinstance(outcome, Claimed) else outcome
        if found != expected:
            raise AssertionError(f"found {found!r}, the model says {expected!r}")
        if found is not Claimed:
            return None
        assert isinstance(outcome, Claimed)
        self.messages[key] = Message(content, times["keep_until"], outcome.token, times["lease_until"])
        return Claim(key, outcome.token)

    def _holds(self, claim: Claim) -> bool:
        known = self.messages.get(claim.key)
        return known is not None and known.holder == claim.token

    def _finish(self, claim: Claim | None, how: str) -> bool:
        """Settle, release or forget; whether the guard took it, which must be what the model says."""
        if claim is None:
            return False
        self.answers += 1
        answer = StoredAnswer("a", b"%d" % self.answers, fault=self.answers % 2 == 0)
        held = self._holds(claim)
        try:
            if how == "settle":
                self.store.guard.settle(claim.token, answer)
            else:
                getattr(self.store.guard, how)(claim.token)
        except ClaimLost:
            if held:
                raise AssertionError(f"{how} was refused to the holder") from None
            return False
        if not held:
            raise AssertionError(f"{how} was granted to somebody who no longer holds the claim")
        message = self.messages[claim.key]
        message.holder = None
        if how == "settle":
            message.answer = answer
        if how == "forget":
            del self.messages[claim.key]
        return True

    @rule(claim=claims, how=st.sampled_from(["settle", "release", "forget"]))
    def finish(self, claim: Claim | None, how: str) -> None:
        """A worker finishes; the same claim may come back later, which must then fail."""
        self._finish(claim, how)

    @rule(claim=consumes(claims))
    def crash(self, claim: Claim | None) -> None:
        """A worker is gone for good."""

    @rule(
        by=st.sampled_from(
            [
                timedelta(microseconds=1),
                _LEASE - timedelta(microseconds=1),
                _LEASE,
                _SEEN,
                timedelta(hours=1),
                timedelta(days=90),
            ]
        )
    )
    def time_passes(self, by: timedelta) -> None:
        """To a bound, over it, or nearly nothing."""
        self.clock.advance(by)

    @rule()
    def sweep(self) -> None:
        """What is over goes, and nothing else."""
        now = self.clock.now()
        while self.store.sweep(now, limit=2):
            pass
        self.messages = {key: m for key, m in self.messages.items() if m.kept_until > now}
        self.seen = {digest: until for digest, until in self.seen.items() if until > now}

    @rule()
    def restart(self) -> None:
        """The process ends and another begins."""
        self.store.close()
        self.store = Store.open(self.folder, clock=self.clock)

    @invariant()
    def nothing_more_is_kept_than_the_model_keeps(self) -> None:
        """Growth is bounded by what the rules keep."""
        with self.store.read() as connection:
            count = connection.exec_driver_sql
            rows = count("SELECT count(*) FROM guard_messages").scalar_one()
            digests = count("SELECT count(*) FROM guard_signatures").scalar_one()
        if (rows, digests) != (len(self.messages), len(self.seen)):
            raise AssertionError(f"{rows} and {digests}, not {len(self.messages)} and {len(self.seen)}")


TestGuardAgainstModel = GuardAgainstModel.TestCase
TestGuardAgainstModel.settings = settings(max_examples=examples(50), stateful_step_count=40, deadline=None)
