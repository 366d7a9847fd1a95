"""``juki-gateway move-in`` over the state folder of a town that nobody serves, and certificates in files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.registry_moves import read_certificate
from gateway.contract.certificates import Papers
from gateway.domain.move import MoveRole, MoveState
from gateway.domain.register_text import RegisterText
from gateway.errors import UsageError
from gateway.settings import render_settings
from gateway.state import StateFolder
from tests.kit.moves import NEW_TOWN, OLD_TOWN, certificate, leaving, person_code, record_of
from tests.kit.two_towns import Country, settings_of

Run = Callable[..., Any]


@pytest.fixture
def country(run: Run, tmp_path: Path) -> Iterator[Country]:
    for town, other in ((NEW_TOWN, OLD_TOWN), (OLD_TOWN, NEW_TOWN)):
        assert run("init", tmp_path / town.digits, "--municipality", town).status == 0
        state = StateFolder.open(tmp_path / town.digits)
        state.write_settings(render_settings(settings_of(town, [other])))
    made = Country(tmp_path)
    made.clock.advance(datetime.now(UTC) - made.clock.now())
    yield made
    made.close()


def test_list_show_cancel_retry(run: Run, country: Country, tmp_path: Path) -> None:
    new, old = tmp_path / NEW_TOWN.digits, tmp_path / OLD_TOWN.digits
    today = (country.clock.now() + timedelta(hours=9)).date()
    asked = country.new.request(moved_on=today)
    country.settle()
    listed = run("move-in", "list", "--attention", "--state", new, "--json")
    (move,) = listed.document["moves"]
    assert (move["move"], move["state"], move["result"]) == (asked.move, "refused", "no_certificate")
    assert person_code(1).digits not in listed.out
    # What was wrong is mended, and the operator asks again.
    country.old.settle_in(1)
    left = certificate(
        leaving(1, record=record_of(1, name=RegisterText("{J+AD01}野 千代"))), planned_on=today
    )
    country.old.register(left)
    assert run("move-in", "retry", asked.move, "--state", new).status == 0
    assert run("move-in", "retry", asked.move, "--state", new).status == 1
    country.settle()
    assert country.states() == (MoveState.RECEIVED, MoveState.DELIVERED)
    shown = run("move-in", "show", asked.move, "--state", new, "--json").document
    assert [event["event"] for event in shown["events"]] == ["receive", "request", "refuse", "request"]
    assert [event["actor"] for event in shown["events"]] == ["peer", "operator", "peer", "terminal"]
    assert shown["remarks"] == [{"person": 1, "item": "name", "kind": "no_glyph"}]
    texts = run("move-in", "characters", "--state", new, "--json").document["characters"]
    assert texts == [{"move": asked.move, "person": 1, "item": "name", "kind": "no_glyph"}]
    theirs = country.old.query().reference
    assert run("move-in", "cancel", theirs, "--state", old).status == 1  # a town has it
    assert run("move-in", "cancel", asked.move, "--state", new).status == 0
    country.settle()
    assert country.states() == (MoveState.WITHDRAWN, MoveState.REGISTERED)
    assert run("move-in", "cancel", theirs, "--state", old).status == 0
    assert run("move-in", "list", "--state", old, "--json").document["moves"] == []
    ended = run("move-in", "list", "--ended", "--code", person_code(1).digits, "--state", old, "--json")
    assert [one["state"] for one in ended.document["moves"]] == ["cancelled"]
    assert run("move-in", "show", "M-unheard-of", "--state", old).status == 1
    assert run("move-in", "list", "--code", "1", "--state", old).status == 2


def test_who_left_and_arrived_nowhere(run: Run, country: Country, tmp_path: Path) -> None:
    old = tmp_path / OLD_TOWN.digits
    today = (country.clock.now() + timedelta(hours=9)).date()
    country.old.settle_in(1, 2)
    country.old.register(certificate(leaving(1), planned_on=today - timedelta(days=30)))
    country.old.register(certificate(leaving(2), planned_on=today))
    assert run("move-in", "list", "--overdue", "--state", old, "--json").document["moves"] == []
    country.clock.advance(timedelta(days=1))
    country.old.desk.end_what_is_over()
    assert country.old.state(MoveRole.OLD_TOWN) is MoveState.EXPIRED
    waits = run("move-in", "list", "--attention", "--state", old, "--json").document["moves"]
    assert [one["state"] for one in waits] == ["expired"]


def test_a_certificate_in_a_file(tmp_path: Path) -> None:
    file, made = tmp_path / "certificate.xml", certificate(leaving(1), leaving(2, card=False))
    file.write_bytes(Papers().keep(made))
    assert read_certificate(file) == made
    for bad, words in (
        (b"<a", "line 1: is no XML"),
        (file.read_bytes().replace(b"1234567890<", b"123<"), "person/pension/number: pattern"),
        (file.read_bytes().replace("世帯主<".encode(), "祖父<".encode()), "relation: relation"),
    ):
        file.write_bytes(bad)
        with pytest.raises(UsageError, match=words):
            read_certificate(file)
    with pytest.raises(UsageError, match="cannot be read"):
        read_certificate(tmp_path / "missing.xml")
