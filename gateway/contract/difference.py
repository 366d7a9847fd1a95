"""What two states of a contract differ in, and whom each difference breaks; ``juki-gateway wsdl diff``.

A caller that was built with the old file goes on with a new server when everything that it may send is still
taken, and everything that it may be answered was foreseen. For a server that was built with the old file and
meets new callers it is the other way round.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import product
from pathlib import Path
from typing import Final

from lxml import etree

from gateway.contract.check import policy_of
from gateway.contract.grammar import Grammar, NotComparable, qualified
from gateway.contract.inclusion import Inclusion
from gateway.contract.wsdl_files import ACTION, XS, S, W, parsed

KINDS: Final = ("input", "output", "fault")


class Broken(StrEnum):
    """Who no longer fits, having the old file."""

    CALLERS = "callers"
    SERVERS = "servers"


@dataclass(slots=True)
class Difference:
    """One difference: where, whom it breaks (nobody: it is compatible), and in words."""

    where: str
    text: str
    breaks: set[Broken] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Contract:
    """What a WSDL file says."""

    namespace: str
    binding: tuple[str | None, str] | None  # transport and style
    policy: bytes
    operations: dict[str, _Operation]
    grammar: Grammar


@dataclass(frozen=True, slots=True)
class _Operation:
    soap_action: str | None
    actions: dict[str, str | None]
    elements: dict[str, str]


def differences(old: Path, new: Path) -> list[Difference]:
    """All differences of two WSDL files with the schemas beside them. Raises NotComparable."""
    before, after = _read(old), _read(new)
    found: dict[tuple[str, str], Difference] = {}

    def tell(where: str, text: str, *breaks: Broken) -> None:
        found.setdefault((where, text), Difference(where, text)).breaks.update(breaks)

    for what, same in (
        ("targetNamespace", before.namespace == after.namespace),
        ("binding", before.binding == after.binding),
        ("policy", before.policy == after.policy),
    ):
        if not same:
            tell(what, "is another", *Broken)
    for name in before.operations.keys() - after.operations.keys():
        tell(name, "is gone", Broken.CALLERS)
    for name in after.operations.keys() - before.operations.keys():
        tell(name, "is new", Broken.SERVERS)
    common = sorted(before.operations.keys() & after.operations.keys())
    for name in common:
        one, other = before.operations[name], after.operations[name]
        if (one.soap_action, one.actions) != (other.soap_action, other.actions):
            tell(name, "has another soapAction or wsa:Action", *Broken)
    for kinds, sender, receiver in (
        (("input",), Broken.CALLERS, Broken.SERVERS),
        (("output", "fault"), Broken.SERVERS, Broken.CALLERS),
    ):
        # Each looks at a type once, so that what is said of it is said of requests and of answers.
        forth = Inclusion(before.grammar, after.grammar)
        back = Inclusion(after.grammar, before.grammar)
        for name, kind in product(common, kinds):
            was = before.operations[name].elements.get(kind)
            now = after.operations[name].elements.get(kind)
            if was is None or now is None:
                if was != now:
                    tell(name, f"has no {kind} in one of the files", *Broken)
                continue
            for where, text in forth.elements(was, now):
                tell(where, f"in the new file it {text}", sender)
            for where, text in back.elements(now, was):
                tell(where, f"in the old file it {text}", receiver)
    return [found[key] for key in sorted(found)]


def _read(file: Path) -> _Contract:
    try:
        root = parsed(file).getroot()
    except (OSError, etree.XMLSyntaxError) as error:
        raise NotComparable(f"{file.name} cannot be read: {type(error).__name__}") from None
    grammar = Grammar()
    for schema in root.iterfind(f"{W}types/{XS}schema"):
        grammar.take(schema, file.parent)
    binding = root.find(f"{W}binding/{S}binding")
    form = None if binding is None else (binding.get("transport"), binding.get("style", "document"))
    return _Contract(root.get("targetNamespace", ""), form, policy_of(file), dict(_operations(root)), grammar)


def _operations(root: etree._Element) -> Iterator[tuple[str, _Operation]]:
    elements = {
        message.get("name"): qualified(part, str(part.get("element")))
        for message in root.iterfind(f"{W}message")
        for part in message.iterfind(f"{W}part")
    }
    bound = {
        operation.get("name"): operation.find(f"{S}operation")
        for operation in root.iterfind(f"{W}binding/{W}operation")
    }
    for operation in root.iterfind(f"{W}portType/{W}operation"):
        name = str(operation.get("name"))
        messages = {kind: operation.find(f"{W}{kind}") for kind in KINDS}
        soap = bound.get(name)
        try:
            told = {
                kind: elements[str(node.get("message")).rpartition(":")[2]]
                for kind, node in messages.items()
                if node is not None
            }
        except KeyError:
            raise NotComparable(f"{name} names a message that there is not") from None
        actions = {kind: node.get(ACTION) for kind, node in messages.items() if node is not None}
        yield name, _Operation(None if soap is None else soap.get("soapAction"), actions, told)
