"""Under which keys a register finds a person, and which of them a question asks for.

Names: 氏名, Latin name, 通称, and 旧氏 followed by the given name. Dates of birth are compared part by part:
an unknown part, on either side, fits any (own rule); one wholly unknown in a question asks for those only.
"""

from __future__ import annotations

import re

from gateway.domain.folding import fold_address, fold_name, kana_keys
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.register_date import Certainty, RegisterDate

_RANGES = frozenset({Certainty.BETWEEN_DAYS, Certainty.BETWEEN_ESTIMATED_DAYS, Certainty.BETWEEN_AROUND_DAYS})
UNKNOWN = "00000000"


def name_keys(record: IdentityRecord) -> frozenset[str]:
    """The keys of every name in the record."""
    names = [record.name.inline]
    names += [name.inline for name in (record.latin_name, record.common_name) if name is not None]
    if record.former_surname is not None:
        given = re.split("[ \u3000]", record.name.inline, maxsplit=1)[1:]
        names.append(record.former_surname.inline + "".join(given))
    return frozenset(map(fold_name, names))


def reading_keys(record: IdentityRecord) -> frozenset[str]:
    """The keys of the reading; one empty key when there is none."""
    return frozenset({""} if record.kana is None else kana_keys(record.kana.text))


def address_key(record: IdentityRecord) -> str:
    """The key of the address."""
    return fold_address(record.address.inline)


def birth_key(date: RegisterDate) -> str:
    """The parts of a date that can be compared, as YYYYMMDD with zeros; of a range of days its year."""
    return f"{date.digits[:4]}0000" if date.certainty in _RANGES else date.digits


def birth_spans(date: RegisterDate) -> tuple[tuple[str, str], ...]:
    """The keys that fit a date that was asked, as spans (first, last)."""
    key = birth_key(date)
    if key == UNKNOWN:
        return ((UNKNOWN, UNKNOWN),)
    year, month, day = key[:4], key[4:6], key[6:]
    if month == "00":
        return ((f"{year}0000", f"{year}9999"), (UNKNOWN, UNKNOWN))
    in_year = (f"{year}0000", f"{year}0000")
    if day == "00":  # day by day, so that a database can look for each
        days = [f"{year}{month}{day:02d}" for day in range(32)]
        return (*((day, day) for day in days), in_year, (UNKNOWN, UNKNOWN))
    in_month = (f"{year}{month}00", f"{year}{month}00")
    return ((key, key), in_month, in_year, (UNKNOWN, UNKNOWN))
