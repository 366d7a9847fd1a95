"""異動事由: why an identity record was made, changed or struck (住民基本台帳法施行規則11条).

The list is the regulation's; the codes are our own (the real ones are not public).
"""

from __future__ import annotations

from enum import Enum

from gateway.domain.codes import Coded


class ChangeGroup(Enum):
    """The four groups of 住民基本台帳法施行令30条の5."""

    ENTRY = "entry"  # 記載
    REMOVAL = "removal"  # 消除
    CORRECTION = "correction"  # 修正
    CODE = "code"  # 住民票コードの修正


class ChangeReason(Coded):
    """The eleven reasons; ``group`` is the one that the law puts it in."""

    MOVE_IN = ("move_in", "転入等", "Move-in and the like")
    BIRTH = ("birth", "出生", "Birth")
    OFFICIAL_ENTRY = ("official_entry", "職権記載等", "Entry by the mayor's authority and the like")
    MOVE_OUT = ("move_out", "転出", "Move-out")
    DEATH = ("death", "死亡", "Death")
    OFFICIAL_REMOVAL = ("official_removal", "職権消除等", "Removal by the mayor's authority and the like")
    MOVE_WITHIN = ("move_within", "転居", "Move within the municipality")
    MINOR_CORRECTION = ("minor_correction", "軽微な修正", "Minor correction")
    OFFICIAL_CORRECTION = (
        "official_correction",
        "職権修正等",
        "Correction by the mayor's authority and the like",
    )
    CODE_CHANGE_ASKED = (
        "code_change_asked",
        "住民票コードの記載の変更請求",
        "Change of the 住民票コード that the person asked for",
    )
    CODE_CHANGE_OFFICIAL = (
        "code_change_official",
        "住民票コードの職権記載等",
        "Entry or change of the 住民票コード by the mayor's authority",
    )

    @property
    def group(self) -> ChangeGroup:
        """記載, 消除, 修正 or 住民票コードの修正."""
        return _GROUPS[self]


_GROUPS = {
    ChangeReason.MOVE_IN: ChangeGroup.ENTRY,
    ChangeReason.BIRTH: ChangeGroup.ENTRY,
    ChangeReason.OFFICIAL_ENTRY: ChangeGroup.ENTRY,
    ChangeReason.MOVE_OUT: ChangeGroup.REMOVAL,
    ChangeReason.DEATH: ChangeGroup.REMOVAL,
    ChangeReason.OFFICIAL_REMOVAL: ChangeGroup.REMOVAL,
    ChangeReason.MOVE_WITHIN: ChangeGroup.CORRECTION,
    ChangeReason.MINOR_CORRECTION: ChangeGroup.CORRECTION,
    ChangeReason.OFFICIAL_CORRECTION: ChangeGroup.CORRECTION,
    ChangeReason.CODE_CHANGE_ASKED: ChangeGroup.CODE,
    ChangeReason.CODE_CHANGE_OFFICIAL: ChangeGroup.CODE,
}
