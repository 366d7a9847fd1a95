"""One forked process: the gateway imported with some refusals switched off, and some tests run on it.

The parent has the heavy libraries in memory but no module of the gateway, so each child imports the
gateway anew, through a finder that compiles the mutated modules from their changed trees.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import json
import os
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import pytest

from tests.mutants.sites import Site, switched_off

OPTIONS = ["-q", "--tb=no", "--no-header", "-p", "no:faulthandler"]

BROKEN = 99
"""Exit status of a child that could not even begin."""
CHANGED = 98
"""Exit status of a child whose source is no longer the one that the sites were found in."""


def fork(work: Callable[[], int]) -> int:
    """Run ``work`` in a child that ends with its result; returns the child's process id."""
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return pid
    status = BROKEN
    try:
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        status = work()
    finally:
        os._exit(status)


def judge(sites: tuple[Site, ...], tests: Sequence[str]) -> int:
    """pytest's exit status for these tests with the sites switched off."""
    for path in {site.path for site in sites}:
        try:
            switched_off(Path(path).read_text("utf-8"), tuple(site for site in sites if site.path == path))
        except (LookupError, SyntaxError):
            return CHANGED
    sys.meta_path.insert(0, _Finder(sites))
    return int(pytest.main([*OPTIONS, "-x", *tests]))


def survey(tests: Sequence[str], answer: Path) -> int:
    """Run the tests on the gateway as it is; writes which test reaches which raise, and which fail."""
    from gateway.refusals import RULES, Refused

    seen: dict[str, set[str]] = {}
    recorder = _Recorder()
    original = Refused.__init__

    def recording(self: Refused, *args: Any, **named: Any) -> None:
        original(self, *args, **named)
        frame = sys._getframe(1)  # the raise statement's
        seen.setdefault(f"{frame.f_code.co_filename}:{frame.f_lineno}", set()).add(recorder.current)

    Refused.__init__ = recording  # type: ignore[method-assign]
    pytest.main([*OPTIONS, *tests], plugins=[recorder])
    answer.write_text(
        json.dumps(
            {
                "steps": {name: rule.step for name, rule in RULES.items()},
                "reached": {place: sorted(names) for place, names in seen.items()},
                "failed": sorted(recorder.failed),
                "count": recorder.count,
            }
        )
    )
    return 0


class _Recorder:
    """A pytest plugin that knows which test runs and which failed."""

    def __init__(self) -> None:
        self.current = ""
        self.failed: set[str] = set()
        self.count = 0

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.current = nodeid
        self.count += 1

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.add(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.failed.add(report.nodeid)


class _Loader(importlib.machinery.SourceFileLoader):
    def __init__(self, name: str, path: str, sites: tuple[Site, ...]) -> None:
        super().__init__(name, path)
        self._sites = sites

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        tree = switched_off(Path(path).read_text("utf-8"), self._sites)
        return compile(tree, path, "exec", dont_inherit=True)


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, sites: tuple[Site, ...]) -> None:
        self._modules: dict[str, tuple[Site, ...]] = {}
        for site in sites:
            self._modules[site.module] = (*self._modules.get(site.module, ()), site)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in self._modules:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.origin is not None:
            spec.loader = _Loader(fullname, spec.origin, self._modules[fullname])
        return spec
