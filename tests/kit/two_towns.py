"""Municipalities as stores in this process; the messages of special move-ins between them carried by hand.

Every message crosses the contract in both directions and settles its sender, as the dispatcher has it; what
is lost on the way is carried again under the same MessageID, and ``_answered`` plays the guard's part.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from lxml import etree

from gateway.app import change_writer, notice_maker
from gateway.cards import is_moving
from gateway.clock import FixedClock
from gateway.contract import SERVICES, read_request, write_answer, write_request
from gateway.domain.change import Change, ChangeResult
from gateway.domain.change_reason import ChangeReason
from gateway.domain.change_report import ChangeReport
from gateway.domain.eras import Calendar
from gateway.domain.identifiers import MunicipalityCode, ResidentRecordCode
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.move import MoveRole, MoveState
from gateway.domain.move_certificate import TransferCertificate
from gateway.domain.move_messages import (
    CertificateRegistration,
    Completion,
    Dispatch,
    MoveQuestion,
    MoveResult,
    MoveStep,
    TransferQuestion,
)
from gateway.domain.move_record import Move
from gateway.domain.register_date import Certainty, RegisterDate
from gateway.domain.register_text import RegisterText
from gateway.flows.decision import Decision, nothing
from gateway.flows.identity_update import IdentityUpdate
from gateway.moves import MoveDesk
from gateway.receipts import effect_of, receipt_of, require_taken
from gateway.settings import Counterpart, Destination, Settings, System
from gateway.store import Lease, NoticeRoute, OutboxRow, OutboxState, Store, Wanted
from gateway.store.outbox_states import Delivered, Retry
from tests.kit.moves import NEW_TOWN, OLD_TOWN, certificate, clerk, leaving, person_code, record_of, serial_of

NOW = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)
TODAY = dt.date(2026, 11, 26)
OTHER_TOWN = MunicipalityCode("012025")
PREFECTURE = "prefectural-server"
NEW_ADDRESS = RegisterText("東京都千代田区神田駿河台一丁目8番1号")


def cs_of(town: MunicipalityCode) -> str:
    """Id of a town's CS."""
    return f"{town}-cs"


def settings_of(code: MunicipalityCode, peers: list[MunicipalityCode]) -> Settings:
    """The settings of a town's CS that knows these others."""
    return Settings(
        mode="development",
        system=System(id=cs_of(code), role="municipal_cs", name="市", municipality=code.digits),
        counterparts=tuple(
            Counterpart(id=cs_of(peer), role="municipal_cs", municipality=peer.digits) for peer in peers
        ),
        destinations=tuple(Destination(id=cs_of(peer), url="https://127.0.0.1:1/") for peer in peers),
    )


