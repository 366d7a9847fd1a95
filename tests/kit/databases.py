"""Which tests run on which database. Those that take ``database`` run on each; these are the exceptions.

A test of processes that is about what the store promises runs on PostgreSQL too: of the modules that name
themselves here a few in each run, chosen by a seed that is another each time (TESTS_SEED chooses the same
again), and all of them with THOROUGH=1.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import TypeVar

import pytest

from tests.kit.examples import THOROUGH

on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("database", ["postgresql"], indirect=True)

SEED = int(os.environ.get("TESTS_SEED", "0"))  # set by tests/conftest.py, for all processes of a run
_MODULES = ("access-log", "addressees", "cards-killed", "delivery", "identity-update", "shared-commit")
_AT_ONCE = 1

Case = TypeVar("Case")


def databases(module: str) -> list[str]:
    """The databases on which a module of process tests runs this time."""
    chosen = Random(SEED).sample(_MODULES, _AT_ONCE)  # noqa: S311 - which tests run
    return ["sqlite", *(["postgresql"] if THOROUGH or module in chosen else [])]


def some(cases: Sequence[Case], most: int) -> list[Case]:
    """So many of the cases, others each time; all of them in a thorough run."""
    return list(cases) if THOROUGH else Random(SEED).sample(cases, most)  # noqa: S311 - as above


@contextmanager
def database_of(kind: str) -> Iterator[str | None]:
    """``database_url`` of an empty PostgreSQL; None for the file of a state folder."""
    if kind == "sqlite":
        yield None
        return
    from tests.kit.postgres import server

    url = server().create()
    yield url
    server().drop(url)


def location(named: str) -> Path | str:
    """What Store.open takes, of a command line."""
    return named if "://" in named else Path(named)
