"""No change that refuses a good message is missed: schemas are changed by chance, and asked with messages."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

from lxml import etree

from gateway.contract import write_answer, write_request
from gateway.contract.difference import Broken, differences
from gateway.contract.wsdl_files import XS
from gateway.data import data_folder
from tests.kit.examples import examples
from tests.kit.questions import ANSWER, BY_CODE, BY_DOCUMENT, TERMINAL, VERIFY

QUESTIONS = [write_request(TERMINAL, VERIFY, one) for one in (BY_CODE, BY_DOCUMENT)]
ANSWERS = [etree.fromstring(write_answer(TERMINAL, VERIFY, ANSWER))]
TRIES = 160


def reached(root: etree._Element, names: list[str]) -> list[etree._Element]:
    """The global definitions that these use, themselves among them."""
    known = {str(node.get("name")): node for node in root}
    found: dict[str, etree._Element] = {}
    while names:
        name = names.pop()
        if name in known and name not in found:
            found[name] = known[name]
            for node in known[name].iter(etree.Element):
                names += [str(node.get(key)).rpartition(":")[2] for key in ("type", "ref", "base")]
    return list(found.values())


def changed(draw: random.Random, parts: list[etree._Element]) -> None:
    """One change at a place that decides what is valid."""
    inside = [node for part in parts for node in part.iterdescendants(etree.Element)]
    elements = [node for node in inside if node.tag == f"{XS}element"]
    facets = [node for node in inside if node.get("value") is not None]
    node = draw.choice(elements)
    kind = draw.choice(("least", "most", "gone", "new", "swapped", "value", "value"))
    if kind == "least":
        node.set("minOccurs", "0" if node.get("minOccurs", "1") == "1" else "1")
    elif kind == "most":
        node.set("maxOccurs", str(draw.choice((1, 2, 3))))
    elif kind == "gone":
        node.getparent().remove(node)
    elif kind == "new":
        node.addnext(
            etree.Element(f"{XS}element", name="extra", type="xs:string", minOccurs=draw.choice("01"))
        )
    elif kind == "swapped":
        node.getparent().insert(0, node)
    else:
        facet = draw.choice(facets)
        if facet.tag == f"{XS}enumeration":
            facet.getparent().remove(facet)
        else:
            facet.set(
                "value", "[0-9]{2,9}" if facet.tag == f"{XS}pattern" else draw.choice(("1", "3", "500"))
            )


def test_a_refused_message_is_never_missed(tmp_path: Path) -> None:
    """What was good and is refused now is told of callers (a question) or servers (an answer)."""
    draw = random.Random(4)  # noqa: S311 - a story that replays, no secret
    refused = {Broken.CALLERS: 0, Broken.SERVERS: 0}
    old, new = data_folder("wsdl"), tmp_path / "new"
    shutil.copytree(old, new)
    types = (new / "types-1.xsd").read_bytes()
    for number in range(examples(TRIES)):
        root = etree.fromstring(types)
        changed(draw, reached(root, ["caller", "residentRecordCode", "presentedDocument", "verification"]))
        (new / "types-1.xsd").write_bytes(etree.tostring(root))
        try:
            schema = etree.XMLSchema(etree.parse(new / "terminal-1.xsd"))
        except etree.XMLSchemaParseError:
            continue
        told = set[Broken]().union(
            *(one.breaks for one in differences(old / "terminal-1.wsdl", new / "terminal-1.wsdl"))
        )
        for broken, messages in ((Broken.CALLERS, QUESTIONS), (Broken.SERVERS, ANSWERS)):
            if not all(map(schema.validate, messages)):
                refused[broken] += 1
                assert broken in told, f"change {number} of the story"
    assert min(refused.values()) >= examples(TRIES) // 20, refused
