"""Where the product's data folders are: beside the packages in a checkout, inside them in a wheel."""

from __future__ import annotations

from pathlib import Path
from typing import Literal


def data_folder(name: Literal["certs", "wsdl"]) -> Path:
    """The folder of data files called ``name``.

    An installed wheel carries it as ``gateway/_data/NAME``, a checkout at its top level. Raises
    FileNotFoundError when neither is there: the installation is incomplete.
    """
    package = Path(__file__).resolve().parent
    for folder in (package / "_data" / name, package.parent / name):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"the data folder {name!r} is missing from this installation")
