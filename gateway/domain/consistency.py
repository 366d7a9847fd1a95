"""Consistency of identity records (本人確認情報整合, flow 6): a run, what is sent for it, what is found.

A municipality sends its people's records in pieces (6-①), each of a span of 住民票コード; the counterpart
compares them with its own of that municipality (6-②) and tells what differs (6-③). The numbers of changes
(更新順番号) that go with the records tell what is only on its way from what really differs.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Self

from gateway.domain.caller import Caller
from gateway.domain.codes import Coded
from gateway.domain.identifiers import ResidentRecordCode
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.register_date import RegisterDate
from gateway.domain.register_text import RegisterText
from gateway.domain.values import InvalidValue

MOST_RECORDS: Final = 1_000
"""Of one piece (own rule)."""

MOST_FINDINGS: Final = 500
"""Of one notice (own rule)."""

MOST_SPANS: Final = 500
"""Whose digests are compared in one message (own rule)."""

_MODULUS: Final = 1 << 256
_REFERENCE: Final = re.compile("[0-9A-Za-z-]{8,64}")
_DIGEST: Final = re.compile("[0-9a-f]{64}")


class RunMode(Coded):
    """How a run compares."""

    COMPLETE = ("complete", "全件送付", "Every record is sent, as the source document has it.")
    DIGESTS = ("digests", "要約値先行", "Digests of spans first; records only of spans that differ.")


class RunState(Coded):
    """How far a run is."""

    SENDING = ("sending", "送付中", "Records are being sent.")
    WAITING = ("waiting", "結果待ち", "All is sent; the counterpart has not told yet what it found.")
    DONE = ("done", "完了", "The counterpart has told what it found.")


class FindingKind(Coded):
    """What is found of one person."""

    MISSING_THERE = ("missing_there", "相手方になし", "The counterpart has no record of the person.")
    MISSING_HERE = ("missing_here", "市町村CSになし", "Only the counterpart has a record.")
    DIFFERS = ("differs", "相違", "Items of the two records differ.")


class RecordItem(Coded):
    """An item of a record that may differ."""

    INDIVIDUAL_NUMBER = ("individual_number", "個人番号", "Individual Number")
    NAME = ("name", "氏名", "name")
    KANA = ("kana", "ふりがな", "reading")
    LATIN_NAME = ("latin_name", "ローマ字氏名", "name in Latin letters")
    COMMON_NAME = ("common_name", "通称", "common name")
    FORMER_SURNAME = ("former_surname", "旧氏", "former surname")
    BIRTH_DATE = ("birth_date", "生年月日", "date of birth")
    SEX = ("sex", "性別", "sex")
    ADDRESS = ("address", "住所", "address")


@dataclass(frozen=True, slots=True)
class NumberedRecord:
    """A record, and the number (更新順番号) of the last change that it comes of; 0: a first stock."""

    number: int
    record: IdentityRecord


@dataclass(frozen=True, slots=True)
class Span:
    """The codes after ``after`` up to ``upto``; None is the beginning, or the end."""

    after: ResidentRecordCode | None
    upto: ResidentRecordCode | None


@dataclass(frozen=True, slots=True)
class Total:
    """How many records, and a digest of them that does not depend on their order (64 hex digits)."""

    count: int = 0
    digest: str = "0" * 64

    def __post_init__(self) -> None:
        if not _DIGEST.fullmatch(self.digest):
            raise InvalidValue("digest", "hex")

    @classmethod
    def of(cls, records: Iterable[NumberedRecord]) -> Self:
        """Of these records."""
        prints = [fingerprint(one.record) for one in records]
        return cls(len(prints), f"{sum(prints) % _MODULUS:064x}")

    def plus(self, other: Total) -> Total:
        """Of both together."""
        added = (int(self.digest, 16) + int(other.digest, 16)) % _MODULUS
        return Total(self.count + other.count, f"{added:064x}")


@dataclass(frozen=True, slots=True)
class SpanTotal:
    """What is in a span."""

    span: Span
    total: Total


@dataclass(frozen=True, slots=True)
class ConsistencyPiece:
    """Everybody of a span, in the order of the codes. ``piece`` counts from 1, ``last`` ends the run.

    Raises InvalidValue ``reference`` or ``order``.
    """

    caller: Caller
    run: str
    piece: int
    last: bool
    span: Span
    records: tuple[NumberedRecord, ...]

    def __post_init__(self) -> None:
        if not _REFERENCE.fullmatch(self.run):
            raise InvalidValue("run", "reference")
        codes = [one.record.code.digits for one in self.records]
        low = "" if self.span.after is None else self.span.after.digits
        high = "~" if self.span.upto is None else self.span.upto.digits
        if codes != sorted(set(codes)) or any(not low < code <= high for code in codes):
            raise InvalidValue("records", "order")


@dataclass(frozen=True, slots=True)
class PieceTaken:
    """A piece was taken; ``expected`` is the one that is wanted next."""

    received_at: datetime
    reference: str
    expected: int


@dataclass(frozen=True, slots=True)
class DigestQuestion:
    """Do these spans hold the same there?"""

    caller: Caller
    spans: tuple[SpanTotal, ...]


@dataclass(frozen=True, slots=True)
class DigestAnswer:
    """The places, from 0, of the spans that do not."""

    checked_at: datetime
    reference: str
    differing: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One person: numbers of the last change as it was sent, and as the counterpart has it.

    ``number_there`` of somebody who is missing there tells whom it was told to strike, or that moved away,
    from whom it never heard of (None).
    """

    kind: FindingKind
    code: ResidentRecordCode
    number_sent: int | None = None
    number_there: int | None = None
    items: tuple[RecordItem, ...] = ()


