"""The schema files as tables: what stands in an element, how often, and what it means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from lxml import etree

from gateway.contract.wsdl_files import XS, parsed
from gateway.data import data_folder

SHARED: Final = "types-1.xsd"
_WITHIN: Final = {f"{XS}{name}" for name in ("complexType", "sequence", "simpleContent", "extension")}
_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"


@dataclass(frozen=True, slots=True)
class Item:
    """An element in another: ``type`` is the local name of its type, ``often`` as ``0..1``."""

    name: str
    type: str
    often: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Type:
    """A type of the shared schema: its items, or its values and bounds."""

    name: str
    meaning: str
    items: tuple[Item, ...] = ()
    values: tuple[tuple[str, str], ...] = ()
    bounds: tuple[str, ...] = ()


@cache
def shared_types() -> Mapping[str, Type]:
    """By name, in the order of their names."""
    root = _root(SHARED)
    kinds = [*root.findall(f"{XS}complexType"), *root.findall(f"{XS}simpleType")]
    return {str(one.get("name")): _type(one) for one in sorted(kinds, key=lambda one: str(one.get("name")))}


def items_of(file: str, element: str) -> tuple[Item, ...]:
    """What stands in a message's element. Raises LookupError."""
    found = next(one for one in _root(file).findall(f"{XS}element") if one.get("name") == element)
    return tuple(_items(found))


def meaning(element: etree._Element, language: str = "en") -> str:
    """Its documentation in one language."""
    for text in element.iterfind(f"{XS}annotation/{XS}documentation"):
        if text.get(_LANG) == language:
            return " ".join("".join(text.itertext()).split())
    return ""


@cache
def _root(file: str) -> etree._Element:
    return parsed(Path(data_folder("wsdl") / file)).getroot()


@cache
def _global(name: str) -> etree._Element:
    return next(one for one in _root(SHARED).findall(f"{XS}element") if one.get("name") == name)


def _type(one: etree._Element) -> Type:
    name = str(one.get("name"))
    if one.tag == f"{XS}complexType":
        return Type(name, meaning(one), tuple(_items(one)))
    restriction = next(one.iter(f"{XS}restriction", f"{XS}list"))
    values = tuple(
        (str(value.get("value")), meaning(value)) for value in restriction.findall(f"{XS}enumeration")
    )
    bounds = tuple(
        f"{etree.QName(facet).localname} {facet.get('value')}"
        for facet in restriction
        if facet.get("value") and facet.tag != f"{XS}enumeration"
    )
    return Type(
        name, meaning(one), values=values, bounds=(_local(restriction.get("base") or "list"), *bounds)
    )


def _items(parent: etree._Element, often: str = "") -> Iterator[Item]:
    for part in parent:
        if part.tag == f"{XS}element":
            yield _item(part, often)
        elif part.tag == f"{XS}choice":
            yield from _items(part, "one of these")
        elif part.tag in {
            f"{XS}{name}" for name in ("complexType", "sequence", "simpleContent", "extension")
        }:
            yield from _items(part, often)


def _item(part: etree._Element, often: str) -> Item:
    least, most = part.get("minOccurs", "1"), part.get("maxOccurs", "1")
    counted = least if least == most else f"{least}..{'n' if most == 'unbounded' else most}"
    reference = part.get("ref")
    told = part if reference is None else _global(_local(reference))
    name, kind = str(told.get("name")), _local(told.get("type") or "")
    return Item(name, kind, often or counted, meaning(part) or meaning(told))


def _local(name: str) -> str:
    return name.rpartition(":")[2]
