"""The messages that are kept in docs/contract/messages, and the certificates that vouch for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.contract import SERVICES, Operation, Service

PAGES: Final = Path(__file__).parents[2] / "docs" / "contract"
FOLDER: Final = PAGES / "messages"
TRUST: Final = FOLDER / "trust.pem"
"""Root and issuing authority, and nothing secret."""


@dataclass(frozen=True, slots=True)
class Exchanged:
    """One exchange of an operation, byte by byte as it travelled."""

    service: Service
    operation: Operation
    request: bytes
    answer: bytes


def files_of(service: Service, operation: Operation) -> tuple[Path, Path]:
    """Where its request and its answer are."""
    folder = FOLDER / service.name
    return folder / f"{operation.name}.request.xml", folder / f"{operation.name}.answer.xml"


def exchanges() -> Iterator[Exchanged]:
    """Of every operation of the contract. Raises OSError when one is missing."""
    for service in SERVICES.values():
        for operation in service.operations.values():
            request, answer = files_of(service, operation)
            yield Exchanged(service, operation, request.read_bytes(), answer.read_bytes())


def fault_file(name: str) -> Path:
    """Where the fault with this code is, as ``wsse-FailedCheck``."""
    return FOLDER / "faults" / f"{name}.xml"


def faults() -> dict[str, bytes]:
    """The faults by the names of their files."""
    return {file.stem: file.read_bytes() for file in sorted((FOLDER / "faults").glob("*.xml"))}
