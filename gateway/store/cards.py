"""States of 個人番号カード by 住民票コード, as far as an identity verification asks for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Final

from sqlalchemy import Connection, bindparam, delete, insert, select

from gateway.domain.identifiers import ResidentRecordCode
from gateway.store.register import Work
from gateway.store.tables import card_states

_STATE: Final = select(card_states.c.state).where(card_states.c.code == bindparam("digits"))
_FORGET: Final = delete(card_states).where(card_states.c.code == bindparam("digits"))


class CardStates:
    """The state of each person's card; the codes are the caller's own, at most 16 characters."""

    def __init__(self, read: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._read = read

    def of(self, code: ResidentRecordCode) -> str | None:
        """The state of this person's card; None when there is no card."""
        with self._read() as connection:
            return connection.execute(_STATE, {"digits": code.digits}).scalar_one_or_none()

    def put(self, work: Work, states: Iterable[tuple[ResidentRecordCode, str]]) -> None:
        """Note states, each in the place of what was known before."""
        rows = [{"code": code.digits, "state": state} for code, state in states]
        if rows:
            work.connection.execute(_FORGET, [{"digits": row["code"]} for row in rows])
            work.connection.execute(insert(card_states), rows)
