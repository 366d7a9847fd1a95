"""Writes log lines: JSON to log/gateway.jsonl, and a short line for people to standard error."""

from __future__ import annotations

import os
import threading
import traceback
from collections.abc import Mapping, MutableMapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import structlog

from gateway.telemetry.escape import escape
from gateway.telemetry.keys import TIMING, allowed
from gateway.telemetry.libraries import Bridge, pin

FILE_NAME = "gateway.jsonl"

EventDict = MutableMapping[str, Any]


class _Sink:
    """Appends whole lines to the file, whatever process and thread they come from."""

    def __init__(self, file: Path | None, console: TextIO | None) -> None:
        self._file = file
        self._console = console
        self._handle: int | None = None
        self._lock = threading.Lock()

    def write(self, line: str, short: str) -> None:
        """One line to each place. A failing log never fails a message: the line is lost instead."""
        try:
            if self._file is not None:
                # O_APPEND and one write per line: processes that share the file never mix lines.
                with self._lock:
                    os.write(self._open(self._file), (line + "\n").encode("utf-8", "backslashreplace"))
            if self._console is not None:
                self._console.write(short + "\n")
                self._console.flush()
        except (OSError, ValueError):
            return

    def _open(self, file: Path) -> int:
        if self._handle is not None:
            try:
                same = os.path.samestat(os.fstat(self._handle), file.stat())
            except FileNotFoundError:
                same = False
            if same:
                return self._handle
            # The file was moved away by a log rotation.
            os.close(self._handle)
        self._handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        return self._handle


class _Rendering:
    """The end of structlog's chain: both forms of a line."""

    def __init__(self, system: str) -> None:
        self._system = system
        self._json = structlog.processors.JSONRenderer(ensure_ascii=False)

    def __call__(self, logger: Any, method: str, fields: EventDict) -> tuple[tuple[str, str], dict[str, Any]]:
        line = safe_line(
            {**fields, "system": self._system, "process": os.getpid()}, method, datetime.now(UTC)
        )
        rest = " ".join(
            f"{key}={value}"
            for key, value in line.items()
            if key not in {"timestamp", "level", "event", "process"}
        )
        short = f"{line['timestamp'][11:19]} {line['level']:<7} {line['event']} {rest}"
        return (str(self._json(logger, method, line)), short), {}


def safe_line(fields: Mapping[str, Any], level: str, now: datetime) -> dict[str, Any]:
    """What of ``fields`` may be written, every text escaped and cut; times in UTC, ISO 8601."""
    line: dict[str, Any] = {"timestamp": _instant(now), "level": level, "event": ""}
    for key, value in fields.items():
        if allowed(key, value) and key not in {"timestamp", "level"}:
            line[key] = _safe(value)
    return line


def _safe(value: Any) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, datetime):
        return _instant(value)
    return escape(str(value))


def _instant(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _nowhere(_logger: Any, _method: str, _fields: EventDict) -> Any:
    raise structlog.DropEvent


structlog.configure(processors=[_nowhere], cache_logger_on_first_use=False)
_log = structlog.get_logger()


def configure(folder: Path | None, *, system: str, console: TextIO | None = None) -> None:
    """Send this process's lines to ``folder``/gateway.jsonl and, shortened, to ``console``.

    ``system`` is the id that stands in every line. Pins the loggers of libraries to WARNING.
    """
    sink = _Sink(folder / FILE_NAME if folder is not None else None, console)
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, _Rendering(system)],
        logger_factory=lambda *_args: _Writer(sink),
        wrapper_class=structlog.BoundLogger,
        cache_logger_on_first_use=False,
    )
    pin(Bridge(lambda logger, level, place: event("library", logger=logger, state=level, place=place)))


class _Writer:
    """What structlog calls at the end of its chain."""

    def __init__(self, sink: _Sink) -> None:
        self.info = self.warning = self.error = sink.write


def about(**fields: Any) -> AbstractContextManager[None]:
    """Within: every line of this thread also carries ``fields`` (the reference of a message)."""
    return structlog.contextvars.bound_contextvars(**fields)


def current_reference() -> str | None:
    """The reference that lines of this thread carry now, or None."""
    value = structlog.contextvars.get_contextvars().get("reference")
    return None if value is None else str(value)


def event(name: str, /, **fields: Any) -> None:
    """One line about something that happened. ``name`` is a constant, never built from data."""
    _log.info(name, **fields)


def warning(name: str, /, **fields: Any) -> None:
    """One line about something that somebody should look at."""
    _log.warning(name, **fields)


def message(
    reference: str,
    *,
    counterpart: str | None,
    operation: str | None,
    outcome: str,
    timings: Mapping[str, float],
    **fields: Any,
) -> None:
    """The one line of a message.

    ``outcome`` is ``answered``, ``repeated``, ``refused``, ``fault`` or ``failed``; ``timings`` are
    milliseconds by part (``verify``, ``flow``, ``sign``, …, ``total``).
    """
    parts = {f"{part}{TIMING}": value for part, value in timings.items()}
    _log.info(
        "message",
        reference=reference,
        counterpart=counterpart,
        operation=operation,
        outcome=outcome,
        **fields,
        **parts,
    )


def bug(reference: str, error: BaseException, /, **fields: Any) -> None:
    """A failure nobody foresaw: its type and the places in the code.

    Never its text, which may quote a person's data.
    """
    frames = traceback.extract_tb(error.__traceback__)
    places = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames))
    _log.error("bug", reference=reference, error=type(error).__name__, place=places, **fields)
