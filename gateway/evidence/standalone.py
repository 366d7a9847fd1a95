#!/usr/bin/env python3
"""Checks an export of evidence: python3 -I verify.py [FOLDER] [--seal FILE] [--xmlsec1 COMMAND].

It needs Python 3.9 or later and openssl; xmlsec1 is used where it is found. It imports nothing but Python's
standard library. Exit status: 0 all is good, 1 something is not as it was, 2 used wrongly.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

NAMES = (
    *("direction", "kind", "peer", "operation", "message-id", "relates-to", "outcome", "size", "digest"),
    *("signature", "signed", "value", "certificate"),
)
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
WSA = "http://www.w3.org/2005/08/addressing"
WSS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity"
WSS11 = "http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd"
TRANSIENT = {("in", "DeliverAddressees"), ("out", "NotifyAddressees")}  # each is erased once handed over
IDENTIFIED = (
    f"{SOAP}:Body",
    f"{WSS}-utility-1.0.xsd:Timestamp",
    f"{WSS}-secext-1.0.xsd:BinarySecurityToken",
    f"{WSS11}:SignatureConfirmation",
    *(f"{WSA}:{name}" for name in ("To", "Action", "MessageID", "RelatesTo", "From", "ReplyTo", "FaultTo")),
)


class Check:
    """One run over one folder; ``bad`` holds what is wrong, ``count`` what was looked at."""

    def __init__(self, folder: Path, scratch: Path, xmlsec1: str | None) -> None:
        self.folder = folder
        self.scratch = scratch
        self.xmlsec1 = xmlsec1
        self.bad: list[str] = []
        self.count: Counter[str] = Counter()
        self.heads: dict[str, tuple[str, str]] = {}  # link: chain and number, from seals
        self.newest_erased = ""
        self.erased_before = ""
        self.erased_apart: dict[tuple[str, str], str] = {}  # peer and MessageID: when
        self.handed_over: set[tuple[str, str]] = set()

    def run(self, outside: list[Path]) -> None:
        """Seals, chains, entries, messages, signatures."""
        seals = sorted((self.folder / "seals").glob("*.seal"))
        statements = {seal: self.seal(seal) for seal in (*seals, *outside)}
        self.seals_follow([statements[seal] for seal in seals])
        for other in outside:
            if statements[other] not in [statements[seal] for seal in seals]:
                self.wrong(other, "is not among the seals of this export")
        for links in sorted((self.folder / "chains").glob("*/links-*.txt")):
            self.links(links)
        for chain in sorted((self.folder / "entries").glob("*")):
            there = sum(1 for _ in chain.glob("*.txt"))
            if there != self.count[f"entries of {chain.name}"]:
                self.wrong(chain, f"{there} entries are here, of which not all are in the chain")
        apart = [at for key, at in self.erased_apart.items() if key not in self.handed_over]
        self.newest_erased = max([self.newest_erased, *apart])
        if self.newest_erased and not self.newest_erased < self.erased_before:
            self.count["bytes absent, their erasure not part of this export"] += 1

    def wrong(self, file: Path, text: str) -> None:
        """Note what is wrong."""
        self.bad.append(f"{file}: {text}")

    def seal(self, file: Path) -> str:
        """Check one seal's signature and certificate; gives its statement."""
        self.count["seals"] += 1
        content = file.read_text(encoding="ascii", errors="replace")
        statement, begin, rest = content.partition("-----BEGIN SIGNATURE-----\n")
        signature, end, certificate = rest.partition("-----END SIGNATURE-----\n")
        if not (begin and end and statement.startswith("juki-evidence seal 1\n")):
            self.wrong(file, "is no seal")
            return ""
        fields = dict(line.split(" ", 1) for line in statement.splitlines() if not line.startswith("head "))
        der = base64.b64decode("".join(certificate.splitlines()[1:-1]))
        if hashlib.sha256(der).hexdigest() != fields["certificate"]:
            self.wrong(file, "its certificate is another one")
        (self.scratch / "statement").write_text(statement, encoding="ascii")
        (self.scratch / "signature").write_bytes(base64.b64decode(signature))
        (self.scratch / "sealer.pem").write_text(certificate, encoding="ascii")
        key = self.public_key(self.scratch / "sealer.pem")
        algorithm = fields["algorithm"].rpartition("-")[2]
        parts = ["-verify", key, "-signature", self.scratch / "signature", self.scratch / "statement"]
        if not self.openssl("dgst", f"-{algorithm}", *parts):
            self.wrong(file, "its signature does not hold")
        if not self.openssl(
            *("verify", "-no_check_time", "-CAfile", self.authorities(), self.scratch / "sealer.pem")
        ):
            self.wrong(file, "its certificate was issued by none of the authorities")
        for node, epoch, number, link in re.findall(
            r"^head (\S+) (\d+) (\d+) ([0-9a-f]{64})$", statement, re.M
        ):
            self.heads[link] = (f"{node}-{epoch}", number)
        return statement

    def seals_follow(self, statements: list[str]) -> None:
        """Where a seal's predecessor is here, it must be the one that it names."""
        known = {hashlib.sha256(one.encode("ascii")).hexdigest() for one in statements}
        numbers = {field(one, "number") for one in statements}
        for one in statements:
            if str(int(field(one, "number") or 0) - 1) in numbers and field(one, "previous") not in known:
                self.bad.append(f"seal {field(one, 'number')}: does not follow the one before it")

    def links(self, file: Path) -> None:
        """Rebuild the links of one stretch; it must end in a link that a seal names."""
        chain = file.parent.name
        link, number, first = "", -1, True
        for line in file.read_text(encoding="ascii").splitlines():
            text, entry, following = line.split(" ")
            if first:
                start = (file.parent / "chain.txt").read_bytes()
                if int(text) == 0 and hashlib.sha256(start).hexdigest() != following:
                    self.wrong(file, "does not begin with the chain's text")
                first = False
            else:
                made = hashlib.sha256(f"previous {link}\nentry {entry}\n".encode("ascii")).hexdigest()
                if made != following or int(text) != number + 1:
                    self.wrong(file, f"number {int(text)} does not follow")
                self.count["links"] += 1
                told = self.folder / "entries" / chain / f"{text}.txt"
                if told.exists():
                    self.entry(told, entry)
            link, number = following, int(text)
        if self.heads.get(link) != (chain, str(number)):
            self.count["stretches that no seal covers yet"] += 1

    def entry(self, file: Path, digest: str) -> None:
        """One entry, which has this digest in the chain, and all that is kept of its message."""
        self.count[f"entries of {file.parent.name}"] += 1
        text = file.read_bytes()
        if hashlib.sha256(text).hexdigest() != digest:
            self.wrong(file, "is not the entry in the chain")
        fields = dict(line.split(" ", 1) for line in text.decode("ascii").splitlines()[1:])
        if any(name not in fields for name in NAMES):
            self.wrong(file, "is no entry")
            return
        if fields["kind"] == "erasure" and fields["outcome"] == "handed-over":
            self.handed_over.add((fields["peer"], fields["relates-to"]))
        elif fields["kind"] == "erasure":
            self.erased_before = max(self.erased_before, fields["outcome"].rpartition("%20")[2])
        message = file.with_suffix(".xml")
        if message.exists():
            content = message.read_bytes()
            if hashlib.sha256(content).hexdigest() != fields["digest"] or len(content) != int(fields["size"]):
                self.wrong(message, "is not the message that travelled")
        elif fields["kind"] not in {"refusal", "erasure", "accesses"}:
            self.count["erased"] += 1
            key = (fields["peer"], fields["message-id"])
            if fields["kind"] == "request" and (fields["direction"], fields["operation"]) in TRANSIENT:
                self.erased_apart[key] = fields["at"]
            else:
                self.newest_erased = max(self.newest_erased, fields["at"])
        if fields["signature"] != "-":
            self.signature(file, fields, message if message.exists() else None)

    def signature(self, file: Path, fields: dict[str, str], message: Path | None) -> None:
        """The message's own signature: over the digest in the chain, and as XML Signature."""
        self.count["signatures"] += 1
        certificate = self.folder / "certificates" / f"{fields['certificate']}.pem"
        der = base64.b64decode("".join(certificate.read_text(encoding="ascii").splitlines()[1:-1]))
        if hashlib.sha256(der).hexdigest() != fields["certificate"]:
            self.wrong(certificate, "is another certificate")
        algorithm, value = fields["signature"], base64.b64decode(fields["value"])
        (self.scratch / "digest").write_bytes(bytes.fromhex(fields["signed"]))
        (self.scratch / "value").write_bytes(ecdsa_der(value) if algorithm.startswith("ecdsa-") else value)
        options = ["-pkeyopt", f"digest:{algorithm.rpartition('-')[2]}"]
        if algorithm.startswith("rsa-pss-"):
            options += ["-pkeyopt", "rsa_padding_mode:pss", "-pkeyopt", "rsa_pss_saltlen:digest"]
        key = self.public_key(certificate)
        given = ["-in", self.scratch / "digest", "-sigfile", self.scratch / "value"]
        if not self.openssl("pkeyutl", "-verify", "-pubin", "-inkey", key, *options, *given):
            self.wrong(file, "the message's signature does not hold")
        if message is not None and self.xmlsec1 is not None:
            self.xml_signature(message, certificate, algorithm)

    def xml_signature(self, message: Path, certificate: Path, algorithm: str) -> None:
        """The message as xmlsec1 sees it, which knows RSA-PSS from version 1.3 on."""
        old = output(self.xmlsec1, "--version").startswith(b"xmlsec1 1.2")
        if old and algorithm.startswith("rsa-pss-"):
            self.count["messages with RSA-PSS, for which this xmlsec1 is too old"] += 1
            return
        self.count["messages verified by xmlsec1"] += 1
        ids = [option for name in IDENTIFIED for option in ("--id-attr:Id", name)]
        lax = [] if old else ["--lax-key-search"]
        if not done(self.xmlsec1, "--verify", *lax, *ids, "--pubkey-cert-pem", certificate, message):
            self.wrong(message, "xmlsec1 does not verify it")

    def public_key(self, certificate: Path) -> Path:
        """The certificate's public key as a file."""
        key = self.scratch / f"{hashlib.sha256(certificate.read_bytes()).hexdigest()}.pub"
        if not key.exists():
            key.write_bytes(output("openssl", "x509", "-in", certificate, "-noout", "-pubkey"))
        return key

    def authorities(self) -> Path:
        """All authorities in one file."""
        file = self.scratch / "authorities.pem"
        if not file.exists():
            found = sorted((self.folder / "authorities").glob("*.pem"))
            file.write_bytes(b"".join(one.read_bytes() for one in found))
        return file

    def openssl(self, *arguments: object) -> bool:
        """Whether openssl says yes."""
        return done("openssl", *arguments)


