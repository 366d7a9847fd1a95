"""A system played beside itself, for vendors' clients: the real endpoint, each message told, answers at will.

It is the system's own program with the system's own keys, on a port and over a database of its own, in this
process. Each message goes the whole way of a message; then it is told, with the judgement, and its answer is
what the behaviour makes of the good one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

from gateway.access import Admission, Counterparts
from gateway.conformance.bad_answers import Exchange
from gateway.conformance.behaviours import Behaviour
from gateway.conformance.captured import Ground, Judged, judge_captured
from gateway.conformance.expected import look_at
from gateway.errors import StateError
from gateway.refusals import FAULTS, RULES, Refused
from gateway.running import Handlers, Parts, System, server_here
from gateway.settings import Settings, render_settings
from gateway.state import StateFolder
from gateway.store import RefusalRecord
from gateway.transport.http import Application, HttpAnswer, HttpRequest
from gateway.trust import Signer
from gateway.wss.configured import profile_of
from gateway.wss.parse import step_2_parse
from gateway.wss.profile import Limits
from gateway.wss.trace import Outcome, StepTrace

_MANY = 1_000_000  # refusals and requests a minute that are told one by one
_STEPS = range(1, 14)


@dataclass(frozen=True, slots=True)
class Heard:
    """A message that came, what became of it, and what was answered; ``behaviour`` is None for a refusal."""

    judged: Judged
    peer: str
    headers: Mapping[str, str]
    behaviour: Behaviour | None
    answer: HttpAnswer


@dataclass(frozen=True, slots=True)
class Listening:
    """Where it listens: the base address, and the services below it."""

    address: str
    services: tuple[str, ...]


@contextmanager
def listening(
    folder: Path,
    original: StateFolder,
    settings: Settings,
    prepare: Callable[[StateFolder, Settings], System],
    *,
    service: str | None,
    port: int,
    behaviours: Sequence[Behaviour],
    other: Signer | None,
    heard: Callable[[Heard], None],
    log: Callable[..., None],
) -> Iterator[Listening]:
    """Listen within the block as the system of the state folder ``original``, from a new state in ``folder``.

    ``heard`` is told of every message, in any thread. Raises StateError.
    """
    alone = _beside(settings, original, port)
    state = StateFolder.create(folder, render_settings(alone))
    clock = state.path / "data" / "clock.json"
    clock.symlink_to(original.path / "data" / "clock.json")  # a network's clock may be moved meanwhile
    ending = threading.Event()
    played = _Played(prepare(state, alone), service, behaviours, other, heard, ending)
    server = server_here(state, alone, played, log=log)
    try:
        server.start()
        yield Listening(f"https://{alone.listen.host}:{server.port}/", tuple(played.served))
    finally:
        ending.set()
        server.stop()


def _beside(settings: Settings, original: StateFolder, port: int) -> Settings:
    """The same system with every file where it is, and a database, port and seals of its own."""

    def there(group: Any, *names: str) -> Any:
        return group.model_copy(update={name: original.resolve(getattr(group, name)) for name in names})

    anchors = tuple(
        there(anchor, "certificate").model_copy(
            update={
                "intermediates": tuple(map(original.resolve, anchor.intermediates)),
                "crls": tuple(map(original.resolve, anchor.crls)),
            }
        )
        for anchor in settings.anchors
    )
    credentials = there(
        settings.credentials, "signing_key", "signing_certificate", "tls_key", "tls_certificate"
    )
    own: dict[str, Any] = {
        "database_url": "",
        "listen": settings.listen.model_copy(
            update={"host": "127.0.0.1", "port": port, "addresses": (), "workers": 1, "plain_http": False}
        ),
        "credentials": credentials,
        "anchors": anchors,
        "refusals": settings.refusals.model_copy(update={"per_minute": _MANY, "keep_messages": False}),
        "limits": settings.limits.model_copy(update={"requests_per_minute": _MANY}),
        "evidence": settings.evidence.model_copy(update={"seal_copy": None}),
        "inquiry_folders": (),
    }
    if settings.simulator is not None:
        own["simulator"] = there(settings.simulator, "people")
    return settings.model_copy(update=own)


class _Played(System):
    """The system itself, with its front door watched."""

    def __init__(
        self,
        system: System,
        service: str | None,
        behaviours: Sequence[Behaviour],
        other: Signer | None,
        heard: Callable[[Heard], None],
        ending: threading.Event,
    ) -> None:
        self._system = system
        self._service = service
        self._behaviours = cycle(behaviours)
        self._other = other
        self._heard = heard
        self._ending = ending
        self._lock = threading.Lock()
        self._count = 0
        self.served: list[str] = []

    def handlers(self, parts: Parts) -> Handlers:
        """The use cases of the services that are to be served."""
        found = self._system.handlers(parts)
        chosen = {name: one for name, one in found.items() if self._service in {None, name}}
        if not chosen:
            raise StateError(f"{parts.settings.system.id} has these services: {', '.join(found)}")
        self.served = list(chosen)
        return chosen

    def wrap(self, application: Application, parts: Parts) -> Application:
        """Around the real endpoint: judge, answer, tell."""
        counterparts = Counterparts(parts.settings.counterparts)
        admission = Admission(parts.trust, counterparts)

        def answer(http: HttpRequest) -> HttpAnswer:
            if http.method != "POST":
                return application(http)
            at = parts.clock.now()
            good = application(http)
            record = _record(parts, good)
            with self._lock:
                self._count += 1
                name = f"message {self._count}"
                behaviour = next(self._behaviours) if record is None else None
            seen = look_at(http.body)
            left = good
            if behaviour is not None:
                left = behaviour.answer(
                    Exchange(seen, good, parts.signer, self._other, parts.clock.now(), "", self._ending.wait)
                )
            ground = Ground(
                parts.trust,
                profile_of(parts.settings, pieces=seen.service is not None and seen.service.takes_pieces),
            )
            judged = _as_recorded(judge_captured(name, http.body, seen, ground, at), record)
            peer = admission.peer(http.peer_certificate, http.peer_address, at).name
            self._heard(Heard(judged, peer, dict(http.headers), behaviour, left))
            return left

        return answer


def _record(parts: Parts, answer: HttpAnswer) -> RefusalRecord | None:
    """The refusal that the fault tells of; None for an answer, and for a fault of an operation's own."""
    if answer.status == 200:
        return None
    try:
        root = step_2_parse(answer.body, Limits())
    except Refused:
        return None
    reference = root.findtext(f".//{{{FAULTS}}}reference")
    return None if reference is None else parts.store.refusals.find(reference)


def _as_recorded(judged: Judged, record: RefusalRecord | None) -> Judged:
    """The judgement of the endpoint, which knew connection and past, with the diagnosis of the bytes."""
    if record is None:
        steps = tuple(StepTrace(step, Outcome.PASSED) for step in _STEPS)
    else:
        rule = RULES[record.rule]
        refused = StepTrace(rule.step, Outcome.REFUSED, rule, record.found, record.wanted, record.where)
        steps = tuple(
            refused
            if step == rule.step
            else StepTrace(step, Outcome.PASSED if step < rule.step else Outcome.NOT_REACHED)
            for step in _STEPS
        )
    return Judged(judged.name, judged.raw, judged.at, judged.seen, None, judged.diagnosis, steps, frozenset())
