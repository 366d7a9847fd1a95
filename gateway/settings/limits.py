"""Bounds and times: defaults are those of the message profile (section "Limits", steps 9 and 12)."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

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


class Outbox(Group):
    """Delivery of messages to counterparts: how many at once, how often, how long."""

    processes: int = Field(
        default=1, ge=0, le=8, description="Dispatchers that run beside the serving processes; 0 runs none."
    )
    threads: int = Field(default=8, ge=1, le=64, description="Calls that one dispatcher makes at once.")
    per_destination: int = Field(
        default=4,
        ge=1,
        le=64,
        description="Of these, most to one destination; half of threads leaves room for the others.",
    )
    lease_seconds: Seconds = Field(
        default=10,
        description="How much longer than its destination's deadline a claim lasts, in seconds; after that "
        "another dispatcher may send the message again.",
    )
    poll_seconds: Seconds = Field(
        default=0.1, description="How often an idle dispatcher looks for new messages, in seconds."
    )
    retry_seconds: Seconds = Field(
        default=1, description="Wait before the second attempt, in seconds; doubles with each further one."
    )
    longest_retry_seconds: Seconds = Field(
        default=300, description="Longest wait between two attempts, in seconds (5 minutes)."
    )
    breaker_failures: Count = Field(
        default=5,
        description="Calls in a row without an answer after which a destination is left alone for a while.",
    )
    breaker_seconds: Seconds = Field(
        default=2, description="How long at first, in seconds; doubles each time it is tried in vain."
    )
    longest_breaker_seconds: Seconds = Field(
        default=60, description="How long at most, in seconds; one call then tries whether it answers."
    )
    duplicate_seconds: int = Field(
        default=600,
        ge=0,
        le=86_400,
        description="How long a counterpart may answer DuplicateMessage before the message is a dead letter, "
        "in seconds: longer than it may still be working on the first attempt (10 minutes).",
    )
    keep_days: int = Field(
        default=30, ge=1, description="How long a delivered message stays listed, without its body, in days."
    )

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.per_destination > self.threads:
            raise ValueError("per_destination must not be more than threads")
        if self.retry_seconds > self.longest_retry_seconds:
            raise ValueError("retry_seconds must not be more than longest_retry_seconds")
        if self.breaker_seconds > self.longest_breaker_seconds:
            raise ValueError("breaker_seconds must not be more than longest_breaker_seconds")
        return self


class Refusals(Group):
    """Records of refused messages, which ``explain`` reads."""

    per_minute: Count = Field(
        default=100,
        description="Records per counterpart and minute; above it refusals are counted and sampled.",
    )
    keep_days: int = Field(default=90, ge=1, description="How long a record is kept, in days.")
    most_records: Count = Field(default=100_000, description="Most records kept; the oldest go first.")
    keep_messages: bool = Field(
        default=False,
        description="true keeps the bytes of refused messages too, so that explain can find the cause: "
        "encrypted in data/refused/, for a day, 64 MiB at most. People's data may be among them.",
    )


class Evidence(Group):
    """What is kept of every message, and where its seals are copied."""

    keep_days: int = Field(
        default=2557,
        ge=1,
        description="How long a message's bytes are kept, in days (7 years); 'juki-gateway evidence erase' "
        "erases older ones. Entries, chain and signatures stay.",
    )
    seal_copy: Path | None = Field(
        default=None,
        description="Folder to which every seal is copied: best on another machine, and outside of this "
        "folder, so that whoever changes one cannot change both. Without it nobody can tell from here "
        "whether the newest entries were cut off.",
    )
    seal_copies: Count = Field(
        default=10_000, description="Most copies kept there; the newest proves all before it."
    )


TargetReason = Literal[
    "move_in",
    "birth",
    "official_entry",
    "move_within",
    "minor_correction",
    "official_correction",
    "code_change_asked",
    "code_change_official",
]
"""Changes (異動事由) after which somebody may want papers for a card: all but those that strike a record."""


class Addressees(Group):
    """送付先情報 (flow 7): whom the gateway wants extracted, and how soon it erases what it handed over."""

    target_reasons: tuple[TargetReason, ...] = Field(
        default=("birth", "move_in", "official_entry", "code_change_asked", "code_change_official"),
        description="Reasons (異動事由) of changes that make a person a 更新対象者, whose addressee is to be "
        "extracted: codes of the contract.",
    )
    erase_seconds: Seconds = Field(
        default=5,
        description="How often what was handed over to the card management system is erased, in seconds.",
    )


class InquiryFiles(Group):
    """Inquiries to 機構 by file (flow 5): what they may take of the system, and how long they are kept."""

    share: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="Part of its time that the process which answers files spends on them: after each "
        "message it rests as long as this says.",
    )
    in_vain_least: Count = Field(
        default=100, description="Lines of a file that may be answered in vain, however short it is."
    )
    in_vain_percent: int = Field(
        default=20,
        ge=0,
        le=100,
        description="Lines of a file that may be answered in vain, as a part of all; where both are used "
        "up the rest is not asked.",
    )
    keep_days: int = Field(
        default=30,
        ge=1,
        description="How long a file and its results are kept, in days; then both are erased.",
    )


class Consistency(Group):
    """Consistency checks (整合性確認, flow 6): how often, and how much of the system they may take."""

    every_days: int = Field(
        default=0,
        ge=0,
        le=366,
        description="How long after the last check the next begins, in days; 0: by hand only.",
    )
    mode: Literal["complete", "digests"] = Field(
        default="complete",
        description="complete: every record is sent; digests: first digests of spans, where the "
        "counterpart agreed to that, and records only where they differ.",
    )
    share: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="Part of its time that the process spends on sending: after each message it rests as "
        "long as this says.",
    )
    flight_seconds: int = Field(
        default=3600,
        ge=1,
        description="How long a change may be on its way to a counterpart before a difference counts, in "
        "seconds.",
    )
    repair_most: Count = Field(
        default=10,
        description="Records that a repair sends again by itself; for more an operator says how many.",
    )


class AccessLog(Group):
    """Who saw or changed whose record: how long it is kept, and what its reports look for."""

    keep_days: int = Field(
        default=2557,
        ge=1,
        description="How long an access is kept, in days (7 years); the running system erases older ones.",
    )
    mass_people: Count = Field(
        default=100,
        description="People or terms that one operator or terminal asks for in the window before the report "
        "of mass searches (大量検索) names it.",
    )
    mass_minutes: int = Field(default=60, ge=1, le=1440, description="That window, in minutes.")
    night_from_hour: int = Field(
        default=22, ge=0, le=23, description="Hour of the day in Japan with which the night (深夜) begins."
    )
    night_until_hour: int = Field(
        default=5, ge=0, le=23, description="Hour of the day in Japan with which the night ends."
    )


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
