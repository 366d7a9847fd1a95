"""Random changes of messages: of their bytes, and of their structure. Whoever draws them knows the seed."""

from __future__ import annotations

import random

from tests.kit import tree
from tests.kit.messages import Draft

ALPHABET = [
    *(bytes([number]) for number in range(256)),
    b"<!---->",
    b"<?a?>",
    b"<![CDATA[",
    b"]]>",
    b"&#13;",
    b"&amp;",
    b"&#x0;",
    b' Id="body-1"',
    b' xml:id="body-1"',
    b' wsu:Id="body-1"',
    b' xmlns=""',
    b' xmlns:x="relative"',
    b' soap:mustUnderstand="1"',
    b"<a/>",
    b"</soap:Body>",
    b"\xef\xbb\xbf",
    "\u00a0".encode(),
    "\U000e0100".encode(),
]
FRAGMENTS = [
    b"wsu:Id",
    b"#body-1",
    b"soap:",
    b"wsa:",
    b"ds:",
    b"Body",
    b"Timestamp",
    b"sha256",
    b"exc-c14n#",
    b"2026",
]


def change_bytes(raw: bytes, draw: random.Random) -> bytes:
    """One random change of the bytes."""
    at, other = draw.randrange(len(raw)), draw.randrange(len(raw))
    behind_tag, behind_value = raw.find(b">", at) + 1, raw.find(b'" ', at) + 1
    return draw.choice(
        (
            lambda: raw[:at] + bytes([raw[at] ^ 1 << draw.randrange(8)]) + raw[at + 1 :],
            lambda: raw[:at] + draw.choice(ALPHABET) + raw[at:],
            lambda: raw[:at] + raw[at + draw.randrange(1, 40) :],
            lambda: raw[:at] + raw[other : other + draw.randrange(1, 200)] + raw[at:],
            lambda: raw.replace(draw.choice(FRAGMENTS), draw.choice(FRAGMENTS), draw.randrange(1, 4)),
            lambda: raw[:behind_tag] + draw.choice(ALPHABET) + raw[behind_tag:],
            lambda: raw[:behind_value] + draw.choice(ALPHABET) + raw[behind_value:],
        )
    )()


def change_tree(draft: Draft, draw: random.Random) -> None:
    """One random change of the structure."""
    nodes = list(draft.root.walk())
    node, other = draw.choice(nodes[1:]), draw.choice(nodes)
    kind = draw.randrange(8)
    if kind == 0:
        node.cut()
    elif kind == 1:
        node.after(node.copy())
    elif kind == 2:
        other.insert(draw.randrange(len(other.children) + 1), node.copy())
    elif kind == 3 and not any(above is node for above in _above(other)):
        other.insert(draw.randrange(len(other.children) + 1), node.cut() if other is not node else "x")
    elif kind == 4:
        node.name = other.name
    elif kind == 5:
        node.attributes = dict(other.attributes)
    elif kind == 6:
        node.insert(draw.randrange(len(node.children) + 1), draw.choice(["x", " ", "\r\n", "\u3000"]))
    else:
        node.attributes |= {
            draw.choice(["Id", "ID", "wsu:Id", "x", "xml:lang"]): draw.choice(["body-1", "new", "1"])
        }


def _above(node: tree.Node) -> list[tree.Node]:
    found = [node]
    while found[-1].parent is not None:
        found.append(found[-1].parent)
    return found
