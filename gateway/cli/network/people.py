"""The synthetic people of a development network: a small fixed set, none of them real.

The columns are those of every file of people (gateway.people.rows); ``note`` says what is special.
"""

from __future__ import annotations

from importlib import resources


def people_csv() -> bytes:
    """The file, UTF-8 with a header line."""
    return (resources.files("gateway.cli.network") / "sample_people.csv").read_bytes()
