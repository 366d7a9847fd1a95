"""Lets spyne 2.14 be imported on Python 3.12 and later, and keeps it quiet; to be imported before spyne.

spyne carries six 1.14, whose ``six.moves`` finder lacks ``find_spec`` (gone dead with 3.12), and imports
``cgi`` (gone with 3.13), of which only ``parse_header`` is used. On 3.11 only the log level is set.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import logging
import sys
from email.message import Message
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_VENDORED = "spyne.util.six.moves"


class _SixMoves(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Answers ``spyne.util.six.moves[.x]`` with the same module of the real six."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname == _VENDORED or fullname.startswith(f"{_VENDORED}."):
            return importlib.machinery.ModuleSpec(fullname, self)
        return None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return importlib.import_module(spec.name.removeprefix("spyne.util."))

    def exec_module(self, module: ModuleType) -> None:
        """Nothing is left to do: six made the module."""


def _parse_header(line: str) -> tuple[str, dict[str, str]]:
    message = Message()
    message["content-type"] = line
    (kind, _), *parameters = message.get_params(failobj=[("", "")])
    return kind, dict(parameters)


def install() -> None:
    """Put what is missing in place; harmless when called twice."""
    # At DEBUG spyne writes whole documents to its log: personal data.
    logging.getLogger("spyne").setLevel(logging.WARNING)
    if sys.version_info >= (3, 12) and not any(isinstance(f, _SixMoves) for f in sys.meta_path):
        sys.meta_path.insert(0, _SixMoves())
    if sys.version_info >= (3, 13) and "cgi" not in sys.modules:
        module = ModuleType("cgi")
        module.__dict__["parse_header"] = _parse_header
        sys.modules["cgi"] = module


install()
