"""Names that WSDL and schema files use, and how such a file is read: no entity, nothing from elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from lxml import etree

W: Final = "{http://schemas.xmlsoap.org/wsdl/}"
S: Final = "{http://schemas.xmlsoap.org/wsdl/soap/}"
XS: Final = "{http://www.w3.org/2001/XMLSchema}"
ACTION: Final = "{http://www.w3.org/2007/05/addressing/metadata}Action"
_PARSER: Final = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)


def parsed(file: Path) -> etree._ElementTree:
    """The file's tree. Raises OSError and etree.XMLSyntaxError."""
    return etree.parse(file, _PARSER)
