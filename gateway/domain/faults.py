"""The faults that an operation itself answers with, by stable code: one table for flows and contract."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.errors import OperationFault


@dataclass(frozen=True, slots=True)
class OperationFaultKind:
    """One row: code, texts, and whether a retry may be worked anew (``temporary``)."""

    code: str
    en: str
    ja: str
    temporary: bool


OPERATION_FAULTS: dict[str, OperationFaultKind] = {
    kind.code: kind
    for kind in (
        OperationFaultKind(
            "CounterpartUnavailable",
            "The system that has to be asked cannot be reached.",
            "照会先のシステムに接続できません。",
            True,
        ),
        OperationFaultKind(
            "CounterpartTimeout",
            "The system that has to be asked did not answer in time.",
            "照会先のシステムから時間内に応答がありません。",
            True,
        ),
        OperationFaultKind(
            "CounterpartAnswerInvalid",
            "The answer of the system that was asked cannot be trusted and was discarded.",
            "照会先の応答を信頼できないため破棄しました。",
            True,
        ),
        OperationFaultKind(
            "CounterpartRefused",
            "The system that was asked refused the question.",
            "照会先のシステムが要求を拒否しました。",
            True,
        ),
        OperationFaultKind(
            "TooManyQuestions",
            "Too many questions were asked in vain; ask again later.",
            "該当しない照会が多すぎます。時間をおいて再度送信してください。",
            True,
        ),
        OperationFaultKind(
            "Busy",
            "Too many requests are being worked on; ask again later.",
            "処理中の要求が多すぎます。時間をおいて再度送信してください。",
            True,
        ),
        OperationFaultKind(
            "ChangeOutOfTurn",
            "A change of this person is missing before this one, or its number was used for another.",
            "更新順番号に欠番があるか、別の異動で使用済みです。",
            False,
        ),
        OperationFaultKind(
            "ChangeRefused",
            "The change does not fit what is on record of the person.",
            "異動の内容が記録されている本人確認情報と整合しません。",
            False,
        ),
        OperationFaultKind(
            "AddresseeRefused",
            "An addressee is not as it must be, or its number was used for another.",
            "送付先情報の内容が整合しないか、送付先管理番号が別の送付先情報で使用済みです。",
            False,
        ),
        OperationFaultKind(
            "IssueRefused",
            "The reference was used for another request.",
            "この要求番号は別の要求で使用済みです。",
            False,
        ),
        OperationFaultKind(
            "ConsistencyRefused",
            "The consistency check is not one that was opened between these two systems.",
            "この相手方との間で開始された整合性確認ではありません。",
            False,
        ),
    )
}


def operation_fault(code: str) -> OperationFault:
    """The fault to raise for a code of the table; KeyError for any other, which is a bug."""
    kind = OPERATION_FAULTS[code]
    return OperationFault(kind.code, kind.en, kind.ja, temporary=kind.temporary)
