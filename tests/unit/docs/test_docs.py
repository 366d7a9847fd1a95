"""Links resolve, decisions are whole, rooms are described, and no tracked file tells where it was made."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
from pathlib import Path

import pytest

from tests.unit.docs.tables import DOCS, ROOT, layers

PAGES = sorted(
    {*DOCS.rglob("*.md"), *ROOT.glob("*.md"), *ROOT.glob("certs/*.md"), *ROOT.glob("tests/**/*.md")}
)
DECISIONS = sorted((DOCS / "decisions").glob("[0-9]*.md"))
SECTIONS = ["Context", "Options that lost", "Decision", "Consequences"]
ONE_PAGE = 60  # lines
_LINK = re.compile(r"(?<!\!)\[[^\]]*\]\(([^)\s]+)\)")

# Written in parts, so that this file does not match itself.
_FORBIDDEN = {
    "the folder of designs": re.compile("share" + r"d/(?:design|vectors|data|source)"),
    "an absolute path of a working machine": re.compile(
        r"(?<![\w.~])/(?:hom" + r"e|wor" + r"k|User" + r"s)/\w"
    ),
    "a package registry's host": re.compile(
        r"(?:py" + r"pi\.org|python" + r"hosted\.org|registry\.npm" + r"js\.org|static\.cra" + r"tes\.io)"
    ),
    "a private key": re.compile("-----BEGIN (?:[A-Z]+ )*PRIV" + "ATE KEY-----\\s+[A-Za-z0-9+/]{40}"),
}


def _tracked() -> list[Path]:
    """What git has or would take, as far as it is still there."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not run: this is no git checkout")
    return [file for name in listed.stdout.split("\0") if name and (file := ROOT / name).is_file()]


def _anchor(heading: str) -> str:
    """The anchor that a heading gets on the web pages of git hosts."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_relative_links_resolve(page: Path) -> None:
    broken = []
    text = re.sub(r"```.*?```|`[^`\n]*`", "`code`", page.read_text("utf-8"), flags=re.DOTALL)
    for target in _LINK.findall(text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or not file.is_relative_to(ROOT):
            broken.append(target)
        elif anchor:
            headings = re.findall(r"^#+ (.+)$", file.read_text("utf-8"), re.MULTILINE)
            if anchor not in map(_anchor, headings):
                broken.append(target)
    assert not broken


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = [int(page.name[:4]) for page in DECISIONS]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.name)
def test_a_decision_is_whole_and_one_page(page: Path) -> None:
    text = page.read_text("utf-8")
    assert re.match(rf"# {page.name[:4]} \S", text)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS
    assert text.count("\n") <= ONE_PAGE


@pytest.mark.parametrize("name", ["README.md", "README.ja.md"])
def test_the_readme_is_short(name: str) -> None:
    assert (ROOT / name).read_text("utf-8").count("\n") < 150


def test_both_readmes_show_the_same_commands() -> None:
    """Japanese readers are not told less: every code block is the same, but for comments."""

    def blocks(name: str) -> list[str]:
        found = re.findall(r"```(?:sh|python)\n(.*?)```", (ROOT / name).read_text("utf-8"), re.DOTALL)
        return [re.sub(r" *# .*", "", block) for block in found]

    assert blocks("README.ja.md") == blocks("README.md")


def test_the_readmes_example_imports_what_there_is() -> None:
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    for node in ast.walk(ast.parse(example)):
        if isinstance(node, ast.ImportFrom) and node.module:
            module = importlib.import_module(node.module)
            assert [name.name for name in node.names if not hasattr(module, name.name)] == []


def test_every_room_is_described_once() -> None:
    table = (
        (DOCS / "architecture.md").read_text(encoding="utf-8").partition("| room |")[2].partition("\n\n")[0]
    )
    rooms = re.findall(r"\w+", layers().replace("```", ""))  # import-linter sees that none is left out there
    assert sorted(re.findall(r"^\| `(\w+)` \|", table, re.M)) == sorted(rooms)


def test_every_target_of_make_is_described() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    (phony,) = re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    text = (DOCS / "development.md").read_text("utf-8")
    assert [name for name in phony.split() if f"`make {name}`" not in text] == []


@pytest.mark.parametrize("what", _FORBIDDEN)
def test_no_file_tells(what: str) -> None:
    pattern = _FORBIDDEN[what]
    found = []
    for file in _tracked():
        match = pattern.search(file.read_bytes().decode("utf-8", "replace"))
        if match:
            found.append(f"{file.relative_to(ROOT)}: {match[0]!r}")
    assert not found
