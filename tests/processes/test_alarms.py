"""Alarms of a running system: processes that end, seals that cannot be copied, questions asked in vain."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator

import pytest

from gateway import telemetry
from gateway.app import Gateway
from gateway.domain.identifiers import MunicipalityCode
from gateway.domain.register_text import RegisterText
from gateway.domain.search import Match, SearchQuestion, SearchTerms
from gateway.errors import OperationFault
from gateway.running import Parts
from gateway.settings import clock_of
from gateway.state import MONITORING_PORT
from gateway.store import Store
from gateway.trust.configured import signer, trust_store
from tests.kit.delivery import Delivery, children, delivering, listens, wait
from tests.kit.evidence import plain_entry
from tests.kit.metrics import Monitored
from tests.kit.network import caller


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Delivery]:
    with delivering(tmp_path_factory.mktemp("gateway") / "net") as made:
        made.change(made.gateway, budgets={"per_operator": 1})
        yield made


def test_a_process_that_ends_and_a_start_that_takes_the_alarm_back(gateway: Delivery) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:  # somebody took the monitor's port meanwhile
        gateway.gateway.remember_port(other.getsockname()[1], MONITORING_PORT)
        gateway.start_gateway()
    port = gateway.gateway.remembered_port(MONITORING_PORT)
    monitored = Monitored.of(gateway.gateway)
    assert monitored.get("health/live")[0] == 200
    (dispatcher,) = gateway.dispatchers()
    (monitor,) = (one for one in children(gateway.processes["gateway"].pid) if listens(one, port))
    for process in (dispatcher, monitor):
        os.kill(process, signal.SIGKILL)

    def ended() -> set[str]:
        found = telemetry.Alarms(gateway.gateway.run).active()
        return {alarm.about for alarm in found if alarm.code == "worker-ended"}

    wait(lambda: ended() == {"dispatcher 0", "monitor"})
    wait(lambda: gateway.dispatchers() and is_there(monitored))  # both are started again
    assert monitored.value("juki_alarms", code="worker-ended") == 2
    gateway.stop_gateway()
    gateway.start_gateway()
    assert "worker-ended" not in gateway.alarms()


def is_there(monitored: Monitored) -> bool:
    try:
        return monitored.get("health/live")[0] == 200
    except OSError:
        return False


def test_a_seal_that_cannot_be_copied(gateway: Delivery) -> None:
    if "gateway" not in gateway.processes:
        gateway.start_gateway()
    seals, aside = gateway.folder / "seals", gateway.folder / "aside"
    gateway.store.keep([plain_entry()])
    wait(lambda: any(seals.glob("131016-cs-*.seal")))
    seals.rename(aside)
    seals.write_text("in the way")
    with gateway.store.unit_of_work() as work:
        work.connection.exec_driver_sql("UPDATE evidence_seals SET copied = 0 WHERE number = 1")
    wait(lambda: "seal-not-copied" in gateway.alarms())
    seals.unlink()
    aside.rename(seals)
    wait(lambda: "seal-not-copied" not in gateway.alarms())
    gateway.stop_gateway()


def test_asked_in_vain_too_often(gateway: Delivery) -> None:
    """Without a server: the very use cases that the gateway puts behind its services."""
    state, settings = gateway.gateway, gateway.settings(gateway.gateway)
    clock = clock_of(settings, state.path)
    store = Store.open(state.path, clock=clock)
    parts = Parts(
        state, settings, clock, trust_store(settings, state.path), signer(settings, state.path), store
    )
    terms = SearchTerms(
        name=(RegisterText("誰も\u3000居ない"), Match.EXACT), address=(RegisterText("東京都"), Match.PREFIX)
    )
    question = SearchQuestion(caller(), terms, MunicipalityCode("131016"))
    search = Gateway().handlers(parts)["terminal"]["SearchPerson"]
    try:
        search(question)
        assert "budget-used-up" not in gateway.alarms()
        with pytest.raises(OperationFault, match="in vain"):
            search(question)
    finally:
        store.close()
    assert "budget-used-up" in gateway.alarms()
