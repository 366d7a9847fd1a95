"""How a counterpart that listens answers: well, or with one flaw that a strict client must refuse.

Most are data: what ``gateway.conformance.changes`` does to the good answer. Everything before the answer
stays strict, and a message that does not hold gets the fault that it deserves, whatever is chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from lxml import etree

from gateway.conformance import bad_answers
from gateway.conformance.bad_answers import Exchange
from gateway.conformance.changes import spoil
from gateway.conformance.draft import Draft
from gateway.domain.faults import OPERATION_FAULTS
from gateway.errors import UsageError
from gateway.refusals import Fault
from gateway.transport.http import HttpAnswer, Manner

_HOUR: Final = 3600
_LARGE: Final = 16 * 2**20  # bytes, more than any message may have
_SLOW: Final = "30"  # s
_NOBODY: Final = "urn:uuid:00000000-0000-4000-8000-000000000000"
_BUSY: Final = "Busy"
Change = Mapping[str, Any]
_RESIGN: Final[Change] = {"do": "resign"}
_CONFIRMATION: Final = "//*[local-name()='SignatureConfirmation']"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One way to answer, in English and Japanese: what it does, and what a strict client must do.

    ``rule`` is the rule by which a client refuses the answer, None where it is no message, or good.
    """

    name: str
    does: tuple[str, str]
    client: tuple[str, str]
    changes: tuple[Change, ...] = ()
    rule: str | None = None
    make: Callable[[Exchange], HttpAnswer] | None = None
    needs_other: bool = False
    value: str = ""

    def answer(self, exchange: Exchange) -> HttpAnswer:
        """The answer to send."""
        if self.make is not None:
            return self.make(replace(exchange, value=self.value))
        if not self.changes:
            return exchange.good
        draft = Draft(etree.fromstring(exchange.good.body), exchange.signer, {})
        spoil(draft, self.changes)
        return replace(exchange.good, body=draft.written())


_TAKE: Final = ("take it", "受け入れる")
_REFUSE: Final = ("refuse it: nothing of it is an answer", "拒否する(応答として扱わない)")
_AGAIN: Final = (
    "give up in its own time, and ask again under the same MessageID",
    "自らの時間内に打ち切り、同じMessageIDで再送する",
)
_NO_OUTCOME: Final = (
    "tell a person, and never take it for the outcome of its request",
    "担当者に知らせ、要求の結果として扱わない",
)
_DONE: Final = ("take it as the outcome that it names", "示された結果として扱う")


def _changed(name: str, en: str, ja: str, rule: str, *changes: Change) -> Behaviour:
    return Behaviour(name, (en, ja), _REFUSE, changes, rule)


