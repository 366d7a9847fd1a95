"""A message that changes something: claim, effect, answer and evidence are committed together or not."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from gateway.app import NOTIFY, change_writer, notice_maker
from gateway.clock import FixedClock
from gateway.contract import SERVICES, read_answer, write_body
from gateway.domain.accesses import Effect
from gateway.domain.caller import Caller, Operator
from gateway.domain.change import ChangeResult
from gateway.domain.change_report import ChangeReport
from gateway.domain.codes import Purpose
from gateway.domain.faults import operation_fault
from gateway.domain.identifiers import MunicipalityCode
from gateway.errors import StoreError
from gateway.flows.identity_update import IdentityUpdate
from gateway.store import Conflict, ConnectionLost, NoticeRoute, OutcomeUnknown, Store
from gateway.transport.call import Binding
from gateway.transport.http import HttpAnswer
from gateway.trust import TrustStore
from gateway.wss.profile import Limits, Profile
from gateway.wss.verify import AnswerContext, Verifier
from tests.kit import replies
from tests.kit.accesses import listed
from tests.kit.changes import entry, move, report
from tests.kit.door import BASE, Door, signer_of, tls_of
from tests.kit.identities import NOW
from tests.kit.messages import Draft, good_request

REPORTS = SERVICES["resident_record"]
REPORT = REPORTS.operation("ReportChanges")
TELLER = Caller(
    MunicipalityCode("131016"), "131016-terminal-1", Operator("V-0001", "O-01"), Purpose.RECORD_COPY
)
ACCEPTED, ALREADY = ChangeResult.ACCEPTED, ChangeResult.ALREADY_ACCEPTED


@dataclass
class Desk:
    """The door with the resident record system's service; ``instead`` stands in for its ReportChanges."""

    door: Door
    update: IdentityUpdate
    instead: list[Callable[[ChangeReport], Any]] = field(default_factory=list)

    def post(self, draft: Draft) -> HttpAnswer:
        return self.door.post(
            draft.raw(),
            tls_of("records-1"),
            path=REPORTS.path,
            headers={"soapaction": f'"{REPORT.action}"'},
        )

    def results(self, answer: HttpAnswer, draft: Draft) -> list[ChangeResult]:
        expected = AnswerContext(
            draft.header.one("MessageID").text, draft.signature_value, {REPORT.answer_action: REPORT.response}
        )
        limits = Limits(body_bytes=1 << 23, elements=200_000)
        message = Verifier(self.door.trust, Profile(limits)).answer(answer.body, expected, NOW)
        return [one.result for one in read_answer(REPORTS, REPORT, message.content).outcomes]

    def fault(self, answer: HttpAnswer) -> str | None:
        return replies.read(answer.body).code

    def counts(self) -> dict[str, int]:
        tables = ("guard_messages", "guard_signatures", "person_versions", "person_changes", "outbox")
        with self.door.store.read() as connection:
            return {
                table: int(connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one())  # noqa: S608
                for table in (*tables, "evidence_entries")
            }


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made: list[Desk] = []

    def more(store: Store, clock: FixedClock, trust: TrustStore) -> list[Binding]:
        operation = SERVICES["prefectural"].operation(NOTIFY)
        route = NoticeRoute("13-prefectural-server", "prefectural", NOTIFY, operation.action)
        update = IdentityUpdate(
            store.changes,
            store.changes,
            clock,
            notice=notice_maker("prefectural"),
            write=change_writer(store, clock, route),
        )

        def reported(asked: ChangeReport) -> Any:
            (desk,) = made
            return (desk.instead[0] if desk.instead else update.report)(asked)

        made.append(Desk(None, update))  # type: ignore[arg-type] # the door comes next
        pieces = Verifier(trust, Profile(Limits(body_bytes=1 << 23, elements=200_000)))
        handlers = {"ReportChanges": reported}
        address = frozenset({BASE + REPORTS.path})
        return [Binding(REPORTS, address, handlers, timedelta(seconds=1), pieces, 1 << 23)]

    door = Door.open(tmp_path, more=more)
    made[0].door = door
    yield made[0]
    door.close()