@dataclass
class Town:
    """One municipality: its store, its desk, what its resident record system and its counter do."""

    code: MunicipalityCode
    clock: FixedClock
    store: Store
    desk: MoveDesk
    changes: IdentityUpdate
    followed: list[tuple[int, dt.date]] = field(default_factory=list)
    given: dict[str, bytes] = field(default_factory=dict)

    @classmethod
    def open(
        cls, folder: Path | str, code: MunicipalityCode, peers: list[MunicipalityCode], clock: FixedClock
    ) -> Self:
        """A new store in ``folder``, or at a URL."""
        if isinstance(folder, Path):
            folder.mkdir(parents=True, exist_ok=True)
        store = Store.open(folder, clock=clock, upgrade=True)
        settings = settings_of(code, peers)
        operation = SERVICES["prefectural"].operation("NotifyChanges")
        route = NoticeRoute(PREFECTURE, "prefectural", operation.name, operation.action)
        write, notice = change_writer(store, clock, route), notice_maker("prefectural")
        followed: list[tuple[int, dt.date]] = []

        def follow(_caller: Any, entries: Any, day: dt.date) -> Callable[[Any], None]:
            followed.append((len(entries), day))
            return nothing

        desk = MoveDesk(
            store,
            clock,
            settings,
            code,
            prefecture=PREFECTURE,
            notice=notice,
            write_changes=write,
            follow=follow,
        )
        changes = IdentityUpdate(store.changes, store.changes, clock, notice=notice, write=write)
        return cls(code, clock, store, desk, changes, followed)

    def call(self, service: str, operation: str, request: Any) -> Any:
        """A request as the endpoint takes it: over the contract, decided, committed."""
        made = SERVICES[service]
        called = made.operation(operation)
        element = etree.fromstring(etree.tostring(write_request(made, called, request)))
        return self.commit(self.desk.handlers[service][operation](read_request(made, called, element)))

    def commit(self, decision: Any) -> Any:
        """Write what a use case decided; gives its answer."""
        if not isinstance(decision, Decision):
            return decision
        with self.store.unit_of_work() as work:
            decision.write(work)
        return decision.answer

    # The resident record system.

    def settle_in(self, *numbers: int) -> None:
        """People on record here, by flow 1."""
        report = ChangeReport(
            clerk(self.code),
            tuple(
                Change(
                    1, ChangeReason.OFFICIAL_ENTRY, _date(dt.date(2020, 4, 1)), record_of(number, self.code)
                )
                for number in numbers
            ),
        )
        assert {one.result for one in self.commit(self.changes.report(report)).outcomes} == {
            ChangeResult.ACCEPTED
        }

    def report(self, *changes: Change) -> list[ChangeResult]:
        """Changes of flow 1."""
        receipt = self.commit(self.changes.report(ChangeReport(clerk(self.code), changes)))
        return [one.result for one in receipt.outcomes]

    def register(self, leaves: TransferCertificate | None = None, *, ahead: bool = False) -> Any:
        """A move-out was reported."""
        made = leaves or certificate(leaving(1))
        dispatch = Dispatch.AHEAD if ahead else Dispatch.ON_REQUEST
        told = CertificateRegistration(clerk(self.code), dispatch, made)
        return self.call("resident_record", "RegisterTransferCertificate", told)

    def step(self, operation: str, reference: str, service: str = "resident_record") -> Any:
        """AcknowledgeMove, FetchMove, CancelMoveIn, CancelTransferCertificate."""
        return self.call(service, operation, MoveStep(clerk(self.code), reference))

    def complete(self, reference: str, *changes: Change) -> Any:
        """The move-in is on record."""
        told = Completion(clerk(self.code), reference, changes or (entering(1, self.code),))
        return self.call("resident_record", "CompleteMoveIn", told)

    def waiting(self) -> list[Any]:
        """The resident record system's list."""
        return list(self.call("resident_record", "ListMoves", MoveQuestion(clerk(self.code))).moves)

    # The counter.

    def request(self, number: int = 1, old: MunicipalityCode = OLD_TOWN, **changes: Any) -> Any:
        """The first 転入届."""
        values: dict[str, Any] = {
            "code": person_code(number),
            "serial": serial_of(number),
            "old_town": old,
            "moved_on": TODAY,
            "notified_on": (self.clock.now() + timedelta(hours=9)).date(),
        }
        asked = TransferQuestion(clerk(self.code), **{**values, **changes})
        return self.call("terminal", "RequestTransferCertificate", asked)

    def query(self, number: int = 1) -> Any:
        """How far it has come, the newest move."""
        asked = MoveQuestion(clerk(self.code), person_code(number))
        return self.call("terminal", "QueryMoves", asked).moves[0]

    # What there is.

    def move(self, role: MoveRole, number: int = 1) -> Move | None:
        """The newest move of a person."""
        return self.store.moves.newest_of(role, person_code(number))

    def state(self, role: MoveRole, number: int = 1) -> MoveState | None:
        """Its state."""
        found = self.move(role, number)
        return None if found is None else found.state

    def is_moving(self, number: int = 1) -> bool:
        """Whether continued use of the card has to wait."""
        return is_moving(self.store, person_code(number))

    def outbox(self, destination: str | None = None) -> list[OutboxRow]:
        """What waits to be delivered."""
        found = self.store.outbox_desk.rows(states=[OutboxState.PENDING], limit=1000)
        return [row for row in found if destination in {None, row.destination}]


