"""``python -m tests.mutants``: switches every refusal off in turn and demands that the refusal tests notice.

First the refusal tests run once on the gateway as it is, and it is noted which test reaches which raise
statement. Then, for each statement, those tests (of the rule's step, or of another file where the step
has none) run with the statement replaced by ``pass``; a test must fail. A mutant that hangs counts as
noticed. Also switched off: each step as a whole, and each step function that only judges.

Exit status 1 when a mutant survives, a rule of the table is raised nowhere, a step from 1 to 13 has no
mutant, or the tests fail on the gateway as it is.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.mutants import child
from tests.mutants.sites import Mutant, Site, find, mutants

ROOT = Path(__file__).parent.parent.parent
TESTS = "tests/refusals"
STEPS = range(1, 14)
TIME_LIMIT = 60.0
"""Seconds for one mutant; a change that makes the tests hang is noticed by that."""
AT_ONCE = 2
ENOUGH = 40
"""So many tests that reach the statement are tried first, all others only when those still pass."""
HEAVY = ("lxml.etree", "lxml.objectify", "xmlsec", "cryptography.x509", "spyne", "sqlalchemy", "pytest")


@dataclass(slots=True)
class Running:
    """A child at work on a mutant, with the tests left for a second round."""

    mutant: Mutant
    started: float
    left: list[str]


def main() -> int:
    """Run what the command line asks for; see the module's docstring."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--step", type=int, action="append", help="only this step's mutants (may be repeated)"
    )
    parser.add_argument(
        "--verbose", action="store_true", help="print every mutant, not only those that survive"
    )
    wanted = parser.parse_args()
    os.chdir(ROOT)
    started = time.monotonic()
    sites, complaints = find(ROOT)
    for name in HEAVY:
        importlib.import_module(name)
    importlib.import_module("tests.kit.identities").prepare()
    loaded = sorted(name for name in sys.modules if name.partition(".")[0] in ("gateway", "clients"))
    if loaded:
        raise SystemExit(f"modules of the gateway are loaded in the parent: {', '.join(loaded)}")
    known = _survey()
    complaints += _complaints(sites, known)
    chosen = [
        mutant
        for mutant in mutants([site for site in sites if _known(site, known)], known["steps"])
        if not wanted.step or mutant.step in wanted.step
    ]
    outcomes = _run(chosen, known)
    _report(chosen, outcomes, complaints, verbose=wanted.verbose, seconds=time.monotonic() - started)
    return 1 if complaints or any(not outcome.startswith("killed") for outcome in outcomes.values()) else 0


def _survey() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "survey.json"
        pid = child.fork(lambda: child.survey([TESTS], answer))
        os.waitpid(pid, 0)
        if not answer.exists():
            raise SystemExit("the refusal tests could not be run at all")
        known: dict[str, Any] = json.loads(answer.read_text())
    return known


def _known(site: Site, known: dict[str, Any]) -> bool:
    return site.kind == "function" or site.name in known["steps"]


def _complaints(sites: list[Site], known: dict[str, Any]) -> list[str]:
    steps: dict[str, int] = known["steps"]
    raised = {site.name for site in sites if site.kind == "raise"}
    found = [f"the tests fail on the gateway as it is: {name}" for name in known["failed"]]
    found += [
        f"{site.path}:{site.line}: no rule is called {site.name}" for site in sites if not _known(site, known)
    ]
    found += [f"rule {name} (step {steps[name]}) is raised nowhere" for name in steps if name not in raised]
    covered = {steps[name] for name in raised if name in steps}
    found += [f"step {step} has no mutant" for step in STEPS if step not in covered]
    return found


def _tests_for(mutant: Mutant, known: dict[str, Any]) -> list[str]:
    """The passing tests that reach one of the mutant's raises: those of its step, else any."""
    own = f"{TESTS}/test_step_{mutant.step:02d}"
    if any(site.kind == "function" for site in mutant.sites):
        return sorted(str(path.relative_to(ROOT)) for path in ROOT.glob(f"{own}*.py"))
    reaching: set[str] = set()
    for site in mutant.sites:
        reaching |= set(known["reached"].get(f"{ROOT / site.path}:{site.line}", ()))
    reaching -= {"", *known["failed"]}
    tests = sorted(test for test in reaching if test.startswith(own)) or sorted(reaching)
    spread = max(1, len(tests) // ENOUGH)
    first = tests[::spread]
    return first + [test for test in tests if test not in set(first)]


def _run(chosen: list[Mutant], known: dict[str, Any]) -> dict[Mutant, str]:
    outcomes: dict[Mutant, str] = {}
    running: dict[int, Running] = {}
    waiting = [(mutant, _tests_for(mutant, known)) for mutant in reversed(chosen)]
    while waiting or running:
        while waiting and len(running) < AT_ONCE:
            mutant, tests = waiting.pop()
            if not tests:
                outcomes[mutant] = "SURVIVES: no test reaches it"
                continue
            now, left = tests[:ENOUGH], tests[ENOUGH:]
            pid = child.fork(lambda sites=mutant.sites, now=now: child.judge(sites, now))  # type: ignore[misc]
            running[pid] = Running(mutant, time.monotonic(), left)
        for pid, work in list(running.items()):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if not ended and time.monotonic() - work.started > TIME_LIMIT:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                outcomes[work.mutant] = "killed: it hangs"
            elif ended:
                outcome = _outcome(status)
                if outcome == "SURVIVES" and work.left:
                    waiting.append((work.mutant, work.left))
                outcomes[work.mutant] = outcome
            else:
                continue
            del running[pid]
        time.sleep(0.01)
    return outcomes


def _outcome(status: int) -> str:
    """What a child's exit means; pytest: 0 all passed, 1 some failed, 2 not even collected."""
    if os.WIFSIGNALED(status):
        return f"killed: the process died of signal {os.WTERMSIG(status)}"
    code = os.waitstatus_to_exitcode(status)
    named = {0: "SURVIVES", 1: "killed", 2: "killed: the tests could not be collected"}
    named[child.CHANGED] = "NOT JUDGED: the source has changed"
    return named.get(code, f"NOT JUDGED: pytest ended with {code}")


def _report(
    chosen: list[Mutant], outcomes: dict[Mutant, str], complaints: list[str], *, verbose: bool, seconds: float
) -> None:
    lines = []
    for mutant in sorted(chosen, key=lambda mutant: (mutant.step, mutant.label)):
        outcome = outcomes[mutant]
        if verbose or not outcome.startswith("killed"):
            where = f"{mutant.sites[0].path}:{mutant.sites[0].line}" if len(mutant.sites) == 1 else ""
            lines.append(f"  {mutant.step:>2}  {mutant.label:<34} {outcome:<32} {where}")
    killed = sum(1 for outcome in outcomes.values() if outcome.startswith("killed"))
    if lines:
        lines.insert(0, "step  switched off                       outcome                          where")
    lines += [f"  ! {complaint}" for complaint in complaints]
    steps = ", ".join(f"{step}: {sum(1 for mutant in chosen if mutant.step == step)}" for step in STEPS)
    lines.append(f"{killed} of {len(chosen)} mutants killed in {seconds:.0f} s (by step {steps})")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    raise SystemExit(main())
