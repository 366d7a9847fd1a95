"""A national server that is slow, down, wrong or hangs: a clear fault in time, and never a match.

The gateway's deadline for it is 2 s here; the terminal must have its fault within 3 s.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.domain.verification import IdentityQuestion
from gateway.errors import CounterpartFault
from tests.kit import replies
from tests.kit.messages import Draft
from tests.kit.network import (
    GATEWAY,
    NATIONAL,
    TERMINAL,
    Network,
    Reply,
    by_code,
    by_document,
    new_id,
    running,
)

DEADLINE = 2.0
IN_TIME = DEADLINE + 1.0
TROUBLE = {
    "slow=4s": "CounterpartTimeout",
    "trickle": "CounterpartTimeout",
    "down": "CounterpartUnavailable",
    "wrong-person": "CounterpartAnswerInvalid",
    "bad-signature": "CounterpartAnswerInvalid",
    "unsigned": "CounterpartAnswerInvalid",
    "wrong-relates-to": "CounterpartAnswerInvalid",
}

ONLY = ("131016-cs", "national-server")


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    with running(tmp_path_factory.mktemp("network") / "net", only=ONLY, deadline_seconds=DEADLINE) as started:
        yield started


@pytest.fixture(params=["code", "document"])
def question(request: pytest.FixtureRequest, network: Network) -> IdentityQuestion:
    person = network.person(card_state="active")
    return by_code(person) if request.param == "code" else by_document(person)


def timed_post(network: Network, request: Draft) -> tuple[Reply, float]:
    begun = time.monotonic()
    return network.post(request.raw()), time.monotonic() - begun


def expect(network: Network, request: Draft, answer: Reply, seconds: float, code: str) -> None:
    """The operation's own fault: signed, bound, in time, and with nothing in it that looks like a result."""
    seen = replies.read(answer.body)
    assert (answer.status, seen.fault, seen.code) == (500, f"juki:{code}", code), seen
    message = network.verified(answer.body, request)
    assert message.is_fault
    assert message.bound
    assert seen.action == "urn:juki-gateway:terminal:1:VerifyIdentityRefusal"
    assert set(seen.reasons) == {"ja", "en"}
    assert b"match" not in answer.body
    assert seconds < IN_TIME
    (line,) = [one for one in network.messages(GATEWAY) if one["reference"] == seen.reference]
    assert (line["outcome"], line["fault"]) == ("fault", code)
    assert any(
        one["event"] == "counterpart-failed" and one["reference"] == seen.reference
        for one in network.lines(GATEWAY)
    )


def works_again(network: Network, question: IdentityQuestion, message_id: str, times: int) -> None:
    """With the same MessageID under a fresh signature the question is worked anew, and answered."""
    retry = network.message(question, message_id=message_id)
    answer = network.post(retry.raw())
    assert answer.status == 200, answer.body
    assert b">match<" in answer.body
    assert network.verified(answer.body, retry).bound
    assert network.questions_for(message_id) == times


@pytest.mark.parametrize("behaviour", sorted(TROUBLE))
def test_every_behaviour(network: Network, question: IdentityQuestion, behaviour: str) -> None:
    if behaviour in {"slow=4s", "trickle"} and question.key != by_code(network.people()[0]).key:
        return  # these take their whole deadline, and do not depend on the question
    message_id = new_id()
    first = network.message(question, message_id=message_id)
    network.behave(behaviour)
    try:
        answer, seconds = timed_post(network, first)
    finally:
        network.behave("off")
    expect(network, first, answer, seconds, TROUBLE[behaviour])
    # The very same bytes stay refused, also after a fault that passes.
    assert replies.read(network.post(first.raw()).body).code == "DuplicateMessage"
    works_again(network, question, message_id, 2)


def test_the_command_changes_the_behaviour(network: Network) -> None:
    assert network.command("simulator", "set", network.folder, NATIONAL, "down").returncode == 0
    person = network.person(card_state="active")
    who = ("--terminal", "131016-T001", "--operator", "V1310160001/OP01")
    asking = (
        "verify",
        "--state",
        network.state(TERMINAL).path,
        *who,
        "--code",
        person["resident_record_code"],
    )
    try:
        with network.client() as client, pytest.raises(CounterpartFault) as caught:
            client.terminal.verify_identity(by_code(person))
        told = network.command("terminal", *asking, "--json")
    finally:
        assert network.command("simulator", "set", network.folder, NATIONAL, "off").returncode == 0
    assert (caught.value.code, caught.value.standing) == ("CounterpartUnavailable", "bound")
    assert told.returncode == 3, "the clerk's command says that somebody was not reached"
    explained = network.command(
        "explain", caught.value.reference, "--state", network.state(GATEWAY).path, "--json"
    )
    document = json.loads(explained.stdout)
    assert (document["fault"], document["temporary"]) == ("juki:CounterpartUnavailable", True)
    assert {one["destination"] for one in document["asked"]} == {NATIONAL}
    with network.client() as client:
        assert client.terminal.verify_identity(by_code(person)).result.value == "match"


