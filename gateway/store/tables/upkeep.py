"""The database itself: the clock of its newest commit, which programs it serves, restores."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, String, Table

from gateway.store.tables.base import ROW_ID, metadata

clock_marks = Table(  # the newest instant that a commit has seen, one row for each machine's clock
    "clock_marks",
    metadata,
    Column("node", String(64), primary_key=True),
    Column("at", BigInteger, nullable=False),
)

schema_serves = Table(  # revisions of programs that may work on these tables (schema.py)
    "schema_serves",
    metadata,
    Column("revision", String(32), primary_key=True),
)

restores = Table(  # every restore from a backup that this database went through
    "restores",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("backup_at", BigInteger, nullable=False),  # what came later is lost
    Column("lost_seal", BigInteger),  # number of the newest seal that is lost; none: none is
    Column("guard", String(8), nullable=False),  # restores.Guard: taken, lost
    Column("taken_over", Integer, nullable=False),  # messages that the guard of the database before knew
    Column("effects_lost", Integer, nullable=False),  # of them answered after the backup
    Column("window_until", BigInteger),  # until then a retry of what is lost would act twice; none: never
)
