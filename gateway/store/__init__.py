"""The store: one SQL database for everything a gateway must not forget. The only importer of SQLAlchemy.

``Store.open(folder, clock=…)`` opens it; guard_rules.py has the duplicate guard's rules, register.py the
register of people, tables.py the tables.
"""

from gateway.store.cards import CardStates
from gateway.store.engine import Conflict
from gateway.store.guard import Claimed, ClaimLost, DuplicateGuard, InProgress, Stored, Token
from gateway.store.guard_rules import StoredAnswer
from gateway.store.outbox_desk import Filed, OutboxDesk
from gateway.store.outbox_rows import Outbox, Wanted
from gateway.store.outbox_states import (
    TRANSITIONS,
    Backlog,
    Delivered,
    GivenUp,
    GiveUp,
    Lease,
    OutboxEvent,
    OutboxRow,
    OutboxState,
    Outgoing,
    Retry,
    Settlement,
)
from gateway.store.refusals import ChainLine, MinuteCount, RefusalLog, RefusalRecord
from gateway.store.register import Found, Register, TooMany
from gateway.store.register_load import Progress, RegisterLoader
from gateway.store.register_rows import PersonVersion
from gateway.store.sampling import SamplingLimits
from gateway.store.store import Retention, Store, UnitOfWork

__all__ = [
    "TRANSITIONS",
    "Backlog",
    "CardStates",
    "ChainLine",
    "ClaimLost",
    "Claimed",
    "Conflict",
    "Delivered",
    "DuplicateGuard",
    "Filed",
    "Found",
    "GiveUp",
    "GivenUp",
    "InProgress",
    "Lease",
    "MinuteCount",
    "Outbox",
    "OutboxDesk",
    "OutboxEvent",
    "OutboxRow",
    "OutboxState",
    "Outgoing",
    "PersonVersion",
    "Progress",
    "RefusalLog",
    "RefusalRecord",
    "Register",
    "RegisterLoader",
    "Retention",
    "Retry",
    "SamplingLimits",
    "Settlement",
    "Store",
    "Stored",
    "StoredAnswer",
    "Token",
    "TooMany",
    "UnitOfWork",
    "Wanted",
]
