"""The table of rules against the profile's own table, and against the tests: no rule is untested.

The numbers of the steps are the same in the profile, the code and the tests' file names.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.refusals import RULES
from tests.kit.refusal import check

HERE = Path(__file__).parent
PROFILE = {
    1: {"soap:Client"},
    2: {"soap:Client"},
    3: {"soap:Client", "soap:MustUnderstand", "soap:VersionMismatch"},
    4: {"wsse:InvalidSecurity"},
    5: {"wsse:UnsupportedAlgorithm", "wsse:InvalidSecurity"},
    6: {"wsse:FailedCheck"},
    7: {"wsse:FailedAuthentication", "wsse:InvalidSecurityToken"},
    8: {"wsse:FailedCheck"},
    9: {"wsu:MessageExpired"},
    10: {"wsa:InvalidAddressingHeader", "wsa:ActionNotSupported", "wsa:MessageAddressingHeaderRequired"},
    11: {"wsse:FailedAuthentication", "juki:NotPermitted"},
    12: {"juki:DuplicateMessage", "juki:Busy"},
    13: {"juki:InvalidRequest"},
}
"""Step to the faults that a sender may see, as the profile's verification table has them."""


def test_the_steps_are_the_profiles() -> None:
    check({rule.step for rule in RULES.values()} == set(PROFILE), "steps")


@pytest.mark.parametrize("step", PROFILE)
def test_the_faults_are_the_profiles(step: int) -> None:
    seen = {str(rule.fault) for rule in RULES.values() if rule.step == step}
    check(seen == PROFILE[step], f"step {step}: {seen}")


@pytest.mark.parametrize("name", sorted(RULES))
def test_the_http_status_is_the_profiles(name: str) -> None:
    rule = RULES[name]
    check(rule.status == 500 or (rule.step == 1 and rule.status in {404, 405, 413, 415}), f"{rule.status}")


@pytest.mark.parametrize("name", sorted(RULES))
def test_the_texts_are_whole(name: str) -> None:
    rule = RULES[name]
    check(rule.en.endswith("."), rule.en)
    check(rule.ja.endswith("。"), rule.ja)
    check(re.fullmatch("[a-z0-9-]+", name), "a stable name")


@pytest.mark.parametrize("step", range(2, 11))
def test_every_rule_is_named_in_the_tests_of_its_step(step: int) -> None:
    texts = "".join(path.read_text("utf-8") for path in sorted(HERE.glob(f"test_step_{step:02d}*.py")))
    missing = [rule.name for rule in RULES.values() if rule.step == step and f'"{rule.name}"' not in texts]
    check(not missing, f"step {step}: no test names {', '.join(missing)}")
