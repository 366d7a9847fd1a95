"""Whole requests on their way to the application's threads: a bounded queue, fair between counterparts.

The loop's thread keeps the books and hands out one request per free thread; what waits, waits in one line per
counterpart, served in turn. While one counterpart's requests all hang on somebody slow, a quarter of the
threads is left to the others (safety rule "one peer never starves the rest").
"""

from __future__ import annotations

import asyncio
import secrets
import threading
import traceback
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from typing import Protocol

from gateway.transport.http import Application, HttpAnswer, HttpRequest, Log, Manner, head_of, plain_answer


class Asker(Protocol):
    """Who waits for the answer: a connection."""

    gone: bool

    def answered(self, head: bytes, body: bytes, manner: Manner) -> None:
        """Take the answer's head (without the empty line) and body; called in the loop's thread."""


class Job:
    """One request with who asked; ``bucket`` is its counterpart, None when there is no certificate."""

    __slots__ = ("asker", "bucket", "request")

    def __init__(self, asker: Asker, request: HttpRequest, bucket: int | None) -> None:
        self.asker = asker
        self.request = request
        self.bucket = bucket


class Pool:
    """The threads of one worker process. All methods are called in the loop's thread."""

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
    ) -> None:
        self._loop = loop
        self._application = application
        self._failure = failure
        self._log = log
        self._done = done
        self._size = threads
        self._share = threads - threads // 4
        self._room = threads + queue
        self._held = 0
        self._running = 0
        self._running_of: dict[int | None, int] = {}
        self._waiting: dict[int | None, deque[Job]] = {}
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._threads = [
            threading.Thread(target=self._work, name=f"front-{number}", daemon=True)
            for number in range(threads)
        ]

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let the threads end when they are free; does not wait for them."""
        for _ in self._threads:
            self._jobs.put(None)

    def submit(self, job: Job) -> bool:
        """Take a request in; False when there is no room for it."""
        if self._held >= self._room:
            return False
        self._held += 1
        if not self._may_run(job.bucket):
            self._waiting.setdefault(job.bucket, deque()).append(job)
            return True
        self._run(job)
        return True

    def _may_run(self, bucket: int | None) -> bool:
        if self._running >= self._size:
            return False
        return bucket is None or self._running_of.get(bucket, 0) < self._share

    def _run(self, job: Job) -> None:
        self._running += 1
        self._running_of[job.bucket] = self._running_of.get(job.bucket, 0) + 1
        self._jobs.put(job)

    def _finished(self, job: Job, head: bytes, body: bytes, manner: Manner) -> None:
        self._running -= 1
        left = self._running_of[job.bucket] - 1
        if left:
            self._running_of[job.bucket] = left
        else:
            del self._running_of[job.bucket]
        self._release(job)
        if self._waiting:
            self._hand_out()
        job.asker.answered(head, body, manner)

    def _release(self, job: Job) -> None:
        self._held -= 1
        self._done(job)

    def _hand_out(self) -> None:
        """Give free threads to those who wait, one counterpart after the other."""
        for bucket in list(self._waiting):
            if self._running >= self._size:
                return
            line = self._waiting[bucket]
            while line and line[0].asker.gone:
                self._release(line.popleft())
            if line and not self._may_run(bucket):
                continue
            del self._waiting[bucket]
            if line:
                self._run(line.popleft())
            if line:
                self._waiting[bucket] = line  # at the end: the others come first next time

    def _work(self) -> None:
        """What a thread does."""
        while (job := self._jobs.get()) is not None:
            head, answer = self._answer(job.request)
            try:
                self._loop.call_soon_threadsafe(self._finished, job, head, answer.body, answer.manner)
            except RuntimeError:
                return  # the loop is closed: the server has stopped without waiting any longer

    def _answer(self, request: HttpRequest) -> tuple[bytes, HttpAnswer]:
        try:
            answer = self._application(request)
            return head_of(answer), answer
        except BaseException as error:  # noqa: BLE001 - a thread must outlive whatever a request brings about
            reference = secrets.token_hex(8)
            self._log("request-failed", reference=reference, error=type(error).__name__, where=frames(error))
        try:
            answer = self._failure(reference)
            return head_of(answer), answer
        except Exception as error:  # noqa: BLE001 - the last resort
            self._log(
                "failure-answer-failed", reference=reference, error=type(error).__name__, where=frames(error)
            )
        answer = plain_answer(500, reference)
        return head_of(answer), answer


def frames(error: BaseException) -> str:
    """Where an exception came from, innermost first, eight frames: function and line only.

    Neither the exception's text nor source lines: they may quote a person's data.
    """
    found = reversed(traceback.extract_tb(error.__traceback__)[-8:])
    return " < ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in found)
