"""Writes of several threads in one transaction: whoever comes first commits for those who wait meanwhile.

While one thread waits for the disk the others put down what they have to write and queue for its turn; the
next one then writes all of that, each in a savepoint of its own, and syncs once. A lone write is committed at
once. Nobody returns before what it wrote is durable.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy import Connection

from gateway.store.direct import run
from gateway.store.failures import ConnectionLost

MOST: Final = 16
"""Writes in one transaction at most."""

Result = TypeVar("Result")


class _Undone(Exception):
    """A transaction in which nothing was written is rolled back."""


class HoldsConnection(Protocol):
    """A unit of work, as far as savepoints go."""

    @property
    def connection(self) -> Connection:
        """Its connection, in its transaction."""
        ...


class _Write:
    """What one thread wants written, and what became of it."""

    __slots__ = ("error", "over", "result", "write")

    def __init__(self, write: Callable[[Any], Any]) -> None:
        self.write = write
        self.result: Any = None
        self.error: BaseException | None = None
        self.over = False

    def within(self, work: HoldsConnection) -> None:
        """Write, or leave no trace."""
        connection = work.connection
        run(connection, "SAVEPOINT one_write")
        try:
            self.result = self.write(work)
        except Exception as error:  # noqa: BLE001 - it is raised again in the thread that wanted this
            self.error = error
            try:
                run(connection, "ROLLBACK TO SAVEPOINT one_write")
            except Exception as gone:
                raise ConnectionLost("the transaction ended with its connection") from gone
        run(connection, "RELEASE SAVEPOINT one_write")


class SharedCommits:
    """Commits for many threads of a process; see the module's text."""

    def __init__(self, unit_of_work: Callable[[], AbstractContextManager[HoldsConnection]]) -> None:
        self._unit_of_work = unit_of_work
        self._waiting: deque[_Write] = deque()
        self._turn = threading.Lock()

    def __call__(self, write: Callable[[Any], Result]) -> Result:
        """What ``write``, given the unit of work, returns; durable on return.

        Whatever it raises is raised here, and then nothing of it is written, but what others wrote beside it
        is. ``write`` may run in another thread. Raises StoreError when the transaction failed: then nothing
        of anybody's is written.
        """
        mine = _Write(write)
        self._waiting.append(mine)
        with self._turn:
            while not mine.over:
                self._write_waiting()
        if mine.error is not None:
            raise mine.error
        result: Result = mine.result
        return result

    def _write_waiting(self) -> None:
        batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST))]
        try:
            with suppress(_Undone), self._unit_of_work() as work:
                for one in batch:
                    one.within(work)
                if all(one.error is not None for one in batch):
                    raise _Undone
        except BaseException as error:  # noqa: BLE001 - as above, for all of them
            for one in batch:
                one.error = one.error or error
        finally:
            for one in batch:
                one.over = True
