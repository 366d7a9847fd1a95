"""What a command prints: one JSON document, or text for people; everything else goes to standard error.

Text of others (names in certificates, answers of counterparts) is escaped and never read as markup.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.telemetry import escape

_LONG = 4096
_WIDE = 240
_printed: list[bool] = []  # filled once the command's document is out: there is never a second one


class Output:
    """The two ways of answering; made by each command from its ``--json``."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self._people = _console(sys.stdout)
        self._progress = _console(sys.stderr)
        self._started = time.monotonic()

    def document(self, content: Mapping[str, Any]) -> None:
        """The command's one JSON document; nothing without ``--json``."""
        if self.as_json:
            _printed.append(True)
            sys.stdout.write(json.dumps(content, ensure_ascii=False, indent=2, default=str) + "\n")
            sys.stdout.flush()

    def line(self, text: str = "", style: str = "") -> None:
        """A line for people; nothing with ``--json``."""
        if not self.as_json:
            self._people.print(Text(clean(text), style=style))

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """A table for people; nothing with ``--json``."""
        if self.as_json:
            return
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in columns:
            table.add_column(Text(column), overflow="fold")
        for row in rows:
            table.add_row(*(Text(clean(str(cell))) for cell in row))
        self._people.print(table, soft_wrap=False)

    def progress(self, text: str) -> None:
        """A line about work in hand, with the seconds since the command began."""
        self._progress.print(Text(f"{time.monotonic() - self._started:6.1f} s  {clean(text)}", style="dim"))


def _console(stream: TextIO) -> Console:
    # What reads a pipe or a file gets whole lines; a terminal folds tables at its own width.
    width = None if stream.isatty() else _WIDE
    return Console(file=stream, markup=False, highlight=False, emoji=False, soft_wrap=True, width=width)


def report_failure(error: BaseException, status: int, *, as_json: bool) -> None:
    """Say why the command failed: as its JSON document, or on standard error."""
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        text = "interrupted"
    elif isinstance(error, typer.TyperException):
        text = error.format_message()
    else:
        text = str(error)
    if as_json and not _printed:
        document = {"error": {"kind": type(error).__name__, "text": text, "status": status}}
        sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")
        sys.stdout.flush()
    for line in text.splitlines() or [""]:
        sys.stderr.write(f"juki-gateway: {clean(line)}\n")


def forget() -> None:
    """Begin a further command in the same process, which has a document of its own."""
    _printed.clear()


def clean(text: str) -> str:
    """``text`` with control and bidi characters made visible; a long text is cut at 4,096 characters."""
    return escape(text, _LONG).replace("\\\\", "\\")
