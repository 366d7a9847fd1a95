"""Calls to the operating system of running processes, by strace: watched, or made to fail at the n-th.

strace counts for each thread on its own: with ``nth=3`` the third such call of every thread fails. Attached
to our own children it needs no rights.
"""

from __future__ import annotations

import contextlib
import re
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.tools import find

STRACE = find("strace")

_LINE = re.compile(
    r"(?P<thread>\d+) +(?:<\.\.\. (?P<resumed>\w+) resumed>|(?P<name>\w+)\()"
    r"(?P<rest>.*?)(?:(?P<unfinished> <unfinished \.\.\.>)|(?: = (?P<result>-?\d+|\?).*))$"
)
_FILE = re.compile(r"\d+<(?P<what>[^>]*(?:->[^>]*)?)>")


@dataclass(frozen=True, slots=True)
class Call:
    """One call: who made it, on what, when it began and ended (by lines), and its result."""

    thread: int
    name: str
    what: str
    begun: int
    ended: int
    result: int


class Traced:
    """strace at work; ``calls`` once it has ended."""

    def __init__(self, file: Path, process: subprocess.Popen[bytes]) -> None:
        self._file = file
        self._process = process

    def end(self) -> None:
        """Let go of the processes."""
        if self._process.poll() is None:
            self._process.terminate()
        self._process.wait(30)

    @property
    def injected(self) -> int:
        """How many calls were made to fail."""
        return self._file.read_text(errors="replace").count("(INJECTED)")

    def calls(self) -> list[Call]:
        """Every whole call, by its end."""
        return read_calls(self._file.read_text(errors="replace"))


def read_calls(text: str) -> list[Call]:
    """The calls that a trace tells of; one that never ended is left out."""
    open_calls: dict[int, tuple[str, str, int]] = {}
    found = []
    for number, line in enumerate(text.splitlines()):
        match = _LINE.match(line)
        if match is None:
            continue
        thread = int(match["thread"])
        if match["resumed"]:
            name, what, begun = open_calls.pop(thread, (match["resumed"], "", number))
        else:
            file = _FILE.match(match["rest"])
            name, what, begun = match["name"], file["what"] if file else "", number
        if match["unfinished"]:
            open_calls[thread] = name, what, begun
        elif match["result"] not in {None, "?"}:
            found.append(Call(thread, name, what, begun, number, int(match["result"])))
    return found


@contextlib.contextmanager
def traced(file: Path, processes: Sequence[int], *options: str) -> Iterator[Traced]:
    """strace on processes with all their threads, for the block; begun when it holds them all."""
    command = [str(STRACE), "-f", "-qq", "-yy", "-s", "0", "-o", str(file), *options]
    for process in processes:
        command += ["-p", str(process)]
    file.unlink(missing_ok=True)
    started = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    made = Traced(file, started)
    try:
        limit = time.monotonic() + 60
        while not all(map(_is_held, processes)):
            if started.poll() is not None or time.monotonic() > limit:
                told = started.stderr.read() if started.stderr and started.poll() is not None else b""
                raise RuntimeError(f"strace does not hold {processes}: {told.decode(errors='replace')}")
            time.sleep(0.01)
        yield made
    finally:
        made.end()
        if started.stderr is not None:
            started.stderr.close()


def failing(
    file: Path, processes: Sequence[int], calls: str, error: str, nth: int
) -> contextlib.AbstractContextManager[Traced]:
    """The n-th of these calls (``pwrite64,write``) of every thread fails with ``error``, for the block."""
    return traced(file, processes, "-e", f"trace={calls}", "-e", f"inject={calls}:error={error}:when={nth}")


def _is_held(process: int) -> bool:
    try:
        for task in Path(f"/proc/{process}/task").iterdir():
            status = (task / "status").read_text()
            if re.search(r"^TracerPid:\t0$", status, re.MULTILINE):
                return False
    except (FileNotFoundError, ProcessLookupError):
        return False
    return True
