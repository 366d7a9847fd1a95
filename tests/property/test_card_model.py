"""Cards of one person under any sequence of events, against the table of the page and nothing else.

Two real stores with the messages between them carried by hand, in any order with what happens there. After
every step the states here and there are those that the model has; once all is delivered both systems agree.
"""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from gateway.domain.card import CardEvent, CardState
from gateway.domain.card_update import CardActor, CardReceipt, CardResult, RevocationReason
from gateway.flows.identity_update import japanese_day
from tests.kit.card_office import CARDS, ELSEWHERE, Town, card_of, code_of, serial_of, update
from tests.kit.examples import examples

S, E, R = CardState, CardEvent, CardResult
# The diagram of docs/flows/card-management.md, without 転入, which changes no state.
ARROWS = {
    (S.BEFORE_ISSUE, E.ISSUE): S.ACTIVE,
    (S.ACTIVE, E.CONTINUE): S.HELD,
    (S.HELD, E.RETURN): S.ACTIVE,
    (S.SUSPENDED, E.LIFT_SUSPENSION): S.ACTIVE,
    (S.REVOKED, E.COLLECT): S.COLLECTED,
    **{(state, E.REVOKE): S.REVOKED for state in (S.BEFORE_ISSUE, S.ACTIVE, S.SUSPENDED, S.HELD)},
}
VALID = {S.ACTIVE, S.SUSPENDED, S.HELD}
AT_THE_COUNTER = (E.ISSUE, E.LIFT_SUSPENSION, E.CONTINUE, E.RETURN, E.REVOKE, E.COLLECT)
EXAMPLES = examples(60)


class Cards(RuleBasedStateMachine):
    """Two cards of one person, one of them waiting to be issued."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.town = Town.open(self.folder / "town")
        self.town.settle_in(1)
        self.state = {1: S.ACTIVE, 2: S.BEFORE_ISSUE}
        self.moved = {1: False, 2: False}
        self.ends: dict[int, dt.date | None] = {}

    @initialize(moved=st.booleans(), days=st.integers(1, 200))
    def begin(self, moved: bool, days: int) -> None:
        until = self.today + dt.timedelta(days=days)
        first = card_of(valid_until=until, **({"municipality": ELSEWHERE} if moved else {}))
        self.ends = {1: until, 2: None}
        self.moved[1] = moved
        self.town.make(first, card_of(S.BEFORE_ISSUE, 2, code=code_of(1)))
        if moved:
            self.person(E.MOVE, None)

    @property
    def today(self) -> dt.date:
        return japanese_day(self.town.clock)

    def person(self, event: CardEvent, reason: RevocationReason | None) -> CardReceipt | None:
        """An event of the person's, for all cards."""
        actor = CardActor.GATEWAY if event is E.MOVE else CardActor.REGISTRY
        asked = update(event, serial=None, actor=actor, reason=reason, event_date=self.today)
        if actor is CardActor.REGISTRY:
            receipt = self.town.revoke(asked)
        else:
            receipt = None
            (work,) = self.town.updates.of_people([(asked, asked.code)])
            with self.town.here.unit_of_work() as unit:
                self.town.updates._write(unit, (work,))
        self.town.deliver()
        return receipt

    @rule(number=st.sampled_from([1, 2]), event=st.sampled_from(AT_THE_COUNTER))
    def a_clerk(self, number: int, event: CardEvent) -> None:
        reason = RevocationReason.LOST if event is E.REVOKE else None
        asked = update(event, code=code_of(1), serial=serial_of(number), reason=reason, event_date=self.today)
        receipt = self.town.update(asked)
        before = self.state[number]
        legal = (before, event) in ARROWS
        if event is E.ISSUE and self.state[3 - number] in VALID:
            wanted = R.OTHER_CARD_IN_USE if legal else R.NOT_ALLOWED
        elif event is E.CONTINUE and not self.moved[number]:
            wanted = R.NOT_MOVED if legal else R.NOT_ALLOWED
        else:
            wanted = R.ACCEPTED if legal else R.NOT_ALLOWED
        assert receipt.result is wanted
        if wanted is not R.ACCEPTED:
            assert receipt.cards[0].state is before
            known = {one for state, one in ARROWS if state is before}
            assert set(receipt.allowed) - {E.SUSPEND, E.MOVE} == known
            return
        self.state[number] = ARROWS[before, event]
        if event is E.CONTINUE:
            self.moved[number] = False
        if event is E.ISSUE:
            self.ends[number] = None

    @rule(number=st.sampled_from([1, 2]))
    def the_call_centre(self, number: int) -> None:
        self.town.deliver()
        assert self.town.suspend(number) is (self.state[number] is S.ACTIVE)
        if self.state[number] is S.ACTIVE:
            self.state[number] = S.SUSPENDED

    @rule()
    def a_death(self) -> None:
        self.town.deliver()
        receipt = self.person(E.REVOKE, RevocationReason.DEATH)
        assert receipt is not None and receipt.result is R.ACCEPTED
        for number, state in self.state.items():
            self.state[number] = ARROWS.get((state, E.REVOKE), state)

    @rule(days=st.integers(1, 60))
    def time(self, days: int) -> None:
        self.town.deliver()
        self.town.pass_time(days)
        for number, end in self.ends.items():
            late = end is not None and self.today > end
            waits = self.moved[number] and self.state[number] in VALID
            over = waits and self.today > dt.date(2026, 11, 26) + dt.timedelta(days=90)
            if (late or over) and self.state[number] in VALID:
                self.state[number] = S.REVOKED

    @rule()
    def delivery(self) -> None:
        for receipt in self.town.deliver():
            assert receipt.result.is_done
        for number in (1, 2):
            here, there = self.town.card(number).state, self.town.card(number, there=True).state
            # Of a suspension we learn when we ask, or with the next receipt.
            assert here is there or (there is S.SUSPENDED and here is S.ACTIVE)

    @invariant()
    def one_valid_card(self) -> None:
        assert sum(state in VALID for state in self.state.values()) <= 1

    @invariant()
    def the_states_are_those_of_the_model(self) -> None:
        for number, state in self.state.items():
            found = self.town.card(number).state
            # Of a suspension we learn when we ask.
            assert found is state or (state is S.SUSPENDED and found is S.ACTIVE)

    def teardown(self) -> None:
        assert all(receipt.result.is_done for receipt in self.town.deliver())
        assert self.town.here.outbox.blocked() == frozenset() or CARDS not in self.town.here.outbox.blocked()
        self.town.close()
        shutil.rmtree(self.folder)


Cards.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=14,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestCards: Any = pytest.mark.timeout(400)(Cards.TestCase)
