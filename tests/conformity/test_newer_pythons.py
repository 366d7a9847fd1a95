"""The contract on newer Pythons: every service is there, and messages cross it unchanged."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from gateway.contract import SERVICES
from tests.tools import NEWER_PYTHONS, find, not_run

ROOT = Path(__file__).resolve().parents[2]
CROSSING = """
import sys
from lxml import etree
from gateway.contract import SERVICES, read_answer, read_request, write_answer, write_request
from tests.kit.questions import ANSWER, BY_CODE, BY_DOCUMENT, TERMINAL, VERIFY

for question in (BY_CODE, BY_DOCUMENT):
    if read_request(TERMINAL, VERIFY, write_request(TERMINAL, VERIFY, question)) != question:
        sys.exit("a question changed")
answer = etree.fromstring(write_answer(TERMINAL, VERIFY, ANSWER))
if read_answer(TERMINAL, VERIFY, answer) != ANSWER:
    sys.exit("an answer changed")
print(*sys.version_info[:2], len(SERVICES))
"""


@pytest.mark.parametrize("name", NEWER_PYTHONS)
def test_messages_cross_the_contract(name: str) -> None:
    python = find(name)
    if python is None:
        pytest.skip(not_run(name))
    done = subprocess.run(
        [python, "-W", "error::SyntaxWarning:gateway", "-c", CROSSING],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [*name.removeprefix("python").split("."), str(len(SERVICES))]
