"""The refusal suite under ``python -O``, where assert statements are gone.

No check of the gateway may be one, and no test may pass because its own check is gone: a file of wrong
expectations must fail under ``-O`` in every one of them. The tests of the second engine are left out, since
no statement of the source can change under ``-O``: that is looked at by itself.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
# pytest warns that it rewrites asserts of test modules only: that is what is tried here.
QUIET = "ignore:assertions not in test modules or plugins will be ignored:pytest.PytestConfigWarning"
WRONG = """
from gateway.refusals import Refused
from tests.kit.refusal import check, expect_refusal


def test_another_rule():
    with expect_refusal("digest", "wsse:FailedCheck"):
        raise Refused("signature-value")


def test_another_fault():
    with expect_refusal("digest", "wsse:InvalidSecurity"):
        raise Refused("digest")


def test_no_refusal():
    with expect_refusal("digest", "wsse:FailedCheck"):
        pass


def test_a_check():
    check(False, "must fail")


def test_an_assert_of_a_test_module():
    assert False


def test_a_good_expectation():
    with expect_refusal("digest", "wsse:FailedCheck"):
        raise Refused("digest")
"""


def optimised(*arguments: str) -> tuple[int, dict[str, int], str]:
    """pytest's exit status, its counts and its output under ``python -O``."""
    command = [sys.executable, "-O", "-m", "pytest", "--tb=line", "-W", QUIET, *arguments]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    counts = {
        word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|errors?)", ended.stdout)
    }
    return ended.returncode, counts, ended.stdout[-4000:] + ended.stderr[-2000:]


@pytest.mark.timeout(300)
def test_the_refusal_suite() -> None:
    status, counts, output = optimised("tests/refusals", "-k", "not xmlsec")
    assert status == 0, output
    assert counts["passed"] > 700, output


def test_no_statement_of_the_source_changes() -> None:
    """Neither ``assert`` nor ``__debug__`` stands anywhere in the product."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for folder in ("gateway", "clients")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Assert) or (isinstance(node, ast.Name) and node.id == "__debug__")
    ]
    assert found == []


def test_wrong_expectations_fail(tmp_path: Path) -> None:
    path = tmp_path / "test_wrong.py"
    path.write_text(WRONG)
    status, counts, output = optimised(
        f"--rootdir={ROOT}", f"--config-file={ROOT / 'pyproject.toml'}", str(path)
    )
    assert status == 1, output
    assert counts == {"failed": 5, "passed": 1}, output


def test_optimised_really_means_without_asserts() -> None:
    ended = subprocess.run([sys.executable, "-O", "-c", "assert False"], check=False, timeout=60)
    assert ended.returncode == 0
