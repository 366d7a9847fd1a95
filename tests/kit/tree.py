"""A small XML tree over expat, with its own exclusive canonicalisation: what the tests sign with.

It shares no code with the gateway (no libxml2), so that one mistake cannot hide in both. Names keep
their prefixes, namespace declarations are plain attributes, text keeps every character: a test can
write whatever it likes, also what no library would. Clauses: Exclusive XML Canonicalization 1.0,
section 3; Canonical XML 1.0, section 2.3 (escapes).
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.parsers import expat

XML_NAMESPACE = "http://www.w3.org/XML/1998/namespace"


class Node:
    """One element: ``name`` with prefix, ``attributes`` (declarations too), children (elements and text)."""

    __slots__ = ("attributes", "children", "name", "parent")

    def __init__(self, name: str, attributes: dict[str, str] | None = None, text: str = "") -> None:
        self.name = name
        self.attributes: dict[str, str] = dict(attributes or {})
        self.children: list[Node | str] = [text] if text else []
        self.parent: Node | None = None

    @property
    def local(self) -> str:
        """The name without its prefix."""
        return self.name.rpartition(":")[2]

    @property
    def elements(self) -> list[Node]:
        """The child elements."""
        return [child for child in self.children if isinstance(child, Node)]

    @property
    def text(self) -> str:
        """The text directly in this element."""
        return "".join(child for child in self.children if isinstance(child, str))

    @text.setter
    def text(self, value: str) -> None:
        self.children = [value]

    def walk(self) -> Iterator[Node]:
        """This element and every one below it, in document order."""
        yield self
        for child in self.elements:
            yield from child.walk()

    def all(self, local: str) -> list[Node]:
        """Every element of this local name, itself included."""
        return [node for node in self.walk() if node.local == local]

    def one(self, *path: str) -> Node:
        """Follow local names downwards; at each step the first element of that name below."""
        node = self
        for local in path:
            node = next(found for found in node.walk() if found is not node and found.local == local)
        return node

    def insert(self, index: int, child: Node | str) -> None:
        """Put a child (element or text) at a place among all children."""
        self.children.insert(index, child)
        if isinstance(child, Node):
            child.parent = self

    def append(self, child: Node | str) -> None:
        """Put a child last."""
        self.insert(len(self.children), child)

    def index(self) -> int:
        """This element's place among its parent's children."""
        assert self.parent is not None
        return next(place for place, child in enumerate(self.parent.children) if child is self)

    def before(self, sibling: Node | str) -> None:
        """Put a sibling before this element."""
        assert self.parent is not None
        self.parent.insert(self.index(), sibling)

    def after(self, sibling: Node | str) -> None:
        """Put a sibling behind this element."""
        assert self.parent is not None
        self.parent.insert(self.index() + 1, sibling)

    def cut(self) -> Node:
        """Take this element out of its parent and return it."""
        assert self.parent is not None
        del self.parent.children[self.index()]
        self.parent = None
        return self

    def copy(self) -> Node:
        """A deep copy without a parent."""
        twin = Node(self.name, self.attributes)
        for child in self.children:
            twin.append(child.copy() if isinstance(child, Node) else child)
        return twin

    def scope(self) -> dict[str, str]:
        """Prefix to namespace name in scope here; the empty prefix is the default namespace."""
        inherited = self.parent.scope() if self.parent is not None else {"xml": XML_NAMESPACE}
        return inherited | declarations(self)


def declarations(node: Node) -> dict[str, str]:
    """The namespace declarations written on one element."""
    found: dict[str, str] = {}
    for name, value in node.attributes.items():
        if name == "xmlns":
            found[""] = value
        elif name.startswith("xmlns:"):
            found[name[6:]] = value
    return found


def parse(raw: bytes | str) -> Node:
    """Read well-formed XML (no comments, no processing instructions are kept)."""
    parser = expat.ParserCreate()
    parser.ordered_attributes = True
    parser.buffer_text = True
    top = Node("top")
    stack = [top]

    def start(name: str, pairs: list[str]) -> None:
        node = Node(name, dict(zip(pairs[::2], pairs[1::2], strict=True)))
        stack[-1].append(node)
        stack.append(node)

    def text(value: str) -> None:
        stack[-1].append(value)

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _name: stack.pop()
    parser.CharacterDataHandler = text
    parser.Parse(raw, True)
    return top.elements[0].cut()


def write(node: Node) -> str:
    """The element as XML text, attributes in their order, every carriage return as ``&#13;``."""
    parts: list[str] = []
    _write(node, parts)
    return "".join(parts)


def _write(node: Node, parts: list[str]) -> None:
    parts.append(f"<{node.name}")
    parts.extend(f' {name}="{_attribute(value)}"' for name, value in node.attributes.items())
    parts.append(">")
    for child in node.children:
        if isinstance(child, Node):
            _write(child, parts)
        else:
            parts.append(_text(child))
    parts.append(f"</{node.name}>")


def canonical(node: Node, prefixes: tuple[str, ...] = (), *, inclusive: bool = False) -> bytes:
    """Exclusive canonical form of the subtree; ``prefixes`` is the PrefixList, ``#default`` honoured.

    ``inclusive`` gives Canonical XML 1.0 instead (without inherited ``xml:`` attributes).
    """
    parts: list[str] = []
    scope = node.parent.scope() if node.parent is not None else {"xml": XML_NAMESPACE}
    wanted = {"" if prefix == "#default" else prefix for prefix in prefixes}
    _render(node, scope, {}, None if inclusive else wanted, parts)
    return "".join(parts).encode()


def _render(
    node: Node, scope: dict[str, str], shown: dict[str, str], wanted: set[str] | None, parts: list[str]
) -> None:
    scope = scope | declarations(node)
    plain = {name: value for name, value in node.attributes.items() if not _declares(name)}
    used = {node.name.rpartition(":")[0]} | {name.partition(":")[0] for name in plain if ":" in name}
    used |= set(scope) if wanted is None else wanted & (set(scope) | {""})
    shown = dict(shown)
    parts.append(f"<{node.name}")
    for prefix in sorted(used - {"xml"}):
        uri = scope.get(prefix, "")
        if shown.get(prefix, "") != uri:
            shown[prefix] = uri
            parts.append(f' {"xmlns:" if prefix else "xmlns"}{prefix}="{_canonical_attribute(uri)}"')
    for _, _, name in sorted((_namespace(name, scope), name.rpartition(":")[2], name) for name in plain):
        parts.append(f' {name}="{_canonical_attribute(plain[name])}"')
    parts.append(">")
    for child in node.children:
        if isinstance(child, Node):
            _render(child, scope, shown, wanted, parts)
        else:
            parts.append(_text(child).replace("&#13;", "&#xD;"))
    parts.append(f"</{node.name}>")


def _declares(name: str) -> bool:
    return name == "xmlns" or name.startswith("xmlns:")


def _namespace(name: str, scope: dict[str, str]) -> str:
    prefix, colon, _ = name.partition(":")
    return scope[prefix] if colon else ""


def _text(value: str) -> str:
    value = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return value.replace("\r", "&#13;")


def _attribute(value: str) -> str:
    return _canonical_attribute(value).replace(">", "&gt;")


def _canonical_attribute(value: str) -> str:
    value = value.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    return value.replace("\t", "&#x9;").replace("\n", "&#xA;").replace("\r", "&#xD;")
