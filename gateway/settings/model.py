"""All settings of one system, and what must fit together in them."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from gateway.settings.base import DatabaseUrl, Group, SystemId
from gateway.settings.groups import (
    SIMULATOR_ROLES,
    Anchor,
    Cards,
    Clock,
    Counterpart,
    Credentials,
    Destination,
    Development,
    InquiryFolder,
    Listen,
    Monitoring,
    Moves,
    Simulator,
    Subject,
    System,
)
from gateway.settings.limits import (
    AccessLog,
    Addressees,
    Budgets,
    Consistency,
    Evidence,
    Guard,
    InquiryFiles,
    Limits,
    Outbox,
    Profile,
    Refusals,
)


class Settings(Group):
    """All settings of one system."""

    version: Literal[1] = Field(default=1, description="Version of this file's layout.")
    mode: Literal["production", "development"] = Field(
        default="production",
        description="production refuses whatever is for tests only; development is for networks made by "
        "'juki-gateway network' and 'juki-gateway demo'.",
    )
    database_url: DatabaseUrl = Field(
        default="",
        description="Database of this system: empty is the SQLite file in the state folder; "
        "postgresql://USER@HOST/NAME is for several nodes on one database. A password is left to libpq "
        "(PGPASSFILE); over a network sslmode=verify-full belongs to it.",
    )
    node: SystemId = Field(
        default="local",
        description="Name of this node among those that share the database; no two that run have the same.",
    )
    system: System = Field(description="Which system this is.")
    listen: Listen = Field(
        default=Listen(), description="Where the system is served, and by how many processes."
    )
    monitoring: Monitoring = Field(
        default=Monitoring(), description="Where health and metrics of this system are told (Prometheus)."
    )
    credentials: Credentials = Field(
        default=Credentials(), description="The system's own keys (0600, in keys/) and certificates."
    )
    profile: Profile = Field(default=Profile(), description="Rules for messages.")
    limits: Limits = Field(default=Limits(), description="Bounds on what is taken from the network.")
    guard: Guard = Field(default=Guard(), description="Memory of the duplicate guard.")
    outbox: Outbox = Field(default=Outbox(), description="Delivery of messages to counterparts.")
    refusals: Refusals = Field(default=Refusals(), description="Records of refused messages.")
    evidence: Evidence = Field(
        default=Evidence(), description="Evidence of every message, chained and sealed."
    )
    access_log: AccessLog = Field(
        default=AccessLog(), description="Log of who saw or changed whose record, and its reports."
    )
    budgets: Budgets = Field(
        default=Budgets(),
        description="Answers that may be had before verification and search stop answering.",
    )
    cards: Cards = Field(default=Cards(), description="Rules for cards (個人番号カード).")
    moves: Moves = Field(default=Moves(), description="Special move-ins (特例転入).")
    addressees: Addressees = Field(
        default=Addressees(), description="Addressees (送付先情報) on their way through the gateway."
    )
    consistency: Consistency = Field(
        default=Consistency(), description="Consistency checks (整合性確認) with the servers."
    )
    inquiry_files: InquiryFiles = Field(
        default=InquiryFiles(), description="Inquiries to 機構 by file (情報参照ファイル)."
    )
    clock: Clock = Field(default=Clock(), description="Time of a development network.")
    development: Development = Field(
        default=Development(), description="Aids of a development network; all off in production."
    )
    simulator: Simulator | None = Field(
        default=None, description="What a simulated counterpart knows; only for roles that can be simulated."
    )
    anchors: tuple[Anchor, ...] = Field(default=(), description="Roots of trust.")
    counterparts: tuple[Counterpart, ...] = Field(
        default=(), description="Systems that call this one or are called by it."
    )
    destinations: tuple[Destination, ...] = Field(default=(), description="Where counterparts are called.")

    inquiry_folders: tuple[InquiryFolder, ...] = Field(
        default=(), description="Folders in which counterparts leave files of inquiries."
    )

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        anchors = _distinct("anchors", [anchor.name for anchor in self.anchors])
        known = _distinct("counterparts", [counterpart.id for counterpart in self.counterparts])
        _distinct("destinations", [destination.id for destination in self.destinations])
        holders: dict[tuple[str, Subject], str] = {}
        for counterpart in self.counterparts:
            for usage, subjects in (("signing", counterpart.signing), ("tls", counterpart.tls)):
                for subject in subjects:
                    place = f"counterparts.{counterpart.id}.{usage}"
                    if subject.anchor not in anchors:
                        raise ValueError(f"{place}: no anchor is named {subject.anchor!r}")
                    other = holders.setdefault((usage, subject), counterpart.id)
                    if other != counterpart.id:
                        raise ValueError(f"{place}: this certificate holder already belongs to {other!r}")
        for destination in self.destinations:
            if destination.id not in known:
                raise ValueError(f"destinations: no counterpart has the id {destination.id!r}")
        for folder in self.inquiry_folders:
            _refuse_unfit_folder(folder, self.counterparts)
        if self.simulator is not None and self.system.role not in SIMULATOR_ROLES:
            raise ValueError(f"simulator: the role {self.system.role!r} is not one that is simulated")
        if self.listen.plain_http and self.listen.host not in {"127.0.0.1", "::1"}:
            raise ValueError("listen.plain_http: plain HTTP is served on a loopback address only")
        return self


def _refuse_unfit_folder(folder: InquiryFolder, counterparts: tuple[Counterpart, ...]) -> None:
    owner = next((one for one in counterparts if one.id == folder.system), None)
    place = f"inquiry_folders.{folder.system}"
    if owner is None or owner.role != "addressee_terminal" or owner.municipality is None:
        raise ValueError(f"{place}: no addressee terminal of a municipality has this id")
    if folder.terminal not in owner.terminals or folder.operator not in owner.operators:
        raise ValueError(f"{place}: terminal or operator is not registered to the counterpart")


def _distinct(group: str, names: list[str]) -> frozenset[str]:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{group}: {', '.join(map(repr, twice))} stands twice")
    return frozenset(names)