@dataclass(frozen=True, slots=True)
class ConsistencyNotice:
    """What a counterpart found: a part of so many, and what it holds of the spans that were compared.

    ``by`` is the counterpart that signed it; it does not say so itself.
    """

    caller: Caller
    run: str
    part: int
    parts: int
    there: Total
    findings: tuple[Finding, ...]
    by: str = ""

    def signed_by(self, system: str) -> ConsistencyNotice:
        """The same, as whoever received it knows it."""
        return replace(self, by=system)


@dataclass(frozen=True, slots=True)
class NoticeTaken:
    """The notice is on record."""

    received_at: datetime
    reference: str


@dataclass(frozen=True, slots=True)
class Here:
    """What is on record here when the counterpart tells: whether there is a record, and its last change."""

    present: bool
    changed_at: datetime | None


def fingerprint(record: IdentityRecord) -> int:
    """SHA-256 of all that is compared, the code too."""
    text = "\x1f".join((record.code.digits, *(text_of(record) for text_of in _TEXTS.values())))
    return int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")


def differing(ours: IdentityRecord, theirs: IdentityRecord) -> tuple[RecordItem, ...]:
    """The items in which two records of one person differ."""
    if ours == theirs:
        return ()  # as nearly all
    return tuple(item for item, text_of in _TEXTS.items() if text_of(ours) != text_of(theirs))


def compare(sent: Iterable[NumberedRecord], held: Iterable[NumberedRecord]) -> list[Finding]:
    """What differs between the records that were sent and those held of the same span."""
    theirs = {one.record.code: one for one in held}
    found = []
    for one in sent:
        other = theirs.pop(one.record.code, None)
        code = one.record.code
        if other is None:
            found.append(Finding(FindingKind.MISSING_THERE, code, one.number))
        elif items := differing(one.record, other.record):
            found.append(Finding(FindingKind.DIFFERS, code, one.number, other.number, items))
    found += [Finding(FindingKind.MISSING_HERE, code, None, other.number) for code, other in theirs.items()]
    return found


def is_in_flight(finding: Finding, here: Here, since: datetime) -> bool:
    """Whether a finding may be of a change that is only on its way (rule of our own).

    Records of one and the same change that differ are never that. Others are, where the person was changed
    since ``since``, or is on record here by now.
    """
    if finding.kind is FindingKind.DIFFERS and finding.number_sent == finding.number_there:
        return False
    if finding.kind is FindingKind.MISSING_HERE and here.present:
        return True
    return here.changed_at is not None and here.changed_at >= since


def _optional(value: RegisterText | None) -> str:
    return "" if value is None else value.inline


def _date(value: RegisterDate) -> str:
    note = "" if value.text is None else value.text.inline
    return f"{value.calendar.value}:{value.digits}:{value.certainty.value}:{note}"


_TEXTS: Final[Mapping[RecordItem, Callable[[IdentityRecord], str]]] = {
    RecordItem.INDIVIDUAL_NUMBER: lambda one: one.individual_number.digits if one.individual_number else "",
    RecordItem.NAME: lambda one: one.name.inline,
    RecordItem.KANA: lambda one: one.kana.text if one.kana else "",
    RecordItem.LATIN_NAME: lambda one: _optional(one.latin_name),
    RecordItem.COMMON_NAME: lambda one: _optional(one.common_name),
    RecordItem.FORMER_SURNAME: lambda one: _optional(one.former_surname),
    RecordItem.BIRTH_DATE: lambda one: _date(one.birth_date),
    RecordItem.SEX: lambda one: one.sex.value,
    RecordItem.ADDRESS: lambda one: one.address.inline,
}
"""How each item is written where records are compared; their order is part of a digest."""
