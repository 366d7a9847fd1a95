"""The demo's page in a real browser, and before the Nu HTML checker: one demo run for all of it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from gateway.capture import Captured, Captures
from tests import tools
from tests.kit.databases import some
from tests.kit.evidence import check_alone

MEGABYTE = 1_000_000

EACH_OPENS = """() => [...document.querySelectorAll(".diagram a")].filter(arrow => {
    const message = document.querySelector("details" + arrow.getAttribute("href"));
    arrow.dispatchEvent(new MouseEvent("click", {bubbles: true, cancelable: true}));
    const opened = message.open && message.querySelectorAll("ol.checks > li").length === 9;
    const seen = ["pre.xml", "table"].every(one => message.querySelector(one).checkVisibility());
    message.open = false;
    return !(opened && seen);
}).map(arrow => arrow.getAttribute("href"))"""
"""The messages that an arrow of a diagram does not open, or that do not show what belongs to them."""


@dataclass(frozen=True)
class Demo:
    folder: Path
    document: dict[str, Any]

    @property
    def page(self) -> Path:
        return self.folder / "demo.html"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    folder = tmp_path_factory.mktemp("demo") / "demo"
    done = subprocess.run(
        [sys.executable, "-m", "gateway.cli", "demo", str(folder), "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )
    assert done.returncode == 0, done.stderr
    return Demo(folder, json.loads(done.stdout))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    command = tools.find("chromium")
    if command is None:
        pytest.skip(tools.not_run("chromium"))
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=command)
        yield started
        started.close()


@dataclass(frozen=True)
class Opened:
    """The page in a tab, with whatever the console and the network said."""

    page: Page
    said: list[str]


def opened(browser: Browser, demo: Demo, **options: Any) -> Iterator[Opened]:
    context = browser.new_context(offline=True, accept_downloads=True, **options)
    page, said = context.new_page(), []

    def heard(message: ConsoleMessage) -> None:
        said.append(message.text)

    page.on("console", heard)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda asked: said.append(asked.url) if asked.url != demo.page.as_uri() else None)
    page.goto(demo.page.as_uri())
    yield Opened(page, said)
    context.close()
    assert said == []


@pytest.fixture
def japanese(browser: Browser, demo: Demo) -> Iterator[Opened]:
    yield from opened(browser, demo, locale="ja-JP")


@pytest.fixture
def english(browser: Browser, demo: Demo) -> Iterator[Opened]:
    yield from opened(browser, demo, locale="en-GB", viewport={"width": 1280, "height": 800})


def focused(page: Page) -> str:
    return str(
        page.evaluate(
            "(() => { const one = document.activeElement;"
            " return one.tagName + ' ' + (one.getAttribute('href') || one.parentElement.id || ''); })()"
        )
    )


# What the demo leaves


def test_the_page_is_small_and_nobody_elses(demo: Demo) -> None:
    assert demo.page.stat().st_size < 3 * MEGABYTE
    assert demo.page.stat().st_mode & 0o077 == 0
    assert json.loads((demo.folder / "demo.json").read_text("utf-8")) == demo.document


def test_every_step_has_its_entry_and_every_bad_request_its_refusal(demo: Demo) -> None:
    for flow in demo.document["flows"]:
        assert flow["outcome"] == "done"
        numbers = [step["number"] for step in flow["steps"]]
        assert len(set(numbers)) == len(numbers)
        assert all(number.startswith(f"{flow['flow']}-") for number in numbers)
        for step in flow["steps"]:
            assert set(step) == {"number", "text", "caller", "callee", "operation", "outcome", "message"}
            if step["message"] is not None:
                assert set(step["message"]) == {"signer", "verified", "message_id", "milliseconds"}
                assert step["message"]["verified"] is True
    two = next(flow for flow in demo.document["flows"] if flow["flow"] == "2")
    assert [step["number"] for step in two["steps"]] == ["2-①", "2-②", "2-③", "2-④"]
    assert [step["message"] is None for step in two["steps"]] == [True, False, False, False]
    assert [(one["rule"], one["step"], one["fault"]) for one in demo.document["refusals"]] == [
        ("digest", 8, "wsse:FailedCheck"),
        ("timestamp-expired", 9, "wsu:MessageExpired"),
        ("reference-misplaced", 6, "wsse:FailedCheck"),
    ]
    assert {one["outcome"] for one in demo.document["refusals"]} == {"refused"}


def test_flow_1_goes_from_the_counter_to_the_nation(demo: Demo) -> None:
    assert {"1", "2", "4"} <= {flow["flow"] for flow in demo.document["flows"]}
    one = next(flow for flow in demo.document["flows"] if flow["flow"] == "1")
    assert [step["number"] for step in one["steps"]] == ["1-①", "1-②", "1-③", "1-④"]
    assert [step["outcome"] for step in one["steps"]] == ["received", "done", "accepted", "delivered"]
    page = demo.page.read_text("utf-8")
    assert all(step["number"] in page for step in one["steps"])


def test_flow_3_goes_through_both_towns_and_its_certificate_through_no_other_server(demo: Demo) -> None:
    """Every message that any server of the run took, asked or answered, by the evidence that each kept."""
    three = next(flow for flow in demo.document["flows"] if flow["flow"] == "3")
    numbers = [step["number"] for step in three["steps"]]
    assert {"3-①", "3-②", "3-③", "3-④", "3-⑤", "3-⑥"} <= set(numbers)
    states = [step["outcome"] for step in three["steps"]]
    assert [one for one in states if one in {"requested", "received", "taken", "completed", "notified"}] == [
        "requested", "received", "received", "taken", "completed", "notified",
    ]  # fmt: skip
    marks = [b"householder>", b"relation>", b"register>", b"entitlement>", b"authenticity>"]
    marks.append("佐渡市千種232番".encode())  # the 本籍
    carried: dict[str, set[str]] = {}
    read = 0
    for file in demo.folder.glob("*/data/gateway.sqlite"):
        with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
            for operation, body in database.execute(
                "SELECT e.operation, b.body FROM evidence_entries e JOIN evidence_bodies b ON b.id = e.id"
            ):
                read += 1
                if any(mark in body for mark in marks):
                    carried.setdefault(file.parents[1].name, set()).add(operation or "")
    assert read > 100
    assert carried == {
        "141003-cs": {"RegisterTransferCertificate", "SendTransferCertificate"},
        "131016-cs": {"SendTransferCertificate", "FetchMove"},
    }


def test_its_evidence_is_checked_by_anyone(demo: Demo, tmp_path: Path) -> None:
    """Of every server of the demo the chains hold; an export needs nothing of ours to be checked: that of the
    gateway and of another one, not always the same, and of each in a thorough run."""
    states = sorted(file.parents[1] for file in demo.folder.glob("*/data/gateway.sqlite"))
    assert {"131016-cs", "13-prefectural-server", "national-server"} <= {state.name for state in states}
    gateway = next(state for state in states if state.name == "131016-cs")
    checked = {gateway, *some([state for state in states if state != gateway], 1)}
    for state in states:
        seals = sorted((demo.folder / "seals").glob(f"{state.name}-*.seal"))
        options = ("--seal", seals[-1], "--signatures") if seals else ()
        report = evidence("verify", state, *options)
        assert report["good"]
        assert report["unsealed"] == 0
        if report["entries"]:
            assert seals
        if report["entries"] and state in checked:
            evidence("export", state, tmp_path / state.name)
            check_alone(tmp_path / state.name)


def evidence(command: str, state: Path, *options: object) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "gateway.cli", "evidence", command, *map(str, options), "--json"],
        env={**os.environ, "JUKI_GATEWAY_STATE": str(state)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done
    return json.loads(done.stdout)


def asked_in_flow_2(demo: Demo) -> Captured:
    """What the gateway asked the national server because of flow 2, as it kept it."""
    two = next(flow for flow in demo.document["flows"] if flow["flow"] == "2")
    message_id = two["steps"][2]["message"]["message_id"]
    (kept,) = (
        one for one in Captures(demo.folder / "131016-cs" / "data").read() if one.message_id == message_id
    )
    return kept


def test_the_gateway_kept_what_it_asked(demo: Demo) -> None:
    kept = asked_in_flow_2(demo)
    assert kept.request.startswith(b"<soap:Envelope")
    # Who asks nobody keeps no exchange.
    assert not (demo.folder / "card-management-server" / "data" / "exchanges").exists()


# The Nu HTML checker


def test_the_checker_finds_nothing(demo: Demo) -> None:
    command = tools.find("vnu")
    if command is None:
        pytest.skip(tools.not_run("vnu"))
    # The page has messages and random numbers: the language that it "appears to be written in" is chance.
    done = subprocess.run(
        [str(command), "--no-langdetect", "--format", "json", "--stdout", "--Werror", str(demo.page)],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    said = [
        (one["type"], one.get("lastLine"), one["message"])
        for one in json.loads(done.stdout)["messages"]
        # Names are shown as the register holds them: normalising 﨑 would make it another person's name.
        if "Unicode Normalization Form C" not in one["message"]
    ]
    assert said == []


# The browser


def test_it_opens_and_says_nothing(japanese: Opened) -> None:
    assert japanese.page.title() == "juki-gateway demo"
    assert japanese.page.locator("h1").inner_text() == "juki-gateway デモの記録"


def test_the_language_is_the_browsers_and_can_be_switched(japanese: Opened, english: Opened) -> None:
    for tab, language in ((japanese.page, "ja"), (english.page, "en")):
        other = {"ja": "en", "en": "ja"}[language]
        for now, hidden in ((language, other), (other, language)):
            assert tab.locator("html").get_attribute("lang") == now
            assert tab.locator(f"h2 .t[lang={now}]").first.is_visible()
            assert not tab.locator(f".t[lang={hidden}]").first.is_visible()
            assert tab.locator(f"button[data-language={now}]").get_attribute("aria-pressed") == "true"
            assert tab.locator(f"svg text.who[lang={now}]").first.is_visible()
            assert not tab.locator(f"svg text.who[lang={hidden}]").first.is_visible()
            tab.locator(f"button[data-language={hidden}]").click()


@pytest.mark.timeout(400)
def test_every_message_opens(english: Opened, demo: Demo) -> None:
    page = english.page
    arrows = page.locator(".diagram a")
    messages = page.locator("details.message")
    # Flow 2 has four messages; each refusal a request and its fault; the other flows bring theirs.
    assert messages.count() == arrows.count() >= 4 + 2 * len(demo.document["refusals"])
    assert page.locator("details.message[id^='flow-2-']").count() == 4
    assert page.evaluate(EACH_OPENS) == []
    for place in some(range(arrows.count()), 8):  # as a person does it
        target = arrows.nth(place).get_attribute("href")
        arrows.nth(place).click()
        message = page.locator(f"details{target}")
        assert message.get_attribute("open") is not None
        assert message.locator("ol.checks > li").count() == 9
        assert message.locator("pre.xml").first.is_visible()
        message.locator("details.bytes > summary").click()
        assert message.locator("details.bytes pre").is_visible()
        assert message.locator("table").first.is_visible()
        message.locator("> summary").click()  # a page of eighty open ones is slow to lay out
    assert page.locator("details.message[open]").count() == 0


def test_the_keyboard_is_enough(english: Opened) -> None:
    page = english.page
    page.locator("button[data-language=en]").focus()
    page.keyboard.press("Tab")
    assert focused(page) == "a #flow-1-step-3-1"
    page.keyboard.press("Enter")
    assert focused(page) == "SUMMARY flow-1-step-3-1"
    message = page.locator("#flow-1-step-3-1")
    assert message.get_attribute("open") is not None
    page.keyboard.press("Tab")  # the readable form, which scrolls
    assert focused(page).startswith("PRE")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert message.locator("details.bytes").get_attribute("open") is not None
    page.keyboard.press("Escape")
    assert message.locator("details.bytes").get_attribute("open") is None
    page.keyboard.press("Escape")
    assert message.get_attribute("open") is None
    assert focused(page) == "a #flow-1-step-3-1"
    page.keyboard.press("Tab")
    assert focused(page) == "a #flow-1-step-3-2"
    page.locator("#flow-1-step-3-2 > summary").focus()
    page.keyboard.press("Space")
    assert page.locator("#flow-1-step-3-2").get_attribute("open") is not None
    page.keyboard.press("Escape")
    assert focused(page) == "SUMMARY flow-1-step-3-2"


def test_the_exact_bytes_can_be_saved(english: Opened, demo: Demo, tmp_path: Path) -> None:
    page = english.page
    kept = asked_in_flow_2(demo)
    page.locator(".diagram a[href='#flow-2-step-3-1']").click()
    message = page.locator("#flow-2-step-3-1")
    message.locator("details.bytes > summary").click()
    with page.expect_download() as waiting:
        message.locator("button.save").click()
    waiting.value.save_as(tmp_path / "saved.xml")
    assert (tmp_path / "saved.xml").read_bytes() == kept.request
    digest = hashlib.sha256(kept.request).hexdigest()
    assert message.locator("details.bytes code").first.inner_text() == digest
    assert message.locator("details.bytes pre").inner_text() == kept.request.decode()
    english.said.clear()  # the saved file's own address


def test_a_refused_message_shows_the_rule_and_the_explanation(japanese: Opened) -> None:
    page = japanese.page
    page.locator(".diagram a[href='#refused-wrapped']").click()
    refused = page.locator("#refused-wrapped li.refused")
    assert refused.locator("code").first.inner_text() == "reference-misplaced"
    assert "Referenceの参照先が署名対象となる位置にありません。" in refused.inner_text()
    page.locator("button[data-language=en]").click()
    assert "A Reference points to an element that stands where it has no meaning." in refused.inner_text()
    explained = page.locator("details.explain")
    assert explained.count() == 3
    explained.nth(2).locator("summary").click()
    assert "reference-misplaced" in explained.nth(2).inner_text()


def test_on_paper_everything_is_open(english: Opened) -> None:
    page = english.page
    page.emulate_media(media="print")
    page.wait_for_function("document.querySelectorAll('details:not([open])').length === 0")
    for place in range(page.locator("pre.xml").count()):
        assert page.locator("pre.xml").nth(place).is_visible()
    assert not page.locator(".languages").is_visible()
    page.set_viewport_size({"width": 688, "height": 1000})  # A4 between its margins
    wide = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    assert page.evaluate(wide)
    assert page.pdf(format="A4").startswith(b"%PDF-")
    page.emulate_media(media="screen")
    page.wait_for_function("document.querySelectorAll('details[open]').length === 0")


def test_a_laptop_shows_it_without_scrolling_sideways(english: Opened) -> None:
    page = english.page
    for arrow in page.locator(".diagram a").all():
        arrow.click()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_without_a_script_both_languages_are_read(browser: Browser, demo: Demo) -> None:
    for tab in opened(browser, demo, java_script_enabled=False):
        page = tab.page
        assert page.locator("h2 .t[lang=ja]").first.is_visible()
        assert page.locator("h2 .t[lang=en]").first.is_visible()
        page.locator("#flow-2-step-2-1 > summary").click()
        assert page.locator("#flow-2-step-2-1 pre.xml").first.is_visible()
        tab.said.clear()  # that scripts are switched off
