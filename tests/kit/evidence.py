"""Evidence for tests: a signing key, signed messages, and a store that is full of them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from gateway.evidence import Entry, signature_of
from gateway.evidence.seal_trust import SealTrust
from gateway.store import Store
from gateway.store.evidence_audit import Audit, Report
from gateway.store.evidence_sealer import SealCopies, Sealer
from gateway.trust import FileSigner
from gateway.wss.sign import Outgoing, new_message_id, sign
from tests.kit.identities import NOW, authority
from tests.tools import find, not_run

SYSTEM = "131016-cs"


def file_signer(kind: str = "P-256", name: str = "the gateway") -> FileSigner:
    """A signer with a key of this kind."""
    identity = authority().identity(kind, name)
    return FileSigner(identity.key, identity.certificate)  # type: ignore[arg-type] # RSA or EC


def signed_message(item: str = "item", kind: str = "P-256", name: str = "terminal") -> tuple[bytes, str]:
    """The bytes of a signed message that holds ``item``, and its MessageID."""
    body = etree.fromstring(f'<t:Question xmlns:t="urn:test"><t:item>{item}</t:item></t:Question>')
    outgoing = Outgoing(body, to="https://127.0.0.1:1/", action="urn:test:ask", message_id=new_message_id())
    return sign(outgoing, file_signer(kind, name), NOW).raw, outgoing.message_id


def message_entry(item: str = "item", *, kind: str = "P-256", minute: int = 0, **changes: Any) -> Entry:
    """The entry of a signed request, so many minutes after NOW."""
    raw, message_id = signed_message(item, kind)
    values: dict[str, Any] = {
        "at": NOW + timedelta(minutes=minute),
        "direction": "in",
        "peer": "131016-terminal-1",
        "kind": "request",
        "operation": "VerifyIdentity",
        "message_id": message_id,
        "outcome": "answered",
        "signature": signature_of(raw),
    }
    return Entry.message(raw, **{**values, **changes})


def plain_entry(number: int = 0, raw: bytes | None = None, minute: int = 0) -> Entry:
    """An entry without a signature: cheap."""
    return Entry.message(
        b"<message>%d</message>" % number if raw is None else raw,
        at=NOW + timedelta(minutes=minute),
        direction="out",
        peer="131016-terminal-1",
        kind="answer",
        outcome="answered",
        message_id=f"urn:test:{number}",
    )


def append(store: Store, *entries: Entry) -> tuple[int, ...]:
    """Append in a transaction of its own."""
    with store.unit_of_work() as work:
        return store.evidence.append(work.connection, entries)


def sealer(store: Store, clock: Any, copies: SealCopies | None = None, kind: str = "P-256") -> Sealer:
    """The sealer of SYSTEM."""
    return Sealer(store, file_signer(kind), clock, system=SYSTEM, copies=copies)


def audit(store: Store, **changes: Any) -> Report:
    """Everything checked, signatures too."""
    trust = SealTrust(file_signer().certificate_der, [authority().certificate])
    return Audit(store.evidence_rows, SYSTEM, trust, **{"signatures": True, **changes}).run()


def kinds(report: Report) -> set[str]:
    """The kinds of what was found."""
    return {finding.kind for finding in report.findings}


def sql(store: Store, statement: str, *values: object) -> None:
    """Somebody with the database changes it; ``?`` stands for a value."""
    if store.database.dialect.name != "sqlite":
        statement = statement.replace("?", "%s")
    with store.unit_of_work() as work:
        work.connection.exec_driver_sql(statement, values)


_README = re.compile(r"^```sh\n(.*?)^```$", re.S | re.M)


def check_alone(folder: Path) -> None:
    """The export's commands and its program say that all is good, without anything of ours."""
    xmlsec1 = find("xmlsec1")
    options = ["--xmlsec1", str(xmlsec1)] if xmlsec1 else []
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(folder / "verify.py"), *options],
        cwd="/", env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done
    if xmlsec1 is None:
        pytest.skip(not_run("xmlsec1"))
    script = "".join(_README.findall((folder / "README.md").read_text(encoding="utf-8")))
    environment = {"PATH": os.environ["PATH"], "XMLSEC1": str(xmlsec1)}
    done = subprocess.run(
        ["sh", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done
    assert done.stdout.endswith("all is good\n")
