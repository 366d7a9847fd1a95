"""Special move-ins of one person between three towns under any interleaving of what people and machines do.

Three real stores with the messages between them carried by hand: lost answers, towns that are down,
dispatchers that die with a message in their hands, days that pass. After every step the rules of the page
docs/flows/special-move-in.md must hold, which are written down here a second time; once everything is
delivered no move may hang between two towns. A failing run is printed as a script; its seed finds it again.
"""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gateway.domain.change import Presence
from gateway.domain.identifiers import MunicipalityCode
from gateway.domain.move import ENDED, MoveEvent, MoveRole, MoveState
from gateway.domain.move_messages import MoveActor, MoveResult
from gateway.domain.move_record import Move
from gateway.moves import commit_move, move_writer
from gateway.store import Wanted
from tests.kit.examples import examples
from tests.kit.moves import NEW_TOWN, OLD_TOWN, certificate, leaving, person_code
from tests.kit.two_towns import OTHER_TOWN, PREFECTURE, Country, Town, cs_of, entering

S, R, E = MoveState, MoveResult, MoveEvent
NEW, OLD = MoveRole.NEW_TOWN, MoveRole.OLD_TOWN
DESTINATIONS = (NEW_TOWN, OTHER_TOWN)
# The diagrams of the page.
ARROWS: dict[MoveState | None, dict[MoveEvent, MoveState]] = {
    None: {E.PUSH: S.PREPARED, E.REQUEST: S.REQUESTED, E.REGISTER: S.REGISTERED},
    S.PREPARED: {E.PUSH: S.PREPARED, E.REQUEST: S.REQUESTED, E.WITHDRAW: S.WITHDRAWN, E.LAPSE: S.LAPSED},
    S.REQUESTED: {E.RECEIVE: S.RECEIVED, E.REFUSE: S.REFUSED, E.WITHDRAW: S.WITHDRAWN},
    S.REFUSED: {E.REQUEST: S.REQUESTED, E.PUSH: S.PREPARED, E.WITHDRAW: S.WITHDRAWN},
    S.RECEIVED: {E.RECEIVE: S.RECEIVED, E.TAKE: S.TAKEN, E.COMPLETE: S.COMPLETED, E.WITHDRAW: S.WITHDRAWN},
    S.TAKEN: {E.RECEIVE: S.RECEIVED, E.COMPLETE: S.COMPLETED, E.WITHDRAW: S.WITHDRAWN},
    S.COMPLETED: {E.NOTICE_TAKEN: S.NOTIFIED, E.NOTICE_DENIED: S.NOTICE_REFUSED},
    S.NOTICE_REFUSED: {E.RETRY: S.COMPLETED},
    S.REGISTERED: {
        E.REGISTER: S.REGISTERED,
        E.ASK: S.SENT,
        E.ARRIVE: S.ARRIVED,
        E.CANCEL: S.CANCELLED,
        E.LAPSE: S.EXPIRED,
    },
    S.SENT: {E.ASK: S.SENT, E.DELIVER: S.DELIVERED, E.RELEASE: S.REGISTERED, E.ARRIVE: S.ARRIVED},
    S.DELIVERED: {E.ASK: S.SENT, E.RELEASE: S.REGISTERED, E.ARRIVE: S.ARRIVED},
    S.EXPIRED: {E.REGISTER: S.REGISTERED, E.ASK: S.SENT, E.ARRIVE: S.ARRIVED, E.CANCEL: S.CANCELLED},
    S.ARRIVED: {E.ARRIVE: S.ARRIVED, E.TAKE: S.SETTLED},
}
HOLDS = {S.RECEIVED, S.TAKEN, S.COMPLETED, S.NOTIFIED, S.NOTICE_REFUSED}
DONE = {S.COMPLETED, S.NOTIFIED, S.NOTICE_REFUSED}
EXAMPLES = examples(40)


