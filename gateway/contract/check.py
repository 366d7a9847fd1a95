"""Judges WSDL files by the rules of the contract; what ``juki-gateway wsdl check`` prints.

WS-I Basic Profile 1.1: R4003 and R4004 (XML 1.0 in UTF-8 or UTF-16), R2001 and R2004 (imports), R2105
(schemas with a namespace), R2110 (no SOAP arrays), R2204, R2206 and R2306 (parts by one element that there
is), R2303 and R2304 (request and response, each name once), R2702, R2705, R2706 and R2716 (document/literal
over HTTP), R2710 (operations that differ on the wire), R2718 (all of them bound), R2744 (soapAction) and
R2754 (names of faults). The rest are the contract's own rules: wsam:Action by name, documentation in
Japanese and English, one policy in every file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lxml import etree

from gateway.contract.grammar import Grammar, NotComparable, qualified
from gateway.contract.wsdl_files import ACTION, XS, S, W, parsed

_WSP: Final = "{http://www.w3.org/ns/ws-policy}"
_WSU_ID: Final = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd}Id"
_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_ENCODING: Final = "http://schemas.xmlsoap.org/soap/encoding/"
_HTTP: Final = "http://schemas.xmlsoap.org/soap/http"
_LANGUAGES: Final = {"ja", "en"}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong: the file, the rule (``R2744`` or a word of our own), and where."""

    file: str
    rule: str
    text: str


def check_wsdl(file: Path, policy: bytes | None = None) -> list[Problem]:
    """Everything wrong with one WSDL file and the schemas beside it; ``policy`` is what it must state."""
    try:
        tree = parsed(file)
    except (OSError, etree.XMLSyntaxError) as error:
        return [Problem(file.name, "readable", f"cannot be read: {type(error).__name__}")]
    root = tree.getroot()
    found = [
        *_writing(tree),
        *_imports(root),
        *_schemas(file, root),
        *_binding(root),
        *_parts(file, root),
        *_operations(root),
        *_policy(root, policy),
    ]
    return [Problem(file.name, rule, text) for rule, text in found]


def policy_of(file: Path) -> bytes:
    """The canonical form of a file's policy, to compare with the others'; empty when it has none."""
    policy = parsed(file).getroot().find(f"{_WSP}Policy")
    if policy is None:
        return b""
    return etree.tostring(policy, method="c14n", exclusive=True, with_comments=False)


def _writing(tree: etree._ElementTree) -> Iterator[tuple[str, str]]:
    if (tree.docinfo.encoding or "UTF-8").upper() not in {"UTF-8", "UTF-16"}:
        yield "R4003", "is written neither in UTF-8 nor in UTF-16"
    if tree.docinfo.xml_version != "1.0":
        yield "R4004", "is not XML 1.0"
    for node in tree.iter(f"{XS}restriction", f"{XS}extension"):
        prefix, _, local = node.get("base", "").rpartition(":")
        if node.nsmap.get(prefix or None) == _ENCODING and local == "Array":
            yield "R2110", "a type is made from SOAP's Array"


def _imports(root: etree._Element) -> Iterator[tuple[str, str]]:
    for imported in root.iterfind(f"{W}import"):
        if imported.get("location", "").endswith(".xsd"):
            yield "R2001", f"wsdl:import names a schema: {imported.get('location')}"
    for schema in root.iterfind(f"{W}types/{XS}schema"):
        only_imports = all(child.tag in {f"{XS}import", f"{XS}annotation"} for child in schema)
        if not only_imports and not schema.get("targetNamespace"):
            yield "R2105", "a schema in wsdl:types has no targetNamespace"


def _schemas(file: Path, root: etree._Element) -> Iterator[tuple[str, str]]:
    """Of the schemas beside the file, those that other schemas import among them."""
    named = [schema.get("schemaLocation") for schema in root.iterfind(f"{W}types/{XS}schema/{XS}import")]
    waiting, seen = list(named), set[str | None]()
    while waiting:
        location = waiting.pop()
        if location in seen:
            continue
        seen.add(location)
        if location is None or not (file.parent / location).is_file():
            yield "schema", f"the schema {location} is not beside the file"
            continue
        try:
            tree = parsed(file.parent / location)
            if tree.getroot().tag != f"{XS}schema":
                yield "R2004", f"{location} is no schema"
                continue
            yield from ((rule, f"{location}: {text}") for rule, text in _writing(tree))
            waiting += [schema.get("schemaLocation") for schema in tree.getroot().iterfind(f"{XS}import")]
            if location in named:
                etree.XMLSchema(tree)
        except etree.LxmlError as error:
            yield "schema", f"{location}: {type(error).__name__}"
            continue
        yield from _documentation(location, tree.getroot())


def _documentation(location: str, schema: etree._Element) -> Iterator[tuple[str, str]]:
    for node in schema.iter(f"{XS}element", f"{XS}enumeration", f"{XS}complexType", f"{XS}simpleType"):
        name = node.get("name") or node.get("value")
        if name is None:
            continue
        told = {text.get(_LANG) for text in node.iterfind(f"{XS}annotation/{XS}documentation") if text.text}
        if not told >= _LANGUAGES:
            yield "documentation", f"{location}: {name} is not explained in Japanese and English"


