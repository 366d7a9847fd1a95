"""Step 2, parse: what the bytes may be, before anything in them means anything."""

from __future__ import annotations

import pytest

from tests.kit import tree
from tests.kit.messages import BODY, SERVICE, SOAP, good_request
from tests.kit.refusal import Bench, replaced

FAULT = "soap:Client"
DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>'


def in_body(xml: str) -> bytes:
    """A good, signed message whose Body's child holds this."""
    return good_request(body=f'<t:Ask xmlns:t="{SERVICE}">{xml}</t:Ask>').raw()


# Encoding


@pytest.mark.parametrize(
    "start",
    [
        "<?xml version='1.0'?>",
        '<?xml version="1.0" encoding="utf-8"?>',
        '<?xml version="1.0" encoding="Utf-8"?>\n',
    ],
)
def test_a_declaration_of_utf_8_is_accepted(bench: Bench, start: str) -> None:
    bench.accepts(start.encode() + good_request().raw())


def test_the_bom_of_utf_8_is_accepted(bench: Bench) -> None:
    bench.accepts(b"\xef\xbb\xbf" + DECLARATION + good_request().raw())


@pytest.mark.parametrize(
    ("codec", "bom"),
    [
        ("utf-16-le", b"\xff\xfe"),
        ("utf-16-be", b"\xfe\xff"),
        ("utf-32-le", b"\xff\xfe\0\0"),
        ("utf-32-be", b"\0\0\xfe\xff"),
    ],
)
def test_a_message_in_another_encoding_with_its_bom(bench: Bench, codec: str, bom: bytes) -> None:
    text = '<?xml version="1.0"?>' + good_request().raw().decode()
    bench.refuses(bom + text.encode(codec), "foreign-bom", FAULT)


@pytest.mark.parametrize("bom", [b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff"])
def test_a_foreign_bom_before_utf_8_bytes(bench: Bench, bom: bytes) -> None:
    bench.refuses(bom + good_request().raw(), "foreign-bom", FAULT)


@pytest.mark.parametrize(
    "wrong",
    [b"\xff", b"\xc0\x80", b"\xe0\x80\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe3\x81", b"\x82\xa0"],
    ids=lambda wrong: wrong.hex(),
)
def test_bytes_that_are_no_utf_8(bench: Bench, wrong: bytes) -> None:
    raw = replaced(good_request().raw(), "東京都", b"x" + wrong + b"x")
    bench.refuses(raw, "not-utf8", FAULT)


@pytest.mark.parametrize(
    "encoding", ["ISO-8859-1", "UTF-16", "Shift_JIS", "US-ASCII", "UTF8", "EUC-JP", "UTF-7"]
)
def test_a_declaration_of_another_encoding(bench: Bench, encoding: str) -> None:
    raw = f'<?xml version="1.0" encoding="{encoding}"?>'.encode() + good_request().raw()
    bench.refuses(raw, "xml-encoding", FAULT)


@pytest.mark.parametrize("version", ["1.1", "2.0"])
def test_another_xml_version(bench: Bench, version: str) -> None:
    bench.refuses(f'<?xml version="{version}"?>'.encode() + good_request().raw(), "xml-version", FAULT)


# Well-formedness


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("</soap:Envelope>", "", id="cut"),
        pytest.param("</soap:Envelope>", "</soap:Envelope>x", id="text behind"),
        pytest.param("</soap:Envelope>", "</soap:Envelope><soap:Envelope/>", id="two roots"),
        pytest.param("東京都", "&nbsp;", id="entity without DOCTYPE"),
        pytest.param("東京都", "&#0;", id="character reference to NUL"),
        pytest.param("東京都", "&#xB;", id="character reference to a control character"),
        pytest.param("東京都", "&#xFFFE;", id="character reference to U+FFFE"),
        pytest.param("東京都", "&#xD800;", id="character reference to a surrogate"),
        pytest.param("東京都", "a & b", id="bare ampersand"),
        pytest.param("東京都", "]]>", id="end of CDATA in text"),
        pytest.param("東京都", "\0", id="NUL"),
        pytest.param("東京都", "\x0b", id="control character"),
        pytest.param("<t:empty>", "<q:empty>", id="start tag is not end tag"),
        pytest.param("<t:empty></t:empty>", "<q:empty></q:empty>", id="undeclared prefix"),
        pytest.param("<t:empty>", '<t:empty a="1" a="2">', id="attribute twice"),
        pytest.param(
            "<t:empty>", '<t:empty xmlns:u="urn:u" xmlns:v="urn:u" u:a="1" v:a="2">', id="by two prefixes"
        ),
        pytest.param("<t:empty>", '<t:empty xmlns:u="">', id="prefix undeclared"),
        pytest.param("<t:empty>", '<t:empty xmlns:xmlns="urn:u">', id="xmlns declared"),
        pytest.param("<t:empty>", '<t:empty xmlns:xml="urn:u">', id="xml declared otherwise"),
        pytest.param("<t:empty>", "<t:empty a=1>", id="attribute without quotes"),
        pytest.param("<t:empty>", "<t:empty:b>", id="two colons"),
    ],
)
def test_text_that_is_no_xml(bench: Bench, old: str, new: str) -> None:
    bench.refuses(replaced(good_request().raw(), old, new), "not-well-formed", FAULT)


