"""``wsdl diff`` compares files or folders; its exit status is for whom one keeps."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from gateway.data import data_folder

OLD = data_folder("wsdl")


def test_files_and_folders(run: Callable[..., object], tmp_path: Path) -> None:
    new = tmp_path / "new"
    shutil.copytree(OLD, new)
    schema = new / "terminal-1.xsd"
    text = schema.read_text("utf-8")
    residence = '<xs:element ref="t:residence" minOccurs="0"/>'
    more = '<xs:element ref="t:residentRecordCode" minOccurs="0"/>'
    schema.write_text(text.replace(residence, residence + more, 1), "utf-8")
    (new / "jlis-1.wsdl").unlink()
    shutil.copy(new / "terminal-1.wsdl", new / "zz-1.wsdl")

    told = run("wsdl", "diff", OLD, new, "--json")
    assert told.status == 1  # a service is gone
    assert [(one["file"], one["where"], one["breaks"]) for one in told.document["differences"]] == [
        ("jlis-1.wsdl", "file", ["callers"]),
        ("terminal-1.wsdl", "SearchPerson/residentRecordCode", ["servers"]),
        ("zz-1.wsdl", "file", ["servers"]),
    ]
    one = OLD / "terminal-1.wsdl", new / "terminal-1.wsdl"
    assert run("wsdl", "diff", *one).status == 0
    assert run("wsdl", "diff", *one, "--keep", "servers").status == 1
    assert "nothing" in run("wsdl", "diff", one[0], one[0]).out


def test_what_cannot_be_read(run: Callable[..., object], tmp_path: Path) -> None:
    bad = tmp_path / "bad.wsdl"
    bad.write_text("<wsdl")
    told = run("wsdl", "diff", OLD / "terminal-1.wsdl", bad)
    assert told.status == 2
    assert "bad.wsdl cannot be read" in told.err
