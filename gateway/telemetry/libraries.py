"""Keeps libraries quiet: at DEBUG some of them write whole requests, with people's data, into a log.

What they say from WARNING on becomes a line with logger and place, without their text, since that
may quote what they were handling.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

PINNED = ("asyncio", "requests", "spyne", "sqlalchemy", "alembic", "urllib3", "zeep")
"""Loggers of libraries, with all below them, that never go below WARNING."""


class Bridge(logging.Handler):
    """Hands a library's record on as logger, level and place."""

    def __init__(self, write: Callable[[str, str, str], None]) -> None:
        super().__init__(logging.WARNING)
        self._write = write

    def emit(self, record: logging.LogRecord) -> None:
        """Pass on where the record was made; its text stays behind."""
        self._write(record.name, record.levelname.lower(), f"{record.module}:{record.lineno}")


def pin(bridge: Bridge) -> None:
    """Make ``bridge`` the only handler, and WARNING the lowest level of every library."""
    root = logging.getLogger()
    root.handlers[:] = [bridge]
    root.setLevel(logging.WARNING)
    for name in loud_loggers():
        logging.getLogger(name).setLevel(logging.NOTSET)
    for name in PINNED:
        logging.getLogger(name).setLevel(logging.WARNING)


def loud_loggers() -> list[str]:
    """Names of library loggers whose own level is below WARNING."""
    found = []
    for name, logger in sorted(logging.root.manager.loggerDict.items()):
        own = isinstance(logger, logging.Logger) and logging.NOTSET < logger.level < logging.WARNING
        if own and name.split(".")[0] in PINNED:
            found.append(name)
    return found
