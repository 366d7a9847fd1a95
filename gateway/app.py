"""The gateway itself: which use case stands behind which operation, and what each of them is given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from clients._soap import Channel
from clients.card_management_system import CardManagementSystem
from clients.connect import connect
from clients.jlis import Jlis
from clients.national_server import NationalServer
from clients.prefectural_server import PrefecturalServer
from gateway import telemetry
from gateway.asked import watch
from gateway.cards import LAPSE_SECONDS, CardDesk
from gateway.clock import Clock
from gateway.companion import Companion
from gateway.contract import SERVICES, write_body
from gateway.domain.addressee_delivery import MOST_TARGETS, AddresseeBatch, AddresseePiece
from gateway.domain.caller import Caller
from gateway.domain.change import Change
from gateway.domain.change_reason import ChangeReason
from gateway.domain.change_report import ChangeEntry, ChangeReport, Notice
from gateway.domain.consistency import ConsistencyNotice, Finding
from gateway.domain.identifiers import MunicipalityCode
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.inquiry_file_keeping import NewPiece
from gateway.domain.search import Place, SearchTerms
from gateway.domain.values import read_code
from gateway.errors import StateError
from gateway.flows.addressee_notification import (
    AddresseeNotification,
    AddresseeSendings,
    AddresseeTargets,
)
from gateway.flows.budgets import Budget, Budgeted, Spending
from gateway.flows.change_intake import NoticeMaker
from gateway.flows.consistency import TakeFindings
from gateway.flows.identity_update import IdentityUpdate, Write
from gateway.flows.identity_verification import (
    IdentityVerification,
    is_negative_verification,
    subject_of_verification,
)
from gateway.flows.inquiry import PersonInquiry, is_negative_inquiry, subject_of_inquiry
from gateway.flows.inquiry_files import GiveResults, TakePieces, TellProgress
from gateway.flows.issuing import Issuing
from gateway.flows.person_search import LocalSearch, PersonSearch, is_negative_search, subject_of_search
from gateway.flows.ports import LocalRegister, NationalRegister, OtherRegister
from gateway.inquirer import inquirer
from gateway.moves import LAPSE_SECONDS as MOVE_SECONDS
from gateway.moves import MoveDesk
from gateway.running import Handlers, Parts, Periodic, System
from gateway.settings import Settings
from gateway.state import StateFolder
from gateway.store import NoticeRoute, Register, Store, TooMany
from gateway.wss.sign import new_message_id

NOTIFY, NOTIFY_ADDRESSEES = "NotifyChanges", "NotifyAddressees"


def prepared(_state: StateFolder, _settings: Settings) -> System:
    """The gateway, ready to be served."""
    return Gateway()


class Gateway(System):
    """The 市町村CS (municipal communication server)."""

    def handlers(self, parts: Parts) -> Handlers:
        """What others ask (flows 2 to 5, 8), and the resident record system reports (1, 3, 7, 8)."""
        settings, clock, store = parts.settings, parts.clock, parts.store
        if settings.system.municipality is None:
            raise StateError(f"{parts.state.settings_file}: a municipal CS needs [system] municipality")
        home = MunicipalityCode(settings.system.municipality)
        national_id = destination_of(settings, "national_server")
        national: NationalRegister = NationalServer(_channel(parts, national_id, NationalServer.SERVICE))
        others: dict[Place, tuple[str, OtherRegister]] = {Place.NATION: (national_id, national)}
        prefectural_id = destination_of(settings, "prefectural_server")
        if any(destination.id == prefectural_id for destination in settings.destinations):
            channel = _channel(parts, prefectural_id, PrefecturalServer.SERVICE)
            others[Place.PREFECTURE] = (prefectural_id, PrefecturalServer(channel))
        here: LocalRegister = LocalPeople(store.register)
        spending: Spending = store.budgets
        budget = Budget(
            window=timedelta(seconds=settings.budgets.window_seconds),
            per_operator=settings.budgets.per_operator,
            per_terminal=settings.budgets.per_terminal,
            per_person=settings.budgets.per_person,
        )
        alarms = telemetry.Alarms(parts.state.run)

        def budgeted(
            handler: Callable[[Any], Any], subject: Callable[[Any], str], negative: Callable[[Any], bool]
        ) -> Callable[[Any], Any]:
            return Budgeted(
                handler,
                subject=subject,
                negative=negative,
                budget=budget,
                spending=spending,
                clock=clock,
                alarm=lambda kind: alarms.begin("budget-used-up", kind),
            )

        route = notice_route(settings, "prefectural_server", PrefecturalServer.SERVICE)
        cards = self._cards = CardDesk(parts, home, _called(settings, "card_management_system"))
        write = change_writer(store, clock, route, wanted=settings.addressees.target_reasons)
        notice = notice_maker(PrefecturalServer.SERVICE)
        update = IdentityUpdate(
            store.changes, store.changes, clock, notice=notice, write=write, follow=cards.follow
        )
        moves = self._moves = MoveDesk(
            store,
            clock,
            settings,
            home,
            prefecture=prefectural_id,
            notice=notice,
            write_changes=write,
            follow=cards.follow_move_in,
        )
        search = PersonSearch(home, LocalSearch(here, clock, Place.HERE, "M"), others)
        jlis_id = _called(settings, "jlis")
        provider = None if jlis_id is None else Jlis(_channel(parts, jlis_id, Jlis.SERVICE))
        issuing = Issuing(provider, jlis_id or Jlis.SERVICE)
        inquire = budgeted(
            PersonInquiry(provider, jlis_id or Jlis.SERVICE), subject_of_inquiry, is_negative_inquiry
        )
        return {
            "terminal": {
                "VerifyIdentity": budgeted(
                    IdentityVerification(national, national_id),
                    subject_of_verification,
                    is_negative_verification,
                ),
                "SearchPerson": budgeted(search, subject_of_search, is_negative_search),
                "QueryCards": cards.query,
                "QueryCardHistory": cards.history,
                "UpdateCard": cards.update,
                "InquirePerson": inquire,
                **moves.handlers["terminal"],
            },
            "number_use": {"InquirePerson": inquire},
            "addressee_terminal": inquiry_file_handlers(store, clock),
            "consistency_result": consistency_handlers(settings, store, clock),
            "resident_record": {
                "ReportChanges": update.report,
                "ResendChange": update.resend,
                "CancelChange": update.cancel,
                "QueryChange": update.query,
                "RevokeCards": cards.revoke,
                "AllocateCodes": issuing.allocate_codes,
                "RequestNumber": issuing.request_number,
                **addressee_handlers(settings, store, clock),
                **moves.handlers["resident_record"],
            },
            "municipal": moves.handlers["municipal"],
        }

    def companions(self, state: StateFolder, settings: Settings, chain: int) -> Sequence[Companion]:
        """The process that answers files of inquiries and sends records to be compared."""
        return (inquirer(state, settings, chain, _called(settings, "jlis")),)

    def periodic(self, parts: Parts) -> Sequence[Periodic]:
        """The ends of cards, and of moves that nobody came for."""
        return (
            (LAPSE_SECONDS, self._cards.end_what_is_over),
            (MOVE_SECONDS, self._moves.end_what_is_over),
        )


class LocalPeople:
    """The store's register as the flows see it."""

    def __init__(self, register: Register) -> None:
        self._register = register

    def search(
        self, terms: SearchTerms, *, limit: int, within: str | None = None
    ) -> Sequence[IdentityRecord] | None:
        """As LocalRegister.search."""
        whole = within is None or len(within) > 2
        found = self._register.search(
            terms,
            limit=limit,
            municipality=within if whole else None,
            prefecture=None if whole else within,
        )
        return None if isinstance(found, TooMany) else found.records


