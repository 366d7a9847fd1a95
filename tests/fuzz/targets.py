"""What is tried: how an input is made from a seed, and what must hold of it.

An input is refused in order (Refused, NotAsItMustBe, UsageError), or it is taken and means exactly what was
signed or written. Any other exception, and any disagreement of the two engines, is a finding.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable
from functools import cached_property
from io import BytesIO, StringIO
from pathlib import Path
from typing import Final, Protocol

from gateway.cli.changes_file import read_changes, write_changes
from gateway.domain.codes import Purpose
from gateway.domain.csv_text import line_of
from gateway.domain.identifiers import MunicipalityCode
from gateway.domain.inquiry import LegalBasis
from gateway.domain.inquiry_file import FileHeader, FileName, InquiryLine
from gateway.domain.inquiry_file_text import (
    COLUMNS,
    INQUIRIES,
    NotAsItMustBe,
    read_header,
    read_lines,
    write_header,
    write_line,
)
from gateway.errors import UsageError
from gateway.refusals import Refused
from gateway.wss.verify import Verifier
from tests.fuzz import good
from tests.kit import identities
from tests.kit.changes import entry, move, recode
from tests.kit.engines import both, outcome, own_trust
from tests.kit.inquiries import NUMBER, PERSON
from tests.kit.messages import Draft, good_answer, good_request
from tests.kit.mutating import change_bytes, change_tree
from tests.kit.refusal import check
from tests.refusals import test_vectors as vectors

_ENGINES_STEP: Final = 8
"""The first step at which the engines are two."""
_CHANGES: Final = (1, 1, 1, 1, 2, 3, 8)


class Target(Protocol):
    """One thing that is tried."""

    def make(self, draw: random.Random) -> bytes:
        """An input."""
        ...

    def judge(self, raw: bytes) -> str:
        """How it ended; raises what is a finding."""
        ...


class Messages:
    """Requests and answers of our own, with changes of the bytes."""

    def __init__(self) -> None:
        self._engines = both(good.trust())
        self._raw = good.messages()
        self._meant = meant(self._engines[0], self._raw)

    def make(self, draw: random.Random) -> bytes:
        return changed(draw.choice(self._raw), draw)

    def judge(self, raw: bytes) -> str:
        return agreed(self._engines, raw, self._meant)


class Structures:
    """The same with changes of the structure, their keys drawn in each run."""

    def __init__(self, folder: Path) -> None:
        self._engines = both(own_trust(folder))
        self._good = [
            make(identities.identity(kind), style=style)
            for kind in good.KINDS
            for style in good.STYLES
            for make in (good_request, good_answer)
        ]
        self._meant = meant(self._engines[0], [draft.raw() for draft in self._good])

    def make(self, draw: random.Random) -> bytes:
        return self.changed(draw).raw()

    def changed(self, draw: random.Random) -> Draft:
        """A draft whose structure is changed."""
        original = draw.choice(self._good)
        draft = Draft(original.root.copy(), original.identity)
        for _ in range(draw.choice(_CHANGES)):
            if len(list(draft.root.walk())) > 1:
                change_tree(draft, draw)
        return draft

    def judge(self, raw: bytes) -> str:
        return agreed(self._engines, raw, self._meant)


class Resigned(Structures):
    """Changed structures that are signed again with a good key: what is taken is new, and alike twice."""

    def make(self, draw: random.Random) -> bytes:
        while True:
            draft = self.changed(draw)
            try:
                return draft.resign().raw()
            except (KeyError, StopIteration):
                continue  # too broken to be signed at all

    def judge(self, raw: bytes) -> str:
        return agreed(self._engines, raw, None)


class Vectors:
    """Messages of other stacks, with changes of the bytes."""

    def __init__(self) -> None:
        self._raw = {name: (vectors.FOLDER / name).read_bytes() for name in vectors.GOOD}
        self._engines = {
            name: [vectors.verifier(name, engine) for engine in ("lxml", "xmlsec")] for name in vectors.GOOD
        }

    def make(self, draw: random.Random) -> bytes:
        """The vector's name, a line end, and the bytes."""
        name = draw.choice(vectors.GOOD)
        return name.encode() + b"\n" + changed(self._raw[name], draw)

    def judge(self, raw: bytes) -> str:
        named, _, message = raw.partition(b"\n")
        name = named.decode()
        ends = []
        for engine in self._engines[name]:
            try:
                secured = engine.secured(message, vectors.verify_at(name))
                ends.append(f"accepted {secured.envelope.content.tag}")
            except Refused as refused:
                ends.append(f"refused at {refused.rule.step}")
                if refused.rule.step < _ENGINES_STEP:
                    return ends[-1]
        check(ends[0] == ends[1], f"{name}: the engines differ: {ends}")
        return ends[0].partition(" {")[0]


