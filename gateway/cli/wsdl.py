"""``juki-gateway wsdl …``: judges the contract's files, and compares two states of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.exits import CheckFailed
from gateway.cli.options import AsJson, new_app
from gateway.cli.output import Output
from gateway.contract import SERVICES
from gateway.contract.check import check_wsdl, policy_of
from gateway.contract.difference import Broken, Difference, differences
from gateway.contract.grammar import NotComparable
from gateway.data import data_folder
from gateway.errors import UsageError

app = new_app("The contract: WSDL files and schemas.")


@app.callback()
def _group() -> None:
    pass


@app.command(epilog="Example: juki-gateway wsdl check")
def check(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE]...", help="WSDL files; the product's own if none.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Judge WSDL files by the Basic Profile and the rules of the contract.

    Exit status 1 when anything is wrong.
    """
    folder = data_folder("wsdl")
    own = [folder / service.wsdl for service in SERVICES.values()]
    policy = policy_of(own[0])
    checked = files or own
    problems = [problem for file in checked for problem in check_wsdl(file, policy)]
    output = Output(as_json)
    output.document(
        {
            "files": [str(file) for file in checked],
            "problems": [{"file": p.file, "rule": p.rule, "text": p.text} for p in problems],
        }
    )
    if problems:
        output.table(("file", "rule", "what is wrong"), [(p.file, p.rule, p.text) for p in problems])
        raise CheckFailed(f"{len(problems)} problems in {len(checked)} files")
    output.line(f"{len(checked)} files, nothing wrong", "green")


@app.command(epilog="Example: juki-gateway wsdl diff contract-2025/ contract-2026/ --keep servers")
def diff(
    old: Annotated[Path, typer.Argument(help="A WSDL file, or a folder of them, as it was.")],
    new: Annotated[Path, typer.Argument(help="As it is.")],
    keep: Annotated[
        list[Broken] | None,
        typer.Option(help="Who, built with the old files, must still fit; callers if nobody is named."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Tell compatible changes of a contract from breaking ones.

    Exit status 1 when a change breaks one of those that are to be kept.
    """
    kept = set(keep or [Broken.CALLERS])
    output = Output(as_json)
    found = [(name, one) for name, one in _compared(old, new)]
    output.document(
        {
            "differences": [
                {"file": name, "where": one.where, "text": one.text, "breaks": sorted(one.breaks)}
                for name, one in found
            ]
        }
    )
    if not found:
        output.line("nothing that a message shows differs", "green")
        return
    rows = [(name, one.where, one.text, ", ".join(sorted(one.breaks))) for name, one in found]
    output.table(("file", "where", "what", "breaks"), rows)
    breaking = sum(1 for _, one in found if one.breaks & kept)
    if breaking:
        raise CheckFailed(f"{breaking} of {len(found)} differences break {' or '.join(sorted(kept))}")
    output.line(f"{len(found)} differences, none breaks {' or '.join(sorted(kept))}", "green")


def _compared(old: Path, new: Path) -> Iterator[tuple[str, Difference]]:
    """Each difference with the name of the new file; files of two folders are compared by name."""
    pairs = [(old, new)]
    if old.is_dir() and new.is_dir():
        names = sorted({file.name for folder in (old, new) for file in folder.glob("*.wsdl")})
        pairs = [(old / name, new / name) for name in names]
        if not pairs:
            raise UsageError("there is no .wsdl file in either folder")
    for before, after in pairs:
        if not before.is_file():
            yield after.name, Difference("file", "is new", {Broken.SERVERS})
        elif not after.is_file():
            yield after.name, Difference("file", "is gone", {Broken.CALLERS})
        else:
            try:
                yield from ((after.name, one) for one in differences(before, after))
            except NotComparable as error:
                raise UsageError(f"{after.name}: {error}") from None
