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
from gateway.diagnosis import CAUSES
from gateway.domain.card import TABLE, CardEvent, CardState, allowed
from gateway.domain.card_update import EVENTS_OF, REASONS_OF, CardActor, RevocationReason
from gateway.domain.faults import OPERATION_FAULTS
from gateway.domain.move import ENDED, MoveRole, MoveState
from gateway.domain.move import TABLE as MOVES
from gateway.domain.move_messages import MoveResult
from gateway.monitoring.metrics import METRICS
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


def metrics() -> str:
    """Every metric by its name."""
    return _table(("metric", "meaning"), ((f"`{name}`", text) for name, text in METRICS.items()))


def causes() -> str:
    """Every cause that ``explain`` can name."""
    return _table(
        ("cause", "English", "日本語", "what to change"),
        ((f"`{cause.code}`", cause.en, cause.ja, cause.mend_en) for cause in CAUSES.values()),
    )


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


def card_states() -> str:
    """The states of a card and what leads from one to another, as a diagram."""
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f"    {state.value}: {state.ja} {state.value}" for state in CardState]
    lines.append(f"    [*] --> {CardState.BEFORE_ISSUE.value}")
    lines += [
        f"    {state.value} --> {to.value}: {event.ja} {event.value}" for (state, event), to in TABLE.items()
    ]
    lines += [f"    {state.value} --> [*]" for state in CardState if not allowed(state)]
    return "\n".join([*lines, "```"])


def card_table() -> str:
    """The same as a table, with what each state means."""
    return _table(
        ("state", "カード運用状況", "meaning", "what may be done, and what it becomes"),
        (
            (
                f"`{state.value}`",
                state.ja,
                state.en,
                ", ".join(f"`{event.value}` → `{TABLE[state, event].value}`" for event in allowed(state))
                or "nothing",
            )
            for state in CardState
        ),
    )


def card_actors() -> str:
    """Who may do what to a card."""
    return _table(
        ("who", "事由", "reasons of a 廃止"),
        (
            (
                f"{actor.ja} (`{actor.value}`)",
                ", ".join(f"{event.ja} `{event.value}`" for event in CardEvent if event in EVENTS_OF[actor]),
                ", ".join(
                    f"{reason.ja} `{reason.value}`"
                    for reason in RevocationReason
                    if reason in REASONS_OF[actor]
                ),
            )
            for actor in CardActor
        ),
    )


def move_states(role: MoveRole) -> str:
    """The states of a move in one town and what leads from one to another, as a diagram."""
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f"    {state.value}: {state.ja} {state.value}" for state in MoveState if state.role is role]
    lines += [
        f"    {'[*]' if state is None else state.value} --> {step.to.value}: {event.ja} {event.value}"
        for (state, event), step in MOVES.items()
        if step.to.role is role
    ]
    lines += [f"    {state.value} --> [*]" for state in MoveState if state.role is role and state in ENDED]
    return "\n".join([*lines, "```"])


def move_table(role: MoveRole) -> str:
    """The same as a table: each step with its law, or as our own reading."""
    return _table(
        ("state", "event", "becomes", "law or reading"),
        (
            (
                "none" if state is None else f"{state.ja} `{state.value}`",
                f"{event.ja} `{event.value}`",
                f"{step.to.ja} `{step.to.value}`",
                f"{step.basis} (our own reading)" if step.own else step.basis,
            )
            for (state, event), step in MOVES.items()
            if step.to.role is role
        ),
    )


def move_meanings() -> str:
    """What each state of a move means."""
    return _table(
        ("state", "状態", "town", "meaning"),
        ((f"`{state.value}`", state.ja, state.role.ja, state.en) for state in MoveState),
    )


def move_results() -> str:
    """What is answered to whatever is told of a move."""
    return _table(("result", "結果", "meaning"), ((f"`{one.value}`", one.ja, one.en) for one in MoveResult))


PARTS: Mapping[tuple[str, str], Callable[[], str]] = {
    ("message-profile.md", "rules"): rules,
    ("message-profile.md", "faults"): faults,
    ("message-profile.md", "operation-faults"): operation_faults,
    ("message-profile.md", "limits"): limits,
    ("interface.md", "alarms"): alarms,
    ("interface.md", "causes"): causes,
    ("interface.md", "metrics"): metrics,
    ("architecture.md", "layers"): layers,
    ("decisions/README.md", "decisions"): decisions,
    ("flows/card-management.md", "card-states"): card_states,
    ("flows/card-management.md", "card-table"): card_table,
    ("flows/card-management.md", "card-actors"): card_actors,
    ("flows/special-move-in.md", "new-town-states"): lambda: move_states(MoveRole.NEW_TOWN),
    ("flows/special-move-in.md", "new-town-table"): lambda: move_table(MoveRole.NEW_TOWN),
    ("flows/special-move-in.md", "old-town-states"): lambda: move_states(MoveRole.OLD_TOWN),
    ("flows/special-move-in.md", "old-town-table"): lambda: move_table(MoveRole.OLD_TOWN),
    ("flows/special-move-in.md", "move-meanings"): move_meanings,
    ("flows/special-move-in.md", "move-results"): move_results,
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
