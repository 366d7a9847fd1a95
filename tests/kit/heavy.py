"""Messages that are as expensive as a sender can make them, within the limits and beyond."""

from __future__ import annotations

from collections.abc import Callable

from tests.kit import identities
from tests.kit.messages import EXC, SERVICE, Style, good_request
from tests.kit.tree import Node

BYTES = 262_144
ROOM = BYTES - 12_000
"""What is left for content in a message of the largest size."""


def _filled(unit: Callable[[int], str], *, room: int = ROOM, most: int = 19_800) -> str:
    """As many units as fit; units are written without empty-element tags, as the message will be."""
    parts: list[str] = []
    size = 0
    for number in range(most):
        part = unit(number)
        size += len(part.encode())
        if size > room:
            break
        parts.append(part)
    return "".join(parts)


def _signed(content: str, style: Style | None = None) -> bytes:
    # An RSA signer: its verification is the cheap one, so that the ratio to a good message is strict.
    return good_request(
        identities.identity("RSA-2048"), body=f'<t:Ask xmlns:t="{SERVICE}">{content}</t:Ask>', style=style
    ).raw()


def _empty(name: str, attributes: str = "") -> str:
    return f"<{name}{attributes}></{name}>"


def _many(form: str, count: int) -> str:
    """Attributes or declarations, numbered; ``'`` stands for the quotation mark."""
    return "".join(form.format(number) for number in range(count)).replace("'", '"')


def _prefixes_everywhere(count: int, first: str = "", *, elements: int | None = None) -> bytes:
    def fill(n: int) -> str:
        return _empty(f"p{n % count}:a")

    draft = good_request(
        identities.identity("RSA-2048"),
        body=f'<t:Ask xmlns:t="{SERVICE}"{_many(DECLARED_P, count)}>'
        + (_filled(fill) if elements is None else "".join(fill(n) for n in range(elements)))
        + "</t:Ask>",
    )
    for node in [draft.root.one("CanonicalizationMethod"), *draft.signed_info.all("Transform")]:
        listed = {"xmlns:ec": EXC, "PrefixList": first + _many("p{0} ", count)}
        node.append(Node("ec:InclusiveNamespaces", listed))
    return draft.resign().raw()


DEFAULT = Style(prefix_list="#default", signed_info_prefixes="#default", default_namespace="u:d")
"""Every Reference with #default, which lxml honours only once it was taught the word."""


def _nested(inner: str, layers: int = 58) -> str:
    return "<t:n>" * layers + inner + "</t:n>" * layers


DECLARED_P = " xmlns:p{0}='u:{0}'"
DECLARED_X = " xmlns:x{0}='u:x{0}'"
USED = " xmlns:n{0}='u:{0}' n{0}:b=''"
CHAINS = "".join(["<t:n>" * 60 + "</t:n>" * 60] * 329)

