"""The harness tells a good server from a weak one: each flaw is found by its cases, and nothing else is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.conformance import load_cases, run
from tests.kit.door import Door
from tests.unit.conformance.bad_senders import revoked
from tests.unit.conformance.weak_server import switch_off, target_of

CASES = tuple(case for case in load_cases() if case.fits("terminal") and case.situation is None)
RULES = sorted({case.rule.name for case in CASES if case.rule is not None})


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    """One for each flaw: a certificate that a weak server took is taken from then on."""
    opened = Door.open(tmp_path, revoked=revoked())
    yield opened
    opened.close()


def test_a_good_server_passes_every_case(door: Door) -> None:
    outcomes = list(run(target_of(door), CASES))
    assert {one.case.id: one.complaints or one.not_run for one in outcomes if not one.passed} == {}
    assert len(outcomes) == len(CASES)


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_that_is_off_is_found_and_nothing_else(
    rule: str, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch_off(rule, monkeypatch)
    failed = {outcome.case.id for outcome in run(target_of(door), CASES) if not outcome.passed}
    assert failed == {case.id for case in CASES if case.rule is not None and case.rule.name == rule}


def test_at_least_forty_flaws_are_tried() -> None:
    assert len(RULES) >= 40
