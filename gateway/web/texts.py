"""Words of the page that belong to no single flow: steps of the message profile, roles, outcomes, timings."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from gateway.web.model import Text

STEPS: Final = MappingProxyType(
    {
        2: Text(
            "解析:XML 1.0・UTF-8、DOCTYPE等なし、上限内",
            "Parse: XML 1.0 in UTF-8, no DOCTYPE, within limits",
        ),
        3: Text(
            "形:HeaderとBodyが一つずつ、Bodyの子も一つ",
            "Shape: one Header, one Body, one element in it",
        ),
        4: Text(
            "Securityヘッダーの内容が厳密に一致",
            "The Security header's content, exactly",
        ),
        5: Text(
            "アルゴリズムと鍵が許可リストにある",
            "Algorithms and key are on the allow-list",
        ),
        6: Text(
            "署名の参照先が正しい位置にあり、必須の部分をすべて覆う",
            "References cover all that they must, in its place",
        ),
        7: Text(
            "証明書:信頼点までの経路・有効期間・用途・失効",
            "Certificate: path, validity, usage, revocation",
        ),
        8: Text(
            "ダイジェスト値と署名値が一致",
            "Digests and signature value match",
        ),
        9: Text(
            "Timestampが現在有効",
            "The Timestamp is valid now",
        ),
        10: Text(
            "WS-Addressingが通信・Bodyと一致",
            "WS-Addressing agrees with transport and Body",
        ),
    }
)
"""Steps 2 to 10 of the message profile, in few words."""

ROLES: Final = MappingProxyType(
    {
        "municipal_cs": Text("市町村CS", "Municipal CS"),
        "national_server": Text("全国サーバ", "National server"),
        "prefectural_server": Text("都道府県サーバ", "Prefectural server"),
        "jlis": Text("機構", "J-LIS"),
        "card_management_system": Text("個人番号カード管理システム", "Card management system"),
        "integrated_terminal": Text("統合端末", "Integrated terminal"),
        "resident_record_system": Text("既存住基システム", "Resident record system"),
        "addressee_terminal": Text("統合宛名管理端末", "Addressee terminal"),
        "number_use_system": Text("マイナンバー利用業務システム", "Number-use system"),
        "resident": Text("住民", "Resident"),
        "operator": Text("操作者", "Operator"),
    }
)
"""Who takes part, by role."""

OUTCOMES: Final = MappingProxyType(
    {
        "done": Text("完了", "done"),
        "failed": Text("失敗", "failed"),
        "received": Text("受付", "received"),
        "accepted": Text("受理", "accepted"),
        "delivered": Text("送信済み", "delivered"),
        "answered": Text("応答あり", "answered"),
        "refused": Text("拒否", "refused"),
        "match": Text("一致", "match"),
        "mismatch": Text("不一致", "mismatch"),
        "no_record": Text("該当なし", "no record"),
        "several_records": Text("複数該当", "several records"),
        "card_lapsed": Text("カード失効", "card lapsed"),
        "card_suspended": Text("カード一時停止", "card suspended"),
        "found": Text("該当あり", "found"),
        "found here, in the prefecture and in the nation": Text(
            "自市町村・都道府県・全国のそれぞれで該当あり", "found here, in the prefecture and in the nation"
        ),
        "too_many": Text("該当多数", "too many"),
        "passed": Text("合格", "passed"),
        "not-reached": Text("未到達", "not reached"),
    }
)
"""Outcomes of flows, steps and checks; one that is not here is shown as its code."""

TIMINGS: Final = MappingProxyType(
    {
        "round_trip": Text("往復(送信側)", "Round trip, as the sender saw it"),
        "verify": Text("受信側:検証(手順1~11)", "Receiver: verification, steps 1 to 11"),
        "guard": Text("受信側:重複確認(手順12)", "Receiver: duplicate guard, step 12"),
        "flow": Text("受信側:業務処理", "Receiver: the use case"),
        "sign": Text("受信側:応答の署名", "Receiver: signing the answer"),
        "commit": Text("受信側:確定", "Receiver: commit"),
        "total": Text("受信側:合計", "Receiver: total"),
    }
)
"""Parts of the time that a message took."""


def outcome_words(code: str) -> Text | str:
    """The words of an outcome, or its code where there are none."""
    return OUTCOMES.get(code, code)


def role_words(role: str) -> Text | str:
    """The words of a role, or the role itself where there are none."""
    return ROLES.get(role, role)
