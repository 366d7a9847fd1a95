"""What getting a tool needs: running a command, and saying why a tool cannot be had."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


class CannotBeHad(Exception):
    """Why a tool is not there."""


def run(*command: object, cwd: Path | None = None) -> str:
    """Standard output of a command. Raises CannotBeHad with the last line of what it complained of."""
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env={**os.environ, "LC_ALL": "C"},
        timeout=600,
    )
    if done.returncode:
        complaint = (done.stderr.strip() or done.stdout.strip() or "no word").splitlines()[-1]
        raise CannotBeHad(f"{Path(str(command[0])).name} ended with {done.returncode} ({complaint})")
    return done.stdout.strip()


def write_wrapper(file: Path, text: str) -> None:
    """An executable shell script."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="ascii")
    file.chmod(0o755)
