"""spyne's type mapping, and nothing else of spyne: verified element to message object and back.

spyne sees no bytes, no envelope and no socket. Everything that maps goes through ``read`` and ``write``,
so that a reader and writer compiled from the same models can take their place.
"""

from __future__ import annotations

from typing import Any

from lxml import etree

from gateway.contract import _spyne_compat  # noqa: F401 - must be imported before spyne
from gateway.contract.service import FAULTS, TYPES

# isort: split
from spyne.protocol.xml import XmlDocument


class _Protocol(XmlDocument):  # type: ignore[misc]
    def xmldata_to_parent(
        self, ctx: Any, cls: Any, inst: Any, parent: etree._Element, *_: Any, **__: Any
    ) -> None:
        """As spyne's own, but with text: spyne hands lxml UTF-8 bytes, which it takes only when ASCII."""
        parent.text = self.to_unicode(cls.type, inst)


# parse_xsi_type: a message must never choose the class it becomes.
_PROTOCOL = _Protocol(parse_xsi_type=False)


def read(model: Any, element: etree._Element) -> Any:
    """The message object of a schema-valid element. Members are matched by local name: validate first."""
    return _PROTOCOL.from_element(None, model, element)


def write(model: Any, message: Any, tag: str) -> etree._Element:
    """The element ``tag`` (a Clark name) of a message object, on its own, with short prefixes."""
    name = etree.QName(tag)
    prefixes = {"t": TYPES, "f": FAULTS}
    if name.namespace not in prefixes.values():
        prefixes["s"] = str(name.namespace)
    holder = etree.Element("holder", nsmap=prefixes)
    _PROTOCOL.to_parent(None, model, message, holder, name.namespace, name.localname)
    element = holder[0]
    holder.remove(element)
    return element
