"""A database that may not grow (``PRAGMA max_page_count``): a change is there as a whole, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.domain.change import ChangeResult
from gateway.errors import StoreError
from tests.kit.changes import entry, report
from tests.kit.intake import Office


def limit(office: Office, further: int) -> None:
    with office.store.unit_of_work() as work:
        pages = work.connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        work.connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + further}").fetchall()


@pytest.mark.parametrize("further", range(8))
def test_a_change_is_whole_or_not_there(tmp_path: Path, further: int) -> None:
    office = Office.open(tmp_path, ("13-prefectural-server", "prefectural"))
    try:
        limit(office, further)
        taken = 0
        with pytest.raises(StoreError, match="full"):
            while taken < 200:
                assert office.report(report(entry(taken))) == [ChangeResult.ACCEPTED]
                taken += 1
        for table in ("person_changes", "outbox", "people", "person_versions", "person_standings"):
            assert office.rows(f"SELECT count(*) FROM {table}") == [(taken,)], table  # noqa: S608
        limit(office, 10_000)
        assert office.report(report(entry(taken))) == [ChangeResult.ACCEPTED]
        assert len(office.waiting()) == taken + 1
    finally:
        office.store.close()
