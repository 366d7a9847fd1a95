"""Reads ``gateway.toml`` and the environment into frozen settings.

Every error is a StateError whose text names the file and the setting (or the line and column), and
never the value that stands there.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from gateway.errors import StateError
from gateway.settings.model import Settings

ENVIRONMENT_PREFIX = "JUKI_GATEWAY__"
"""Beginning of every environment variable that is a setting; ``__`` also parts table and key."""


class _Sources(BaseSettings, Settings):
    """Settings joined from the environment (first) and the file, which is handed over as arguments."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix=ENVIRONMENT_PREFIX,
        env_nested_delimiter="__",
        case_sensitive=False,
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment, then the file; no other source."""
        return (env_settings, init_settings)


def load_settings(file: Path, *, with_environment: bool = True) -> Settings:
    """The settings in ``file``, overlaid by the environment unless that is switched off.

    Raises StateError for a file that cannot be read or is no TOML (with line and column), an unknown
    key, a value out of bounds, or parts that do not fit together; each problem on its own line.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise StateError(f"{file}: there is no such file") from error
    except OSError as error:
        raise StateError(f"{file}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise StateError(f"{file}: is not UTF-8 (byte {error.start})") from error
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StateError(f"{file}: is not TOML: {error}") from error
    if with_environment:
        _refuse_unknown_environment(os.environ)
    return _validated(file, content, with_environment)


def _validated(file: Path, content: Mapping[str, Any], with_environment: bool) -> Settings:
    try:
        if not with_environment:
            return Settings.model_validate(content)
        joined = _Sources(**content)
        return Settings(**{name: getattr(joined, name) for name in Settings.model_fields})
    except ValidationError as error:
        lines = [f"  {_place(problem['loc'])}: {_reason(problem)}" for problem in error.errors()]
        raise StateError("\n".join([f"{file}: these settings cannot be used:", *lines])) from None
    except (SettingsError, TypeError) as error:
        raise StateError(f"{file}: the environment's {ENVIRONMENT_PREFIX}… cannot be read: {error}") from None


def _refuse_unknown_environment(environment: Mapping[str, str]) -> None:
    # pydantic-settings looks for names it knows and passes over others; a mistyped one must not be lost.
    for variable in environment:
        if variable.upper().startswith(ENVIRONMENT_PREFIX):
            group = variable[len(ENVIRONMENT_PREFIX) :].split("__")[0].lower()
            if group not in Settings.model_fields:
                raise StateError(f"environment variable {variable}: there is no setting {group!r}")


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "settings"


def _reason(problem: Any) -> str:
    text: str = problem["msg"]
    return text.removeprefix("Value error, ")
