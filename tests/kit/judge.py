"""The judge of "exactly once and in order": outside the gateway, by the client's journal and others' stores.

A client notes each change before it is sent and what it was told afterwards. What the counterparts hold is
read from their own stores. The gateway's tables are never asked. What nobody was told about is *unknown*: it
may be there once or not at all, but then the same in every store.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Self


class Fate(Enum):
    """What a client was told of a change."""

    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Change:
    """A change, by whom it is about and its number among that person's; ``digest`` of what it says."""

    key: str
    number: int
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """A change as its client knows it. Changes of one key were sent in this order."""

    change: Change
    fate: Fate
    contradicted: bool = False  # told both that it was taken and that it was not


class Journal:
    """A client's own notes, one JSON line each, each written in one piece before the client goes on.

    A client that is killed loses nothing that it noted; a last line cut short says nothing. Several threads
    or processes may share a file.
    """

    def __init__(self, file: Path) -> None:
        self._handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def sending(self, change: Change) -> None:
        """Before each attempt to send it, the first and every retry."""
        self._note({"what": "sending", "key": change.key, "number": change.number, "digest": change.digest})

    def told(self, change: Change, fate: Fate) -> None:
        """After an attempt."""
        self._note({"what": fate.value, "key": change.key, "number": change.number})

    def _note(self, entry: Mapping[str, object]) -> None:
        os.write(self._handle, (json.dumps(entry) + "\n").encode())

    def close(self) -> None:
        """Close the file."""
        os.close(self._handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    @staticmethod
    def read(*files: Path) -> list[Sent]:
        """All changes in the order in which they were first sent, with what became known of each."""
        changes: dict[tuple[str, int], Change] = {}
        told: dict[tuple[str, int], set[Fate]] = defaultdict(set)
        for file in files:
            for line in file.read_bytes().split(b"\n")[:-1]:
                entry = json.loads(line)
                name = (entry["key"], entry["number"])
                if entry["what"] == "sending":
                    changes.setdefault(name, Change(*name, entry["digest"]))
                else:
                    told[name].add(Fate(entry["what"]))
        return [
            Sent(change, _fate(told[name]), _contradicted(told[name])) for name, change in changes.items()
        ]


def _fate(told: set[Fate]) -> Fate:
    """What a client may rely on in the end: a later answer decides what an earlier attempt left open."""
    return next((fate for fate in (Fate.ACKNOWLEDGED, Fate.REFUSED) if fate in told), Fate.UNKNOWN)


def _contradicted(told: set[Fate]) -> bool:
    return {Fate.ACKNOWLEDGED, Fate.REFUSED} <= told


def lines_of(file: Path) -> list[Change]:
    """A counterpart's store that is a file of JSON lines (``key``, ``number``), in the order of taking."""
    if not file.exists():
        return []
    entries = (json.loads(line) for line in file.read_text(encoding="utf-8").splitlines())
    return [Change(entry["key"], int(entry["number"]), entry.get("digest", "")) for entry in entries]


def rows_of(database: Path, query: str) -> list[Change]:
    """A counterpart's store that is an SQLite file; ``query`` gives key, number and digest, in its order."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        return [
            Change(str(key), int(number), str(digest)) for key, number, digest in connection.execute(query)
        ]
    finally:
        connection.close()


@dataclass(slots=True)
class Judgement:
    """What was found wrong, one line each, and how much there was to judge."""

    findings: list[str] = field(default_factory=list)
    counts: Counter[Fate] = field(default_factory=Counter)

    @property
    def good(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    def __str__(self) -> str:
        told = ", ".join(f"{self.counts[fate]} {fate.value}" for fate in Fate)
        shown = "".join(f"\n  {finding}" for finding in self.findings[:20])
        more = f"\n  … {len(self.findings) - 20} more" if len(self.findings) > 20 else ""
        return f"{told}; {len(self.findings)} findings{shown}{more}"


def judge(sent: Sequence[Sent], stores: Mapping[str, Iterable[Change]]) -> Judgement:
    """Hold what every store holds against what the client knows.

    ``stores`` are the receivers by name, each with its changes in the order in which it took them, read
    after all is quiet: nothing is under way any more.
    """
    judgement = Judgement(counts=Counter(one.fate for one in sent))
    held = {name: list(changes) for name, changes in stores.items()}
    judgement.findings += [
        f"contradicted: {_name(one.change)} was both acknowledged and refused"
        for one in sent
        if one.contradicted
    ]
    for store, changes in held.items():
        judgement.findings += _in_one_store(sent, store, changes)
    names = {store: {(change.key, change.number) for change in changes} for store, changes in held.items()}
    for one in sent:
        where = [store for store, found in names.items() if (one.change.key, one.change.number) in found]
        if one.fate is Fate.UNKNOWN and 0 < len(where) < len(held):
            judgement.findings.append(f"half there: {_name(one.change)} is in {', '.join(where)} only")
    return judgement


def _in_one_store(sent: Sequence[Sent], store: str, changes: Sequence[Change]) -> Iterator[str]:
    known = {(one.change.key, one.change.number): (place, one) for place, one in enumerate(sent)}
    times = Counter((change.key, change.number) for change in changes)
    last: dict[str, int] = {}
    for change in changes:
        place, one = known.get((change.key, change.number), (-1, None))
        if one is None:
            yield f"invented: {store} has {_name(change)}, which nobody sent"
            continue
        if change.digest != one.change.digest:
            yield f"changed: {store} has {_name(change)} with other content"
        if times[change.key, change.number] == 1 and place < last.get(change.key, -1):
            yield f"out of order: {store} took {_name(change)} after a later one"
        last[change.key] = max(place, last.get(change.key, -1))
    for name, (_, one) in known.items():
        found = times[name]
        if found > 1:
            yield f"doubled: {store} has {_name(one.change)} {found} times"
        if found and one.fate is Fate.REFUSED:
            yield f"refused but there: {store} has {_name(one.change)}"
        if not found and one.fate is Fate.ACKNOWLEDGED:
            yield f"lost: {store} lacks {_name(one.change)}, which was acknowledged"


def _name(change: Change) -> str:
    return f"{change.key}/{change.number}"
