"""docs/source-map.md names every step, system and note of the source document, and tests that exist."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from tests.unit.docs.tables import DOCS, ROOT

PAGE = (DOCS / "source-map.md").read_text("utf-8")
LENGTHS = {1: 4, 2: 4, 3: 6, 4: 1, 5: 2, 6: 3, 7: 2, 8: 1}
"""How many steps each flow of the source document has."""
STEPS = [f"{flow}-{'①②③④⑤⑥'[step]}" for flow, steps in LENGTHS.items() for step in range(steps)]
SYSTEMS = [
    *("市町村CS", "既存住基システム", "統合端末", "都道府県サーバ", "全国サーバ", "転出地市町村", "機構"),
    *("個人番号カード管理システム", "マイナンバー利用業務システム", "統合宛名管理端末"),
]
NOTES = ["注1", "注2", "注3", "注4"]
AT_A_COUNTER = {"注1", "注4"}
"""What has nothing to be built, and so no test."""
_NAMED = re.compile(r"`(tests/[\w/]+[.]py)::(\w+)`")


def rows() -> dict[str, str]:
    return {cells[1].strip(): line for line in PAGE.splitlines() if len(cells := line.split("|")) > 3}


@cache
def defined(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("name", [*STEPS, *SYSTEMS, *NOTES])
def test_everything_of_the_source_document_has_a_row_with_a_test(name: str) -> None:
    assert PAGE.count(f"\n| {name} |") == 1
    assert bool(_NAMED.findall(rows()[name])) is not (name in AT_A_COUNTER)


def test_every_test_named_exists() -> None:
    named = _NAMED.findall(PAGE)
    assert [f"{file}::{name}" for file, name in named if name not in defined(file)] == []
    assert len(named) == PAGE.count("::")


def test_every_client_is_named() -> None:
    clients = {file.name for file in (ROOT / "clients").glob("[a-z]*.py")} - {"connect.py"}
    assert set(re.findall(r"`clients/(\w+[.]py)`", PAGE)) == clients
