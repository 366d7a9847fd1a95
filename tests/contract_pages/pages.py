"""The pages of docs/contract as text, from the contract and the messages that are kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Final

from lxml import etree

from gateway.access.policy import CALLERS
from gateway.contract import SERVICES, Operation, Service
from gateway.contract.wsdl_files import W, parsed
from gateway.data import data_folder
from gateway.domain.faults import OPERATION_FAULTS
from gateway.refusals import RULES, Fault
from gateway.wss import names
from tests.contract_pages.kept import Exchanged, exchanges, faults
from tests.contract_pages.schema import Item, Type, items_of, shared_types

_LONG: Final = 96  # characters of one text that are shown
_MANY: Final = 2  # alike side by side that are shown
_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_H: Final = "{http://www.w3.org/1999/xhtml}p"
_CUT: Final = (
    "Long texts are cut (…), and of many alike two are shown; the links lead to the whole messages, byte by "
    "byte."
)


def pages() -> Mapping[str, str]:
    """Every page by the name of its file."""
    known = {(one.service.name, one.operation.name): one for one in exchanges()}
    made = {
        "README.md": _index(known["terminal", "VerifyIdentity"]),
        "types.md": _types(),
        "faults.md": _faults(),
    }
    for service in SERVICES.values():
        mine = [known[service.name, operation.name] for operation in service.operations.values()]
        made[f"{service.name}.md"] = _service(service, mine)
    return made


def _index(whole: Exchanged) -> str:
    rows = (
        (
            f"[`{service.name}`]({service.name}.md)",
            _documentation(service),
            f"`{service.path}`",
            ", ".join(f"`{operation.name}`" for operation in service.operations.values()),
        )
        for service in SERVICES.values()
    )
    return _page(
        "# Contract",
        "What every service takes and answers, as the WSDL and schema files in `wsdl/` have it, with "
        "messages that systems of a development network really exchanged: everybody in them is synthetic. "
        "How a message is addressed and signed is the same everywhere: "
        "[message profile](../message-profile.md).",
        _table(("service", "what", "path", "operations"), rows),
        f"## A whole message\n\nThe request of `{whole.operation.name}`. {_CUT}",
        _shown(etree.fromstring(whole.request)),
        "## More",
        "- [Types](types.md) that the services share, with their codes\n"
        "- [Faults](faults.md), an example of each\n"
        "- Messages byte by byte: [`messages/`](messages), `OPERATION.request.xml` and "
        "`OPERATION.answer.xml` of each service. They verify against `messages/trust.pem`: "
        "`juki-gateway conformance check docs/contract/messages/terminal/VerifyIdentity.request.xml --trust "
        "docs/contract/messages/trust.pem`",
    )


def _service(service: Service, mine: Sequence[Exchanged]) -> str:
    parts = [
        f"# {service.name}",
        f"{_documentation(service)} ({_documentation(service, 'ja')})",
        f"Namespace `{service.namespace}`, path `{service.path}`, files `wsdl/{service.wsdl}` and "
        f"`wsdl/{service.schema}`; a body may have {service.body_bytes:,} bytes. {_CUT}",
    ]
    for one in mine:
        parts += _operation(service, one)
    return _page(*parts)


def _operation(service: Service, one: Exchanged) -> Iterator[str]:
    operation = one.operation
    yield f"## {operation.name}"
    yield f"{_documentation(service, operation=operation)} ({_documentation(service, 'ja', operation)})"
    callers = ", ".join(f"`{role}`" for role in sorted(CALLERS[service.name, operation.name]))
    kind = "changes something" if operation.changes else "is a question"
    yield f"Called by {callers}; {kind}. `wsa:Action` `{operation.action}`."
    for what, element, raw in (
        ("request", operation.request, one.request),
        ("answer", operation.response, one.answer),
    ):
        local = etree.QName(element).localname
        yield f"`{local}`, [the {what}]({_link(one, what)}):"
        yield _items(items_of(service.schema, local))
        yield _shown(_content(raw))


def _link(one: Exchanged, what: str) -> str:
    return f"messages/{one.service.name}/{one.operation.name}.{what}.xml"


def _types() -> str:
    parts = [
        "# Types",
        "What the services share: `urn:juki-gateway:types:1`, `wsdl/types-1.xsd`. Where values come from, "
        "and which are our own: [domain](../domain.md).",
    ]
    for one in shared_types().values():
        parts += _type(one)
    return _page(*parts)


def _type(one: Type) -> Iterator[str]:
    yield f"## {one.name}"
    if one.meaning:
        yield one.meaning
    if one.items:
        yield _items(one.items, here=True)
    if one.bounds:
        yield "; ".join(f"`{bound}`" for bound in one.bounds)
    if one.values:
        yield _table(("value", "meaning"), ((f"`{value}`", told) for value, told in one.values))


def _faults() -> str:
    own = {f"juki-{kind.code}": f"{kind.en} ({kind.ja})" for kind in OPERATION_FAULTS.values()}
    profile = {
        str(fault).replace(":", "-"): next(rule.en for rule in RULES.values() if rule.fault is fault)
        for fault in Fault
        if any(rule.fault is fault for rule in RULES.values())
    }
    seen = faults()
    parts = [
        "# Faults",
        "An example of each code, signed by who refused, with step and reason as a development network "
        "tells them. All rules behind the codes: [message profile](../message-profile.md#faults). The whole "
        "messages are in [`messages/faults/`](messages/faults).",
    ]
    for title, codes in (("Of the message profile", profile), ("Of operations", own)):
        parts.append(f"## {title}")
        for name, told in codes.items():
            parts.append(f"### {name.replace('-', ':', 1)}")
            parts.append(told if title == "Of operations" else f"For example: {told}")
            parts.append(_shown(_content(seen[name])) if name in seen else "No example was recorded.")
    return _page(*parts)


def _content(raw: bytes) -> etree._Element:
    body = etree.fromstring(raw).find(names.BODY)
    if body is None or not len(body):
        raise LookupError("a message without content")
    return body[0]


def _shown(element: etree._Element) -> str:
    """An element for reading: indented, long texts and long rows of the same cut."""
    copy = deepcopy(element)
    _cut(copy)
    etree.cleanup_namespaces(copy)
    etree.indent(copy, "  ")
    return f"```xml\n{etree.tostring(copy, encoding='unicode').strip()}\n```"


def _cut(element: etree._Element) -> None:
    alike: list[etree._Element] = []
    for child in list(element):
        alike = [*alike, child] if alike and alike[0].tag == child.tag else [child]
        if len(alike) > _MANY and element.tag != names.SIGNED_INFO:
            element.remove(child)
    for child in element:
        _cut(child)
    if element.text and len(element.text) > _LONG:
        element.text = element.text[:_LONG] + "…"


def _items(items: Iterable[Item], *, here: bool = False) -> str:
    known = shared_types()

    def linked(kind: str) -> str:
        return f"[{kind}]({'' if here else 'types.md'}#{kind.lower()})" if kind in known else f"`{kind}`"

    return _table(
        ("item", "type", "how often", "meaning"),
        ((f"`{one.name}`", linked(one.type), one.often, one.meaning) for one in items),
    )


def _documentation(service: Service, language: str = "en", operation: Operation | None = None) -> str:
    root = parsed(data_folder("wsdl") / service.wsdl).getroot()
    port = root.find(f"{W}portType")
    if operation is not None and port is not None:
        root = next(one for one in port.findall(f"{W}operation") if one.get("name") == operation.name)
    for text in root.iterfind(f"{W}documentation/{_H}"):
        if text.get(_LANG) == language:
            return " ".join("".join(text.itertext()).split())
    return ""


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *([str(cell).replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _page(*parts: str) -> str:
    return "\n\n".join(parts) + "\n"
