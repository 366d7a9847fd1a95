"""The cards that the simulated card management system begins with: one for everybody in its file.

Whose ``card_state`` is ``none`` has one that was made and waits to be issued; ``lapsed`` is one whose
validity has ended. Serial numbers and days follow from the 住民票コード: they are the same each time.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import string
from pathlib import Path
from typing import Final

from gateway.clock import Clock
from gateway.domain.card import Card, CardSerial, CardState
from gateway.domain.card_validity import validity_end
from gateway.domain.eras import Calendar
from gateway.domain.identifiers import ResidentRecordCode
from gateway.flows.identity_update import japanese_day
from gateway.people import CardState as CardInFile
from gateway.people import Person, read_people
from gateway.stock import Stock
from gateway.store import Store

_SIGNS: Final = string.digits + string.ascii_uppercase
_STATES: Final = {
    CardInFile.NONE: CardState.BEFORE_ISSUE,
    CardInFile.ACTIVE: CardState.ACTIVE,
    CardInFile.SUSPENDED: CardState.SUSPENDED,
    CardInFile.LAPSED: CardState.REVOKED,
}
_LONG_AGO: Final = 4_200  # days: longer than any card is valid
_STAY_YEARS: Final = 3  # of a foreigner's synthetic period of stay
_CHUNK: Final = 500


def serial_of(code: ResidentRecordCode, number: int = 1) -> CardSerial:
    """The serial number of a person's first, second … synthetic card."""
    value = int.from_bytes(hashlib.sha256(f"synthetic card {code.digits}/{number}".encode()).digest())
    signs = []
    for _ in range(12):
        value, sign = divmod(value, len(_SIGNS))
        signs.append(_SIGNS[sign])
    return CardSerial("".join(signs))


def stock_cards(store: Store, people: Path, clock: Clock) -> None:
    """Make the cards that are not there yet; what was done to those that are stays.

    To be called before the register is filled from the same file: a register that was has its cards too.
    """
    if Stock(people).is_in(store):
        return
    now, today = clock.now(), japanese_day(clock)
    chunk: list[Card] = []
    for person in read_people(people):
        if not store.card_book.cards_of(person.record.code):
            chunk.append(_card(person, today))
        if len(chunk) == _CHUNK:
            with store.unit_of_work() as work:
                store.card_book.put(work, chunk, at=now)
            chunk = []
    if chunk:
        with store.unit_of_work() as work:
            store.card_book.put(work, chunk, at=now)


def _card(person: Person, today: dt.date) -> Card:
    record, state = person.record, _STATES[person.card_state]
    serial = serial_of(record.code)
    foreign = record.birth_date.calendar is Calendar.WESTERN
    stay = today + dt.timedelta(days=365 * _STAY_YEARS) if foreign else None
    if state is CardState.BEFORE_ISSUE:
        return Card(serial, record.code, state, record.municipality, residence_until=stay)
    ago = _LONG_AGO if state is CardState.REVOKED else int(record.code.digits[-4:]) % 1_000 + 100
    issued = today - dt.timedelta(days=ago)
    return Card(
        serial,
        record.code,
        state,
        record.municipality,
        version=1,
        issued_on=issued,
        valid_until=validity_end(record.birth_date, issued),
        residence_until=None if state is CardState.REVOKED else stay,
    )
