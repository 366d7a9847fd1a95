"""Who saw or changed whose record (操作履歴, アクセスログ): what the access log keeps of each message.

What is logged follows 住民記録システム標準仕様書 10.2: operator, time, terminal, record, operation, and
whether the 個人番号 (Individual Number) was among it. Codes and their texts are our own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple, Self

from gateway.domain.caller import Caller
from gateway.domain.codes import Coded
from gateway.domain.identifiers import ResidentRecordCode
from gateway.domain.register_date import RegisterDate
from gateway.domain.register_text import RegisterText
from gateway.domain.values import Masked

Direction = Literal["in", "out", "own"]
"""A counterpart asked us, we told a counterpart, or an operator of this system looked for himself."""


class Effect(Coded):
    """What came of an access for one person."""

    SEEN = ("seen", "閲覧", "Something of the person was shown, if only that a record fits.")
    CHANGED = ("changed", "更新", "The person's record was changed.")
    TOLD = ("told", "提供", "The person's data were passed on to another system.")
    ASKED = ("asked", "照会のみ", "The person was asked for; nothing was shown and nothing changed.")


class Subject(Coded):
    """How the person of an access is known."""

    CODE = ("code", "住民票コード", "by 住民票コード (resident record code)")
    ITEMS = ("items", "4情報", "by name, date of birth and address as they were asked for")
    NUMBER = ("number", "個人番号", "by 個人番号, of which no record was given")
    TERMS = ("terms", "検索条件", "by the terms of a search that found nobody, or too many")


def items_text(name: RegisterText, birth_date: RegisterDate, address: RegisterText) -> str:
    """The items by which somebody is asked for without a code: without spaces, as they are written."""
    return "/".join((name.without_spaces(), birth_date.digits, address.without_spaces()))


@dataclass(frozen=True, slots=True, repr=False)
class Concern(Masked):
    """One person, or what was asked for in the place of one; ``text`` is never kept in clear."""

    subject: Subject
    text: str
    effect: Effect

    @classmethod
    def of(cls, code: ResidentRecordCode, effect: Effect) -> Self:
        """Somebody who is known by 住民票コード."""
        return cls(Subject.CODE, code.digits, effect)


@dataclass(frozen=True, slots=True)
class Concerned:
    """What an operation did to whom.

    ``result`` is the operation's own code for how it ended; ``with_number`` says that a 個人番号 was among
    what was shown, brought or passed on; ``passed_to`` is the role of the counterpart that was asked in turn.
    """

    result: str
    people: tuple[Concern, ...]
    with_number: bool = False
    passed_to: str | None = None


@dataclass(frozen=True, slots=True)
class Who:
    """Who it was: the system, and where it names them municipality, terminal, operator and purpose.

    ``verification_id`` (照合ID) is the operator, ``operator_id`` (操作者ID) the set of rights.
    """

    system: str
    municipality: str | None = None
    terminal: str | None = None
    verification_id: str | None = None
    operator_id: str | None = None
    purpose: str | None = None

    @classmethod
    def calling(cls, system: str, caller: Caller) -> Self:
        """Who a message names."""
        return cls(
            system,
            caller.municipality.digits,
            caller.terminal,
            caller.operator.verification_id,
            caller.operator.operator_id,
            caller.purpose.value,
        )


@dataclass(frozen=True, slots=True)
class SealedPerson:
    """A person as the log has it: ``sealed`` is the same for one person throughout a database."""

    subject: Subject
    effect: Effect
    sealed: bytes


@dataclass(frozen=True, slots=True)
class LoggedAccess:
    """An access as it is read back; ``id`` is NODE/NUMBER."""

    id: str
    at: datetime
    direction: str
    who: Who
    operation: str
    outcome: str
    message_id: str | None
    with_number: bool
    passed_to: str | None
    people: tuple[SealedPerson, ...]


class Access(NamedTuple):
    """One line of the access log.

    ``outcome`` is the operation's result, or ``fault:CODE``, ``refused:RULE``, ``repeated``, ``failed``.
    """

    at: datetime
    direction: Direction
    who: Who
    operation: str
    outcome: str
    message_id: str | None
    people: tuple[Concern, ...] = ()
    with_number: bool = False
    passed_to: str | None = None
