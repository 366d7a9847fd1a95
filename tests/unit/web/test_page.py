"""The page as HTML: self-contained, in two languages, and not moved by whatever stands in a message."""

from __future__ import annotations

import base64
import json
import re
from xml.sax.saxutils import escape

import pytest
from lxml import html

from gateway.cli.demo_refusals import BAD_REQUESTS
from gateway.refusals import RULES
from gateway.web import render
from gateway.web.texts import OUTCOMES, ROLES, STEPS, TIMINGS
from tests.kit import pages
from tests.kit.messages import good_request

HOSTILE = (
    "</script><script>alert(1)</script>\"'><img src=x onerror=alert(1)>\u202e\u2028\u2029\x1b[2J\x00]]>&amp;"
)
FETCHES = {"src", "srcset", "action", "formaction", "data", "poster", "background", "ping", "cite", "style"}


def parsed(text: str) -> html.HtmlElement:
    return html.document_fromstring(text)


@pytest.fixture(scope="module")
def text() -> str:
    return render(pages.page())


@pytest.fixture(scope="module")
def hostile() -> str:
    return render(pages.page(data=HOSTILE))


@pytest.mark.parametrize("name", ["text", "hostile"])
def test_nothing_leaves_the_file(name: str, request: pytest.FixtureRequest) -> None:
    page = parsed(request.getfixturevalue(name))
    for element in page.iter():
        if not isinstance(element.tag, str):
            continue
        assert element.tag not in {"link", "img", "iframe", "object", "embed", "base", "form", "image", "use"}
        for attribute, value in element.attrib.items():
            assert attribute not in FETCHES, (element.tag, attribute)
            assert not attribute.startswith("on"), (element.tag, attribute)
            if attribute.endswith("href"):
                assert value.startswith("#")
                assert page.get_element_by_id(value[1:]).tag == "details"
    (style,) = page.iter("style")
    assert "url(" not in style.text
    assert "@import" not in style.text
    scripts = [script for script in page.iter("script") if script.get("type") is None]
    assert len(scripts) == 1
    assert not re.search(r"fetch|XMLHttp|import|WebSocket|innerHTML|eval|document\.write", scripts[0].text)


def test_the_policy_allows_the_page_itself_only(text: str) -> None:
    page = parsed(text)
    (policy,) = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    (nonce,) = set(page.xpath("//@nonce"))
    assert policy == (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; "
        "base-uri 'none'; form-action 'none'"
    )
    assert len(nonce) >= 22
    assert nonce not in render(pages.page())
    assert len(page.xpath("//*[@nonce]")) == 3


def test_hostile_text_stays_text(hostile: str) -> None:
    page = parsed(hostile)
    assert len(list(page.iter("script"))) == 2
    assert not list(page.iter("img"))
    for character in "\u202e\u2028\u2029\x1b\x00":
        assert character not in hostile
    assert "U+202E" in hostile
    assert "alert(1)" in page.text_content()


def test_hostile_text_in_a_message_is_shown_as_it_is() -> None:
    inner = "</script><b>x</b>\u2028\u202e]]>"
    body = f'<t:Ask xmlns:t="urn:example:test:1"><t:name>{escape(inner)}</t:name></t:Ask>'
    raw = good_request(body=body).raw()
    text = render(pages.page(raw=raw))
    assert "\u202e" not in text
    data = parsed(text).get_element_by_id("messages").text
    assert "<" not in data
    assert base64.b64decode(json.loads(data)["flow-2-step-2-1"]["base64"]) == raw


def test_bytes_that_are_no_xml_are_shown() -> None:
    text = render(pages.page(raw=b"\xff\x00<a>\x1b"))
    assert "\\xff" in text
    assert "U+0000" in text


def test_names_that_the_page_cannot_lay_out_are_shown_as_bytes() -> None:
    raw = good_request().raw().replace(b"t:empty", "t:\U00020000".encode())
    trace = pages.request_view(raw).trace
    assert trace.steps[0].outcome.value == "passed"
    assert trace.covered
    shown = parsed(render(pages.page(raw=raw))).get_element_by_id("flow-2-step-2-1")
    assert "\U00020000" in shown.text_content()
    assert not shown.xpath(".//mark[@class='signed']")


def test_every_text_stands_in_both_languages(text: str) -> None:
    page = parsed(text)
    japanese, english = (
        page.xpath(f"//*[contains(@class, 't') and @lang='{lang}']") for lang in ("ja", "en")
    )
    assert len(japanese) == len(english) > 50
    for one, other in zip(japanese, english, strict=True):
        assert one.getnext() is other
        assert one.text_content().strip()
        assert other.text_content().strip()
        assert (
            re.search("[ぁ-んァ-ヶ一-龠]", one.text_content()) or one.text_content() == other.text_content()
        )
        assert not re.search("[ぁ-んァ-ヶ]", other.text_content().replace("日本語", ""))


def test_no_text_stands_in_one_language_only(text: str) -> None:
    """Outside of texts in two languages there is only data: codes, ids, times."""
    page = parsed(text)
    for element in page.xpath("//body//*[not(self::script)]"):
        inside = element.xpath("ancestor-or-self::*[@lang and not(self::html)] | ancestor-or-self::code"
                               " | ancestor-or-self::pre | ancestor-or-self::*[contains(@class, 'data')]"
                               " | ancestor-or-self::*[local-name()='svg']")  # fmt: skip
        if not inside:
            texts = [element.text or "", *(child.tail or "" for child in element)]
            assert not re.search(r"[^\W\d_]", "".join(texts)), (element.tag, texts)


@pytest.mark.parametrize(
    "table", [STEPS, ROLES, OUTCOMES, TIMINGS], ids=["steps", "roles", "outcomes", "timings"]
)
def test_words_have_both_languages(table: dict[object, tuple[str, str]]) -> None:
    for japanese, english in table.values():
        assert re.search("[ぁ-んァ-ヶ一-龠]", japanese)
        assert re.fullmatch(r"[ -~]+", english)


def test_a_refused_message_tells_the_rule(text: str) -> None:
    bad = parsed(text).get_element_by_id("refused-1")
    (refused,) = bad.xpath(".//li[@class='refused']")
    said = refused.text_content()
    rule = RULES["digest"]
    assert rule.name in said
    assert rule.ja in said
    assert rule.en in said
    assert "computed" in said
    assert [item.get("class") for item in bad.xpath(".//ol[contains(@class, 'checks')]/li")] == (
        ["passed"] * 6 + ["refused"] + ["not-reached"] * 2
    )
    assert len(bad.xpath(".//tr[@class='bad']")) == 1
    assert len(bad.xpath(".//mark[@class='broken']")) == 2
    good = parsed(text).get_element_by_id("flow-2-step-2-1")
    assert len(good.xpath(".//ol[contains(@class, 'checks')]/li[@class='passed']")) == 9
    assert len(good.xpath(".//details//mark[@class='signed']")) == 6


def test_bad_requests_name_rules_that_exist() -> None:
    assert {bad.rule for bad in BAD_REQUESTS} <= set(RULES)
    assert len(BAD_REQUESTS) == 3
