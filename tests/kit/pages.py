"""Pages for the tests of gateway.web: good and bad messages of the kit, traced as a receiver would."""

from __future__ import annotations

import functools
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from gateway.trust import Anchor, TrustStore
from gateway.web import FlowView, MessageView, Page, Participant, RefusalView, StepView, Text
from gateway.wss.trace import Trace, trace
from tests.kit import identities
from tests.kit.identities import NOW
from tests.kit.messages import Draft, good_answer, good_request
from tests.kit.refusal import ANSWER, REQUEST


@functools.cache
def trust() -> TrustStore:
    """A trust store over the kit's authority."""
    authority = identities.authority()
    folder = Path(tempfile.mkdtemp(prefix="tests-pages-"))
    return TrustStore(
        [Anchor(name="tests", certificate=authority.certificate, crl_files=(authority.write_crl(folder),))]
    )


def traced(message: Draft | bytes, *, answer: bool = False) -> Trace:
    """The kit's message through steps 2 to 10."""
    raw = message if isinstance(message, bytes) else message.raw()
    return trace(raw, ANSWER if answer else REQUEST, trust=trust(), now=NOW)


def request_view(message: Draft | bytes | None = None, **changes: Any) -> MessageView:
    """A request as the page takes it."""
    raw = message if isinstance(message, bytes) else (message or good_request()).raw()
    view = MessageView(
        id="flow-2-step-2-1",
        kind="request",
        sender="131016-terminal-1",
        receiver="131016-cs",
        operation="VerifyIdentity",
        raw=raw,
        trace=traced(raw),
        at=NOW,
        timings=(("round_trip", 12.3), ("verify", 1.5)),
    )
    return replace(view, **changes)


def answer_view(message: Draft | None = None, **changes: Any) -> MessageView:
    """An answer as the page takes it."""
    raw = (message or good_answer()).raw()
    view = MessageView(
        id="flow-2-step-4-1",
        kind="answer",
        sender="131016-cs",
        receiver="131016-terminal-1",
        operation="VerifyIdentityResponse",
        raw=raw,
        trace=traced(raw, answer=True),
        at=NOW,
    )
    return replace(view, **changes)


def changed_body() -> bytes:
    """A request whose Body was changed after it was signed."""
    return good_request().raw().replace("東京都".encode(), "大阪府".encode())


def page(*, data: str = "131016-cs", raw: bytes | None = None) -> Page:
    """A page with every part; ``data`` stands wherever text of others can stand."""
    request, answer = request_view(raw), answer_view()
    bad = request_view(changed_body(), id="refused-1", operation=data, sender=data)
    text = Text(f"日本語 {data}", f"English {data}")
    steps = (
        StepView("2-①", text, "resident", data, "received"),
        StepView("2-②", text, "131016-terminal-1", data, data, data, (request,)),
        StepView("2-④", text, data, "131016-terminal-1", "match", None, (answer,)),
    )
    return Page(
        begun=NOW,
        seconds=1.25,
        participants=(
            Participant("131016-cs", "municipal_cs", data),
            Participant("131016-terminal-1", "integrated_terminal", data),
            Participant(data, data, data),
        ),
        flows=(FlowView("2", text, steps, "failed", data),),
        refusals=(
            RefusalView(
                text,
                text,
                bad,
                replace(answer, id="refused-1-fault"),
                data,
                data,
                ((text, (data, text)),),
            ),
        ),
    )
