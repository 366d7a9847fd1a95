"""Good messages of our own that stay the same from run to run: ``tests/fuzz/good``, keys forgotten.

python -m tests.fuzz.good        makes them anew, with a new authority (findings of before lose their sense)
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.trust import Anchor, TrustStore
from tests.kit import identities
from tests.kit.messages import Style, good_answer, good_request

FOLDER: Final = Path(__file__).parent / "messages"
KINDS: Final = ("RSA-2048", "P-256")
STYLES: Final = (
    Style(),
    Style(prefix_list="soap wsa", signed_info_prefixes="wsa", security_first=True, gap="\n"),
    Style(prefix_list="#default", default_namespace="urn:d", order=("signature", "token", "timestamp")),
)


def messages() -> list[bytes]:
    """All of them, in the order of their names."""
    return [file.read_bytes() for file in sorted(FOLDER.glob("*.xml"))]


def trust() -> TrustStore:
    """Their authority as the one that is trusted."""
    certificate = x509.load_pem_x509_certificate((FOLDER / "ca.pem").read_bytes())
    return TrustStore([Anchor("fuzz", certificate, (), (), "off", {})])


def make() -> None:
    """Write them anew."""
    FOLDER.mkdir(exist_ok=True)
    authority = identities.authority().certificate
    (FOLDER / "ca.pem").write_bytes(authority.public_bytes(Encoding.PEM))
    for kind in KINDS:
        for number, style in enumerate(STYLES):
            for what, good in (("request", good_request), ("answer", good_answer)):
                raw = good(identities.identity(kind), style=style).raw()
                (FOLDER / f"{what}-{kind}-{number}.xml").write_bytes(raw)


if __name__ == "__main__":
    make()
