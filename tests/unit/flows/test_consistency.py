"""Flow 6 over two real stores: seeded differences are found exactly, whatever goes on meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from lxml import etree

from clients._soap import Exchange
from gateway.app import consistency_handlers
from gateway.checking.sending import ConsistencySending
from gateway.clock import FixedClock
from gateway.contract import SERVICES, read_request, write_answer
from gateway.domain.caller import Caller, Operator
from gateway.domain.change_reason import ChangeReason
from gateway.domain.codes import Purpose
from gateway.domain.consistency import (
    ConsistencyNotice,
    ConsistencyPiece,
    Finding,
    FindingKind,
    Here,
    NumberedRecord,
    RecordItem,
    RunMode,
    RunState,
    Span,
    Total,
    compare,
    differing,
    is_in_flight,
)
from gateway.domain.identifiers import IndividualNumber, MunicipalityCode, ResidentRecordCode
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.register_text import RegisterText
from gateway.errors import CounterpartTimeout, OperationFault
from gateway.flows.consistency import CompareDigests, CompareRecords, notices
from gateway.settings import Consistency
from gateway.store import Store
from gateway.telemetry import Alarms
from tests.kit.inquiries import AT, RECORD

HOME = MunicipalityCode("131016")
ITSELF = Caller(HOME, "131016-cs", Operator("SYSTEM", "SYSTEM"), Purpose.OFFICIAL_CORRECTION)
SERVICE = SERVICES["consistency"]
SERVER = "13-prefectural-server"


def person(number: int, **changes: Any) -> IdentityRecord:
    values = {
        "code": ResidentRecordCode.from_base(f"{number * 7919 % 10**10:010d}"),
        "individual_number": IndividualNumber.from_base(f"{number:011d}"),
        "address": RegisterText(f"東京都千代田区丸の内{number}番"),
    }
    return replace(RECORD, **{**values, **changes})


class Killed(Exception):
    """The process is gone."""


class Town:
    """A municipal CS and a server with a store each, and a wire between them that can fail."""

    def __init__(self, folder: Path, database: Path | str | None = None) -> None:
        self.clock = FixedClock(AT)
        self.here = Store.open(database or folder / "here", clock=self.clock, upgrade=True)
        self.there = Store.open(folder / "there", clock=self.clock, upgrade=True)
        self.told: list[ConsistencyNotice] = []
        self.asked: list[str] = []
        self.trouble: list[Exception | None] = []
        self.meanwhile: list[Callable[[], object]] = []
        self.alarms = Alarms(folder)
        self._compare = CompareRecords(
            self.there.consistency_records,
            self.there.consistency_comparisons.find,
            self.clock,
            take=self._take,
            prefix="P",
        )
        self._digests = CompareDigests(self.there.consistency_records, self.clock, prefix="P")

    def _take(self, work: Any, piece: Any, held: Total, found: Any) -> None:
        every = self.there.consistency_comparisons.take(work, piece, held, found, at=self.clock.now())
        if every is not None:
            self.told += notices(piece, held, every)

    def deliver(self, body: bytes, action: str, message_id: str, *, observe: Any) -> Any:
        """What the channel does, by the contract and the counterpart's use cases; no wire."""
        operation = SERVICE.operations[action]
        request = read_request(SERVICE, operation, etree.fromstring(body))
        trouble = self.trouble.pop(0) if self.trouble else None
        if isinstance(trouble, CounterpartTimeout):
            raise trouble
        self.asked.append(operation.name)
        if self.meanwhile:
            self.meanwhile.pop(0)()
        if operation.name == "CompareDigests":
            answer: Any = self._digests(request)
        else:
            decision = self._compare(request)
            with self.there.unit_of_work() as work:
                decision.write(work)
            answer = decision.answer
        if trouble is not None:
            raise trouble  # the counterpart has it, and nobody here knows
        raw = write_answer(SERVICE, operation, answer)
        exchange = (operation.name, message_id, body, raw, "CN=P", True, "urn:uuid:9", 1.0, "answered")
        observe(Exchange(*exchange))
        return SimpleNamespace(content=etree.fromstring(raw), request=body, answer=raw)

    def sending(self, most: int = 4, part: int = 2) -> ConsistencySending:
        return ConsistencySending(
            self.here,
            self.clock,
            ITSELF,
            lambda _: self,  # type: ignore[arg-type, return-value] # delivers as a channel does
            Consistency(share=1),
            self.alarms,
            rest=lambda _: None,
            most=most,
            part=part,
        )

    def leases_end(self) -> None:
        with self.here.unit_of_work() as work:
            work.connection.exec_driver_sql("UPDATE consistency_runs SET lease_until = 0")

    def run(self, mode: RunMode = RunMode.COMPLETE, between: Any = lambda: None, most: int = 4) -> str:
        """A whole run, taken up again by a new process whenever one is killed."""
        reference = self.here.consistency_runs.open(SERVER, mode, at=self.clock.now())
        for _ in range(200):
            found = self.here.consistency_runs.find(reference)
            if found is None or found.state is not RunState.SENDING:
                break
            with suppress(Killed):
                self.sending(most).work(lambda: True)  # one step, and between them what else goes on
            self.here.consistency_runs.recover()
            self.leases_end()
            between()
        self.tell(reference)
        return reference

    def tell(self, reference: str, by: str = SERVER) -> None:
        settings: Any = SimpleNamespace(consistency=Consistency())
        handler = consistency_handlers(settings, self.here, self.clock)["NotifyConsistency"]
        for notice in [one for one in self.told if one.run == reference]:
            decision = handler(notice.signed_by(by))
            with self.here.unit_of_work() as work:
                decision.write(work)

    def found(self, reference: str) -> dict[tuple[str, str], tuple[str, ...]]:
        """Differences that are none of a change on its way: kind and code to items."""
        run = self.here.consistency_runs.find(reference)
        assert run is not None
        assert run.state is RunState.DONE
        return {
            (one.finding.kind.value, one.finding.code.digits): tuple(i.value for i in one.finding.items)
            for one in self.here.consistency_runs.findings(run)
            if not one.in_flight
        }


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    made = Town(tmp_path)
    yield made
    made.here.close()
    made.there.close()


