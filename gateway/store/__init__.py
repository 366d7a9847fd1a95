"""The store: one SQL database for everything a gateway must not forget. The only importer of SQLAlchemy.

``configured.open_store`` opens it; guard_rules.py has the duplicate guard's rules, register.py the
register of people, tables.py the tables.
"""

from gateway.store.access_log import AccessLog, SealedAccess
from gateway.store.access_rows import AccessQuery
from gateway.store.access_subjects import Subjects
from gateway.store.addressee_erase import AddresseeEraser
from gateway.store.addressee_log import AddresseeLog
from gateway.store.card_book import CardBook, CardRoute, settle_cards, take_up_cards
from gateway.store.cards import CardStates
from gateway.store.change_log import ChangeLog, NoticeRoute
from gateway.store.confirmed_moves import keep_confirmation
from gateway.store.consistency_runs import ConsistencyRuns, Run
from gateway.store.consistency_runs import Found as FoundDifference
from gateway.store.engine import end_process
from gateway.store.failures import Conflict, ConnectionLost, OutcomeUnknown, Unavailable
from gateway.store.guard import Claimed, ClaimLost, DuplicateGuard, InProgress, Stored, Token
from gateway.store.guard_batch import Worked
from gateway.store.guard_rules import Arrival, StoredAnswer
from gateway.store.inquiry_files import Held, InquiryFiles
from gateway.store.move_book import MoveBook, settle_move
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
from gateway.store.register_load import Newcomer, Progress, RegisterLoader
from gateway.store.register_rows import PersonVersion
from gateway.store.restores import Restored
from gateway.store.sampling import SamplingLimits
from gateway.store.store import Retention, Store, UnitOfWork

__all__ = [
    "TRANSITIONS",
    "AccessLog",
    "AccessQuery",
    "AddresseeEraser",
    "AddresseeLog",
    "Arrival",
    "Backlog",
    "CardBook",
    "CardRoute",
    "CardStates",
    "ChainLine",
    "ChangeLog",
    "ClaimLost",
    "Claimed",
    "Conflict",
    "ConnectionLost",
    "ConsistencyRuns",
    "Delivered",
    "DuplicateGuard",
    "Filed",
    "Found",
    "FoundDifference",
    "GiveUp",
    "GivenUp",
    "Held",
    "InProgress",
    "InquiryFiles",
    "Lease",
    "MinuteCount",
    "MoveBook",
    "Newcomer",
    "NoticeRoute",
    "Outbox",
    "OutboxDesk",
    "OutboxEvent",
    "OutboxRow",
    "OutboxState",
    "OutcomeUnknown",
    "Outgoing",
    "PersonVersion",
    "Progress",
    "RefusalLog",
    "RefusalRecord",
    "Register",
    "RegisterLoader",
    "Restored",
    "Retention",
    "Retry",
    "Run",
    "SamplingLimits",
    "SealedAccess",
    "Settlement",
    "Store",
    "Stored",
    "StoredAnswer",
    "Subjects",
    "Token",
    "TooMany",
    "Unavailable",
    "UnitOfWork",
    "Wanted",
    "Worked",
    "end_process",
    "keep_confirmation",
    "settle_cards",
    "settle_move",
    "take_up_cards",
]
