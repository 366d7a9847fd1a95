"""Production mode: every finding alone keeps a system from starting."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.clock import Move
from gateway.errors import NotFitForProduction
from gateway.pki import Authority
from gateway.production import findings, refuse_unfit
from gateway.settings import CLOCK_FILE, Anchor, Counterpart, Development, Settings, System, render_settings
from gateway.state import StateFolder


@pytest.fixture
def state(tmp_path: Path) -> StateFolder:
    return StateFolder.create(tmp_path / "x", render_settings(made()))


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logger = logging.getLogger("zeep.transports")
    yield
    logger.setLevel(logging.NOTSET)


def made(**changes: Any) -> Settings:
    system = System(id="x", role="municipal_cs", name="x", municipality="131016")
    return Settings(**{"system": system, **changes})


def codes(settings: Settings, state: StateFolder) -> list[str]:
    return [finding.code for finding in findings(settings, state)]


def test_a_plain_new_system_is_fit(state: StateFolder) -> None:
    assert findings(made(), state) == []
    refuse_unfit(made(), state)


def test_a_clock_that_was_moved_while_it_ran(state: StateFolder) -> None:
    (state.path / CLOCK_FILE).write_bytes(Move(timedelta(0), timedelta(0), 0.0).written())
    (state.path / CLOCK_FILE).chmod(0o600)
    assert codes(made(), state) == ["moved-clock"]


def test_a_kill_point_is_for_tests_only(state: StateFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUKI_GATEWAY_KILL_POINT", "after-claim")
    assert codes(made(), state) == ["kill-point"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"system": System(id="x", role="national_server", name="x")}, "simulator"),
        ({"listen": made().listen.model_copy(update={"plain_http": True})}, "plain-http"),
        ({"development": Development(capture=True)}, "capture"),
        *(
            ({"database_url": f"postgresql://juki@{where}"}, "database-in-the-open")
            for where in (
                "db.example/juki",
                "db.example/juki?sslmode=require",
                "db.example/juki?sslmode=verify-ca",
                "/juki?host=/run/postgresql,db.example",
                "127.0.0.1/juki?host=db.example",
            )
        ),
        ({"clock": made().clock.model_copy(update={"offset_seconds": 1})}, "moved-clock"),
        ({"counterparts": (Counterpart(id="a", role="jlis", fault_detail=True),)}, "fault-detail"),
        ({"anchors": (Anchor(name="a", certificate=Path("none.pem"), revocation="off"),)}, "revocation"),
    ],
)
def test_settings_for_tests_only(state: StateFolder, changes: dict[str, Any], code: str) -> None:
    settings = made(**changes)
    assert codes(settings, state) == [code]
    with pytest.raises(NotFitForProduction, match=f"{code}: "):
        refuse_unfit(settings, state)
    refuse_unfit(settings.model_copy(update={"mode": "development"}), state)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://juki@db.example/juki?sslmode=verify-full&sslrootcert=/etc/db.pem",
        "postgresql://juki@127.0.0.1/juki",
        "postgresql://juki@/juki?host=/run/postgresql",
        "postgresql://juki@[::1]:5433/juki",
        "sqlite:////srv/juki.sqlite",
    ],
)
def test_a_database_whose_name_is_proved_or_that_is_near_is_fit(state: StateFolder, url: str) -> None:
    assert codes(made(database_url=url), state) == []


def test_fault_detail_for_some_is_fit(state: StateFolder) -> None:
    some = (Counterpart(id="a", role="jlis", fault_detail=True), Counterpart(id="b", role="jlis"))
    assert codes(made(counterparts=some), state) == []


@pytest.mark.parametrize("place", ["anchor", "intermediate"])
def test_a_development_authority_is_found(state: StateFolder, place: str) -> None:
    authority = Authority.create(state.path.parent / "pki", at=datetime.now(UTC))
    for name, file in (("root", authority.root_pem), ("issuing", authority.issuing_pem)):
        (state.certificates / f"{name}.pem").write_bytes(file.read_bytes())
        (state.certificates / f"{name}.pem").chmod(0o600)
    root, issuing = Path("certificates/root.pem"), Path("certificates/issuing.pem")
    anchor = (
        Anchor(name="a", certificate=root)
        if place == "anchor"
        else Anchor(name="a", certificate=Path("none.pem"), intermediates=(issuing,))
    )
    assert codes(made(anchors=(anchor,)), state) == ["development-ca"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o610, 0o602])
def test_files_that_others_may_use(state: StateFolder, mode: int) -> None:
    for folder in (state.keys, state.data):
        file = folder / "file"
        file.write_text("")
        file.chmod(mode)
    found = findings(made(), state)
    assert [finding.code for finding in found] == ["readable", "readable"]
    assert str(state.keys / "file") in str(found[1])


def test_folders_that_others_may_read(state: StateFolder) -> None:
    state.keys.chmod(0o750)
    assert codes(made(), state) == ["readable"]


def test_loud_libraries(state: StateFolder) -> None:
    logging.getLogger("zeep.transports").setLevel(logging.DEBUG)
    assert codes(made(), state) == ["loud-library"]