class Country:
    """Towns that know each other; ``down`` are those that cannot be reached."""

    def __init__(self, folder: Path, *codes: MunicipalityCode) -> None:
        self.clock = FixedClock(NOW)
        towns = codes or (NEW_TOWN, OLD_TOWN)
        self.towns = {
            code: Town.open(folder / code.digits, code, [one for one in towns if one != code], self.clock)
            for code in towns
        }
        self.down: set[MunicipalityCode] = set()
        self.passed: list[tuple[str, str, str, bytes]] = []  # sender, destination, operation, body

    @property
    def new(self) -> Town:
        """転入地."""
        return self.towns[NEW_TOWN]

    @property
    def old(self) -> Town:
        """転出地."""
        return self.towns[OLD_TOWN]

    def close(self) -> None:
        """Close all stores."""
        for town in self.towns.values():
            town.store.close()

    def pass_time(self, days: int) -> None:
        """Let days pass; every town looks for what is over."""
        self.clock.advance(timedelta(days=days))
        for town in self.towns.values():
            town.desk.end_what_is_over()

    def carry(self, town: Town, *, lose_answer: bool = False) -> bool:
        """Carry a town's next message to another town; False where there is none that can be carried."""
        peers = {cs_of(code): code for code in self.towns if code != town.code}
        wanted = {
            name: Wanted(1, timedelta(seconds=10)) for name, code in peers.items() if code not in self.down
        }
        with town.store.unit_of_work() as work:
            leases = town.store.outbox.claim(work, wanted, "test/0") if wanted else []
        for lease in leases:
            self._deliver(town, lease, self.towns[peers[lease.row.destination]], lose_answer)
        return bool(leases)

    def _deliver(self, town: Town, lease: Lease, to: Town, lose_answer: bool) -> None:
        row = lease.row
        self.passed.append((cs_of(town.code), row.destination, row.operation, row.body))
        answer = etree.fromstring(self._answered(to, row))
        settlement: Any = Retry(timedelta(0), "CounterpartTimeout") if lose_answer else None
        effect = None
        if settlement is None:
            receipt = receipt_of(row, answer)
            require_taken(receipt)
            effect = effect_of(row, receipt, self.clock.now())
            settlement = Delivered("urn:uuid:answer", b"digest")
        with town.store.unit_of_work() as work:
            town.store.outbox.settle(work, lease, settlement)
            if effect is not None:
                effect(work)

    @staticmethod
    def _answered(to: Town, row: OutboxRow) -> bytes:
        """The answer of who is asked; of a MessageID that came before the same again."""
        given = to.given.get(row.message_id)
        if given is None:
            service = SERVICES[row.service]
            operation = service.operation(row.operation)
            told = read_request(service, operation, etree.fromstring(row.body))
            answer = to.commit(to.desk.handlers[row.service][row.operation](told))
            given = to.given[row.message_id] = write_answer(service, operation, answer)
        return given

    def settle(self) -> None:
        """Carry everything between towns that can be carried."""
        carried = True
        while carried:
            carried = False
            for town in self.towns.values():
                carried = self.carry(town) or carried

    def states(self, number: int = 1) -> tuple[MoveState | None, MoveState | None]:
        """The newest move of a person in the new town and in the old."""
        return (
            self.new.state(MoveRole.NEW_TOWN, number),
            self.old.state(MoveRole.OLD_TOWN, number),
        )

    def received(self, *people: Any, **asked: Any) -> str:
        """A move-in as far as the certificate; gives the new town's reference."""
        self.old.settle_in(*range(1, len(people or (1,)) + 1))
        assert self.old.register(certificate(*people)).result is MoveResult.ACCEPTED
        receipt = self.new.request(**asked)
        self.settle()
        return str(receipt.move)


def entering(number: int, town: MunicipalityCode = NEW_TOWN, day: dt.date = TODAY, **changes: Any) -> Change:
    """The change that enters a person who moved in."""
    record: IdentityRecord = record_of(number, town, **{"address": NEW_ADDRESS, **changes})
    return Change(1, ChangeReason.MOVE_IN, _date(day), record)


def countries(folder: Path, *codes: MunicipalityCode) -> Iterator[Country]:
    """For a fixture."""
    country = Country(folder, *codes)
    try:
        yield country
    finally:
        country.close()


def codes_of(*numbers: int) -> tuple[ResidentRecordCode, ...]:
    """住民票コード of people."""
    return tuple(map(person_code, numbers))


def _date(day: dt.date) -> RegisterDate:
    return RegisterDate(Calendar.WESTERN, day.strftime("%Y%m%d"), Certainty.EXACT, None)
