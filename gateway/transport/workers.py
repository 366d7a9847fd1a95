"""Whole requests on their way to the application's threads: a bounded queue, fair between counterparts.

The loop's thread keeps the books and hands out one request per free place; what waits, waits in one line per
counterpart, served in turn. While one counterpart's requests all hang on somebody slow, a quarter of the
places is left to the others (safety rule "one peer never starves the rest").

There are two lanes. An application that takes several requests at once (http.Batching) is given what has come
together, in one quick thread that never waits; what may wait goes on in the patient lane's threads. A plain
application is only ever called in those.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from queue import SimpleQueue
from typing import Protocol, TypeVar

from gateway.transport.http import (
    Application,
    Batching,
    HttpAnswer,
    HttpRequest,
    Log,
    Manner,
    Rest,
    head_of,
    plain_answer,
)

Result = TypeVar("Result")

BATCH = 32
"""Requests answered together at the most; fewer when fewer wait, and a lone one at once."""

_QUICK_PLACES = 2 * BATCH


class Asker(Protocol):
    """Who waits for the answer: a connection."""

    gone: bool

    def answered(self, head: bytes, body: bytes, manner: Manner) -> None:
        """Take the answer's head (without the empty line) and body; called in the loop's thread."""


class Job:
    """One request with who asked; ``bucket`` is its counterpart, None when there is no certificate.

    ``rest`` is what is left to do, None for all of it.
    """

    __slots__ = ("asker", "bucket", "request", "rest")

    def __init__(self, asker: Asker, request: HttpRequest, bucket: int | None) -> None:
        self.asker = asker
        self.request = request
        self.bucket = bucket
        self.rest: Rest | None = None


Outcome = tuple[Job, bytes, HttpAnswer | Rest]
"""What became of a job in a thread: the answer with its head, or what is left to do."""


class Lane:
    """So many places for jobs, handed out fairly. Threads take from ``jobs``, the rest is the loop's."""

    def __init__(self, places: int) -> None:
        self._places = places
        self._share = places - places // 4
        self._running = 0
        self._running_of: dict[int | None, int] = {}
        self._waiting: dict[int | None, deque[Job]] = {}
        self.jobs: SimpleQueue[Job | None] = SimpleQueue()

    def enter(self, job: Job) -> None:
        """Run the job, now or when it is its turn."""
        if self._may_run(job.bucket):
            self._run(job)
        else:
            self._waiting.setdefault(job.bucket, deque()).append(job)

    def leave(self, job: Job, dropped: Callable[[Job], None]) -> None:
        """A job that ran is over; the next takes its place. ``dropped`` is told of those nobody waits for."""
        self._running -= 1
        left = self._running_of[job.bucket] - 1
        if left:
            self._running_of[job.bucket] = left
        else:
            del self._running_of[job.bucket]
        if self._waiting:
            self._hand_out(dropped)

    def _may_run(self, bucket: int | None) -> bool:
        if self._running >= self._places:
            return False
        return bucket is None or self._running_of.get(bucket, 0) < self._share

    def _run(self, job: Job) -> None:
        self._running += 1
        self._running_of[job.bucket] = self._running_of.get(job.bucket, 0) + 1
        self.jobs.put(job)

    def _hand_out(self, dropped: Callable[[Job], None]) -> None:
        """Give free places to those who wait, one counterpart after the other."""
        for bucket in list(self._waiting):
            if self._running >= self._places:
                return
            line = self._waiting[bucket]
            while line and line[0].asker.gone:
                dropped(line.popleft())
            if line and not self._may_run(bucket):
                continue
            del self._waiting[bucket]
            if line:
                self._run(line.popleft())
            if line:
                self._waiting[bucket] = line  # at the end: the others come first next time


