"""What the pages say of the command is true of it, and no command is left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from gateway.cli import app
from gateway.cli.exits import GOOD, INTERRUPTED, REFUSED, UNREACHABLE, USED_WRONGLY
from gateway.cli.simulator import KINDS
from tests.unit.docs.tables import DOCS, ROOT

INTERFACE = (DOCS / "interface.md").read_text("utf-8")
PAGES = [ROOT / "README.md", ROOT / "README.ja.md", *sorted(DOCS.rglob("*.md"))]
_CODE = re.compile(r"```.*?\n(.*?)```|`([^`\n]+)`", re.DOTALL)
_CALL = re.compile(r"(?:^|[\s/(])juki-gateway((?: +[^\s`|]+)+)", re.MULTILINE)


def _leaves(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    children = getattr(command, "commands", None)
    if children is None and not hasattr(command, "list_commands"):
        yield words, command
        return
    for name in command.list_commands(None):
        yield from _leaves(command.get_command(None, name), (*words, name))


COMMANDS = dict(_leaves(typer.main.get_command(app)))


def _options(command: Any) -> set[str]:
    names = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    return names | {"--help"}


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_is_named(words: tuple[str, ...]) -> None:
    assert re.search(rf"^\| `juki-gateway {' '.join(words)}[` ]", INTERFACE, re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_is_named_exists(page: Any) -> None:
    text = page.read_text("utf-8")
    for code in (fenced or inline for fenced, inline in _CODE.findall(text)):
        for call in _CALL.findall(code.replace("\\\n", " ")):
            words = call.split()
            if words[0].startswith("-") or words[0].isupper():
                continue
            known = next((words[:n] for n in (2, 1) if tuple(words[:n]) in COMMANDS), None)
            group = len(words) == 1 and any(command[0] == words[0] for command in COMMANDS)
            assert known is not None or group or words[1] == "…", f"{page.name}: juki-gateway{call}"
            for option in (word.strip("[]") for word in words if word.strip("[]").startswith("--")):
                assert known is not None
                name = option.partition("=")[0]
                assert name in _options(COMMANDS[tuple(known)]), f"{page.name}: juki-gateway{call}"


def test_the_exit_statuses_are_the_commands() -> None:
    listed = [int(number) for number in re.findall(r"^\| ([0-9]+) \| ", INTERFACE, re.MULTILINE)]
    assert listed == [GOOD, REFUSED, USED_WRONGLY, UNREACHABLE, INTERRUPTED]


def test_every_behaviour_of_a_simulator_is_listed() -> None:
    listed = re.findall(r"^\| `([a-z-]+)(?:=[^`]*)?` \| ", INTERFACE, re.MULTILINE)
    assert [name for name in listed if name in KINDS] == list(KINDS)
