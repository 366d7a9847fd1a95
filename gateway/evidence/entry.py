"""The texts that evidence is made of, byte by byte. What is digested is text that sha256sum can rebuild.

Every text is ASCII, one ``name value`` a line, each line ended by LF, all lines always there and in this
order. A value that is absent is ``-``; in a value every octet of its UTF-8 form outside ``!`` to ``~``, and
``%``, is written ``%XX`` (a value that is empty is ``%``, one that is ``-`` is ``%2D``). Digests are SHA-256
in lower-case hex, instants UTC with microseconds.

    the chain of one node from one start on:       one entry of it, the first is number 1:

    juki-evidence chain 1                          juki-evidence entry 1
    node local                                     chain local 3
    epoch 3                                        number 17
    started 2026-11-23T09:00:00.000000Z            at 2026-11-23T09:00:01.000000Z
    reason start                                   direction in
    after 2 1204 DIGEST                            kind request
    lost -                                         peer 131016-terminal-1
                                                   operation VerifyIdentity
    the link of an entry:                          message-id urn:uuid:...
                                                   relates-to -
    previous DIGEST                                outcome answered
    entry DIGEST                                   size 6143
                                                   digest DIGEST
                                                   signature rsa-sha256
                                                   signed DIGEST
                                                   value BASE64
                                                   certificate DIGEST

The link of number 0 is the digest of the chain's text. The link of an entry is the digest of the link text,
whose ``entry`` is the digest of the entry's text and whose ``previous`` is the link before. ``after`` names
the node's epoch before this one, and number and link of its newest entry when this one began; ``lost`` the
newest seal (number and digest of its statement) that a restore from an older copy has lost.

``digest`` is of the message's bytes as they travelled. ``signed`` is the digest of the message's canonical
SignedInfo by the hash of its signature, ``value`` the SignatureValue, ``certificate`` the digest of the
signer's certificate in DER: with these the signature can be checked when the message is erased, and neither
the Body, nor its digest, nor the random Id that keeps its digest from being guessed is left.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, Literal, NamedTuple

Direction = Literal["in", "out", "own"]
Kind = Literal["request", "answer", "fault", "refusal", "erasure", "accesses"]

WITHOUT_BYTES: Final = frozenset({"refusal", "erasure", "accesses"})
"""Kinds of entries that never had a message's bytes."""

_PLAIN: Final = re.compile(r"[!-$&-~]+")
_ENTRY: Final = (
    "%snumber %d\nat %s\ndirection %s\nkind %s\npeer %s\noperation %s\nmessage-id %s\nrelates-to %s\n"
    "outcome %s\nsize %d\ndigest %s\nsignature %s\nsigned %s\nvalue %s\ncertificate %s\n"
)
_CHAIN: Final = re.compile(
    r"juki-evidence chain 1\nnode ([!-~]+)\nepoch ([0-9]{1,9})\nstarted ([0-9TZ:.-]{27})\n"
    r"reason (start|restore)\nafter (?:-|([0-9]{1,9}) ([0-9]{1,12}) ([0-9a-f]{64}))\n"
    r"lost (?:-|([0-9]{1,12}) ([0-9a-f]{64}))\n",
    re.ASCII,
)
_INSTANT: Final = "%Y-%m-%dT%H:%M:%S.%fZ"
GENESIS: Final = 0
"""The number that stands for the chain's own text, before its first entry."""


class Signature(NamedTuple):
    """What is kept of a message's signature.

    ``algorithm`` is rsa, rsa-pss or ecdsa with the hash (``rsa-sha256``), ``signed`` the canonical
    SignedInfo's digest by that hash, ``value`` the octets of the SignatureValue (ECDSA: r and s).
    """

    algorithm: str
    signed: bytes
    value: bytes
    certificate: bytes  # DER


class Entry(NamedTuple):
    """One message as it travelled, or a refusal, an erasure, or where a chain of the access log ended.

    ``peer`` is the counterpart's id, or its address while nobody knows it. ``digest`` and ``size`` (octets)
    are of the bytes; ``body`` is those bytes, None where only the digest is kept or the body is erased.
    """

    at: datetime
    direction: Direction
    peer: str
    kind: Kind
    operation: str | None
    message_id: str | None
    relates_to: str | None
    outcome: str
    body: bytes | None
    digest: bytes
    size: int
    signature: Signature | None = None

    @classmethod
    def message(
        cls,
        raw: bytes,
        *,
        at: datetime,
        direction: Literal["in", "out"],
        peer: str,
        kind: Literal["request", "answer", "fault"],
        outcome: str,
        operation: str | None = None,
        message_id: str | None = None,
        relates_to: str | None = None,
        signature: Signature | None = None,
    ) -> Entry:
        """The entry of a message whose bytes are kept. Make it outside of the database's write lock."""
        return cls(
            at,
            direction,
            peer,
            kind,
            operation,
            message_id,
            relates_to,
            outcome,
            raw,
            hashlib.sha256(raw).digest(),
            len(raw),
            signature,
        )


