"""From the words of the sample's tables to the portal's own choices. An unknown word stops the load (KeyError)."""

from __future__ import annotations

from typing import Any

from actors.models import Community, Organization, Post
from actors.models.owned import Signature
from ecosystems.models import AgendaItem, Decision, ForumDuty, Meeting, Membership
from ecosystems.models.forum import Visibility
from kpis.models import IndicatorSheet
from kpis.periods import Grain
from kpis.rules import Accrual, AttainmentRule, Direction, Missing, Nature, Scale, TimeRule, TreeRule, Value
from projects.models import (
    Correction,
    FundingAmount,
    FundingSource,
    Interest,
    Opportunity,
    ProgressReport,
    Project,
    Reminder,
    ReportingRound,
    ReportReview,
    TeamRole,
)


def by_label(choices: Any) -> dict[str, Any]:
    """The members of an enumeration by their Japanese label."""
    return {str(member.label): member for member in choices}


_K, _C = Organization.Kind, Organization.CompanyType

ORGANIZATION_KIND: dict[str, tuple[str, str]] = {
    "自治体（都道府県）": (_K.PREFECTURE, ""),
    "自治体（市）": (_K.MUNICIPALITY, ""),
    "自治体（町）": (_K.MUNICIPALITY, ""),
    "大学": (_K.UNIVERSITY, ""),
    "企業（中小・地域中核企業）": (_K.COMPANY, _C.CORE),
    "企業（中小）": (_K.COMPANY, _C.SMALL),
    "企業（大学発ベンチャー）": (_K.COMPANY, _C.UNIVERSITY_VENTURE),
    "企業（大企業）": (_K.COMPANY, _C.LARGE),
    "金融機関（信用金庫）": (_K.FINANCE, ""),
    "公設試": (_K.PUBLIC_RESEARCH, ""),
    "産業支援財団": (_K.SUPPORT_FOUNDATION, ""),
    "経済団体・協同組合": (_K.ECONOMIC_ASSOCIATION, ""),
    "住民団体": (_K.COMMUNITY, ""),
}
SECTOR: dict[str, Membership.Sector] = {
    _K.PREFECTURE: Membership.Sector.GOVERNMENT,
    _K.MUNICIPALITY: Membership.Sector.GOVERNMENT,
    _K.UNIVERSITY: Membership.Sector.ACADEMIA,
    _K.COMPANY: Membership.Sector.INDUSTRY,
    _K.FINANCE: Membership.Sector.FINANCE,
    _K.PUBLIC_RESEARCH: Membership.Sector.GOVERNMENT,
    _K.SUPPORT_FOUNDATION: Membership.Sector.GOVERNMENT,
    _K.ECONOMIC_ASSOCIATION: Membership.Sector.INDUSTRY,
    _K.COMMUNITY: Membership.Sector.CITIZENS,
}
LAYER = {"経営層": Post.Layer.TOP} | by_label(Post.Layer)
ROLE = by_label(Membership.Role)
DUTY = by_label(ForumDuty.Duty)
VISIBILITY = {
    "公開": Visibility.PUBLIC,
    "構成員": Visibility.MEMBERS,
    "参加者": Visibility.PARTICIPANTS,
}
STANCE = {
    "同意": Signature.Stance.AGREED,
    "条件付き同意": Signature.Stance.CONDITIONAL,
    "保留": Signature.Stance.PENDING,
    "不同意": Signature.Stance.DISAGREED,
    "未回答": Signature.Stance.UNANSWERED,
}
MEETING_STATE = by_label(Meeting.State)
MEETING_METHOD = by_label(Meeting.Method)
AGENDA_KIND = by_label(AgendaItem.Kind)
DECISION_STATE = by_label(Decision.State)
PROJECT_KIND = by_label(Project.Kind)
PROJECT_STATE = by_label(Project.State)
PROJECT_STAGE = {"": ""} | by_label(Project.Stage)
# The kind of contract; a plain 契約 is the one of the project's kind.
CONTRACT_KIND = {
    ("共同研究", "契約"): Project.ContractKind.JOINT_RESEARCH,
    ("実証", "契約"): Project.ContractKind.OTHER,
    ("人材育成", "協定"): Project.ContractKind.AGREEMENT,
}
DISCLOSURE = {"可": True, "否": False}
AMOUNT_DISCLOSURE = by_label(Project.AmountDisclosure)
_F = FundingSource.Kind
FUNDING_KIND = {"共同研究費": _F.COMPANY, "国": _F.NATIONAL, "補助金": _F.MUNICIPAL}
FUNDING_KIND_OF: dict[str, FundingSource.Kind] = {_K.MUNICIPALITY: _F.MUNICIPAL, _K.UNIVERSITY: _F.UNIVERSITY}
# What is asked for in a budget is planned until it is voted.
FUNDING_NATURE = {"予算要求中": FundingAmount.Nature.PLANNED} | by_label(FundingAmount.Nature)
TEAM_ROLE = by_label(TeamRole.Role)
TEAM_STATE = by_label(TeamRole.State)
CORRECTION_KIND = by_label(Correction.Kind)
OPPORTUNITY_KIND = by_label(Opportunity.Kind)
OPPORTUNITY_DIRECTION = by_label(Opportunity.Direction)
OPPORTUNITY_STATE = by_label(Opportunity.State)
INTEREST_STATE = by_label(Interest.State)
OUTCOME = by_label(Interest.Outcome)

SCALE = {"数": Scale.NUMBER, "金額": Scale.CURRENCY, "比率": Scale.RATIO, "段階": Scale.LEVEL}
DIRECTION = {"増やす": Direction.UP, "減らす": Direction.DOWN, "範囲内": Direction.KEEP}
ACCRUAL = {"期間の値": Accrual.FLOW, "期末の値": Accrual.STOCK}
GRAIN = by_label(Grain)
TIME_RULE = {"": ""} | by_label(TimeRule)
TREE_RULE = {"": ""} | by_label(TreeRule)
LEVEL = by_label(IndicatorSheet.Level)
VALUE = {
    "社会的": Value.SOCIAL,
    "産業的": Value.INDUSTRIAL,
    "経済的": Value.ECONOMIC,
    "人材育成": Value.HUMAN,
}
COMMUNITY_VALUE = {word: Community.Value(value) for word, value in VALUE.items()}
# 達成・未達のみ is what a level has under any rule.
ATTAINMENT_RULE = {
    "達成率": AttainmentRule.RATIO_TO_TARGET,
    "進捗率": AttainmentRule.PROGRESS_FROM_BASELINE,
    "範囲内": AttainmentRule.IN_RANGE,
    "達成・未達のみ": "",
}
NATURE = {"": Nature.FINAL} | by_label(Nature)
MISSING = {"欠測": Missing.NEVER, "対象外": Missing.NOT_APPLICABLE}

ROUND_KIND = by_label(ReportingRound.Kind)
ROUND_STATE = by_label(ReportingRound.State)
REPORT_STATE = by_label(ProgressReport.State)
REVIEW_STATE = {"": ReportReview.State.WAITING} | by_label(ReportReview.State)
REMINDER_STEP = by_label(Reminder.Step)
