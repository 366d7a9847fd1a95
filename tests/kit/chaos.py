"""Kills processes while work goes on, by a seeded plan: the same seed plans the same kills.

When a kill meets what instruction is the machine's business; which process is killed, after how long and in
what order is the seed's, and a run that failed is run again with its seed.
"""

# ruff: noqa: S311 - seeded on purpose
from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Kill:
    """One planned kill: seconds after the one before, and of what."""

    after: float
    target: str


def plan(seed: int, kills: Mapping[str, int], *, shortest: float, longest: float) -> list[Kill]:
    """So many kills of each target, in an order and with pauses drawn from the seed."""
    random = Random(seed)
    targets = [target for target, count in sorted(kills.items()) for _ in range(count)]
    random.shuffle(targets)
    return [Kill(random.uniform(shortest, longest), target) for target in targets]


class Chaos:
    """Carries a plan out in a thread of its own.

    ``find`` gives the process ids of a target at this moment; one of them is killed. ``restore`` is called
    after a kill of a target that nobody else starts again, and returns when it works.
    """

    def __init__(
        self,
        kills: Sequence[Kill],
        find: Mapping[str, Callable[[], Sequence[int]]],
        restore: Mapping[str, Callable[[], None]],
        *,
        patience: float = 300.0,
    ) -> None:
        self._kills = kills
        self._find = find
        self._restore = restore
        self._patience = patience
        self.done: Counter[str] = Counter()
        self.failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="chaos", daemon=True)

    @property
    def over(self) -> bool:
        """Whether the plan is carried out, or failed."""
        return not self._thread.is_alive()

    @contextlib.contextmanager
    def raging(self) -> Iterator[Chaos]:
        """Kills go on beside the block, which ends when the plan is carried out; raises what failed."""
        self._thread.start()
        try:
            yield self
        finally:
            self._thread.join()
        if self.failure is not None:
            raise self.failure

    def _run(self) -> None:
        last: dict[str, int] = {}
        try:
            for kill in self._kills:
                time.sleep(kill.after)
                process = self._kill(kill.target, last.get(kill.target))
                last[kill.target] = process
                self.done[kill.target] += 1
                restore = self._restore.get(kill.target)
                if restore is not None:
                    restore()
        except BaseException as error:  # noqa: BLE001 - handed on to whoever waits
            self.failure = error

    def _kill(self, target: str, killed: int | None) -> int:
        """Kill one of the target's processes; gives its id."""
        while True:
            process = self._await(target, killed)
            with contextlib.suppress(ProcessLookupError):  # it ended by itself meanwhile
                os.kill(process, signal.SIGKILL)
                return process

    def _await(self, target: str, killed: int | None) -> int:
        deadline = time.monotonic() + self._patience
        while time.monotonic() < deadline:
            found = [process for process in self._find[target]() if process != killed]
            if found:
                return found[0]
            time.sleep(0.02)
        raise TimeoutError(f"no {target} to kill within {self._patience:.0f} s")
