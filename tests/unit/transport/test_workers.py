"""The queue in front of the threads: bounded, and fair between counterparts."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable

from gateway.transport.http import HttpAnswer, HttpRequest, Manner
from gateway.transport.workers import Job, Pool


class _Asker:
    def __init__(self, name: str, order: list[str]) -> None:
        self.gone = False
        self.name = name
        self._order = order

    def answered(self, head: bytes, body: bytes, manner: Manner = Manner.WHOLE) -> None:
        self._order.append(self.name)


class _Bench:
    """A pool whose application waits until it is told to go on, one request at a time."""

    def __init__(self, threads: int, queue: int) -> None:
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
                failure=lambda reference: HttpAnswer(500, b""),
                log=lambda event, **fields: None,
                done=self.done.append,
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
