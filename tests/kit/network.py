"""A development network as processes of its own, and everything a test does to it from outside.

Each test module starts one (about 4 s) and shares it: ``network`` as a fixture of its own module.
"""

from __future__ import annotations

import contextlib
import csv
import http.client
import io
import json
import os
import signal
import ssl
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from lxml import etree

from clients._soap import Exchange
from clients.connect import connect
from clients.integrated_terminal import IntegratedTerminal
from gateway.cli import main
from gateway.cli.network.health import is_ready
from gateway.cli.network.plan import DEVELOPMENT
from gateway.cli.output import forget
from gateway.cli.simulator import parse_behaviour
from gateway.contract import SERVICES, write_request
from gateway.domain.basic_four import BasicFour
from gateway.domain.caller import Caller, Operator
from gateway.domain.codes import DocumentKind, Purpose, Sex
from gateway.domain.eras import Calendar
from gateway.domain.identifiers import MunicipalityCode, ResidentRecordCode
from gateway.domain.register_date import Certainty, RegisterDate
from gateway.domain.register_text import RegisterText
from gateway.domain.values import read_code
from gateway.domain.verification import IdentityQuestion, PresentedDocument
from gateway.settings import Settings, clock_of, load_settings, render_settings
from gateway.state import StateFolder
from gateway.trust.configured import trust_store
from gateway.wss.verify import AnswerContext, VerifiedMessage, Verifier
from tests.kit.forked import juki_gateway
from tests.kit.identities import Identity
from tests.kit.made import copied_network
from tests.kit.messages import SOAP, Draft, good_request

COMMAND = (sys.executable, "-m", "gateway.cli")
GATEWAY, NATIONAL, TERMINAL = "131016-cs", "national-server", "131016-terminal-1"
READY_SECONDS = 60.0
SERVICE = SERVICES["terminal"]
OPERATION = SERVICE.operation("VerifyIdentity")
PATH = SERVICE.path
HEADERS = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{OPERATION.action}"'}


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class Wire:
    """One mutual TLS connection, and raw posts on it."""

    def __init__(self, address: str, context: ssl.SSLContext, *, timeout: float = 20.0) -> None:
        url = urlsplit(address)
        self._connection = http.client.HTTPSConnection(
            str(url.hostname), url.port, context=context, timeout=timeout
        )

    def post(self, raw: bytes, *, path: str = PATH, headers: dict[str, str] | None = None) -> Reply:
        """Bytes in, status, headers and bytes out."""
        self._connection.request("POST", path, body=raw, headers={**HEADERS, **(headers or {})})
        answer = self._connection.getresponse()
        body = answer.read()
        return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, body)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


@lru_cache(maxsize=32)
def identity(key: str, certificate: str) -> Identity:
    """The identity in two PEM files."""
    return Identity(
        load_pem_private_key(Path(key).read_bytes(), None),  # type: ignore[arg-type] # of a kind we sign with
        x509.load_pem_x509_certificate(Path(certificate).read_bytes()),
    )


@dataclass(slots=True)
class Client:
    """The terminal's own client; ``seen`` has every exchange."""

    terminal: IntegratedTerminal
    seen: list[Exchange] = field(default_factory=list)