@pytest.fixture
def anywhere(tmp_path: Path, database: Path | str) -> Iterator[Town]:
    """The same, the town's own store on either database."""
    (tmp_path / "there").mkdir()
    made = Town(tmp_path, database)
    yield made
    made.here.close()
    made.there.close()


def put(
    store: Store, *people: IdentityRecord, at: Any = AT - timedelta(days=9), removed: bool = False
) -> None:
    with store.unit_of_work() as work:
        for one in people:
            store.register.put(
                work,
                one,
                valid_from=None,
                reason=ChangeReason.MOVE_WITHIN if removed else None,
                recorded_at=at,
                removed=removed,
            )


def seeded(town: Town, seed: int = 1, size: int = 40) -> dict[tuple[str, str], tuple[str, ...]]:
    """A town with so many people, some of whom differ; gives the differences."""
    chance = Random(seed)  # noqa: S311 - a seed of a test
    people = [person(number) for number in range(1, size + 1)]
    changed, missing, extra = chance.sample(people, 3), chance.sample(people, 2), person(900)
    changed = [one for one in changed if one not in missing]
    elsewhere = person(901, municipality=MunicipalityCode("141003"))
    put(town.here, *people, elsewhere)
    put(town.there, *(one for one in people if one not in missing and one not in changed), extra, elsewhere)
    put(town.there, *(replace(one, address=RegisterText("別の住所")) for one in changed))
    return {
        **{("differs", one.code.digits): ("address",) for one in changed},
        **{("missing_there", one.code.digits): () for one in missing},
        ("missing_here", extra.code.digits): (),
    }


@pytest.mark.parametrize("mode", RunMode)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_seeded_differences_are_found_no_more_and_no_fewer(town: Town, mode: RunMode, seed: int) -> None:
    wanted = seeded(town, seed)
    reference = town.run(mode)
    assert town.found(reference) == wanted
    run = town.here.consistency_runs.find(reference)
    assert run is not None
    assert (run.people, run.octets > 0) == (40, True)
    if mode is RunMode.COMPLETE:
        assert (run.here.count, town.asked) == (40, ["CompareRecords"] * 11)
    else:
        assert run.here.count < 40


