"""Between identity records and the rows that keep them: one row for each version, one for each search key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import product
from typing import Any

from gateway.domain.change_reason import ChangeReason
from gateway.domain.codes import Sex
from gateway.domain.eras import Calendar
from gateway.domain.identifiers import IndividualNumber, MunicipalityCode, ResidentRecordCode
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.kana import Kana
from gateway.domain.register_date import Certainty, RegisterDate
from gateway.domain.register_text import RegisterText
from gateway.domain.search_keys import address_key, birth_key, name_keys, reading_keys
from gateway.domain.values import read_code
from gateway.store.instants import from_micros, to_micros
from gateway.store.tables import person_versions

MOST_KEY_CHARACTERS = 100
"""Longer keys are cut, on both sides alike: an index row must fit a page of every database."""


@dataclass(frozen=True, slots=True, repr=False)
class PersonVersion:
    """One version of a record: since when (異動年月日), why (異動事由), and when it was recorded (UTC).

    ``valid_from`` and ``reason`` are None for what came with a first stock (bulk load).
    """

    number: int
    record: IdentityRecord
    valid_from: RegisterDate | None
    reason: ChangeReason | None
    recorded_at: datetime


RECORD_COLUMNS = (
    person_versions.c.code,
    person_versions.c.individual_number,
    person_versions.c.name,
    person_versions.c.kana,
    person_versions.c.latin_name,
    person_versions.c.common_name,
    person_versions.c.former_surname,
    person_versions.c.birth_date,
    person_versions.c.sex,
    person_versions.c.address,
    person_versions.c.municipality,
)
"""The columns of ``read_record``, in its order."""


def write_date(date: RegisterDate) -> str:
    """``showa:19890107:exact:`` and the register's text behind it."""
    text = "" if date.text is None else date.text.inline
    return f"{date.calendar.value}:{date.digits}:{date.certainty.value}:{text}"


@lru_cache(maxsize=8192)
def read_date(written: str) -> RegisterDate:
    """The date of ``write_date``."""
    calendar, digits, certainty, text = written.split(":", 3)
    return RegisterDate(
        Calendar(calendar), digits, Certainty(certainty), RegisterText(text) if text else None
    )


_SEXES = {sex.value: sex for sex in Sex}


def read_record(row: Sequence[Any]) -> IdentityRecord:
    """The record of a row that begins with ``RECORD_COLUMNS``."""
    code, number, name, kana, latin, common, former, birth, sex, address, municipality = row[:11]
    return IdentityRecord(
        code=ResidentRecordCode(code),
        individual_number=None if number is None else IndividualNumber(number),
        name=RegisterText(name),
        kana=None if kana is None else Kana(kana),
        latin_name=_text(latin),
        common_name=_text(common),
        former_surname=_text(former),
        birth_date=read_date(birth),
        sex=_SEXES[sex],
        address=RegisterText(address),
        municipality=_municipality(municipality),
    )


def _text(inline: str | None) -> RegisterText | None:
    return None if inline is None else RegisterText(inline)


@lru_cache(maxsize=4096)
def _municipality(digits: str) -> MunicipalityCode:
    return MunicipalityCode(digits)


def read_version(row: Any) -> PersonVersion:
    """The version of a whole row of ``person_versions``, by column name."""
    columns: Mapping[str, Any] = row._mapping
    return PersonVersion(
        number=columns["version"],
        record=read_record([columns[column.name] for column in RECORD_COLUMNS]),
        valid_from=None if columns["valid_from"] is None else read_date(columns["valid_from"]),
        reason=None if columns["reason"] is None else read_code(ChangeReason, columns["reason"]),
        recorded_at=from_micros(columns["recorded_at"]),
    )


def version_row(
    person: int,
    version: int,
    record: IdentityRecord,
    *,
    valid_from: RegisterDate | None,
    reason: ChangeReason | None,
    recorded_at: datetime,
) -> dict[str, Any]:
    """The row of ``person_versions`` for one version."""
    return {
        "person": person,
        "version": version,
        "code": record.code.digits,
        "individual_number": record.individual_number and record.individual_number.digits,
        "name": record.name.inline,
        "kana": record.kana and record.kana.text,
        "latin_name": record.latin_name and record.latin_name.inline,
        "common_name": record.common_name and record.common_name.inline,
        "former_surname": record.former_surname and record.former_surname.inline,
        "birth_date": write_date(record.birth_date),
        "sex": record.sex.value,
        "address": record.address.inline,
        "municipality": record.municipality.digits,
        "valid_from": None if valid_from is None else write_date(valid_from),
        "reason": reason and reason.value,
        "recorded_at": to_micros(recorded_at),
    }


def search_rows(person: int, versions: Iterable[IdentityRecord]) -> set[tuple[str | int, ...]]:
    """Every row by which a person is found; the last version is the current one.

    Name and reading of one version go together, and each such pair with every address there was. Date of
    birth, sex and municipality are today's. The order of the values is that of ``SEARCH_COLUMNS``.
    """
    known = list(versions)
    now = known[-1]
    called = {pair for record in known for pair in product(name_keys(record), reading_keys(record))}
    lived = {address_key(record) for record in known}
    rest = (birth_key(now.birth_date), person, now.sex.value, now.municipality.digits)
    return {
        (cut(name), cut(reading), cut(address), *rest) for (name, reading), address in product(called, lived)
    }


SEARCH_COLUMNS = ("name_key", "kana_key", "address_key", "birth_key", "person", "sex", "municipality")


def cut(key: str) -> str:
    """The key as far as it is kept."""
    return key[:MOST_KEY_CHARACTERS]
