"""Search keys: what is alike, what is not, and that a changed rule does not go unnoticed."""

from __future__ import annotations

import hashlib

import pytest

from gateway.domain.characters import refusal
from gateway.domain.folding import FOLDING, fold_address, fold_kana, fold_name, kana_keys
from gateway.domain.kanji_variants import FAMILIES, base_form

ALIKE_NAMES = (
    *("辺邊邉", "斎斉齋齊", "沢澤", "浜濱濵", "高髙", "崎﨑嵜", "吉𠮷", "藤籐", "島嶋嶌", "広廣"),
    *("国國", "桜櫻", "竜龍", "滝瀧", "真眞", "恵惠", "徳德", "冨富", "穂穗", "豊豐"),
    *("隆隆", "橋槗𣘺", "柳栁", "曽曾", "渕淵渊", "関關", "館舘", "桑桒", "鉄鐵", "条條"),
    *("桧檜", "薮藪", "瀬瀨", "祐祐", "神神", "塚塚", "福福", "都都", "弥彌", "与與"),
    *("礼禮", "栄榮", "静靜", "園薗", "峰峯", "岳嶽", "円圓", "応應", "学學", "県縣"),
    *("実實", "寿壽", "将將", "条條", "総總", "蔵藏", "体體", "鶏鷄", "黒黑", "亀龜"),
    *("来來", "頼賴", "緑綠", "郎郞", "朗朗"),
)


@pytest.mark.parametrize("variants", ALIKE_NAMES)
def test_variants_of_kanji_are_alike(variants: str) -> None:
    assert len({fold_name(f"{variant}田") for variant in variants}) == 1


@pytest.mark.parametrize(
    "pair", ["埼崎", "末未", "土士", "己巳", "大太", "辺边"[0] + "込", "渡度", "阪坂", "畑畠"]
)
def test_other_kanji_are_not(pair: str) -> None:
    assert fold_name(pair[0]) != fold_name(pair[1])


def test_each_family_has_one_form() -> None:
    for family in FAMILIES:
        assert len({base_form(member) for member in family}) == 1


def test_numerals_and_the_words_of_an_address_are_no_variants() -> None:
    for character in "〇一二三四五六七八九十百千丁目番地号":
        assert base_form(character) == character


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("山田\u3000花子", "山田 花子"),
        ("山田花子", "山田 花子"),
        ("渡邉󠄁", "渡辺"),
        ("SMITH JOHN", "ｓｍｉｔｈ　Ｊｏｈｎ"),
        ("O'BRIEN-LEE", "obrien lee"),
        ("佐々木", "佐佐木"),
        ("山田 みづほ", "山田 ミズホ"),
        ("ｻｸﾗ", "さくら"),
        ("キョウコ", "きようこ"),
        ("JOSÉ", "JOSE"),
        ("{J+AD01}野", "{J+AD01} 野"),
    ],
)
def test_names_that_are_alike(one: str, other: str) -> None:
    assert fold_name(one) == fold_name(other)


@pytest.mark.parametrize(
    ("one", "other"), [("{J+AD01}野", "{J+AD02}野"), ("{J+AD01}野", "{{J+AD01}}野"), ("山田", "山本")]
)
def test_names_that_are_not(one: str, other: str) -> None:
    assert fold_name(one) != fold_name(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ヂ", "ジ"),
        ("ヅ", "ズ"),
        ("ワタナベ", "ハタナヘ"),
        ("ヴァ", "バ"),
        ("ヴ", "ブ"),
        ("ヴェラ", "ベラ"),
        ("ヷ", "バ"),
        ("ヲ", "オ"),
        ("ヒ", "ピ"),
        ("ガ", "カ"),
        ("パ", "ハ"),
        ("ハットリ", "ハツトリ"),
        ("キャ", "キヤ"),
        ("サトー", "サト"),
        ("コウダ", "コオダ"),
        ("シンイチロウ", "シンイチロオ"),
        ("ショウ", "シヨオ"),
        ("ヤマダ ハナコ", "ヤマダハナコ"),
        ("アン・リー", "アンリ"),
    ],
)
def test_readings_that_are_alike(one: str, other: str) -> None:
    assert fold_kana(one) == fold_kana(other)


