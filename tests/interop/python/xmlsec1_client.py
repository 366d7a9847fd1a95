"""xmlsec1, the command: signs a template and verifies what comes back. Its path is in ``XMLSEC1``."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from lxml import etree
from parts import DS, KEY_INFO, NAMES, SIGNED, SOAP, WSA, WSSE, WSSE11, WSU, Call, envelope, run

MORE, EXCLUSIVE = "http://www.w3.org/2001/04/xmldsig-more#", "http://www.w3.org/2001/10/xml-exc-c14n#"
IDENTIFIED = (
    *(f"{SOAP}:Body", f"{WSU}:Timestamp", f"{WSSE}:BinarySecurityToken", f"{WSSE11}:SignatureConfirmation"),
    *(f"{WSA}:{name}" for name in ("To", "Action", "MessageID", "RelatesTo")),
)
VERSION = subprocess.run(
    [os.environ["XMLSEC1"], "--version"], capture_output=True, text=True, check=True
).stdout


def xmlsec1(order: str, *options: str, message: bytes) -> bytes:
    ids = [option for name in IDENTIFIED for option in ("--id-attr:Id", name)]
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder, "given.xml"), Path(folder, "made.xml")
        given.write_bytes(message)
        command = [os.environ["XMLSEC1"], order, *ids, *options, "--output", str(made), str(given)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ValueError(done.stderr)
        return made.read_bytes() if made.exists() else b""


def sign(call: Call) -> bytes:
    key = Path(call.key).read_text(encoding="ascii")
    shown = subprocess.run(
        ["openssl", "pkey", "-noout", "-text"], input=key, capture_output=True, text=True, check=True
    ).stdout
    method = "ecdsa-sha256" if "prime256v1" in shown else "rsa-sha256"
    references = "".join(
        f'<Reference URI="#{part}"><Transforms><Transform Algorithm="{EXCLUSIVE}"/></Transforms>'
        '<DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><DigestValue/></Reference>'
        for part in SIGNED
    )
    template = (
        f'<Signature xmlns="{DS}"><SignedInfo><CanonicalizationMethod Algorithm="{EXCLUSIVE}"/>'
        f'<SignatureMethod Algorithm="{MORE}{method}"/>{references}</SignedInfo><SignatureValue/>{KEY_INFO}'
        "</Signature>"
    )
    message = envelope(call)
    message.find("s:Header/w:Security", NAMES).append(etree.fromstring(template))
    return xmlsec1("--sign", "--privkey-pem", call.key, message=etree.tostring(message, encoding="utf-8"))


def verify(raw: bytes, call: Call) -> None:
    lax = () if VERSION.startswith("xmlsec1 1.2") else ("--lax-key-search",)
    xmlsec1("--verify", *lax, "--pubkey-cert-pem", call.answers, message=raw)


run(VERSION.split()[1], sign, verify)
