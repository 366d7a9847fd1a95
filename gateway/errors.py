"""The error tree of the whole product, grouped by who must act.

    GatewayError
    ├── Refused                      the sender: the message is not acceptable (gateway.refusals)
    ├── OperationFault               the sender: the operation's own answer is a fault
    ├── CounterpartError             the counterpart or the line to it
    │   ├── CounterpartUnavailable       no connection, or an HTTP status without a SOAP answer
    │   ├── CounterpartTimeout           no whole answer before the deadline
    │   ├── CounterpartAnswerInvalid     an answer that is not signed, not bound or not readable
    │   └── CounterpartFault             a fault from the counterpart, and how far it can be believed
    ├── StateError                   the operator: settings, state folder, keys
    │   ├── NotFitForProduction          the system has something that is for tests only
    │   └── StoreError                   the database cannot keep its promises
    └── UsageError                   the person at the command line

Errors never carry personal data: no name, no 個人番号, no 住民票コード.
"""

from __future__ import annotations

from typing import Literal


class GatewayError(Exception):
    """Base of every error that this product raises on purpose."""


class OperationFault(GatewayError):
    """An operation's own fault: a stable ``code`` of ``urn:juki-gateway:faults:1`` and two texts.

    ``temporary`` faults are not kept by the duplicate guard: a retry is worked anew.
    """

    def __init__(self, code: str, en: str, ja: str, *, temporary: bool = False) -> None:
        super().__init__(en)
        self.code = code
        self.en = en
        self.ja = ja
        self.temporary = temporary


class CounterpartError(GatewayError):
    """A counterpart could not be asked, or its answer cannot be used."""


class CounterpartUnavailable(CounterpartError):
    """No connection, or an HTTP answer that is not SOAP at all."""


class CounterpartTimeout(CounterpartError):
    """The deadline passed before the whole answer was there."""


class CounterpartAnswerInvalid(CounterpartError):
    """The answer is unsigned, wrongly signed, bound to another request, or unreadable."""


class CounterpartFault(CounterpartError):
    """The counterpart answered with a fault.

    ``code`` is its ``juki:code`` (or its faultcode's local name), ``reference`` its own reference, ``text``
    its faultstring and reasons. Only a ``standing`` of ``bound`` is an outcome of our request: ``unbound`` is
    signed but names no request of ours, ``unauthenticated`` is not signed at all.
    """

    def __init__(
        self,
        code: str,
        text: str,
        reference: str | None,
        standing: Literal["bound", "unbound", "unauthenticated"],
    ) -> None:
        told = f" (reference {reference})" if reference else ""
        super().__init__(f"{standing} fault {code}: {text}{told}")
        self.code = code
        self.text = text
        self.reference = reference
        self.standing = standing


class StateError(GatewayError):
    """Settings, keys, certificates or the state folder are not fit to run on."""


class NotFitForProduction(StateError):
    """A system in production mode has what is for tests only: the findings, one a line."""


class StoreError(StateError):
    """The database cannot be reached, or does not keep its promises."""


class UsageError(GatewayError):
    """The command line or a file given on it cannot be used; the text names line and column."""
