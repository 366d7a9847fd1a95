"""Hypothesis strategies for special move-ins (flow 3) and what is said of them."""

from __future__ import annotations

import dataclasses

from hypothesis import strategies as st

from gateway.domain.change import MOST_NUMBER, Change
from gateway.domain.change_reason import ChangeReason
from gateway.domain.eras import Calendar
from gateway.domain.identifiers import MunicipalityCode
from gateway.domain.move import MoveEvent, MoveState
from gateway.domain.move_certificate import (
    CarriedCard,
    Entitlement,
    FamilyRegister,
    Leaving,
    Pension,
    PensionKind,
    Relation,
    TransferCertificate,
)
from gateway.domain.move_messages import (
    Arrival,
    CertificateRegistration,
    Completion,
    Dispatch,
    FetchedMove,
    MoveActor,
    MoveInNotice,
    MoveLine,
    MoveOutConfirmation,
    MoveQuestion,
    MoveReceipt,
    MoveResult,
    Moves,
    MoveStep,
    MoveView,
    TransferQuestion,
    TransferRequest,
    TransferSending,
)
from gateway.domain.register_date import Certainty, RegisterDate
from tests.kit.card_strategies import days, instants, person_codes, references, serials
from tests.kit.strategies import callers, identity_records, register_texts

towns = st.sampled_from([MunicipalityCode(code) for code in ("131016", "141003", "012025")])
relations = st.sampled_from(["世帯主", "妻", "子", "子の子", "妻の父", "子(子の夫)"]).map(Relation)


@st.composite
def _cards(draw: st.DrawFn) -> CarriedCard:
    first, last = sorted((draw(days), draw(days)))
    return CarriedCard(
        draw(serials), first, last, draw(st.text("0123456789ABCDEF", min_size=32, max_size=32))
    )


leavings = st.builds(
    Leaving,
    identity_records,
    register_texts(),
    relations,
    st.none() | st.builds(FamilyRegister, register_texts(20), register_texts()),
    st.sets(st.sampled_from(Entitlement)).map(lambda some: tuple(one for one in Entitlement if one in some)),
    st.none()
    | st.builds(Pension, st.sampled_from(PensionKind), st.text("0123456789", min_size=10, max_size=10)),
    st.none() | _cards(),
)


@st.composite
def certificates(draw: st.DrawFn) -> TransferCertificate:
    """Certificates of one to three people of one town, with a card at least."""
    town = draw(towns)
    people = draw(st.lists(leavings, min_size=1, max_size=3, unique_by=lambda one: one.record.code.digits))
    here = [
        dataclasses.replace(one, record=dataclasses.replace(one.record, municipality=town)) for one in people
    ]
    here[0] = dataclasses.replace(here[0], card=draw(_cards()))
    return TransferCertificate(
        draw(references),
        town,
        draw(days),
        draw(days),
        draw(towns.filter(lambda other: other != town)),
        draw(st.none() | register_texts(20)),
        tuple(here),
    )


@st.composite
def sendings(draw: st.DrawFn) -> TransferSending:
    """Certificates on their way, by somebody of the old town."""
    sent = draw(certificates())
    caller = dataclasses.replace(draw(callers), municipality=sent.municipality)
    return TransferSending(caller, draw(st.none() | references), sent)


@st.composite
def registrations(draw: st.DrawFn) -> CertificateRegistration:
    """The same, as a resident record system registers them."""
    sent = draw(sendings())
    return CertificateRegistration(sent.caller, draw(st.sampled_from(Dispatch)), sent.certificate)


transfer_questions = st.builds(TransferQuestion, callers, person_codes, serials, towns, days, days)
transfer_requests = st.builds(TransferRequest, callers, references, person_codes, serials, days, days)
steps = st.builds(MoveStep, callers, references)
_entries = st.builds(
    Change,
    st.integers(1, MOST_NUMBER),
    st.sampled_from([ChangeReason.MOVE_IN, ChangeReason.OFFICIAL_ENTRY]),
    days.map(lambda day: RegisterDate(Calendar.WESTERN, day.strftime("%Y%m%d"), Certainty.EXACT, None)),
    identity_records,
)
completions = st.builds(
    Completion, callers, references, st.lists(_entries, min_size=1, max_size=2).map(tuple)
)
arrivals = st.builds(
    Arrival,
    references,
    days,
    register_texts(20),
    st.lists(person_codes, min_size=1, max_size=3).map(tuple),
)
notices = st.builds(MoveInNotice, callers, arrivals)
confirmations = st.builds(MoveOutConfirmation, callers, references, person_codes, towns, days)
move_receipts = st.builds(
    MoveReceipt, instants, references, st.sampled_from(MoveResult), st.none() | references
)


def move_questions(coded: bool = True) -> st.SearchStrategy[MoveQuestion]:
    """Questions for the moves of a person, or for what waits."""
    return st.builds(MoveQuestion, callers, person_codes if coded else st.none())


_results = st.none() | st.sampled_from(MoveResult)
_lines = st.builds(
    MoveLine,
    st.sampled_from(MoveEvent),
    st.sampled_from(MoveState),
    st.sampled_from(MoveActor),
    instants,
    _results,
)
_views = st.builds(
    MoveView,
    references,
    st.sampled_from(MoveState),
    person_codes,
    st.none() | towns,
    st.none() | days,
    st.none() | days,
    st.none() | days,
    _results,
    st.lists(_lines, max_size=3).map(tuple),
)
moves = st.builds(Moves, instants, references, st.lists(_views, max_size=3).map(tuple))
fetched = st.builds(
    FetchedMove,
    instants,
    references,
    st.sampled_from(MoveResult),
    st.none() | certificates(),
    st.none() | arrivals,
)
