"""Search keys over all kinds of text: stable, made from the left, and harmless to the text itself."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.domain import register_text
from gateway.domain.folding import fold_address, fold_kana, fold_name, kana_keys
from gateway.domain.kana import Kana
from gateway.domain.register_text import RegisterText
from gateway.domain.values import InvalidValue
from tests.kit.strategies import register_texts

KANA = st.text(st.characters(min_codepoint=0x30A1, max_codepoint=0x30FC, exclude_characters="・"), min_size=1)
ADDRESSES = st.text(
    "東京都一二三四五六七八九十百千〇丁目番地号室のノが霞ヶ関ケカコウー－-‐ 0123456789１２3アヴァ々「",
    min_size=1,
)
# Beyond everyday characters too, and with what the quick look at a text must not let through.
TEXTS = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("{}AZaz09 \u3000山田ーァヴ々〆\u3099\ufe00\U000e0100\u200b\ue000\u9ffc\u9fff０Ｚ－~"),
    ),
    min_size=1,
    max_size=12,
)


@given(register_texts(20))
def test_a_key_is_its_own_key_and_the_text_is_left_alone(text: RegisterText) -> None:
    before = text.inline
    for fold in (fold_name, fold_address):
        key = fold(text.inline)
        assert fold(key) == key
        assert fold(text.inline) == key
    assert text.inline == before


@given(ADDRESSES)
@example("1丁-目")
@example("二の宮1-2")
@example("2「の")
def test_an_address_key_is_its_own_key(text: str) -> None:
    key = fold_address(text)
    assert fold_address(key) == key


@given(KANA)
@example("コウウ")
@example("ヴァヅヂ")
def test_a_reading_has_keys_that_are_their_own(text: str) -> None:
    keys = kana_keys(text)
    assert keys[0] == fold_kana(text)
    assert len(set(keys)) == len(keys) <= 8
    for key in keys:
        assert kana_keys(key) == (key,)


@given(st.text("アイウオコソトノホモヨロガヂヅツャュョッー々山田渡邉", min_size=1), st.data())
def test_the_key_of_a_beginning_is_a_beginning_of_the_key(text: str, data: st.DataObject) -> None:
    beginning = text[: data.draw(st.integers(0, len(text)))]
    assert fold_name(text).startswith(fold_name(beginning))


@given(st.text("ァアヂヅジズチツコウ", min_size=1, max_size=6), st.data())
def test_the_keys_of_a_beginning_begin_a_key(text: str, data: st.DataObject) -> None:
    beginning = Kana(text).text[: data.draw(st.integers(1, len(text)))]
    assert all(any(key.startswith(first) for key in kana_keys(text)) for first in kana_keys(beginning)) or (
        text.count("ヂ") + text.count("ヅ") > 3
    )


@given(TEXTS)
def test_everyday_text_is_told_quickly_and_never_wrongly(text: str) -> None:
    """The quick look of RegisterText must only pass what the rules pass."""

    def refused() -> bool:
        try:
            RegisterText(text)
        except InvalidValue:
            return True
        return False

    quick = refused()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(register_text, "_PLAIN", type("Never", (), {"fullmatch": staticmethod(lambda _: None)}))
        assert refused() is quick
