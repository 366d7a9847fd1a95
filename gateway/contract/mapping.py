"""From a verified element to a message object and back, compiled once from spyne's models.

spyne is the source of the types and of nothing else: it sees no message. Its own way from and to XML costs
fifty times as much (docs/decisions), and a property test holds both to the same outcome. A type that is not
understood here is a TypeError when the program starts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal

from lxml import etree

from gateway.contract import _spyne_compat  # noqa: F401 - must be imported before spyne
from gateway.contract.service import FAULTS, TYPES
from gateway.wss.canonical_text import attribute_value, character_data, is_plain

# isort: split
from spyne import Array, ComplexModel, Integer, Unicode, XmlAttribute, XmlData

_XML: Final = "http://www.w3.org/XML/1998/namespace"
_PREFIXES: Final = {TYPES: "t", FAULTS: "f"}
_SERVICE_PREFIX: Final = "s"

Write = Callable[[Any, list[str], Callable[[str], str]], None]


class Message:
    """Base of message objects: members by their XML names, None where absent. Shows nothing of a person."""

    def __init__(self, **members: Any) -> None:
        for name in members:
            getattr(self, name)  # AttributeError for a member that the type does not have
        self.__dict__.update(members)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(***)"


@dataclass(frozen=True, slots=True)
class _Member:
    """One member of a record: an element, an attribute, or the text of the record's own element."""

    name: str
    namespace: str
    form: Literal["element", "attribute", "text"]
    record: Any  # the model of a record, None for a simple type
    number: bool
    many: bool
    required: bool


@cache
def message_class(model: Any) -> type[Message]:
    """The class of a model's message objects."""
    members: dict[str, Any] = {member.name: None for member in _members(model)}
    return type(str(model.get_type_name()), (Message,), members)


def read(model: Any, element: etree._Element) -> Any:
    """The message object of a schema-valid element; validate first, nothing is judged here."""
    return _reader(model)(element)


def write(model: Any, message: Any, tag: str) -> bytes:
    """The element ``tag`` (a Clark name) of a message object in exclusive canonical form.

    Raises ValueError for text that XML cannot carry, and for a member that is missing.
    """
    parts: list[str] = []
    values: list[str] = []
    put = _writer(model, tag, frozenset())

    def as_it_is(value: str) -> str:
        values.append(value)
        return value

    put(message, parts, as_it_is)
    if not is_plain("".join(values)):  # one look at all of them; seldom is any to be escaped
        parts.clear()
        put(message, parts, character_data)
    return "".join(parts).encode("utf-8")


def compile_model(model: Any, tag: str) -> None:
    """Compile both directions now. Raises TypeError for a type that is not understood."""
    _reader(model)
    _writer(model, tag, frozenset())


@cache
def _members(model: Any) -> tuple[_Member, ...]:
    return tuple(_member(model, name, kind) for name, kind in model.get_flat_type_info(model).items())


def _member(model: Any, name: str, kind: Any) -> _Member:
    facets = kind.Attributes
    many, required = facets.max_occurs > 1, facets.min_occurs > 0
    namespace = facets.sub_ns or model.get_namespace()
    if issubclass(kind, XmlAttribute):
        if kind._ns != _XML or not issubclass(kind.type, Unicode):
            raise TypeError(f"{model.get_type_name()}.{name}: an attribute of another namespace than xml")
        return _Member(name, _XML, "attribute", None, number=False, many=False, required=True)
    if issubclass(kind, XmlData):
        if not issubclass(kind.type, Unicode):
            raise TypeError(f"{model.get_type_name()}.{name}: data that is no text")
        return _Member(name, namespace, "text", None, number=False, many=False, required=True)
    plain = not facets.nillable and facets.sub_name is None and facets.default is None
    if plain and issubclass(kind, ComplexModel) and not issubclass(kind, Array):
        return _Member(name, namespace, "element", kind, number=False, many=many, required=required)
    if plain and issubclass(kind, Unicode | Integer):
        number = issubclass(kind, Integer)
        return _Member(name, namespace, "element", None, number=number, many=many, required=required)
    raise TypeError(f"{model.get_type_name()}.{name}: a type that this mapping does not know")


