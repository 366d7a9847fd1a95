"""Step 4, the children of Signature, SignedInfo, Reference, KeyInfo and Timestamp: names, order, count."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.kit.messages import DS, SERVICE, WSSE, WSSE11, Draft, good_request
from tests.kit.refusal import Bench
from tests.kit.tree import Node

FAULT = "wsse:InvalidSecurity"
Change = Callable[[Draft], object]


# Signature, SignedInfo, Reference, KeyInfo


def one_more(parent: str, name: str) -> Change:
    """Append an empty element of the ds namespace."""
    return lambda draft: draft.root.one(parent).append(Node(name))


def without(parent: str, name: str) -> Change:
    """Cut the first child of this name."""
    return lambda draft: draft.root.one(parent, name).cut()


def doubled(parent: str, name: str) -> Change:
    """A copy of the child behind it."""

    def change(draft: Draft) -> None:
        node = draft.root.one(parent, name)
        node.after(node.copy())

    return change


def moved_last(parent: str, name: str) -> Change:
    """The child stands last."""
    return lambda draft: draft.root.one(parent).append(draft.root.one(parent, name).cut())


def moved_first(parent: str, name: str) -> Change:
    """The child stands first."""
    return lambda draft: draft.root.one(parent).insert(0, draft.root.one(parent, name).cut())


def renamed(parent: str, name: str, other: str) -> Change:
    """The child has another name."""

    def change(draft: Draft) -> None:
        draft.root.one(parent, name).name = other

    return change


CHILDREN = {
    "signature-children": [
        *(("Signature", name) for name in ("SignedInfo", "SignatureValue", "KeyInfo")),
    ],
    "signed-info-children": [
        *(("SignedInfo", name) for name in ("CanonicalizationMethod", "SignatureMethod")),
    ],
    "reference-children": [
        *(("SignedInfo/Reference", name) for name in ("Transforms", "DigestMethod", "DigestValue")),
    ],
    "key-info-children": [
        ("KeyInfo", "SecurityTokenReference"),
        ("SecurityTokenReference", "Reference"),
    ],
}
CASES = [
    pytest.param(rule, parent, name, kind, id=f"{parent} {name} {kind}")
    for rule, pairs in CHILDREN.items()
    for parent, name in pairs
    for kind in ("missing", "doubled", "no namespace", "other namespace", "other case")
]


@pytest.mark.parametrize(("rule", "parent", "name", "kind"), CASES)
def test_the_exact_children(bench: Bench, rule: str, parent: str, name: str, kind: str) -> None:
    draft = good_request()
    node = draft.root.one(*parent.split("/"), name)
    if kind == "missing":
        node.cut()
    elif kind == "doubled":
        node.after(node.copy())
    elif kind == "no namespace":
        node.name = name
    elif kind == "other namespace":
        node.name = f"wsu:{name}"
    else:
        node.name = node.name.lower()
    bench.refuses(draft.resign(), rule, FAULT)


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        pytest.param("signature-children", one_more("Signature", "ds:Object"), id="Object"),
        pytest.param("signature-children", one_more("Signature", "ds:Manifest"), id="Manifest"),
        pytest.param("signature-children", one_more("Signature", "x"), id="stranger in Signature"),
        pytest.param("signature-children", moved_last("Signature", "SignedInfo"), id="SignedInfo last"),
        pytest.param(
            "signature-children", moved_last("Signature", "SignatureValue"), id="SignatureValue last"
        ),
        pytest.param("signature-children", moved_first("Signature", "KeyInfo"), id="KeyInfo first"),
        pytest.param("signed-info-children", one_more("SignedInfo", "ds:Object"), id="Object in SignedInfo"),
        pytest.param("signed-info-children", one_more("SignedInfo", "wsse:Reference"), id="wsse:Reference"),
        pytest.param(
            "signed-info-children", moved_last("SignedInfo", "CanonicalizationMethod"), id="c14n method last"
        ),
        pytest.param(
            "signed-info-children", moved_first("SignedInfo", "SignatureMethod"), id="methods swapped"
        ),
        pytest.param("reference-children", one_more("Reference", "ds:Object"), id="stranger in Reference"),
        pytest.param("reference-children", moved_last("Reference", "Transforms"), id="Transforms last"),
        pytest.param("reference-children", moved_first("Reference", "DigestValue"), id="DigestValue first"),
        *(
            pytest.param("key-info-children", one_more("KeyInfo", name), id=f"{name} beside")
            for name in ("ds:KeyValue", "ds:X509Data", "ds:RetrievalMethod", "ds:KeyName", "ds:MgmtData", "x")
        ),
        *(
            pytest.param(
                "key-info-children", renamed("KeyInfo", "SecurityTokenReference", name), id=f"{name} instead"
            )
            for name in ("ds:KeyValue", "ds:X509Data", "ds:RetrievalMethod", "ds:KeyName")
        ),
        *(
            pytest.param(
                "key-info-children",
                renamed("SecurityTokenReference", "Reference", name),
                id=f"{name} in the STR",
            )
            for name in ("wsse:KeyIdentifier", "ds:X509Data", "wsse:Embedded", "ds:Reference")
        ),
        pytest.param(
            "key-info-children",
            one_more("SecurityTokenReference", "wsse:KeyIdentifier"),
            id="KeyIdentifier beside",
        ),
    ],
)
def test_a_stranger_or_another_order(bench: Bench, rule: str, change: Change) -> None:
    draft = good_request()
    change(draft)
    bench.refuses(draft.resign(), rule, FAULT)


@pytest.mark.parametrize("name", ["ds:XPath", "wsu:Transform", "Transform", "ds:Reference"])
def test_a_stranger_among_the_transforms(bench: Bench, name: str) -> None:
    draft = good_request()
    draft.root.one("Transforms").append(Node(name, {"Algorithm": "http://www.w3.org/2001/10/xml-exc-c14n#"}))
    bench.refuses(draft.resign(), "reference-children", FAULT)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("CanonicalizationMethod", "security-text"),
        ("Transform", "security-text"),
        ("SignatureMethod", "signed-info-children"),
        ("DigestMethod", "reference-children"),
    ],
)
@pytest.mark.parametrize("inside", ["text", "element"])
def test_parameters_of_an_algorithm(bench: Bench, name: str, rule: str, inside: str) -> None:
    draft = good_request()
    draft.root.one(name).append("64" if inside == "text" else Node("x:parameter", {"xmlns:x": "urn:x"}))
    if inside == "element" and rule == "security-text":
        rule = "signed-info-children"
    bench.refuses(draft.resign(), rule, FAULT)


@pytest.mark.parametrize("name", ["ds:InclusiveNamespaces", "ec:inclusiveNamespaces", "InclusiveNamespaces"])
@pytest.mark.parametrize("parent", ["CanonicalizationMethod", "Transform"])
def test_a_prefix_list_of_another_name(bench: Bench, parent: str, name: str) -> None:
    draft = good_request()
    listed = {"xmlns:ec": "http://www.w3.org/2001/10/xml-exc-c14n#", "PrefixList": "soap"}
    draft.root.one(parent).append(Node(name, listed))
    bench.refuses(draft.resign(), "signed-info-children", FAULT)


@pytest.mark.parametrize("change", ["twice", "text in it", "element in it"])
@pytest.mark.parametrize("parent", ["CanonicalizationMethod", "Transform"])
def test_a_prefix_list_of_another_form(bench: Bench, parent: str, change: str) -> None:
    draft = good_request()
    listed = Node(
        "ec:InclusiveNamespaces",
        {"xmlns:ec": "http://www.w3.org/2001/10/xml-exc-c14n#", "PrefixList": "soap"},
    )
    draft.root.one(parent).append(listed)
    if change == "twice":
        listed.after(listed.copy())
    else:
        listed.append("text" if change == "text in it" else Node("x"))
    bench.refuses(draft.resign(), "signed-info-children", FAULT)


def test_no_reference_at_all(bench: Bench) -> None:
    draft = good_request()
    for node in draft.references:
        node.cut()
    bench.refuses(draft.resign(), "signed-info-children", FAULT)


@pytest.mark.parametrize("place", ["before", "behind", "inside"])
def test_a_second_signed_info(bench: Bench, place: str) -> None:
    # The classical confusion: one SignedInfo is signed, the other one's References are read.
    draft = good_request()
    second = draft.signed_info.copy()
    second.one("Reference", "DigestValue").text = "A" * 43 + "="
    if place == "before":
        draft.signed_info.before(second)
    elif place == "behind":
        draft.signed_info.after(second)
    else:
        draft.signed_info.append(second)
    rule = "signed-info-children" if place == "inside" else "signature-children"
    bench.refuses(draft, rule, FAULT)


def test_an_object_with_a_manifest(bench: Bench) -> None:
    draft = good_request()
    manifest = Node("ds:Manifest", {"Id": "manifest"})
    manifest.append(draft.references[0].copy())
    holder = Node("ds:Object", {"xmlns:ds": DS})
    holder.append(manifest)
    draft.signature.append(holder)
    bench.refuses(draft.resign(), "signature-children", FAULT)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("DigestValue", "base64"),
        ("SignatureValue", "security-text"),
        ("BinarySecurityToken", "security-text"),
        ("Created", "security-text"),
        ("Expires", "security-text"),
    ],
)
def test_an_element_inside_of_a_value(bench: Bench, name: str, rule: str) -> None:
    draft = good_request()
    draft.root.one(name).append(Node("x:x", {"xmlns:x": SERVICE}))
    bench.refuses(draft, rule, FAULT)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("BinarySecurityToken", "base64"),
        ("SignatureValue", "base64"),
        ("DigestValue", "base64"),
        ("Created", "timestamp-format"),
        ("Expires", "timestamp-format"),
    ],
)
def test_a_value_that_is_an_element(bench: Bench, name: str, rule: str) -> None:
    draft = good_request()
    draft.root.one(name).children = [Node("x:x", {"xmlns:x": SERVICE})]
    bench.refuses(draft, rule, FAULT)


# Timestamp's children


@pytest.mark.parametrize(
    "change",
    [
        without("Timestamp", "Created"),
        without("Timestamp", "Expires"),
        doubled("Timestamp", "Created"),
        doubled("Timestamp", "Expires"),
        moved_last("Timestamp", "Created"),
        one_more("Timestamp", "wsu:Received"),
        one_more("Timestamp", "x"),
        renamed("Timestamp", "Created", "wsse:Created"),
        renamed("Timestamp", "Expires", "wsse:Expires"),
        renamed("Timestamp", "Expires", "wsu:expires"),
    ],
)
def test_other_children_of_the_timestamp(bench: Bench, change: Change) -> None:
    draft = good_request()
    change(draft)
    bench.refuses(draft.resign(), "timestamp-children", FAULT)


def test_a_signature_confirmation_has_the_right_name_only_in_its_namespace(bench: Bench) -> None:
    draft = good_request()
    draft.security.append(Node("wsse:SignatureConfirmation", {"Value": "AAAA", "xmlns:c": WSSE11}))
    bench.refuses(draft, "security-children", FAULT)
    draft = good_request()
    draft.security.append(Node("SignatureConfirmation", {"Value": "AAAA", "xmlns": WSSE}))
    bench.refuses(draft, "security-children", FAULT)