def told(*changes: Any, message_id: str | None = None, **others: Any) -> Draft:
    body = write_body(REPORTS, REPORT, report(*changes, caller=TELLER))
    values: dict[str, Any] = {
        "body": body.decode(),
        "to": BASE + REPORTS.path,
        "action": REPORT.action,
        "message_id": message_id or f"urn:uuid:{uuid.uuid4()}",
    }
    return good_request(signer_of("records-1"), **{**values, **others})


def test_all_of_it_in_one_transaction(desk: Desk) -> None:
    commits: list[str] = []
    with desk.door.store.unit_of_work() as work:
        engine = work.connection.engine
    event.listen(engine, "commit", lambda _: commits.append("commit"))
    draft = told(entry(1), move(1, 2, "東京都千代田区霞が関一丁目"))
    answer = desk.post(draft)
    assert answer.status == 200
    assert desk.results(answer, draft) == [ACCEPTED, ACCEPTED]
    assert commits == ["commit"]
    assert desk.counts() == {
        "guard_messages": 1,
        "guard_signatures": 1,
        "person_versions": 2,
        "person_changes": 2,
        "outbox": 2,
        "evidence_entries": 2,
    }


def test_a_retry_gets_the_answer_of_before(desk: Desk) -> None:
    name = "urn:uuid:00000000-0000-4000-8000-000000000001"
    first = told(entry(1), message_id=name)
    again = told(entry(1), message_id=name, created=NOW + timedelta(milliseconds=1))
    answers = [desk.post(first), desk.post(again)]
    assert desk.results(answers[0], first) == desk.results(answers[1], again) == [ACCEPTED]
    counts = desk.counts()
    assert (counts["person_changes"], counts["outbox"], counts["guard_signatures"]) == (1, 1, 2)
    assert counts["evidence_entries"] == 4
    # The same under another MessageID is told apart by its number.
    other = told(entry(1))
    assert desk.results(desk.post(other), other) == [ALREADY]
    assert desk.counts()["outbox"] == 1


def test_a_replay_and_another_content_are_refused(desk: Desk) -> None:
    draft = told(entry(1), message_id="urn:uuid:00000000-0000-4000-8000-000000000002")
    desk.post(draft)
    before = desk.counts()
    replayed = desk.door.record(replies.read(desk.post(draft).body).reference)
    reused = told(entry(2), message_id="urn:uuid:00000000-0000-4000-8000-000000000002")
    other = desk.door.record(replies.read(desk.post(reused).body).reference)
    assert (replayed.rule, other.rule) == ("replayed", "message-id-reused")
    after = desk.counts()
    assert {name: after[name] - before[name] for name in after} == {
        **dict.fromkeys(after, 0),
        "evidence_entries": 2,  # the two refusals
    }


