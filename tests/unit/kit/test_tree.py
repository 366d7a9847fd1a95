"""The tests' own canonicaliser against another implementation: libxml2."""

from __future__ import annotations

import pytest
from lxml import etree

from tests.kit import identities, tree
from tests.kit.messages import Style, good_answer, good_request
from tests.kit.tree import Node

DOCUMENTS = [
    "<a/>",
    '<a xmlns="urn:a"><b xmlns=""><c xmlns="urn:a"/></b></a>',
    '<p:a xmlns:p="urn:p" xmlns:q="urn:q" z="1" q:a="2" b="3" p:a="4"><q:b/><p:c xmlns:p="urn:other"/></p:a>',
    '<a b="&#9;&#10;&#13;&lt;&gt;&amp;&quot;\'">&#13;&lt;&gt;&amp;"\'\n</a>',
    '<a xmlns:u="urn:u"><b xml:lang="ja" u:x="1">葛\U000e0100𠮷</b></a>',
    '<a xmlns:x="urn:x"><x:b><c xmlns:x="urn:x"><x:d/></c></x:b></a>',
    "<a><![CDATA[<&>]]></a>",
]


@pytest.mark.parametrize("text", [*DOCUMENTS, good_request().raw().decode(), good_answer().raw().decode()])
@pytest.mark.parametrize("prefixes", [(), ("p", "x", "u"), ("soap", "wsa", "ds")])
def test_canonical_form_is_libxml2s(text: str, prefixes: tuple[str, ...]) -> None:
    ours, theirs = tree.parse(text), etree.fromstring(text)
    for node, element in zip(ours.walk(), theirs.iter(), strict=True):
        exclusive = etree.tostring(
            element,
            method="c14n",
            exclusive=True,
            with_comments=False,
            inclusive_ns_prefixes=list(prefixes) or None,
        )
        assert tree.canonical(node, prefixes) == exclusive
    assert tree.canonical(ours, inclusive=True) == etree.tostring(theirs, method="c14n", with_comments=False)


def test_the_default_namespace_of_a_prefix_list() -> None:
    node = tree.parse('<a xmlns="urn:d"><p:b xmlns:p="urn:p"><p:c/></p:b></a>').one("b")
    assert tree.canonical(node) == b'<p:b xmlns:p="urn:p"><p:c></p:c></p:b>'
    assert tree.canonical(node, ("#default",)) == b'<p:b xmlns="urn:d" xmlns:p="urn:p"><p:c></p:c></p:b>'


@pytest.mark.parametrize("text", DOCUMENTS)
def test_writing_keeps_the_canonical_form(text: str) -> None:
    node = tree.parse(text)
    assert tree.canonical(tree.parse(tree.write(node))) == tree.canonical(node)


def test_cutting_and_moving() -> None:
    root = tree.parse("<a><b/>text<c><d/></c></a>")
    root.one("c").before(root.one("d").cut())
    root.one("b").after(Node("e", {"x": "1"}, "y"))
    assert tree.write(root) == '<a><b></b><e x="1">y</e>text<d></d><c></c></a>'
    assert tree.write(root.copy()) == tree.write(root)


@pytest.mark.parametrize("kind", ["RSA-2048", "P-256", "P-384"])
def test_signed_messages_are_the_same_each_time(kind: str) -> None:
    first, second = (good_request(identities.identity(kind), style=Style(gap="\n")) for _ in range(2))
    assert tree.canonical(first.signed_info) == tree.canonical(second.signed_info)
    assert first.raw().startswith(b"<soap:Envelope ")
