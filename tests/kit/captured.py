"""Messages of a network that was made and never started, as somebody captured them; and its network.json."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lxml import etree

from gateway.cli.network.document import network_document
from gateway.cli.network.plan import DEVELOPMENT
from gateway.cli.network.revocation import RevocationLists
from gateway.conformance import QUESTIONS
from gateway.contract import SERVICES, write_answer
from gateway.domain.caller import Caller
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
        content = QUESTIONS[service.name].content(service, caller(), self.people()[0])
        outgoing = Outgoing(content, to=to, action=operation.action, message_id=new_message_id())
        return self._signed(outgoing, by, None)

    def person(self) -> dict[str, str]:
        """Somebody whom nobody has to know."""
        return {"resident_record_code": "12345678903"}

    def request(
        self, by: str = TERMINAL, at: datetime | None = None, asking: Caller | None = None, **changes: Any
    ) -> SignedMessage:
        """A question of the terminal to its gateway; ``changes`` are fields of Outgoing."""
        content = QUESTIONS[SERVICE.name].content(SERVICE, asking or caller(), self.person())
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
