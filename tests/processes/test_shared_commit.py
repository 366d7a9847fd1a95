"""Questions that share a commit, at a real gateway with two workers: killed around the commit, and raced.

A search in the register at hand is such a question. Around the commit means: its answer is made and signed.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from gateway.contract import write_request
from gateway.domain.identifiers import MunicipalityCode
from gateway.domain.register_date_text import read_written
from gateway.domain.register_text import RegisterText
from gateway.domain.search import Match, SearchQuestion, SearchTerms
from gateway.kill_points import BEFORE_ANSWER, BEFORE_SHARED_COMMIT, VARIABLE
from tests.kit import replies
from tests.kit.databases import database_of, databases
from tests.kit.messages import Draft
from tests.kit.network import GATEWAY, SERVICE, Network, Reply, by_code, caller, new_id, running
from tests.kit.rows import rows as held

HOME = "131016"
OPERATION = SERVICE.operation("SearchPerson")
HEADERS = {"SOAPAction": f'"{OPERATION.action}"'}

ONLY = ("131016-cs", "national-server", "13-prefectural-server")


@pytest.fixture(
    scope="module",
    params=[
        (kind, at) for kind in databases("shared-commit") for at in (BEFORE_SHARED_COMMIT, BEFORE_ANSWER)
    ],
    ids="-".join,
)
def struck(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Network, str, Path]]:
    """A network in which one gateway process is killed at that place, the first time that any comes by."""
    kind, point = request.param
    folder = tmp_path_factory.mktemp("network")
    once = folder / "once"
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv(VARIABLE, f"{point}@{once}")
        with database_of(kind) as database, running(folder / "net", only=ONLY, database=database) as network:
            yield network, point, once


def search(network: Network, message_id: str) -> Draft:
    """A search for one person of this municipality, signed now."""
    person = next(one for one in network.people() if one["municipality"] == HOME)
    terms = SearchTerms(
        name=(RegisterText(person["name"]), Match.EXACT), birth_date=read_written(person["birth_date"])
    )
    question = SearchQuestion(caller(), terms, MunicipalityCode(HOME))
    body = etree.tostring(write_request(SERVICE, OPERATION, question), encoding="unicode")
    return network.message(
        by_code(person), body=body, action=OPERATION.action, message_id=message_id, created=datetime.now(UTC)
    )


def rows(network: Network, query: str) -> list[Any]:
    return held(network.state(GATEWAY).path, query)


def test_killed_around_the_commit(struck: tuple[Network, str, Path]) -> None:
    """Nothing is acknowledged that was not committed; what was committed is answered again, once."""
    network, place, once = struck
    draft = search(network, new_id())
    with pytest.raises((HTTPException, OSError)):
        network.post(draft.raw(), headers=HEADERS)
    assert once.exists()
    known = rows(network, "SELECT state FROM guard_messages")
    answers = rows(network, "SELECT count(*) FROM evidence_entries WHERE direction = 'out'")
    message_id = draft.header.one("MessageID").text
    network.wait(lambda: _worked(lambda: network.post(b"", headers=HEADERS)))
    if place == BEFORE_SHARED_COMMIT:
        assert (known, answers) == ([], [(0,)])
        assert network.post(draft.raw(), headers=HEADERS).status == 200
        outcomes = ["answered"]
    else:
        assert (known, answers) == ([("answered",)], [(1,)])
        seen = replies.read(network.post(draft.raw(), headers=HEADERS).body)
        assert seen.fault == "juki:DuplicateMessage"
        outcomes = ["refused", "repeated"]
        assert network.post(search(network, message_id).raw(), headers=HEADERS).status == 200
    assert [line["outcome"] for line in network.messages(GATEWAY, message_id)] == outcomes


def _worked(call: Callable[[], object]) -> bool:
    try:
        call()
    except (HTTPException, OSError):
        return False
    return True


def raced(network: Network, raws: list[bytes]) -> list[Reply]:
    """All at the same moment, on connections of their own."""
    answers: dict[int, Reply] = {}
    wires = [network.wire() for _ in raws]
    for wire in wires:
        wire.post(b"")  # the connection stands
    start = threading.Barrier(len(raws))

    def send(at: int) -> None:
        start.wait()
        answers[at] = wires[at].post(raws[at], headers=HEADERS)

    threads = [threading.Thread(target=send, args=(at,)) for at in range(len(raws))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    for wire in wires:
        wire.close()
    return [answers[at] for at in range(len(raws))]


def test_identical_requests_raced_have_one_effect(struck: tuple[Network, str, Path]) -> None:
    network, _, _ = struck
    for _ in range(3):
        draft = search(network, new_id())
        answers = raced(network, [draft.raw()] * 8)
        assert sorted(answer.status for answer in answers) == [200] + [500] * 7
        faults = {replies.read(answer.body).fault for answer in answers if answer.status == 500}
        assert faults == {"juki:DuplicateMessage"}
        assert outcomes(network, draft) == ["answered"] + ["refused"] * 7


def test_fresh_signatures_raced_have_one_effect_and_one_answer(struck: tuple[Network, str, Path]) -> None:
    network, _, _ = struck
    for _ in range(3):
        message_id = f"urn:uuid:{uuid.uuid4()}"
        drafts = [search(network, message_id) for _ in range(8)]
        answers = raced(network, [draft.raw() for draft in drafts])
        assert [answer.status for answer in answers] == [200] * 8
        seen = [replies.read(answer.body) for answer in answers]
        assert len({one.body for one in seen}) == 1
        assert [one.confirms for one in seen] == [draft.signature_value for draft in drafts]
        assert outcomes(network, drafts[0]) == ["answered"] + ["repeated"] * 7


def outcomes(network: Network, draft: Draft) -> list[str]:
    lines = network.messages(GATEWAY, draft.header.one("MessageID").text)
    return sorted(line["outcome"] for line in lines)