@dataclass(frozen=True, slots=True)
class Head:
    """A chain up to one entry: the entry's number and link."""

    node: str
    epoch: int
    number: int
    link: bytes


@dataclass(frozen=True, slots=True)
class Lost:
    """The newest seal that is known from outside and is no longer here: its number and digest."""

    number: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class ChainStart:
    """How a chain begins. ``after`` is the newest entry of the node's epoch before, None for its first."""

    node: str
    epoch: int
    started: datetime
    reason: Literal["start", "restore"]
    after: Head | None
    lost: Lost | None = None

    @property
    def name(self) -> str:
        """The chain's name for people and files: NODE-EPOCH."""
        return chain_name(self.node, self.epoch)


def chain_name(node: str, epoch: int) -> str:
    """A chain's name for people and files: NODE-EPOCH."""
    return f"{written(node)}-{epoch}"


def entry_text(chain: str, number: int, entry: Entry) -> bytes:
    """The text of an entry; ``chain`` is the first two lines, as opening() gives them."""
    signature = entry.signature
    signed = (
        ("-", "-", "-", "-")
        if signature is None
        else (
            signature.algorithm,
            signature.signed.hex(),
            base64.b64encode(signature.value).decode("ascii"),
            hashlib.sha256(signature.certificate).hexdigest(),
        )
    )
    return stored_text(chain, number, entry, signed)


def stored_text(chain: str, number: int, entry: Entry, signed: tuple[str, str, str, str]) -> bytes:
    """As entry_text, with the last four lines' values given."""
    return (
        _ENTRY
        % (
            chain,
            number,
            instant_text(entry.at),
            entry.direction,
            entry.kind,
            _often_written(entry.peer),
            _often_written(entry.operation),
            written(entry.message_id),
            written(entry.relates_to),
            _often_written(entry.outcome),
            entry.size,
            entry.digest.hex(),
            *signed,
        )
    ).encode("ascii")


def opening(node: str, epoch: int) -> str:
    """The first two lines of every entry of a chain."""
    return f"juki-evidence entry 1\nchain {written(node)} {epoch}\n"


def chain_text(start: ChainStart) -> bytes:
    """The text that a chain begins with."""
    after = (
        "-" if start.after is None else f"{start.after.epoch} {start.after.number} {start.after.link.hex()}"
    )
    lost = "-" if start.lost is None else f"{start.lost.number} {start.lost.digest.hex()}"
    return (
        f"juki-evidence chain 1\nnode {written(start.node)}\nepoch {start.epoch}\n"
        f"started {instant_text(start.started)}\nreason {start.reason}\nafter {after}\nlost {lost}\n"
    ).encode("ascii")


def parse_chain(text: str) -> ChainStart:
    """The chain that a text begins. Raises ValueError for any other text."""
    match = _CHAIN.fullmatch(text)
    if match is None:
        raise ValueError("not the text of a chain")
    node, epoch, started, reason, *rest = match.groups()
    before, number, link, lost, digest = rest
    node = read(node)
    start = ChainStart(
        node,
        int(epoch),
        read_instant(started),
        "restore" if reason == "restore" else "start",
        None if before is None else Head(node, int(before), int(number), bytes.fromhex(link)),
        None if lost is None else Lost(int(lost), bytes.fromhex(digest)),
    )
    if chain_text(start) != text.encode("ascii"):
        raise ValueError("not the text of a chain")
    return start


def link_of(previous: bytes, text: bytes) -> bytes:
    """The link of the entry with this text after the link ``previous``."""
    entry = hashlib.sha256(text).hexdigest()
    return hashlib.sha256(f"previous {previous.hex()}\nentry {entry}\n".encode("ascii")).digest()


def written(value: str | None) -> str:
    """A value as it stands in a line."""
    if value is None:
        return "-"
    if _PLAIN.fullmatch(value) and value != "-":
        return value
    if value == "-":
        return "%2D"
    octets = value.encode("utf-8", "surrogatepass")
    return "".join(
        chr(octet) if 0x21 <= octet <= 0x7E and octet != 0x25 else f"%{octet:02X}" for octet in octets
    ) or ("%")


_often_written = lru_cache(maxsize=1024)(written)


def read(text: str) -> str:
    """A written value that is there, back. Raises ValueError."""
    if text == "%":
        return ""
    if not re.fullmatch(r"(?:[!-$&-~]|%[0-9A-F]{2})+", text):
        raise ValueError("not a written value")
    octets = re.sub(rb"%([0-9A-F]{2})", lambda m: bytes([int(m[1], 16)]), text.encode("ascii"))
    return octets.decode("utf-8", "surrogatepass")


def instant_text(at: datetime) -> str:
    """A UTC instant with microseconds. Raises ValueError when it is not aware."""
    text = at.isoformat(timespec="microseconds")
    if text[26:] != "+00:00":
        if at.utcoffset() is None:
            raise ValueError("an instant must be aware")
        return instant_text(at.astimezone(UTC))
    return text[:26] + "Z"


def read_instant(text: str) -> datetime:
    """An instant's text back. Raises ValueError."""
    return datetime.strptime(text, _INSTANT).replace(tzinfo=UTC)
