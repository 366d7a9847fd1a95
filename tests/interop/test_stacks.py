"""Other people's stacks call a running network: each verifies our answers with its own code.

One service and one algorithm for each stack here; ``make interop`` runs all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.networks import check, signing_with, write_case
from tests.interop.stacks import STACKS, Stack
from tests.kit.network import Network


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    with signing_with("RSA-2048", tmp_path_factory.mktemp("interop") / "net") as running:
        yield running


@pytest.mark.parametrize(
    ("stack", "service"),
    [
        pytest.param(stack, stack.services[at % len(stack.services)], id=stack.name)
        for at, stack in enumerate(STACKS)
    ],
)
def test_a_stack_asks_and_is_answered(network: Network, stack: Stack, service: str, tmp_path: Path) -> None:
    if stack.missing:
        pytest.skip(stack.missing)
    report = stack.ask(network.folder / "network.json", write_case(network, service, tmp_path))
    check(report, service)
