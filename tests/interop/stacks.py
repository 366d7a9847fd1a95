"""The stacks: how each client is started, what it needs, and what it cannot do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.tools import find, not_run

HERE = Path(__file__).resolve().parent
WSDL = HERE.parents[1] / "wsdl"


@dataclass(frozen=True, slots=True)
class Stack:
    """A client program. ``tools`` are found by name; ``command`` is given their paths in order."""

    name: str
    command: Callable[..., list[str | Path]]
    tools: tuple[str, ...] = ()
    services: tuple[str, ...] = ("terminal", "resident_record", "municipal")
    algorithms: tuple[str, ...] = ("RSA-2048", "P-256")
    without: str = ""  # why not with the other algorithm

    @property
    def missing(self) -> str | None:
        """What a test says that cannot run; None when everything is there."""
        absent = [not_run(tool) for tool in self.tools if find(tool) is None]
        return absent[0] if absent else None

    def ask(self, network_json: Path, case: Path) -> dict[str, Any]:
        """The client's report. Raises AssertionError with what it complained of."""
        command = self.command(*(find(tool) for tool in self.tools))
        done = subprocess.run(
            [str(part) for part in (*command, network_json, case)],
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
            timeout=60,
            env={**os.environ, "WSDL": str(WSDL), **self._environment()},
        )
        assert done.returncode == 0, f"{self.name}: {done.stdout}{done.stderr}"
        report: dict[str, Any] = json.loads(done.stdout)
        return report

    def _environment(self) -> dict[str, str]:
        return {name.upper(): str(find(name)) for name in self.tools}


def _python(program: str) -> Callable[..., list[str | Path]]:
    return lambda *_tools: [sys.executable, HERE / "python" / program]


def _node(program: str) -> Callable[..., list[str | Path]]:
    return lambda node: [node, HERE / "node" / program]


def _java(java: Path) -> list[str | Path]:
    return [java, "Wss4jClient"]


def _php(php: Path) -> list[str | Path]:
    return [php, HERE / "php" / "client.php"]


def _gsoap(gsoap: Path) -> list[str | Path]:
    return [gsoap.parents[1] / "client"]


STACKS = (
    Stack("zeep", _python("zeep_client.py")),
    Stack("signxml", _python("signxml_client.py")),
    Stack("xmlsec1", _python("xmlsec1_client.py"), tools=("xmlsec1",)),
    Stack("node-soap", _node("node_soap.js"), tools=("node",)),
    Stack("xml-crypto", _node("xml_crypto.js"), tools=("node",)),
    Stack("WSS4J", _java, tools=("java",)),
    Stack("PHP SoapClient", _php, tools=("php",)),
    Stack(
        "gSOAP",
        _gsoap,
        tools=("gsoap",),
        algorithms=("RSA-2048",),
        without="writes and wants ECDSA values in DER, which XML Signature does not have",
    ),
)
