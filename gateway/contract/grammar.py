"""What of a schema decides whether a document is valid, as values that can be compared.

As much of XML Schema 1.0 as a contract needs: sequences, choices, elements with their occurrences,
attributes, simple types by restriction, text with attributes. Anything else raises NotComparable, which
names it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from lxml import etree

from gateway.contract.wsdl_files import XS, parsed

_IGNORED: Final = {f"{XS}annotation"}
_UNDERSTOOD: Final = {
    "schema": {"targetNamespace", "elementFormDefault"},
    "element": {"name", "type", "ref", "minOccurs", "maxOccurs"},
    "attribute": {"name", "type", "ref", "use"},
    "complexType": {"name"},
    "simpleType": {"name"},
    "sequence": {"minOccurs", "maxOccurs"},
    "choice": {"minOccurs", "maxOccurs"},
}
"""Attributes that are read; any other (nillable, mixed, …) may change what is valid."""


class NotComparable(Exception):
    """A schema uses what this room does not read, or names what is not there."""


@dataclass(frozen=True, slots=True)
class TypeName:
    """A type by its qualified name, ``{namespace}local``."""

    name: str


@dataclass(frozen=True, slots=True)
class Simple:
    """A text: XML Schema's own type below it, and what restricts it.

    ``values`` are the only ones (None: any); each of ``patterns`` must match; ``facets`` are the others by
    name.
    """

    base: str
    values: frozenset[str] | None = None
    patterns: frozenset[str] = frozenset()
    facets: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Element:
    """An element at its place; ``most`` is None for unbounded."""

    name: str
    type: TypeName | Simple | Complex
    least: int = 1
    most: int | None = 1


@dataclass(frozen=True, slots=True)
class Group:
    """A ``sequence`` or a ``choice``."""

    kind: str
    particles: tuple[Element | Group, ...]
    least: int = 1
    most: int | None = 1


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of an element."""

    type: TypeName | Simple
    required: bool


@dataclass(frozen=True, slots=True)
class Complex:
    """Elements, or a text, with attributes by qualified name."""

    content: Group | None = None
    text: TypeName | Simple | None = None
    attributes: tuple[tuple[str, Attribute], ...] = ()


