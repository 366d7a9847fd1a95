"""The synthetic people of a development network: a small fixed set, none of them real.

Columns: ``resident_record_code`` (住民票コード), ``individual_number`` (個人番号), ``name``, ``kana`` and
``address`` in the register's inline form, ``birth_date`` as written in Japanese, the same date as the
contract sends it (``birth_calendar``, ``birth_digits``, ``birth_certainty``, ``birth_text``), ``sex`` (1, 2),
``municipality`` (six digits), ``card_state`` (``active``, ``suspended``, ``lapsed``, ``none``),
``recorded_at`` (system ids, parted by spaces) and a ``note`` in English.
"""

from __future__ import annotations

from importlib import resources


def people_csv() -> bytes:
    """The file, UTF-8 with a header line."""
    return (resources.files("gateway.cli.network") / "sample_people.csv").read_bytes()