@pytest.mark.parametrize("raw", [b"", b" ", b"text", b"\xef\xbb\xbf", b"<", b"{}", b"<a><b></a></b>"])
def test_bytes_that_are_no_document(bench: Bench, raw: bytes) -> None:
    bench.refuses(raw, "not-well-formed", FAULT)


def test_white_space_before_the_declaration(bench: Bench) -> None:
    bench.refuses(b" " + DECLARATION + good_request().raw(), "not-well-formed", FAULT)


# DOCTYPE, entities, comments, processing instructions, inclusions


@pytest.mark.parametrize(
    ("doctype", "use"),
    [
        pytest.param("<!DOCTYPE x>", "東京都", id="bare"),
        pytest.param('<!DOCTYPE x SYSTEM "file:///etc/passwd">', "東京都", id="external subset"),
        pytest.param(
            '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">', "東京都", id="external subset by HTTP"
        ),
        pytest.param('<!DOCTYPE x [<!ENTITY e "東京都">]>', "&e;", id="internal entity"),
        pytest.param('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>', "&e;", id="external entity"),
        pytest.param(
            '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/p"> %p;]>', "東京都", id="parameter entity"
        ),
        pytest.param("<!DOCTYPE x [<!ATTLIST soap:Body evil ID #IMPLIED>]>", "東京都", id="attribute list"),
        pytest.param(
            '<!DOCTYPE x [<!ENTITY a "ha">'
            + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True))
            + "]>",
            "&i;",
            id="billion laughs",
        ),
        pytest.param(f'<!DOCTYPE x [<!ENTITY a "{"a" * 20000}">]>', "&a;" * 4000, id="quadratic blow-up"),
    ],
)
def test_a_doctype(bench: Bench, doctype: str, use: str) -> None:
    raw = doctype.encode() + replaced(good_request().raw(), "東京都", use)
    bench.refuses(raw, "doctype", FAULT)
    bench.refuses(DECLARATION + b"\n" + raw, "doctype", FAULT)


COMMENT_OR_INSTRUCTION = [
    pytest.param("<!-- c -->", "comment", id="comment"),
    pytest.param("<?pi data?>", "processing-instruction", id="instruction"),
]


@pytest.mark.parametrize(("extra", "rule"), COMMENT_OR_INSTRUCTION)
@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("東京都", "東京{}都", id="in a text"),
        pytest.param("<t:empty>", "<t:empty>{}", id="in an empty element"),
        pytest.param("<soap:Header>", "{}<soap:Header>", id="in the Envelope"),
        pytest.param("<ds:SignedInfo>", "<ds:SignedInfo>{}", id="in SignedInfo"),
        pytest.param("<wsu:Created>", "<wsu:Created>{}", id="in Created"),
        pytest.param("<ds:SignatureValue>", "<ds:SignatureValue>{}", id="in SignatureValue"),
        pytest.param("</soap:Envelope>", "</soap:Envelope>{}", id="behind the Envelope"),
        pytest.param("<soap:Envelope", "{}<soap:Envelope", id="before the Envelope"),
        pytest.param(">https://127", ">{}https://127", id="in wsa:To"),
    ],
)
def test_a_comment_or_instruction(bench: Bench, extra: str, rule: str, old: str, new: str) -> None:
    # Exclusive c14n without comments drops a comment, so that its signature stays good: "ad<!-- -->min".
    bench.refuses(replaced(good_request().raw(), old, new.format(extra)), rule, FAULT)


@pytest.mark.parametrize(("extra", "rule"), COMMENT_OR_INSTRUCTION)
def test_a_comment_or_instruction_in_a_digest_value(bench: Bench, extra: str, rule: str) -> None:
    draft = good_request()
    value = draft.references[0].one("DigestValue").text
    bench.refuses(replaced(draft.raw(), value, value[:7] + extra + value[7:]), rule, FAULT)