_TABLE: Final = (
    Behaviour("answer", ("the good answer", "正しい応答"), _TAKE),
    Behaviour(
        "fault",
        ("a fault (fault=NAME)", "フォールト(fault=名前)"),
        _DONE,
        make=bad_answers.fault,
        value=_BUSY,
    ),
    _changed(
        "unsigned",
        "without a Security header",
        "Securityヘッダーなし",
        "security-missing",
        {"do": "remove", "at": "//wsse:Security"},
    ),
    _changed(
        "spoilt",
        "the Body changed after signing",
        "署名後にBodyを変更",
        "digest",
        {"do": "replace", "old": "</soap:Body>", "new": " </soap:Body>"},
    ),
    _changed(
        "body-unsigned",
        "the Body not signed",
        "Bodyが署名対象外",
        "body-unsigned",
        {"do": "remove-reference", "to": "/soap:Envelope/soap:Body"},
        _RESIGN,
    ),
    Behaviour(
        "wrong-key",
        ("signed with another key than the certificate's", "証明書と異なる鍵で署名"),
        _REFUSE,
        rule="signature-value",
        make=bad_answers.wrong_key,
        needs_other=True,
    ),
    Behaviour(
        "wrong-signer",
        ("signed by another system", "別のシステムによる署名"),
        _REFUSE,
        rule="answer-other-system",
        make=bad_answers.by_another,
        needs_other=True,
    ),
    _changed(
        "expired",
        "an hour old",
        "一時間前の時刻",
        "timestamp-expired",
        {"do": "shift", "created": -_HOUR, "expires": -_HOUR},
        _RESIGN,
    ),
    _changed(
        "future",
        "an hour ahead",
        "一時間先の時刻",
        "timestamp-future",
        {"do": "shift", "created": _HOUR, "expires": _HOUR},
        _RESIGN,
    ),
    _changed(
        "not-bound",
        "relates to another request",
        "別の要求へのRelatesTo",
        "answer-relates",
        {"do": "text", "at": "//wsa:RelatesTo", "value": _NOBODY},
        _RESIGN,
    ),
    _changed(
        "no-confirmation",
        "without SignatureConfirmation",
        "SignatureConfirmationなし",
        "answer-confirmation",
        {"do": "remove-signed", "at": _CONFIRMATION},
        _RESIGN,
    ),
    _changed(
        "other-confirmation",
        "confirms another signature",
        "別の署名へのSignatureConfirmation",
        "answer-confirmation",
        {"do": "attribute", "at": _CONFIRMATION, "name": "Value", "value": "AAAA"},
        _RESIGN,
    ),
    _changed(
        "wrong-action",
        "another Action",
        "異なるAction",
        "action",
        {"do": "text", "at": "//wsa:Action", "value": "urn:juki-gateway:other:1:Other"},
        _RESIGN,
    ),
    _changed(
        "wrong-to",
        "not to the anonymous address",
        "Toがanonymousではない",
        "answer-to",
        {"do": "text", "at": "//wsa:To", "value": "https://127.0.0.1/"},
        _RESIGN,
    ),
    _changed(
        "off-contract",
        "an element that the contract does not have",
        "契約にない要素",
        "schema",
        {"do": "insert", "into": "/soap:Envelope/soap:Body/*", "xml": "<Other/>"},
        _RESIGN,
    ),
    _changed(
        "doctype", "with a DOCTYPE", "DOCTYPEあり", "doctype", {"do": "prepend", "value": "<!DOCTYPE x>"}
    ),
    Behaviour(
        "not-xml",
        ("text that is no XML", "XMLではない文字列"),
        _REFUSE,
        rule="not-well-formed",
        make=bad_answers.plain(200, b"It works!", "text/xml; charset=utf-8"),
    ),
    Behaviour(
        "html",
        ("a page instead of a message", "メッセージではなくHTML"),
        _REFUSE,
        make=bad_answers.plain(200, b"<html><body>It works!</body></html>", "text/html"),
    ),
    Behaviour(
        "unsigned-fault",
        ("a fault without signature", "署名のないフォールト"),
        _NO_OUTCOME,
        make=bad_answers.unsigned_fault,
    ),
    Behaviour(
        "unbound-fault",
        ("a signed fault that names no request", "要求を特定しないフォールト"),
        _NO_OUTCOME,
        make=bad_answers.unbound,
    ),
    Behaviour(
        "http-503", ("HTTP 503", "HTTP 503"), _AGAIN, make=bad_answers.plain(503, b"busy\n", "text/plain")
    ),
    Behaviour("too-large", ("16 MiB", "16 MiB"), _REFUSE, ({"do": "pad", "bytes": _LARGE},)),
    Behaviour("cut", ("half of it, then the end", "半分で切断"), _AGAIN, make=bad_answers.sent(Manner.CUT)),
    Behaviour("hang-up", ("nothing", "応答なしで切断"), _AGAIN, make=bad_answers.sent(Manner.HANG_UP)),
    Behaviour(
        "trickle", ("one byte a second", "一秒に一バイト"), _AGAIN, make=bad_answers.sent(Manner.TRICKLE)
    ),
    Behaviour(
        "slow",
        ("late (slow=SECONDS, 30)", "遅い応答(slow=秒、既定30)"),
        _AGAIN,
        make=bad_answers.slow,
        value=_SLOW,
    ),
)

BEHAVIOURS: Final[Mapping[str, Behaviour]] = MappingProxyType({one.name: one for one in _TABLE})
"""By name, in the order of ``cycle``."""
CYCLE: Final = "cycle"
_FAULTS: Final = {*OPERATION_FAULTS, *(fault.local for fault in Fault if fault is not Fault.SERVER)}


def chosen_behaviours(texts: list[str], *, other: bool) -> list[Behaviour]:
    """What ``--behaviour`` names, in order; ``cycle`` is all that can be had.

    ``other`` says whether there is a second system to sign with. Raises UsageError.
    """
    found: list[Behaviour] = []
    for text in texts:
        name, equals, value = text.partition("=")
        if name == CYCLE:
            found += [one for one in _TABLE if other or not one.needs_other]
            continue
        known = BEHAVIOURS.get(name)
        if known is None:
            raise UsageError(f"{name!r} is no behaviour; there are {', '.join(BEHAVIOURS)}, {CYCLE}")
        if known.needs_other and not other:
            raise UsageError(f"{name} needs a second system's key: give --network with one")
        found.append(replace(known, value=_value(name, value)) if equals else known)
    return found


def _value(name: str, value: str) -> str:
    if name == "fault" and value in _FAULTS:
        return value
    if name == "slow" and value.replace(".", "", 1).isdigit():
        return value
    raise UsageError(f"{name}={value}: there is no such value")