WITHIN: dict[str, Callable[[], bytes]] = {
    "20,000 elements": lambda: _signed(_filled(lambda _: "<a></a>")),
    "20,000 elements at depth 60": lambda: _signed(_nested(_filled(lambda _: "<a></a>"))),
    "many chains of 60": lambda: _signed(CHAINS),
    "32 namespaces on each element": lambda: _signed(_filled(lambda _: _empty("a", _many(DECLARED_P, 32)))),
    "32 namespaces used on each element": lambda: _signed(_filled(lambda _: _empty("a", _many(USED, 32)))),
    "64 namespaces in scope of all": lambda: _signed(
        f"<x{_many(DECLARED_X, 29)}><y{_many(DECLARED_P, 29)}>"
        + _filled(lambda n: _empty(f"p{n % 29}:a", f' x{n % 29}:b=""'))
        + "</y></x>"
    ),
    "32 attributes on each element": lambda: _signed(_filled(lambda _: _empty("a", _many(" a{0}=''", 32)))),
    "an id on each element": lambda: _signed(_filled(lambda n: _empty("a", f' id="i{n}"'))),
    "a declaration on each element": lambda: _signed(
        _filled(lambda n: _empty(f"n{n}:a", f' xmlns:n{n}="u:n"'))
    ),
    "a new name for each element": lambda: _signed(_filled(lambda n: _empty(f"a{n}"))),
    "text to be escaped": lambda: _signed("<a>" + "&amp;" * (ROOM // 5) + "</a>"),
    "an attribute to be escaped": lambda: _signed('<a b="' + "&#xA;" * (ROOM // 5) + '"/>'),
    "#default with 20,000 elements": lambda: _signed(_filled(lambda _: "<a></a>"), DEFAULT),
    "#default with many chains of 60": lambda: _signed(CHAINS, DEFAULT),
    "#default with 32 attributes on each": lambda: _signed(
        _filled(lambda _: _empty("a", _many(" a{0}=''", 32))), DEFAULT
    ),
    "26 prefixes in every PrefixList of a middling message": lambda: _prefixes_everywhere(26, elements=3000),
    "#default and 26 prefixes of a middling message": lambda: _prefixes_everywhere(
        26, "#default ", elements=3000
    ),
    "a long wsa:To": lambda: good_request(to="urn:" + "x" * ROOM).raw(),
    "a long Action": lambda: good_request(action="urn:" + "x" * ROOM).raw(),
    "a long MessageID": lambda: good_request(message_id="urn:" + "x" * ROOM).raw(),
    "white space in SignatureValue": lambda: _padded("SignatureValue"),
    "white space in Created": lambda: _padded("Created"),
    "white space between headers": lambda: good_request(style=Style(gap=" " * (ROOM // 22))).raw(),
    "the word xmlns in a text": lambda: _signed("<a>" + "xmlns:" * (ROOM // 6) + "</a>"),
    "the word xmlns 24 times in a long text": lambda: _signed(
        "<a>" + ("xmlns:" + "x" * (ROOM // 24 - 6)) * 24 + "</a>"
    ),
    "xmlns and white space 24 times": lambda: _signed(
        "<a>" + ("xmlns" + " " * (ROOM // 24 - 6)) * 24 + "</a>"
    ),
    "quotation marks behind xmlns": lambda: _signed(
        "<a>" + ('xmlns="' + "x" * (ROOM // 24 - 8)) * 24 + "</a>"
    ),
}
"""Every one stays within every limit; by name, a function that makes it."""


def _padded(name: str) -> bytes:
    draft = good_request()
    node = draft.root.one(name)
    node.text = " " * ROOM + node.text
    return draft.raw() if name == "SignatureValue" else draft.resign().raw()


def _raw(before: bytes, after: bytes) -> bytes:
    raw = good_request().raw()
    return raw.replace(b"<t:empty>", before + b"<t:empty>", 1).replace(
        b"</t:empty>", b"</t:empty>" + after, 1
    )


def _declared(count: int) -> bytes:
    return b"<q " + b" ".join(b'xmlns:q%d="urn:q%d"' % (n, n) for n in range(count)) + b"/>"


def _long_token() -> bytes:
    draft = good_request()
    draft.token.text = "MIIB" * (ROOM // 4)
    return draft.resign().raw()


BEYOND: dict[str, Callable[[], bytes]] = {
    "26 prefixes in every PrefixList of a large message": lambda: _prefixes_everywhere(26),
    "9,000 namespaces on one element": lambda: _raw(_declared(9_000), b""),
    "40,000 namespaces on one element": lambda: _raw(_declared(40_000), b""),
    "24,000 attributes on one element": lambda: _raw(
        b"<q " + b" ".join(b'a%d=""' % n for n in range(24_000)) + b"/>", b""
    ),
    "50,000 attributes on one element": lambda: _raw(
        b"<q " + b" ".join(b'a%d=""' % n for n in range(50_000)) + b"/>", b""
    ),
    "30,000 levels": lambda: _raw(b"<q>" * 30_000, b"</q>" * 30_000),
    "250 levels with a namespace each": lambda: _raw(
        b"".join(b'<q xmlns:q%d="urn:q">' % n for n in range(250)), b"</q>" * 250
    ),
    "60,000 elements": lambda: _raw(b"<q/>" * 60_000, b""),
    "35,000 comments": lambda: _raw(b"<!---->" * 35_000, b""),
    "48,000 instructions": lambda: _raw(b"<?a?>" * 48_000, b""),
    "billion laughs": lambda: (
        b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
        + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(20))
        + b"]>"
        + _raw(b"&u;", b"")
    ),
    "15,000 References": lambda: (
        good_request().raw().replace(b"<ds:Reference ", b"<ds:Reference/>" * 15_000 + b"<ds:Reference ", 1)
    ),
    "35,000 prefixes": lambda: (
        good_request()
        .raw()
        .replace(
            b'exc-c14n#"></ds:Transform>',
            b'exc-c14n#"><e:InclusiveNamespaces xmlns:e="'
            + EXC.encode()
            + b'" PrefixList="'
            + b"".join(b"p%d " % n for n in range(35_000))
            + b'"/></ds:Transform>',
            1,
        )
    ),
    "a token of 200 KB": _long_token,
    "the same id 19,000 times": lambda: _raw(b'<q id="a"/>' * 19_000, b""),
    "64 MiB of a": lambda: b"a" * (64 << 20),
}
"""Every one is beyond some limit, and must be refused cheaply."""
