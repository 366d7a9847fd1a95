"""The words of ``explain``: its labels in both languages, and how it writes an instant."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Literal

from gateway.web.model import Text

Language = Literal["en", "ja"]
NOT_JUDGED = "not-judged"
LABELS = {  # (English, Japanese)
    "reference": ("Reference", "参照番号"),
    "file": ("File", "ファイル"),
    "outcome": ("Outcome", "処理結果"),
    "step": ("Step", "手順"),
    "rule": ("Rule", "規則"),
    "reason": ("Reason", "理由"),
    "fault": ("Fault", "フォールト"),
    "temporary": ("A retry is worked anew", "再送時に再処理"),
    "found": ("Found", "検出内容"),
    "wanted": ("Wanted", "期待内容"),
    "where": ("Where", "箇所"),
    "error": ("Error", "エラー"),
    "place": ("Place in the code", "コード上の箇所"),
    "peer": ("Peer", "相手方"),
    "service": ("Service", "サービス"),
    "operation": ("Operation", "操作"),
    "message_id": ("MessageID", "MessageID"),
    "digest": ("SHA-256", "SHA-256"),
    "size": ("Bytes", "バイト数"),
    "refused_at": ("Refused at", "拒否日時"),
    "answered_at": ("Answered at", "応答日時"),
    "milliseconds": ("Milliseconds", "所要時間(ミリ秒)"),
    "created": ("Created", "Created"),
    "expires": ("Expires", "Expires"),
    "created_to_refused_seconds": ("Created to refusal, s", "Createdから拒否まで(秒)"),
    "clock_offset_seconds": ("Clock offset, s", "時計のずれ(秒)"),
    "now": ("Now", "現在日時"),
}
TABLES = {
    "chain": ("Certificate chain", "証明書チェーン"),
    "asked": ("Asked of others", "照会先とのやりとり"),
}


STEP_OUTCOMES = {
    "passed": ("passed", "適合"),
    "refused": ("REFUSED", "拒否"),
    "not-reached": ("not reached", "未到達"),
    NOT_JUDGED: ("not judged", "判定外"),
}
OTHER_STEPS = {
    1: Text("HTTP:POST、text/xml、utf-8、上限内", "HTTP: POST, text/xml, utf-8, within its size"),
    11: Text("署名者が登録された相手方で、操作を許可されている", "The signer is registered and may say this"),
    12: Text("重複ではない", "Not received before"),
    13: Text("契約:スキーマと値", "Contract: schema and values"),
}
"""The steps that the bytes of a message alone do not decide."""
WORDS = {
    "steps": ("Steps of the profile", "プロファイルの手順"),
    "references": ("Signed parts", "署名対象"),
    "causes": ("Likely cause", "推定される原因"),
    "proved": ("proved: undoing it gives the sender's value", "確定(元に戻すと送信側の値と一致)"),
    "likely": ("likely", "推定"),
    "mend": ("What to change", "対処"),
    "element": ("Element", "要素"),
    "in_message": ("Digest in the message", "メッセージ中のダイジェスト値"),
    "computed": ("Computed", "計算値"),
    "holds": ("Equal", "一致"),
    "yes": ("yes", "一致"),
    "no": ("NO", "不一致"),
    "signed_info": ("Canonical SignedInfo", "正規化SignedInfo"),
    "canonical": ("Canonical bytes of", "正規化バイト列:"),
    "accepted": (
        "These bytes pass steps 2 to 10 of the profile; HTTP headers are not among them.",
        "このバイト列はプロファイルの手順2から10に適合します(HTTPヘッダーは含みません)。",
    ),
}


def language_here() -> Language:
    """The locale's language, where it is one of ours."""
    named = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "ja" if named.startswith("ja") else "en"


def instant(value: datetime | None) -> str | None:
    """UTC, ISO 8601, with milliseconds."""
    return None if value is None else value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
