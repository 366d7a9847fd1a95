"""What a service and an operation are to the rest of the gateway: names, actions, path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

TYPES = "urn:juki-gateway:types:1"
"""Namespace of the types that services share."""

FAULTS = "urn:juki-gateway:faults:1"
"""Namespace of the fault detail."""

PIECE_BYTES = 8_388_608
"""The longest body of a service that takes pieces: many records in one message."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: WS-Addressing actions, the Body's child elements as Clark names.

    ``fault_action`` is the action of its own (declared) fault. ``changes`` tells whether it alters a
    register; an operation that does not is a question.
    """

    name: str
    action: str
    answer_action: str
    fault_action: str
    request: str
    response: str
    changes: bool


@dataclass(frozen=True, slots=True)
class Service:
    """One service: the callers' view of a WSDL file.

    ``operations`` are keyed by action, ``path`` is the HTTP path, ``body_bytes`` the longest HTTP body,
    ``files`` what is served beside the WSDL, ``schema`` the file of its messages.
    """

    name: str
    namespace: str
    path: str
    operations: Mapping[str, Operation]
    body_bytes: int
    wsdl: str
    schema: str
    files: frozenset[str]

    def operation(self, name: str) -> Operation:
        """The operation with this name; KeyError when there is none."""
        for operation in self.operations.values():
            if operation.name == name:
                return operation
        raise KeyError(f"{self.name} has no operation {name}")

    @property
    def takes_pieces(self) -> bool:
        """Whether its messages may be as long, and have as many elements, as a piece of a file."""
        return self.body_bytes == PIECE_BYTES


def make_operation(namespace: str, name: str, *, changes: bool) -> Operation:
    """An operation by the naming rule of the contract: ``NAMESPACE:Name``, ``…Response``, ``…Refusal``."""
    return Operation(
        name=name,
        action=f"{namespace}:{name}",
        answer_action=f"{namespace}:{name}Response",
        fault_action=f"{namespace}:{name}Refusal",
        request=f"{{{namespace}}}{name}",
        response=f"{{{namespace}}}{name}Response",
        changes=changes,
    )


def make_service(name: str, operations: tuple[Operation, ...], *, body_bytes: int = 262_144) -> Service:
    """A service of version 1 by the naming rule: namespace, path and file names follow from its name."""
    return Service(
        name=name,
        namespace=f"urn:juki-gateway:{name}:1",
        path=f"/{name}/1",
        operations={operation.action: operation for operation in operations},
        body_bytes=body_bytes,
        wsdl=f"{name}-1.wsdl",
        schema=f"{name}-1.xsd",
        files=frozenset({f"{name}-1.xsd", "types-1.xsd", "faults-1.xsd", "xml-1.xsd"}),
    )
