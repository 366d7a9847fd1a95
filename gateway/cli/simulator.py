"""``juki-gateway simulator set DIR SYSTEM BEHAVIOUR``: makes a simulated counterpart misbehave as it runs.

The behaviour stands in the simulator's run/behaviour.json, which it reads on each request:
``{"kind": "off"}``, ``{"kind": "slow", "seconds": 20.0}``.
"""

from __future__ import annotations

import json
import re
from typing import Annotated, Any

import typer

from gateway.card_keeping import make_card, suspend_card
from gateway.cli.exits import Refusal
from gateway.cli.network.folders import EXTERNAL
from gateway.cli.options import AsJson, NetworkFolder, new_app, open_state
from gateway.cli.output import Output
from gateway.domain.card import CardSerial
from gateway.domain.identifiers import ResidentRecordCode
from gateway.domain.values import InvalidValue
from gateway.errors import UsageError
from gateway.settings import Settings, clock_of
from gateway.state import StateFolder, write_atomically
from gateway.store.configured import open_store

app = new_app("Simulated counterparts: how they behave while they run.")

KINDS = {
    "off": "behaves well",
    "slow": "answers after a time (slow=20s)",
    "down": "closes the connection without an answer",
    "trickle": "answers one byte a second",
    "wrong-person": "answers about somebody else",
    "bad-signature": "signs with a broken signature value",
    "unsigned": "answers without a signature",
    "wrong-relates-to": "answers as if to another request",
}
"""Every behaviour; all but ``slow`` take no value."""

ACTS = {
    "suspend": "its call centre suspended the card (suspend=SERIAL)",
    "make": "it made another card for a person (make=住民票コード)",
}
"""What the card management system does once, at once; the value says to which card, or for whom."""

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0}


@app.callback()
def _group() -> None:
    pass


@app.command("set", epilog="Example: juki-gateway simulator set build/demo national-server slow=20s")
def set_behaviour(
    folder: NetworkFolder,
    system: Annotated[str, typer.Argument(metavar="SYSTEM", help="Id of the simulated system.")],
    behaviour: Annotated[
        str, typer.Argument(metavar="BEHAVIOUR", help="One of: " + ", ".join((*KINDS, *ACTS)) + ".")
    ],
    as_json: AsJson = False,
) -> None:
    """Change how a simulated counterpart of the network in DIR answers, from its next request on."""
    act, _, value = behaviour.partition("=")
    content = {} if act in ACTS else parse_behaviour(behaviour)
    if (folder / EXTERNAL / system).exists():
        raise UsageError(f"{system}: is somebody else's system, not a simulator")
    state, settings = open_state(folder / system)
    if settings.simulator is None:
        raise UsageError(f"{system}: is no simulator")
    output = Output(as_json)
    if act in ACTS:
        done = _act(state, settings, act, value)
        output.document({"system": system, "act": act, "serial": done})
        output.line(f"{system}: {ACTS[act].partition(' (')[0]}: {done}")
        return
    write_atomically(state.resolve(settings.simulator.behaviour), json.dumps(content).encode())
    output.document({"system": system, "behaviour": content})
    output.line(f"{system}: {KINDS[content['kind']]}")


def _act(state: StateFolder, settings: Settings, act: str, value: str) -> str:
    """Do it in the running system's store, by its own rules. Raises UsageError, Refusal."""
    if settings.system.role != "card_management_system":
        raise UsageError(f"{act}: only the card management system does that")
    clock = clock_of(settings, state.path)
    store = open_store(state.path, settings, clock=clock)
    try:
        if act == "make":
            return make_card(store, clock, ResidentRecordCode(value)).text
        serial = CardSerial(value)
        suspended = suspend_card(store, clock, serial)
    except InvalidValue as error:
        raise UsageError(f"{act}: {error.what}: {error.code}") from None
    finally:
        store.close()
    if not suspended:
        raise Refusal(f"{serial}: there is no such card, or its state does not allow it")
    return serial.text


def parse_behaviour(text: str) -> dict[str, Any]:
    """What behaviour.json holds for ``text``. Raises UsageError for what is no behaviour."""
    kind, equals, value = text.partition("=")
    if kind not in KINDS:
        raise UsageError(f"{kind!r} is no behaviour; there are {', '.join(KINDS)}")
    if kind != "slow":
        if equals:
            raise UsageError(f"{kind} takes no value")
        return {"kind": kind}
    match = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)(ms|s|m)", value)
    if match is None:
        raise UsageError("slow wants a time such as slow=20s, slow=500ms or slow=2m")
    return {"kind": kind, "seconds": round(float(match[1]) * _SECONDS[match[2]], 3)}