def test_a_slow_answer_within_the_deadline_is_an_answer(network: Network) -> None:
    network.behave("slow=500ms")
    try:
        answer, seconds = timed_post(network, network.message(by_code(network.person(card_state="active"))))
    finally:
        network.behave("off")
    assert answer.status == 200
    assert 0.5 <= seconds < IN_TIME


def test_a_second_signature_waits_for_the_fault_and_works_anew(network: Network) -> None:
    """The first is given up at its deadline; the second, which waited for it, then asks itself."""
    message_id, question = new_id(), by_code(network.person(card_state="active"))
    first, second = (network.message(question, message_id=message_id) for _ in range(2))
    answers: list[tuple[Reply, float]] = []
    network.behave("slow=4s")
    thread = threading.Thread(target=lambda: answers.append(timed_post(network, first)))
    thread.start()
    try:
        network.wait(lambda: network.lines(NATIONAL), 5)
        time.sleep(0.3)
        network.behave("off")
        late, seconds = timed_post(network, second)
    finally:
        network.behave("off")
        thread.join(20)
    expect(network, first, *answers[0], "CounterpartTimeout")
    assert (late.status, seconds < IN_TIME) == (200, True)
    assert network.verified(late.body, second).bound


def national_processes(network: Network) -> list[int]:
    """The server's process and its workers."""
    parent = network.state(NATIONAL).running_process()
    assert parent is not None
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii")
    return [parent, *map(int, children.split())]


@contextlib.contextmanager
def stopped(processes: list[int]) -> Iterator[None]:
    """Processes that do not run: connections are taken by the kernel, and nobody answers."""
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            os.kill(process, signal.SIGCONT)


def test_a_server_that_hangs(network: Network) -> None:
    """On a connection that was open before, and then on a new one, in its handshake."""
    question, message_id = by_code(network.person(card_state="active")), new_id()
    assert network.post(network.message(question).raw()).status == 200
    with stopped(national_processes(network)):
        for _ in range(2):
            request = network.message(question, message_id=message_id)
            answer, seconds = timed_post(network, request)
            expect(network, request, answer, seconds, "CounterpartTimeout")
    works_again(network, question, message_id, 3)


def test_a_server_that_is_killed(network: Network) -> None:
    """While it is asked, and while it is gone; the supervisor starts it again."""
    question, message_id = by_code(network.person(card_state="active")), new_id()
    parent, *workers = national_processes(network)
    first = network.message(question, message_id=message_id)
    answers: list[tuple[Reply, float]] = []
    before = network.asked()
    network.behave("slow=4s")
    thread = threading.Thread(target=lambda: answers.append(timed_post(network, first)))
    thread.start()
    time.sleep(0.5)
    for process in (parent, *workers):
        os.kill(process, signal.SIGKILL)
    network.behave("off")
    second = network.message(question, message_id=new_id())
    answer, seconds = timed_post(network, second)
    thread.join(20)
    expect(network, first, *answers[0], "CounterpartUnavailable")
    expect(network, second, answer, seconds, "CounterpartUnavailable")
    assert network.asked() == before
    network.wait(lambda: network.state(NATIONAL).running_process() not in {None, parent}, 20)

    def answered() -> bool:
        return network.post(network.message(question).raw()).status == 200

    network.wait(answered, 20)
    works_again(network, question, message_id, 2)


def test_the_terminal_waits_longer_than_the_gateway(tmp_path: Path, network: Network) -> None:
    """Else the terminal gives up before the gateway's clear fault can come, at the default deadlines."""
    (waits,) = network.settings(TERMINAL).destinations
    default = type(waits).model_fields["deadline_seconds"].default
    assert waits.deadline_seconds >= default + 1


def test_no_error_of_our_own(network: Network) -> None:
    for system in (GATEWAY, NATIONAL):
        assert not [line for line in network.lines(system) if line["event"] == "bug"]
