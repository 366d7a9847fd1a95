"""Writes settings as a ``gateway.toml`` in which every setting stands with its explanation.

The explanation is the field's description, the value the one at hand; what is absent stands as a
comment with an example. Reading the text back gives the same settings.
"""

from __future__ import annotations

import json
import textwrap
import types
import typing
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from gateway.settings.groups import Operator
from gateway.settings.model import Settings

_HEAD = """\
# Settings of one system of juki-gateway. Every path is relative to the folder of this file.
# The environment goes before this file: JUKI_GATEWAY__LISTEN__PORT=8443 sets port of [listen].
# An unknown key is refused. Keys and passwords do not belong here.
"""

_EXAMPLES = {
    "municipality": "131016",
    "signing": "1.2.3",
    "tls_client": "1.3.6.1.5.5.7.3.2",
    "tls_server": "1.3.6.1.5.5.7.3.1",
    "id": "131016-terminal-1",
    "role": "integrated_terminal",
    "name": "anchor-1",
    "certificate": "certificates/root.pem",
    "url": "https://127.0.0.1:8443/",
    "seal_copy": "../seals",
    "system": "131016-addressee-terminal-1",
    "path": "inquiries",
    "terminal": "131016-A001",
    "operator": Operator(verification_id="V1310160301", operator_id="OP01"),
}


def render_settings(settings: Settings) -> str:
    """The text of ``gateway.toml``."""
    scalars: list[str] = [_HEAD]
    tables: list[str] = []
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        model = _model_of(field)
        if model is None:
            scalars += [*_comment(field), f"{name} = {toml_value(value)}", ""]
        elif isinstance(value, tuple):
            tables += _array(name, field, model, value)
        elif value is None:
            tables += [*_comment(field), *_commented([f"[{name}]", *_example(model)]), ""]
        else:
            tables += [*_comment(field), f"[{name}]", *_fields(value), ""]
    return "\n".join(scalars + tables).rstrip() + "\n"


def toml_value(value: object) -> str:
    """A value in TOML: text, number, truth value, path, list of them, or list of inline tables."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(int(value) if float(value).is_integer() else value)
    if isinstance(value, str | Path):
        # A JSON string is a TOML basic string but for DEL, which TOML wants escaped.
        return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, BaseModel):
        filled = {name: item for name, item in value if item is not None}
        return "{" + ", ".join(f"{name} = {toml_value(item)}" for name, item in filled.items()) + "}"
    if isinstance(value, Sequence):
        if any(isinstance(item, BaseModel) for item in value):
            return "[\n" + "".join(f"    {toml_value(item)},\n" for item in value) + "]"
        return "[" + ", ".join(toml_value(item) for item in value) + "]"
    raise TypeError(f"no TOML form for {type(value).__name__}")


def _array(name: str, field: FieldInfo, model: type[BaseModel], values: Sequence[BaseModel]) -> Iterator[str]:
    yield from _comment(field)
    if not values:
        yield from _commented([f"[[{name}]]", *_example(model)])
        yield ""
    for value in values:
        yield f"[[{name}]]"
        yield from _fields(value)
        yield ""


def _fields(group: BaseModel) -> Iterator[str]:
    for name, field in type(group).model_fields.items():
        value = getattr(group, name)
        yield from _comment(field)
        inner = _model_of(field)
        if inner is not None:
            yield from _inner_comment(inner)
        if value is None:
            yield f"# {name} = {toml_value(_EXAMPLES[name])}"
        else:
            yield f"{name} = {toml_value(value)}"


def _example(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield from _comment(field)
        inner = _model_of(field)
        if inner is not None:
            yield from _inner_comment(inner)
        required = field.is_required() or field.default is None
        yield f"{name} = {toml_value(_EXAMPLES[name] if required else field.default)}"


def _inner_comment(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield from _wrapped(f"{name}: {field.description}", "#     ")


def _comment(field: FieldInfo) -> Iterator[str]:
    yield from _wrapped(str(field.description), "# ")


def _wrapped(text: str, prefix: str) -> Iterator[str]:
    hanging = prefix if prefix == "# " else prefix + "  "
    wrapper = textwrap.TextWrapper(100, prefix, hanging, break_long_words=False, break_on_hyphens=False)
    yield from wrapper.wrap(text)


def _commented(lines: Sequence[str]) -> list[str]:
    return [line if line.startswith("#") else f"# {line}" for line in lines]


def _model_of(field: FieldInfo) -> type[BaseModel] | None:
    """The table type behind a field: itself, ``T | None`` or ``tuple[T, ...]``; None for plain values."""
    candidates: tuple[Any, ...] = (field.annotation,)
    if typing.get_origin(field.annotation) in {tuple, types.UnionType, typing.Union}:
        candidates = typing.get_args(field.annotation)
    for candidate in candidates:
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None
