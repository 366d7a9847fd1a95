"""The store: one SQL database for everything a gateway must not forget. The only importer of SQLAlchemy.

``Store.open(folder, clock=…)`` opens it; guard_rules.py has the duplicate guard's rules,
tables.py the tables.
"""

from gateway.store.engine import Conflict
from gateway.store.guard import Claimed, ClaimLost, DuplicateGuard, InProgress, Stored, Token
from gateway.store.guard_rules import StoredAnswer
from gateway.store.refusals import ChainLine, MinuteCount, RefusalLog, RefusalRecord
from gateway.store.sampling import SamplingLimits
from gateway.store.store import Retention, Store, UnitOfWork

__all__ = [
    "ChainLine",
    "ClaimLost",
    "Claimed",
    "Conflict",
    "DuplicateGuard",
    "InProgress",
    "MinuteCount",
    "RefusalLog",
    "RefusalRecord",
    "Retention",
    "SamplingLimits",
    "Store",
    "Stored",
    "StoredAnswer",
    "Token",
    "UnitOfWork",
]