def notice_maker(service_name: str) -> NoticeMaker:
    """Makes notices of changes, one each, for the service of the next server."""
    service = SERVICES[service_name]
    operation = service.operation(NOTIFY)

    def notice(caller: Caller, change: Change) -> Notice:
        body = write_body(service, operation, ChangeReport(caller, (change,)))
        return Notice(new_message_id(), body)

    return notice


def addressee_handlers(settings: Settings, store: Store, clock: Clock) -> dict[str, Callable[[Any], Any]]:
    """Flow 7: what the resident record system delivers and asks, by operation."""
    cards = CardManagementSystem.SERVICE
    service, operation = SERVICES[cards], SERVICES[cards].operation(NOTIFY_ADDRESSEES)
    route = notice_route(settings, "card_management_system", cards, NOTIFY_ADDRESSEES)

    def notice(piece: AddresseePiece) -> Notice:
        return Notice(new_message_id(), write_body(service, operation, piece))

    def write(work: Any, batch: AddresseeBatch) -> None:
        store.addressees.write(work, batch, route=route, at=clock.now())

    book = store.addressees
    return {
        "DeliverAddressees": AddresseeNotification(book, clock, notice=notice, write=write),
        "ListAddresseeTargets": AddresseeTargets(book, clock, most=MOST_TARGETS),
        "QueryAddresseeSendings": AddresseeSendings(book, clock),
    }


