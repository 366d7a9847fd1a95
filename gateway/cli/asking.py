"""What the commands of a system that only calls have in common: who asks, and the channel to its CS."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Protocol, TypeVar

import typer

from clients._soap import Channel
from clients.connect import connect
from gateway.domain.caller import Caller, Operator
from gateway.domain.codes import Purpose
from gateway.domain.day import read_day
from gateway.domain.identifiers import MunicipalityCode
from gateway.domain.values import InvalidValue, read_code
from gateway.errors import UsageError
from gateway.flows.identity_update import japanese_day
from gateway.settings import Settings, clock_of
from gateway.state import StateFolder
from gateway.trust.configured import trust_store

Terminal = Annotated[str, typer.Option(help="Id of the terminal or job that asks.")]
PersonCode = Annotated[str, typer.Option("--code", help="住民票コード of the person, 11 digits.")]
OperatorIds = Annotated[str, typer.Option("--operator", help="照合ID/操作者ID of the operator.")]
PurposeCode = Annotated[str, typer.Option("--purpose", help="Purpose code.")]
DEFAULT_PURPOSE = Purpose.OFFICIAL_CORRECTION.value
"""Of what a resident record system asks and tells."""
EarlierTry = Annotated[
    str | None, typer.Option("--message-id", help="MessageID of an earlier try: the same message again.")
]


_MENDED_BY = {
    "too-few": "give at least two of name or reading, birth date and address",
    "check-digit": "a digit is wrong: the check digit does not fit the others",
    "digits": "too few or too many digits, or something else among them",
    "written": "write it like 昭和60年4月12日 or 1985年4月12日",
    "kana": "write full-width katakana",
    "code": "the contract has no such code",
    "identifier": "1 to 64 letters, digits and hyphens between them",
}
"""What to do about a value, by the stable code of what is wrong with it."""


@contextmanager
def usable() -> Iterator[None]:
    """Within: options become domain values; one that cannot is wrong use of the command."""
    try:
        yield
    except InvalidValue as error:
        mended_by = _MENDED_BY.get(error.code)
        raise UsageError(f"{error.what}: {error.code}{f' ({mended_by})' if mended_by else ''}") from None


class _Asks(Protocol):
    """The client of a system that only calls."""

    SERVICE: str

    def __init__(self, channel: Channel) -> None: ...

    def close(self) -> None:
        """Close its channel."""
        ...


_Client = TypeVar("_Client", bound=_Asks)


def channel_to_cs(state: StateFolder, settings: Settings, service: str) -> Channel:
    """The channel to this service of the municipal CS that the settings name. Raises UsageError."""
    called = [known.id for known in settings.counterparts if known.role == "municipal_cs"]
    if not called:
        raise UsageError(f"{state.settings_file}: no municipal CS is registered")
    return connect(
        settings,
        state.path,
        destination=called[0],
        service=service,
        trust=trust_store(settings, state.path),
        clock=clock_of(settings, state.path),
    )


@contextmanager
def asking_as(kind: type[_Client], state: StateFolder, settings: Settings) -> Iterator[_Client]:
    """A client of this kind to its municipal CS, closed with the block. Raises UsageError."""
    client = kind(channel_to_cs(state, settings, kind.SERVICE))
    try:
        yield client
    finally:
        client.close()


def day_of(state: StateFolder, settings: Settings, day: str | None) -> dt.date:
    """The day of an option, as 2026-11-26; today in Japan without it. Raises InvalidValue."""
    return japanese_day(clock_of(settings, state.path)) if day is None else read_day(day)


def caller_of(settings: Settings, terminal: str, operator: str, purpose: str) -> Caller:
    """Who asks, by the command's options. Raises UsageError, InvalidValue."""
    verification_id, _, operator_id = operator.partition("/")
    if settings.system.municipality is None:
        raise UsageError("gateway.toml: the system has no municipality")
    return Caller(
        MunicipalityCode(settings.system.municipality),
        terminal,
        Operator(verification_id, operator_id),
        read_code(Purpose, purpose),
    )