@dataclass(slots=True)
class Grammar:
    """The schemas that a WSDL file imports, with all that they import from beside them."""

    _nodes: dict[tuple[str, str], etree._Element] = field(default_factory=dict)
    _read: set[Path] = field(default_factory=set)

    def read(self, file: Path) -> None:
        """Read a schema file. Raises NotComparable when it, or one that it imports, cannot be read."""
        if file in self._read:
            return
        self._read.add(file)
        try:
            self.take(parsed(file).getroot(), file.parent)
        except (OSError, etree.XMLSyntaxError) as error:
            raise NotComparable(f"{file.name} cannot be read: {type(error).__name__}") from None

    def take(self, schema: etree._Element, beside: Path) -> None:
        """Take a schema that is read already. Raises NotComparable."""
        for node in schema.iter(etree.Element):
            kind = etree.QName(node).localname
            odd = set(node.attrib) - _UNDERSTOOD.get(kind, set(node.attrib))
            if odd:
                raise NotComparable(f"xs:{kind} has {min(odd)}, which is not read here")
        namespace = schema.get("targetNamespace", "")
        for node in schema.iterchildren(etree.Element):
            kind = etree.QName(node).localname
            if kind in {"import", "include"}:
                if (location := node.get("schemaLocation")) is not None:
                    self.read((beside / location).resolve())
            elif node.tag not in _IGNORED:
                self._nodes[kind, f"{{{namespace}}}{node.get('name')}"] = node

    def element(self, name: str) -> Element:
        """A global element. Raises NotComparable when there is none of this name."""
        return self._element(self._node("element", name))

    def has_element(self, name: str) -> bool:
        """Whether there is a global element of this qualified name."""
        return ("element", name) in self._nodes

    def type(self, name: TypeName) -> Simple | Complex:
        """A named type; one of XML Schema's own is a text without restrictions. Raises NotComparable."""
        if name.name.startswith(XS):
            return Simple(name.name.removeprefix(XS))
        if ("simpleType", name.name) in self._nodes:
            return self._simple(self._nodes["simpleType", name.name])
        return self._complex(self._node("complexType", name.name))

    def text(self, of: TypeName | Simple) -> Simple:
        """A type that must be a text. Raises NotComparable."""
        found = self.type(of) if isinstance(of, TypeName) else of
        if not isinstance(found, Simple):
            raise NotComparable("a type that should be a text has elements")
        return found

    def _node(self, kind: str, name: str) -> etree._Element:
        try:
            return self._nodes[kind, name]
        except KeyError:
            raise NotComparable(f"there is no {kind} {name}") from None

    def _element(self, node: etree._Element) -> Element:
        least, most = _occurs(node)
        if (reference := node.get("ref")) is not None:
            one = self.element(qualified(node, reference))
            return Element(one.name, one.type, least, most)
        schema = node.getroottree().getroot()
        own = node.getparent() is schema or schema.get("elementFormDefault") == "qualified"
        namespace = schema.get("targetNamespace", "") if own else ""
        return Element(f"{{{namespace}}}{node.get('name')}", self._type_of(node), least, most)

    def _type_of(self, node: etree._Element) -> TypeName | Simple | Complex:
        if (named := node.get("type")) is not None:
            for inner in _parts(node):
                raise NotComparable(_called(inner))  # a key, or what it refers to
            return TypeName(qualified(node, named))
        for inner in _parts(node):
            if inner.tag == f"{XS}simpleType":
                return self._simple(inner)
            if inner.tag == f"{XS}complexType":
                return self._complex(inner)
            raise NotComparable(_called(inner))
        return TypeName(f"{XS}anyType")

    def _complex(self, node: etree._Element) -> Complex:
        content, text, attributes = None, None, {}
        for inner in _parts(node):
            if inner.tag in {f"{XS}sequence", f"{XS}choice"}:
                content = self._group(inner)
            elif inner.tag == f"{XS}attribute":
                name, attribute = self._attribute(inner)
                attributes[name] = attribute
            elif inner.tag == f"{XS}simpleContent":
                (extension,) = _parts(inner)
                if extension.tag != f"{XS}extension":
                    raise NotComparable(_called(extension))
                text = TypeName(qualified(extension, extension.get("base", "")))
                attributes |= dict(self._attribute(one) for one in _parts(extension))
            else:
                raise NotComparable(_called(inner))
        return Complex(content, text, tuple(sorted(attributes.items())))

    def _group(self, node: etree._Element) -> Group:
        least, most = _occurs(node)
        particles: list[Element | Group] = []
        for inner in _parts(node):
            if inner.tag == f"{XS}element":
                particles.append(self._element(inner))
            elif inner.tag in {f"{XS}sequence", f"{XS}choice"}:
                particles.append(self._group(inner))
            else:
                raise NotComparable(_called(inner))
        return Group(etree.QName(node).localname, tuple(particles), least, most)

    def _attribute(self, node: etree._Element) -> tuple[str, Attribute]:
        if node.tag != f"{XS}attribute":
            raise NotComparable(_called(node))
        required = node.get("use") == "required"
        if (reference := node.get("ref")) is not None:
            name = qualified(node, reference)
            return name, Attribute(self._attribute(self._node("attribute", name))[1].type, required)
        of = self._type_of(node)
        if isinstance(of, Complex):
            raise NotComparable("an attribute with elements")
        return str(node.get("name")), Attribute(of, required)

    def _simple(self, node: etree._Element) -> Simple:
        (restriction,) = _parts(node)
        if restriction.tag != f"{XS}restriction" or restriction.get("base") is None:
            raise NotComparable(_called(restriction))
        below = self.text(TypeName(qualified(restriction, str(restriction.get("base")))))
        values, patterns, facets = set[str](), set[str](), dict(below.facets)
        for facet in _parts(restriction):
            name, value = etree.QName(facet).localname, str(facet.get("value"))
            if name == "enumeration":
                values.add(value)
            elif name == "pattern":
                patterns.add(value)
            else:
                facets[name] = value
        one_of_them = frozenset({"|".join(sorted(patterns))} if patterns else ())
        return Simple(
            below.base,
            frozenset(values) if values else below.values,
            below.patterns | one_of_them,
            tuple(sorted(facets.items())),
        )


def _parts(node: etree._Element) -> Iterator[etree._Element]:
    return (inner for inner in node.iterchildren(etree.Element) if inner.tag not in _IGNORED)


def _occurs(node: etree._Element) -> tuple[int, int | None]:
    most = node.get("maxOccurs", "1")
    return int(node.get("minOccurs", "1")), None if most == "unbounded" else int(most)


def qualified(node: etree._Element, name: str) -> str:
    """The qualified name that ``prefix:local`` stands for at a node."""
    prefix, _, local = name.rpartition(":")
    if prefix == "xml":
        return f"{{http://www.w3.org/XML/1998/namespace}}{local}"
    return f"{{{node.nsmap.get(prefix or None, '')}}}{local}"


def _called(node: etree._Element) -> str:
    return f"xs:{etree.QName(node).localname} is not read here"
