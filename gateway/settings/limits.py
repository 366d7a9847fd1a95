"""Bounds and times: defaults are those of the message profile (section "Limits", steps 9 and 12)."""

from __future__ import annotations

from pydantic import Field

from gateway.settings.base import Count, Group, Seconds


class Limits(Group):
    """Bounds on what is taken from the network."""

    body_bytes: Count = Field(default=262_144, description="Largest message, in bytes (256 KiB).")
    piece_body_bytes: Count = Field(
        default=8_388_608,
        description="Largest message of a service that takes pieces of a file, in bytes (8 MiB).",
    )
    depth: Count = Field(default=64, description="Deepest nesting of elements, in levels.")
    elements: Count = Field(default=20_000, description="Most elements of a message.")
    piece_elements: Count = Field(
        default=200_000,
        description="Most elements of a message that carries a piece.",
    )
    attributes: Count = Field(default=32, description="Most attributes of one element.")
    namespaces_per_element: Count = Field(
        default=32,
        description="Most namespace declarations on one element.",
    )
    namespaces_in_scope: Count = Field(
        default=64,
        description="Most namespace declarations in scope at one element.",
    )
    references: Count = Field(default=16, description="Most References of a signature.")
    prefixes: Count = Field(default=32, description="Most different PrefixList tokens of a signature.")
    headers: Count = Field(default=64, description="Most HTTP headers of a request.")
    header_bytes: Count = Field(default=32_768, description="Largest HTTP header block, in bytes (32 KiB).")
    handshake_seconds: Seconds = Field(default=5, description="Time for a TLS handshake, in seconds.")
    headers_seconds: Seconds = Field(default=5, description="Time for all HTTP headers, in seconds.")
    body_seconds: Seconds = Field(default=20, description="Time for the whole body, in seconds.")
    answer_seconds: Seconds = Field(default=20, description="Time for taking the whole answer, in seconds.")
    idle_seconds: Seconds = Field(
        default=15,
        description="Time without a request on an open connection, in seconds.",
    )
    connection_seconds: Seconds = Field(default=300, description="Oldest age of a connection, in seconds.")
    connections: Count = Field(default=1024, description="Most open connections.")
    connections_per_counterpart: Count = Field(
        default=384,
        description="Most open connections of one counterpart; the oldest without a whole request yields.",
    )
    requests_per_counterpart: Count = Field(
        default=64, description="Most requests of one counterpart that are worked on at the same time."
    )
    requests_per_minute: Count = Field(
        default=6000,
        description="Most requests of one counterpart, per minute.",
    )


class Profile(Group):
    """Rules of the message profile that can be set (steps 8 and 9)."""

    max_lifetime_seconds: int = Field(
        default=600,
        ge=1,
        le=3600,
        description="Longest time from Created to Expires, in seconds (10 minutes).",
    )
    skew_seconds: int = Field(
        default=60,
        ge=0,
        le=600,
        description="Difference of clocks forgiven, in seconds.",
    )
    second_engine_share: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="Share of messages that a second, independent engine verifies too, 0 to 1; when the two "
        "disagree the message is refused and an alarm is raised.",
    )


class Guard(Group):
    """How long the duplicate guard remembers a MessageID (step 12)."""

    question_seconds: int = Field(
        default=3600, ge=60, description="Memory of an operation that only asks, in seconds (1 hour)."
    )
    change_days: int = Field(
        default=90,
        ge=1,
        description="Memory of an operation that changes something, in days.",
    )


class Refusals(Group):
    """Records of refused messages, which ``explain`` reads."""

    per_minute: Count = Field(
        default=100,
        description="Records per counterpart and minute; above it refusals are counted and sampled.",
    )
    keep_days: int = Field(default=90, ge=1, description="How long a record is kept, in days.")
    most_records: Count = Field(default=100_000, description="Most records kept; the oldest go first.")


class Budgets(Group):
    """How many answers "no match" and "several" may be had: verification is an oracle."""

    window_seconds: int = Field(
        default=600,
        ge=1,
        description="Length of the window, in seconds (10 minutes).",
    )
    per_operator: Count = Field(default=20, description="Such answers per operator in a window.")
    per_terminal: Count = Field(default=20, description="Such answers per terminal in a window.")
    per_person: Count = Field(default=10, description="Such answers about one person in a window.")
