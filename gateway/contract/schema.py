"""Validation against the schema files in ``wsdl/``, and refusals that say where and why but never what.

libxml2's messages quote the rejected value, so none of them is used: the refusal is built from the
error's type and from element names that the contract itself has.
"""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING

from lxml import etree

from gateway.data import data_folder
from gateway.refusals import Refused

if TYPE_CHECKING:
    from gateway.contract.service import Service

_XS = "{http://www.w3.org/2001/XMLSchema}"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
# A byte search would miss a namespace written with character references.
_HAS_XSI = etree.XPath("boolean(descendant-or-self::*/@xsi:*)", namespaces={"xsi": _XSI})

_KINDS = {
    "SCHEMAV_CVC_PATTERN_VALID": "pattern",
    "SCHEMAV_CVC_ENUMERATION_VALID": "enumeration",
    "SCHEMAV_CVC_MINLENGTH_VALID": "min-length",
    "SCHEMAV_CVC_MAXLENGTH_VALID": "max-length",
    "SCHEMAV_CVC_MININCLUSIVE_VALID": "min-value",
    "SCHEMAV_CVC_MAXINCLUSIVE_VALID": "max-value",
    "SCHEMAV_CVC_DATATYPE_VALID_1_2_1": "type",
    "SCHEMAV_CVC_ELT_1": "element",
    "SCHEMAV_ELEMENT_CONTENT": "element",
    "SCHEMAV_CVC_COMPLEX_TYPE_2_3": "text-between-elements",
    "SCHEMAV_CVC_COMPLEX_TYPE_3_2_1": "attribute",
    "SCHEMAV_CVC_COMPLEX_TYPE_4": "attribute-missing",
    "SCHEMAV_CVC_TYPE_3_1_1": "attribute",
    "SCHEMAV_CVC_TYPE_3_1_2": "element-in-value",
}

_STEP = re.compile(r"(?:(?P<name>[^\[]+?))(?:\[(?P<nth>[0-9]+)\])?")


class ServiceSchema:
    """The compiled schema of one service; may be used by many threads at once.

    A compiled schema may be shared, its error log not: the shared one only says yes or no, a second one
    says why, behind a lock.
    """

    def __init__(self, service: Service) -> None:
        folder = data_folder("wsdl")
        parser = etree.XMLParser(no_network=True, resolve_entities=False)
        tree = etree.parse(folder / service.schema, parser)
        self._yes_or_no = etree.XMLSchema(tree)
        self._why = etree.XMLSchema(tree)
        self._lock = threading.Lock()
        self._names = {
            str(declared.get("name"))
            for file in service.files
            for declared in etree.parse(folder / file, parser).iter(f"{_XS}element")
            if declared.get("name")
        }

    def check(self, element: etree._Element, expected: str) -> None:
        """Raise Refused ``xsi`` or ``schema`` unless it is the expected element (Clark name), and valid."""
        root = etree.QName(expected).localname
        if _HAS_XSI(element):
            raise Refused("xsi", where=root)
        if element.tag != expected:
            raise Refused("schema", where=root, found="element", wanted=root)
        if not self._yes_or_no.validate(element):
            where, found, wanted = self._reason(element)
            raise Refused("schema", where=where, found=found, wanted=wanted)

    def _reason(self, element: etree._Element) -> tuple[str, str, str]:
        with self._lock:
            self._why.validate(element)
            error = next(iter(self._why.error_log))
            kind, message, path = error.type_name, error.message or "", error.path or ""
        found = _KINDS.get(kind, kind.removeprefix("SCHEMAV_").lower().replace("_", "-"))
        if found == "element" and ": Missing child element" in message:
            found = "missing"
        expected = message.partition("Expected is ")[2]
        names = (name for name in re.findall(r"\}([A-Za-z]+)", expected) if name in self._names)
        return self._where(element, path), found, ", ".join(names)

    def _where(self, element: etree._Element, path: str) -> str:
        """The element's path in names of the contract; a name that the sender made up becomes ``*``.

        ``path`` is libxml2's, with the sender's prefixes and with positions: followed step by step.
        """
        names = [etree.QName(element).localname]
        for step in path.split("/")[2:]:
            match = _STEP.fullmatch(step)
            if match is None or step.startswith("@"):
                break
            below = [
                child
                for child in element.iterchildren(tag=etree.Element)
                if match["name"] in ("*", _prefixed(child))
            ]
            element = below[int(match["nth"] or 1) - 1]
            names.append(etree.QName(element).localname)
        return "/".join(name if name in self._names else "*" for name in names)


def _prefixed(element: etree._Element) -> str:
    name = etree.QName(element).localname
    return f"{element.prefix}:{name}" if element.prefix else name


_schemas: dict[str, ServiceSchema] = {}
_compiling = threading.Lock()


def schema_of(service: Service) -> ServiceSchema:
    """The service's schema, compiled once: libxml2 must not load the same files in two threads."""
    with _compiling:
        if service.name not in _schemas:
            _schemas[service.name] = ServiceSchema(service)
        return _schemas[service.name]
