"""What can be set, table by table, with default, bounds and unit.

The description of a field is what ``gateway.toml`` says about it (gateway.settings.template), so a
setting without an explanation cannot exist.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from gateway.settings.base import Address, Group, MunicipalityCode, Name, Oid, Seconds, SystemId

Role = Literal[
    "municipal_cs",
    "national_server",
    "prefectural_server",
    "jlis",
    "card_management_system",
    "integrated_terminal",
    "resident_record_system",
    "addressee_terminal",
    "number_use_system",
]
"""What a system is: the names of the modules in ``clients``."""

SIMULATOR_ROLES = frozenset({"national_server", "prefectural_server", "jlis", "card_management_system"})
"""Counterparts that this product can stand in for."""

CALLER_ROLES = frozenset(
    {"integrated_terminal", "resident_record_system", "addressee_terminal", "number_use_system"}
)
"""Systems that only call: they have credentials and destinations, and serve nothing."""


class System(Group):
    """Which system this is."""

    id: SystemId = Field(description="Name of the system; also the name of its state folder.")
    role: Role = Field(
        description="What the system is: municipal_cs (市町村CS, the gateway), a counterpart that is "
        "simulated (national_server, prefectural_server, jlis, card_management_system), or a caller "
        "(integrated_terminal, resident_record_system, addressee_terminal, number_use_system)."
    )
    name: Name = Field(description="Name for people, in Japanese or English.")
    municipality: MunicipalityCode | None = Field(
        default=None,
        description="Code of the municipality (団体コード), six digits; absent where none applies.",
    )


class Listen(Group):
    """Where the system is served, and by how many processes."""

    host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="IP address on which connections are taken.",
    )
    port: int = Field(
        default=0,
        ge=0,
        le=65535,
        description="TCP port; 0 takes a free one, which run/port then remembers.",
    )
    addresses: tuple[Address, ...] = Field(
        default=(),
        description="Base addresses by which callers reach this system, each ending in a slash. wsa:To must "
        "be one of them followed by the service's path; empty means https://HOST:PORT/.",
    )
    workers: int = Field(
        default=0,
        ge=0,
        le=64,
        description="Processes that serve; 0 is one per processor core.",
    )
    threads: int = Field(default=4, ge=1, le=64, description="Threads of each process that work on messages.")
    tls12: bool = Field(
        default=False,
        description="true also takes TLS 1.2 connections; TLS 1.3 always works.",
    )
    plain_http: bool = Field(
        default=False,
        description="true serves HTTP without TLS, on a loopback address only; never in production.",
    )


class Monitoring(Group):
    """Where health and metrics of this system are told to whoever monitors it, beside its messages."""

    enabled: bool = Field(default=True, description="false tells them nowhere.")
    host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="IP address on which they are asked for, by plain HTTP: no person's data is told, but "
        "ids of counterparts, days left and counts are: keep it on the machine or in a network of operators.",
    )
    port: int = Field(
        default=0,
        ge=0,
        le=65535,
        description="TCP port; 0 takes a free one, which run/monitoring-port then remembers.",
    )


class Credentials(Group):
    """The system's own keys and certificates. A signing key is never a TLS key."""

    signing_key: Path = Field(
        default=Path("keys/signing.key.pem"),
        description="Key that signs messages: path in the state folder, PEM.",
    )
    signing_certificate: Path = Field(
        default=Path("certificates/signing.pem"),
        description="Its certificate: path in the state folder, PEM.",
    )
    tls_key: Path = Field(
        default=Path("keys/tls.key.pem"),
        description="Key of TLS connections: path in the state folder, PEM.",
    )
    tls_certificate: Path = Field(
        default=Path("certificates/tls.pem"), description="Its certificate: path in the state folder, PEM."
    )

    @model_validator(mode="after")
    def _two_keys(self) -> Self:
        if self.signing_key == self.tls_key:
            raise ValueError("signing_key and tls_key must be different keys")
        return self


class ExtendedKeyUsage(Group):
    """Extended key usage that an anchor's certificates must carry; absent demands none."""

    signing: Oid | None = Field(default=None, description="For signing messages: dotted object identifier.")
    tls_client: Oid | None = Field(default=None, description="For TLS clients: dotted object identifier.")
    tls_server: Oid | None = Field(default=None, description="For TLS servers: dotted object identifier.")


class Anchor(Group):
    """A root of trust. It vouches only for counterparts that name it."""

    name: Name = Field(description="Name by which counterparts refer to this anchor.")
    certificate: Path = Field(description="Root certificate: path in the state folder, one PEM block.")
    intermediates: tuple[Path, ...] = Field(
        default=(),
        description="Certificates of issuing authorities: paths in the state folder, one PEM block each.",
    )
    crls: tuple[Path, ...] = Field(
        default=(),
        description="Revocation lists of root and issuing authorities: paths in the state folder, one PEM "
        "block each; a changed file is taken up while the system runs.",
    )
    revocation: Literal["crl", "off"] = Field(
        default="crl",
        description="crl: a certificate counts only while a current list says so; off: unchecked, for tests.",
    )
    extended_key_usage: ExtendedKeyUsage = Field(
        default=ExtendedKeyUsage(), description="Extended key usage demanded, per usage of a certificate."
    )