def _binding(root: etree._Element) -> Iterator[tuple[str, str]]:
    bindings = root.findall(f"{W}binding")
    if len(bindings) != 1:
        yield "binding", f"{len(bindings)} bindings instead of one"
    for binding in bindings:
        soap = binding.find(f"{S}binding")
        if soap is None or soap.get("transport") != _HTTP:
            yield "R2702", "the binding is not one of SOAP 1.1 over HTTP"
        elif soap.get("style", "document") != "document":
            yield "R2705", "the binding's style is not document"
        for body in binding.iter(f"{S}body", f"{S}fault"):
            if body.get("use") != "literal":
                yield "R2706", "a body or fault is not literal"
            if body.get("namespace") is not None:
                yield "R2716", "a body or fault of a document-literal binding names a namespace"


def _parts(file: Path, root: etree._Element) -> Iterator[tuple[str, str]]:
    grammar = Grammar()
    try:
        for schema in root.iterfind(f"{W}types/{XS}schema"):
            grammar.take(schema, file.parent)
    except NotComparable:
        return  # a schema that cannot be read is told of already
    for part in root.iterfind(f"{W}message/{W}part"):
        element, of = part.get("element"), f"the part {part.get('name')}"
        if element is not None and part.get("type") is not None:
            yield "R2306", f"{of} names an element and a type"
        if element is not None and not grammar.has_element(qualified(part, element)):
            yield "R2206", f"{of} names the element {element}, which there is not"


def _operations(root: etree._Element) -> Iterator[tuple[str, str]]:
    elements = {
        message.get("name"): [part.get("element") for part in message.iterfind(f"{W}part")]
        for message in root.iterfind(f"{W}message")
    }
    bound = {operation.get("name"): operation for operation in root.iterfind(f"{W}binding/{W}operation")}
    namespace = root.get("targetNamespace", "")
    seen: set[str] = set()
    asked: set[str | None] = set()
    for operation in root.iterfind(f"{W}portType/{W}operation"):
        name = operation.get("name", "")
        yield from _messages(operation, name, namespace, elements)
        told = {text.get(_LANG) for text in operation.iterfind(f"{W}documentation/*") if text.text}
        if not told >= _LANGUAGES:
            yield "documentation", f"{name} is not explained in Japanese and English"
        if name in seen:
            yield "R2304", f"{name} stands twice"
        seen.add(name)
        ends = [node.tag for node in operation.iterchildren(f"{W}input", f"{W}output")]
        if ends[:1] != [f"{W}input"]:
            yield "R2303", f"{name} does not begin with a request"
        asks = elements.get(_local(operation.find(f"{W}input")), [])
        if not asked.isdisjoint(asks):
            yield "R2710", f"{name} cannot be told from another operation by its Body"
        asked.update(asks)
        if name not in bound:
            yield "R2718", f"{name} is not bound"
            continue
        soap = bound[name].find(f"{S}operation")
        action = f"{namespace}:{name}"
        if soap is None or soap.get("soapAction") != action:
            yield "R2744", f"{name}: soapAction is not {action}"
        for fault in bound[name].iterfind(f"{W}fault"):
            inner = fault.find(f"{S}fault")
            if inner is None or inner.get("name") != fault.get("name"):
                yield "R2754", f"{name}: soap:fault does not name its fault"
    for left in bound.keys() - seen:
        yield "R2718", f"{left} is bound and stands in no portType"


def _messages(
    operation: etree._Element, name: str, namespace: str, elements: dict[str | None, list[str | None]]
) -> Iterator[tuple[str, str]]:
    ends = {"input": "", "output": "Response", "fault": "Refusal"}
    for kind, ending in ends.items():
        node = operation.find(f"{W}{kind}")
        if node is None:
            yield kind, f"{name} has no {kind}"
            continue
        if node.get(ACTION) != f"{namespace}:{name}{ending}":
            yield "action", f"{name}: wsam:Action of its {kind} is not {namespace}:{name}{ending}"
        parts = elements.get(_local(node), [])
        if len(parts) != 1 or parts[0] is None:
            yield "R2204", f"{name}: its {kind} is not one part with an element"
        elif kind != "fault" and parts[0].rpartition(":")[2] != f"{name}{ending}":
            yield "wrapped", f"{name}: the element of its {kind} is not {name}{ending}"


def _local(node: etree._Element | None) -> str | None:
    """The name of the message that an input, output or fault has."""
    return None if node is None else node.get("message", "").rpartition(":")[2]


def _policy(root: etree._Element, policy: bytes | None) -> Iterator[tuple[str, str]]:
    stated = root.find(f"{_WSP}Policy")
    reference = root.find(f"{W}binding/{_WSP}PolicyReference")
    if stated is None or reference is None or reference.get("URI") != f"#{stated.get(_WSU_ID)}":
        yield "policy", "the binding refers to no policy of the file"
        return
    form = etree.tostring(stated, method="c14n", exclusive=True, with_comments=False)
    if policy is not None and form != policy:
        yield "policy", "the policy is not the one of the other services"
