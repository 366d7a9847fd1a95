"""Step 1's reading of SOAPAction, and that no header text makes it fail other than by a refusal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.refusals import Refused
from gateway.transport.http import HttpRequest
from gateway.transport.http_checks import step_1_http


def request(**headers: str) -> HttpRequest:
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return HttpRequest("POST", "/terminal/1", "", named, b"<a/>", None, "127.0.0.1")


@pytest.mark.parametrize(
    ("value", "action"),
    [
        ('"urn:a"', "urn:a"),
        ("urn:a", "urn:a"),
        (' "urn:a" ', "urn:a"),
        ('""', None),
        ("", None),
        ('"urn:a', None),
        ('urn:"a"', None),
        ('"urn:a" x', None),
        ('"a""b"', None),
    ],
)
def test_the_soap_action(value: str, action: str | None) -> None:
    assert step_1_http(request(content_type="text/xml", soapaction=value), 10) == action


def test_no_soap_action() -> None:
    assert step_1_http(request(content_type="text/xml"), 10) is None


@given(st.text(st.characters(max_codepoint=255), max_size=80))
def test_any_content_type_is_taken_or_refused(value: str) -> None:
    try:
        step_1_http(request(content_type=value), 10)
    except Refused as refused:
        assert refused.rule.name in {"content-type", "charset"}
        assert refused.rule.status == 415
        told = refused.found + refused.wanted + refused.where
        assert told == refused.wanted
    else:
        assert value.strip().lower().startswith("text/xml")


@given(st.integers(0, 30))
def test_the_limit_is_the_services(size: int) -> None:
    asked = HttpRequest("POST", "/", "", (("content-type", "text/xml"),), b"x" * size, None, "127.0.0.1")
    if size <= 10:
        step_1_http(asked, 10)
    else:
        with pytest.raises(Refused) as caught:
            step_1_http(asked, 10)
        assert (caught.value.rule.name, caught.value.rule.status) == ("body-too-large", 413)
