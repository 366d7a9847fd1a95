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
from tests.kit.registry import CARDS

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = ("-p", "no:cacheprovider", "-p", "gateway.cli.conformance_pytest")
SUITE = """
from pathlib import Path

import gateway
from gateway.contract import SERVICES
from gateway.contract.check import check_wsdl
from gateway.data import data_folder


def test_message_profile(juki_case):
    assert juki_case.sent and juki_case.received.body
    assert juki_case.passed, juki_case.complaints


def test_it_is_the_wheel_that_runs():
    site = Path(gateway.__file__).parents[1]
    assert site.name == "site"
    assert all(data_folder(name).is_relative_to(site) for name in ("wsdl", "certs"))
    assert [check_wsdl(data_folder("wsdl") / one.wsdl) for one in SERVICES.values()] == [[]] * len(SERVICES)
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
    with running(tmp_path / "network", only=(GATEWAY, "national-server", CARDS)) as network:
        document = network.folder / "network.json"
        told = _suite(installed, suite, "--juki-network", document, "--juki-target", GATEWAY)
    # No other municipality runs, from which one could move in.
    ours = sum(case.fits("terminal") and not case.id.startswith("move-") for case in load_cases())
    skipped = len(load_cases()) - ours
    assert re.search(rf"^{ours + 1} passed, {skipped} skipped", told, re.MULTILINE), told


def _suite(installed: Path, suite: Path, *options: object) -> str:
    """Run pytest with the wheel and the packages that the project needs, as an installation has them."""
    environment = {**os.environ, "PYTHONPATH": f"{installed}{os.pathsep}{sysconfig.get_path('purelib')}"}
    command = (sys.executable, "-S", "-m", "pytest", "-q", *PLUGINS, suite, *options)
    return _run(*command, cwd=suite.parent, env=environment)


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
