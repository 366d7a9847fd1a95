"""Conformance: cases as data, one engine that sends them to a server, and what came of it as reports."""

from __future__ import annotations

from gateway.conformance.case import Case, chosen, load_cases
from gateway.conformance.judge import Received
from gateway.conformance.questions import QUESTIONS
from gateway.conformance.report import html_report, json_report, junit_report
from gateway.conformance.run import Outcome, Target, run

__all__ = [
    "QUESTIONS",
    "Case",
    "Outcome",
    "Received",
    "Target",
    "chosen",
    "html_report",
    "json_report",
    "junit_report",
    "load_cases",
    "run",
]
