"""Who may see, enter and approve figures."""

from __future__ import annotations

from django.db.models import Q

from actors.access import ADMINISTRATOR, own_organization
from ecosystems.access import Duty, duty_forums, forum_duty, forum_member, in_forums, public_rows
from foundation.access import NOBODY, Actor, Ground, declare
from kpis.models import (
    Contribution,
    Evidence,
    Indicator,
    InputRequest,
    Measurement,
    Scorecard,
    Submission,
    WorkbookImport,
)

REVIEW = (Duty.SECRETARIAT, Duty.MUNICIPAL_REVIEWER, Duty.UNIVERSITY_REVIEWER)
APPROVE = (Duty.MUNICIPAL_REVIEWER, Duty.UNIVERSITY_REVIEWER)


def participant(path: str) -> Ground:
    """The organisations that take part in the scorecard, by a subquery; `path` leads to the scorecard's id."""

    def condition(actor: Actor) -> Q:
        if not actor.organization_id:
            return NOBODY
        cards = Scorecard.participants.through.objects.filter(organization_id=actor.organization_id)
        return Q(**{f"{path}__in": cards.values("scorecard_id")})

    return Ground("参加者", condition)


def kept_by_own_organization(prefix: str = "") -> Ground:
    """The indicator's keeper (所管課) is a post of the organisation acted for."""
    return own_organization(f"{prefix}post__organization_id")


declare(
    "kpis.view_scorecard",
    Scorecard,
    "KPI一覧を見る",
    [
        public_rows(),
        forum_member("forum_id"),
        participant("pk"),
        forum_duty("forum_id", *REVIEW),
        ADMINISTRATOR,
    ],
)
declare(
    "kpis.enter_scorecard",
    Scorecard,
    "実績値を入力・提出する",
    [
        own_organization("post__organization_id"),
        participant("pk"),
        forum_duty("forum_id", Duty.SECRETARIAT),
    ],
)


declare(
    "kpis.change_scorecard",
    Scorecard,
    "KPIを登録する",
    [
        own_organization("post__organization_id"),
        forum_duty("forum_id", Duty.SECRETARIAT),
        ADMINISTRATOR,
    ],
)


def _inherits(prefix: str) -> tuple[Ground, ...]:
    """Whoever sees the scorecard by right of part or duty sees its indicators, whatever their own visibility."""
    return (
        participant(f"{prefix}scorecard_id"),
        forum_duty(f"{prefix}scorecard__forum_id", *REVIEW),
        kept_by_own_organization(prefix),
        ADMINISTRATOR,
    )


def _open_to_all(prefix: str) -> Ground:
    both = Q(**{f"{prefix}visibility": "public", f"{prefix}scorecard__visibility": "public"})
    return Ground("だれでも（公開のもの）", lambda actor: both)


def _open_to_members(prefix: str) -> Ground:
    def condition(actor: Actor) -> Q:
        rows = forum_member(f"{prefix}scorecard__forum_id", f"{prefix}visibility").condition(actor)
        return (
            rows
            if rows is NOBODY
            else rows & Q(**{f"{prefix}scorecard__visibility__in": ("public", "members")})
        )

    return Ground("場の構成員・オブザーバー", condition)


declare(
    "kpis.view_indicator",
    Indicator,
    "KPIを見る",
    [_open_to_all(""), _open_to_members(""), *_inherits("")],
)


def _kept_by_nobody() -> Ground:
    """Where no keeper is named yet, whoever takes part may enter."""

    def condition(actor: Actor) -> Q:
        rows = participant("scorecard_id").condition(actor)
        return rows if rows is NOBODY else rows & Q(post__isnull=True)

    return Ground("参加者（所管課が決まっていないKPI）", condition)


declare(
    "kpis.view_provisional_scorecard",
    Scorecard,
    "KPI一覧で承認前を含む値を見る",
    [
        forum_member("forum_id", None),
        participant("pk"),
        forum_duty("forum_id", *REVIEW),
        own_organization("post__organization_id"),
        ADMINISTRATOR,
    ],
)
declare(
    "kpis.view_provisional_indicator",
    Indicator,
    "KPIで承認前を含む値を見る",
    [
        forum_member("scorecard__forum_id", None),
        participant("scorecard_id"),
        forum_duty("scorecard__forum_id", *REVIEW),
        own_organization("scorecard__post__organization_id"),
        kept_by_own_organization(),
        ADMINISTRATOR,
    ],
)
declare(
    "kpis.enter_indicator",
    Indicator,
    "KPIの実績値を入力する",
    [
        kept_by_own_organization(),
        _kept_by_nobody(),
        forum_duty("scorecard__forum_id", Duty.SECRETARIAT),
    ],
)
declare(
    "kpis.change_indicator",
    Indicator,
    "KPIシート・目標値を変える",
    [forum_duty("scorecard__forum_id", Duty.SECRETARIAT), ADMINISTRATOR],
)
declare(
    "kpis.accept_contribution",
    Contribution,
    "KPIのつながりを承認する",
    [
        own_organization("parent__post__organization_id"),
        forum_duty("parent__scorecard__forum_id", Duty.SECRETARIAT),
    ],
)
declare(
    "kpis.view_contribution",
    Contribution,
    "KPIのつながりを見る",
    [
        forum_member("parent__scorecard__forum_id", None),
        own_organization("child__post__organization_id"),
        ADMINISTRATOR,
    ],
)


