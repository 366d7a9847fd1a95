"""What every table of the settings is built from: frozen, with bounds on every value."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

SystemId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
MunicipalityCode = Annotated[str, Field(pattern=r"^[0-9]{6}$")]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Oid = Annotated[str, Field(pattern=r"^[0-2](\.(0|[1-9][0-9]*))+$")]
DatabaseUrl = Annotated[str, Field(pattern=r"^((sqlite|postgresql)://\S+)?$", max_length=1024)]
Address = Annotated[str, Field(pattern=r"^https?://[^/?#\s]+/$", max_length=256)]
Seconds = Annotated[float, Field(gt=0, le=3600)]
Count = Annotated[int, Field(ge=1)]


class Group(BaseModel):
    """A table of the file: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")
