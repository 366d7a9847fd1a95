"""The WSDL and its schemas as served: an allow-list, relative imports; zeep takes them from file and URL."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import zeep
from lxml import etree

from gateway.contract import SERVICES, Service, read_request, served_file, write_answer
from gateway.data import data_folder
from gateway.domain.register_text import RegisterText
from tests.kit.questions import ANSWER, BY_CODE, BY_DOCUMENT, SEASON

XS = "{http://www.w3.org/2001/XMLSchema}"
ADDRESS = "https://127.0.0.1:8443/terminal/1"
SOAP = "{http://schemas.xmlsoap.org/wsdl/soap/}address"
BODY = "{http://schemas.xmlsoap.org/soap/envelope/}Body"

EVERY_SERVICE = pytest.mark.parametrize("service", SERVICES.values(), ids=lambda s: s.name)


@EVERY_SERVICE
def test_the_wsdl_has_the_address_and_relative_imports(service: Service) -> None:
    served = served_file(service, "wsdl", ADDRESS)
    assert served is not None
    root = etree.fromstring(served[0])
    assert served[1] == "text/xml; charset=utf-8"
    assert [a.get("location") for a in root.iter(SOAP)] == [ADDRESS]
    locations = {i.get("schemaLocation") for i in root.iter(f"{XS}import")}
    assert locations == {f"?xsd={service.schema}", "?xsd=faults-1.xsd"}


@EVERY_SERVICE
def test_every_import_is_served(service: Service) -> None:
    wanted, seen = ["wsdl"], set()
    while wanted:
        query = wanted.pop()
        if query not in seen:
            seen.add(query)
            served = served_file(service, query, ADDRESS)
            assert served is not None, query
            imports = etree.fromstring(served[0]).iter(f"{XS}import")
            wanted += [i.get("schemaLocation", "").removeprefix("?") for i in imports]
    assert seen == {"wsdl", *(f"xsd={name}" for name in service.files)}


@pytest.mark.parametrize(
    "address", ["https://h/\"><x a='", "https://h/?a=1&b=2", "https://h/\\1\\g<0>", "https://h/日本"]
)
def test_no_address_breaks_the_wsdl(address: str) -> None:
    served = served_file(SERVICES["terminal"], "wsdl", address)
    assert served is not None
    assert [a.get("location") for a in etree.fromstring(served[0]).iter(SOAP)] == [address]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "WSDL",
        "wsdl=1",
        "wsdl&xsd=types-1.xsd",
        "xsd",
        "xsd=",
        "xsd=types-1.XSD",
        "xsd=types-1.xsd ",
        "xsd=types-1.xsd%00",
        "xsd=types-1.xsd\x00",
        "xsd=terminal-1.wsdl",
        "xsd=national-1.xsd",
        "xsd=../pyproject.toml",
        "xsd=..%2fpyproject.toml",
        "xsd=./types-1.xsd",
        "xsd=/etc/hostname",
        "xsd=file:///etc/hostname",
        "xsd=../wsdl/types-1.xsd",
        "xsd=wsdl/types-1.xsd",
    ],
)
def test_nothing_else_is_served(query: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_reading(path: Path) -> bytes:
        raise AssertionError(f"{path} was read")

    monkeypatch.setattr(Path, "read_bytes", no_reading)
    assert served_file(SERVICES["terminal"], query, ADDRESS) is None


class _Files(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        service = next((s for s in SERVICES.values() if s.path == path), None)
        host, port = self.server.server_address[:2]
        served = service and served_file(service, query, f"http://{host!s}:{port}{path}")
        self.send_response(200 if served else 404)
        self.end_headers()
        if served:
            self.wfile.write(served[0])

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test's output quiet."""


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Files)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def _zeep(place: str) -> zeep.Client:
    transport = zeep.Transport()
    transport.session.trust_env = False
    return zeep.Client(place, transport=transport)


@pytest.fixture(scope="module", params=["file", "url"])
def client(request: pytest.FixtureRequest, origin: str) -> Iterator[Any]:
    service = SERVICES["terminal"]
    place = (
        str(data_folder("wsdl") / service.wsdl) if request.param == "file" else f"{origin}{service.path}?wsdl"
    )
    made = _zeep(place)
    yield made
    made.transport.session.close()


CALLER = {
    "municipality": "131016",
    "terminal": "131016-terminal-1",
    "operator": {"verificationId": "V-0001", "operatorId": "O-01"},
    "purpose": "record_copy",
}


def _made(client: Any, **values: Any) -> etree._Element:
    proxy = client.bind("Terminal", "TerminalSoap11")
    envelope = client.create_message(proxy, "VerifyIdentity", **values)
    # As it would arrive: serialised by zeep, parsed by us.
    body = etree.fromstring(etree.tostring(envelope, encoding="utf-8")).find(BODY)
    assert body is not None
    return body[0]


def test_zeeps_message_by_code_is_read(client: Any) -> None:
    service = SERVICES["terminal"]
    made = _made(client, caller=CALLER, residentRecordCode="12345678903")
    assert read_request(service, service.operation("VerifyIdentity"), made) == BY_CODE


def test_zeeps_message_by_document_is_read(client: Any) -> None:
    service = SERVICES["terminal"]
    items = {
        "name": "試験\u3000{J+AD00}太\U000e0100郎",
        "birthDate": {"calendar": "showa", "digits": "19890107", "certainty": "exact"},
        "sex": "1",
        "address": "東京都千代田区丸の内一丁目1番",
    }
    made = _made(client, caller=CALLER, presentedDocument={"kind": "passport", "items": items})
    assert read_request(service, service.operation("VerifyIdentity"), made) == BY_DOCUMENT
    items["birthDate"] = {
        "calendar": "showa",
        "digits": "19450000",
        "certainty": "season",
        "text": "昭和20年春",
    }
    made = _made(client, caller=CALLER, presentedDocument={"kind": "passport", "items": items})
    question = read_request(service, service.operation("VerifyIdentity"), made)
    assert question.key.items.birth_date == SEASON
    assert question.key.items.birth_date.text == RegisterText("昭和20年春")


def test_zeep_reads_the_answer_that_was_written(client: Any) -> None:
    service = SERVICES["terminal"]
    operation = service.operation("VerifyIdentity")
    envelope = etree.Element("{http://schemas.xmlsoap.org/soap/envelope/}Envelope")
    etree.SubElement(envelope, BODY).append(etree.fromstring(write_answer(service, operation, ANSWER)))
    proxy = client.bind("Terminal", "TerminalSoap11")
    read = proxy._binding._operations["VerifyIdentity"].process_reply(envelope)
    assert (read.result, read.checkedAt, read.reference) == (
        "match",
        "2026-11-25T01:02:03.000004Z",
        "ref-00000001",
    )


def test_zeep_sends_the_actions_of_the_contract(client: Any) -> None:
    operation = client.wsdl.bindings["{urn:juki-gateway:terminal:1}TerminalSoap11"]._operations[
        "VerifyIdentity"
    ]
    assert operation.soapaction == "urn:juki-gateway:terminal:1:VerifyIdentity"
    assert operation.abstract.wsa_action == "urn:juki-gateway:terminal:1:VerifyIdentity"


def test_zeep_takes_the_other_service_too(origin: str) -> None:
    for place in (str(data_folder("wsdl") / "national-1.wsdl"), f"{origin}/national/1?wsdl"):
        made = _zeep(place)
        assert set(made.wsdl.services) == {"National"}
        made.transport.session.close()
