"""A gateway with its dispatchers and a counterpart to deliver to, as processes; and all that befalls them."""

from __future__ import annotations

import contextlib
import json
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import text

from gateway.cli.network.health import is_ready, probe_context
from gateway.cli.network.revocation import RevocationLists
from gateway.clock import SystemClock
from gateway.contract import SERVICES, write_request
from gateway.domain.identifiers import ResidentRecordCode
from gateway.domain.verification import IdentityQuestion
from gateway.settings import Settings, load_settings, render_settings
from gateway.state import StateFolder
from gateway.store import Outgoing
from gateway.store.configured import open_store
from gateway.wss.engine import canonical
from gateway.wss.sign import new_message_id
from tests.kit.forked import Forked, juki_gateway, script
from tests.kit.made import copied_network
from tests.kit.network import GATEWAY, NATIONAL, caller

RECEIVER = Path(__file__).parents[1] / "processes" / "delivery_receiver.py"
QUICK = {
    "lease_seconds": 0.5,
    "retry_seconds": 0.05,
    "longest_retry_seconds": 0.5,
    "breaker_seconds": 0.1,
    "longest_breaker_seconds": 0.4,
    "poll_seconds": 0.02,
}
"""Patience of a test."""

_OPERATION = SERVICES["national"].operation("VerifyIdentity")


def code(number: int) -> ResidentRecordCode:
    """A made-up 住民票コード."""
    return ResidentRecordCode.from_base(f"{number:010d}")


def message(key: int, number: int) -> Outgoing:
    """Number ``number`` of all messages about one made-up person."""
    question = IdentityQuestion(caller(terminal=f"N{number:06d}"), code(key))
    return Outgoing(
        destination=NATIONAL,
        service="national",
        operation=_OPERATION.name,
        action=_OPERATION.action,
        key=str(key),
        body=canonical(write_request(SERVICES["national"], _OPERATION, question)),
        message_id=new_message_id(),
    )