class InquiryFiles:
    """Files of inquiries; of half of them the digest is right again after the change."""

    @cached_property
    def _good(self) -> bytes:
        lines = [InquiryLine(1, NUMBER), InquiryLine(2, PERSON), InquiryLine(3, NUMBER)]
        rest = (line_of(COLUMNS) + "".join(map(write_line, lines))).encode()
        return self._begun(rest) + rest

    @staticmethod
    def _begun(rest: bytes, count: int = 3) -> bytes:
        home, name = MunicipalityCode("131016"), FileName("tax-office", "file-1")
        digest = hashlib.sha256(rest).hexdigest()
        header = FileHeader(home, name, Purpose.NUMBER_USE, LegalBasis.NUMBER_USE, count, digest)
        return write_header(INQUIRIES, header).encode()

    def make(self, draw: random.Random) -> bytes:
        raw = self._good
        right = draw.random() < 0.5
        if right:
            raw = raw.partition(b"\n")[2]
        raw = changed(raw, draw)
        return self._begun(raw, max(1, raw.count(b"\n") - 1)) + raw if right else raw

    def judge(self, raw: bytes) -> str:
        try:
            lines = BytesIO(raw).readlines()
            found = list(read_lines(lines))
        except NotAsItMustBe as error:
            return f"refused: {error.error.code}"
        header = read_header(lines[0])
        again = write_header(INQUIRIES, header) + line_of(COLUMNS) + "".join(map(write_line, found))
        check(again.encode() == raw, "what was read is not what was written")
        return "accepted"


class ChangeFiles:
    """Files of changes, as the command for them reads them."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "changes.csv"
        text = StringIO()
        write_changes([entry(1), move(1, 2, "東京都千代田区神田1番2号"), recode(2, 2, 3)], text)
        self._good = text.getvalue().encode()

    def make(self, draw: random.Random) -> bytes:
        return changed(self._good, draw)

    def judge(self, raw: bytes) -> str:
        self._file.write_bytes(raw)
        try:
            found = [change for _, change in read_changes(self._file)]
        except UsageError as error:
            check("line " in str(error), f"no line is named: {error}")
            return "refused"
        again = StringIO()
        write_changes(found, again)
        self._file.write_text(again.getvalue(), encoding="utf-8", newline="")
        check([change for _, change in read_changes(self._file)] == found, "what was read is not kept")
        return "accepted"


def changed(raw: bytes, draw: random.Random) -> bytes:
    """The bytes with some random changes."""
    for _ in range(draw.choice(_CHANGES)):
        raw = change_bytes(raw, draw) if raw else draw.randbytes(9)
    return raw


def meant(engine: Verifier, messages: Iterable[bytes]) -> set[tuple[object, ...]]:
    """What good messages are taken for."""
    found = {outcome(engine, raw, answer=_is_answer(raw)) for raw in messages}
    check(not any(one[0] == "refused" for one in found), "a good message is refused")
    return found


def agreed(engines: tuple[Verifier, Verifier], raw: bytes, meant: set[tuple[object, ...]] | None) -> str:
    """How both engines end, which must be alike; what is taken must be ``meant``, if that is known."""
    first = outcome(engines[0], raw, answer=_is_answer(raw))
    if first[0] == "refused" and int(str(first[1])) < _ENGINES_STEP:
        return f"refused at {first[1]}"
    second = outcome(engines[1], raw, answer=_is_answer(raw))
    check(first == second, f"the engines differ: {first} {second}")
    if first[0] == "refused":
        return f"refused at {first[1]}"
    check(meant is None or first in meant, "accepted with other content")
    return "accepted"


def _is_answer(raw: bytes) -> bool:
    return b"AskAnswer" in raw


def targets(folder: Path) -> dict[str, tuple[Target, int]]:
    """Every target by its name, with its share of a hundred inputs."""
    return {
        "messages": (Messages(), 60),
        "vectors": (Vectors(), 20),
        "structures": (Structures(folder), 7),
        "resigned": (Resigned(folder), 1),
        "inquiry-files": (InquiryFiles(), 8),
        "change-files": (ChangeFiles(folder), 4),
    }
