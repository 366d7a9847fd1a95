"""``juki-gateway conformance listen``: a counterpart that judges a client, and answers as it is told."""

from __future__ import annotations

import base64
import importlib
import json
import os
import queue
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer

from gateway import telemetry
from gateway.cli.conformance_ground import network_document
from gateway.cli.conformance_judged import judged_document, line_of, tell_judged
from gateway.cli.conformance_reports import Html, JsonFile, JUnit, Tongue, junit_of, page_of, write_report
from gateway.cli.exits import CheckFailed
from gateway.cli.explain_text import Language, language_here
from gateway.cli.options import AsJson, open_state
from gateway.cli.output import Output
from gateway.cli.serve import SERVERS
from gateway.conformance import BEHAVIOURS, CYCLE, Heard, chosen_behaviours, listening, look_at
from gateway.errors import UsageError
from gateway.settings import load_settings
from gateway.state import StateFolder
from gateway.trust import Signer
from gateway.trust.configured import signer

TITLE = "conformance listen"
_TURNED_AWAY = frozenset({"handshake-failed", "http-refused"})
"""What the front says of who did not come as far as a message."""


def listen(
    network: Annotated[
        Path | None, typer.Option(metavar="FILE", help="network.json of a running network.")
    ] = None,
    system: Annotated[
        str | None, typer.Option("--as", metavar="SYSTEM", help="With --network: the system to play.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--state", metavar="DIR", help="State folder of the system to play.")
    ] = None,
    service: Annotated[str | None, typer.Option(help="Offer this service only.")] = None,
    behaviours: Annotated[
        list[str] | None,
        typer.Option(
            "--behaviour",
            help=f"How to answer; several are taken in turn: {', '.join(BEHAVIOURS)}; {CYCLE} is all.",
        ),
    ] = None,
    port: Annotated[int, typer.Option(help="TCP port on 127.0.0.1; 0 takes a free one.")] = 0,
    count: Annotated[int | None, typer.Option(min=1, help="End after so many messages.")] = None,
    seconds: Annotated[float | None, typer.Option(min=0.0, help="End after so many seconds.")] = None,
    language: Tongue = None,
    junit: JUnit = None,
    json_file: JsonFile = None,
    html: Html = None,
    as_json: AsJson = False,
) -> None:
    """Play a system of the network for a client under test, and judge every message that it sends.

    A message that does not hold gets its fault; one that does is answered by the chosen behaviour, and what a
    strict client must do then is said. Ends by --count, --seconds or Ctrl-C. Exit status 0 when every message
    held, 1 when one did not or somebody was turned away before a message.
    """
    played, other = _played(network, system, folder)
    tongue = language or language_here()
    chosen = chosen_behaviours(behaviours or ["answer"], other=other is not None)
    output, came, away = Output(as_json), queue.SimpleQueue[Heard | None](), list[dict[str, Any]]()

    def log(event: str, **fields: Any) -> None:
        if event in _TURNED_AWAY:
            away.append({"event": event, **fields})
            output.line(f"turned away: {event}: {fields.get('reason') or fields.get('why')}", "red")

    messages: list[dict[str, Any]] = []
    state, settings = open_state(played)
    if settings.system.role not in SERVERS:
        raise UsageError(f"{settings.system.id}: a system of the role {settings.system.role} only calls")
    os.umask(0o077)  # whatever is written from here on is the owner's only
    with tempfile.TemporaryDirectory(prefix="juki-listen-") as scratch:
        telemetry.configure(Path(scratch), system=settings.system.id)
        try:
            with listening(
                Path(scratch) / "state",
                state,
                settings,
                importlib.import_module(SERVERS[settings.system.role]).prepared,
                service=service,
                port=port,
                behaviours=chosen,
                other=other,
                heard=came.put,
                log=log,
            ) as where:
                for name in where.services:
                    output.progress(f"{settings.system.id} listens at {where.address}{name}/1")
                with _until_told(came):
                    for heard in _heard(came, count, seconds):
                        messages.append(_document(heard))
                        _tell(output, messages[-1], tongue)
        finally:
            telemetry.configure(None, system=settings.system.id)
    failed = sum(not one["good"] for one in messages)
    report = {
        "version": 1,
        "system": settings.system.id,
        "passed": len(messages) - failed,
        "failed": failed,
        "turned_away": away,
        "messages": messages,
    }
    write_report(junit, junit_of(TITLE, messages, tongue))
    write_report(json_file, json.dumps(report, ensure_ascii=False, indent=2).encode())
    write_report(html, page_of(TITLE, messages, tongue).encode())
    output.document(report)
    if failed or away:
        raise CheckFailed(f"{failed} of {len(messages)} messages did not hold, {len(away)} turned away")
    output.line(f"{len(messages)} messages held", "green")


