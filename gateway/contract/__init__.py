"""The contract: services, their operations and messages, the served WSDL; the one place that knows spyne.

``wsdl/`` holds the files that are the truth; the spyne models here are tested to agree with them.
"""

from gateway.contract.body import SERVICES, read_answer, read_request, write_answer, write_body, write_request
from gateway.contract.faults import INTERNAL_ERROR, fault_detail
from gateway.contract.served import served_file
from gateway.contract.service import FAULTS, TYPES, Operation, Service

__all__ = [
    "FAULTS",
    "INTERNAL_ERROR",
    "SERVICES",
    "TYPES",
    "Operation",
    "Service",
    "fault_detail",
    "read_answer",
    "read_request",
    "served_file",
    "write_answer",
    "write_body",
    "write_request",
]