def test_two_that_race_are_one(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second was looked for before the first was committed."""
    name = "urn:uuid:00000000-0000-4000-8000-000000000003"
    first = told(entry(1), message_id=name)
    second = told(entry(1), message_id=name, created=NOW + timedelta(milliseconds=1))
    assert desk.results(desk.post(first), first) == [ACCEPTED]
    monkeypatch.setattr(desk.door.store.guard, "known", lambda seen: (False,) * len(seen))
    assert desk.results(desk.post(second), second) == [ACCEPTED]
    assert desk.counts()["outbox"] == 1


def test_what_was_read_and_holds_no_more_is_decided_again(desk: Desk) -> None:
    assert desk.post(told(entry(1))).status == 200
    decided = []

    def slow(asked: ChangeReport) -> Any:
        decision = desk.update.report(asked)
        if not decided:  # somebody else is faster, once
            other = desk.update.report(report(move(1, 2, "先"), caller=TELLER))
            with desk.door.store.unit_of_work() as work:
                other.write(work)
        decided.append(decision)
        return decision

    desk.instead = [slow]
    draft = told(move(1, 2, "後"))
    assert desk.results(desk.post(draft), draft) == [ChangeResult.NUMBER_USED]
    assert len(decided) == 2
    assert desk.counts()["person_changes"] == 2


@pytest.mark.parametrize("error", [Conflict, ConnectionLost, OutcomeUnknown])
def test_one_who_is_always_late_or_cut_off_may_come_back(desk: Desk, error: type[StoreError]) -> None:
    def late(asked: ChangeReport) -> Any:
        decision = desk.update.report(asked)

        def write(work: Any) -> None:
            decision.write(work)
            raise error("somebody was faster, or the line to the database ended")

        return type(decision)(decision.answer, write)

    desk.instead = [late]
    name = "urn:uuid:00000000-0000-4000-8000-000000000004"
    answer = desk.post(told(entry(1), message_id=name))
    assert desk.fault(answer) == "Busy"
    assert desk.counts() == {**dict.fromkeys(desk.counts(), 0), "evidence_entries": 2}
    desk.instead = []
    draft = told(entry(1), message_id=name, created=NOW + timedelta(milliseconds=1))
    assert desk.results(desk.post(draft), draft) == [ACCEPTED]


@pytest.mark.parametrize("where", ["effect", "evidence", "commit"])
def test_an_error_of_our_own_leaves_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    def full(*_: Any) -> None:
        raise StoreError("the database is full")

    name = "urn:uuid:00000000-0000-4000-8000-000000000005"
    with monkeypatch.context() as patched:
        if where == "effect":
            patched.setattr(desk.door.store.outbox, "enqueue", full)
        elif where == "evidence":
            patched.setattr(desk.door.store.guard, "_record", full)
            patched.setattr(desk.door.store.evidence, "append", full)
        else:
            patched.setattr(desk.door.store, "mark_clock", full)
        answer = desk.post(told(entry(1), message_id=name))
    assert (answer.status, desk.fault(answer)) == (500, "InternalError")
    kept = 2 if where == "effect" else 0  # evidence of the failure, as far as the store takes it
    assert desk.counts() == {**dict.fromkeys(desk.counts(), 0), "evidence_entries": kept}
    draft = told(entry(1), message_id=name, created=NOW + timedelta(milliseconds=1))
    assert desk.results(desk.post(draft), draft) == [ACCEPTED]


@pytest.mark.parametrize(("code", "kept"), [("ChangeRefused", 1), ("Busy", 0)])
def test_a_fault_that_lasts_is_kept_and_one_that_passes_is_not(desk: Desk, code: str, kept: int) -> None:
    def refuse(_: ChangeReport) -> Any:
        raise operation_fault(code)

    desk.instead = [refuse]
    name = "urn:uuid:00000000-0000-4000-8000-000000000006"
    assert desk.fault(desk.post(told(entry(1), message_id=name))) == code
    assert desk.counts()["guard_messages"] == kept
    desk.instead = []
    again = told(entry(1), message_id=name, created=NOW + timedelta(milliseconds=1))
    answer = desk.post(again)
    assert desk.fault(answer) == code if kept else desk.results(answer, again) == [ACCEPTED]
    assert desk.counts()["person_changes"] == 1 - kept


def test_a_batch_that_is_malformed_leaves_nothing_and_its_message_id_free(desk: Desk) -> None:
    name = "urn:uuid:00000000-0000-4000-8000-000000000007"
    good = told(entry(1), entry(2), message_id=name)
    bad = write_body(REPORTS, REPORT, report(entry(1), entry(2), caller=TELLER)).decode()
    bad = bad.replace("move_in", "moved_in", 1)
    answer = desk.post(told(entry(1), message_id=name, body=bad))
    assert desk.door.record(replies.read(answer.body).reference).rule == "schema"
    assert desk.counts()["guard_messages"] == 0
    assert desk.results(desk.post(good), good) == [ACCEPTED, ACCEPTED]


def test_a_thousand_at_once(desk: Desk) -> None:
    draft = told(*(entry(person) for person in range(1_000)))
    assert len(draft.raw()) > 262_144  # more than any other service takes
    assert desk.results(desk.post(draft), draft) == [ACCEPTED] * 1_000


def test_a_use_case_that_fails_otherwise(desk: Desk) -> None:
    def bug(_: ChangeReport) -> Any:
        raise KeyError("bug")

    desk.instead = [bug]
    answer = desk.post(told(entry(1)))
    assert desk.fault(answer) == "InternalError"
    assert desk.counts()["guard_messages"] == 0


def test_a_full_disk_leaves_nothing_half_there(desk: Desk) -> None:
    """Batches until the database is full, then room again: what was refused is taken whole by a retry."""

    def pages(most: int | None) -> None:
        with desk.door.store.unit_of_work() as work:
            now = work.connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            limit = 1_073_741_823 if most is None else now + most
            work.connection.exec_driver_sql(f"PRAGMA max_page_count = {limit}")

    pages(60)
    refused, first = None, 0
    for first in range(0, 1_000, 20):
        draft = told(*(entry(first + number) for number in range(20)), message_id=f"urn:uuid:{first}")
        answer = desk.post(draft)
        if answer.status != 200:
            refused = answer
            break
    assert refused is not None
    assert first > 0
    assert desk.fault(refused) == "Busy"
    pages(None)
    counts = desk.counts()
    assert counts["person_changes"] == counts["outbox"] == counts["person_versions"] == first
    assert counts["guard_messages"] == first // 20
    again = told(
        *(entry(first + number) for number in range(20)),
        message_id=f"urn:uuid:{first}",
        created=NOW + timedelta(milliseconds=1),
    )
    assert desk.results(desk.post(again), again) == [ACCEPTED] * 20


def test_any_statement_that_fails_leaves_nothing(desk: Desk) -> None:
    """Each statement of the whole transaction fails in its turn, and its COMMIT; then none does."""
    with desk.door.store.unit_of_work() as work:
        engine = work.connection.engine
    left = [0]

    def count_down(*_: Any) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise StoreError("this one fails")

    event.listen(engine, "before_cursor_execute", count_down)
    event.listen(engine, "commit", count_down)
    name, nothing = "urn:uuid:00000000-0000-4000-8000-000000000008", desk.counts()
    changes = (entry(1), move(1, 2, "東京都千代田区霞が関一丁目"))
    for failing in range(1, 200):
        left[0] = failing
        created = NOW + timedelta(milliseconds=failing)
        draft = told(*changes, message_id=name, created=created)
        answer = desk.post(draft)
        if answer.status == 200:
            break
        left[0] = 0
        counts = desk.counts()
        # What is kept of a failure is its evidence, no more.
        assert {**counts, "evidence_entries": 0} == {**nothing, "evidence_entries": 0}, failing
    assert failing > 20
    assert desk.results(answer, draft) == [ACCEPTED, ACCEPTED]
    counts = desk.counts()
    assert (counts["person_changes"], counts["outbox"], counts["guard_messages"]) == (2, 2, 1)


def test_the_access_log_knows_what_was_changed_and_what_was_not(desk: Desk) -> None:
    name = "urn:uuid:00000000-0000-4000-8000-000000000077"
    for created in (NOW, NOW + timedelta(milliseconds=1)):
        desk.post(told(entry(1), move(2, 5, "東京都千代田区霞が関一丁目"), message_id=name, created=created))
    first, again = listed(desk.door.store)
    effects = [[one.effect for one in found.people] for found in (first, again)]
    assert (first.outcome, again.outcome) == ("partly_accepted", "repeated")
    assert effects == [[Effect.CHANGED, Effect.ASKED], [Effect.ASKED, Effect.ASKED]]
    assert (first.with_number, again.with_number) == (True, True)


def test_a_change_that_is_not_committed_is_not_in_the_access_log(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise StoreError("the database is full")

    with monkeypatch.context() as patched:
        patched.setattr(desk.door.store.outbox, "enqueue", full)
        desk.post(told(entry(1)))
    assert [(one.outcome, one.people[0].effect) for one in listed(desk.door.store)] == [
        ("failed", Effect.ASKED)
    ]