@cache
def _reader(model: Any) -> Callable[[etree._Element], Any]:
    made, make = message_class(model), object.__new__  # __init__ would look at each member again
    elements: dict[Any, tuple[str, Callable[[etree._Element], Any], bool]] = {}
    attributes: dict[str, str] = {}
    text: str | None = None
    for member in _members(model):
        if member.form == "attribute":
            attributes[f"{{{member.namespace}}}{member.name}"] = member.name
        elif member.form == "text":
            text = member.name
        else:
            inner = _reader(member.record) if member.record else _number_of if member.number else _text_of
            elements[f"{{{member.namespace}}}{member.name}"] = (member.name, inner, member.many)

    def read_record(element: etree._Element) -> Any:
        message = make(made)
        values = message.__dict__
        for child in element:
            name, inner, many = elements[child.tag]
            if many:
                values.setdefault(name, []).append(inner(child))
            else:
                values[name] = inner(child)
        for attribute, name in attributes.items():
            values[name] = element.get(attribute)
        if text is not None:
            values[text] = _text_of(element)
        return message

    return read_record


def _text_of(element: etree._Element) -> str:
    return element.text or ""


def _number_of(element: etree._Element) -> int:
    return int(element.text or "")


@cache
def _writer(model: Any, tag: str, declared: frozenset[str]) -> Write:
    """Writes an element into a list of texts; ``declared`` are the namespaces declared around it.

    Exclusive canonical form declares a prefix where it is first used (section 3), before the attributes.
    ``as_text`` makes character data of a value.
    """
    opening, closing, inside = _tags(tag, declared)
    attributes = [member for member in _members(model) if member.form == "attribute"]
    within = [_member_writer(member, inside) for member in _members(model) if member.form != "attribute"]

    def write_record(message: Any, parts: list[str], as_text: Callable[[str], str]) -> None:
        parts.append(opening)
        for attribute in attributes:
            parts.append(f' xml:{attribute.name}="{attribute_value(getattr(message, attribute.name))}"')
        parts.append(">")
        for name, put, many, required in within:
            value = getattr(message, name)
            if many:
                for one in value or ():
                    put(one, parts, as_text)
            elif value is not None:
                put(value, parts, as_text)
            elif required:
                raise ValueError(f"{name} is missing")
        parts.append(closing)

    return write_record


def _member_writer(member: _Member, declared: frozenset[str]) -> tuple[str, Write, bool, bool]:
    tag = f"{{{member.namespace}}}{member.name}"
    if member.record is not None:
        return member.name, _writer(member.record, tag, declared), member.many, member.required
    opening, closing = "", ""
    if member.form == "element":
        opening, closing, _ = _tags(tag, declared)
        opening += ">"

    def write_text(value: str, parts: list[str], as_text: Callable[[str], str]) -> None:
        parts += (opening, as_text(value), closing)

    def write_number(value: int, parts: list[str], _as_text: Callable[[str], str]) -> None:
        parts += (opening, str(value), closing)

    return member.name, write_number if member.number else write_text, member.many, member.required


def _tags(tag: str, declared: frozenset[str]) -> tuple[str, str, frozenset[str]]:
    """An element's opening without its ``>``, its closing, and the namespaces declared inside it."""
    namespace, _, name = tag[1:].rpartition("}")
    prefix = _PREFIXES.get(namespace, _SERVICE_PREFIX)
    if prefix == _SERVICE_PREFIX and declared - _PREFIXES.keys() - {namespace}:
        raise TypeError(f"{tag}: two services' namespaces in one message")
    declaration = "" if namespace in declared else f' xmlns:{prefix}="{attribute_value(namespace)}"'
    return f"<{prefix}:{name}{declaration}", f"</{prefix}:{name}>", declared | {namespace}