class Subject(Group):
    """One certificate holder, exactly: anchor, issuer and subject together."""

    anchor: Name = Field(description="Name of the anchor that vouches for the certificate.")
    issuer: Name = Field(description="Issuer of the certificate, as RFC 4514 text.")
    subject: Name = Field(description="Subject of the certificate, as RFC 4514 text.")


class Operator(Group):
    """A person at a terminal with one set of rights."""

    verification_id: Name = Field(description="照合ID: identifies the operator.")
    operator_id: Name = Field(description="操作者ID: names the set of rights.")


class Counterpart(Group):
    """A system that calls this one, or is called by it."""

    id: SystemId = Field(description="Name of the system.")
    role: Role = Field(description="What the system is; decides which operations it may call.")
    municipality: MunicipalityCode | None = Field(
        default=None, description="Code of its municipality, six digits; absent where none applies."
    )
    signing: tuple[Subject, ...] = Field(
        default=(),
        description="Holders of certificates that sign its messages.",
    )
    tls: tuple[Subject, ...] = Field(
        default=(),
        description="Holders of certificates that open its TLS connections.",
    )
    terminals: tuple[Name, ...] = Field(
        default=(),
        description="Terminals (端末) that its messages may name.",
    )
    operators: tuple[Operator, ...] = Field(default=(), description="Operators that its messages may name.")
    purposes: tuple[Name, ...] = Field(
        default=(),
        description="Purposes (利用目的) that its messages may name.",
    )
    legal_bases: tuple[Name, ...] = Field(
        default=(),
        description="Legal bases (根拠) that its inquiries to 機構 may name: resident_register, number_use, "
        "listed_work.",
    )
    municipalities: tuple[MunicipalityCode, ...] = Field(
        default=(), description="Municipalities that its messages may name beside its own, six digits each."
    )
    fault_detail: bool = Field(
        default=False,
        description="true tells this counterpart the step and reason of a refusal; for tests together.",
    )


class Destination(Group):
    """Where a counterpart is called."""

    id: SystemId = Field(description="Name of the counterpart that is called.")
    url: Address = Field(description="Its base address, ending in a slash.")
    deadline_seconds: Seconds = Field(default=10, description="Time for a whole call, in seconds.")


class InquiryFolder(Group):
    """A folder in which a counterpart leaves files of inquiries, and finds their results."""

    system: SystemId = Field(description="Name of the counterpart whose folder it is: an addressee terminal.")
    path: Path = Field(
        description="The folder, with in/, accepted/, rejected/ and out/; nobody but its owner may write "
        "there."
    )
    terminal: Name = Field(description="Terminal (端末) for which the files are; one of the counterpart's.")
    operator: Operator = Field(description="Operator by whom they are asked; one of the counterpart's.")


class Cards(Group):
    """Rules for cards (個人番号カード) that a municipality sets."""

    emigration_ends: bool = Field(
        default=True,
        description="true: a card ends with an emigration that the resident record system tells of; false: "
        "it goes on abroad, and the CS refuses to end it for that.",
    )


class Moves(Group):
    """What the resident record system takes of a certificate of another municipality (転出証明書情報)."""

    name_characters: int = Field(
        default=60,
        ge=1,
        le=400,
        description="Characters of a name; a longer one goes to the operator's list (move-in characters).",
    )
    address_characters: int = Field(
        default=120,
        ge=1,
        le=400,
        description="Characters of an address; a longer one goes to the operator's list.",
    )


class Simulator(Group):
    """What a simulated counterpart knows and how it behaves; only for roles that can be simulated."""

    people: Path = Field(
        default=Path("data/people.csv"),
        description="Synthetic people: path in the state folder, CSV in UTF-8.",
    )
    behaviour: Path = Field(
        default=Path("run/behaviour.json"),
        description="Behaviour at the moment: path in the state folder, JSON, read on each request; "
        "written by 'juki-gateway simulator set'.",
    )


class Clock(Group):
    """Time of a development network."""

    offset_seconds: int = Field(
        default=0,
        ge=0,
        description="How far the clock runs ahead of the machine's, in seconds; 0 in production.",
    )


class Development(Group):
    """Aids of a development network; production mode refuses every one that is on."""

    capture: bool = Field(
        default=False,
        description="true keeps the bytes of every call to a counterpart in data/exchanges/ (0600), people's "
        "data among them: for the demo's page, never in production.",
    )
