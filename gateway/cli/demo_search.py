"""Flow 4 of the demo: three people are searched, one here, one in the prefecture, one in the nation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.cli.demo_steps import Exchange, Flow, FlowFailed, Step
from gateway.cli.demo_terminal import somebody, terminal_of
from gateway.cli.demo_traffic import Shown, asked_onward, system
from gateway.domain.identifiers import MunicipalityCode
from gateway.domain.register_date_text import read_written
from gateway.domain.register_text import RegisterText
from gateway.domain.search import Match, Place, SearchQuestion, SearchTerms


def _run(network: dict[str, Any]) -> Iterator[Step]:
    terminal, gateway = system(network, "integrated_terminal"), system(network, "municipal_cs")
    home = gateway["municipality"]
    residences = {Place.HERE: home, Place.PREFECTURE: "131041", Place.NATION: "141003"}
    shown: list[Shown] = []
    with terminal_of(network) as (client, caller, recorder):
        for place, residence in residences.items():
            person = somebody(network, municipality=residence)
            terms = SearchTerms(
                name=(RegisterText(person["name"]), Match.EXACT),
                birth_date=read_written(person["birth_date"]),
            )
            answer = client.search_person(SearchQuestion(caller, terms, MunicipalityCode(residence)))
            codes = [record.code.digits for record in answer.records]
            if answer.answered_by is not place or codes != [person["resident_record_code"]]:
                raise FlowFailed(f"the search in {residence} gave {answer.result.value}")
            call = recorder.calls[-1]
            onward = asked_onward(gateway, call.message_id)
            shown.append(Shown(call, "request"))
            for one in onward:
                shown += (Shown(one, "request"), Shown(one, "answer"))
            shown.append(Shown(call, "answer"))
        first = recorder.calls[0]
    yield Step(
        "4-①",
        "基本4情報の組み合わせをキーワードとして検索する。自市町村の者は市町村CS、自都道府県の者は都道府県サーバ、"
        "他都道府県の者は全国サーバを検索する。",
        "Searches by a combination of the four items: here, at the prefectural server and at the national "
        "server, by where the person lives.",
        terminal["id"],
        gateway["id"],
        "found here, in the prefecture and in the nation",
        "SearchPerson",
        Exchange(terminal["id"], True, first.message_id, first.milliseconds),
        tuple(shown),
    )


PERSON_SEARCH = Flow("4", "本人確認情報検索に関する事務", "Search of identity records", _run)
