"""Who may see rounds and reports, write, submit, review and compile them."""

from __future__ import annotations

from django.db.models import Q

from actors.access import ADMINISTRATOR, own_organization
from ecosystems.access import Duty, duty_forums, forum_duty, in_forums, member_forums
from ecosystems.models import Forum
from foundation.access import NOBODY, Actor, Ground, any_of, declare
from projects.reporting.models import (
    CompiledReport,
    ProgressReport,
    ReportEvidence,
    ReportingRound,
    ReportReview,
    ReportVersion,
    ReviewNote,
)
from projects.research.models import Participation

REVIEW = (Duty.SECRETARIAT, Duty.MUNICIPAL_REVIEWER, Duty.UNIVERSITY_REVIEWER)


def takes_part(path: str) -> Ground:
    """The lead and the partners of the project that `path` leads to."""

    def condition(actor: Actor) -> Q:
        if not actor.organization_id:
            return NOBODY
        joined = Participation.objects.filter(organization_id=actor.organization_id)
        return Q(**{f"{path}__lead_id": actor.organization_id}) | Q(
            **{f"{path}_id__in": joined.values("project_id")}
        )

    return Ground("代表機関・参加機関", condition)


def _named_reviewer(prefix: str) -> Ground:
    """The post that the round names for one of the report's reviews."""

    def condition(actor: Actor) -> Q:
        if not actor.post_ids:
            return NOBODY
        reviews = ReportReview.objects.filter(reviewer_post_id__in=actor.post_ids)
        return Q(**{f"{prefix}in": reviews.values("report_id")})

    return Ground("この報告の確認者", condition)


def _approved_to_members(prefix: str) -> Ground:
    """Members read what was approved, of projects that are open to them."""

    def condition(actor: Actor) -> Q:
        rows = in_forums(f"{prefix}round__forum_id", member_forums(actor))
        if rows is NOBODY:
            return rows
        return rows & Q(
            **{
                f"{prefix}state": ProgressReport.State.APPROVED,
                f"{prefix}project__visibility__in": ("public", "members"),
            }
        )

    return Ground("場の構成員・オブザーバー（承認済みの報告）", condition)


# --- rounds ----------------------------------------------------------------------------------------------------------


def _announced(actor: Actor) -> Q:
    rows = in_forums("forum_id", member_forums(actor))
    return rows if rows is NOBODY else rows & ~Q(state=ReportingRound.State.PREPARING)


def _asked(actor: Actor) -> Q:
    """Organisations that take part in a project that was asked, members of the forum or not."""
    own = takes_part("project").condition(actor)
    if own is NOBODY:
        return NOBODY
    reports = ProgressReport.objects.filter(own)
    return Q(pk__in=reports.values("round_id")) & ~Q(state=ReportingRound.State.PREPARING)


declare(
    "projects.open_round_forum",
    Forum,
    "報告を依頼する",
    [forum_duty("pk", Duty.SECRETARIAT), ADMINISTRATOR],
)
declare(
    "projects.view_reportinground",
    ReportingRound,
    "報告依頼を見る",
    [
        Ground("場の構成員・オブザーバー（依頼済み）", _announced),
        Ground("報告を求められた機関（依頼済み）", _asked),
        forum_duty("forum_id", *REVIEW),
        ADMINISTRATOR,
    ],
)
declare(
    "projects.change_reportinground",
    ReportingRound,
    "報告依頼を変更・開始・終了し、督促する",
    [forum_duty("forum_id", Duty.SECRETARIAT), ADMINISTRATOR],
)
declare(
    "projects.board_reportinground",
    ReportingRound,
    "提出状況を一件ずつ見る",
    [forum_duty("forum_id", *REVIEW), ADMINISTRATOR],
)

# --- reports ---------------------------------------------------------------------------------------------------------


def _readers(prefix: str, key: str) -> list[Ground]:
    return [
        takes_part(f"{prefix}project"),
        _named_reviewer(key),
        forum_duty(f"{prefix}round__forum_id", *REVIEW),
        _approved_to_members(prefix),
        ADMINISTRATOR,
    ]


