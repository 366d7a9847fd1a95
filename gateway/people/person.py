"""One person of a file of synthetic people: the identity record, and what goes with it into a register."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from gateway.domain.identity_record import IdentityRecord
from gateway.domain.kana import Kana
from gateway.domain.register_text import RegisterText
from gateway.domain.values import InvalidValue, Masked


class CardState(Enum):
    """Whether the person has a 個人番号カード, and whether it works."""

    NONE = "none"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    LAPSED = "lapsed"


@dataclass(frozen=True, slots=True, repr=False)
class Person(Masked):
    """A record, the card's state, the household (any text that its members share), and what was before.

    ``past_kana`` is the reading of ``past_name``. ``recorded_at`` are ids of systems that have the person on
    record, ``note`` says in English what is special. Raises InvalidValue ``alone`` for a past reading without
    a past name.
    """

    record: IdentityRecord
    card_state: CardState
    household: str = ""
    past_name: RegisterText | None = None
    past_kana: Kana | None = None
    past_address: RegisterText | None = None
    recorded_at: tuple[str, ...] = ()
    note: str = ""

    def __post_init__(self) -> None:
        if self.past_kana is not None and self.past_name is None:
            raise InvalidValue("past_kana", "alone")

    def versions(self) -> tuple[IdentityRecord, ...]:
        """The record as it was before the change of name or address, if there was one, and as it is."""
        if self.past_name is None and self.past_address is None:
            return (self.record,)
        record = self.record
        if self.past_name is not None:
            # What was before the marriage had no 旧氏 yet.
            record = replace(record, name=self.past_name, kana=self.past_kana, former_surname=None)
        if self.past_address is not None:
            record = replace(record, address=self.past_address)
        return (record, self.record)
