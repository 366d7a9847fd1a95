"""Step 9, time: one reading of our clock against Created and Expires, skew 60 s, lifetime 10 min."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.wss.profile import Profile
from gateway.wss.verify import Verifier
from tests.kit.identities import NOW
from tests.kit.messages import Draft, good_answer, good_request
from tests.kit.refusal import REQUEST, Bench, expect_refusal

FAULT = "wsu:MessageExpired"
TICK = timedelta(milliseconds=1)
SKEW = timedelta(seconds=60)
LIFETIME = timedelta(minutes=5)


@pytest.mark.parametrize("early", [timedelta(0), SKEW - TICK, SKEW])
def test_created_within_the_skew(bench: Bench, early: timedelta) -> None:
    bench.accepts(good_request(created=NOW + early))


@pytest.mark.parametrize("early", [SKEW + TICK, timedelta(hours=9), timedelta(days=300)])
def test_created_in_the_future(bench: Bench, early: timedelta) -> None:
    bench.refuses(good_request(created=NOW + early), "timestamp-future", FAULT)


@pytest.mark.parametrize("late", [timedelta(0), SKEW - TICK])
def test_expired_within_the_skew(bench: Bench, late: timedelta) -> None:
    bench.accepts(good_request(), now=NOW + LIFETIME + late)


@pytest.mark.parametrize("late", [SKEW + TICK, timedelta(hours=9), timedelta(days=20)])
def test_expired(bench: Bench, late: timedelta) -> None:
    bench.refuses(good_request(), "timestamp-expired", FAULT, now=NOW + LIFETIME + late)


@pytest.mark.parametrize("lifetime", [timedelta(0), -TICK, timedelta(minutes=-5)])
def test_expires_not_after_created(bench: Bench, lifetime: timedelta) -> None:
    bench.refuses(good_request(lifetime=lifetime), "timestamp-order", FAULT)


@pytest.mark.parametrize("lifetime", [TICK, timedelta(minutes=10) - TICK, timedelta(minutes=10)])
def test_a_lifetime_within_the_bound(bench: Bench, lifetime: timedelta) -> None:
    bench.accepts(good_request(lifetime=lifetime))


@pytest.mark.parametrize("lifetime", [timedelta(minutes=10) + TICK, timedelta(days=1), timedelta(days=36500)])
def test_a_lifetime_beyond_the_bound(bench: Bench, lifetime: timedelta) -> None:
    bench.refuses(good_request(lifetime=lifetime), "timestamp-lifetime", FAULT)


def times(draft: Draft, created: str, expires: str) -> Draft:
    """Signed with these texts."""
    draft.root.one("Created").text = created
    draft.root.one("Expires").text = expires
    return draft.resign()


@pytest.mark.parametrize(
    ("created", "expires", "rule"),
    [
        ("2026-11-24T03:04:05.678Z", "2026-11-24T03:14:05.678001Z", "timestamp-lifetime"),
        ("2026-11-24T03:05:05.678001Z", "2026-11-24T03:10:05Z", "timestamp-future"),
        ("2026-11-24T03:04:05.5Z", "2026-11-24T03:04:05.05Z", "timestamp-order"),
        ("2026-11-24T03:04:05.100Z", "2026-11-24T03:04:05.1Z", "timestamp-order"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59.9Z", "timestamp-future"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:01Z", "timestamp-expired"),
        ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "timestamp-lifetime"),
    ],
)
def test_instants_at_the_edges(bench: Bench, created: str, expires: str, rule: str) -> None:
    bench.refuses(times(good_request(), created, expires), rule, FAULT)


def test_an_answer_is_judged_alike(bench: Bench) -> None:
    bench.refuses_answer(good_answer(created=NOW - timedelta(minutes=7)), "timestamp-expired", FAULT)


def test_the_profiles_own_skew_and_lifetime(trust: object) -> None:
    strict = Profile(max_lifetime=timedelta(minutes=4), skew=timedelta(0))
    verifier = Verifier(trust, strict)  # type: ignore[arg-type]
    with expect_refusal("timestamp-lifetime", FAULT):
        verifier.request(good_request().raw(), REQUEST, NOW)
    with expect_refusal("timestamp-future", FAULT):
        verifier.request(good_request(created=NOW + TICK, lifetime=SKEW).raw(), REQUEST, NOW)
    verifier.request(good_request(lifetime=timedelta(minutes=4)).raw(), REQUEST, NOW)
