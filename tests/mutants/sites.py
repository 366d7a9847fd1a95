"""Where messages are refused: every ``raise Refused("rule", …)`` statement, found in the source by AST.

The convention that makes this work: a refusal is literally that statement, with the rule's name as a
string. Anything else that raises Refused is reported, so that no refusal hides from its mutant.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

ROOMS = (
    "gateway/wss",
    "gateway/trust",
    "gateway/store",
    "gateway/access",
    "gateway/contract",
    "gateway/transport",
    "clients",
)
_STEP_FUNCTION = re.compile(r"step_(\d+)_\w+")


@dataclass(frozen=True, slots=True)
class Site:
    """One place in one module: a raise statement, or the ``def`` of a step function that returns nothing."""

    module: str
    path: str
    line: int
    name: str
    """The rule's name, or the function's."""
    kind: str = "raise"


@dataclass(frozen=True, slots=True)
class Mutant:
    """Sites that are switched off together, judged by the tests of one step."""

    label: str
    step: int
    sites: tuple[Site, ...]


def find(root: Path) -> tuple[list[Site], list[str]]:
    """Every site in the rooms, and a complaint for every raise that the convention does not cover."""
    sites: list[Site] = []
    complaints: list[str] = []
    for path in sorted(path for room in ROOMS for path in (root / room).rglob("*.py")):
        module = ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            place = str(path.relative_to(root))
            if isinstance(node, ast.Raise) and _refused(node.exc):
                rule = _rule(node.exc)
                if rule is None:
                    complaints.append(f"{place}:{node.lineno}: Refused without a rule's name as a string")
                else:
                    sites.append(Site(module, place, node.lineno, rule))
            elif isinstance(node, ast.FunctionDef) and _is_judge(node):
                sites.append(Site(module, place, node.lineno, node.name, "function"))
    return sites, complaints


def mutants(sites: list[Site], steps: dict[str, int]) -> list[Mutant]:
    """One mutant a raise, one a step function that only judges, one a step with all its raises off."""
    found: list[Mutant] = []
    for site in sites:
        if site.kind == "function":
            match = _STEP_FUNCTION.fullmatch(site.name)
            found.append(Mutant(f"{site.name}() off", int(match[1]) if match else 0, (site,)))
        else:
            found.append(Mutant(site.name, steps[site.name], (site,)))
    for step in sorted(set(steps.values())):
        together = tuple(site for site in sites if site.kind == "raise" and steps[site.name] == step)
        if together:
            found.append(Mutant(f"step {step} off", step, together))
    return found


def switched_off(source: str, sites: tuple[Site, ...]) -> ast.Module:
    """The module's tree with every one of the sites replaced by ``pass``.

    Raises LookupError when a site is not where it was found: somebody edits the sources meanwhile.
    """
    switch = _Switch({(site.kind, site.line): site.name for site in sites})
    tree = switch.visit(ast.parse(source))
    if switch.left:
        raise LookupError(f"the source has changed: {switch.left}")
    return ast.fix_missing_locations(tree)


class _Switch(ast.NodeTransformer):
    def __init__(self, places: dict[tuple[str, int], str]) -> None:
        self.left = places

    def visit_Raise(self, node: ast.Raise) -> ast.stmt:
        if self.left.get(("raise", node.lineno)) not in {None, _rule(node.exc)}:
            return node
        return ast.copy_location(ast.Pass(), node) if self.left.pop(("raise", node.lineno), None) else node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.stmt:
        if self.left.get(("function", node.lineno)) == node.name:
            del self.left["function", node.lineno]
            node.body = [ast.copy_location(ast.Pass(), node.body[0])]
            return node
        self.generic_visit(node)
        return node


def _refused(expression: ast.expr | None) -> bool:
    if not isinstance(expression, ast.Call):
        return False
    called = expression.func
    return (called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")) == "Refused"


def _rule(expression: ast.expr | None) -> str | None:
    if isinstance(expression, ast.Call) and expression.args and isinstance(expression.args[0], ast.Constant):
        value = expression.args[0].value
        return value if isinstance(value, str) else None
    return None


def _is_judge(node: ast.FunctionDef) -> bool:
    """A step function that returns nothing: it can be switched off without inventing an answer."""
    nothing = isinstance(node.returns, ast.Constant) and node.returns.value is None
    return bool(_STEP_FUNCTION.fullmatch(node.name)) and nothing
