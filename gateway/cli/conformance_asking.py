"""What is asked of a target, and how: alike for a network's systems and for credentials one by one."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from clients._http import HttpCaller
from gateway.clock import Clock
from gateway.conformance import QUESTIONS, SITUATIONS, Asked, Circumstances, Post, Received
from gateway.contract import Service
from gateway.domain.caller import Caller
from gateway.domain.identifiers import MunicipalityCode
from gateway.domain.values import InvalidValue
from gateway.errors import UsageError
from gateway.flows.identity_update import japanese_day
from gateway.people import person_of


def post_of(http: HttpCaller, path: str) -> Post:
    """One exchange over a caller's connections."""

    def post(raw: bytes, headers: Mapping[str, str], deadline: float) -> Received:
        reply = http.post(path, raw, headers, deadline=deadline)
        return Received(reply.status, reply.content_type, reply.body)

    return post


@dataclass(frozen=True, slots=True)
class Asking:
    """The questions of a service about the first of a file of people who live where the caller works."""

    service: Service
    known: Circumstances

    @classmethod
    def about(
        cls,
        people: Path,
        service: Service,
        caller: Caller,
        clock: Clock,
        other_town: MunicipalityCode | None = None,
    ) -> Asking:
        """About somebody of people.csv. Raises UsageError."""
        try:
            with people.open(encoding="utf-8", newline="") as stream:
                rows = list(csv.DictReader(stream))
            found = [one for one in rows if one["municipality"] == caller.municipality.digits]
            record = person_of((found or rows)[0]).record
        except OSError as error:
            raise UsageError(f"{people}: {error.strerror}") from None
        except (KeyError, IndexError, InvalidValue):
            raise UsageError(f"{people}: no people as 'people make' writes them") from None
        return cls(service, Circumstances(caller, record, japanese_day(clock), other_town))

    def question(self) -> Asked:
        """The good one. Raises UsageError when the person has not what it needs."""
        asked = QUESTIONS[self.service.name].asked(self.service, self.known)
        if asked is None:
            raise UsageError("the person who is asked about has no 個人番号")
        return asked

    def situation(self, name: str) -> Asked | None:
        """Another one, by its name; None where it cannot be asked."""
        return SITUATIONS[name].asked(self.service, self.known)
