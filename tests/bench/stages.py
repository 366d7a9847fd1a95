"""Where the time of a round trip goes: CPU by stage, in one process and one thread, without the front.

    python -m tests.bench.stages STATE_FOLDER REQUESTS WARM      prints JSON: µs by stage

It is the gateway's own application that answers, 32 requests together, with a stopwatch around the functions
named below. A stage has the time of its functions less that of other stages called inside; what belongs to
none is "the rest".
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway import telemetry
from gateway.app import Gateway
from gateway.clock import SystemClock
from gateway.running import Running
from gateway.settings import load_settings
from gateway.state import StateFolder
from gateway.store import Store
from gateway.transport.http import HttpAnswer, HttpRequest
from gateway.transport.lifecycle import calm_collector
from gateway.transport.workers import BATCH
from tests.bench.load import frames
from tests.bench.ready import OPERATION, SERVICE

STAGES: Final[dict[str, tuple[str, ...]]] = {
    "parse": ("gateway.wss.verify:step_2_tree",),
    "shape and Security header": ("gateway.wss.verify:Verifier._take_apart",),
    "algorithms, references": (
        "gateway.wss.verify:step_5_algorithms",
        "gateway.wss.verify:step_5_key",
        "gateway.wss.verify:step_6_references",
    ),
    "certificates": ("gateway.trust.store:TrustStore.check", "gateway.wss.verify:read_certificate"),
    "canonical forms, digests": ("gateway.wss.verify:canonical", "gateway.wss.engine_lxml:check_digest"),
    "signature verified": ("gateway.wss.engine_lxml:LxmlEngine._check_value",),
    "time, addressing": ("gateway.wss.verify:step_9_time", "gateway.wss.verify:step_10_request"),
    "guard digests": ("gateway.wss.verify:_verified",),
    "sender": (
        "gateway.access.admission:Admission.peer",
        "gateway.access.admission:Admission.step_11_sender",
    ),
    "Body to values": ("gateway.transport.working:read_request",),
    "budgets": ("gateway.store.budgets:BudgetLog.spent",),
    "search": ("gateway.store.register:Register.search",),
    "values to Body": ("gateway.transport.working:write_answer",),
    "answer written": ("gateway.transport.replies:Replies.stored_all",),
    "answer signed": ("gateway.trust.signer:FileSigner.sign",),
    "evidence made": ("gateway.transport.replies:Replies.evidence",),
    "store": (
        "gateway.store.committed_guard:CommittedGuard.known",
        "gateway.store.committed_guard:CommittedGuard.answer_all",
    ),
    "log line": ("gateway.transport.journal:Journal.line",),
}


class Stopwatch:
    """CPU of this thread by stage."""

    def __init__(self) -> None:
        self.ns = dict.fromkeys(STAGES, 0)
        self._inside: list[int] = [0]  # of each stage that runs: time spent in others within

    def around(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, timed."""
        ns, inside, clock = self.ns, self._inside, time.thread_time_ns

        @wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:
            inside.append(0)
            begin = clock()
            try:
                return function(*args, **kwargs)
            finally:
                spent = clock() - begin
                ns[stage] += spent - inside.pop()
                inside[-1] += spent

        return timed

    def attach(self) -> None:
        """Put it around every function of every stage."""
        for stage, places in STAGES.items():
            for place in places:
                module, _, path = place.partition(":")
                *owners, name = path.split(".")
                owner: Any = importlib.import_module(module)
                for step in owners:
                    owner = getattr(owner, step)
                setattr(owner, name, self.around(stage, getattr(owner, name)))


@contextmanager
def answering(folder: Path) -> Iterator[Callable[[Sequence[HttpRequest]], None]]:
    """The application of a state folder in this process: answers requests together, all in the quick way."""
    state = StateFolder.open(folder)
    settings = load_settings(state.settings_file)
    with (state.log / "stages.log").open("w", encoding="utf-8") as console:
        telemetry.configure(state.log, system=settings.system.id, console=console)
        store = Store.open(state.path, clock=SystemClock(), upgrade=True)
        chain = store.evidence.begin(None)
        store.close()
        application = Running(state, settings, Gateway(), state.remembered_port() or 0, chain)
        batching = application.batching
        if batching is None:
            raise RuntimeError("the gateway does not answer several requests at once")

        def answer(some: Sequence[HttpRequest]) -> None:
            if not all(isinstance(one, HttpAnswer) for one in batching.together(some)):
                raise RuntimeError("not every request was answered in the quick way")

        try:
            yield answer
        finally:
            application.close()


def measure(folder: Path, requests: list[bytes], warm: int) -> dict[str, float]:
    """CPU µs by stage of answering the requests (whole HTTP requests); the first ``warm`` do not count."""
    watch = Stopwatch()
    watch.attach()
    with answering(folder) as answer:
        return _measure(answer, http_requests(folder, requests), watch, warm)


def _measure(
    together: Callable[[Sequence[HttpRequest]], None],
    requests: list[HttpRequest],
    watch: Stopwatch,
    warm: int,
) -> dict[str, float]:
    def answer(some: list[HttpRequest]) -> None:
        for at in range(0, len(some), BATCH):
            together(some[at : at + BATCH])

    answer(requests[:warm])
    calm_collector()
    watch.ns.update(dict.fromkeys(watch.ns, 0))
    begin = time.thread_time_ns()
    answer(requests[warm:])
    whole = time.thread_time_ns() - begin
    count = len(requests) - warm
    stages = {stage: ns / count / 1000 for stage, ns in watch.ns.items()}
    return {
        **stages,
        "the rest": (whole - sum(watch.ns.values())) / count / 1000,
        "whole": whole / count / 1000,
    }


def http_requests(folder: Path, whole: list[bytes]) -> list[HttpRequest]:
    """Whole HTTP requests of the terminal as the front hands them on."""
    terminal = folder.parent / "131016-terminal-1" / "certificates" / "tls.pem"
    der = x509.load_pem_x509_certificate(terminal.read_bytes()).public_bytes(Encoding.DER)
    headers = (
        ("host", "127.0.0.1"),
        ("content-type", "text/xml; charset=utf-8"),
        ("soapaction", f'"{OPERATION.action}"'),
    )
    return [
        HttpRequest("POST", SERVICE.path, "", headers, request.partition(b"\r\n\r\n")[2], der, "127.0.0.1")
        for request in whole
    ]


def main() -> None:
    """Measure, and print the figures."""
    folder, requests, warm = sys.argv[1:4]
    sys.stdout.write(json.dumps(measure(Path(folder), frames(Path(requests)), int(warm))) + "\n")


if __name__ == "__main__":
    main()