def test_u_is_long_only_behind_the_row_of_o() -> None:
    assert fold_kana("ウエダ") == "ウエタ"
    assert fold_kana("フウマ") == "フウマ"
    assert fold_kana("コウウン") == "コオオン"


def test_ji_is_alike_to_both_of_its_neighbours_and_they_are_not_to_each_other() -> None:
    def alike(one: str, other: str) -> bool:
        return bool(set(kana_keys(one)) & set(kana_keys(other)))

    assert alike("ヂ", "ジ")
    assert alike("ヂ", "チ")
    assert not alike("チ", "ジ")
    assert alike("ツヅキ", "ツズキ")
    assert alike("ツヅキ", "ツツキ")
    assert not alike("ツヅキ", "スズキ")
    assert kana_keys("ツヅキ")[0] == fold_kana("ツヅキ")
    assert len(kana_keys("ヅ" * 3)) == 8
    assert len(kana_keys("ヅ" * 100)) == 2


@pytest.mark.parametrize(
    "written",
    [
        "九段南一丁目2番地の1号",
        "九段南１丁目２番１号",
        "九段南１－２－１",
        "九段南1-2-1",
        "九段南1ー2ー1",
        "九段南一ノ二ノ一",
        "九段南 1丁目2 の 1",
        "九段南1の2の1",
    ],
)
def test_ways_to_write_an_address(written: str) -> None:
    assert fold_address(written) == "9-段南1-2-1-"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("霞ヶ関", "霞が関"),
        ("霞ヶ関", "霞ケ関"),
        ("二十三番地", "23"),
        ("二三番地", "23"),
        ("千百二十三番地の四", "1123-4"),
        ("一〇一号室", "101"),
        ("澁谷区", "渋谷区"),
        ("港区六本木6-10-1 コーポ山田 101号室", "港区六本木六丁目十番一号コーポ山田101"),
        ("堺市堺区一条通1丁2番", "堺市堺区一条通1-2"),
    ],
)
def test_addresses_that_are_alike(one: str, other: str) -> None:
    assert fold_address(one) == fold_address(other)


@pytest.mark.parametrize(("one", "other"), [("1番11号", "11番1号"), ("1-1", "11"), ("三番町", "二番町")])
def test_addresses_that_are_not(one: str, other: str) -> None:
    assert fold_address(one) != fold_address(other)


def test_the_beginning_of_an_address_ends_on_whole_numbers() -> None:
    whole = fold_address("九段南12丁目3番")
    assert whole.startswith(fold_address("九段南12丁目"))
    assert not whole.startswith(fold_address("九段南1"))


def test_a_name_of_punctuation_has_an_empty_key() -> None:
    assert fold_name("・") == ""


def test_a_change_of_the_rules_or_of_the_table_is_a_new_version() -> None:
    """Keys are stored. When this fails with good reason, raise FOLDING and write the new digest here."""
    folded = hashlib.sha256()
    for first, last in (
        *((0x20, 0x24F), (0x3041, 0x30FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFC), (0xF900, 0xFA6D)),
        *((0xFF01, 0xFF9F), (0x20000, 0x2A6DD), (0x2A700, 0x2EBE0), (0x2F800, 0x2FA1D), (0x30000, 0x3134A)),
    ):
        for code in range(first, last + 1):
            if refusal(chr(code)) is None:
                folded.update(f"{fold_name(chr(code))}|{fold_address(chr(code))}|".encode())
    assert (FOLDING, folded.hexdigest()) == (
        1,
        "513e55b6c940cbe3b516cb1c2cdb67edf35e3ef48fe7fda22d44dc78f63e3716",
    )
