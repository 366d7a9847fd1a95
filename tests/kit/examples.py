"""The number of examples of a property test: a quarter in an ordinary run, all of them with THOROUGH=1.

Examples are drawn anew in each run, so many ordinary runs try what a thorough one does.
"""

from __future__ import annotations

import os

THOROUGH = os.environ.get("THOROUGH", "") not in {"", "0"}


def examples(count: int) -> int:
    """How many of ``count`` are tried in this run."""
    return count if THOROUGH else max(10, count // 4)
