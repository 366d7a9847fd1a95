"""Files of inquiries as a CS keeps them: whose they are, and how much of them is there."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from gateway.domain.caller import Caller
from gateway.domain.inquiry import LegalBasis
from gateway.domain.inquiry_file import FileName, FileProgress


@dataclass(frozen=True, slots=True)
class FileOwner:
    """Whose file it is: a municipality (six digits) and a terminal; and what the office names it."""

    municipality: str
    terminal: str
    name: FileName

    @classmethod
    def of(cls, caller: Caller, name: FileName) -> FileOwner:
        """As a message names them."""
        return cls(caller.municipality.digits, caller.terminal, name)


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file of which a piece was taken: who delivered it, and how much of it is there."""

    id: int
    caller: Caller
    basis: LegalBasis
    name: FileName
    system: str
    run: uuid.UUID
    pieces: int
    taken: int
    size: int
    in_vain: int
    header: str | None
    progress: FileProgress


@dataclass(frozen=True, slots=True)
class NewPiece:
    """A piece that is to be written; ``system`` and ``source`` (its name) where it came by a folder."""

    caller: Caller
    basis: LegalBasis
    name: FileName
    piece: int
    pieces: int
    lines: str
    digest: bytes
    system: str | None = None
    source: str | None = None
