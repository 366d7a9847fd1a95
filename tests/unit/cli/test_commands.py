"""Exit statuses, --json, help with examples, and the commands that need no running server."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import typer

from gateway import errors
from gateway.cli import COMMANDS, main, output
from gateway.cli.exits import CheckFailed, Refusal, Unreachable, exit_status
from gateway.cli.selfcheck import FLOORS, floor_checks, same_libxml2, versions
from gateway.cli.simulator import KINDS, parse_behaviour
from gateway.errors import NotFitForProduction, UsageError
from gateway.refusals import Refused
from gateway.settings import Settings, Simulator, System, load_settings, render_settings
from gateway.state import StateBusy, StateFolder

Run = Callable[..., Any]
AT = datetime(2026, 11, 25, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Refused("digest"), 1),
        (errors.OperationFault("X", "x", "x"), 1),
        (errors.CounterpartAnswerInvalid("x"), 1),
        (errors.CounterpartFault("X", "x", None, "bound"), 1),
        (errors.CounterpartFault("CounterpartTimeout", "x", None, "unauthenticated"), 1),
        (errors.CounterpartFault("CounterpartTimeout", "x", None, "bound"), 3),
        (errors.CounterpartFault("CounterpartUnavailable", "x", None, "bound"), 3),
        (CheckFailed("x"), 1),
        (Refusal("x"), 1),
        (StateBusy("x"), 1),
        (NotFitForProduction("x"), 1),
        (errors.StateError("x"), 2),
        (UsageError("x"), 2),
        (typer.BadParameter("x"), 2),
        (errors.StoreError("x"), 3),
        (errors.CounterpartUnavailable("x"), 3),
        (errors.CounterpartTimeout("x"), 3),
        (Unreachable("x"), 3),
        (KeyboardInterrupt(), 130),
        (typer.Abort(), 130),
        (ValueError("x"), None),
        (SystemExit(5), None),
    ],
)
def test_exit_statuses(error: BaseException, status: int | None) -> None:
    assert exit_status(error) == status


def commands() -> list[list[str]]:
    """Every command and subcommand as typed."""
    found = []
    for name, module in COMMANDS.items():
        command = typer.main.get_command(importlib.import_module(module).app)
        parts = getattr(command, "commands", None)
        found += [[name, part] for part in parts] if parts else [[name]]
    return found


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_every_command_has_help_with_an_example(run: Run, command: list[str]) -> None:
    ran = run(*command, "--help")
    assert ran.status == 0
    assert f"Example: juki-gateway {' '.join(command)}" in " ".join(ran.out.split())


def test_without_arguments_the_help_is_shown(run: Run) -> None:
    ran = run()
    assert ran.status == 0
    assert all(f"\n  {name} " in ran.out for name in COMMANDS)


@pytest.mark.parametrize("arguments", [("nonsense",), ("init",), ("init", "x", "--nonsense"), ("network",)])
def test_wrong_use(run: Run, arguments: tuple[str, ...]) -> None:
    ran = run(*arguments)
    assert ran.status == 2
    assert ran.out == ""
    assert ran.err.startswith("juki-gateway: ")


def test_a_failure_with_json_is_one_document(run: Run, tmp_path: Path) -> None:
    ran = run("init", tmp_path / "Not An Id", "--json")
    assert ran.status == 2
    assert ran.document["error"]["status"] == 2
    assert ran.document["error"]["kind"] == "UsageError"


def test_a_bug_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.cli.typer.main.get_command", lambda _app: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        main(["init"])


def test_completion_knows_the_commands() -> None:
    environment = {
        "_JUKI_GATEWAY_COMPLETE": "complete_bash",
        "COMP_WORDS": "juki-gateway ne",
        "COMP_CWORD": "1",
        "PATH": "/usr/bin:/bin",
    }
    done = subprocess.run(
        [sys.executable, "-m", "gateway.cli"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["network"]


def test_terminal_controls_are_shown_not_obeyed(capsys: pytest.CaptureFixture[str]) -> None:
    output.Output(False).line("a\x1b[2J\u202eb [red]x[/red] \\")
    assert capsys.readouterr().out == "a\\u001b[2J\\u202eb [red]x[/red] \\\n"


# init


def test_init_makes_a_production_system(run: Run, tmp_path: Path) -> None:
    ran = run("init", tmp_path / "131016-cs", "--municipality", "131016", "--name", "千代田区", "--json")
    assert ran.status == 0
    assert ran.document == {
        "id": "131016-cs",
        "role": "municipal_cs",
        "state": str(tmp_path / "131016-cs"),
        "mode": "production",
    }
    settings = load_settings(tmp_path / "131016-cs" / "gateway.toml")
    assert (settings.mode, settings.system.name, settings.system.municipality) == (
        "production",
        "千代田区",
        "131016",
    )
    assert run("init", tmp_path / "131016-cs").status == 2


@pytest.mark.parametrize("option", [("--role", "todofuken"), ("--municipality", "13")])
def test_init_refuses_wrong_values(run: Run, tmp_path: Path, option: tuple[str, str]) -> None:
    assert run("init", tmp_path / "x", *option).status == 2
    assert not (tmp_path / "x").exists()


# serve


def test_serve_refuses_what_is_for_tests_only(run: Run, tmp_path: Path) -> None:
    run("init", tmp_path / "sim", "--role", "national_server")
    ran = run("serve", tmp_path / "sim")
    assert ran.status == 1
    assert "simulator: " in ran.err


def test_serve_refuses_a_caller_and_a_missing_folder(run: Run, tmp_path: Path) -> None:
    run("init", tmp_path / "t", "--role", "integrated_terminal")
    assert run("serve", tmp_path / "t").status == 2
    assert run("serve", tmp_path / "none").status == 2


# selfcheck


def test_selfcheck_is_good_here(run: Run) -> None:
    ran = run("selfcheck", "--json")
    assert ran.status == 0, ran.out
    assert ran.document["good"] is True
    assert [check["name"] for check in ran.document["checks"]][-2:] == ["engine lxml", "engine xmlsec"]


@pytest.mark.parametrize("name", FLOORS)
def test_a_library_below_its_floor_is_found(name: str) -> None:
    below = {**versions(), name: (*FLOORS[name][:-1], FLOORS[name][-1] - 1)}
    assert [check.name for check in floor_checks(below) if not check.good] == [name]
    assert all(check.good for check in floor_checks({**versions(), name: FLOORS[name]}))


def test_selfcheck_fails_on_a_missed_floor(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FLOORS, "sqlite", (99,))
    ran = run("selfcheck", "--json")
    assert ran.status == 1
    assert ran.document["good"] is False
    assert "sqlite" in ran.err


def test_different_libxml2_is_found() -> None:
    installed = versions()
    assert same_libxml2(installed).good
    assert not same_libxml2({**installed, "xmlsec-libxml2": (2, 13, 9)}).good


# simulator


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("slow=20s", {"kind": "slow", "seconds": 20.0}),
        ("slow=500ms", {"kind": "slow", "seconds": 0.5}),
        ("slow=1.5m", {"kind": "slow", "seconds": 90.0}),
        *((kind, {"kind": kind}) for kind in KINDS if kind != "slow"),
    ],
)
def test_behaviours(text: str, content: dict[str, Any]) -> None:
    assert parse_behaviour(text) == content


@pytest.mark.parametrize(
    "text", ["", "fast", "slow", "slow=", "slow=20", "slow=-1s", "slow=２s", "down=1s", "SLOW=1s"]
)
def test_what_is_no_behaviour(text: str) -> None:
    with pytest.raises(UsageError):
        parse_behaviour(text)


def test_simulator_set_writes_the_behaviour(run: Run, tmp_path: Path) -> None:
    system = System(id="national-server", role="national_server", name="x")
    settings = Settings(mode="development", system=system, simulator=Simulator())
    state = StateFolder.create(tmp_path / "national-server", render_settings(settings))
    ran = run("simulator", "set", tmp_path, "national-server", "slow=20s", "--json")
    assert ran.status == 0
    assert json.loads((state.run / "behaviour.json").read_text()) == {"kind": "slow", "seconds": 20.0}
    run("init", tmp_path / "131016-cs")
    assert run("simulator", "set", tmp_path, "131016-cs", "down").status == 2
    assert run("simulator", "set", tmp_path, "none", "down").status == 2