def test_alike_is_alike_and_digests_send_little(town: Town) -> None:
    people = [person(number) for number in range(1, 41)]
    put(town.here, *people)
    put(town.there, *people)
    reference = town.run(RunMode.DIGESTS)
    assert town.found(reference) == {}
    assert town.asked == ["CompareDigests", "CompareRecords"]
    complete = town.run()
    run = town.here.consistency_runs.find(complete)
    assert run is not None
    assert run.there == run.here


def test_of_spans_that_differ_only_small_parts_are_sent(town: Town) -> None:
    people = [person(number) for number in range(1, 401)]
    put(town.here, *people)
    apart = sorted(people, key=lambda one: one.code.digits)[10::50]
    put(town.there, *(one for one in people if one not in apart))
    reference = town.run(RunMode.DIGESTS, most=40)
    assert town.found(reference) == {("missing_there", one.code.digits): () for one in apart}
    run = town.here.consistency_runs.find(reference)
    assert run is not None
    assert run.people == 400
    assert run.here.count <= 2 * len(apart) + 40


def test_parts_side_by_side_that_differ_are_one_piece(town: Town) -> None:
    people = [person(number) for number in range(1, 41)]
    put(town.here, *people)
    town.run(RunMode.DIGESTS, most=40)
    assert town.asked[:3] == ["CompareDigests", "CompareDigests", "CompareRecords"]
    assert town.asked.count("CompareRecords") == 2  # everybody, and the end


@pytest.mark.parametrize("mode", RunMode)
@pytest.mark.parametrize("steps", [1, 2, 3])
def test_whoever_lost_the_lease_moves_nothing(town: Town, mode: RunMode, steps: int) -> None:
    """A process sleeps while its message is away; another has gone on from where it was."""
    wanted = seeded(town)

    def overtake() -> None:
        town.leases_end()
        other = town.sending()
        for _ in range(steps):
            other.work(lambda: True)
        town.leases_end()

    town.meanwhile = [overtake] * 4
    reference = town.run(mode)
    assert town.found(reference) == wanted
    run = town.here.consistency_runs.find(reference)
    assert run is not None
    assert run.people == 40
    assert run.there is not None
    assert mode is not RunMode.COMPLETE or run.there.count == 39


def test_a_run_rests_while_it_passes_over_what_is_alike(town: Town) -> None:
    people = [person(number) for number in range(1, 1001)]
    put(town.here, *people)
    put(town.there, *people)
    town.here.consistency_runs.open(SERVER, RunMode.DIGESTS, at=AT)
    town.sending().work(lambda: True)
    assert town.asked == ["CompareDigests"]


def test_whom_it_was_told_to_strike_a_server_tells_from_whom_it_never_heard_of(town: Town) -> None:
    struck, moved, unheard = person(1), person(2), person(3)
    put(town.here, struck, moved, unheard)
    put(town.there, struck)
    note(town.there, struck, 4)
    put(town.there, struck, removed=True)
    put(town.there, replace(moved, municipality=MunicipalityCode("141003")))
    reference = town.run()
    run = town.here.consistency_runs.find(reference)
    assert run is not None
    found = {one.finding.code: one.finding.number_there for one in town.here.consistency_runs.findings(run)}
    assert found == {struck.code: 0, moved.code: 0, unheard.code: None}


def test_a_town_without_people(town: Town) -> None:
    put(town.there, person(1))
    assert town.found(town.run()) == {("missing_here", person(1).code.digits): ()}


@pytest.mark.parametrize("mode", RunMode)
def test_kills_and_a_counterpart_that_is_slow(anywhere: Town, mode: RunMode) -> None:
    """Every message in its turn is lost before it, or is taken and its answer lost with the process."""
    town = anywhere
    wanted = seeded(town)
    for step in range(12):
        town.trouble += [None] * (step % 3) + [CounterpartTimeout("slow"), Killed()]
    assert town.found(town.run(mode)) == wanted


