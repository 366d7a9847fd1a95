"""docs/contract says what the contract says, by messages that hold to it and to their signatures."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.cli import main
from gateway.conformance import look_at
from gateway.contract import SERVICES
from tests.contract_pages.kept import FOLDER, PAGES, TRUST, exchanges, faults
from tests.contract_pages.pages import pages

WRITE = "python -m tests.contract_pages"


def test_the_pages_are_those_of_the_contract_and_its_messages() -> None:
    made = pages()
    assert {file.name for file in PAGES.glob("*.md")} == set(made), f"write them anew: {WRITE}"
    changed = [name for name, text in made.items() if (PAGES / name).read_text("utf-8") != text]
    assert changed == [], f"write them anew: {WRITE}"


def test_of_every_operation_there_is_an_exchange() -> None:
    for one in exchanges():
        asked, came = look_at(one.request), look_at(one.answer)
        assert (asked.kind, asked.service, asked.operation) == ("request", one.service, one.operation)
        assert (came.kind, came.relates_to) == ("answer", asked.message_id)
    assert {file.parent.name for file in FOLDER.glob("*/*.xml")} == {*SERVICES, "faults"}
    assert len(faults()) >= 20


def test_every_message_verifies_and_follows_the_contract(capsys: pytest.CaptureFixture[str]) -> None:
    """A change of the contract that these messages do not outlive needs new ones (…contract_pages.record)."""
    files: list[Path] = sorted(FOLDER.glob("*/*.xml"))
    arguments = ["conformance", "check", *map(str, files), "--trust", str(TRUST)]
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert not ended.value.code, capsys.readouterr().out
