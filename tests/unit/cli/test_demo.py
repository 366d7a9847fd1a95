"""The demo's runner: what a flow that fails leaves, and which folders are replaced."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from gateway.cli.demo import run_flows
from gateway.cli.demo_steps import Exchange, Flow, FlowFailed, Step
from gateway.cli.network.running import Network, Stop
from gateway.cli.output import Output
from gateway.errors import CounterpartTimeout

COUNTER = Step("2-①", "窓口", "counter", "resident", "131016-terminal-1", "received")
ASKED = dataclasses.replace(
    COUNTER,
    number="2-②",
    operation="VerifyIdentity",
    message=Exchange("131016-terminal-1", True, "urn:uuid:1", 1.23456),
)


class Standing:
    """A network that stands still: only its document is looked at."""

    document: dict[str, Any] = {"version": 1}  # noqa: RUF012

    def tend(self) -> None:
        """Nothing to do."""


@pytest.fixture
def stop() -> Iterator[Stop]:
    made = Stop()
    yield made
    made.close()


def flow(*steps: Step, error: Exception | None = None) -> Flow:
    def run(document: dict[str, Any]) -> Iterator[Step]:
        assert document == {"version": 1}
        yield from steps
        if error is not None:
            raise error

    return Flow("2", "本人確認", "Identity verification", run)


def done(stop: Stop, *flows: Flow) -> dict[str, Any]:
    return run_flows(cast(Network, Standing()), flows, Output(False), stop).document()


def test_every_step_stands_in_the_document(stop: Stop) -> None:
    document = done(stop, flow(COUNTER, ASKED))
    json.dumps(document)
    (one,) = document["flows"]
    assert (one["flow"], one["outcome"], one["reason"]) == ("2", "done", None)
    assert [step["number"] for step in one["steps"]] == ["2-①", "2-②"]
    assert [step["message"] for step in one["steps"]] == [
        None,
        {"signer": "131016-terminal-1", "verified": True, "message_id": "urn:uuid:1", "milliseconds": 1.235},
    ]


@pytest.mark.parametrize("error", [FlowFailed("not a match"), CounterpartTimeout("too late")])
def test_a_failed_flow_is_named_and_the_next_one_runs(stop: Stop, error: Exception) -> None:
    document = done(stop, flow(COUNTER, error=error), flow(COUNTER))
    assert [one["outcome"] for one in document["flows"]] == ["failed", "done"]
    assert str(error) in document["flows"][0]["reason"]
    assert len(document["flows"][0]["steps"]) == 1


def test_a_bug_in_a_flow_is_no_failed_flow(stop: Stop) -> None:
    with pytest.raises(ZeroDivisionError):
        done(stop, flow(COUNTER, error=ZeroDivisionError()))


def test_only_folders_of_an_earlier_demo_are_replaced(run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "made-by").write_text("network\n")
    ran = run("demo", tmp_path, "--json")
    assert ran.status == 2
    assert (tmp_path / "made-by").exists()
