"""Step 4, the Security header: which elements stand in it, how often, in which order, with what."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.kit.messages import ACTOR_NEXT, DS, SERVICE, WSSE, WSSE11, Draft, good_request
from tests.kit.refusal import Bench
from tests.kit.tree import Node

FAULT = "wsse:InvalidSecurity"
Change = Callable[[Draft], object]


# The header itself


def cut(draft: Draft) -> None:
    draft.security.cut()


def under_another_header(draft: Draft) -> None:
    wrapper = Node("x:wrapper", {"xmlns:x": "urn:x"})
    draft.security.before(wrapper)
    wrapper.append(draft.security.cut())


def in_the_body(draft: Draft) -> None:
    draft.body.elements[0].append(draft.security.cut())


def of_no_namespace(draft: Draft) -> None:
    draft.security.attributes = {}
    draft.security.name = "Security"


def of_another_namespace(draft: Draft) -> None:
    draft.security.attributes = {}
    draft.security.name = "wsu:Security"


def for_somebody_else(draft: Draft) -> None:
    draft.security.attributes["soap:actor"] = "urn:somebody:else"


@pytest.mark.parametrize(
    "change",
    [cut, under_another_header, in_the_body, of_no_namespace, of_another_namespace, for_somebody_else],
)
def test_no_security_header_for_us(bench: Bench, change: Change) -> None:
    draft = good_request()
    change(draft)
    bench.refuses(draft, "security-missing", FAULT)


@pytest.mark.parametrize("actor", [None, "", ACTOR_NEXT])
@pytest.mark.parametrize("place", ["before", "behind"])
def test_a_second_security_header_for_us(bench: Bench, place: str, actor: str | None) -> None:
    draft = good_request()
    second = Node("wsse:Security", {"soap:mustUnderstand": "1"})
    if actor is not None:
        second.attributes["soap:actor"] = actor
    (draft.security.before if place == "before" else draft.security.after)(second)
    bench.refuses(draft, "security-doubled", FAULT)


def test_the_whole_security_header_twice(bench: Bench) -> None:
    draft = good_request()
    draft.security.after(draft.security.copy())
    bench.refuses(draft, "security-doubled", FAULT)


def test_a_security_header_for_somebody_else_beside_ours(bench: Bench) -> None:
    draft = good_request()
    draft.security.before(Node("wsse:Security", {"soap:actor": "urn:somebody:else"}))
    bench.accepts(draft)


@pytest.mark.parametrize("value", [None, "0", "", "true", " 1"])
def test_a_security_header_that_need_not_be_understood(bench: Bench, value: str | None) -> None:
    draft = good_request()
    del draft.security.attributes["soap:mustUnderstand"]
    if value is not None:
        draft.security.attributes["soap:mustUnderstand"] = value
    bench.refuses(draft, "security-must-understand", FAULT)


def test_must_understand_of_another_namespace(bench: Bench) -> None:
    draft = good_request()
    draft.security.attributes = {"wsse:mustUnderstand": "1"}
    bench.refuses(draft, "security-must-understand", FAULT)


@pytest.mark.parametrize("actor", ["", ACTOR_NEXT])
def test_a_security_header_with_an_actor(bench: Bench, actor: str) -> None:
    # The profile's header has no actor at all, also not the one that names whoever comes next.
    draft = good_request()
    draft.security.attributes["soap:actor"] = actor
    bench.refuses(draft, "security-attributes", FAULT)


# Its children

PARTS = ["BinarySecurityToken", "Timestamp", "Signature"]


@pytest.mark.parametrize("part", PARTS)
def test_a_part_is_missing(bench: Bench, part: str) -> None:
    draft = good_request()
    draft.security.one(part).cut()
    bench.refuses(draft, "security-children", FAULT)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("place", ["before", "behind"])
def test_a_part_stands_twice(bench: Bench, part: str, place: str) -> None:
    draft = good_request()
    node = draft.security.one(part)
    twin = node.copy()
    twin.attributes.pop("wsu:Id", None)
    (node.before if place == "before" else node.after)(twin)
    bench.refuses(draft, "security-children", FAULT)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("prefix", ["soap:", "", "wsa:", "x:"])
def test_a_part_of_another_namespace(bench: Bench, part: str, prefix: str) -> None:
    draft = good_request()
    node = draft.security.one(part)
    node.name = prefix + part
    node.attributes["xmlns:x"] = "http://docs.oasis-open.org/wss/2004/01/"
    bench.refuses(draft.resign(), "security-children", FAULT)


@pytest.mark.parametrize(
    "name", ["wsse:UsernameToken", "wsse:SecurityTokenReference", "ds:KeyInfo", "ds:SignedInfo", "wsa:To", "x:any"]
)
def test_one_more_element(bench: Bench, name: str) -> None:
    draft = good_request()
    draft.security.append(Node(name, {"xmlns:x": "urn:x"}))
    bench.refuses(draft, "security-children", FAULT)


@pytest.mark.parametrize("order", ["token signature timestamp", "signature timestamp token", "timestamp token signature"])
def test_the_parts_may_stand_in_any_order(bench: Bench, order: str) -> None:
    draft = good_request()
    nodes = {"token": draft.token, "timestamp": draft.timestamp, "signature": draft.signature}
    draft.security.children = []
    for name in order.split():
        draft.security.append(nodes[name])
    bench.accepts(draft)


# Attributes and text

ELEMENTS = [
    "Security",
    "BinarySecurityToken",
    "Timestamp",
    "Created",
    "Expires",
    "Signature",
    "SignedInfo",
    "CanonicalizationMethod",
    "SignatureMethod",
    "Reference",
    "Transforms",
    "Transform",
    "DigestMethod",
    "DigestValue",
    "SignatureValue",
    "KeyInfo",
    "SecurityTokenReference",
]


@pytest.mark.parametrize("name", ELEMENTS)
@pytest.mark.parametrize("attribute", ["extra", "x:extra", "xml:base", "xml:lang"])
def test_an_attribute_that_has_no_place_there(bench: Bench, name: str, attribute: str) -> None:
    draft = good_request()
    draft.root.one(name).attributes |= {"xmlns:x": "urn:x", attribute: "1"}
    bench.refuses(draft.resign(), "security-attributes", FAULT)


def test_an_attribute_on_the_token_reference(bench: Bench) -> None:
    draft = good_request()
    draft.root.one("SecurityTokenReference", "Reference").attributes["extra"] = "1"
    bench.refuses(draft.resign(), "security-attributes", FAULT)


ELEMENT_ONLY = [
    "Security",
    "Timestamp",
    "Signature",
    "SignedInfo",
    "Reference",
    "Transforms",
    "KeyInfo",
    "SecurityTokenReference",
]


@pytest.mark.parametrize("name", ELEMENT_ONLY)
@pytest.mark.parametrize("place", ["first", "last"])
@pytest.mark.parametrize("text", ["x", "\u3000"])
def test_text_where_only_elements_stand(bench: Bench, name: str, place: str, text: str) -> None:
    draft = good_request()
    node = draft.root.one(name)
    node.insert(0 if place == "first" else len(node.children), text)
    bench.refuses(draft.resign(), "security-text", FAULT)


@pytest.mark.parametrize("name", ELEMENT_ONLY)
def test_white_space_where_only_elements_stand(bench: Bench, name: str) -> None:
    draft = good_request()
    for child in draft.root.one(name).elements:
        child.before("\n  ")
    bench.accepts(draft.resign())


# The token's type


@pytest.mark.parametrize("attribute", ["ValueType", "EncodingType"])
@pytest.mark.parametrize("value", [None, "", "#X509v3", "#X509PKIPathv1", "#X509v1", "#HexBinary", "#PKCS7"])
def test_another_type_of_token(bench: Bench, attribute: str, value: str | None) -> None:
    draft = good_request()
    full = draft.token.attributes.pop(attribute)
    if value is not None:
        draft.token.attributes[attribute] = full.partition("#")[0] + value if value != "#X509v3" else value
    if value is None and attribute == "EncodingType":
        bench.accepts(draft.resign())  # WSS 1.1 section 6.2: Base64 is the default
    else:
        bench.refuses(draft.resign(), "token-type", FAULT)


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
        pytest.param("signature-children", moved_last("Signature", "SignatureValue"), id="SignatureValue last"),
        pytest.param("signature-children", moved_first("Signature", "KeyInfo"), id="KeyInfo first"),
        pytest.param("signed-info-children", one_more("SignedInfo", "ds:Object"), id="Object in SignedInfo"),
        pytest.param("signed-info-children", one_more("SignedInfo", "wsse:Reference"), id="wsse:Reference"),
        pytest.param(
            "signed-info-children", moved_last("SignedInfo", "CanonicalizationMethod"), id="c14n method last"
        ),
        pytest.param("signed-info-children", moved_first("SignedInfo", "SignatureMethod"), id="methods swapped"),
        pytest.param("reference-children", one_more("Reference", "ds:Object"), id="stranger in Reference"),
        pytest.param("reference-children", moved_last("Reference", "Transforms"), id="Transforms last"),
        pytest.param("reference-children", moved_first("Reference", "DigestValue"), id="DigestValue first"),
        *(
            pytest.param("key-info-children", one_more("KeyInfo", name), id=f"{name} beside")
            for name in ("ds:KeyValue", "ds:X509Data", "ds:RetrievalMethod", "ds:KeyName", "ds:MgmtData", "x")
        ),
        *(
            pytest.param("key-info-children", renamed("KeyInfo", "SecurityTokenReference", name), id=f"{name} instead")
            for name in ("ds:KeyValue", "ds:X509Data", "ds:RetrievalMethod", "ds:KeyName")
        ),
        *(
            pytest.param(
                "key-info-children", renamed("SecurityTokenReference", "Reference", name), id=f"{name} in the STR"
            )
            for name in ("wsse:KeyIdentifier", "ds:X509Data", "wsse:Embedded", "ds:Reference")
        ),
        pytest.param(
            "key-info-children", one_more("SecurityTokenReference", "wsse:KeyIdentifier"), id="KeyIdentifier beside"
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
    listed = Node("ec:InclusiveNamespaces", {"xmlns:ec": "http://www.w3.org/2001/10/xml-exc-c14n#", "PrefixList": "soap"})
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
