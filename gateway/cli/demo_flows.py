"""The flows of the demo, in the order in which they run."""

from __future__ import annotations

from gateway.cli.demo_identity import IDENTITY_VERIFICATION
from gateway.cli.demo_search import PERSON_SEARCH
from gateway.cli.demo_steps import Flow

FLOWS: tuple[Flow, ...] = (IDENTITY_VERIFICATION, PERSON_SEARCH)
