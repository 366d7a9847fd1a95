"""Register text: tokens and escapes, selectors, and every kind of character that may not stand in it."""

from __future__ import annotations

import unicodedata

import pytest

from gateway.domain.kana import Kana
from gateway.domain.register_text import MAX_LENGTH, JukiCode, RegisterText
from gateway.domain.values import InvalidValue


@pytest.mark.parametrize(
    "text",
    [
        "山田\u3000太郎",
        "JOHN SMITH",
        "𠮷田",
        "葛\U000e0100飾",
        "神\ufe00",
        "\ufa19山",  # a compatibility ideograph that NFC would change
        "髙﨑",
        "ゝヽ々〆ヶ・ー－",
        "か\u309a",  # no composed form exists
        "\U00031350\U0002ebf0\U000323b0",  # ideographs newer than the interpreter's tables
        "}",
        "{{",
    ],
)
def test_kept_as_it_is(text: str) -> None:
    assert RegisterText(text).inline == text


def test_tokens_and_escapes() -> None:
    text = RegisterText("山{J+AD00}{{J+AD00}川")
    assert text.elements == ("山", JukiCode("AD00"), *"{J+AD00}川")
    assert RegisterText.of(("山", JukiCode("AD00"), "{J+AD00}川")) == text
    assert RegisterText.literal("{J+AD00}").inline == "{{J+AD00}"
    assert RegisterText.literal("a{b}c").elements == tuple("a{b}c")


@pytest.mark.parametrize("code", ["AAA0", "ABFF", "AC00", "ACFF", "AD00", "D6FF", "FF00", "FFFE"])
def test_edges_of_the_token_blocks(code: str) -> None:
    assert RegisterText(f"{{J+{code}}}").elements == (JukiCode(code),)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        ("あ" * (MAX_LENGTH + 1), "too-long"),
        (" あ", "edge-space"),
        ("あ\u3000", "edge-space"),
        ("{", "token"),
        ("a{", "token"),
        ("{J+AD0}", "token"),
        ("{J+ad00}", "token"),
        ("{J+AD000}", "token"),
        ("{U+AD00}", "token"),
        ("{J+AD00", "token"),
        ("{{{", "token"),
        ("{J+ＡＤ００}", "token"),
        ("{J+4E00}", "token-block"),
        ("{J+D700}", "token-block"),
        ("{J+AA9F}", "token-block"),
        ("{J+FEFF}", "token-block"),
        ("{J+FFFF}", "token-block"),
        ("\U000e0100", "selector"),
        ("あ\U000e0100", "selector"),
        ("葛\U000e0100\U000e0101", "selector"),
        ("{J+AD00}\U000e0100", "selector"),
        ("\u309aか", "mark"),
        ("{J+AD00}\u3099", "mark"),
        ("a\u0000b", "control"),
        ("a\tb", "control"),
        ("a\nb", "control"),
        ("a\u0085b", "control"),
        ("a\u202eb", "format"),
        ("a\u2066b", "format"),
        ("a\u200bb", "format"),
        ("a\u200db", "format"),
        ("a\u061cb", "format"),
        ("a\ufeffb", "format"),
        ("a\u00adb", "format"),
        ("a\U000e0041b", "format"),
        ("a\ud800b", "surrogate"),
        ("a\ue000b", "private-use"),
        ("a\U000f0000b", "private-use"),
        ("a\uffffb", "unassigned"),
        ("a\U0001fffeb", "unassigned"),
        ("a\u0378b", "unassigned"),
        ("a\U0003347ab", "unassigned"),
        ("a\u2028b", "separator"),
        ("a\u2029b", "separator"),
        ("a\u00a0b", "space"),
        ("a\u2003b", "space"),
        ("a\u034fb", "invisible"),
        ("a\u180bb", "invisible"),
        ("가", "hidden-juki-code"),
        ("힣", "hidden-juki-code"),
        ("a\uad00", "hidden-juki-code"),
        ("a\uaaa0", "hidden-juki-code"),
        ("a\u1160b", "hidden-juki-code"),
        ("a\u3164b", "hidden-juki-code"),
        ("a\uffa0b", "hidden-juki-code"),
    ],
)
def test_refused(text: str, code: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        RegisterText(text)
    assert caught.value.code == code
    assert str(caught.value) == f"{caught.value.what}: {code}"


def test_longest() -> None:
    assert len(RegisterText("𠮷" * MAX_LENGTH).inline) == MAX_LENGTH


def test_no_normal_form_is_applied_or_equated() -> None:
    changed = unicodedata.normalize("NFC", "\ufa19")
    assert RegisterText("\ufa19") != RegisterText(changed)
    assert RegisterText("葛\U000e0100") != RegisterText("葛")


def test_without_spaces() -> None:
    assert RegisterText("山田 \u3000太郎").without_spaces() == "山田太郎"


@pytest.mark.parametrize("text", ["ヤマダ\u3000タロウ", "ヤマダ タロウ", "ジョン・スミス", "ヴァーノン"])
def test_kana(text: str) -> None:
    assert Kana(text).text == text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "kana"),
        ("やまだ", "kana"),
        ("ﾔﾏﾀﾞ", "kana"),
        ("山田", "kana"),
        ("ヤマダ  タロウ", "kana"),
        (" ヤマダ", "kana"),
        ("ヤマダ\n", "kana"),
        ("ア" * 201, "too-long"),
    ],
)
def test_kana_refused(text: str, code: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        Kana(text)
    assert caught.value.code == code


def test_kana_without_spaces() -> None:
    assert (
        Kana("ヤマダ\u3000タロウ").without_spaces()
        == Kana("ヤマダ タロウ").without_spaces()
        == "ヤマダタロウ"
    )
