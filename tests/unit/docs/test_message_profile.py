"""The pages' tables are those of the code, and the message profile names every step and every limit."""

from __future__ import annotations

import re

import pytest

from gateway.refusals import RULES
from gateway.wss.profile import CURVES, SIGNATURE_ALGORITHMS
from tests.unit.docs.tables import DOCS, PARTS, WRITE, part_of

PROFILE = (DOCS / "message-profile.md").read_text("utf-8")


@pytest.mark.parametrize(("page", "name"), PARTS)
def test_the_part_is_the_codes(page: str, name: str) -> None:
    assert part_of(page, name) == PARTS[page, name](), f"{page} differs from the code; '{WRITE}' writes it"


def test_every_step_is_explained_in_order() -> None:
    rows = re.findall(r"^\| ([0-9]+) \| \*\*", PROFILE, re.MULTILINE)
    assert [int(number) for number in rows] == sorted({rule.step for rule in RULES.values()})


@pytest.mark.parametrize("uri", SIGNATURE_ALGORITHMS)
def test_every_signature_algorithm_is_named(uri: str) -> None:
    assert f"`{uri}`" in PROFILE


@pytest.mark.parametrize("curve", CURVES)
def test_every_curve_is_named(curve: str) -> None:
    assert curve in PROFILE
