"""Hypothesis strategies for cards and what is said of them."""

from __future__ import annotations

import dataclasses
import datetime as dt
from datetime import UTC, datetime

from hypothesis import strategies as st

from gateway.domain.card import Card, CardEvent, CardSerial, CardState
from gateway.domain.card_history import CardHistory, CardOutcome, HistoryLine
from gateway.domain.card_query import CardAnswer, CardQuestion
from gateway.domain.card_update import (
    EVENTS_OF,
    REASONS_OF,
    CardActor,
    CardReceipt,
    CardResult,
    CardUpdate,
    RevocationReason,
)
from gateway.domain.change import MOST_NUMBER
from gateway.domain.identifiers import MunicipalityCode, ResidentRecordCode
from tests.kit.strategies import callers

person_codes = st.builds(lambda n: ResidentRecordCode.from_base(f"{n:010d}"), st.integers(0, 10**10 - 1))
instants = st.datetimes(datetime(1970, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
references = st.from_regex("[0-9A-Za-z-]{8,64}", fullmatch=True)
days = st.dates(dt.date(2015, 10, 5), dt.date(2199, 12, 31))
serials = st.builds(CardSerial, st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=12, max_size=12))

cards = st.builds(
    Card,
    serials,
    person_codes,
    st.sampled_from(CardState),
    st.just(MunicipalityCode("131016")),
    st.integers(0, MOST_NUMBER),
    st.none() | days,
    st.none() | days,
    st.none() | days,
    st.none() | days,
)

card_questions = st.builds(CardQuestion, callers, person_codes)


@st.composite
def card_answers(draw: st.DrawFn) -> CardAnswer:
    """The cards of one person."""
    code = draw(person_codes)
    some = draw(st.lists(cards, max_size=3))
    held = tuple(dataclasses.replace(card, code=code) for card in some)
    return CardAnswer(draw(instants), draw(references), code, held)


@st.composite
def card_updates(draw: st.DrawFn, *actors: CardActor, referred: bool = False) -> CardUpdate:
    """Updates that one of these actors may bring; with a reference as a municipal CS tells of them."""
    actor = draw(st.sampled_from(actors))
    event = draw(st.sampled_from(sorted(EVENTS_OF[actor], key=lambda one: one.value)))
    reasons = sorted(REASONS_OF[actor], key=lambda one: one.value)
    serial = draw(serials)
    of_person = actor is CardActor.REGISTRY or (actor is CardActor.GATEWAY and draw(st.booleans()))
    return CardUpdate(
        draw(callers),
        draw(person_codes),
        None if of_person else serial,
        event,
        draw(days),
        actor,
        draw(st.sampled_from(reasons)) if event is CardEvent.REVOKE else None,
        draw(references) if referred else None,
    )


@st.composite
def card_receipts(draw: st.DrawFn) -> CardReceipt:
    """Receipts of every result."""
    code = draw(person_codes)
    held = tuple(dataclasses.replace(card, code=code) for card in draw(st.lists(cards, max_size=2)))
    allowed = tuple(draw(st.lists(st.sampled_from(CardEvent), max_size=4)))
    return CardReceipt(
        draw(instants), draw(references), code, draw(st.sampled_from(CardResult)), held, allowed
    )


card_histories = st.builds(
    CardHistory,
    instants,
    references,
    person_codes,
    st.lists(
        st.builds(
            HistoryLine,
            serials,
            st.none() | st.sampled_from(CardEvent),
            st.none() | st.sampled_from(RevocationReason),
            days,
            st.sampled_from(CardState),
            st.sampled_from(CardActor),
            st.sampled_from(CardOutcome),
            st.none() | st.sampled_from(CardResult),
            instants,
        ),
        max_size=3,
    ).map(tuple),
)
