"""What is special about a made person, in English, for whoever looks for one in the file."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from gateway.people import births
from gateway.people.rows import Row
from gateway.people.spellings import GIVEN, SURNAMES

_VARIANTS: Final = frozenset(
    form[0] for table in (SURNAMES, GIVEN) for forms in table.values() for form, _ in forms
) - frozenset(character for table in (SURNAMES, GIVEN) for character in table)
_PLAIN: Final = re.compile("[\u0020-\u007a\u3000\u3041-\u30fc\u4e00-\u9fff]*")
_VARIANT: Final = re.compile(f"[{''.join(sorted(_VARIANTS))}]")
_SELECTOR: Final = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_BEYOND: Final = re.compile("[\U00010000-\U000dffff]")
_COMPATIBILITY: Final = re.compile("[\uf900-\ufaff]")

VARIANT, SELECTOR, BEYOND = "variant kanji", "variation selector", "kanji beyond the basic plane"
COMPATIBILITY, TOKEN = "compatibility ideograph", "token outside Unicode"
FOREIGNER, COMMON_NAME, FORMER_SURNAME = "foreigner", "common name", "former surname"
NOT_EXACT, NO_DAY, TWO_ERAS = "birth date not exact", "birth date that no calendar has", "day of two eras"
PAST_NAME, PAST_ADDRESS = "past name", "past address"

_TWO_ERAS: Final = frozenset((day.calendar.value, day.digits) for day in births.TWO_ERAS)
_SUSPECT: Final = frozenset({"0229", "0230", "0431", "0631", "0931", "1131"})


def note_of(row: Row) -> str:
    """The kinds, parted by semicolons; empty for an ordinary person."""
    found = []
    text = f"{row.name}{row.address}{row.past_name}{row.former_surname}"
    if _VARIANT.search(text):
        found.append(VARIANT)
    if not _PLAIN.fullmatch(text):
        found += [
            kind
            for kind, pattern in (
                (SELECTOR, _SELECTOR),
                (BEYOND, _BEYOND),
                (COMPATIBILITY, _COMPATIBILITY),
            )
            if pattern.search(text)
        ]
        if "{" in text:
            found.append(TOKEN)
    if row.latin_name:
        found.append(FOREIGNER)
    if row.common_name:
        found.append(COMMON_NAME)
    if row.former_surname:
        found.append(FORMER_SURNAME)
    if row.birth_certainty != "exact":
        found.append(NOT_EXACT)
    elif (row.birth_calendar, row.birth_digits) in _TWO_ERAS:
        found.append(TWO_ERAS)
    elif row.birth_digits[4:] in _SUSPECT and not _is_day(row.birth_digits):
        found.append(NO_DAY)
    if row.past_name:
        found.append(PAST_NAME)
    if row.past_address:
        found.append(PAST_ADDRESS)
    return "; ".join(found)


def _is_day(digits: str) -> bool:
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return True