class Moves(RuleBasedStateMachine):
    """One person, who leaves one town for one of two others."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.country = Country(self.folder, OLD_TOWN, *DESTINATIONS)
        self.old = self.country.old
        self.old.settle_in(1)

    def teardown(self) -> None:
        try:
            self.country.down.clear()
            self.country.settle()
            self.everything_holds()
            self.nothing_hangs()
        finally:
            self.country.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    @initialize(ahead=st.booleans(), days=st.integers(0, 32))
    def leave(self, ahead: bool, days: int) -> None:
        planned = self.today + timedelta(days=days - 28)
        self.old.register(certificate(leaving(1), planned_on=planned), ahead=ahead)

    @rule(ahead=st.booleans(), days=st.integers(-35, 5))
    def register(self, ahead: bool, days: int) -> None:
        planned = self.today + timedelta(days=days)
        before = self.old.move(OLD)
        result = self.old.register(certificate(leaving(1), planned_on=planned), ahead=ahead).result
        free = before is None or before.state in {*ENDED, S.REGISTERED, S.EXPIRED}
        if days < -30:
            assert result is R.LATE_BY_PLAN
        elif free:
            assert result in {R.ACCEPTED, R.ALREADY_ACCEPTED}
        else:
            assert result in {R.OPEN_ALREADY, R.ALREADY_ACCEPTED}

    @rule(town=st.sampled_from(DESTINATIONS), ago=st.integers(0, 16))
    def request(self, town: MunicipalityCode, ago: int) -> None:
        there = self.town(town)
        before = there.move(NEW)
        here = there.store.changes.standing(person_code(1), town.digits).presence is Presence.ON_RECORD
        result = there.request(moved_on=self.today - timedelta(days=ago)).result
        if here:
            assert result is R.RECORDED_SINCE
        elif before is not None and before.state in {S.REQUESTED, S.RECEIVED, S.TAKEN}:
            assert result is R.ALREADY_ACCEPTED
        elif ago > 14:
            assert result in {R.LATE_BY_MOVE, R.LATE_BY_PLAN}
        elif before is None or before.state in {*ENDED, S.REFUSED, S.PREPARED}:
            planned = before.planned_on if before is not None and before.state is S.PREPARED else None
            late = planned is not None and self.today > planned + timedelta(days=30)
            assert result is (R.LATE_BY_PLAN if late else R.ACCEPTED)

    @rule(town=st.sampled_from(DESTINATIONS), actor=st.sampled_from(["terminal", "resident_record"]))
    def give_up(self, town: MunicipalityCode, actor: str) -> None:
        there = self.town(town)
        move = there.move(NEW)
        if move is None:
            return
        result = there.step("CancelMoveIn", move.reference, actor).result
        may = E.WITHDRAW in ARROWS.get(move.state, {})
        assert result is (
            R.ACCEPTED if may else R.ALREADY_ACCEPTED if move.state is S.WITHDRAWN else R.NOT_ALLOWED
        )

    @rule(town=st.sampled_from(DESTINATIONS), carried=st.integers(0, 3))
    def change_their_minds(self, town: MunicipalityCode, carried: int) -> None:
        """They give up and come again; as many messages of the town get through as may be."""
        self.give_up(town, "terminal")
        self.request(town, 0)
        for _ in range(carried):
            self.country.carry(self.town(town))

    @rule()
    def cancel_the_move_out(self) -> None:
        move = self.old.move(OLD)
        if move is not None:
            result = self.old.step("CancelTransferCertificate", move.reference).result
            assert (result is R.ACCEPTED) is (move.state in {S.REGISTERED, S.EXPIRED})

    @rule(town=st.sampled_from((OLD_TOWN, *DESTINATIONS)))
    def take(self, town: MunicipalityCode) -> None:
        there = self.town(town)
        for view in there.waiting():
            result = there.step("AcknowledgeMove", view.reference).result
            assert (result is R.ACCEPTED) is (view.state in {S.RECEIVED, S.ARRIVED})

    @rule(town=st.sampled_from(DESTINATIONS), first=st.booleans())
    def complete(self, town: MunicipalityCode, first: bool) -> None:
        there = self.town(town)
        move = there.move(NEW)
        if move is None or move.moved_on is None:
            return
        change = entering(1, town, move.moved_on)
        if first and move.state in HOLDS:
            there.report(change)  # flow 1 comes before
        result = there.complete(move.reference, change).result
        if move.state in {S.RECEIVED, S.TAKEN}:
            assert result is R.ACCEPTED
        else:
            assert result is (R.ALREADY_ACCEPTED if move.state in DONE else R.NOT_ALLOWED)

    @rule(town=st.sampled_from((OLD_TOWN, *DESTINATIONS)), lose=st.booleans())
    def carry(self, town: MunicipalityCode, lose: bool) -> None:
        self.country.carry(self.town(town), lose_answer=lose)

    @rule()
    def carry_all(self) -> None:
        self.country.settle()

    @rule(town=st.sampled_from((OLD_TOWN, *DESTINATIONS)))
    def kill_a_dispatcher(self, town: MunicipalityCode) -> None:
        """It dies with messages in its hands; its successor takes them back."""
        there = self.town(town)
        everybody = {cs_of(one): Wanted(5, timedelta(seconds=60)) for one in self.country.towns}
        with there.store.unit_of_work() as work:
            there.store.outbox.claim(work, everybody, "dead/0")
        with there.store.unit_of_work() as work:
            there.store.outbox.recover(work, "dead/0")

    @rule(town=st.sampled_from((OLD_TOWN, *DESTINATIONS)))
    def go_down_or_up(self, town: MunicipalityCode) -> None:
        self.country.down ^= {town}

    @rule(days=st.integers(1, 20))
    def pass_time(self, days: int) -> None:
        self.country.pass_time(days)

    @precondition(lambda self: any(self.town(one).state(NEW) is S.REFUSED for one in DESTINATIONS))
    @rule(town=st.sampled_from(DESTINATIONS))
    def retry(self, town: MunicipalityCode) -> None:
        """The operator has a refused request sent again."""
        there = self.town(town)
        move = there.move(NEW)
        work = None if move is None else there.desk.control.retry(move, there.desk.own)
        if work is not None:
            assert move is not None and move.state in {S.REFUSED, S.NOTICE_REFUSED}
            assert commit_move(there.store, move_writer(there.store, there.clock), work)

    @invariant()
    def everything_holds(self) -> None:
        for town in self.country.towns.values():
            for move in self.moves(town):
                self.follows_the_arrows(town, move)
                assert move.certificate is None or move.state not in ENDED
        self.one_town_at_most_has_it()
        self.in_time()
        self.told_once()

    def follows_the_arrows(self, town: Town, move: Move) -> None:
        state: MoveState | None = None
        lines = town.store.moves.lines(move, limit=1000)
        for line in reversed(lines):
            assert line.state is ARROWS[state][line.event]
            state = line.state
        assert state is move.state
        assert all(line.actor is MoveActor.TIME for line in lines if line.event is E.LAPSE)

    def one_town_at_most_has_it(self) -> None:
        for left in self.moves(self.old):
            holders = [
                (town.code, move)
                for town in map(self.town, DESTINATIONS)
                for move in self.moves(town)
                if move.state in HOLDS and move.theirs == left.reference
            ]
            assert len(holders) <= 1
            for where, move in holders:
                if move.state in {S.RECEIVED, S.TAKEN}:  # it is promised to that town, and to no other
                    assert left.state in {S.SENT, S.DELIVERED} and left.peer == where
            if left.state in {S.ARRIVED, S.SETTLED}:
                ((where, move),) = holders
                assert left.peer == where and move.state in DONE

    def in_time(self) -> None:
        for town in self.country.towns.values():
            for move in self.moves(town):
                if move.state in {S.SENT, S.DELIVERED, *HOLDS} and move.planned_on and move.moved_on:
                    assert move.notified_on is not None
                    assert (move.notified_on - move.planned_on).days <= 30
                    assert (move.notified_on - move.moved_on).days <= 14

    def told_once(self) -> None:
        for code in DESTINATIONS:
            town = self.town(code)
            done = [move for move in self.moves(town) if move.state in DONE]
            told = [row for row in town.outbox(PREFECTURE) if row.operation == "NotifyChanges"]
            assert len(done) <= len(told) <= 1
        arrived = [move for move in self.moves(self.old) if move.state in {S.ARRIVED, S.SETTLED}]
        confirmed = [row for row in self.old.outbox(PREFECTURE) if row.operation == "ConfirmMoveOut"]
        assert len(confirmed) == len(arrived)

    def nothing_hangs(self) -> None:
        """Everything is delivered: what is left waits for a person, and says so."""
        for town in self.country.towns.values():
            assert all(row.destination == PREFECTURE for row in town.outbox())
            for move in self.moves(town):
                assert move.state not in {S.REQUESTED, S.COMPLETED, S.SENT}, (town.code, move.state)

    def moves(self, town: Town) -> Sequence[Move]:
        found = [*town.store.moves.in_states(MoveState, limit=1000)]
        return [move for move in found if person_code(1) in move.people]

    def town(self, code: MunicipalityCode) -> Town:
        return self.country.towns[code]

    @property
    def today(self) -> dt.date:
        return (self.country.clock.now() + timedelta(hours=9)).date()


TestMoves = Moves.TestCase
TestMoves.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
