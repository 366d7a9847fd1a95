"""The keys that a log line may have. Everything else is dropped before it is written.

None of them can hold a name, an address, a birth date, a 個人番号 or a 住民票コード: they hold what this
product makes itself (references, codes, times) or what an operator configured (systems, roles).
"""

from __future__ import annotations

ALLOWED = frozenset(
    {
        # every line
        "timestamp",
        "level",
        "event",
        "system",
        "process",
        # one message
        "reference",
        "message_id",
        "signer",
        "counterpart",
        "role",
        "service",
        "operation",
        "outcome",
        "step",
        "rule",
        "fault",
        "status",
        "bytes_in",
        "bytes_out",
        "peer",
        "attempt",
        # counterparts that are called
        "destination",
        "deadline_seconds",
        "counterpart_reference",
        # alarms
        "code",
        "state",
        "about",
        # certificates and revocation lists
        "anchor",
        "fingerprint",
        "not_after",
        "next_update",
        "crl_number",
        "days_left",
        # processes and failures
        "port",
        "worker",
        "signal",
        "count",
        "version",
        "error",
        "place",
        "where",
        "what",
        "workers",
        "pid",
        "left_out",
        "logger",
    }
)

TIMING = "_ms"
"""Ending of a key that holds a duration in milliseconds; allowed when the value is a number."""

_NUMBERS = frozenset({int, float})


def allowed(key: str, value: object) -> bool:
    """Whether a log line may have this key."""
    return key in ALLOWED or (key.endswith(TIMING) and type(value) in _NUMBERS)
