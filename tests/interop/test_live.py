"""Other people's stacks call a running network, and the quick starts run as they stand on their pages.

Each verifies our answers with its own code. One service for each stack here, with RSA or P-256; ``make
interop`` runs all of them.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.networks import check, signing_with, write_case
from tests.interop.stacks import STACKS, WSDL, Stack
from tests.kit.network import GATEWAY, Network
from tests.tools import find, not_run

DOCS = WSDL.parent / "docs"
LINES = 40


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """Who asks the resident record service, and who answers the municipal one, signs with P-256."""
    folder = tmp_path_factory.mktemp("interop") / "net"
    with signing_with("P-256", folder, {"131016-registry", "141003-cs"}) as running:
        yield running


def code(language: str, fence: str) -> str:
    """The program on the page of a language, of fewer than 40 lines."""
    page = (DOCS / f"quickstart-{language}.md").read_text(encoding="utf-8")
    (found,) = re.findall(rf"```{fence}\n(.*?)```", page, re.DOTALL)
    assert sum(1 for line in found.splitlines() if line.strip()) < LINES
    return str(found)


def tool(name: str) -> Path:
    """A tool; the test is reported as not run without it."""
    found = find(name)
    if found is None:
        pytest.skip(not_run(name))
    return found


def answered(network: Network) -> int:
    """How many messages the gateway has logged; its log begins with its first line."""
    log = network.state(GATEWAY).log / "gateway.jsonl"
    return len(network.messages(GATEWAY)) if log.exists() else 0


def run(network: Network, *command: str | Path, cwd: Path) -> None:
    """The program says that the person matches, and the gateway that it answered."""
    before = answered(network)
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, cwd=cwd)
    assert done.stdout.strip() == "match", done.stderr
    network.wait(lambda: answered(network) == before + 1)


def test_python(network: Network, tmp_path: Path) -> None:
    program = tmp_path / "quickstart.py"
    program.write_text(code("python", "python"), encoding="utf-8")
    run(network, sys.executable, program, network.folder / "network.json", cwd=tmp_path)


def test_node(network: Network, tmp_path: Path) -> None:
    node = tool("node")
    (tmp_path / "node_modules").symlink_to(node.parents[1] / "node_modules")
    program = tmp_path / "quickstart.js"
    program.write_text(code("node", "javascript"), encoding="utf-8")
    run(network, node, program, network.folder / "network.json", WSDL / "terminal-1.wsdl", cwd=tmp_path)


def test_php(network: Network, tmp_path: Path) -> None:
    php = tool("php")
    helper = "signed-soap-client.php"
    (tmp_path / helper).symlink_to(DOCS / "quickstart" / helper)
    program = tmp_path / "quickstart.php"
    program.write_text(code("php", "php"), encoding="utf-8")
    run(network, php, program, network.folder / "network.json", WSDL / "terminal-1.wsdl", cwd=tmp_path)


def test_java(network: Network, tmp_path: Path) -> None:
    java = tool("java")  # which has the helper among its classes
    program = tmp_path / "Quickstart.java"
    program.write_text(code("java", "java"), encoding="utf-8")
    run(network, java, program, network.folder / "network.json", cwd=tmp_path)


def test_c(network: Network, tmp_path: Path) -> None:
    compiler = tool("gsoap")  # with the code that wsdl2h generated, and the helper
    program, source = tmp_path / "quickstart", tmp_path / "quickstart.c"
    source.write_text(code("c", "c"), encoding="utf-8")
    subprocess.run([compiler, source, program], check=True, timeout=60)
    run(network, program, network.folder / "network.json", cwd=tmp_path)


@pytest.mark.parametrize(
    ("stack", "service"),
    [
        # The terminal's service is RSA both ways.
        pytest.param(stack, "terminal" if stack.without else stack.services[at % 3], id=stack.name)
        for at, stack in enumerate(STACKS)
    ],
)
def test_a_stack_asks_and_is_answered(network: Network, stack: Stack, service: str, tmp_path: Path) -> None:
    if stack.missing:
        pytest.skip(stack.missing)
    report = stack.ask(network.folder / "network.json", write_case(network, service, tmp_path))
    check(report, service)
