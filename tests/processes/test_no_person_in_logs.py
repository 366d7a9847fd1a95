"""No person in what is written down: a network is sent all kinds of messages, then everything is searched.

Names, 個人番号, 住民票コード, addresses and birth dates of the sample people may stand in people.csv, in the
national server's own data and where evidence keeps messages, and nowhere else.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.domain.codes import DocumentKind
from gateway.errors import CounterpartError
from gateway.store.tables import metadata
from tests.kit import replies
from tests.kit.messages import SOAP, WSA, WSU
from tests.kit.network import (
    GATEWAY,
    NATIONAL,
    TERMINAL,
    Network,
    by_code,
    by_document,
    caller,
    running,
    secrets_of,
)

REGISTER = frozenset(
    table.name
    for table in metadata.tables.values()
    if table.name.startswith(("people", "person_", "search_", "card_states"))
)
"""The tables that hold the municipality's own people."""


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    # Every refusal is recorded, none only counted: what a record tells is looked at, too.
    with running(tmp_path_factory.mktemp("network") / "net", refusals={"per_minute": 100_000}) as started:
        yield started


def test_traffic_of_every_kind(network: Network, faults: list[bytes]) -> None:
    """Good and bad questions about everybody, with their data where they have no place, too."""
    people = network.people()
    with network.client() as client:
        for person in people:
            for question in (
                by_code(person),
                by_document(person, DocumentKind.INDIVIDUAL_NUMBER_CARD),
                by_document(person, sex="1"),
                by_code(person, caller(operator_id="OP09")),
            ):
                with contextlib.suppress(CounterpartError):
                    client.terminal.verify_identity(question)
        for behaviour in ("wrong-person", "unsigned", "bad-signature", "wrong-relates-to", "down"):
            network.behave(behaviour)
            for person in people[:3]:
                with contextlib.suppress(CounterpartError):
                    client.terminal.verify_identity(by_document(person))
        network.behave("off")
        faults.extend(one.answer for one in client.seen if one.answer and b"Fault>" in one.answer)
    for person in people[:4]:
        faults.extend(_abuse(network, person))
    assert len(faults) > 60
    assert all(replies.read(fault).fault for fault in faults)


@pytest.fixture(scope="module")
def faults() -> list[bytes]:
    """Every fault that came back."""
    return []


def _abuse(network: Network, person: dict[str, str]) -> Iterator[bytes]:
    """A person's data in every place of a message and of HTTP that a sender can fill."""
    name, code, number = person["name"], person["resident_record_code"], person["individual_number"]
    question = by_document(person)
    good = network.message(question)
    raw = good.raw().decode()
    element = raw[raw.index("<", raw.index("Body ") + 4) : raw.rindex("</soap:Body>")]
    bodies = [
        element.replace("record_copy", number),
        element.replace("131016-T001", name[:20]),
        element.replace("131016-T001", number),
        element.replace(">131016<", f">{code[:6]}<"),
        element.replace("drivers_licence", name),
        element.replace(">1<", f">{name}<").replace(">2<", f">{code}<"),
        element.replace(name, name * 60),
        element.replace(name, f"{name}<x>{number}</x>"),
        element.replace("exact", code),
        element.replace(">", f' x="{name}">', 1),
        element.replace(">", f' xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:type="{name}">', 1),
        f"<n{number}>{name}</n{number}>",
    ]
    for body in bodies:
        yield network.post(network.message(question, body=body).raw()).body
    for changes in (
        {"action": f"urn:juki-gateway:terminal:1:{code}"},
        {"to": f"https://127.0.0.1/{code}"},
        {"message_id": f"not an IRI {name}"},
    ):
        yield network.post(network.message(question, **changes).raw()).body
    for xml in (
        f'<wsa:n{number} xmlns:wsa="{WSA}" xmlns:wsu="{WSU}" wsu:Id="more">{name}</wsa:n{number}>',
        f'<n{number} xmlns="urn:x" xmlns:s="{SOAP}" xmlns:wsu="{WSU}" s:mustUnderstand="1" wsu:Id="more"/>',
    ):
        draft = network.message(question)
        draft.add_header(xml)
        yield network.post(draft.resign().raw()).body
    message_id = f"urn:case:{number}:{code}"
    network.post(network.message(question, message_id=message_id).raw())
    yield network.post(network.message(by_code(person), message_id=message_id).raw()).body
    for changed in (
        raw.replace(name, name + name, 1),
        raw.replace("<soap:Body", f"<!--{name}--><soap:Body", 1),
        raw.replace("<soap:Body", f"<{code[0]}{name}", 1),
        raw.replace("<soap:Header>", f"<soap:Header>{name}", 1),
        raw.replace('URI="#', f'URI="#{number}', 1),
        raw.replace("xmldsig-more#", f"{number}#"),
        raw.replace("<wsu:Created>", f"<wsu:Created>{code}", 1),
        raw.replace("<soap:Header>", f"<soap:Header><wsa:n{number}/>", 1),
        raw.replace("<wsu:Timestamp ", f'<wsu:Timestamp n{number}="{name}" ', 1),
        raw.replace("<wsu:Timestamp ", f"<n{number}/><wsu:Timestamp ", 1),
        f"{name} {code} {number} {person['address']}",
    ):
        yield network.post(changed.encode()).body
    yield network.post(b"<a/>", path=f"/{code}/{number}").body
    yield network.post(b"<a/>", headers={"SOAPAction": f'"{code}"'}).body
    yield network.post(b"<a/>", headers={"Content-Type": f"text/{number}"}).body
    yield network.post(b"<a/>", headers={"Content-Encoding": number, "User-Agent": code}).body
    unknown = network.document["negative"]["unknown_system"]
    yield network.post(network.message(question, entry=unknown).raw(), unknown).body


