"""Reports of judged messages: JUnit XML, and one self-contained page with the bytes of each."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from lxml import etree

from gateway.cli.explain_text import WORDS, Language
from gateway.conformance import page, shown
from gateway.errors import UsageError

Document = dict[str, Any]
Tongue = Annotated[
    Language | None, typer.Option("--language", "--lang", help="Language; by default the locale's.")
]
JUnit = Annotated[Path | None, typer.Option(metavar="FILE", help="Write JUnit XML.")]
JsonFile = Annotated[
    Path | None, typer.Option("--json-file", metavar="FILE", help="Write everything as JSON.")
]
Html = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write one page with the bytes of every message.")
]
_ANSWERED: Final = {"en": "Answered", "ja": "応答"}


def write_report(file: Path | None, content: bytes) -> None:
    """Write a report that was asked for. Raises UsageError when it cannot be written."""
    if file is None:
        return
    try:
        file.write_bytes(content)
    except OSError as error:
        raise UsageError(f"{file}: cannot be written ({error.strerror})") from error


def junit_of(title: str, messages: Sequence[Document], language: Language) -> bytes:
    """A test case for each message."""
    failed = sum(not one["good"] for one in messages)
    suite = etree.Element("testsuite", name=title, tests=str(len(messages)), failures=str(failed))
    for one in messages:
        what = one["operation"] or one["kind"]
        case = etree.SubElement(suite, "testcase", classname=f"conformance.{what}", name=one["name"])
        if not one["good"]:
            failure = etree.SubElement(case, "failure", message=_reason(one, language))
            failure.text = "\n".join(_mends(one, language))
    return etree.tostring(suite, encoding="utf-8", xml_declaration=True, pretty_print=True)


def page_of(title: str, messages: Sequence[Document], language: Language) -> str:
    """A section for each message: steps, causes, its bytes, and those of the answer where there was one."""
    good = sum(one["good"] for one in messages)
    summary = {
        "en": f"{good} of {len(messages)} messages hold.",
        "ja": f"{len(messages)}件中{good}件が適合。",
    }[language]
    return page(title, summary, "".join(_section(one, language) for one in messages), language)


def _section(one: Document, language: Language) -> str:
    verdict, column = ("passed" if one["good"] else "failed"), ("en", "ja").index(language)
    steps = "".join(
        f"<li>{step['step']}: {escape(step['shown'][language])}: {escape(step['name'][language])}</li>"
        for step in one["message"]["steps"]
    )
    mends = "".join(f"<li>{escape(text)}</li>" for text in _mends(one, language))
    notes = "".join(f"<p>{escape(note[language])}</p>" for note in one["notes"])
    answered = ""
    if "answer" in one:
        answer = one["answer"]
        answered = (
            f"<h3>{_ANSWERED[language]}: {escape(answer['behaviour'])}, HTTP {answer['status']}</h3>"
            f"<p>{escape(answer['client'][language])}</p><pre>{shown(base64.b64decode(answer['bytes']))}</pre>"
        )
    title = f"{one['name']} {one['operation'] or one['kind']}"
    reason = "" if one["good"] else f"<p><strong>{escape(_reason(one, language))}</strong></p>"
    return (
        f'<details{"" if one["good"] else " open"}><summary class="{verdict}">{escape(title)}</summary>'
        f"{reason}<ul>{mends}</ul><h3>{WORDS['steps'][column]}</h3><ul>{steps}</ul>{notes}"
        f"<pre>{shown(base64.b64decode(one['bytes']))}</pre>{answered}</details>"
    )


def _reason(one: Document, language: Language) -> str:
    where = f" ({one['where']})" if one["where"] else ""
    return f"{one['step']} {one['rule']}: {one['reason'][language]}{where}"


def _mends(one: Document, language: Language) -> list[str]:
    """Of each cause that was found: what it is, and what to change."""
    return [
        f"{cause['where']}: {cause['text'][language]} {cause['mend'][language]}"
        for cause in one["message"]["causes"]
    ]
