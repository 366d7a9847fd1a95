"""The migrations that this program has, read from their files without running them.

Whether the tables are this program's is asked at every start of every process; Alembic, which takes longer to
load than most of the rest, is needed only when they are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import StoreError

_SAYS = re.compile(
    r'^(revision|down_revision|serves)(?::[^=]*)? = (?:"([^"]*)"|None) *(?:#.*)?$', re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Revision:
    """One migration: its name, the one before it, and the oldest whose programs may work on its tables."""

    revision: str
    before: str | None
    serves: str


class Revisions:
    """All migrations in some folders: one line, each but the first after another."""

    def __init__(self, folders: Iterable[Path]) -> None:
        found = [_read(file) for folder in folders for file in sorted(folder.glob("r*.py"))]
        self._by_name = {one.revision: one for one in found}

    def get_heads(self) -> list[str]:
        """Those that none comes after: one."""
        before = {one.before for one in self._by_name.values()}
        return [name for name in self._by_name if name not in before]

    def walk_revisions(self) -> Iterator[Revision]:
        """The newest first. Raises StoreError when a line is broken."""
        (name,) = self.get_heads()
        at: str | None = name
        while at is not None:
            one = self._by_name.get(at)
            if one is None:
                raise StoreError(f"the migration {at} is missing from this program")
            yield one
            at = one.before


def _read(file: Path) -> Revision:
    said = {name: value or None for name, value in _SAYS.findall(file.read_text(encoding="utf-8"))}
    name = said.get("revision")
    if name is None or "down_revision" not in said:
        raise StoreError(f"{file.name}: says not which migration it is")
    return Revision(name, said["down_revision"], said.get("serves") or name)