def written(folder: Path) -> Iterator[tuple[str, bytes]]:
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            yield str(file.relative_to(folder)), file.read_bytes()


def found_in(content: bytes, secrets: list[str]) -> list[str]:
    forms = ((secret, form) for secret in secrets for form in {secret, json.dumps(secret)[1:-1]})
    return [secret for secret, form in forms if form.encode() in content]


def secret_texts(network: Network) -> list[str]:
    """All of everybody, birth dates as digits too."""
    people = network.people()
    digits = {person["birth_digits"] for person in people if person["birth_certainty"] == "exact"}
    return sorted({*secrets_of(people), *digits})


def test_the_search_finds_what_is_there(network: Network) -> None:
    """The national server's own data have everybody: the search that follows is not blind."""
    secrets = secret_texts(network)
    content = dict(written(network.state(NATIONAL).path))
    known = b"".join(content[name] for name in content if name.startswith("data/people."))
    assert set(found_in(known, secrets)) == set(secrets)


def test_no_fault_tells_of_a_person(network: Network, faults: list[bytes]) -> None:
    """But for RelatesTo, which is the sender's own MessageID, whatever it chose."""
    secrets = secret_texts(network)
    assert faults
    for fault in faults:
        relates_to = replies.read(fault).relates_to or ""
        assert not found_in(fault.replace(relates_to.encode(), b""), secrets), fault


def test_nobody_stands_in_the_gateways_folder(network: Network) -> None:
    """Log, console, settings, database: all of it but the register, and the messages, which are evidence.

    The duplicate guard keeps answers, but a terminal's answer has a result and a reference only. What a
    sender chose as its MessageID is kept as it is by guard and refusal records (it is their key), never
    in a log: so the messages of that kind are looked at in the log alone.
    """
    secrets = secret_texts(network)
    where = network.state(GATEWAY).path
    content = dict(written(where))
    assert {"log/gateway.jsonl", "log/console.log", "data/gateway.sqlite"} <= set(content)
    assert len(network.messages(GATEWAY)) > 150
    database = {name for name in content if name.startswith("data/gateway.sqlite")}
    for name in content.keys() - database:
        assert not found_in(content[name].replace(b"urn:case:", b""), secrets), name
    for table, found in _tables(where / "data" / "gateway.sqlite"):
        # That the search is not blind here either.
        told = bool(found_in(_without_chosen(found), secrets))
        if table in REGISTER:
            continue
        assert told is (table == "evidence_bodies"), table


def _tables(database: Path) -> Iterator[tuple[str, bytes]]:
    """Every table of a database, with all values of its rows as one text."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        for (table,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
            rows = connection.execute(f'SELECT * FROM "{table}"').fetchall()  # noqa: S608 - names of ours
            values = (value for row in rows for value in row)
            yield table, b"\n".join(one if isinstance(one, bytes) else str(one).encode() for one in values)


def _without_chosen(content: bytes) -> bytes:
    """The bytes of a database without the MessageIDs that this test made up of a person's data."""
    parts = content.split(b"urn:case:")
    return parts[0] + b"".join(part[len("149709400944:05783086273") :] for part in parts[1:])


def test_nobody_stands_in_the_terminals_folder(network: Network) -> None:
    secrets = secret_texts(network)
    for name, found in written(network.state(TERMINAL).path):
        assert not found_in(found, secrets), name


def test_nobody_stands_in_the_national_servers_log(network: Network) -> None:
    """Its data folder is where people belong; its log, settings and run folder are not."""
    secrets = secret_texts(network)
    for name, found in written(network.state(NATIONAL).path):
        if not name.startswith("data/"):
            assert not found_in(found, secrets), name


def test_nobody_stands_in_the_networks_own_files(network: Network) -> None:
    secrets = secret_texts(network)
    for folder in ("pki", "run", "negative"):
        for name, found in written(network.folder / folder):
            assert not found_in(found, secrets), name
    errors = network.folder.parent / f"{network.folder.name}.err"
    assert not found_in(errors.read_bytes() + (network.folder / "network.json").read_bytes(), secrets)


def test_no_bug_was_met(network: Network) -> None:
    for system in (GATEWAY, NATIONAL):
        events = [line for line in network.lines(system) if line["event"] in {"bug", "request-failed"}]
        assert not events
