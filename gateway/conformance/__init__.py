"""Conformance: cases as data, one engine that sends them to a server, and what came of it as reports."""

from __future__ import annotations

from gateway.conformance.asking import Circumstances
from gateway.conformance.behaviours import BEHAVIOURS, CYCLE, Behaviour, chosen_behaviours
from gateway.conformance.captured import Ground, Judged, NewestLists, judge_captured
from gateway.conformance.case import Case, chosen, load_cases
from gateway.conformance.expected import Seen, expected_of, look_at
from gateway.conformance.judge import Received
from gateway.conformance.listening import Heard, Listening, listening
from gateway.conformance.questions import QUESTIONS
from gateway.conformance.report import html_report, json_report, junit_report, page, shown
from gateway.conformance.run import Asked, Outcome, Post, Sender, Target, run
from gateway.conformance.situations import SITUATIONS
from gateway.conformance.weak_signer import WeakSigner

__all__ = [
    "BEHAVIOURS",
    "CYCLE",
    "QUESTIONS",
    "SITUATIONS",
    "Asked",
    "Behaviour",
    "Case",
    "Circumstances",
    "Ground",
    "Heard",
    "Judged",
    "Listening",
    "NewestLists",
    "Outcome",
    "Post",
    "Received",
    "Seen",
    "Sender",
    "Target",
    "WeakSigner",
    "chosen",
    "chosen_behaviours",
    "expected_of",
    "html_report",
    "json_report",
    "judge_captured",
    "junit_report",
    "listening",
    "load_cases",
    "look_at",
    "page",
    "run",
    "shown",
]
