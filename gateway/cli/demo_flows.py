"""The flows of the demo, in the order in which they run."""

from __future__ import annotations

from gateway.cli.demo_addressees import ADDRESSEE_NOTIFICATION
from gateway.cli.demo_cards import CARD_MANAGEMENT
from gateway.cli.demo_changes import IDENTITY_UPDATE
from gateway.cli.demo_consistency import CONSISTENCY
from gateway.cli.demo_identity import IDENTITY_VERIFICATION
from gateway.cli.demo_inquiry import PERSON_INQUIRY
from gateway.cli.demo_move_in import SPECIAL_MOVE_IN
from gateway.cli.demo_search import PERSON_SEARCH
from gateway.cli.demo_steps import Flow

FLOWS: tuple[Flow, ...] = (
    IDENTITY_UPDATE,
    IDENTITY_VERIFICATION,
    PERSON_SEARCH,
    PERSON_INQUIRY,
    CONSISTENCY,
    ADDRESSEE_NOTIFICATION,
    SPECIAL_MOVE_IN,
    CARD_MANAGEMENT,
)