declare("projects.view_progressreport", ProgressReport, "進捗報告を見る", _readers("", "pk__"))
declare(
    "projects.read_unapproved_progressreport",
    ProgressReport,
    "承認前の進捗報告の内容を読む",
    [
        takes_part("project"),
        _named_reviewer("pk__"),
        forum_duty("round__forum_id", *REVIEW),
        ADMINISTRATOR,
    ],
)
declare(
    "projects.draft_progressreport",
    ProgressReport,
    "進捗報告の下書きを読み書きする",
    [takes_part("project")],
)
declare(
    "projects.submit_progressreport",
    ProgressReport,
    "進捗報告を提出する",
    [own_organization("project__lead_id")],
)
declare(
    "projects.manage_progressreport",
    ProgressReport,
    "報告対象外とする・確認者を変える・再開する",
    [forum_duty("round__forum_id", Duty.SECRETARIAT), ADMINISTRATOR],
)


def _joined_project(actor: Actor) -> Q:
    """Partners answer for themselves; the lead answers with the report."""
    rows = takes_part("project").condition(actor)
    return rows if rows is NOBODY else rows & ~Q(project__lead_id=actor.organization_id)


declare(
    "projects.answer_alignment_progressreport",
    ProgressReport,
    "参加機関として四つの問いに答える",
    [Ground("参加機関（代表機関を除く）", _joined_project)],
)
for _model, _label in (
    (ReportReview, "報告の確認"),
    (ReviewNote, "報告への指摘"),
    (ReportVersion, "提出した報告の版"),
):
    declare(
        f"projects.view_{_model._meta.model_name}",
        _model,
        f"{_label}を見る",
        _readers("report__", "report_id__"),
    )


def _evidence_of_submitted(actor: Actor) -> Q:
    rows = any_of(ground.condition(actor) for ground in _readers("report__", "report_id__"))
    return rows if rows is NOBODY else Q(was_submitted=True) & rows


declare(
    "projects.view_reportevidence",
    ReportEvidence,
    "報告の資料を見る",
    [
        takes_part("report__project"),
        Ground("報告を見られる人（提出されたもの）", _evidence_of_submitted),
    ],
)

# --- reviews ---------------------------------------------------------------------------------------------------------


def _holds_the_post(actor: Actor) -> Q:
    return Q(reviewer_post_id__in=actor.post_ids) if actor.post_ids else NOBODY


def _own_report(actor: Actor) -> Q:
    """Reports that the same person submitted, or that a post of theirs answers for."""
    return Q(report__submitted_by_id=actor.user_id) | Q(report__post_id__in=actor.all_post_ids)


declare(
    "projects.decide_reportreview",
    ReportReview,
    "報告を確認する・差し戻す",
    [Ground("この報告の確認者", _holds_the_post)],
    exceptions=[Ground("自分が提出した報告・自分の担当の報告", _own_report)],
)

# --- compiled --------------------------------------------------------------------------------------------------------


def _published(actor: Actor) -> Q:
    rows = in_forums("round__forum_id", member_forums(actor))
    return rows if rows is NOBODY else rows & Q(state=CompiledReport.State.PUBLISHED)


declare(
    "projects.view_compiledreport",
    CompiledReport,
    "とりまとめ報告を見る",
    [
        Ground("場の構成員・オブザーバー（公開したもの）", _published),
        forum_duty("round__forum_id", *REVIEW),
        ADMINISTRATOR,
    ],
)
declare(
    "projects.compile_reportinground",
    ReportingRound,
    "報告をとりまとめる",
    [forum_duty("forum_id", Duty.SECRETARIAT)],
)
declare(
    "projects.publish_compiledreport",
    CompiledReport,
    "とりまとめ報告を公開する",
    [forum_duty("round__forum_id", Duty.SECRETARIAT)],
)


def reviews_reports(actor: Actor) -> bool:
    """Whether the actor could be a named reviewer at all; decides whether the menu shows the queue."""
    return bool(duty_forums(actor, Duty.MUNICIPAL_REVIEWER, Duty.UNIVERSITY_REVIEWER))
