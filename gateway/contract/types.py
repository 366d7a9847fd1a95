"""The shared types of the contract as spyne models; ``wsdl/types-1.xsd`` is the truth they must agree with.

Element names are those of the XML, so members are camelCase. A record's fields and the record's own
element are in one namespace: exclusive canonicalisation then declares it once (ELEMENT_OF).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.contract import _spyne_compat  # noqa: F401 - must be imported before spyne
from gateway.contract.service import TYPES
from gateway.domain.codes import DocumentKind, Purpose, Sex, VerificationResult
from gateway.domain.eras import Calendar
from gateway.domain.register_date import Certainty
from gateway.domain.search import Match, Place, SearchResult

# isort: split
from spyne import ComplexModel, Unicode

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from enum import Enum


def text(type_name: str, *, pattern: str | None = None, min_len: int = 0, max_len: int = 0) -> Any:
    """A named string type with facets; exactly one, never nil, unless a member says otherwise."""
    facets: dict[str, Any] = {"type_name": type_name, "min_occurs": 1, "nillable": False}
    if pattern is not None:
        facets["pattern"] = pattern
    if min_len:
        facets["min_len"] = min_len
    if max_len:
        facets["max_len"] = max_len
    return Unicode(**facets)


def codes(type_name: str, table: Iterable[Enum]) -> Any:
    """A string type that takes the values of a code table, or of some of its members."""
    return Unicode(
        type_name=type_name, values={member.value for member in table}, min_occurs=1, nillable=False
    )


def record(namespace: str, type_name: str, members: Sequence[tuple[str, Any]]) -> Any:
    """A sequence of elements in one namespace, each exactly once unless the member says otherwise."""
    return ComplexModel.produce(namespace, type_name, [(name, _once(kind)) for name, kind in members])


def _once(kind: Any) -> Any:
    plain_record = issubclass(kind, ComplexModel) and kind.__orig__ is None
    return kind.customize(min_occurs=1, nillable=False) if plain_record else kind


def element_of(namespace: str, kind: Any) -> Any:
    """A member whose element is in another namespace than the record it stands in (``ref`` in the XSD)."""
    return kind.customize(sub_ns=namespace, min_occurs=1, nillable=False)


def optional(kind: Any) -> Any:
    """A member that may be absent."""
    return kind.customize(min_occurs=0, nillable=False)


_IDENTIFIER = "[0-9A-Za-z]([0-9A-Za-z-]{0,62}[0-9A-Za-z])?"
# A character that is no brace and no white space control, an escaped brace, or a 住基ネット統一文字 token.
_INLINE = r"([^\{\t\n\r]|\{\{|\{J\+[0-9A-F]{4}\})+"

_KANA = "[\u30a1-\u30fa\u30fb\u30fc]"

ResidentRecordCode = text("ResidentRecordCode", pattern="[0-9]{11}")
MunicipalityCode = text("MunicipalityCode", pattern="(0[1-9]|[1-3][0-9]|4[0-7])[0-9]{4}")
Identifier = text("Identifier", pattern=_IDENTIFIER)
Name = text("Name", pattern=_INLINE, min_len=1, max_len=200)
Address = text("Address", pattern=_INLINE, min_len=1, max_len=400)
DateText = text("DateText", pattern=_INLINE, min_len=1, max_len=60)
DateDigits = text("DateDigits", pattern="[0-9]{4}(0[0-9]|1[0-2])([0-2][0-9]|3[01])")
# A string and not xs:dateTime: what libraries make of that (time_t, local time, lenient parsers) differs.
Instant = text("Instant", pattern=r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z")
Reference = text("Reference", pattern="[0-9A-Za-z-]{8,64}")

Kana = text("Kana", pattern=f"{_KANA}+([ \u3000]{_KANA}+)*", min_len=1, max_len=200)
IndividualNumber = text("IndividualNumber", pattern="[0-9]{12}")

SexCode = codes("Sex", Sex)
CalendarCode = codes("Calendar", Calendar)
CertaintyCode = codes("Certainty", Certainty)
PurposeCode = codes("Purpose", Purpose)
DocumentKindCode = codes("DocumentKind", DocumentKind)
VerificationResultCode = codes("VerificationResult", VerificationResult)
MatchCode = codes("Match", Match)
SearchResultCode = codes("SearchResult", SearchResult)
PlaceCode = codes("Place", Place)

Operator = record(TYPES, "Operator", [("verificationId", Identifier), ("operatorId", Identifier)])

Caller = record(
    TYPES,
    "Caller",
    [
        ("municipality", MunicipalityCode),
        ("terminal", Identifier),
        ("operator", Operator),
        ("purpose", PurposeCode),
    ],
)

RegisterDate = record(
    TYPES,
    "RegisterDate",
    [
        ("calendar", CalendarCode),
        ("digits", DateDigits),
        ("certainty", CertaintyCode),
        ("text", optional(DateText)),
    ],
)

BasicFour = record(
    TYPES,
    "BasicFour",
    [("name", Name), ("birthDate", RegisterDate), ("sex", SexCode), ("address", Address)],
)

PresentedDocument = record(TYPES, "PresentedDocument", [("kind", DocumentKindCode), ("items", BasicFour)])

Verification = record(
    TYPES,
    "Verification",
    [("result", VerificationResultCode), ("checkedAt", Instant), ("reference", Reference)],
)

NameTerm = record(TYPES, "NameTerm", [("text", Name), ("match", MatchCode)])
KanaTerm = record(TYPES, "KanaTerm", [("text", Kana), ("match", MatchCode)])
AddressTerm = record(TYPES, "AddressTerm", [("text", Address), ("match", MatchCode)])

SearchTerms = record(
    TYPES,
    "SearchTerms",
    [
        ("name", optional(NameTerm)),
        ("kana", optional(KanaTerm)),
        ("birthDate", optional(RegisterDate)),
        ("sex", optional(SexCode)),
        ("address", optional(AddressTerm)),
    ],
)

IdentityRecord = record(
    TYPES,
    "IdentityRecord",
    [
        ("residentRecordCode", ResidentRecordCode),
        ("individualNumber", optional(IndividualNumber)),
        ("name", Name),
        ("kana", optional(Kana)),
        ("latinName", optional(Name)),
        ("commonName", optional(Name)),
        ("formerSurname", optional(Name)),
        ("birthDate", RegisterDate),
        ("sex", SexCode),
        ("address", Address),
        ("municipality", MunicipalityCode),
    ],
)

MOST_RECORDS = 50
"""People that an answer to a search lists at the most; more are "too many"."""

Found = record(
    TYPES,
    "Found",
    [
        ("result", SearchResultCode),
        ("answeredBy", PlaceCode),
        ("checkedAt", Instant),
        ("reference", Reference),
        ("record", IdentityRecord.customize(min_occurs=0, max_occurs=MOST_RECORDS, nillable=False)),
    ],
)