@pytest.mark.parametrize("target", ["xml-stylesheet", "xml-model", "php"])
def test_an_instruction_that_some_parsers_follow(bench: Bench, target: str) -> None:
    raw = f'<?{target} href="http://127.0.0.1:9/"?>'.encode() + good_request().raw()
    bench.refuses(raw, "processing-instruction", FAULT)


@pytest.mark.parametrize(
    "xml",
    [
        '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>',
        '<xi:fallback xmlns:xi="http://www.w3.org/2001/XInclude"/>',
        '<xop:Include xmlns:xop="http://www.w3.org/2004/08/xop/include" href="cid:1@example.org"/>',
        '<include xmlns="http://www.w3.org/2001/XInclude" href="#xpointer(/)"/>',
        # Its namespace spelt with a character reference, and with the word nowhere in the bytes.
        '<xi:include xmlns:xi="http://www.w3.org/2001/&#88;Include" href="file:///etc/passwd"/>',
        '<xop:Include xmlns:xop="http://www.w3.org/2004/08/&#x78;op/include" href="cid:1"/>',
    ],
)
def test_an_inclusion(bench: Bench, xml: str) -> None:
    bench.refuses(in_body(f"<t:name>{xml}</t:name>"), "inclusion", FAULT)


# Namespaces


@pytest.mark.parametrize("uri", ["relative", "a/b", "../b", "//host/path", "?query", "#fragment", "/rooted"])
def test_a_relative_namespace_name(bench: Bench, uri: str) -> None:
    bench.refuses(in_body(f'<n:a xmlns:n="{uri}"/>'), "relative-namespace", FAULT)
    bench.refuses(in_body(f'<a xmlns="{uri}"/>'), "relative-namespace", FAULT)


def test_a_relative_namespace_name_that_nothing_uses(bench: Bench) -> None:
    raw = replaced(good_request().raw(), "<soap:Header>", '<soap:Header xmlns:n="relative">')
    bench.refuses(raw, "relative-namespace", FAULT)


@pytest.mark.parametrize("decoy", ['xmlns="urn:', "xmlns:d='urn:", 'xmlns:d = "urn:'])
def test_a_relative_namespace_name_behind_a_decoy(bench: Bench, decoy: str) -> None:
    # A scan of the bytes takes the decoy's quotation mark for the start of a value that ends at the real one.
    quote = decoy[-5]
    draft = good_request(body=f'<t:Ask xmlns:t="{SERVICE}">DECOY<n:a xmlns:n="relative"/></t:Ask>')
    raw = draft.raw().replace(b'xmlns:n="relative"', f"xmlns:n={quote}relative{quote}".encode())
    bench.refuses(replaced(raw, "DECOY", decoy), "relative-namespace", FAULT)
    raw = replaced(
        good_request().raw(), "<soap:Header>", f"<soap:Header><d>{decoy}<n:a xmlns:n={quote}r{quote}/></d>"
    )
    bench.refuses(raw, "relative-namespace", FAULT)


def test_an_element_called_depth_is_not_depth(bench: Bench) -> None:
    # The parser's message quotes the name: no rule may be read out of it.
    raw = replaced(good_request().raw(), "<t:empty></t:empty>", "<depth></t:empty>")
    bench.refuses(raw, "not-well-formed", FAULT)


@pytest.mark.parametrize(
    "uri", ["http://a b/", "urn:a b", "http://[::1/", "http://a/%zz", "x:\\y", "http://a/{b}"]
)
@pytest.mark.parametrize("signed", [True, False])
def test_a_namespace_name_that_is_no_uri(bench: Bench, uri: str, signed: bool) -> None:
    # Not relative, but a canonicaliser may fail on it.
    raw = in_body(f'<n:a xmlns:n="{uri}"/>')
    if not signed:
        raw = replaced(good_request().raw(), "<soap:Header>", f'<soap:Header><n:a xmlns:n="{uri}"/>')
    bench.refuses(raw, "not-well-formed", FAULT)


def test_no_namespace_is_not_a_relative_one(bench: Bench) -> None:
    bench.accepts(in_body('<a xmlns=""/>'))


# Limits, each at the limit and one past it


def test_size_of_the_message(bench: Bench) -> None:
    # Step 1's rule; the verifier holds it too, for whoever calls it without an HTTP front.
    raw = good_request().raw()
    bench.accepts(raw + b" " * (262_144 - len(raw)))
    bench.refuses(raw + b" " * (262_145 - len(raw)), "body-too-large", FAULT)