class Delivery:
    """One gateway and one counterpart in ``folder``; start and kill them as the test wants."""

    def __init__(self, folder: Path, database: str | None = None, **outbox: Any) -> None:
        self._made = copied_network(folder)
        RevocationLists(self._made.authority, self._made.states.values()).refresh()
        self.folder = folder
        self.gateway, self.national = self._made.states[GATEWAY], self._made.states[NATIONAL]
        self.change(self.national, listen={"workers": 1})
        self.change(self.gateway, listen={"workers": 1}, outbox={**QUICK, **outbox})
        self.set_deadline(2.0)
        if database is not None:
            wanted = self.settings(self.gateway).model_copy(update={"database_url": database})
            self.gateway.write_settings(render_settings(wanted))
        self.processes: dict[str, Forked] = {}
        self.store = open_store(
            self.gateway.path, self.settings(self.gateway), clock=SystemClock(), upgrade=True
        )
        self._numbers: dict[int, int] = {}

    # Settings.

    def change(self, state: StateFolder, **tables: Mapping[str, Any]) -> None:
        """Change tables of a system's settings, for its next start."""
        settings = self.settings(state)
        update = {
            table: getattr(settings, table).model_copy(update=dict(values))
            for table, values in tables.items()
        }
        state.write_settings(render_settings(settings.model_copy(update=update)))

    def set_deadline(self, seconds: float) -> None:
        """The gateway's deadline for the counterpart."""
        settings = self.settings(self.gateway)
        destinations = tuple(
            one.model_copy(update={"deadline_seconds": seconds}) for one in settings.destinations
        )
        self.gateway.write_settings(
            render_settings(settings.model_copy(update={"destinations": destinations}))
        )

    @staticmethod
    def settings(state: StateFolder) -> Settings:
        """A system's settings as they are."""
        return load_settings(state.settings_file)

    # Processes.

    def start_receiver(self) -> None:
        """Returns when it answers."""
        self.processes["receiver"] = script(
            RECEIVER, self.national.path, console=self.folder / "receiver.err"
        )
        self._await(self.national, "receiver")

    def start_gateway(self, kill_point: str | None = None) -> None:
        """Returns when it answers; ``kill_point`` is the variable's value."""
        self.processes["gateway"] = juki_gateway(
            "serve", self.gateway.path, console=self.folder / "gateway.err", kill_point=kill_point
        )
        self._await(self.gateway, "gateway")

    def _await(self, state: StateFolder, name: str) -> None:
        port = self._made.ports[state.path.name]
        authority = self._made.authority
        context = probe_context(
            [authority.root_pem, authority.issuing_pem],
            state.certificates / "tls.pem",
            state.keys / "tls.key.pem",
        )

        def up() -> bool:
            if self.processes[name].poll() is not None:
                raise RuntimeError((self.folder / f"{name}.err").read_text()[-2000:])
            return is_ready("127.0.0.1", port, context)

        wait(up, 120)

    def stop_gateway(self) -> None:
        """End the gateway, if it runs."""
        if "gateway" in self.processes and (status := self.end("gateway")) != 0:
            raise AssertionError(f"the gateway ended with status {status}")

    def end(self, name: str, number: int = signal.SIGTERM) -> int:
        """Send a signal to a system's first process and wait for its end; gives the exit status."""
        process = self.processes.pop(name)
        process.send_signal(number)
        return process.wait(40)

    def dispatchers(self) -> list[int]:
        """Process ids of the gateway's dispatchers."""
        return [child for child in children(self.processes["gateway"].pid) if is_dispatcher(child)]

    def close(self) -> None:
        """End all that runs."""
        for name in list(self.processes):
            with contextlib.suppress(ProcessLookupError):
                self.end(name)
        self.store.close()

    # Messages.

    def enqueue(self, key: int, count: int = 1) -> list[str]:
        """The next messages about one person; gives their MessageIDs."""
        first = self._numbers.get(key, 0)
        messages = [message(key, first + n) for n in range(count)]
        self._numbers[key] = first + count
        with self.store.unit_of_work() as work:
            self.store.outbox.enqueue(work, *messages)
        return [one.message_id for one in messages]

    def undelivered(self) -> int:
        """How many wait."""
        return sum(backlog.undelivered for backlog in self.store.outbox_desk.backlog())

    def await_delivery(self, seconds: float = 30.0) -> None:
        """Until nothing waits."""
        wait(lambda: self.undelivered() == 0, seconds)

    def taken(self) -> dict[int, list[int]]:
        """What the counterpart took, by person, in its order."""
        file = self.national.data / "taken.jsonl"
        found: dict[int, list[int]] = {}
        keys = {code(key).digits: key for key in self._numbers}
        for line in file.read_text().splitlines() if file.exists() else ():
            entry = json.loads(line)
            found.setdefault(keys[entry["key"]], []).append(entry["number"])
        return found

    def expected(self) -> dict[int, list[int]]:
        """Everything that was enqueued, once, in order."""
        return {key: list(range(count)) for key, count in self._numbers.items()}

    def refuse(self, numbers: Mapping[int, str]) -> None:
        """From now on the counterpart refuses messages of these numbers, with these codes."""
        file = self.national.run / "refused.json"
        scratch = file.with_suffix(".new")
        scratch.write_text(json.dumps({f"N{number:06d}": why for number, why in numbers.items()}))
        scratch.replace(file)

    def behave(self, **content: Any) -> None:
        """The counterpart's behaviour: ``kind="down"``."""
        file = self.national.run / "behaviour.json"
        scratch = file.with_suffix(".new")
        scratch.write_text(json.dumps(content))
        scratch.replace(file)

    def evidence(self, message_id: str) -> list[Any]:
        """The gateway's evidence entries that name or relate to a MessageID, in their order."""
        query = text("SELECT * FROM evidence_entries WHERE message_id = :it OR relates_to = :it ORDER BY id")
        with self.store.read() as connection:
            return list(connection.execute(query, {"it": message_id}))

    def answer_digest(self, row_id: int) -> bytes:
        """What the outbox keeps of an answer."""
        query = text("SELECT answer_digest FROM outbox WHERE id = :row")
        with self.store.read() as connection:
            return bytes(connection.execute(query, {"row": row_id}).scalar_one())

    def lines(self, event: str) -> list[dict[str, Any]]:
        """The gateway's log lines of one event."""
        file = self.gateway.log / "gateway.jsonl"
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        found = [json.loads(line) for line in text.splitlines() if line]
        return [line for line in found if line["event"] == event]

    def alarms(self) -> set[str]:
        """Codes of the alarms that stand."""
        folder = self.gateway.run / "alarms"
        return {json.loads(file.read_text())["code"] for file in folder.glob("*.json")}


@contextlib.contextmanager
def delivering(folder: Path, database: str | None = None, **outbox: Any) -> Iterator[Delivery]:
    """Made, not started; everything ends with the block."""
    made = Delivery(folder, database, **outbox)
    try:
        yield made
    finally:
        made.close()


def wait(condition: Callable[[], object], seconds: float = 30.0) -> None:
    """Until the condition holds; an error after so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("it did not come in time")
        time.sleep(0.02)


def children(parent: int) -> list[int]:
    """Process ids of a process's children."""
    text = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii")
    return [int(child) for child in text.split()]


def gone(process: int) -> bool:
    """Whether a process has ended (one that nobody has waited for yet counts as ended)."""
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def is_dispatcher(process: int) -> bool:
    """Whether a process is one of a system's dispatchers, by the name that it has among processes."""
    return called(process).startswith("dispatcher ")


def called(process: int) -> str:
    """A process's name; empty for one that is gone."""
    try:
        return Path(f"/proc/{process}/comm").read_text(encoding="ascii").strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def listens(process: int, port: int | None = None) -> bool:
    """Whether a process holds a listening TCP socket, of that port if one is named."""
    listening = {
        line.split()[9]
        for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
        if line.split()[3] == "0A" and (port is None or line.split()[1].endswith(f":{port:04X}"))
    }
    for file in Path(f"/proc/{process}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            target = str(file.readlink())
            if target.startswith("socket:[") and target[8:-1] in listening:
                return True
    return False
