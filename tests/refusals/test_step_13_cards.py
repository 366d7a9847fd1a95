"""Step 13 for cards: what no caller may ask for is refused by the contract, one change each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from lxml import etree

from gateway.access import callers_of
from gateway.access.policy import may_call
from gateway.contract import SERVICES, read_request, write_body
from gateway.domain.card import CardEvent
from gateway.domain.card_update import CardActor, RevocationReason
from gateway.refusals import Refused
from tests.kit.card_office import update
from tests.kit.refusal import Unexpected, check

COUNTER, REGISTRY, ORDER = (
    (SERVICES[service], SERVICES[service].operation(name))
    for service, name in (
        ("terminal", "UpdateCard"),
        ("resident_record", "RevokeCards"),
        ("card_management", "UpdateCard"),
    )
)
REVOKED = update(CardEvent.REVOKE)
ENDED = update(CardEvent.REVOKE, serial=None, actor=CardActor.REGISTRY, reason=RevocationReason.DEATH)
MOVED = update(CardEvent.MOVE, serial=None, actor=CardActor.GATEWAY, reference="M-0123456789")
LOST = update(CardEvent.REVOKE, reference="M-0123456789")


def body(where: Any, asked: Any) -> bytes:
    return write_body(*where, asked)


def swap(old: str, new: str) -> Callable[[bytes], bytes]:
    def change(raw: bytes) -> bytes:
        assert raw.count(old.encode()) == 1, raw
        return raw.replace(old.encode(), new.encode())

    return change


@pytest.mark.parametrize(
    ("where", "asked"), [(COUNTER, REVOKED), (REGISTRY, ENDED), (ORDER, MOVED), (ORDER, LOST)]
)
def test_unchanged_it_is_read(where: Any, asked: Any) -> None:
    check(read_request(*where, etree.fromstring(body(where, asked))) == asked, "another update came out")


@pytest.mark.parametrize(
    ("where", "asked", "change", "rule", "at", "found"),
    [
        # A terminal cannot suspend, nor do what is the CS's own.
        (COUNTER, REVOKED, swap("<t:event>revoke<", "<t:event>suspend<"), "schema", "event", "enumeration"),
        (COUNTER, REVOKED, swap("<t:event>revoke<", "<t:event>move<"), "schema", "event", "enumeration"),
        (COUNTER, REVOKED, swap("<t:reason>lost<", "<t:reason>death<"), "schema", "reason", "enumeration"),
        (COUNTER, REVOKED, swap("<t:reason>lost<", "<t:reason>expired<"), "schema", "reason", "enumeration"),
        (COUNTER, REVOKED, swap("<t:reason>lost</t:reason>", ""), "value", "", "reason"),
        (COUNTER, REVOKED, swap("<t:event>revoke<", "<t:event>collect<"), "value", "", "reason"),
        (COUNTER, REVOKED, swap("<t:serial>000000000001</t:serial>", ""), "schema", "event", "element"),
        (COUNTER, REVOKED, swap("<t:serial>0", "<t:serial>a"), "schema", "serial", "pattern"),
        (COUNTER, REVOKED, swap("2026-11-26<", "2026-11-31<"), "value", "eventDate", "day"),
        (COUNTER, REVOKED, swap("2026-11-26<", "2026-11-32<"), "schema", "eventDate", "pattern"),
        # The resident record system ends cards for three reasons.
        (REGISTRY, ENDED, swap("<t:reason>death<", "<t:reason>lost<"), "schema", "reason", "enumeration"),
        (REGISTRY, ENDED, swap("<t:reason>death<", "<t:reason>expired<"), "schema", "reason", "enumeration"),
        # A municipal CS tells on whose behalf, and only what that one may do.
        (ORDER, LOST, swap("<t:event>revoke<", "<t:event>suspend<"), "schema", "event", "enumeration"),
        (ORDER, LOST, swap("<t:actor>terminal<", "<t:actor>card_system<"), "schema", "actor", "enumeration"),
        (ORDER, LOST, swap("<t:actor>terminal<", "<t:actor>registry<"), "value", "", "reason"),
        (ORDER, MOVED, swap("<t:actor>gateway<", "<t:actor>terminal<"), "value", "", "event"),
        (ORDER, LOST, swap("<t:serial>000000000001</t:serial>", ""), "value", "", "serial"),
        (ORDER, LOST, swap("<t:reference>M-0123456789</t:reference>", ""), "schema", "actor", "element"),
    ],
)
def test_what_nobody_may_ask_for(
    where: Any, asked: Any, change: Callable[[bytes], bytes], rule: str, at: str, found: str
) -> None:
    root = etree.fromstring(change(body(where, asked)))
    element = etree.QName(root[1]).localname
    path = f"{where[1].name}/{element}" + (f"/{at}" if at else "")
    try:
        read_request(*where, root)
    except Refused as refusal:
        seen = (refusal.rule.name, refusal.where, refusal.found)
        if seen != (rule, path, found):
            raise Unexpected(f"{seen}, wanted {(rule, path, found)}") from refusal
        return
    raise Unexpected(f"accepted; wanted {rule} at {path}")


def test_who_may_call() -> None:
    for role in ("resident_record_system", "municipal_cs", "card_management_system"):
        check(not may_call(role, "terminal", "UpdateCard"), role)
    for role in ("integrated_terminal", "card_management_system"):
        check(not may_call(role, "resident_record", "RevokeCards"), role)
    check(callers_of("card_management") == ("municipal_cs",), "the card management system has other callers")
