"""``juki-gateway selfcheck``: whether this installation's libraries are fit, and sign and verify rightly."""

from __future__ import annotations

import importlib.metadata
import ssl
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from lxml import etree

from gateway.cli.exits import CheckFailed
from gateway.cli.options import AsJson, new_app
from gateway.cli.output import Output
from gateway.errors import GatewayError
from gateway.pki import Authority
from gateway.refusals import Refused
from gateway.store.dialect_sqlite import SQLITE_FLOOR, sqlite_version
from gateway.trust import Anchor, FileSigner, TrustStore
from gateway.wss.engine import Engine
from gateway.wss.engine_lxml import LxmlEngine
from gateway.wss.engine_xmlsec import XmlsecEngine
from gateway.wss.libraries import Version, library_versions
from gateway.wss.sign import Outgoing, new_message_id, sign
from gateway.wss.verify import Verifier

app = new_app()

FLOORS: dict[str, Version] = {
    "python": (3, 11),
    "openssl": (3, 0),
    "sqlite": SQLITE_FLOOR,  # older ones can damage a write-ahead log
    "lxml": (6, 1),  # older ones resolve external entities in some entry points (CVE-2026-41066)
    "libxml2": (2, 14, 6),
    "xmlsec": (1, 3, 9),
    "spyne": (2, 14, 0),
}
"""The oldest version of each library that is taken."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the result."""

    name: str
    found: str
    wanted: str
    good: bool


@app.command(epilog="Example: juki-gateway selfcheck --json")
def selfcheck(as_json: AsJson = False) -> None:
    """Check the bundled libraries against their floors, then sign and verify a message with both engines.

    Exit status 1 when anything is not as it must be.
    """
    checks = [*floor_checks(versions()), same_libxml2(library_versions()), *engine_checks()]
    output = Output(as_json)
    failed = [check.name for check in checks if not check.good]
    output.document(
        {
            "good": not failed,
            "checks": [
                {"name": check.name, "found": check.found, "wanted": check.wanted, "good": check.good}
                for check in checks
            ],
        }
    )
    output.table(
        ("check", "found", "wanted", "result"),
        [(check.name, check.found, check.wanted, "good" if check.good else "NOT GOOD") for check in checks],
    )
    if failed:
        raise CheckFailed(f"not fit: {', '.join(failed)}")


def versions() -> dict[str, Version]:
    """What is installed."""
    spyne = tuple(int(part) for part in importlib.metadata.version("spyne").split(".")[:3])
    return {
        "python": sys.version_info[:3],
        "openssl": (*ssl.OPENSSL_VERSION_INFO[:2], ssl.OPENSSL_VERSION_INFO[3]),  # from OpenSSL 3 on
        "sqlite": sqlite_version(),
        "spyne": spyne,
        **library_versions(),
    }


def floor_checks(installed: dict[str, Version]) -> Iterator[Check]:
    """Each library against its floor."""
    for name, floor in FLOORS.items():
        found = installed[name]
        yield Check(name, _dotted(found), f">= {_dotted(floor)}", found >= floor)


def same_libxml2(installed: dict[str, Version]) -> Check:
    """lxml and xmlsec hand each other trees: both must carry the same libxml2 minor version."""
    ours, theirs = installed["libxml2"], installed["xmlsec-libxml2"]
    return Check("libxml2 of xmlsec", _dotted(theirs), f"{_dotted(ours[:2])}.*", ours[:2] == theirs[:2])


def engine_checks() -> Iterator[Check]:
    """A message signed with a key made for it is accepted by both engines, and refused once altered."""
    now = datetime.now(UTC)
    with tempfile.TemporaryDirectory() as scratch:
        authority = Authority.create(Path(scratch) / "pki", at=now)
        credential = authority.issue(
            "signing", role="integrated_terminal", system="selfcheck", municipality=None, at=now
        )
        anchor = Anchor(
            "selfcheck", _certificate(authority.root_pem), (_certificate(authority.issuing_pem),),
            (authority.root_crl_pem, authority.issuing_crl_pem),
        )  # fmt: skip
        trust = TrustStore([anchor])
        body = etree.fromstring(b'<question xmlns="urn:juki-gateway:selfcheck:1">constant</question>')
        message = Outgoing(
            body, "urn:juki-gateway:selfcheck", "urn:juki-gateway:selfcheck:1:Check", new_message_id()
        )
        signer = FileSigner.load(credential.key, credential.certificate)
        raw = sign(message, signer, now, timedelta(minutes=5)).raw
        engines: tuple[tuple[str, Engine], ...] = (("lxml", LxmlEngine()), ("xmlsec", XmlsecEngine()))
        for name, engine in engines:
            verifier = Verifier(trust, engine=engine)
            good = _judge(verifier, raw, now)
            bad = _judge(verifier, raw.replace(b">constant<", b">changed!<"), now)
            yield Check(f"engine {name}", f"{good}, {bad} once altered", "accepted, digest once altered",
                        (good, bad) == ("accepted", "digest"))  # fmt: skip


def _judge(verifier: Verifier, raw: bytes, now: datetime) -> str:
    try:
        verifier.secured(raw, now)
    except Refused as refusal:
        return refusal.rule.name
    except GatewayError as error:
        return type(error).__name__
    return "accepted"


def _certificate(file: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(file.read_bytes())


def _dotted(version: Version) -> str:
    return ".".join(map(str, version))
