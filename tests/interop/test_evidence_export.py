"""An export is checked by its README's commands (openssl, xmlsec1, sha256sum) and by its own program."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.clock import FixedClock
from gateway.evidence import Entry, signature_of
from gateway.evidence.bundle import Bundle
from gateway.store import Store
from gateway.store.evidence_erase import erase
from gateway.store.evidence_export import Export
from tests.kit.evidence import SYSTEM, append, message_entry, plain_entry, sealer
from tests.kit.identities import NOW, authority
from tests.kit.messages import good_request
from tests.tools import find, not_run

_XMLSEC1 = find("xmlsec1")
_README = re.compile(r"^```sh\n(.*?)^```$", re.S | re.M)


@dataclass
class Made:
    """A store and how to export from it."""

    store: Store
    clock: FixedClock
    entries: list[Entry]

    def export(self, folder: Path, **chosen: object) -> Export:
        bundle = Bundle(folder, repr(chosen))
        export = Export(self.store.evidence_rows, bundle, **chosen)  # type: ignore[arg-type]
        export.run()
        bundle.authorities([authority().certificate.public_bytes(Encoding.DER)])
        bundle.finish()
        return export


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """Two chains, three seals by a P-256 key, messages by every kind of key, some of them erased."""
    clock = FixedClock(NOW)
    folder = tmp_path_factory.mktemp("state")
    store = Store.open(folder, clock=clock, upgrade=True)
    seals = sealer(store, clock)
    strange = good_request(
        authority().identity("RSA-2048"), method="http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1"
    ).raw()
    entries = [
        message_entry("one", kind="P-256", minute=0),
        message_entry("two", kind="RSA-2048", minute=1),
        Entry.message(strange, at=NOW + timedelta(minutes=2), direction="in", peer="x", kind="request",
                      outcome="answered", message_id="urn:strange", signature=signature_of(strange)),
    ]  # fmt: skip
    append(store, *entries)
    seals.seal()
    entries += [message_entry("three", kind="P-384", minute=10), plain_entry(4, minute=11)]
    append(store, *entries[3:])
    seals.seal()
    list(erase(store, NOW + timedelta(minutes=2), system=SYSTEM, now=NOW + timedelta(minutes=20)))
    store.evidence.begin()
    entries.append(message_entry("five", kind="P-256", minute=30))
    append(store, entries[-1])
    seals.seal()
    yield Made(store, clock, entries)
    store.close()


@pytest.fixture(scope="module")
def whole(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export") / "all"
    made.export(folder)
    return folder


@pytest.fixture
def copy(whole: Path, tmp_path: Path) -> Path:
    return shutil.copytree(whole, tmp_path / "copy")


def readme(folder: Path, blocks: slice = slice(None)) -> subprocess.CompletedProcess[str]:
    """Run the commands of an export's README in it."""
    script = "".join(_README.findall((folder / "README.md").read_text(encoding="utf-8"))[blocks])
    environment = {"PATH": os.environ["PATH"], "XMLSEC1": str(_XMLSEC1)}
    return subprocess.run(
        ["sh", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def program(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run an export's program in an interpreter that sees neither us nor any package."""
    command = [sys.executable, "-I", "-S", str(folder / "verify.py"), *options]
    return subprocess.run(
        command, cwd="/", env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False
    )


def test_the_commands_say_that_all_is_good(whole: Path) -> None:
    if _XMLSEC1 is None:
        pytest.skip(not_run("xmlsec1"))
    done = readme(whole)
    assert done.returncode == 0, done
    assert done.stdout.endswith("all is good\n")
    assert "no seal covers" not in done.stdout


def test_the_program_says_that_all_is_good(whole: Path, made: Made) -> None:
    done = program(whole, *(["--xmlsec1", str(_XMLSEC1)] if _XMLSEC1 else []))
    assert done.returncode == 0, done
    told = {line.strip().partition(" ")[2]: line.split()[0] for line in done.stdout.splitlines()[:-1]}
    assert told["entries of local-1"] == "6"
    assert told["entries of local-2"] == "1"
    assert told["erased"] == "2"
    assert told["signatures"] == "5"
    assert told["seals"] == "3"
    if _XMLSEC1:
        old = "messages with RSA-PSS, for which this xmlsec1 is too old"
        assert int(told["messages verified by xmlsec1"]) + int(told.get(old, 0)) == 3


def test_it_imports_the_standard_library_only(whole: Path) -> None:
    text = (whole / "verify.py").read_text(encoding="utf-8")
    modules = re.findall(r"^(?:from|import) ([a-z_0-9]+)", text, re.M)
    assert modules
    assert set(modules) <= sys.stdlib_module_names


def test_one_message_shows_no_other(made: Made, tmp_path: Path) -> None:
    chosen = made.entries[3]
    export = made.export(tmp_path / "one", message_id=chosen.message_id)
    assert export.entries == 1
    assert [file.name for file in (tmp_path / "one").glob("entries/*/*.txt")] == ["000000000004.txt"]
    others = [str(entry.message_id) for entry in made.entries if entry is not chosen]
    for file in (tmp_path / "one").rglob("*"):
        if file.is_file():
            assert not any(other.encode() in file.read_bytes() for other in others)
    done = program(tmp_path / "one")
    assert done.returncode == 0, done
    if _XMLSEC1 is not None:
        assert readme(tmp_path / "one").stdout.endswith("all is good\n")


def test_since(made: Made, tmp_path: Path) -> None:
    assert made.export(tmp_path / "late", since=NOW + timedelta(minutes=11)).entries == 3
    assert program(tmp_path / "late").returncode == 0


def test_what_no_seal_covers_is_told(made: Made, tmp_path: Path, whole: Path) -> None:
    for seal in sorted((whole / "seals").iterdir()):
        assert program(whole, "--seal", str(seal)).returncode == 0
    folder = shutil.copytree(whole, tmp_path / "unsealed")
    newest = max((folder / "seals").iterdir())
    newest.unlink()
    done = program(folder)
    assert done.returncode == 0
    assert "stretches that no seal covers yet" in done.stdout
    done = program(folder, "--seal", str(whole / "seals" / newest.name))
    assert done.returncode == 1
    assert "is not among the seals of this export" in done.stdout


def _text(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        file = folder / name
        text = file.read_bytes()
        assert old.encode() in text
        file.write_bytes(text.replace(old.encode(), new.encode(), 1))

    return change


def _swap(first: str, second: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        one, two = (folder / first).read_bytes(), (folder / second).read_bytes()
        (folder / first).write_bytes(two)
        (folder / second).write_bytes(one)

    return change


_FIRST = "entries/local-1/000000000001"
_THIRD = "entries/local-1/000000000003"
_LINKS = "chains/local-1/links-000000000001-000000000003.txt"


@pytest.mark.parametrize(
    "change",
    [
        _text(f"{_FIRST}.txt", "peer 131016", "peer 131017"),
        _text(f"{_FIRST}.txt", "answered", "refused"),
        _text(f"{_THIRD}.xml", "urn:", "urm:"),
        _text("seals/000000000001.seal", "at 2026", "at 2025"),
        _text("seals/000000000002.seal", "head local 1 5", "head local 1 4"),
        _text("chains/local-1/chain.txt", "2026", "2025"),
        _text(_LINKS, "000000000002 ", "000000000009 "),
        _swap(f"{_FIRST}.txt", "entries/local-1/000000000002.txt"),
        _swap(f"{_THIRD}.xml", "entries/local-1/000000000004.xml"),
        _swap("authorities/1.pem", "../stranger.pem"),
        lambda folder: (folder / _LINKS).unlink(),
    ],
)
def test_any_change_is_found_by_both(copy: Path, change: Callable[[Path], None]) -> None:
    stranger = type(authority())("A stranger")
    (copy.parent / "stranger.pem").write_bytes(stranger.certificate.public_bytes(Encoding.PEM))
    change(copy)
    done = program(copy)
    assert done.returncode == 1, done
    sums = subprocess.run(
        ["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=copy, capture_output=True, check=False
    )
    assert sums.returncode == 1
    # Somebody who changes the folder changes its sums, too: then the other commands find it.
    files = [file for file in sorted(copy.rglob("*")) if file.is_file() and file.name != "SHA256SUMS"]
    made = subprocess.run(["sha256sum", *map(str, files)], capture_output=True, text=True, check=True).stdout
    (copy / "SHA256SUMS").write_text(made)
    if _XMLSEC1 is not None:
        again = readme(copy)
        assert again.returncode != 0, again