# --- submissions and measurements ---------------------------------------------------------------------------------


def own_submission(prefix: str = "") -> Ground:
    return own_organization(f"{prefix}organization_id")


def _submitted_to_reviewers(prefix: str = "") -> Ground:
    """Drafts belong to those who write them; reviewers see what was submitted."""

    def condition(actor: Actor) -> Q:
        rows = in_forums(f"{prefix}scorecard__forum_id", duty_forums(actor, *REVIEW))
        return rows if rows is NOBODY else rows & Q(**{f"{prefix}state": Submission.State.SUBMITTED})

    return Ground("事務局・確認者（提出されたもの）", condition)


declare(
    "kpis.view_submission",
    Submission,
    "実績値の提出を見る",
    [own_submission(), _submitted_to_reviewers(), ADMINISTRATOR],
)
declare("kpis.change_submission", Submission, "下書きを変更・提出する", [own_submission()])


declare("kpis.view_inputrequest", InputRequest, "入力依頼を見る", [own_submission(), ADMINISTRATOR])
declare("kpis.change_inputrequest", InputRequest, "入力依頼を取り下げる", [own_submission()])
declare("kpis.view_workbookimport", WorkbookImport, "ブックの取込みを見る", [own_submission()])
declare("kpis.change_workbookimport", WorkbookImport, "ブックを取り込む・取りやめる", [own_submission()])


def _entered_by_self(actor: Actor) -> Q:
    """One's own figures: reported by the same person, or for a post that the person holds."""
    return Q(reporter_id=actor.user_id) | Q(post_id__in=actor.all_post_ids)


def _same_organization_refused(actor: Actor) -> Q:
    """Figures of the approver's own organisation, in forums that do not allow that."""
    return Q(
        organization_id=actor.organization_id,
        indicator__scorecard__forum__allows_same_organization_approval=False,
    )


OWN = Ground("自分が報告した実績値", _entered_by_self)
SAME_ORGANIZATION = Ground("同じ機関の実績値（場の設定で認めていない場合）", _same_organization_refused)

REPORTERS = Ground("報告した人とその担当ポスト", _entered_by_self)


def _single_figures(prefix: str) -> tuple[Ground, ...]:
    """Whoever takes part sees each figure behind an indicator, with who reported and approved it."""
    return (_open_to_members(prefix), *_inherits(prefix))


declare("kpis.view_figures_indicator", Indicator, "KPIの実績値の一件ずつを見る", _single_figures(""))
declare(
    "kpis.view_measurement",
    Measurement,
    "実績値の一件を見る",
    [*_single_figures("indicator__"), own_submission()],
)
declare(
    "kpis.approve_measurement",
    Measurement,
    "実績値を承認する",
    [forum_duty("indicator__scorecard__forum_id", *APPROVE)],
    exceptions=[OWN, SAME_ORGANIZATION],
)
declare(
    "kpis.return_measurement",
    Measurement,
    "実績値を差し戻す",
    [forum_duty("indicator__scorecard__forum_id", *APPROVE)],
    exceptions=[OWN],
)
declare(
    "kpis.withdraw_measurement",
    Measurement,
    "実績値を取り下げる",
    [REPORTERS, forum_duty("indicator__scorecard__forum_id", Duty.SECRETARIAT)],
)


def _submitted_to_members(prefix: str) -> Ground:
    """Members of the forum see what stands behind figures they see, once it was submitted."""

    def condition(actor: Actor) -> Q:
        rows = forum_member(f"{prefix}scorecard__forum_id", f"{prefix}scorecard__visibility").condition(actor)
        return rows if rows is NOBODY else rows & Q(**{f"{prefix}state": Submission.State.SUBMITTED})

    return Ground("場の構成員・オブザーバー（提出されたもの）", condition)


declare(
    "kpis.view_evidence",
    Evidence,
    "根拠資料を見る",
    [
        own_submission("submission__"),
        _submitted_to_reviewers("submission__"),
        _submitted_to_members("submission__"),
        ADMINISTRATOR,
    ],
)


def reviews_somewhere(actor: Actor) -> bool:
    """Whether the actor approves figures in any forum; decides whether the menu shows 確認待ち."""
    return bool(duty_forums(actor, *APPROVE))
