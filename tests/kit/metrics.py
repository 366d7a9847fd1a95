"""The metrics of a running system as Prometheus reads them."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

from gateway.state import MONITORING_PORT, StateFolder


@dataclass(frozen=True, slots=True)
class Monitored:
    """One system's monitoring port."""

    address: str

    @classmethod
    def of(cls, state: StateFolder) -> Monitored:
        """That of the system that runs on a state folder."""
        return cls(f"http://127.0.0.1:{state.remembered_port(MONITORING_PORT)}/")

    def get(self, path: str) -> tuple[int, str]:
        """Status and text."""
        try:
            with urllib.request.urlopen(self.address + path, timeout=20) as answer:  # noqa: S310 - of ours
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def samples(self) -> Iterator[tuple[str, dict[str, str], float]]:
        """Name, labels and value of each sample."""
        status, text = self.get("metrics")
        assert status == 200, text
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                yield sample.name, sample.labels, sample.value

    def value(self, name: str, **labels: str) -> float:
        """The sum of all samples of this name with these labels; 0 for none."""
        return sum(
            value
            for found, has, value in self.samples()
            if found == name and all(has.get(key) == wanted for key, wanted in labels.items())
        )
