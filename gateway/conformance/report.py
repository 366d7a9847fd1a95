"""Reports of a run: JUnit XML, JSON, and one self-contained page with the exact bytes of every case."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from typing import Any, Final

from lxml import etree

from gateway.conformance.run import Outcome

_STYLE: Final = (
    "body{font-family:sans-serif;margin:2em}pre{white-space:pre-wrap;word-break:break-all;"
    "background:#f4f4f4;padding:.6em}.failed{color:#b00020}.passed{color:#1b6e1b}"
)
_SHOWN: Final = 65_536  # bytes of one message on the page; the whole message stands in the JSON report


def json_report(target: str, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The run as a document; messages in Base64, byte by byte."""
    return {
        "version": 1,
        "target": target,
        "passed": sum(outcome.passed for outcome in outcomes),
        "failed": sum(outcome.failed for outcome in outcomes),
        "not_run": sum(outcome.not_run is not None for outcome in outcomes),
        "cases": [_entry(outcome) for outcome in outcomes],
    }


def _entry(outcome: Outcome) -> dict[str, Any]:
    case, received = outcome.case, outcome.received
    return {
        "id": case.id,
        "family": case.family,
        "requirement": case.requirement,
        "clause": case.clause,
        "rule": None if case.rule is None else case.rule.name,
        "fault": None if case.rule is None else str(case.rule.fault),
        "passed": outcome.passed,
        "complaints": list(outcome.complaints),
        "not_run": outcome.not_run,
        "milliseconds": round(outcome.seconds * 1000, 1),
        "headers": dict(outcome.headers),
        "sent": base64.b64encode(outcome.sent).decode("ascii"),
        "status": None if received is None else received.status,
        "received": None if received is None else base64.b64encode(received.body).decode("ascii"),
    }


def junit_report(target: str, outcomes: Sequence[Outcome]) -> bytes:
    """The run as JUnit XML."""
    failed = sum(outcome.failed for outcome in outcomes)
    skipped = sum(outcome.not_run is not None for outcome in outcomes)
    suite = etree.Element(
        "testsuite",
        name=f"conformance of {target}",
        tests=str(len(outcomes)),
        failures=str(failed),
        skipped=str(skipped),
    )
    for outcome in outcomes:
        one = etree.SubElement(
            suite,
            "testcase",
            classname=f"conformance.{outcome.case.family}",
            name=outcome.case.id,
            time=f"{outcome.seconds:.3f}",
        )
        if outcome.not_run is not None:
            etree.SubElement(one, "skipped", message=outcome.not_run)
        if outcome.failed:
            failure = etree.SubElement(one, "failure", message="; ".join(outcome.complaints))
            failure.text = f"{outcome.case.requirement}\n{outcome.case.clause}"
    return etree.tostring(suite, encoding="utf-8", xml_declaration=True, pretty_print=True)


def html_report(target: str, outcomes: Sequence[Outcome]) -> str:
    """The run as one page that loads nothing."""
    passed = sum(outcome.passed for outcome in outcomes)
    not_run = sum(outcome.not_run is not None for outcome in outcomes)
    summary = f"{passed} of {len(outcomes) - not_run} cases passed, {not_run} were not run."
    return page(f"Conformance of {target}", summary, "".join(map(_section, outcomes)))


def page(title: str, summary: str, sections: str, language: str = "en") -> str:
    """A page that loads nothing; ``sections`` are HTML, the rest is text."""
    return (
        f'<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{escape(title)}</h1><p>{escape(summary)}</p>{sections}"
        "</body></html>\n"
    )


def _section(outcome: Outcome) -> str:
    case, verdict = outcome.case, "failed" if outcome.failed else "passed" if outcome.passed else "not run"
    told = outcome.complaints if outcome.not_run is None else (outcome.not_run,)
    complaints = "".join(f"<li>{escape(text)}</li>" for text in told)
    head = "\n".join(f"{name}: {value}" for name, value in outcome.headers.items())
    received = outcome.received
    came = "nothing" if received is None else f"HTTP {received.status}, {received.content_type}"
    return (
        f'<details id="{escape(case.id)}"{" open" if outcome.failed else ""}><summary class="{verdict}">'
        f"{verdict}: {escape(case.id)}: {escape(case.requirement)}</summary><p>{escape(case.clause)}</p>"
        f"<ul>{complaints}</ul><h3>Sent</h3><pre>{escape(head)}</pre><pre>{shown(outcome.sent)}</pre>"
        f"<h3>Received: {escape(came)}</h3><pre>{shown(b'' if received is None else received.body)}</pre>"
        "</details>"
    )


def shown(raw: bytes) -> str:
    """The bytes as text for a page: those that are no UTF-8 as \\xNN, of a long tail its length."""
    text = escape(raw[:_SHOWN].decode("utf-8", "backslashreplace"))
    return text if len(raw) <= _SHOWN else f"{text}… and {len(raw) - _SHOWN} bytes more"