class Network:
    """A running network in ``folder``."""

    def __init__(self, folder: Path, only: Sequence[str] = ()) -> None:
        """``only`` as the option of ``network up``."""
        self.folder = folder
        self._console = folder.parent / f"{folder.name}.err"
        self.process = juki_gateway(
            "network",
            "up",
            folder,
            *(part for one in only for part in ("--only", one)),
            console=self._console,
        )
        document = folder / "network.json"
        try:
            self.wait(lambda: document.exists() or self.process.poll() is not None, READY_SECONDS)
        except BaseException:
            self.end()  # nobody else knows of it
            raise
        if self.process.poll() is not None:
            raise RuntimeError(f"not ready: {self._console.read_text()}")
        self.document: dict[str, Any] = json.loads(document.read_text(encoding="utf-8"))
        self._contexts: dict[str, ssl.SSLContext] = {}

    def end(self) -> None:
        """End it and wait until all its servers ended."""
        self.process.terminate()
        self.process.wait(40)

    @staticmethod
    def wait(condition: Callable[[], object], seconds: float = 10.0) -> None:
        """Until the condition holds; an error after so many seconds."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError("it did not come in time")
            time.sleep(0.02)

    # What it is made of.

    def system(self, system_id: str) -> dict[str, Any]:
        """An entry of ``systems`` in network.json."""
        return next(dict(one) for one in self.document["systems"] if one["id"] == system_id)

    def state(self, system_id: str) -> StateFolder:
        """A system's state folder."""
        return StateFolder(self.folder / system_id)

    def settings(self, system_id: str) -> Settings:
        """A system's settings."""
        return load_settings(self.state(system_id).settings_file)

    def people(self) -> list[dict[str, str]]:
        """The synthetic people, as people.csv has them."""
        with Path(self.document["sample"]["people"]).open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))

    def person(self, **values: str) -> dict[str, str]:
        """The first of them with these values."""
        return next(
            person for person in self.people() if all(person[key] == value for key, value in values.items())
        )

    def lines(self, system_id: str) -> list[dict[str, Any]]:
        """The log of a system, line by line."""
        text = (self.state(system_id).log / "gateway.jsonl").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines() if line]

    def messages(self, system_id: str, message_id: str | None = None) -> list[dict[str, Any]]:
        """The log lines of messages; of one MessageID, when one is given."""
        return [
            line
            for line in self.lines(system_id)
            if line["event"] == "message" and message_id in {None, line.get("message_id")}
        ]

    def asked(self) -> int:
        """How many questions the national server has answered or refused so far."""
        return len(self.messages(NATIONAL))

    def questions_for(self, message_id: str) -> int:
        """How often the gateway asked the national server because of the terminal's message."""
        lines = self.lines(GATEWAY)
        references = {line["reference"] for line in lines if line.get("message_id") == message_id}
        return sum(1 for line in lines if line["event"] == "asked" and line.get("reference") in references)

    # What is done to it.

    def command(self, *arguments: object, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """Run ``juki-gateway`` with these arguments: in this process, where everything is loaded already.

        ``network …`` is a process of its own, as are all commands in tests of processes themselves.
        """
        told = [str(argument) for argument in arguments]
        if told[0] == "network":
            return subprocess.run(
                [*COMMAND, *told], capture_output=True, text=True, timeout=timeout, check=False
            )
        out, err, status = io.StringIO(), io.StringIO(), 0
        forget()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                main(told)
            except SystemExit as ended:
                status = int(ended.code or 0)
        return subprocess.CompletedProcess(told, status, out.getvalue(), err.getvalue())

    def behave(self, behaviour: str, simulator: str = NATIONAL) -> None:
        """``simulator set`` for the national server, written directly: the command is tested elsewhere."""
        file = self.state(simulator).resolve(Path("run/behaviour.json"))
        scratch = file.with_suffix(".new")
        scratch.write_text(json.dumps(parse_behaviour(behaviour)), encoding="ascii")
        scratch.replace(file)

    def context(self, tls: dict[str, str]) -> ssl.SSLContext:
        """TLS with the client certificate of an entry's ``tls``."""
        made = self._contexts.get(tls["certificate"])
        if made is None:
            made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            for file in (*self.document["trust"]["anchors"], *self.document["trust"]["intermediates"]):
                made.load_verify_locations(cafile=file)
            made.load_cert_chain(tls["certificate"], tls["key"])
            self._contexts[tls["certificate"]] = made
        return made

    def wire(self, entry: dict[str, Any] | None = None, system_id: str = GATEWAY) -> Wire:
        """A new connection to a server, as the terminal or as any entry of network.json."""
        tls = (entry or self.system(TERMINAL))["tls"]
        return Wire(self.system(system_id)["address"], self.context(tls))

    def post(self, raw: bytes, entry: dict[str, Any] | None = None, **changes: Any) -> Reply:
        """One post on a connection of its own."""
        with contextlib.closing(self.wire(entry)) as wire:
            return wire.post(raw, **changes)

    def signer(self, entry: dict[str, Any] | None = None) -> Identity:
        """The signing identity of the terminal, or of any entry of network.json."""
        files = (entry or self.system(TERMINAL))["signing"]
        return identity(files["key"], files["certificate"])

    def message(
        self,
        question: IdentityQuestion,
        *,
        entry: dict[str, Any] | None = None,
        message_id: str | None = None,
        **changes: Any,
    ) -> Draft:
        """The question as a message, signed now by the tests' own signer."""
        values: dict[str, Any] = {
            "body": etree.tostring(write_request(SERVICE, OPERATION, question), encoding="unicode"),
            "to": self.system(GATEWAY)["services"]["terminal"]["url"],
            "action": OPERATION.action,
            "message_id": message_id or new_id(),
            "created": datetime.now(UTC),
        }
        return good_request(self.signer(entry), **{**values, **changes})

    def verified(self, raw: bytes, request: Draft) -> VerifiedMessage:
        """The signed answer to a request, verified with the terminal's trust; Refused when it is not."""
        expected = AnswerContext(
            request.header.one("MessageID").text,
            request.signature_value,
            {OPERATION.answer_action: OPERATION.response, OPERATION.fault_action: f"{{{SOAP}}}Fault"},
        )
        return Verifier(self._trust()).answer(raw, expected, datetime.now(UTC))

    def _trust(self) -> Any:
        return trust_store(self.settings(TERMINAL), self.state(TERMINAL).path)

    @contextlib.contextmanager
    def client(self) -> Iterator[Client]:
        """The terminal's own client (clients.integrated_terminal)."""
        settings, state = self.settings(TERMINAL), self.state(TERMINAL)
        seen: list[Exchange] = []
        terminal = IntegratedTerminal(
            connect(
                settings,
                state.path,
                destination=GATEWAY,
                service=IntegratedTerminal.SERVICE,
                trust=trust_store(settings, state.path),
                clock=clock_of(settings, state.path),
                observe=seen.append,
            )
        )
        try:
            yield Client(terminal, seen)
        finally:
            terminal.close()

    def restart(self, system_id: str) -> None:
        """End a server; the supervisor starts it again. Returns when it is ready."""
        before = self.state(system_id).running_process()
        if before is not None:
            os.kill(before, signal.SIGKILL)
        self.wait(lambda: self.state(system_id).running_process() not in {None, before}, 20)
        url = urlsplit(self.system(system_id)["address"])
        context = self.context(self.system(system_id)["tls"])
        self.wait(lambda: is_ready(str(url.hostname), url.port or 0, context), 20)


@contextlib.contextmanager
def running(
    folder: Path,
    *,
    only: Sequence[str] = (),
    deadline_seconds: float | None = None,
    database: str | None = None,
    **gateway: Any,
) -> Iterator[Network]:
    """A network in a new folder, ended with the block; ``only`` these servers, which start in less time.

    ``deadline_seconds`` is the gateway's deadline for the national server, ``database`` a PostgreSQL for what
    the gateway keeps; ``gateway`` changes tables of
    the gateway's settings (``refusals={"per_minute": 5}``). Two worker processes serve the gateway.
    """
    plan = DEVELOPMENT.only_servers(only) if only else DEVELOPMENT
    state = copied_network(folder, plan).states[GATEWAY]
    settings = load_settings(state.settings_file)
    update: dict[str, Any] = {"listen": settings.listen.model_copy(update={"workers": 2})}
    if database is not None:
        update["database_url"] = database
    for table, values in gateway.items():
        update[table] = getattr(settings, table).model_copy(update=values)
    if deadline_seconds is not None:
        update["destinations"] = tuple(
            one.model_copy(update={"deadline_seconds": deadline_seconds}) for one in settings.destinations
        )
    state.write_settings(render_settings(settings.model_copy(update=update)))
    network = Network(folder, only)
    try:
        yield network
    finally:
        network.end()


def new_id() -> str:
    """A fresh MessageID."""
    return f"urn:uuid:{uuid.uuid4()}"


def caller(purpose: Purpose = Purpose.RECORD_COPY, **changes: str) -> Caller:
    """The terminal's clerk, as the network has registered them."""
    return Caller(
        MunicipalityCode(changes.get("municipality", "131016")),
        changes.get("terminal", "131016-T001"),
        Operator(changes.get("verification_id", "V1310160001"), changes.get("operator_id", "OP01")),
        purpose,
    )


def by_code(person: dict[str, str] | str, asking: Caller | None = None) -> IdentityQuestion:
    """The question by 住民票コード."""
    code = person if isinstance(person, str) else person["resident_record_code"]
    return IdentityQuestion(asking or caller(), ResidentRecordCode(code))


def by_document(
    person: dict[str, str], kind: DocumentKind = DocumentKind.DRIVERS_LICENCE, **changes: str
) -> IdentityQuestion:
    """The question by the four items of a document; ``changes`` replace columns of people.csv."""
    row = {**person, **changes}
    items = BasicFour(
        RegisterText(row["name"]),
        RegisterDate(
            read_code(Calendar, row["birth_calendar"]),
            row["birth_digits"],
            read_code(Certainty, row["birth_certainty"]),
            RegisterText(row["birth_text"]) if row["birth_text"] else None,
        ),
        read_code(Sex, row["sex"]),
        RegisterText(row["address"]),
    )
    return IdentityQuestion(caller(), PresentedDocument(kind, items))


def secrets_of(people: Sequence[dict[str, str]]) -> list[str]:
    """Every text about a person that must not stand in logs, faults and state folders."""
    columns = (
        *("resident_record_code", "individual_number", "name", "kana", "address", "birth_date"),
        *("latin_name", "common_name", "former_surname", "past_name", "past_kana", "past_address"),
    )
    return sorted({person[column] for person in people for column in columns if person[column]})