def inquiry_file_handlers(store: Store, clock: Clock) -> dict[str, Callable[[Any], Any]]:
    """Flow 5 by file: what an addressee terminal delivers, asks and fetches, by operation."""
    files = store.inquiry_files

    def write(work: Any, piece: NewPiece) -> None:
        files.write_piece(work, piece, at=clock.now())

    return {
        "DeliverInquiryPiece": TakePieces(files, clock, write=write),
        "QueryInquiryFile": TellProgress(files, clock),
        "FetchInquiryResults": GiveResults(files, clock),
    }


def consistency_handlers(settings: Settings, store: Store, clock: Clock) -> dict[str, Callable[[Any], Any]]:
    """Flow 6: what prefectural and national server tell that they found (6-③)."""
    runs = store.consistency_runs

    def write(work: Any, notice: ConsistencyNotice, findings: Sequence[tuple[Finding, bool]]) -> None:
        runs.note(work, notice, findings, at=clock.now())

    flight = timedelta(seconds=settings.consistency.flight_seconds)
    return {
        "NotifyConsistency": TakeFindings(
            store.consistency_records, runs.find, clock, write=write, flight=flight
        )
    }


def notice_route(settings: Settings, role: str, service_name: str, name: str = NOTIFY) -> NoticeRoute:
    """Where notices to the server of this role go."""
    operation = SERVICES[service_name].operation(name)
    return NoticeRoute(destination_of(settings, role), service_name, operation.name, operation.action)


def change_writer(
    store: Store, clock: Clock, route: NoticeRoute | None, *, wanted: Sequence[str] = ()
) -> Write:
    """Writes accepted changes into register and outbox, within the unit of work that it is given.

    Changes of the reasons ``wanted`` make people whose addressees are to be extracted (更新対象者).
    """
    reasons = frozenset(read_code(ChangeReason, reason) for reason in wanted)

    def write(work: Any, entries: Sequence[ChangeEntry]) -> None:
        at = clock.now()
        store.changes.write(work, entries, at=at, route=route)
        if reasons:
            store.addressees.note_changes(work, entries, reasons=reasons, at=at)

    return write


def _channel(parts: Parts, destination: str, service: str) -> Channel:
    return connect(
        parts.settings,
        parts.state.path,
        destination=destination,
        service=service,
        trust=parts.trust,
        clock=parts.clock,
        observe=watch(parts, destination, service),
    )


def destination_of(settings: Settings, role: str) -> str:
    """The id of the destination that has this role; the role's own name where the settings name none."""
    return _called(settings, role) or role


def _called(settings: Settings, role: str) -> str | None:
    """The same, or None."""
    called = {destination.id for destination in settings.destinations}
    return next(
        (known.id for known in settings.counterparts if known.role == role and known.id in called), None
    )
