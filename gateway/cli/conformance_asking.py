"""What is asked of a target, and how: alike for a network's systems and for credentials one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from clients._http import HttpCaller
from gateway.clock import Clock
from gateway.conformance import QUESTIONS, SITUATIONS, Asked, Circumstances, Post, Received
from gateway.contract import Service
from gateway.domain.caller import Caller
from gateway.domain.identifiers import MunicipalityCode
from gateway.flows.identity_update import japanese_day
from gateway.people import person_of

Situations = Callable[[str], Asked | None]


def post_of(http: HttpCaller, path: str) -> Post:
    """One exchange over a caller's connections."""

    def post(raw: bytes, headers: Mapping[str, str], deadline: float) -> Received:
        reply = http.post(path, raw, headers, deadline=deadline)
        return Received(reply.status, reply.content_type, reply.body)

    return post


def question_of(service: Service, caller: Caller, person: Mapping[str, str]) -> Asked:
    """The service's good question about a person of people.csv."""
    question = QUESTIONS[service.name]
    content = question.content(service, caller, person)
    return Asked(service.operation(question.operation), content, question.fault)


def situations_of(
    service: Service,
    caller: Caller,
    person: Mapping[str, str],
    clock: Clock,
    other_town: MunicipalityCode | None,
) -> Situations:
    """Other questions of the service, by their names."""

    def situation(name: str) -> Asked | None:
        record, today = person_of(person).record, japanese_day(clock)
        return SITUATIONS[name].asked(service, Circumstances(caller, record, today, other_town))

    return situation