class Pool:
    """The threads of one worker process. All public methods are called in the loop's thread."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        application: Application,
        *,
        threads: int,
        queue: int,
        failure: Callable[[str], HttpAnswer],
        log: Log,
        done: Callable[[Job], None],
        batching: Batching | None = None,
    ) -> None:
        self._loop = loop
        self._application = application
        self._failure = failure
        self._log = log
        self._done = done
        self._room = threads + queue
        self.held = 0  # requests that wait or are worked on
        self._patient = Lane(threads)
        self._quick: Lane | None = None
        self._threads = [
            threading.Thread(target=self._wait_and_work, name=f"front-{number}", daemon=True)
            for number in range(threads)
        ]
        if batching is not None:
            self._quick = Lane(_QUICK_PLACES)
            quick = threading.Thread(
                target=self._work_quickly, args=(batching, self._quick), name="front-quick", daemon=True
            )
            self._threads.append(quick)

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let the threads end when they are free; does not wait for them."""
        if self._quick is not None:
            self._quick.jobs.put(None)
        for _ in self._threads:
            self._patient.jobs.put(None)

    def submit(self, job: Job) -> bool:
        """Take a request in; False when there is no room for it."""
        if self.held >= self._room:
            return False
        self.held += 1
        (self._quick or self._patient).enter(job)
        return True

    def _finished(self, lane: Lane, outcomes: Sequence[Outcome]) -> None:
        for job, head, outcome in outcomes:
            if isinstance(outcome, HttpAnswer):
                self._release(job)
                lane.leave(job, self._release)
                job.asker.answered(head, outcome.body, outcome.manner)
            else:
                job.rest = outcome
                lane.leave(job, self._release)
                self._patient.enter(job)

    def _release(self, job: Job) -> None:
        self.held -= 1
        self._done(job)

    # What the threads do.

    def _wait_and_work(self) -> None:
        while (job := self._patient.jobs.get()) is not None:
            rest = job.rest or partial(self._application, job.request)
            if not self._tell(self._patient, [self._outcome(job, self._whatever_happens(rest))]):
                return

    def _work_quickly(self, batching: Batching, lane: Lane) -> None:
        """What waits, up to a bound, goes together; the answers share a commit, and leave after it."""
        while (job := lane.jobs.get()) is not None:
            jobs = [job]
            while len(jobs) < BATCH and not lane.jobs.empty():
                another = lane.jobs.get()
                if another is None:
                    lane.jobs.put(None)  # the end comes after these
                    break
                jobs.append(another)
            found = self._whatever_happens(partial(batching.together, [one.request for one in jobs]))
            answers = [found] * len(jobs) if isinstance(found, HttpAnswer) else found
            outcomes = [self._outcome(one, answer) for one, answer in zip(jobs, answers, strict=True)]
            if not self._tell(lane, outcomes):
                return

    def _tell(self, lane: Lane, outcomes: Sequence[Outcome]) -> bool:
        """Hand outcomes to the loop; False when the server has stopped without waiting any longer."""
        try:
            self._loop.call_soon_threadsafe(self._finished, lane, outcomes)
        except RuntimeError:
            return False  # the loop is closed
        return True

    def _outcome(self, job: Job, one: HttpAnswer | Rest) -> Outcome:
        if not isinstance(one, HttpAnswer):
            return job, b"", one
        head = self._whatever_happens(partial(head_of, one))
        if isinstance(head, HttpAnswer):  # the answer had a header that cannot be sent
            return job, head_of(head), head
        return job, head, one

    def _whatever_happens(self, what: Callable[[], Result]) -> Result | HttpAnswer:
        """A thread must outlive whatever a request brings about: a failure's answer in place of an error."""
        try:
            return what()
        except BaseException as error:  # noqa: BLE001 - see above
            reference = secrets.token_hex(8)
            self._log("request-failed", reference=reference, error=type(error).__name__, where=frames(error))
        try:
            return self._failure(reference)
        except Exception as error:  # noqa: BLE001 - the last resort
            self._log(
                "failure-answer-failed", reference=reference, error=type(error).__name__, where=frames(error)
            )
        return plain_answer(500, reference)


def frames(error: BaseException) -> str:
    """Where an exception came from, innermost first, eight frames: function and line only.

    Neither the exception's text nor source lines: they may quote a person's data.
    """
    found = reversed(traceback.extract_tb(error.__traceback__)[-8:])
    return " < ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in found)
