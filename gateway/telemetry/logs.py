"""Writes log lines: JSON to log/gateway.jsonl, and a short line for people to standard error."""

from __future__ import annotations

import json
import os
import threading
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, TextIO

from gateway.telemetry.escape import escape
from gateway.telemetry.keys import TIMING, allowed
from gateway.telemetry.libraries import Bridge, pin

FILE_NAME = "gateway.jsonl"

_LOOK_EVERY = 0.25  # seconds between two looks whether the file was moved away
_OURS = frozenset({"timestamp", "level"})
_ALWAYS = frozenset({"timestamp", "level", "event", "process"})


class _Sink:
    """Appends whole lines to the file, whatever process and thread they come from."""

    def __init__(self, file: Path | None, console: TextIO | None) -> None:
        self._file = file
        self._console = console
        self._handle: int | None = None
        self._look_at = 0.0
        self._lock = threading.Lock()
        self._held = threading.local()

    def write(self, line: str, short: str) -> None:
        """One line to each place. A failing log never fails a message: the line is lost instead."""
        held: list[tuple[str, str]] | None = getattr(self._held, "lines", None)
        if held is None:
            self._write([(line, short)])
        else:
            held.append((line, short))

    @contextmanager
    def together(self) -> Iterator[None]:
        """Within: this thread's lines are kept, and written at the end in one go."""
        if getattr(self._held, "lines", None) is not None:
            yield
            return
        lines = self._held.lines = []
        try:
            yield
        finally:
            self._held.lines = None
            if lines:
                self._write(lines)

    def _write(self, lines: Sequence[tuple[str, str]]) -> None:
        try:
            if self._file is not None:
                whole = "".join([f"{line}\n" for line, _ in lines])
                # O_APPEND and one write of whole lines: processes that share the file never mix them.
                with self._lock:
                    os.write(self._open(self._file), whole.encode("utf-8", "backslashreplace"))
            if self._console is not None:
                self._console.write("".join([f"{short}\n" for _, short in lines]))
                self._console.flush()
        except (OSError, ValueError):
            return

    def _open(self, file: Path) -> int:
        now = time.monotonic()
        if self._handle is not None and now < self._look_at:
            return self._handle
        self._look_at = now + _LOOK_EVERY
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


class _Log:
    """Makes lines and gives them to a sink."""

    def __init__(self, sink: _Sink, system: str) -> None:
        self._sink = sink
        self._system = system
        self._encode = json.JSONEncoder(ensure_ascii=False).encode

    def together(self) -> AbstractContextManager[None]:
        """As _Sink.together."""
        return self._sink.together()

    def write(self, level: str, name: str, fields: Mapping[str, Any]) -> None:
        """One line."""
        about, system = _about.get(), {"system": self._system, "process": _process[0]}
        line = safe_line({**about, **fields, "event": name, **system}, level, datetime.now(UTC))
        rest = " ".join([f"{key}={value}" for key, value in line.items() if key not in _ALWAYS])
        self._sink.write(self._encode(line), f"{line['timestamp'][11:19]} {level:<7} {name} {rest}")


_log: _Log | None = None
_process = [os.getpid()]  # asking costs more than anything else in a line
os.register_at_fork(after_in_child=lambda: _process.__setitem__(0, os.getpid()))
_about: ContextVar[Mapping[str, Any]] = ContextVar("about", default=MappingProxyType({}))


def safe_line(fields: Mapping[str, Any], level: str, now: datetime) -> dict[str, Any]:
    """What of ``fields`` may be written, every text escaped and cut; times in UTC, ISO 8601."""
    line: dict[str, Any] = {"timestamp": _instant(now), "level": level, "event": ""}
    for key, value in fields.items():
        if allowed(key, value) and key not in _OURS:
            line[key] = escape(value) if type(value) is str else _safe(value)
    return line


def _safe(value: Any) -> Any:
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, datetime):
        return _instant(value)
    return escape(str(value))


def _instant(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def configure(folder: Path | None, *, system: str, console: TextIO | None = None) -> None:
    """Send this process's lines to ``folder``/gateway.jsonl and, shortened, to ``console``.

    ``system`` is the id that stands in every line. Pins the loggers of libraries to WARNING.
    """
    global _log  # noqa: PLW0603 - one log for each process
    _log = _Log(_Sink(folder / FILE_NAME if folder is not None else None, console), system)
    pin(Bridge(lambda logger, level, place: event("library", logger=logger, state=level, place=place)))


class about:  # noqa: N801 - called like a function, and cheaper than one with contextlib
    """Within: every line of this thread also carries ``fields`` (the reference of a message)."""

    __slots__ = ("_before", "_fields")

    def __init__(self, **fields: Any) -> None:
        self._fields = fields

    def __enter__(self) -> None:
        self._before = _about.set({**_about.get(), **self._fields})

    def __exit__(self, *_: object) -> None:
        _about.reset(self._before)


def together() -> AbstractContextManager[None]:
    """Within: the lines of this thread wait, and are written in one go at the end, also of an error."""
    return nullcontext() if _log is None else _log.together()


def current_reference() -> str | None:
    """The reference that lines of this thread carry now, or None."""
    value = _about.get().get("reference")
    return None if value is None else str(value)


def _write(level: str, name: str, fields: Mapping[str, Any]) -> None:
    """One line, when there is a log."""
    if _log is not None:
        _log.write(level, name, fields)


def event(name: str, /, **fields: Any) -> None:
    """One line about something that happened. ``name`` is a constant, never built from data."""
    _write("info", name, fields)


def warning(name: str, /, **fields: Any) -> None:
    """One line about something that somebody should look at."""
    _write("warning", name, fields)


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
    _write(
        "info",
        "message",
        {
            "reference": reference,
            "counterpart": counterpart,
            "operation": operation,
            "outcome": outcome,
            **fields,
            **{f"{part}{TIMING}": value for part, value in timings.items()},
        },
    )


def bug(reference: str, error: BaseException, /, **fields: Any) -> None:
    """A failure nobody foresaw: its type and the places in the code.

    Never its text, which may quote a person's data.
    """
    frames = traceback.extract_tb(error.__traceback__)
    places = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames))
    told = {"reference": reference, "error": type(error).__name__, "place": places, **fields}
    _write("error", "bug", told)
