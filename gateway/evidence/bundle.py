"""Writes an export: a folder that anyone checks with openssl, xmlsec1 and sha256sum, without this product.

    README.md                          the commands
    verify.py                          a program that does the same, Python's standard library only
    SHA256SUMS                         of every other file
    authorities/N.pem                  the configured authorities, roots and issuing
    seals/NUMBER.seal                  the seals that end the stretches below
    certificates/DIGEST.pem            the signers of messages
    chains/NODE-EPOCH/chain.txt        the text that the chain begins with
    chains/NODE-EPOCH/links-A-B.txt    one stretch between two seals: NUMBER ENTRY-DIGEST LINK
    entries/NODE-EPOCH/NUMBER.txt      an entry's text
    entries/NODE-EPOCH/NUMBER.xml      the message's bytes, unless they are erased
    entries/NODE-EPOCH/NUMBER.signed   the digest that its signature is over, and
    entries/NODE-EPOCH/NUMBER.sig      its SignatureValue as openssl takes it

A stretch begins with the link before it (``NUMBER - LINK``). Of entries that were not asked for it holds
only digests. Its file is written last, so a stretch is whole or not there, and an export goes on where it
stopped.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from gateway.errors import StateError
from gateway.evidence.chain_check import Kept
from gateway.evidence.entry import ChainStart, chain_text, opening, stored_text
from gateway.evidence.seal import Seal, seal_file
from gateway.evidence.signature import der_of_halves, public_pem
from gateway.state import FILE_MODE, FOLDER_MODE, write_atomically

_SUMS: Final = "SHA256SUMS"
_PARTS: Final = ("README.md", "verify.py")
_SOURCES: Final = {"README.md": "bundle_readme.md", "verify.py": "standalone.py"}
MARKER: Final = ".selection"
"""What the export was asked for; gone when it is whole."""


def width(number: int) -> str:
    """A number as it stands in file names and links."""
    return f"{number:012d}"


class Bundle:
    """One export in its folder; every method raises StateError when the folder cannot be written."""

    def __init__(self, folder: Path, selection: str) -> None:
        """Begin in an empty or new folder, or go on with one that was begun for the same ``selection``.

        Raises StateError when something else stands there.
        """
        self._folder = folder
        self._made: set[Path] = set()
        marker = folder / MARKER
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            try:
                begun = marker.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError):
                raise StateError(f"{folder}: is not empty; an export needs a new folder") from None
            if begun != selection:
                raise StateError(f"{folder}: was begun for another selection of entries; take a new folder")
        self._make(folder)
        write_atomically(marker, selection.encode())

    def authorities(self, certificates: Iterable[bytes]) -> None:
        """The configured authorities (DER)."""
        for number, der in enumerate(certificates, 1):
            self._write(self._folder / "authorities" / f"{number}.pem", public_pem(der))

    def chain(self, start: ChainStart) -> None:
        """The text that a chain begins with."""
        self._write(self._folder / "chains" / start.name / "chain.txt", chain_text(start))

    def seal(self, seal: Seal) -> None:
        """A seal."""
        self._write(self._folder / "seals" / f"{width(seal.number)}.seal", seal_file(seal))

    def certificate(self, digest: str, der: bytes) -> None:
        """The certificate of a message's signer."""
        self._write(self._folder / "certificates" / f"{digest}.pem", public_pem(der))

    def has_certificate(self, digest: str) -> bool:
        """Whether it is there already."""
        return (self._folder / "certificates" / f"{digest}.pem").exists()

    def has_stretch(self, start: ChainStart, first: int, last: int) -> bool:
        """Whether a stretch was written whole before."""
        return self._stretch(start, first, last).exists()

    def entry(self, start: ChainStart, kept: Kept) -> None:
        """An entry with all that is kept of it."""
        file = self._folder / "entries" / start.name / f"{width(kept.number)}.txt"
        self._write(file, stored_text(opening(start.node, start.epoch), kept.number, kept.entry, kept.signed))
        if kept.entry.body is not None:
            self._write(file.with_suffix(".xml"), kept.entry.body)
        algorithm, signed, value, _ = kept.signed
        if algorithm != "-":
            octets = base64.b64decode(value)
            self._write(file.with_suffix(".signed"), bytes.fromhex(signed))
            self._write(
                file.with_suffix(".sig"), der_of_halves(octets) if algorithm.startswith("ecdsa-") else octets
            )

    def stretch(self, start: ChainStart, first: int, before: bytes, entries: Iterable[Kept]) -> None:
        """A stretch, whole: the link ``before`` its ``first`` entry, and digest and link of each."""
        lines = opening(start.node, start.epoch)
        written = [f"{width(first - 1)} - {before.hex()}\n"]
        last = first - 1
        for kept in entries:
            digest = hashlib.sha256(stored_text(lines, kept.number, kept.entry, kept.signed)).hexdigest()
            written.append(f"{width(kept.number)} {digest} {kept.link.hex()}\n")
            last = kept.number
        file = self._stretch(start, first, last)
        self._make(file.parent)
        write_atomically(file, "".join(written).encode("ascii"))

    def finish(self) -> int:
        """The commands, the program and the sums of all files; gives how many files there are."""
        for name in _PARTS:
            source = Path(__file__).with_name(_SOURCES[name])
            self._write(self._folder / name, source.read_bytes())
        count = 0
        sums = self._folder / _SUMS
        with os.fdopen(_owner_only(sums), "w", encoding="ascii") as stream:
            for file in self._files():
                digest = hashlib.sha256(file.read_bytes()).hexdigest()
                stream.write(f"{digest}  {file.relative_to(self._folder)}\n")
                count += 1
        (self._folder / MARKER).unlink()
        return count + 1

    def _files(self) -> Iterator[Path]:
        for file in sorted(self._folder.rglob("*")):
            if file.is_file() and file.name not in {_SUMS, MARKER}:
                yield file

    def _stretch(self, start: ChainStart, first: int, last: int) -> Path:
        return self._folder / "chains" / start.name / f"links-{width(first)}-{width(last)}.txt"

    def _write(self, file: Path, content: bytes) -> None:
        self._make(file.parent)
        try:
            with os.fdopen(_owner_only(file), "wb") as stream:
                stream.write(content)
        except OSError as error:
            raise StateError(f"{file}: cannot be written ({error.strerror})") from error

    def _make(self, folder: Path) -> None:
        if folder not in self._made:
            try:
                folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            except OSError as error:
                raise StateError(f"{folder}: cannot be made ({error.strerror})") from error
            self._made.add(folder)


def _owner_only(file: Path) -> int:
    return os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE)
