"""Which refusals get a record: the counting, without a database."""

from __future__ import annotations

from gateway.store.sampling import OTHERS, Addition, Due, Sampler, SamplingLimits


def _recorded(dues: list[Due]) -> int:
    return sum(due.own is not None for due in dues)


def test_the_first_hundred_of_a_minute_and_then_each_hundredth() -> None:
    sampler = Sampler()
    dues = [sampler.note("p", 5) for _ in range(1_000)]
    assert all(due == Due((Addition(5, "p", 1),), Addition(5, "p", 1)) for due in dues[:100])
    assert [number for number, due in enumerate(dues[100:], 1) if due.own] == list(range(100, 901, 100))
    assert all(due.always for due in dues[100:] if due.own)
    assert sum(a.refused for due in dues for a in due.additions) == 1_000


def test_each_peer_and_each_minute_begins_anew() -> None:
    sampler = Sampler(SamplingLimits(recorded_per_peer=2))
    assert (
        _recorded([sampler.note(peer, minute) for minute in (1, 2) for peer in "ab" for _ in range(5)]) == 8
    )


def test_what_is_only_counted_is_written_with_the_next_minute() -> None:
    sampler = Sampler(SamplingLimits(recorded_per_peer=1))
    for _ in range(5):
        sampler.note("a", 1)
    due = sampler.note("b", 2)
    assert due.additions == (Addition(1, "a", 4), Addition(2, "b", 1))


def test_pending_counts_are_handed_out_once() -> None:
    sampler = Sampler(SamplingLimits(recorded_per_peer=1))
    for _ in range(5):
        sampler.note("a", 1)
    assert sampler.pending() == (Addition(1, "a", 4),)
    assert sampler.pending() == ()


def test_a_refusal_of_a_minute_gone_by_counts_as_the_current_one() -> None:
    sampler = Sampler()
    sampler.note("a", 2)
    assert sampler.note("a", 1).own == Addition(2, "a", 1)


def test_what_other_processes_counted_is_learned() -> None:
    sampler = Sampler()
    due = sampler.note("a", 1)
    assert due.own is not None
    sampler.learned(due.own, 100)
    assert sampler.note("a", 1).own is None


def test_too_many_peers_are_counted_as_one() -> None:
    sampler = Sampler(SamplingLimits(peers=3))
    for number in range(10):
        sampler.note(f"p{number}", 1)
    due = sampler.note("p99", 1)
    assert due.own == Addition(1, OTHERS, 1)
    assert len(sampler._peers) == 4


def test_all_peers_together_are_bounded() -> None:
    sampler = Sampler(SamplingLimits(recorded_in_all=50, one_in=100))
    assert _recorded([sampler.note(f"p{number}", 1) for number in range(500)]) == 50
