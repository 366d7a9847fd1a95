"""The wheel in an environment of its own, outside of the checkout: the pytest plugin runs the cases there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from gateway.conformance import load_cases
from tests.kit.network import GATEWAY, running

ROOT = Path(__file__).resolve().parents[2]
SUITE = """
def test_message_profile(juki_case):
    assert juki_case.sent and juki_case.received.body
    assert juki_case.passed, juki_case.complaints
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the project as its wheel has it, and nothing else."""
    folder = tmp_path_factory.mktemp("wheel")
    _run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    (wheel,) = folder.glob("*.whl")
    site = folder / "site"
    _run(sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", site, wheel)
    return site


def test_a_vendors_suite(installed: Path, tmp_path: Path) -> None:
    suite = tmp_path / "test_vendor.py"
    suite.write_text(SUITE)
    only = (GATEWAY, "national-server")
    with running(tmp_path / "network", only=only) as network:
        document = network.folder / "network.json"
        told = _suite(installed, suite, "--juki-network", document, "--juki-target", GATEWAY)
    assert re.search(rf"^{len(load_cases())} passed", told, re.MULTILINE), told
    told = _suite(installed, suite)
    assert f"{len(load_cases())} skipped" in told


def test_it_is_the_wheel_that_runs(installed: Path, tmp_path: Path) -> None:
    """Contract and PKI profiles come with it."""
    told = _python(
        *(installed, tmp_path, "-c"),
        "import gateway; from gateway.data import data_folder;"
        "print(gateway.__file__, data_folder('wsdl'), data_folder('certs'))",
    )
    assert all(Path(place).is_relative_to(installed) for place in told.split())
    assert "nothing wrong" in _python(installed, tmp_path, "-m", "gateway.cli", "wsdl", "check")


def _suite(installed: Path, suite: Path, *options: object) -> str:
    return _python(installed, suite.parent, "-m", "pytest", "-q", "-p", "no:cacheprovider", suite, *options)


def _python(installed: Path, folder: Path, *arguments: object) -> str:
    """Run Python with the wheel and the packages that the project needs, as an installation has them."""
    packages = sysconfig.get_path("purelib")
    environment = {**os.environ, "PYTHONPATH": f"{installed}{os.pathsep}{packages}"}
    return _run(sys.executable, "-S", *arguments, cwd=folder, env=environment)


def _run(*command: object, **how: object) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
        **how,  # type: ignore[call-overload] # cwd and env
    )
    if done.returncode:
        raise AssertionError(done.stdout + done.stderr)
    return str(done.stdout)
