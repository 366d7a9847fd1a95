"""The state folder: its layout and modes, what is refused, one running process at a time."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.errors import StateError
from gateway.state import StateBusy, StateFolder, lock_holder, write_atomically


def test_create_makes_everything_for_the_owner_only(tmp_path: Path) -> None:
    state = StateFolder.create(tmp_path / "x", "version = 1\n")
    assert {path.name for path in state.path.iterdir()} == {
        "gateway.toml", "keys", "certificates", "data", "log", "run",
    }  # fmt: skip
    for path in (state.path, *state.path.iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)
    assert StateFolder.open(state.path) == state
    assert state.resolve(Path("keys/a")) == state.keys / "a"


def test_create_takes_an_empty_folder_and_refuses_another(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    StateFolder.create(tmp_path / "empty", "")
    with pytest.raises(StateError, match="is not empty"):
        StateFolder.create(tmp_path / "empty", "")
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match="is not empty"):
        StateFolder.create(tmp_path / "file", "")


def test_open_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="juki-gateway init"):
        StateFolder.open(tmp_path / "none")
    with pytest.raises(StateError, match=r"gateway\.toml is missing"):
        StateFolder.open(tmp_path)
    state = StateFolder.create(tmp_path / "x", "")
    state.data.rmdir()
    with pytest.raises(StateError, match="the folders data are missing"):
        StateFolder.open(state.path)


@pytest.mark.parametrize(
    ("content", "port"),
    [("8443\n", 8443), ("0", None), ("65536", None), ("-1", None), ("８４", None), ("", None), ("1e3", None)],
)
def test_remembered_port(tmp_path: Path, content: str, port: int | None) -> None:
    state = StateFolder.create(tmp_path / "x", "")
    assert state.remembered_port() is None
    (state.run / "port").write_text(content, encoding="utf-8")
    assert state.remembered_port() == port
    state.remember_port(1234)
    assert state.remembered_port() == 1234


def test_one_running_process_a_folder(tmp_path: Path) -> None:
    state = StateFolder.create(tmp_path / "x", "")
    assert state.running_process() is None
    code = (
        "import sys, pathlib; from gateway.state import StateFolder\n"
        "with StateFolder(pathlib.Path(sys.argv[1])).running(): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(state.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        assert state.running_process() == other.pid
        with pytest.raises(StateBusy, match=rf"is already served \(process {other.pid}\)"), state.running():
            pass
        other.kill()
        other.wait()
    # The kernel freed the lock; the stale process id locks nobody out.
    assert state.running_process() is None
    with state.running():
        assert state.running_process() is not None


def test_write_atomically_replaces_or_leaves(tmp_path: Path) -> None:
    file = tmp_path / "file"
    write_atomically(file, b"one")
    write_atomically(file, b"two")
    assert file.read_bytes() == b"two"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]
    with pytest.raises(StateError, match="cannot be written"):
        write_atomically(tmp_path / "none" / "file", b"x")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StateError):
        write_atomically(tmp_path / "folder", b"x")
    assert {path.name for path in tmp_path.iterdir()} == {"file", "folder"}


def test_lock_holder_of_no_file(tmp_path: Path) -> None:
    assert lock_holder(tmp_path / "none") is None
