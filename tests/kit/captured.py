"""Messages of a network that was made and never started, as somebody captured them; and its network.json."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lxml import etree

from gateway.cli.network.document import network_document
from gateway.cli.network.plan import DEVELOPMENT
from gateway.cli.network.revocation import RevocationLists
from gateway.conformance import QUESTIONS, Circumstances
from gateway.contract import SERVICES, Service, write_answer
from gateway.domain.caller import Caller
from gateway.people import person_of
from gateway.settings import load_settings
from gateway.state import StateFolder
from gateway.trust.configured import signer
from gateway.wss import names
from gateway.wss.sign import Outgoing, SignedMessage, new_message_id, sign
from tests.kit.made import copied_network
from tests.kit.network import GATEWAY, NATIONAL, TERMINAL, caller
from tests.kit.questions import ANSWER

SERVICE = SERVICES["terminal"]
OPERATION = SERVICE.operation("VerifyIdentity")
UNKNOWN = "12345678903"
"""Somebody whom nobody has to know."""


@dataclass(frozen=True, slots=True)
class Capture:
    """A network's folder, and messages under its keys."""

    folder: Path
    document: dict[str, Any]

    @classmethod
    def made(cls, folder: Path) -> Capture:
        """In a new folder: a gateway, who calls it, and the national server."""
        made = copied_network(folder, DEVELOPMENT.only_servers((GATEWAY, NATIONAL)))
        document = network_document(made, lambda _text: None)
        RevocationLists(made.authority, made.states.values()).refresh()
        (folder / "network.json").write_text(json.dumps(document), encoding="utf-8")
        return cls(folder, document)

    @property
    def file(self) -> Path:
        """network.json."""
        return self.folder / "network.json"

    def system(self, system_id: str) -> dict[str, Any]:
        """An entry of ``systems``."""
        return next(dict(one) for one in self.document["systems"] if one["id"] == system_id)

    def state(self, system_id: str) -> StateFolder:
        """A system's state folder."""
        return StateFolder(self.folder / system_id)

    def people(self) -> list[dict[str, str]]:
        """The network's synthetic people."""
        with Path(self.document["sample"]["people"]).open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))

    def question(self, by: str, to: str) -> SignedMessage:
        """A question to the national server at another address."""
        service = SERVICES["national"]
        operation = service.operation("VerifyIdentity")
        content = _content(service, caller(), self.people()[0])
        outgoing = Outgoing(content, to=to, action=operation.action, message_id=new_message_id())
        return self._signed(outgoing, by, None)

    def request(
        self, by: str = TERMINAL, at: datetime | None = None, asking: Caller | None = None, **changes: Any
    ) -> SignedMessage:
        """A question of the terminal to its gateway; ``changes`` are fields of Outgoing."""
        row = {**self.people()[0], "resident_record_code": UNKNOWN}
        content = _content(SERVICE, asking or caller(), row)
        outgoing = Outgoing(
            content,
            to=self.system(GATEWAY)["services"][SERVICE.name]["url"],
            action=OPERATION.action,
            message_id=new_message_id(),
        )
        return self._signed(replace(outgoing, **changes), by, at)

    def answer(
        self, to: SignedMessage, by: str = GATEWAY, at: datetime | None = None, **changes: Any
    ) -> SignedMessage:
        """The gateway's answer to it."""
        outgoing = Outgoing(
            etree.fromstring(write_answer(SERVICE, OPERATION, ANSWER)),
            to=names.ANONYMOUS,
            action=OPERATION.answer_action,
            message_id=new_message_id(),
            relates_to=to.message_id,
            confirms=to.signature_value,
        )
        return self._signed(replace(outgoing, **changes), by, at)

    def _signed(self, outgoing: Outgoing, by: str, at: datetime | None) -> SignedMessage:
        state = self.state(by)
        own = signer(load_settings(state.settings_file), state.path)
        return sign(outgoing, own, at or datetime.now(UTC))


def _content(service: Service, asking: Caller, row: Mapping[str, str]) -> etree._Element:
    """The service's good question about somebody."""
    known = Circumstances(asking, person_of(row).record, datetime.now(UTC).date())
    asked = QUESTIONS[service.name].asked(service, known)
    if asked is None:
        raise LookupError("nobody to be asked about")
    return asked.content
