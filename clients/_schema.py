"""Whether a verified answer follows the contract: judged by the schema file before zeep sees it.

zeep forgives (it skips facets, and follows an ``xsi:type``); a signed answer that is not the contract's must
neither become an outcome nor an error of our own.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Final

from lxml import etree

from gateway.errors import CounterpartAnswerInvalid

_HAS_XSI: Final = etree.XPath(
    "boolean(descendant-or-self::*/@xsi:*)", namespaces={"xsi": "http://www.w3.org/2001/XMLSchema-instance"}
)


_COMPILING: Final = threading.Lock()  # libxml2 must not load the same files in two threads


class AnswerSchema:
    """The compiled schema of one service; its yes or no may be asked by many threads at once."""

    def __init__(self, file: Path) -> None:
        parser = etree.XMLParser(no_network=True, resolve_entities=False)
        with _COMPILING:
            self._schema = etree.XMLSchema(etree.parse(file, parser))

    def check(self, content: etree._Element) -> None:
        """Raise CounterpartAnswerInvalid unless the element is as the contract declares it.

        The reason is not told: libxml2's messages quote values.
        """
        if _HAS_XSI(content) or not self._schema.validate(content):
            raise CounterpartAnswerInvalid("the answer does not follow the contract")
