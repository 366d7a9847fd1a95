"""Renders a page: one HTML text that needs nothing but itself.

Style and script stand in the page; the Content-Security-Policy allows them by a fresh nonce, and
nothing else.
"""

from __future__ import annotations

import base64
import json
import secrets
from datetime import UTC, datetime
from importlib import resources
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from gateway.web.diagram import flow_diagram, refusal_diagram
from gateway.web.markup import plain, visible
from gateway.web.message import show
from gateway.web.model import Page, Text
from gateway.web.texts import outcome_words, role_words

_FOLDER: Final = resources.files("gateway.web") / "templates"
_JSON_ESCAPES: Final = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)


def render(page: Page) -> str:
    """The page as HTML text; encode it as UTF-8."""
    nonce = secrets.token_urlsafe(16)
    known = {participant.id: participant for participant in page.participants}
    return (
        _environment()
        .get_template("page.html")
        .render(
            page=page,
            nonce=nonce,
            policy=_policy(nonce),
            style=Markup(_part("page.css")),  # noqa: S704 # our own files, no data in them
            script=Markup(_part("page.js")),  # noqa: S704
            shown={message.id: show(message) for message in page.messages},
            diagrams=[flow_diagram(flow, known) for flow in page.flows],
            refusals_diagram=refusal_diagram(page.refusals, known),
            known=known,
            messages=_json(
                {
                    message.id: {
                        "file": f"{message.id}.xml",
                        "base64": base64.b64encode(message.raw).decode(),
                    }
                    for message in page.messages
                }
            ),
        )
    )


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("gateway.web"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = {"plain": plain, "visible": visible, "both": _both, "drawn": _drawn, "text": _text}
    environment.filters.update(filters, instant=_instant, role=role_words, outcome=outcome_words)
    return environment


def _both(text: Text | str) -> Markup:
    """Both languages, of which the page's style shows one; a plain string is data and the same in both."""
    if isinstance(text, str):
        return Markup('<span class="data">{}</span>').format(visible(text))
    return Markup('<span class="t" lang="ja">{}</span><span class="t" lang="en">{}</span>').format(
        visible(text.ja), visible(text.en)
    )


def _drawn(text: Text | str) -> Markup:
    """As _both, in SVG, where no HTML element may stand."""
    if isinstance(text, str):
        return Markup("<tspan>{}</tspan>").format(plain(text))
    return Markup('<tspan class="t" lang="ja">{}</tspan><tspan class="t" lang="en">{}</tspan>').format(
        plain(text.ja), plain(text.en)
    )


def _text(pair: tuple[str, str]) -> Text:
    return Text(*pair)


def _instant(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] + "Z"


def _json(value: Any) -> Markup:
    """JSON that cannot end the script element it stands in."""
    return Markup(json.dumps(value, ensure_ascii=False).translate(_JSON_ESCAPES))  # noqa: S704


def _policy(nonce: str) -> str:
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src 'nonce-{nonce}'",
            f"script-src 'nonce-{nonce}'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _part(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")
