"""Hypothesis strategies for addressees (送付先情報, flow 7): told, asked and answered."""

from __future__ import annotations

import datetime as dt

from hypothesis import strategies as st

from gateway.domain.addressee import (
    Addressee,
    AddresseeHeader,
    AddresseePerson,
    Circumstance,
    Conversion,
    Office,
    PrintClass,
    Residency,
)
from gateway.domain.addressee_delivery import (
    AddresseeOutcome,
    AddresseePiece,
    AddresseeReceipt,
    Sending,
    SendingHistory,
    SendingQuestion,
    Target,
    TargetList,
    TargetQuestion,
)
from gateway.domain.addressee_rules import AddresseeResult
from gateway.domain.card_characters import Substitute
from gateway.domain.change_reason import ChangeReason
from gateway.domain.change_report import Delivery
from gateway.domain.codes import Sex
from gateway.domain.identifiers import IndividualNumber, MunicipalityCode, ResidentRecordCode
from gateway.domain.kana import Kana
from gateway.domain.postal import Phone, PostalCode
from gateway.people.rows import FORMULA
from tests.kit.strategies import callers, dates, register_texts

TEXTS = register_texts().filter(lambda text: text.inline[0] not in FORMULA)
POSTAL = st.from_regex("[0-9]{7}", fullmatch=True).map(PostalCode)
DAYS = st.dates(dt.date(1990, 1, 1), dt.date(2199, 12, 31))
OFFICES = st.builds(
    Office, TEXTS, POSTAL, TEXTS, st.sampled_from(["03-3264-2111", "090-1234-5678"]).map(Phone)
)
HEADERS = st.builds(
    AddresseeHeader, st.just(MunicipalityCode("131016")), OFFICES, OFFICES, OFFICES, DAYS, st.just(1)
)
SUBSTITUTES = st.builds(
    Substitute, TEXTS, st.sets(st.integers(1, 400), min_size=1, max_size=4).map(lambda s: tuple(sorted(s)))
)
PEOPLE = st.builds(
    AddresseePerson,
    code=st.integers(0, 10**10 - 1).map(lambda n: ResidentRecordCode.from_base(f"{n:010d}")),
    individual_number=st.integers(0, 10**11 - 1).map(lambda n: IndividualNumber.from_base(f"{n:011d}")),
    name=TEXTS,
    kana=st.none() | st.just(Kana("ヤマダ\u3000タロウ")),
    latin_name=st.none() | TEXTS,
    former_surname=st.none() | TEXTS,
    birth_date=dates().filter(lambda date: date.text is None or date.text.inline[0] not in FORMULA),
    sex=st.sampled_from(Sex),
    postal_code=POSTAL,
    address=TEXTS,
    residency=st.none() | st.sampled_from(Residency),
    stay_until=st.none() | DAYS,
    conversion=st.sampled_from(Conversion),
    substitute_name=st.none() | SUBSTITUTES,
    substitute_address=st.none() | SUBSTITUTES,
)
ADDRESSEES = st.builds(
    Addressee,
    number=st.from_regex("[0-9A-Za-z]{1,20}", fullmatch=True),
    postal_code=POSTAL,
    address=TEXTS,
    name=TEXTS,
    print_class=st.sampled_from(PrintClass),
    circumstance=st.sampled_from(Circumstance),
    count=st.integers(1, 9999),
    people=st.lists(PEOPLE, min_size=1, max_size=3).map(tuple),
)
INSTANTS = st.datetimes(dt.datetime(1970, 1, 1), dt.datetime(2199, 12, 31), timezones=st.just(dt.UTC))  # noqa: DTZ001
CODES = st.integers(0, 10**10 - 1).map(lambda n: ResidentRecordCode.from_base(f"{n:010d}"))
PIECES = st.builds(AddresseePiece, callers, HEADERS, st.lists(ADDRESSEES, min_size=1, max_size=2).map(tuple))
RECEIPTS = st.builds(
    AddresseeReceipt,
    INSTANTS,
    st.just("M-12345678"),
    st.lists(
        st.tuples(st.sampled_from(AddresseeResult), st.none() | st.integers(1, 9)), min_size=1, max_size=3
    ).map(lambda found: tuple(AddresseeOutcome(place, *one) for place, one in enumerate(found, start=1))),
)
TARGET_QUESTIONS = st.builds(TargetQuestion, callers, st.none() | st.integers(1, 2**31 - 1))
TARGETS = st.builds(
    TargetList,
    INSTANTS,
    st.just("M-12345678"),
    st.lists(st.builds(Target, CODES, st.sampled_from(ChangeReason), INSTANTS), max_size=3).map(tuple),
    st.none() | st.integers(1, 2**31 - 1),
)
SENDING_QUESTIONS = st.builds(SendingQuestion, callers, CODES)
SENDINGS = st.builds(
    SendingHistory,
    INSTANTS,
    st.just("M-12345678"),
    st.lists(st.builds(Sending, INSTANTS, st.sampled_from(Delivery)), max_size=3).map(tuple),
)
