"""Delivery: from a row in the outbox to a counterpart's verified answer, exactly once and in order.

decisions.py, breaker.py and backoff.py decide and touch nothing; dispatcher.py does what they say;
process.py is its life as a process. The rows and their states are the store's (store/outbox_states.py).
"""

from gateway.outbox.breaker import Breaker
from gateway.outbox.courier import Attempt, Courier, DeliveryFailed
from gateway.outbox.decisions import Decision, Verdict, decide, judge
from gateway.outbox.dispatcher import Dispatcher, Keep, Route
from gateway.outbox.policy import Policy

__all__ = [
    "Attempt",
    "Breaker",
    "Courier",
    "Decision",
    "DeliveryFailed",
    "Dispatcher",
    "Keep",
    "Policy",
    "Route",
    "Verdict",
    "decide",
    "judge",
]
