"""``juki-gateway wsdl …``: judges the contract's files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.exits import CheckFailed
from gateway.cli.options import AsJson, new_app
from gateway.cli.output import Output
from gateway.contract import SERVICES
from gateway.contract.check import check_wsdl, policy_of
from gateway.data import data_folder

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
