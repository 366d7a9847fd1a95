"""Every table of the store, a file a subject. migrations/ holds the way from one version to the next."""

from gateway.store.tables.accesses import access_chains, access_keys, access_people, accesses
from gateway.store.tables.addressees import (
    addressee_messages,
    addressee_people,
    addressee_targets,
    addressees,
    received_addressees,
)
from gateway.store.tables.base import metadata
from gateway.store.tables.budgets import budget_spends
from gateway.store.tables.cards import card_events, card_states, cards
from gateway.store.tables.changes import person_changes, person_standings
from gateway.store.tables.consistency import (
    consistency_compared,
    consistency_comparisons,
    consistency_findings,
    consistency_runs,
)
from gateway.store.tables.evidence import (
    PADDING,
    evidence_bodies,
    evidence_certificates,
    evidence_chains,
    evidence_entries,
    evidence_seals,
    evidence_transient,
)
from gateway.store.tables.guard import messages, signatures
from gateway.store.tables.inquiry_files import inquiry_answers, inquiry_files, inquiry_pieces
from gateway.store.tables.issued import issued
from gateway.store.tables.moves import confirmed_moves, move_events, move_people, move_remarks, moves
from gateway.store.tables.outbox import outbox, outbox_lines, outbox_message_ids
from gateway.store.tables.refusals import refusal_counts, refusals
from gateway.store.tables.register import (
    people,
    person_codes,
    person_numbers,
    person_versions,
    register_marks,
    search_by_address,
    search_by_birth,
    search_by_kana,
    search_by_name,
    search_staging,
)
from gateway.store.tables.upkeep import clock_marks, restores, schema_serves

__all__ = [
    "PADDING",
    "access_chains",
    "access_keys",
    "access_people",
    "accesses",
    "addressee_messages",
    "addressee_people",
    "addressee_targets",
    "addressees",
    "budget_spends",
    "card_events",
    "card_states",
    "cards",
    "clock_marks",
    "confirmed_moves",
    "consistency_compared",
    "consistency_comparisons",
    "consistency_findings",
    "consistency_runs",
    "evidence_bodies",
    "evidence_certificates",
    "evidence_chains",
    "evidence_entries",
    "evidence_seals",
    "evidence_transient",
    "inquiry_answers",
    "inquiry_files",
    "inquiry_pieces",
    "issued",
    "messages",
    "metadata",
    "move_events",
    "move_people",
    "move_remarks",
    "moves",
    "outbox",
    "outbox_lines",
    "outbox_message_ids",
    "people",
    "person_changes",
    "person_codes",
    "person_numbers",
    "person_standings",
    "person_versions",
    "received_addressees",
    "refusal_counts",
    "refusals",
    "register_marks",
    "restores",
    "schema_serves",
    "search_by_address",
    "search_by_birth",
    "search_by_kana",
    "search_by_name",
    "search_staging",
    "signatures",
]