def test_changes_that_go_on_meanwhile_are_no_differences(town: Town) -> None:
    """People move in, out and within while the run goes on, and their changes reach the server late."""
    wanted = seeded(town)
    steps = iter(range(100))

    def between() -> None:
        step = next(steps)
        mover = person(1000 + step)
        put(town.here, mover, at=AT)
        note(town.here, mover, step)
        leaver = person(1000 + step - 1)
        if step % 3 == 2:
            put(town.there, leaver, at=AT)
            put(town.here, leaver, at=AT, removed=True)

    assert town.found(town.run(between=between)) == wanted


def note(store: Store, record: IdentityRecord, number: int) -> None:
    """A change of the person by the municipality, as flow 1 writes it down."""
    with store.unit_of_work() as work:
        work.connection.exec_driver_sql(
            "INSERT INTO person_changes (person, municipality, number, revision, reason, event_date,"
            " fingerprint, recorded_at) SELECT person, '131016', ?, 0, 'move_in', 'x', x'00', ?"
            " FROM person_codes WHERE code = ?",
            (number + 1, int(AT.timestamp() * 1_000_000), record.code.digits),
        )


def test_only_the_server_of_the_run_may_tell_and_once(town: Town) -> None:
    seeded(town)
    reference = town.run()
    before = town.found(reference)
    town.tell(reference)  # again: known
    assert town.found(reference) == before
    other = town.here.consistency_runs.open(SERVER, RunMode.COMPLETE, at=AT)
    town.told = [replace(town.told[0], run=other)]
    for by, run in (("national-server", other), (SERVER, "C-00000000")):
        town.told = [replace(town.told[0], run=run)]
        with pytest.raises(OperationFault):
            town.tell(run, by=by)
    town.told = [replace(town.told[0], run=other, part=2, parts=2)]
    with pytest.raises(OperationFault):
        town.tell(other)


def test_a_piece_of_another_town_or_of_a_run_that_is_over(town: Town) -> None:
    seeded(town)
    put(town.here, person(950, municipality=HOME))
    reference = town.run()
    piece = next(iter(town.told))
    over = town._compare
    end = Span(None, None)
    with pytest.raises(OperationFault):
        over(ConsistencyPiece(ITSELF, reference, 12, True, end, ()))
    stranger = (NumberedRecord(0, person(5, municipality=MunicipalityCode("141003"))),)
    with pytest.raises(OperationFault):
        over(ConsistencyPiece(ITSELF, "C-11111111", 1, True, end, stranger))
    elsewhere = replace(ITSELF, municipality=MunicipalityCode("141003"))
    with pytest.raises(OperationFault):
        over(ConsistencyPiece(elsewhere, piece.run, 12, True, end, ()))


def test_many_findings_come_in_parts(town: Town) -> None:
    findings = [Finding(FindingKind.MISSING_HERE, person(n).code) for n in range(1, 1202)]
    last = ConsistencyPiece(ITSELF, "C-11111111", 1, True, Span(None, None), ())
    parts = list(notices(last, Total(), findings))
    assert [len(one.findings) for one in parts] == [500, 500, 201]
    assert [(one.part, one.parts) for one in parts] == [(1, 3), (2, 3), (3, 3)]


def test_items_and_numbers() -> None:
    one, other = person(1), person(1, kana=None, address=RegisterText("別"))
    assert differing(one, other) == (RecordItem.KANA, RecordItem.ADDRESS)
    (found,) = compare([NumberedRecord(3, one)], [NumberedRecord(2, other)])
    assert (found.number_sent, found.number_there) == (3, 2)
    recent, old = Here(True, AT), Here(True, AT - timedelta(days=2))
    since = AT - timedelta(hours=1)
    assert is_in_flight(found, recent, since)
    assert not is_in_flight(found, old, since)
    same = replace(found, number_there=3)
    assert not is_in_flight(same, recent, since)
    extra = Finding(FindingKind.MISSING_HERE, one.code, None, 1)
    assert is_in_flight(extra, old, since)
    assert not is_in_flight(extra, Here(False, None), since)
    assert is_in_flight(extra, Here(False, AT), since)
    assert Total.of([NumberedRecord(0, one), NumberedRecord(1, other)]) == Total.of(
        [NumberedRecord(1, other)]
    ).plus(Total.of([NumberedRecord(0, one)]))
