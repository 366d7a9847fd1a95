"""Every alarm has a cause in the code, a test that raises it, and a section that says what to do, twice."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.telemetry.alarms import ALARMS
from tests.unit.docs.tables import DOCS, ROOT

_SOURCE = [file for file in (ROOT / "gateway").rglob("*.py") if file.name not in {"alarms.py", "refusals.py"}]
_TESTS = [file for file in (ROOT / "tests").rglob("test_*.py") if "docs" not in file.parts]


def _sections(page: str) -> dict[str, str]:
    text = (DOCS / page).read_text("utf-8")
    found = re.split(r"^###? (.+)$", text, flags=re.MULTILINE)
    return dict(zip(found[1::2], found[2::2], strict=True))


def _named(code: str, files: list[Path]) -> list[str]:
    return [file.name for file in files if f'"{code}"' in file.read_text("utf-8")]


@pytest.mark.parametrize(("page", "do"), [("operations.md", "**Do**"), ("operations.ja.md", "**対応**")])
def test_every_alarm_has_a_section_that_says_what_to_do(page: str, do: str) -> None:
    sections = _sections(page)
    assert [code for code in sections if code in ALARMS] == list(ALARMS)
    assert [code for code in ALARMS if do not in sections[code]] == []


@pytest.mark.parametrize("code", ALARMS)
def test_every_alarm_has_a_cause_and_a_test_of_it(code: str) -> None:
    assert _named(code, _SOURCE), "nothing raises it"
    assert _named(code, _TESTS), "no test raises it"
