"""What a start does before anything is served."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.clock import SystemClock
from gateway.store import ConnectionLost
from gateway.store.evidence_sealer import Sealer
from gateway.store_life import begin_evidence
from tests.kit.kept import Kept


def test_a_start_goes_on_though_the_line_is_cut_each_time_that_it_seals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a slow machine sealing may take longer than a bad line lasts; the running system seals again."""
    kept = Kept(tmp_path)
    kept.store.close()

    def cut(_sealer: Sealer) -> None:
        raise ConnectionLost("no connection to the database")

    monkeypatch.setattr(Sealer, "seal", cut)
    chain = begin_evidence(kept.state, kept.settings, SystemClock())
    assert chain > 1
