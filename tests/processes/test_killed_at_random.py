"""The soak, small: a seeded run with kills of everybody, judged by the client's journal and others' stores.

``make soak`` is the long one. A seed that fails here is run again by ``python -m tests.soak --seed N``.
"""

from __future__ import annotations

from pathlib import Path

from tests.soak.changes import soak

SEED = 20_261_125
KILLS = {
    "gateway": 1,
    "gateway-worker": 6,
    "dispatcher": 7,
    "prefecture": 1,
    "prefecture-worker": 4,
    "prefecture-dispatcher": 1,
    "nation-worker": 2,
}


def test_every_acknowledged_change_arrives_once_and_in_order(tmp_path: Path) -> None:
    result = soak(
        tmp_path / "net", seed=SEED, kills=KILLS, changes=150, shortest=0.05, longest=0.4, most_waiting=120
    )
    assert result.judgement.good, f"seed {SEED}: {result}"
    assert result.kills == KILLS
    assert result.changes >= 150
    assert result.cuts