def _played(network: Path | None, system: str | None, folder: Path | None) -> tuple[Path, Signer | None]:
    """The state folder of the system to play, and the key of another one of the network."""
    if (network is None) == (folder is None) or (network is None) != (system is None):
        raise UsageError("give --network FILE --as SYSTEM, or --state DIR")
    if network is None:
        return folder or Path(), None
    entries = {str(one["id"]): one for one in network_document(network)["systems"]}
    ours = {one: Path(entry["state"]) for one, entry in entries.items() if "state" in entry}
    if system not in ours or "services" not in entries[system]:
        served = [one for one in ours if "services" in entries[one]]
        raise UsageError(f"no server {system!r} whose keys are here; there are: {', '.join(served)}")
    # A server first: it is not the one that asks, whose own signature it would know.
    others = sorted((one for one in ours if one != system), key=lambda one: "services" not in entries[one])
    if not others:
        return ours[system], None
    other = StateFolder.open(ours[others[0]])
    return ours[system], signer(load_settings(other.settings_file), other.path)


def _heard(
    came: queue.SimpleQueue[Heard | None], count: int | None, seconds: float | None
) -> Iterator[Heard]:
    """Each message as it comes, until there were enough, the time is over, or somebody says so."""
    end = None if seconds is None else time.monotonic() + seconds
    left = count
    while left is None or left > 0:
        try:
            heard = came.get(timeout=None if end is None else max(0.0, end - time.monotonic()))
        except queue.Empty:
            return
        if heard is None:
            return
        yield heard
        left = None if left is None else left - 1


@contextmanager
def _until_told(came: queue.SimpleQueue[Heard | None]) -> Iterator[None]:
    """Within, SIGTERM and Ctrl-C end the run with its reports, not the command."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        came.put(None)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _document(heard: Heard) -> dict[str, Any]:
    behaviour = heard.behaviour
    client = ("mend the request", "要求を修正する") if behaviour is None else behaviour.client
    does = ("its fault", "該当するフォールト") if behaviour is None else behaviour.does
    body = heard.answer.body
    fault = look_at(body).fault if behaviour is not None and behaviour.name == "answer" else ""
    if fault:
        does = (f"{does[0]}, {fault}", f"{does[1]}、{fault}")
    return {
        **judged_document(heard.judged),
        "notes": [],
        "peer": heard.peer,
        "headers": dict(heard.headers),
        "answer": {
            "behaviour": "refusal" if behaviour is None else behaviour.name,
            "does": {"en": does[0], "ja": does[1]},
            "client": {"en": client[0], "ja": client[1]},
            "client_rule": None if behaviour is None else behaviour.rule,
            "status": heard.answer.status,
            "bytes": base64.b64encode(body).decode("ascii"),
        },
    }


def _tell(output: Output, message: dict[str, Any], language: Language) -> None:
    if not message["good"]:
        tell_judged(output, message, language)
        return
    answer = message["answer"]
    said = {
        "en": f"answered: {answer['does']['en']}; a strict client must {answer['client']['en']}",
        "ja": f"応答: {answer['does']['ja']}。厳格なクライアントの動作: {answer['client']['ja']}",
    }[language]
    rule = f" ({answer['client_rule']})" if answer["client_rule"] else ""
    output.line(
        f"{line_of(message, language)}  {message['peer']}  [{answer['behaviour']}] {said}{rule}", "green"
    )
