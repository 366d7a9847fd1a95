"""The metrics, by name: a look and the counts as Prometheus has them.

No label names a person, an operator or a terminal, and each takes its values from settings or code.
"""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from types import MappingProxyType

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from gateway.monitoring.look import Look
from gateway.outbox.tallies import DeliveryTallies
from gateway.refusals import RULES
from gateway.telemetry.alarms import ALARMS
from gateway.transport.tallies import BUCKETS, Tallies
from gateway.wss.libraries import library_versions

METRICS = MappingProxyType(
    {
        "juki_build_info": "Always 1; the labels are the versions of product, tables and libraries.",
        "juki_ready": "1 when messages can be sent here, 0 when not.",
        "juki_not_ready": "1 for each reason why not, by its code (that of an alarm, or no-worker).",
        "juki_workers_serving": "Processes that serve; fewer than are set: some are started again, or hang.",
        "juki_requests_held": "Requests that wait in these processes or are worked on.",
        "juki_messages_total": "Messages by service, operation and outcome (answered, repeated, fault, "
        "refused, failed); service and operation are empty for one that was refused before it had any.",
        "juki_message_seconds": "Time that a message took, from its last byte to its answer's first.",
        "juki_refusals_total": "Refused messages by step and rule of the message profile.",
        "juki_turned_away_total": "Requests and connections that no message was read of, by reason.",
        "juki_deliveries_total": "Attempts to deliver, by destination and outcome.",
        "juki_outbox_messages": "Messages that are not delivered, by destination and state.",
        "juki_outbox_oldest_seconds": "Age of the oldest of them, by destination; 0 when there is none.",
        "juki_evidence_unsealed_entries": "Entries of evidence that no seal covers yet.",
        "juki_evidence_seal_age_seconds": "Age of the newest seal; absent before the first.",
        "juki_certificate_days": "Days until a certificate of our own (newest one) or an anchor ends.",
        "juki_revocation_list_days": "Days until the next update of a revocation list, by its authority; "
        "absent without a list.",
        "juki_alarms": "Alarms that stand, by code.",
        "juki_database_up": "1 when the database could be read for this answer.",
        "juki_database_seconds": "Time that reading it took.",
        "juki_disk_free_bytes": "Free space where the database of a state folder is.",
    }
)
"""Every metric with its meaning. A name is never used for something else."""

_DAY = 86_400.0


@dataclass(frozen=True, eq=False)
class SystemCollector(Collector):
    """One answer's metrics."""

    look: Look
    tallies: Tallies
    deliveries: DeliveryTallies
    destinations: tuple[str, ...]
    schema: str

    def collect(self) -> Iterable[Metric]:
        """All of METRICS, in their order."""
        found = [*self._state(), *self._messages(), *self._delivery(), *self._kept(), *self._files()]
        return sorted(found, key=lambda family: list(METRICS).index(_named(family)))

    def _state(self) -> Iterator[Metric]:
        look = self.look
        unready = {finding.code for finding in look.found if finding.unready}
        yield _info(self.schema)
        yield _gauge("juki_ready", not unready)
        yield _gauges("juki_not_ready", ("reason",), {(code,): 1 for code in sorted(unready)})
        yield _gauge("juki_workers_serving", look.serving)
        yield _gauge("juki_requests_held", look.held)
        yield _gauges("juki_alarms", ("code",), {(code,): look.alarms[code] for code in ALARMS})
        yield _gauge("juki_disk_free_bytes", look.free_bytes)

    def _messages(self) -> Iterator[Metric]:
        operations, rules, turned = self.tallies.read()
        messages = _counter("juki_messages_total", ("service", "operation", "outcome"))
        seconds = HistogramMetricFamily(
            "juki_message_seconds", METRICS["juki_message_seconds"], labels=("service", "operation")
        )
        for one in operations:
            for outcome, count in one.outcomes.items():
                messages.add_metric((one.service, one.operation, outcome), count)
            ends = [*map(str, BUCKETS), "+Inf"]
            buckets = list(zip(ends, accumulate(one.buckets), strict=True))
            seconds.add_metric((one.service, one.operation), buckets, sum_value=one.seconds)
        yield messages
        yield seconds
        refusals = _counter("juki_refusals_total", ("step", "rule"))
        for name, count in rules.items():
            refusals.add_metric((str(RULES[name].step), name), count)
        yield refusals
        away = _counter("juki_turned_away_total", ("reason",))
        for reason, count in turned.items():
            away.add_metric((reason,), count)
        yield away

    def _delivery(self) -> Iterator[Metric]:
        deliveries = _counter("juki_deliveries_total", ("destination", "outcome"))
        for destination, outcome, count in self.deliveries.read():
            deliveries.add_metric((destination, outcome), count)
        yield deliveries

    def _kept(self) -> Iterator[Metric]:
        stored, at = self.look.stored, self.look.at
        yield _gauge("juki_database_up", stored is not None)
        if stored is None:
            return
        yield _gauge("juki_database_seconds", stored.seconds)
        backlog = {one.destination: one for one in stored.outbox.destinations}
        states: dict[tuple[str, ...], float] = {}
        oldest: dict[tuple[str, ...], float] = {}
        for name in sorted({*self.destinations, *backlog}):
            one = backlog.get(name)
            for state in ("pending", "leased", "dead"):
                states[name, state] = 0 if one is None else getattr(one, state)
            since = None if one is None else one.oldest
            oldest[(name,)] = 0.0 if since is None else max(0.0, (stored.now - since).total_seconds())
        yield _gauges("juki_outbox_messages", ("destination", "state"), states)
        yield _gauges("juki_outbox_oldest_seconds", ("destination",), oldest)
        yield _gauge("juki_evidence_unsealed_entries", stored.unsealed)
        if stored.sealed_at is not None:
            yield _gauge("juki_evidence_seal_age_seconds", (at - stored.sealed_at).total_seconds())

    def _files(self) -> Iterator[Metric]:
        look = self.look
        ends: dict[str, datetime | None] = dict(look.certificates)
        ends |= {f"anchor {anchor.name}": anchor.not_after for anchor in look.anchors}
        lists = {
            (one.issuer,): one.next_update
            for anchor in look.anchors
            for one in anchor.lists
            if anchor.revocation == "crl"
        }
        yield _gauges(
            "juki_certificate_days",
            ("certificate",),
            {(name,): _days(end, look.at) for name, end in ends.items() if end is not None},
        )
        yield _gauges(
            "juki_revocation_list_days",
            ("issuer",),
            {key: _days(end, look.at) for key, end in lists.items() if end is not None},
        )


def _info(schema: str) -> Metric:
    versions = {
        "version": importlib.metadata.version("juki-gateway"),
        "tables": schema,
        "python": platform.python_version(),
        **{name: ".".join(map(str, version)) for name, version in library_versions().items()},
    }
    family = GaugeMetricFamily("juki_build_info", METRICS["juki_build_info"], labels=tuple(versions))
    family.add_metric(tuple(versions.values()), 1)
    return family


def _named(family: Metric) -> str:
    return f"{family.name}_total" if family.type == "counter" else family.name


def _days(end: datetime, at: datetime) -> float:
    return (end - at).total_seconds() / _DAY


def _counter(name: str, labels: tuple[str, ...]) -> CounterMetricFamily:
    return CounterMetricFamily(name, METRICS[name], labels=labels)


def _gauge(name: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, METRICS[name], value=float(value))


def _gauges(name: str, labels: tuple[str, ...], values: Mapping[tuple[str, ...], float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, METRICS[name], labels=labels)
    for key, value in values.items():
        family.add_metric(key, float(value))
    return family
