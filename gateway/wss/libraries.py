"""Which C libraries the XML packages brought along: ``selfcheck`` holds them against their floors."""

from __future__ import annotations

import xmlsec
from lxml import etree

Version = tuple[int, ...]


def library_versions() -> dict[str, Version]:
    """Versions by name: ``lxml``, its ``libxml2``, libxmlsec's ``xmlsec`` and ``xmlsec-libxml2``."""
    return {
        "lxml": etree.LXML_VERSION[:3],
        "libxml2": etree.LIBXML_VERSION,
        "xmlsec": tuple(xmlsec.get_libxmlsec_version()),  # type: ignore[attr-defined]  # not in its stubs
        "xmlsec-libxml2": tuple(xmlsec.get_libxml_version()),
    }
