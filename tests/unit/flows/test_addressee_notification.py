"""Flow 7 over real stores: what is accepted, passed on, wanted, told of, and erased."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from gateway.app import addressee_handlers, change_writer
from gateway.clock import FixedClock
from gateway.contract import SERVICES, read_request
from gateway.domain.addressee_delivery import AddresseePiece, SendingQuestion, TargetQuestion
from gateway.domain.change_reason import ChangeReason
from gateway.domain.change_report import Delivery
from gateway.domain.identifiers import MunicipalityCode
from gateway.domain.register_text import RegisterText
from gateway.errors import OperationFault
from gateway.evidence import Entry
from gateway.flows.notified_addressees import NotifiedAddressees
from gateway.settings import Settings
from gateway.settings.groups import System
from gateway.store import AddresseeEraser, Conflict, Delivered, OutboxState, Store, Wanted
from gateway.store.evidence_audit import Audit
from tests.kit.addressees import MARK, addressee, elsewhere, header, piece, somebody
from tests.kit.changes import clerk, code, entry, move, removal, report
from tests.kit.intake import NOW, Office

SETTINGS = Settings(system=System(id="131016-cs", role="municipal_cs", name="試験", municipality="131016"))
CARDS = "card_management_system"
ONE, TWO, THREE = somebody(1), somebody(2), somebody(3)


class Desk:
    """A CS with three people on record, and what it does with addressees."""

    def __init__(self, folder: Path) -> None:
        self.office = Office.open(folder, ("13-prefectural-server", "prefectural"))
        self.store, self.clock = self.office.store, FixedClock(NOW)
        self.folder = folder
        assert {one.value for one in self.office.report(report(*map(entry, (1, 2, 3))))} == {"accepted"}
        self.handlers = addressee_handlers(SETTINGS, self.store, self.clock)
        self.eraser = AddresseeEraser(self.store, self.clock.now)
        self._messages = 0

    def deliver(self, told: AddresseePiece, *, evidence: bytes = b"") -> list[str]:
        """Decide and write as the endpoint does, with what travelled as evidence; gives the results."""
        decision = self.handlers["DeliverAddressees"](told)
        self._messages += 1
        name = f"urn:test:{self._messages}"
        with self.store.unit_of_work() as work:
            work.about = ("131016-registry", name)
            decision.write(work)
            if evidence:
                self.store.evidence.append(work.connection, [self.request(name, evidence)])
        return [one.result.value for one in decision.answer.outcomes]

    @staticmethod
    def request(name: str, raw: bytes, direction: Any = "in", outcome: str = "answered") -> Entry:
        """The evidence of a request of flow 7."""
        peer, operation = (
            ("131016-registry", "DeliverAddressees") if direction == "in" else (CARDS, "NotifyAddressees")
        )
        return Entry.message(
            raw,
            at=NOW,
            direction=direction,
            peer=peer,
            kind="request",
            outcome=outcome,
            operation=operation,
            message_id=name,
        )

    def waiting(self) -> list[AddresseePiece]:
        """The notices in the outbox."""
        service = SERVICES["card_management"]
        return [
            read_request(service, service.operation(row.operation), etree.fromstring(row.body))
            for row in self.store.outbox_desk.rows(states=[OutboxState.PENDING], destination=CARDS)
        ]

    def hand_over(self) -> int:
        """Settle every notice as the dispatcher does; gives how many."""
        count = 0
        while True:
            with self.store.unit_of_work() as work:
                leases = self.store.outbox.claim(work, {CARDS: Wanted(1, timedelta(minutes=1))}, "test/0")
                for lease in leases:
                    raw = b"<signed>" + lease.row.body.strip() + b"</signed>"
                    sent = self.request(lease.row.message_id, raw, "out")
                    self.store.evidence.append(work.connection, [sent])
                    assert self.store.outbox.settle(work, lease, Delivered("urn:answer", bytes(32)))
            if not leases:
                return count
            count += 1

    def holds(self, *values: str) -> list[str]:
        """Which of these values any file of the folder has, in any of its bytes."""
        found = []
        for file in sorted(self.folder.rglob("*")):
            if file.is_file():
                raw = file.read_bytes()
                found += [f"{file.name}: {value}" for value in values if value.encode() in raw]
        return found

    def verify(self) -> Audit:
        """Check all evidence."""
        audit = Audit(self.store.evidence_rows, "131016-cs", lambda _der, _at: None)
        audit.run()
        return audit


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path / "cs")
    yield made
    made.store.close()


def test_what_is_right_is_passed_on_whatever_becomes_of_others(desk: Desk) -> None:
    told = piece(
        addressee("A1", ONE, TWO),
        addressee("A2", THREE, count=2),
        addressee("A1", ONE, TWO),
        addressee("A1", ONE),
        addressee("A3", somebody(4)),
        elsewhere("A4", THREE),
    )
    results = ["accepted", "people_count", "already_accepted", "number_used", "not_on_record", "accepted"]
    assert desk.deliver(told) == results
    (notice,) = desk.waiting()
    assert [one.number for one in notice.addressees] == ["A1", "A4"]
    assert (notice.header.count, notice.caller) == (2, told.caller)
    assert notice.addressees == (told.addressees[0], told.addressees[5])
    assert desk.deliver(told) == ["already_accepted", *results[1:5], "already_accepted"]
    assert len(desk.waiting()) == 1


def test_a_wrong_header_is_the_answer_to_each(desk: Desk) -> None:
    told = dataclasses.replace(piece(addressee("A1", ONE), addressee("A2", TWO)), header=header(3))
    assert desk.deliver(told) == ["header_count"] * 2
    other = dataclasses.replace(told, header=header(2, municipality=MunicipalityCode("141003")))
    assert desk.deliver(other) == ["other_municipality"] * 2
    assert desk.waiting() == []


def test_the_answer_says_whose_fault_it_is_and_nothing_of_an_addressee(desk: Desk) -> None:
    told = piece(addressee("A1", ONE, somebody(2, name=RegisterText("別人"))))
    (outcome,) = desk.handlers["DeliverAddressees"](told).answer.outcomes
    assert (outcome.place, outcome.result.value, outcome.person) == (1, "record_differs", 2)


def test_a_record_that_changed_meanwhile(desk: Desk) -> None:
    decision = desk.handlers["DeliverAddressees"](piece(addressee("A1", ONE)))
    desk.office.report(report(move(1, 2, "東京都千代田区一番町")))
    with pytest.raises(Conflict), desk.store.unit_of_work() as work:
        decision.write(work)
    assert desk.deliver(piece(addressee("A1", ONE))) == ["record_differs"]


def test_two_that_race_for_one_number(desk: Desk) -> None:
    first, second = (desk.handlers["DeliverAddressees"](piece(addressee("A1", one))) for one in (ONE, TWO))
    with desk.store.unit_of_work() as work:
        first.write(work)
    with pytest.raises(Conflict), desk.store.unit_of_work() as work:
        second.write(work)


def test_who_is_struck_gets_nothing(desk: Desk) -> None:
    desk.office.report(report(removal(1, 2)))
    assert desk.deliver(piece(addressee("A1", ONE))) == ["removed"]


def test_a_number_is_forgotten_with_the_memory_of_the_guard(desk: Desk) -> None:
    desk.deliver(piece(addressee("A1", ONE)))
    for before, result in ((NOW, "already_accepted"), (NOW + timedelta(seconds=1), "accepted")):
        with desk.store.unit_of_work() as work:
            desk.store.addressees.forget_numbers(work, before=before)
        assert desk.deliver(piece(addressee("A1", ONE))) == [result]


def listed(desk: Desk, most: int = 500) -> list[str]:
    """The list of those to be extracted, all its parts put together."""
    handler = desk.handlers["ListAddresseeTargets"]
    handler._most = most
    found: list[str] = []
    after: int | None = 0
    while after is not None:
        part = handler(TargetQuestion(clerk(), after))
        assert len(part.targets) <= most
        found += [target.code.digits for target in part.targets]
        after = part.following
    return found


def test_whom_the_gateway_wants(desk: Desk) -> None:
    write = change_writer(desk.store, desk.clock, None, wanted=SETTINGS.addressees.target_reasons)
    desk.office.update._write = write
    newborn = dataclasses.replace(entry(7), reason=ChangeReason.BIRTH)
    unnumbered = entry(8, individual_number=None)
    desk.office.report(report(newborn, entry(5), unnumbered, entry(6), move(6, 2, "東京都千代田区一番町")))
    assert listed(desk, most=1) == [code(one).digits for one in (7, 5, 6)]
    part = desk.handlers["ListAddresseeTargets"](TargetQuestion(clerk()))
    assert part.targets[0].reason is ChangeReason.BIRTH
    assert part.targets[0].since == NOW
    numbered = dataclasses.replace(
        move(8, 2, "東京都千代田区丸の内一丁目1番"), reason=ChangeReason.OFFICIAL_CORRECTION
    )
    desk.office.report(report(numbered, removal(5, 2)))
    assert listed(desk) == [code(one).digits for one in (7, 8, 6)]
    assert desk.deliver(piece(addressee("A1", somebody(7)))) == ["accepted"]
    assert listed(desk) == [code(one).digits for one in (8, 6)]
    assert listed(desk, most=2) == listed(desk)


def test_the_list_is_of_the_asking_municipality(desk: Desk) -> None:
    assert desk.handlers["ListAddresseeTargets"](TargetQuestion(clerk("141003"))).targets == ()


def test_sendings_of_a_person(desk: Desk) -> None:
    ask = SendingQuestion(clerk(), code(1))
    handler = desk.handlers["QueryAddresseeSendings"]
    assert handler(ask).sendings == ()
    desk.deliver(piece(addressee("A1", ONE)))
    (sending,) = handler(ask).sendings
    assert (sending.accepted_at, sending.delivery) == (NOW, Delivery.WAITING)
    desk.hand_over()
    desk.deliver(piece(addressee("A2", ONE, TWO)))
    assert [one.delivery for one in handler(ask).sendings] == [Delivery.WAITING, Delivery.DELIVERED]


def test_nothing_is_erased_before_the_hand_over_and_everything_after(desk: Desk) -> None:
    secrets = (MARK, "GEHEIM77", "9071801")
    told = piece(elsewhere("GEHEIM77", ONE))
    body = f"<signed>{MARK} GEHEIM77 9071801</signed>".encode()
    desk.deliver(told, evidence=body)
    assert desk.eraser() == 0
    assert len(desk.holds(*secrets)) >= 3
    assert desk.hand_over() == 1
    assert desk.eraser() == 2
    assert desk.holds(*secrets) == []
    audit = desk.verify()
    assert (audit.report.findings, audit.report.erased) == ([], 2)
    assert desk.eraser() == 0


def test_what_was_refused_or_passed_or_came_again_is_erased_too(desk: Desk) -> None:
    raw = MARK.encode()
    assert desk.deliver(piece(elsewhere("A1", somebody(9))), evidence=raw) == ["not_on_record"]
    desk.store.keep([desk.request("urn:test:busy", raw, outcome="fault")])
    desk.deliver(piece(elsewhere("A2", ONE)), evidence=raw)
    desk.store.keep([desk.request("urn:test:2", raw, outcome="repeated")])
    assert desk.eraser() == 2
    desk.hand_over()
    assert desk.eraser() == 3
    desk.store.keep([desk.request("urn:test:2", raw, outcome="repeated")])
    assert desk.eraser() == 1
    assert desk.holds(MARK) == []
    assert desk.verify().report.findings == []


def test_a_dead_letter_keeps_what_it_needs_until_it_is_dropped(desk: Desk) -> None:
    desk.deliver(piece(elsewhere("A1", ONE)), evidence=MARK.encode())
    with desk.store.unit_of_work() as work:
        work.connection.exec_driver_sql(
            "UPDATE outbox SET state = 'dead', business = true, code = 'AddresseeRefused'"
            " WHERE destination = ?",
            (CARDS,),
        )
    (dead,) = desk.store.outbox_desk.rows(states=[OutboxState.DEAD])
    desk.store.keep([desk.request(dead.message_id, MARK.encode(), "out", "AddresseeRefused")])
    with desk.store.unit_of_work() as work:  # tried again under another MessageID
        desk.store.outbox_desk.requeue(work, dead.id, lambda: "urn:test:again")
    assert desk.eraser() == 0
    with desk.store.unit_of_work() as work:
        work.connection.exec_driver_sql("UPDATE outbox SET state = 'dead' WHERE id = ?", (dead.id,))
        desk.store.outbox_desk.drop(work, dead.id)
    assert desk.eraser() == 2
    assert desk.holds(MARK) == []


def test_bytes_that_went_without_a_hand_over_are_found(desk: Desk) -> None:
    desk.deliver(piece(elsewhere("A1", ONE)), evidence=MARK.encode())
    desk.deliver(piece(elsewhere("A2", TWO)), evidence=MARK.encode())
    desk.hand_over()
    with desk.store.unit_of_work() as work:
        work.connection.exec_driver_sql("DELETE FROM evidence_transient WHERE id & 7 = 1")
    assert [found.kind for found in desk.verify().report.findings] == ["body-missing"]
    desk.eraser()
    assert [found.kind for found in desk.verify().report.findings] == ["body-missing"]


def test_only_pages_of_their_own_hold_what_is_to_be_erased(desk: Desk) -> None:
    """In a page that rows share, what was moved before it was deleted could stay behind."""
    for number in range(40):
        desk.deliver(piece(elsewhere(f"N{number}", ONE)), evidence=MARK.encode() * (number * 40 + 1))
    assert desk.store.forget_pages()
    raw = (desk.folder / "data" / "gateway.sqlite").read_bytes()
    size = int.from_bytes(raw[16:18], "big")  # of a page: SQLite's file format, section 1.3
    pages = [raw[at : at + size] for at in range(0, len(raw), size)]
    holding = [page for page in pages if MARK.encode() in page]
    assert len(holding) >= 80
    assert {page[0] for page in holding} == {0}  # overflow pages; those of a tree begin with 2, 5, 10 or 13


@pytest.mark.parametrize("seed", range(3))
def test_no_page_remembers(desk: Desk, seed: int) -> None:
    """Messages of every size come, are handed over in part, and are erased, among others that stay."""
    chance = random.Random(seed)  # noqa: S311 - a story that replays
    for number in range(120):
        size = chance.choice((40, 300, 900, 3_000, 5_000, 30_000))
        mark = MARK.encode() * (size // len(MARK.encode()) + 1)
        several = [elsewhere(f"N{number}x{part}", ONE) for part in range(chance.randint(1, 3))]
        desk.deliver(piece(*several), evidence=mark)
        desk.store.keep(
            [
                desk.request(f"urn:other:{number}", b"<other/>" * chance.randint(1, 900))._replace(
                    operation="ReportChanges"
                )
            ]
        )
        if chance.random() < 0.3:
            desk.hand_over()
        if chance.random() < 0.3:
            desk.eraser()
        if chance.random() < 0.1:
            with desk.store.unit_of_work() as work:
                desk.store.outbox_desk.sweep(work, before=desk.store.outbox_desk.now(), limit=9)
    desk.hand_over()
    desk.eraser()
    assert desk.holds(MARK) == []
    assert desk.verify().report.findings == []


# The other end.


@pytest.fixture
def cards(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(tmp_path / "cards", clock=FixedClock(NOW), upgrade=True)
    yield store
    store.close()


def notified(store: Store, told: AddresseePiece) -> list[str]:
    """Decide and write at the card management system."""
    book = store.received_addressees
    refused: list[str] = []
    handler = NotifiedAddressees(book, FixedClock(NOW), write=book.write, refused=refused.append)
    try:
        decision = handler(told)
    except OperationFault as fault:
        assert fault.code == "AddresseeRefused"
        return refused
    with store.unit_of_work() as work:
        decision.write(work)
    return [one.result.value for one in decision.answer.outcomes]


def kept(store: Store) -> list[str]:
    """Numbers that it holds, in its order."""
    with store.read() as connection:
        rows = connection.exec_driver_sql("SELECT number FROM received_addressees ORDER BY id")
        return [row[0] for row in rows]


def test_the_card_management_system_takes_all_or_none(cards: Store) -> None:
    good = piece(addressee("A1", ONE), elsewhere("A2", TWO))
    assert notified(cards, good) == ["accepted", "accepted"]
    more = piece(addressee("A1", ONE), addressee("A3", THREE))
    assert notified(cards, more) == ["already_accepted", "accepted"]
    assert kept(cards) == ["A1", "A2", "A3"]
    for bad, reason in (
        (piece(addressee("A4", ONE), addressee("A5", ONE, count=2)), "people_count"),
        (piece(addressee("A4", ONE), addressee("A1", TWO)), "number_used"),
        (dataclasses.replace(good, header=header(3)), "header_count"),
        (dataclasses.replace(good, caller=clerk("141003")), "other_municipality"),
    ):
        assert notified(cards, bad) == [reason]
    assert kept(cards) == ["A1", "A2", "A3"]
