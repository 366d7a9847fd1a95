"""What of a received certificate an operator must look at: characters and lengths (文字化け, オーバーフロー).

住民記録システム標準仕様書 4.1.3.1.2: what cannot be taken as it is goes to an operator; nothing is dropped,
the text itself stays as it came.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.domain.codes import Coded
from gateway.domain.move_certificate import Leaving, TransferCertificate
from gateway.domain.register_text import JukiCode, RegisterText


class RemarkKind(Coded):
    """Why a text is on the operator's list. Own codes."""

    NO_GLYPH = ("no_glyph", "表示不可文字", "A 住基ネット統一文字 in it has no place in Unicode.")
    TOO_LONG = ("too_long", "桁あふれ", "It is longer than the resident record system takes.")


@dataclass(frozen=True, slots=True)
class TextLimits:
    """Characters that the resident record system takes of a name and of an address."""

    name: int
    address: int


@dataclass(frozen=True, slots=True)
class Remark:
    """One text of a certificate: of which person (from 1; 0 for the certificate itself), which item, and why.

    It does not hold the text.
    """

    person: int
    item: str
    kind: RemarkKind


def remarks(certificate: TransferCertificate, limits: TextLimits) -> tuple[Remark, ...]:
    """All that there are, in the order of the certificate."""
    found = [*_of(0, {"address": certificate.address}, limits)]
    for place, person in enumerate(certificate.people, start=1):
        found += _of(place, _texts(person), limits)
    return tuple(found)


def _texts(person: Leaving) -> dict[str, RegisterText | None]:
    record, register = person.record, person.register
    return {
        "name": record.name,
        "latin_name": record.latin_name,
        "common_name": record.common_name,
        "former_surname": record.former_surname,
        "address": record.address,
        "householder": person.householder,
        "domicile": None if register is None else register.domicile,
        "head": None if register is None else register.head,
    }


def _of(person: int, texts: dict[str, RegisterText | None], limits: TextLimits) -> Iterator[Remark]:
    for item, text in texts.items():
        if text is None:
            continue
        characters = text.elements
        if any(isinstance(one, JukiCode) for one in characters):
            yield Remark(person, item, RemarkKind.NO_GLYPH)
        if len(characters) > (limits.address if item in {"address", "domicile"} else limits.name):
            yield Remark(person, item, RemarkKind.TOO_LONG)
