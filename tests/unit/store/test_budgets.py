"""Whom a budget is about is kept as HMAC-SHA-256 under the database's own key."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from gateway.clock import FixedClock
from gateway.store import Store
from gateway.store.tables import budget_spends, register_marks

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SUBJECTS = (("operator", "131016/V1"), ("terminal", "131016/T1"), ("person", "髙橋\u3000𠮷子/19700101"))


def test_subjects_are_counted_under_their_hmac(tmp_path: Path) -> None:
    store = Store.open(tmp_path, clock=FixedClock(AT), upgrade=True)
    try:
        store.budgets.spend(SUBJECTS, at=AT)
        store.budgets.spend(SUBJECTS[:1], at=AT)
        assert store.budgets.spent(SUBJECTS, since=AT - timedelta(hours=1)) == (2, 1, 1)
        with store.read() as connection:
            key = bytes.fromhex(connection.execute(select(register_marks.c.value)).scalars().one())
            kept = set(connection.execute(select(budget_spends.c.subject)).scalars())
        assert kept == {hmac.new(key, text.encode(), "sha256").hexdigest() for _, text in SUBJECTS}
    finally:
        store.close()
