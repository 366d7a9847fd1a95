"""The queue in front of the threads: bounded, and fair between counterparts."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from gateway.transport.http import Batching, HttpAnswer, HttpRequest, Manner, Rest
from gateway.transport.workers import BATCH, Job, Pool


class _Asker:
    def __init__(self, name: str, order: list[str]) -> None:
        self.gone = False
        self.name = name
        self.body = b""
        self._order = order

    def answered(self, head: bytes, body: bytes, manner: Manner = Manner.WHOLE) -> None:
        self.body = body
        self._order.append(self.name)


class _Bench:
    """A pool whose application waits until it is told to go on, one request at a time."""

    def __init__(self, threads: int, queue: int, batching: Batching | None = None) -> None:
        self._batching = batching
        self.go = threading.Semaphore(0)
        self.order: list[str] = []
        self.started: list[str] = []
        self.done: list[Job] = []
        self._threads, self._queue = threads, queue

    def _application(self, request: HttpRequest) -> HttpAnswer:
        self.started.append(request.path)
        self.go.acquire()
        return HttpAnswer(200, b"")

    def job(self, name: str, bucket: int | None) -> Job:
        request = HttpRequest("POST", name, "", (), b"", None, "127.0.0.1")
        return Job(_Asker(name, self.order), request, bucket)

    def run(self, script: Callable[[_Bench, Pool], Awaitable[None]]) -> None:
        async def main() -> None:
            pool = Pool(
                asyncio.get_running_loop(),
                self._application,
                threads=self._threads,
                queue=self._queue,
                failure=lambda reference: HttpAnswer(500, b"failed"),
                log=lambda event, **fields: None,
                done=self.done.append,
                batching=self._batching,
            )
            pool.start()
            await script(self, pool)
            self.go.release(100)
            pool.stop()

        asyncio.run(main())

    async def until(self, true: Callable[[], bool]) -> None:
        for _ in range(500):
            if true():
                return
            await asyncio.sleep(0.01)
        raise AssertionError("did not come about")


def test_there_is_room_for_the_threads_and_the_queue() -> None:
    async def script(bench: _Bench, pool: Pool) -> None:
        assert [pool.submit(bench.job(str(number), None)) for number in range(4)] == [True, True, True, False]
        bench.go.release()
        await bench.until(lambda: len(bench.order) == 1)
        assert pool.submit(bench.job("again", None))

    _Bench(1, 2).run(script)


def test_counterparts_take_turns() -> None:
    async def script(bench: _Bench, pool: Pool) -> None:
        for name, bucket in (("a1", 1), ("a2", 1), ("a3", 1), ("b1", 2), ("b2", 2), ("c1", 3)):
            assert pool.submit(bench.job(name, bucket))
        bench.go.release(6)
        await bench.until(lambda: len(bench.order) == 6)
        assert bench.order == ["a1", "a2", "b1", "c1", "a3", "b2"]

    _Bench(1, 10).run(script)


def test_a_quarter_of_the_threads_is_left_to_the_others() -> None:
    async def script(bench: _Bench, pool: Pool) -> None:
        for number in range(6):
            pool.submit(bench.job(f"a{number}", 1))
        await bench.until(lambda: len(bench.started) == 3)
        pool.submit(bench.job("b", 2))
        await bench.until(lambda: "b" in bench.started)
        await asyncio.sleep(0.05)
        assert len(bench.started) == 4
        bench.go.release(7)
        await bench.until(lambda: len(bench.order) == 7)
        assert len(bench.done) == 7

    _Bench(4, 10).run(script)


def test_a_request_whose_connection_has_gone_is_not_worked_on() -> None:
    async def script(bench: _Bench, pool: Pool) -> None:
        jobs = [bench.job(name, 1) for name in ("first", "gone", "third")]
        for job in jobs:
            pool.submit(job)
        jobs[1].asker.gone = True
        bench.go.release(3)
        await bench.until(lambda: len(bench.order) == 2)
        assert bench.order == ["first", "third"]
        assert len(bench.done) == 3

    _Bench(1, 10).run(script)


class _Together:
    """Answers several at once, and notes which; ``hold`` keeps it from answering."""

    def __init__(self) -> None:
        self.hold = threading.Semaphore(0)
        self.batches: list[list[str]] = []
        self.threads: set[str] = set()
        self.rests: list[str] = []
        self.fails = False

    def together(self, requests: Sequence[HttpRequest]) -> Sequence[HttpAnswer | Rest]:
        self.threads.add(threading.current_thread().name)
        self.batches.append([request.path for request in requests])
        self.hold.acquire()
        if self.fails:
            raise KeyError("bug")
        return [
            partial(self._rest, request.path)
            if request.path.startswith("slow")
            else HttpAnswer(200, request.path.encode())
            for request in requests
        ]

    def _rest(self, name: str) -> HttpAnswer:
        self.rests.append(threading.current_thread().name)
        return HttpAnswer(200, b"later")


def _bodies(jobs: Sequence[Job]) -> list[bytes]:
    return [job.asker.body for job in jobs]  # type: ignore[attr-defined] # an _Asker


def test_a_lone_request_is_answered_at_once() -> None:
    application = _Together()

    async def script(bench: _Bench, pool: Pool) -> None:
        application.hold.release(1)
        job = bench.job("one", 1)
        assert pool.submit(job)
        await bench.until(lambda: bench.order == ["one"])
        assert (application.batches, _bodies([job]), bench.done) == ([["one"]], [b"one"], [job])

    _Bench(1, 10, application).run(script)


def test_what_has_come_meanwhile_goes_together() -> None:
    """In the order in which it came, up to a bound; one thread does it all."""
    application = _Together()

    async def script(bench: _Bench, pool: Pool) -> None:
        count = BATCH + 3
        jobs = [bench.job(f"r{number}", number) for number in range(count + 1)]
        assert pool.submit(jobs[0])
        await bench.until(lambda: len(application.batches) == 1)
        for job in jobs[1:]:
            assert pool.submit(job)
        await asyncio.sleep(0.05)
        assert bench.order == []
        application.hold.release(3)
        await bench.until(lambda: len(bench.order) == count + 1)
        assert bench.order == [job.request.path for job in jobs]
        assert [len(batch) for batch in application.batches] == [1, BATCH, 3]
        assert len(application.threads) == 1

    _Bench(1, 100, application).run(script)


def test_what_may_wait_goes_to_the_patient_threads() -> None:
    application = _Together()

    async def script(bench: _Bench, pool: Pool) -> None:
        jobs = [bench.job(name, number) for number, name in enumerate(("slow", "a", "slow-too"))]
        for job in jobs:
            assert pool.submit(job)
        application.hold.release(3)
        await bench.until(lambda: len(bench.order) == 3)
        assert _bodies(jobs) == [b"later", b"a", b"later"]
        assert len(application.rests) == 2
        assert not application.threads & set(application.rests)
        assert sorted(map(id, bench.done)) == sorted(map(id, jobs))

    _Bench(2, 10, application).run(script)


def test_an_application_that_raises_fails_each_and_the_thread_lives_on() -> None:
    application = _Together()
    application.fails = True

    async def script(bench: _Bench, pool: Pool) -> None:
        jobs = [bench.job(name, number) for number, name in enumerate(("a", "b"))]
        for job in jobs:
            assert pool.submit(job)
        application.hold.release(2)
        await bench.until(lambda: len(bench.order) == 2)
        assert _bodies(jobs) == [b"failed"] * 2
        application.fails = False
        application.hold.release(1)
        again = bench.job("again", 1)
        assert pool.submit(again)
        await bench.until(lambda: len(bench.order) == 3)
        assert _bodies([again]) == [b"again"]

    _Bench(1, 10, application).run(script)
