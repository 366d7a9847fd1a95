"""Two builds against each other: which one answers with less CPU, and by how much.

    python -m tests.bench.pair OTHER [--together 32] [--pairs 200]

OTHER is a checkout of another commit (``git worktree add``). A process of each build answers the same signed
searches, 64 of one and then 64 of the other, in turn on one core: whatever else the machine does meets both
alike, and the median of the differences tells a few µs where two runs after each other differ by hundreds.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from gateway.transport.lifecycle import calm_collector
from tests.bench.drive import server_cores
from tests.bench.load import frames, write_frames
from tests.bench.ready import sign_requests
from tests.bench.rig import Rig
from tests.bench.stages import answering, http_requests

ROUND = 64  # messages of one build before the other's turn
WARM = 20  # rounds that do not count
HERE = Path(__file__).parent.parent.parent
_ANSWER = """
import sys
checkout, here, folder, requests, together = sys.argv[1:]
sys.path.insert(0, checkout)
import gateway  # that build's, and everything else from here
sys.path[0] = here
from tests.bench.pair import answer
answer(folder, requests, int(together))
"""


class Build:
    """One build's process."""

    def __init__(self, checkout: Path, folder: Path, together: int, count: int) -> None:
        rig = Rig(folder / "network", people=2_000)
        rig.use_key("RSA-2048")
        rig.begin_anew(processes=1)
        requests = folder / "requests.bin"
        write_frames(requests, (request.http() for request in sign_requests(rig, count)))
        self.process = subprocess.Popen(
            [sys.executable, "-c", _ANSWER, checkout, HERE, rig.gateway.path, requests, str(together)],
            cwd=checkout,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        os.sched_setaffinity(self.process.pid, server_cores(1))

    def round(self) -> float:
        """CPU µs of a message, in one more round."""
        if self.process.stdin is None or self.process.stdout is None:
            raise RuntimeError("a process without pipes")
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def end(self) -> None:
        """Let it end."""
        self.process.communicate(timeout=60)


@contextlib.contextmanager
def builds(other: Path, together: int, pairs: int) -> Iterator[tuple[Build, Build]]:
    """The other build and this one, warm."""
    with tempfile.TemporaryDirectory() as scratch, contextlib.ExitStack() as ends:
        made = []
        for name, checkout in (("other", other.absolute()), ("this", HERE)):
            folder = Path(scratch) / name
            folder.mkdir()
            made.append(Build(checkout, folder, together, (pairs + WARM) * ROUND))
            ends.callback(made[-1].end)
        for build in made:
            for _ in range(WARM):
                build.round()
        yield made[0], made[1]


def answer(folder: str, requests: str, together: int) -> None:
    """A build's process: a round for each line on standard input."""
    with answering(Path(folder)) as answered:
        ready, at = http_requests(Path(folder), frames(Path(requests))), 0
        for number, _ in enumerate(sys.stdin, start=1):
            begin = time.thread_time_ns()
            for start in range(at, at + ROUND, together):
                answered(ready[start : start + together])
            spent, at = time.thread_time_ns() - begin, at + ROUND
            sys.stdout.write(f"{spent / ROUND / 1000}\n")
            sys.stdout.flush()
            if number == WARM:
                calm_collector()


def main() -> None:
    """Compare, and print the figures."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.pair", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("other", type=Path, help="checkout of the other build")
    parser.add_argument("--together", type=int, default=32, help="requests answered together; 1: lone ones")
    parser.add_argument("--pairs", type=int, default=200, help="rounds of each")
    wanted = parser.parse_args()
    with builds(wanted.other, wanted.together, wanted.pairs) as (other, this):
        pairs = [(other.round(), this.round()) for _ in range(wanted.pairs)]
    before, after = (statistics.median(figures) for figures in zip(*pairs, strict=True))
    less = statistics.median(one - two for one, two in pairs)
    sys.stdout.write(
        f"other {before:.0f} µs, this {after:.0f} µs; median of the differences {less:.0f} µs less\n"
    )


if __name__ == "__main__":
    main()
