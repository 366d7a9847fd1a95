"""``python -m tests.unit.docs.tables``: the parts of the documentation that are made from the code.

Each stands in its page between two comment lines, ``<!-- NAME:begin -->`` and ``<!-- NAME:end -->``. Without
an option the parts are printed; ``--write`` puts them into their pages. The tests beside this file fail
while a page and the code differ.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from gateway.contract.faults import INTERNAL_ERROR
from gateway.domain.faults import OPERATION_FAULTS
from gateway.refusals import RULES, Fault
from gateway.settings import Budgets, Guard, Limits, Profile
from gateway.telemetry.alarms import ALARMS
from gateway.transport.faults import failure_fault, refusal_fault

ROOT = Path(__file__).resolve().parents[3]
DOCS = ROOT / "docs"
WRITE = "python -m tests.unit.docs.tables --write"


def rules() -> str:
    """Every rule by which a message is refused."""
    return _table(
        ("step", "rule", "fault", "HTTP", "English", "日本語"),
        ((r.step, f"`{r.name}`", f"`{r.fault}`", r.status, r.en, r.ja) for r in RULES.values()),
    )


def faults() -> str:
    """Every faultcode that is sent, with what goes with it."""
    rows: list[Sequence[object]] = []
    for fault in Fault:
        raised = [rule for rule in RULES.values() if rule.fault is fault]
        if not raised:
            continue
        body = refusal_fault(raised[0], "0" * 20, detail=False)
        rows.append(
            (
                f"`{fault}`",
                _listed(rule.step for rule in raised),
                _listed(rule.status for rule in raised),
                f"`{body.action}`",
                body.element.findtext("faultstring"),
            )
        )
    failure = failure_fault("0" * 20)
    own = f"`soap:Server`, `juki:code` {INTERNAL_ERROR}"
    rows.append((own, "any", 500, f"`{failure.action}`", failure.element.findtext("faultstring")))
    return _table(("faultcode", "steps", "HTTP", "wsa:Action", "faultstring"), rows)


def operation_faults() -> str:
    """The faults that an operation itself answers with."""
    return _table(
        ("faultcode", "a retry is worked anew", "English", "日本語"),
        (
            (f"`juki:{kind.code}`", "yes" if kind.temporary else "no", kind.en, kind.ja)
            for kind in OPERATION_FAULTS.values()
        ),
    )


def limits() -> str:
    """Bounds and times as settings: name, default, what it means."""
    groups = (("profile", Profile), ("limits", Limits), ("guard", Guard), ("budgets", Budgets))
    return _table(
        ("setting", "default", "meaning"),
        (
            (f"`{name}.{key}`", field.default, field.description)
            for name, group in groups
            for key, field in group.model_fields.items()
        ),
    )


def alarms() -> str:
    """Every alarm by its code."""
    return _table(("code", "meaning"), ((f"`{code}`", text) for code, text in ALARMS.items()))


def layers() -> str:
    """The layers as import-linter checks them, the uppermost first."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    (contract,) = (one for one in project["tool"]["importlinter"]["contracts"] if one["type"] == "layers")
    return "```\n" + "\n".join(contract["layers"]) + "\n```"


def decisions() -> str:
    """The decision pages in order, with their titles."""
    pages = sorted((DOCS / "decisions").glob("[0-9]*.md"))
    titles = ((page, page.read_text("utf-8").partition("\n")[0].removeprefix("# ")) for page in pages)
    return "\n".join(f"- [{title}]({page.name})" for page, title in titles)


PARTS: Mapping[tuple[str, str], Callable[[], str]] = {
    ("message-profile.md", "rules"): rules,
    ("message-profile.md", "faults"): faults,
    ("message-profile.md", "operation-faults"): operation_faults,
    ("message-profile.md", "limits"): limits,
    ("interface.md", "alarms"): alarms,
    ("architecture.md", "layers"): layers,
    ("decisions/README.md", "decisions"): decisions,
}
"""Page and part to what makes it."""


def part_of(page: str, name: str) -> str | None:
    """What stands in the page now; None when the comment lines are not there, once each and in order."""
    found = re.findall(_between(name), (DOCS / page).read_text("utf-8"))
    return found[0] if len(found) == 1 else None


def write() -> None:
    """Put every part into its page."""
    for (page, name), make in PARTS.items():
        file = DOCS / page
        old = file.read_text("utf-8")
        found = _between(name).search(old)
        if found is None:
            raise SystemExit(f"{page} has no part {name}")
        new = old[: found.start(1)] + make() + "\n" + old[found.end(1) :].lstrip("\n")
        if new != old:
            file.write_text(new, encoding="utf-8")


def _between(name: str) -> re.Pattern[str]:
    return re.compile(f"<!-- {name}:begin -->\\n(.*?)\\n?<!-- {name}:end -->", re.DOTALL)


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines
    )


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, sorted(set(numbers))))


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        write()
    else:
        sys.stdout.write(
            "\n\n".join(f"{page}, {name}:\n{make()}" for (page, name), make in PARTS.items()) + "\n"
        )
