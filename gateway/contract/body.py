"""Step 13 of the message profile: the Body's child against the contract, and values to a Body's child."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from lxml import etree

from gateway.contract import (
    addressee_terminal,
    card_management,
    consistency,
    consistency_result,
    jlis,
    mapping,
    municipal,
    national,
    number_use,
    prefectural,
    resident_record,
    terminal,
)
from gateway.contract.schema import schema_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.contract.codec import Codec
    from gateway.contract.service import Operation, Service

_MODULES = (
    *(terminal, resident_record, number_use, addressee_terminal, municipal),
    *(prefectural, national, jlis, card_management),
    *(consistency, consistency_result),
)

SERVICES: Mapping[str, Service] = MappingProxyType(
    {module.SERVICE.name: module.SERVICE for module in _MODULES}
)
"""Every service of the contract by its name."""

_CODECS: dict[str, dict[str, Codec[Any, Any]]] = {
    module.SERVICE.name: {**module.CODECS} for module in _MODULES
}

for _service in SERVICES.values():
    for _operation in _service.operations.values():
        _codec = _CODECS[_service.name][_operation.name]
        mapping.compile_model(_codec.request, _operation.request)
        mapping.compile_model(_codec.response, _operation.response)


def codec_of(service: Service, operation: Operation) -> Codec[Any, Any]:
    """Models and conversions of an operation."""
    return _CODECS[service.name][operation.name]


def read_request(service: Service, operation: Operation, element: etree._Element) -> Any:
    """The domain value of a verified request's Body child.

    Raises Refused ``xsi``, ``schema`` or ``value``; ``where`` is a path of contract names, ``found`` the
    kind of rule; neither holds a value of the message.
    """
    schema_of(service).check(element, operation.request)
    codec = codec_of(service, operation)
    return codec.read_request(mapping.read(codec.request, element), operation.name)


def write_answer(service: Service, operation: Operation, answer: Any) -> bytes:
    """The Body's child that answers with a domain value, in exclusive canonical form."""
    codec = codec_of(service, operation)
    return mapping.write(codec.response, codec.write_answer(answer), operation.response)


def write_request(service: Service, operation: Operation, question: Any) -> etree._Element:
    """The Body's child that asks with a domain value; for programs that ask without a SOAP library."""
    codec = codec_of(service, operation)
    return etree.fromstring(mapping.write(codec.request, codec.write_request(question), operation.request))


def write_body(service: Service, operation: Operation, question: Any) -> bytes:
    """The Body's child that asks with a domain value, in exclusive canonical form, to be sent later."""
    codec = codec_of(service, operation)
    return mapping.write(codec.request, codec.write_request(question), operation.request)


def read_answer(service: Service, operation: Operation, element: etree._Element) -> Any:
    """The domain value of a verified answer's Body child; raises as ``read_request`` does."""
    schema_of(service).check(element, operation.response)
    codec = codec_of(service, operation)
    return codec.read_answer(mapping.read(codec.response, element), f"{operation.name}Response")
