"""Schema files and spyne models, each read into the same plain description, by code that shares nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lxml import etree
from spyne import ComplexModel, XmlAttribute, XmlData

from gateway.data import data_folder

XS = "{http://www.w3.org/2001/XMLSchema}"
FILES = sorted(path.name for path in data_folder("wsdl").iterdir())


@dataclass
class Simple:
    base: str
    pattern: str | None = None
    lengths: tuple[int, int | None] = (0, None)
    bounds: tuple[int | None, int | None] = (None, None)
    values: frozenset[str] = frozenset()


@dataclass
class Member:
    tag: str
    low: int
    high: int
    kind: Any


@dataclass
class Record:
    members: list[Member] = field(default_factory=list)
    attributes: dict[str, Any] = field(default_factory=dict)
    content: Simple | None = None


# --- the files -------------------------------------------------------------------------------------


class Files:
    """All schema files as global declarations by Clark name; ``change`` is made to their text first."""

    def __init__(self, change: tuple[str, str] | None = None) -> None:
        self.elements: dict[str, etree._Element] = {}
        self.types: dict[str, etree._Element] = {}
        self.attributes: dict[str, etree._Element] = {}
        self.changed = False
        for name in FILES:
            if name.endswith(".xsd"):
                root = self.read(name, change)
                for node in root.iterchildren(
                    f"{XS}element", f"{XS}simpleType", f"{XS}complexType", f"{XS}attribute"
                ):
                    table = {"element": self.elements, "attribute": self.attributes}.get(
                        etree.QName(node).localname, self.types
                    )
                    table[f"{{{root.get('targetNamespace')}}}{node.get('name')}"] = node

    def read(self, name: str, change: tuple[str, str] | None) -> etree._Element:
        text = (data_folder("wsdl") / name).read_text(encoding="utf-8")
        if change is not None and change[0] in text:
            self.changed = True
            text = text.replace(*change)
        return etree.fromstring(text.encode())

    def element(self, clark: str) -> Any:
        node = self.elements[clark]
        return self.kind(node, node.get("type"))

    def kind(self, node: etree._Element, reference: str | None) -> Any:
        if reference is None:
            inner = node.find(f"{XS}complexType")
            return self.record(inner if inner is not None else node)
        clark = resolve(node, reference)
        if clark.startswith(XS):
            return Simple(clark.removeprefix(XS))
        declared = self.types[clark]
        if declared.tag == f"{XS}simpleType":
            return self.simple(declared)
        return self.record(declared)

    def simple(self, node: etree._Element) -> Simple:
        restriction = node.find(f"{XS}restriction")
        assert restriction is not None

        def facet(name: str) -> Any:
            found = restriction.findall(f"{XS}{name}")
            assert len(found) <= 1
            return found[0].get("value") if found else None

        def number(name: str) -> int | None:
            return None if facet(name) is None else int(facet(name))

        return Simple(
            resolve(restriction, restriction.get("base", "")).removeprefix(XS),
            facet("pattern"),
            (number("minLength") or 0, number("maxLength")),
            (number("minInclusive"), number("maxInclusive")),
            frozenset(e.get("value", "") for e in restriction.findall(f"{XS}enumeration")),
        )

    def record(self, node: etree._Element) -> Record:
        extension = node.find(f"{XS}simpleContent/{XS}extension")
        if extension is not None:
            attributes = {
                resolve(a, a.get("ref", "")): (
                    self.simple(self.attributes[resolve(a, a.get("ref", ""))].find(f"{XS}simpleType")),
                    a.get("use"),
                )  # type: ignore[arg-type]
                for a in extension.findall(f"{XS}attribute")
            }
            return Record([], attributes, self.kind(extension, extension.get("base")))
        sequence = node.find(f"{XS}sequence")
        assert sequence is not None
        return Record([m for child in sequence for m in self.members(child, False)])

    def members(self, node: etree._Element, choice: bool) -> list[Member]:
        if node.tag == f"{XS}choice":
            return [m for child in node for m in self.members(child, True)]
        assert node.tag == f"{XS}element"
        assert node.get("nillable") is None
        low = 0 if choice else int(node.get("minOccurs", "1"))
        high = int(node.get("maxOccurs", "1"))
        if node.get("ref"):
            clark = resolve(node, node.get("ref", ""))
            return [Member(clark, low, high, self.element(clark))]
        namespace = node.getroottree().getroot().get("targetNamespace")
        return [Member(f"{{{namespace}}}{node.get('name')}", low, high, self.kind(node, node.get("type")))]


def resolve(node: etree._Element, name: str) -> str:
    prefix, _, local = name.rpartition(":")
    namespaces = {**node.nsmap, "xml": "http://www.w3.org/XML/1998/namespace"}
    return f"{{{namespaces[prefix or None]}}}{local}"


# --- the models ------------------------------------------------------------------------------------


def model(cls: Any) -> Any:
    if not issubclass(cls, ComplexModel):
        return simple_model(cls)
    record = Record()
    for name, kind in cls.get_flat_type_info(cls).items():
        if issubclass(kind, XmlAttribute):
            record.attributes[f"{{{kind._ns}}}{name}"] = (simple_model(kind.type), kind._use)
        elif issubclass(kind, XmlData):
            record.content = simple_model(kind.type)
        else:
            assert kind.Attributes.nillable is False, name
            namespace = kind.Attributes.sub_ns or cls.get_namespace()
            low, high = int(kind.Attributes.min_occurs), int(kind.Attributes.max_occurs)
            record.members.append(Member(f"{{{namespace}}}{name}", low, high, model(kind)))
    return record


def simple_model(cls: Any) -> Simple:
    base = cls
    while base.__orig__ is not None:
        base = base.__orig__
    facets = cls.Attributes
    longest = getattr(facets, "max_len", float("inf"))
    low, high = getattr(facets, "ge", float("-inf")), getattr(facets, "le", float("inf"))
    return Simple(
        base.__type_name__,
        facets.pattern,
        (int(getattr(facets, "min_len", 0)), None if longest == float("inf") else int(longest)),
        (None if low == float("-inf") else int(low), None if high == float("inf") else int(high)),
        frozenset(facets.values),
    )