def field(statement: str, name: str) -> str | None:
    """A line of a statement."""
    return next(
        (line[len(name) + 1 :] for line in statement.splitlines() if line.startswith(name + " ")), None
    )


def ecdsa_der(value: bytes) -> bytes:
    """r and s, side by side, as a DER SEQUENCE of two INTEGERs."""

    def integer(part: bytes) -> bytes:
        number = int.from_bytes(part, "big")
        octets = number.to_bytes(number.bit_length() // 8 + 1, "big")
        return b"\x02" + bytes([len(octets)]) + octets

    half = len(value) // 2
    content = integer(value[:half]) + integer(value[half:])
    return b"\x30" + bytes([len(content)]) + content


def done(*command: object) -> bool:
    """Whether a command ends with 0."""
    ran = subprocess.run([*map(str, command)], capture_output=True, check=False)  # noqa: S603 - ours, no shell
    return ran.returncode == 0


def output(*command: object) -> bytes:
    """What a command prints."""
    run = subprocess.run([*map(str, command)], capture_output=True, check=False)  # noqa: S603 - as above
    return run.stdout + run.stderr if not run.stdout else run.stdout


def report(check: Check) -> Iterator[str]:
    """The lines for people."""
    yield from (f"{count:>10} {what}" for what, count in check.count.items())
    if check.xmlsec1 is None:
        yield "xmlsec1 is not here: messages were not verified as XML Signature"
    yield from (f"NOT GOOD: {text}" for text in check.bad)
    yield "all is good" if not check.bad else f"{len(check.bad)} not good"


def main() -> int:
    """Run the check."""
    parser = argparse.ArgumentParser(description="Checks an export of evidence.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).resolve().parent)
    parser.add_argument("--seal", type=Path, action="append", default=[], help="a seal from elsewhere")
    parser.add_argument("--xmlsec1", default=shutil.which("xmlsec1"), help="the command xmlsec1")
    given = parser.parse_args()
    if not (given.folder / "chains").is_dir() or shutil.which("openssl") is None:
        sys.stderr.write("no export in this folder, or no openssl on this machine\n")
        return 2
    with tempfile.TemporaryDirectory() as scratch:
        check = Check(given.folder, Path(scratch), given.xmlsec1)
        try:
            check.run(given.seal)
        except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
            check.bad.append(f"a file is missing or not in form: {type(error).__name__}: {error}")
    sys.stdout.write("\n".join(report(check)) + "\n")
    return 1 if check.bad else 0


if __name__ == "__main__":
    sys.exit(main())
