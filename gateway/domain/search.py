"""Search of identity records (本人確認情報の検索, flow 4): the question and its answer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.caller import Caller
from gateway.domain.codes import Coded, Sex
from gateway.domain.identifiers import MunicipalityCode
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.instant import require_utc
from gateway.domain.kana import Kana
from gateway.domain.register_date import RegisterDate
from gateway.domain.register_text import RegisterText
from gateway.domain.values import InvalidValue, Masked

_REFERENCE = re.compile("[0-9A-Za-z-]{8,64}")


class Match(Coded):
    """How a text is compared, after folding."""

    EXACT = ("exact", "完全一致", "the whole text")
    PREFIX = ("prefix", "前方一致", "the beginning of the text")


class Place(Coded):
    """Where records were searched (4-①)."""

    HERE = ("here", "自市町村", "the municipality that was asked")
    PREFECTURE = ("prefecture", "都道府県サーバ", "the prefectural server")
    NATION = ("nation", "全国サーバ", "the national server")


class SearchResult(Coded):
    """What a search found."""

    FOUND = ("found", "該当あり", "Somebody was found.")
    NO_RECORD = ("no_record", "該当なし", "Nobody fits.")
    TOO_MANY = ("too_many", "該当者多数", "More people fit than are listed; ask more precisely.")


@dataclass(frozen=True, slots=True, repr=False)
class SearchTerms(Masked):
    """Any combination of the four items, at least two of them beside sex (our own rule).

    Name and reading count as one item. Raises InvalidValue ``too-few``.
    """

    name: tuple[RegisterText, Match] | None = None
    kana: tuple[Kana, Match] | None = None
    birth_date: RegisterDate | None = None
    sex: Sex | None = None
    address: tuple[RegisterText, Match] | None = None

    def __post_init__(self) -> None:
        named = self.name is not None or self.kana is not None
        if named + (self.birth_date is not None) + (self.address is not None) < 2:
            raise InvalidValue("search-terms", "too-few")


@dataclass(frozen=True, slots=True)
class SearchQuestion:
    """Who asks for whom; ``residence`` is where the person is thought to live, None when unknown."""

    caller: Caller
    terms: SearchTerms
    residence: MunicipalityCode | None = None


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    """What was found, where and when (UTC), with the reference of whoever searched.

    Records come with ``found`` only. Raises InvalidValue ``records``, ``reference`` or ``not-utc``.
    """

    result: SearchResult
    answered_by: Place
    checked_at: datetime
    reference: str
    records: tuple[IdentityRecord, ...] = ()

    def __post_init__(self) -> None:
        require_utc(self.checked_at)
        if not _REFERENCE.fullmatch(self.reference):
            raise InvalidValue("search-answer", "reference")
        if bool(self.records) is not (self.result is SearchResult.FOUND):
            raise InvalidValue("search-answer", "records")


@dataclass(frozen=True, slots=True)
class RegisterAnswer:
    """Another register's answer, with the terms that it is about, as that register understood them."""

    answer: SearchAnswer
    about: SearchTerms
