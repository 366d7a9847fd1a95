"""The state folder of a system with some evidence, as a command finds it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gateway.clock import SystemClock
from gateway.settings import Anchor, Evidence, Settings, System, render_settings
from gateway.state import StateFolder
from gateway.store.configured import open_store
from gateway.store.evidence_configured import seal_copies, sealer_of
from gateway.trust.configured import signer
from tests.kit.evidence import SYSTEM, append, message_entry, plain_entry
from tests.kit.identities import authority

NOW = datetime.now(UTC)


class Kept:
    """A state folder with five entries, of which four are sealed, and copies of the seals beside it."""

    def __init__(self, folder: Path, mode: Any = "development", database: str = "") -> None:
        self.settings = Settings(
            mode=mode,
            database_url=database,
            node="node-1" if database else "local",
            system=System(id=SYSTEM, role="municipal_cs", name="千代田区"),
            evidence=Evidence(seal_copy=Path("../seals")),
            anchors=(
                Anchor(name="tests", certificate=Path("certificates/root.pem"), crls=(Path("crl.pem"),)),
            ),
        )
        self.state = StateFolder.create(folder / SYSTEM, render_settings(self.settings))
        identity = authority().identity("P-256", "the gateway")
        key = identity.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())  # type: ignore[union-attr]
        self._write("keys/signing.key.pem", key)
        self._write("certificates/signing.pem", identity.certificate.public_bytes(Encoding.PEM))
        self._write("certificates/root.pem", authority().certificate.public_bytes(Encoding.PEM))
        self.store = open_store(self.state.path, self.settings, clock=SystemClock(), upgrade=True)
        at = NOW - timedelta(days=3000)
        self.message = message_entry("old", at=at)
        append(self.store, self.message, plain_entry(1), message_entry("new", at=NOW), plain_entry(2))
        seals = sealer_of(
            self.settings, self.state.path, self.store, signer(self.settings, self.state.path), SystemClock()
        )
        seals()
        copies = seal_copies(self.settings, self.state.path)
        assert copies is not None
        (self.seal,) = copies.folder.iterdir()
        append(self.store, plain_entry(3))

    def _write(self, name: str, content: bytes) -> None:
        file = self.state.path / name
        file.write_bytes(content)
        file.chmod(0o600)
