"""Counts in memory that all processes of a system share, made before the fork.

Each thread that counts has a row of its own and nobody else writes it; who reads adds the rows up. So a count
takes no lock, no file and no system call. A process that is started in the place of another goes on in that
one's rows: no count ever goes back.
"""

from __future__ import annotations

import itertools
import mmap
import threading


class Tally:
    """``cells`` counts, over ``processes`` processes of ``threads`` counting threads each at the most.

    Threads of one process beyond that share a row, where two that count at one instant may count once.
    """

    def __init__(self, cells: int, *, processes: int, threads: int) -> None:
        self._width = cells
        self._threads = threads
        self.cells = memoryview(mmap.mmap(-1, 8 * max(1, cells * processes * threads))).cast("d")
        self.begin(0)

    def begin(self, process: int) -> None:
        """From here on this process counts as number ``process``."""
        self._rows = itertools.count(process * self._threads)
        self._last = (process + 1) * self._threads - 1
        self._own = threading.local()

    def row(self) -> int:
        """The first of this thread's ``cells``."""
        try:
            return self._own.row  # type: ignore[no-any-return] # a threading.local takes what it is given
        except AttributeError:
            row: int = min(next(self._rows), self._last) * self._width
            self._own.row = row
            return row

    def add(self, cell: int) -> None:
        """Count one."""
        self.cells[self.row() + cell] += 1.0

    def sums(self) -> list[float]:
        """Every count over all processes."""
        return [sum(self.cells[cell :: self._width]) for cell in range(self._width)]