def nested(levels: int) -> str:
    """Elements one in another."""
    return "<t:d>" * levels + "</t:d>" * levels


def test_depth(bench: Bench) -> None:
    bench.accepts(in_body(nested(64 - 3)))  # Envelope, Body and the Body's child stand above
    bench.refuses(in_body(nested(64 - 2)), "too-deep", FAULT)


def test_depth_in_a_header(bench: Bench) -> None:
    for levels in (64 - 2, 64 - 1):  # Envelope and Header stand above
        draft = good_request()
        draft.header.insert(0, tree.parse(f'<t:h xmlns:t="urn:t">{nested(levels - 1)}</t:h>'))
        if levels == 64 - 2:
            bench.accepts(draft)
        else:
            bench.refuses(draft, "too-deep", FAULT)


def test_depth_beyond_the_parsers_own_bound(bench: Bench) -> None:
    bench.refuses(in_body(nested(300)), "too-deep", FAULT)


def test_number_of_elements(bench: Bench) -> None:
    rest = len(list(good_request(body=f'<t:Ask xmlns:t="{SERVICE}"/>').root.walk()))
    bench.accepts(in_body("<a/>" * (20_000 - rest)))
    bench.refuses(in_body("<a/>" * (20_000 - rest + 1)), "too-many-elements", FAULT)


def attributes(count: int, form: str = '{0}="{0}"') -> str:
    """Attributes or declarations a0, a1, …"""
    return " ".join(form.format(f"a{number}") for number in range(count))


def declared(count: int) -> str:
    """Namespace declarations of a0, a1, …"""
    return attributes(count, 'xmlns:{0}="urn:{0}"')


def test_number_of_attributes(bench: Bench) -> None:
    bench.accepts(in_body(f"<t:a {attributes(32)}/>"))
    bench.refuses(in_body(f"<t:a {attributes(33)}/>"), "too-many-attributes", FAULT)


def test_attributes_and_declarations_are_counted_apart(bench: Bench) -> None:
    bench.accepts(in_body(f"<t:a {declared(32)} {attributes(32)}/>"))


def test_namespaces_of_one_element(bench: Bench) -> None:
    for count in (32, 33):
        raw = in_body(f"<t:a {declared(count)}/>")
        if count == 32:
            bench.accepts(raw)
        else:
            bench.refuses(raw, "too-many-namespaces", FAULT)


def test_a_default_namespace_counts_as_one(bench: Bench) -> None:
    bench.accepts(in_body(f'<t:a xmlns="urn:d" {declared(31)}/>'))
    bench.refuses(in_body(f'<t:a xmlns="urn:d" {declared(32)}/>'), "too-many-namespaces", FAULT)


def test_namespaces_of_one_element_that_share_a_name(bench: Bench) -> None:
    same = attributes(33, 'xmlns:{0}="urn:same"')
    bench.refuses(in_body(f"<t:a {same}/>"), "too-many-namespaces", FAULT)


def layers(count: int) -> str:
    """An element under which this many namespaces are in scope: five of the Envelope, one of Ask."""
    start, end = "", ""
    for number in range(count - 6):
        if number % 20 == 0:
            start, end = f"{start}{'>' if start else ''}<t:n", f"</t:n>{end}"
        start += f' xmlns:n{number}="urn:n{number}"'
    return f"{start}>{end}"


def test_namespaces_in_scope(bench: Bench) -> None:
    bench.accepts(in_body(layers(64)))
    bench.refuses(in_body(layers(65)), "too-many-namespaces-in-scope", FAULT)


def test_many_declarations_side_by_side_are_no_attack(bench: Bench) -> None:
    # zeep declares a namespace on nearly every element of a record.
    bench.accepts(in_body("".join(f'<n{i}:a xmlns:n{i}="urn:n"/>' for i in range(500))))


def test_the_same_prefix_declared_anew_is_one_in_scope(bench: Bench) -> None:
    bench.accepts(in_body('<x:a xmlns:x="urn:x">' * 50 + "</x:a>" * 50))


def test_cdata_is_text(bench: Bench) -> None:
    bench.accepts(replaced(good_request().raw(), "東京都", "<![CDATA[東京都]]>"))


def test_the_good_message_itself(bench: Bench) -> None:
    bench.accepts(good_request(body=BODY))
    bench.accepts(replaced(good_request().raw(), f'xmlns:soap="{SOAP}"', f'xmlns:soap="{SOAP}"\n'))
