"""zeep with a signing plugin, as a vendor would write it: its client is made from our WSDL files.

zeep's own signer leaves the token and the wsa headers unsigned, so the plugin signs with python-xmlsec, and
its transport verifies an answer's bytes before zeep reads them. ``WSDL`` is the folder of the contract.
"""

from __future__ import annotations

import json
import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import requests
import xmlsec
import zeep
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from lxml import etree
from parts import KEY_INFO, NAMES, SIGNED, WSU, Call, check_bound, damaged, headers, outcome, spoilt


class Signing(zeep.Plugin):
    """Puts addressing and Security headers into what zeep wrote, and signs them with the Body."""

    def __init__(self, call: Call) -> None:
        self.call = call

    def egress(self, envelope: Any, http_headers: Any, _operation: Any, _options: Any) -> tuple[Any, Any]:
        header = etree.Element(f"{{{NAMES['s']}}}Header")
        header.extend(etree.fromstring(f"<h>{''.join(headers(self.call))}</h>"))
        for old in envelope.findall("s:Header", NAMES):
            envelope.remove(old)
        envelope.insert(0, header)
        envelope.find("s:Body", NAMES).set(f"{{{WSU}}}Id", "body")
        rsa = isinstance(load_pem_private_key(Path(self.call.key).read_bytes(), None), RSAPrivateKey)
        method = xmlsec.Transform.RSA_SHA256 if rsa else xmlsec.Transform.ECDSA_SHA256
        signature = xmlsec.template.create(envelope, xmlsec.Transform.EXCL_C14N, method)
        for part in SIGNED:
            reference = xmlsec.template.add_reference(signature, xmlsec.Transform.SHA256, uri=f"#{part}")
            xmlsec.template.add_transform(reference, xmlsec.Transform.EXCL_C14N)
        signature.append(etree.fromstring(KEY_INFO))
        header.find("w:Security", NAMES).append(signature)
        context = registered(envelope)
        context.key = xmlsec.Key.from_file(self.call.key, xmlsec.KeyFormat.PEM)
        context.sign(signature)
        return envelope, http_headers


class Wire(zeep.Transport):
    """Posts over mutual TLS, keeps the bytes as they travel, and hands on nothing that is not verified."""

    def __init__(self, call: Call) -> None:
        session = requests.Session()
        session.trust_env = False
        session.cert, session.verify = (call.tls["certificate"], call.tls["key"]), call.trust[0]
        super().__init__(session=session)
        self.call, self.spoils, self.sent, self.got = call, False, b"", b""

    def post_xml(self, address: str, envelope: Any, http_headers: Any) -> Any:
        self.sent = etree.tostring(envelope, encoding="utf-8")
        raw = spoilt(self.sent, self.call) if self.spoils else self.sent
        answer = self.post(address, raw, http_headers)
        self.got = answer.content
        verify(self.got, self.call)
        check_bound(self.got, self.call, None if self.spoils else self.sent)
        return answer


def registered(root: Any) -> Any:
    """A context that knows every wsu:Id."""
    context = xmlsec.SignatureContext()
    for element in root.iter("{*}*"):
        if f"{{{WSU}}}Id" in element.attrib:
            context.register_id(element, "Id", WSU)
    return context


def verify(raw: bytes, call: Call) -> None:
    message = etree.fromstring(raw)
    context = registered(message)
    context.key = xmlsec.Key.from_file(call.answers, xmlsec.KeyFormat.CERT_PEM)
    context.verify(message.find("s:Header/w:Security/d:Signature", NAMES))


def main() -> None:
    call = Call.read(*sys.argv[1:3])
    wire = Wire(call)
    wsdl = Path(os.environ["WSDL"], f"{call.case['service']}-1.wsdl")
    client = zeep.Client(str(wsdl), transport=wire, plugins=[Signing(call)])
    port = next(iter(next(iter(client.wsdl.services.values())).ports.values()))
    service = client.create_service(port.binding.name.text, call.url)
    service[call.case["operation"]](**call.case["values"])
    report = {"version": version("zeep"), "good": outcome(check_bound(wire.got, call, wire.sent))}
    try:
        verify(damaged(wire.got), call)
        report["damage_noticed"] = False
    except xmlsec.Error:
        report["damage_noticed"] = True
    wire.spoils = True
    try:
        service[call.case["operation"]](**call.case["values"])
    except zeep.exceptions.Fault:
        report["spoilt"] = outcome(check_bound(wire.got, call, None))
    sys.stdout.write(json.dumps(report, ensure_ascii=False) + "\n")


main()
