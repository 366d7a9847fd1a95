"""The seal: a numbered, signed statement of how far each chain goes. Each names the digest of the one before.

The statement is text of the same kind as an entry's (entry.py):

    juki-evidence seal 1
    system 131016-cs
    number 42
    previous DIGEST                       of the statement of the seal before; - for the first
    at 2026-11-23T09:01:00.000000Z
    certificate DIGEST                    of the signer's certificate in DER
    algorithm rsa-sha256                  or ecdsa-sha256, ecdsa-sha384
    head local 3 1234 DIGEST              node, epoch, number and link: of every chain that grew since

Sorted by node and epoch. A seal's file is the statement, then the signature over it as PEM block SIGNATURE
(RSA PKCS #1 v1.5, or ECDSA in DER: as ``openssl dgst -verify`` takes it), then the signer's certificate.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from gateway.errors import GatewayError
from gateway.evidence.entry import Head, instant_text, read, read_instant, written
from gateway.evidence.signature import der_of_halves, public_pem
from gateway.trust import Signer, at_present

_STATEMENT: Final = re.compile(
    r"juki-evidence seal 1\nsystem (?P<system>[!-~]+)\nnumber (?P<number>[1-9][0-9]{0,11})\n"
    r"previous (?:-|(?P<previous>[0-9a-f]{64}))\nat (?P<at>[0-9TZ:.-]{27})\n"
    r"certificate (?P<certificate>[0-9a-f]{64})\nalgorithm (?P<algorithm>(?:rsa|ecdsa)-sha(?:256|384))\n"
    r"(?P<heads>(?:head [!-~]+ [0-9]{1,9} [0-9]{1,12} [0-9a-f]{64}\n)*)",
    re.ASCII,
)
_FILE: Final = re.compile(
    rb"(juki-evidence seal 1\n[^\x00-\x09\x0b-\x1f\x7f-\xff]*?)-----BEGIN SIGNATURE-----\n([A-Za-z0-9+/=\n]+)"
    rb"-----END SIGNATURE-----\n-----BEGIN CERTIFICATE-----\n([A-Za-z0-9+/=\n]+)-----END CERTIFICATE-----\n"
)
_ALGORITHMS: Final = {
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256": "rsa-sha256",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256": "ecdsa-sha256",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384": "ecdsa-sha384",
}
MOST_BYTES: Final = 16_777_216
"""The largest seal file that is read."""


class SealUnreadable(GatewayError):
    """The bytes are not a seal in the form above."""


@dataclass(frozen=True, slots=True)
class Seal:
    """One seal; ``statement`` is the text that ``signature`` is over, ``heads`` what it says of chains."""

    statement: bytes
    signature: bytes
    certificate: bytes  # DER
    system: str
    number: int
    previous: bytes | None
    at: datetime
    algorithm: str
    heads: tuple[Head, ...]

    @property
    def digest(self) -> bytes:
        """SHA-256 of the statement, which the next seal names."""
        return hashlib.sha256(self.statement).digest()

    def signature_holds(self) -> bool:
        """Whether the certificate that the statement names made the signature."""
        try:
            key = _public_key(self.certificate)
            if isinstance(key, rsa.RSAPublicKey) and self.algorithm == "rsa-sha256":
                key.verify(self.signature, self.statement, padding.PKCS1v15(), hashes.SHA256())
            elif isinstance(key, ec.EllipticCurvePublicKey) and self.algorithm.startswith("ecdsa-"):
                hashed = hashes.SHA256() if self.algorithm == "ecdsa-sha256" else hashes.SHA384()
                key.verify(self.signature, self.statement, ec.ECDSA(hashed))
            else:
                return False
        except (InvalidSignature, ValueError):
            return False
        return True


def signed_seal(
    signer: Signer,
    *,
    system: str,
    number: int,
    previous: bytes | None,
    at: datetime,
    heads: Sequence[Head],
) -> Seal:
    """A new seal. Sign outside of the database's write lock."""
    signer = at_present(signer)
    algorithm = _ALGORITHMS[signer.algorithm]
    statement = (
        f"juki-evidence seal 1\nsystem {written(system)}\nnumber {number}\n"
        f"previous {'-' if previous is None else previous.hex()}\nat {instant_text(at)}\n"
        f"certificate {hashlib.sha256(signer.certificate_der).hexdigest()}\nalgorithm {algorithm}\n"
        + "".join(_head_line(head) for head in sorted(heads, key=lambda one: (one.node, one.epoch)))
    ).encode("ascii")
    value = signer.sign(statement)
    signature = der_of_halves(value) if algorithm.startswith("ecdsa-") else value
    return read_statement(statement, signature, signer.certificate_der)


def read_statement(statement: bytes, signature: bytes, certificate: bytes) -> Seal:
    """A seal from its parts. Raises SealUnreadable unless the statement is in form and names the certificate.

    The signature is not checked here.
    """
    try:
        match = _STATEMENT.fullmatch(statement.decode("ascii"))
    except UnicodeDecodeError:
        match = None
    if match is None:
        raise SealUnreadable("not the statement of a seal")
    if match["certificate"] != hashlib.sha256(certificate).hexdigest():
        raise SealUnreadable("the certificate is not the one that the statement names")
    try:
        return Seal(
            statement,
            signature,
            certificate,
            read(match["system"]),
            int(match["number"]),
            None if match["previous"] is None else bytes.fromhex(match["previous"]),
            read_instant(match["at"]),
            match["algorithm"],
            tuple(_read_head(line) for line in match["heads"].splitlines()),
        )
    except ValueError:
        raise SealUnreadable("not the statement of a seal") from None


def seal_file(seal: Seal) -> bytes:
    """The seal as one file."""
    text = base64.b64encode(seal.signature)
    lines = b"\n".join(text[at : at + 64] for at in range(0, len(text), 64))
    return b"".join(
        (
            seal.statement,
            b"-----BEGIN SIGNATURE-----\n" + lines + b"\n-----END SIGNATURE-----\n",
            public_pem(seal.certificate),
        )
    )


def parse_seal(content: bytes) -> Seal:
    """The seal in a file's bytes. Raises SealUnreadable; the signature is not checked here."""
    match = _FILE.fullmatch(content) if len(content) <= MOST_BYTES else None
    if match is None:
        raise SealUnreadable("not the file of a seal")
    try:
        octets = [base64.b64decode(part.replace(b"\n", b""), validate=True) for part in match.groups()[1:]]
    except ValueError:
        raise SealUnreadable("not the file of a seal") from None
    return read_statement(match[1], *octets)


def _head_line(head: Head) -> str:
    return f"head {written(head.node)} {head.epoch} {head.number} {head.link.hex()}\n"


def _read_head(line: str) -> Head:
    _, node, epoch, number, link = line.split(" ")
    return Head(read(node), int(epoch), int(number), bytes.fromhex(link))


@lru_cache(maxsize=64)
def _public_key(certificate: bytes) -> object:
    return x509.load_der_x509_certificate(certificate).public_key()
