"""Pages for people: self-contained HTML that fetches nothing, in Japanese and English.

Whatever stands in a message may be hostile: templates escape by default, control and bidirectional
characters are made visible, and a Content-Security-Policy allows nothing but the page's own style and
script, by a nonce.
"""

from gateway.web.model import (
    FlowView,
    MessageView,
    Page,
    Participant,
    RefusalView,
    StepView,
    Text,
)
from gateway.web.page import render

__all__ = [
    "FlowView",
    "MessageView",
    "Page",
    "Participant",
    "RefusalView",
    "StepView",
    "Text",
    "render",
]
