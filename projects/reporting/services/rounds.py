"""Rounds: prepared, opened with a report for every project, and closed. The secretariat's part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from actors.models import Post
from ecosystems.models import Forum, ForumDuty
from foundation import audit, outbox
from foundation.access import Actor, require
from foundation.errors import DomainError, LostEdit, StateError
from kpis.bundles import Bundle
from kpis.bundles import register as register_bundle
from kpis.models import Scorecard
from kpis.periods import Period
from kpis.services import bundling
from projects.reporting.models import (
    ProgressReport,
    ReportAnswer,
    ReportEvent,
    ReportingRound,
    ReportReview,
    ReportTemplate,
    Side,
)
from projects.reporting.questions import STANDARD
from projects.reporting.services.trail import Kind, State, locked, moment, move
from projects.research.models import Project

Duty = ForumDuty.Duty
DUTY_OF = {Side.MUNICIPALITY: Duty.MUNICIPAL_REVIEWER, Side.UNIVERSITY: Duty.UNIVERSITY_REVIEWER}


def create_round(*, actor: Actor, forum: Forum, **fields: Any) -> ReportingRound:
    """A round being prepared; nobody but the secretariat sees it yet."""
    require(actor, "projects.open_round_forum", forum)
    with transaction.atomic():
        round_ = ReportingRound(forum=forum, **fields)
        check_whole(round_)
        round_.save()
        audit.record(
            actor,
            "projects.create_round",
            round_,
            after={"name": round_.name, "due_on": round_.due_on, "closes_on": round_.closes_on},
        )
        return round_


def current_template(forum: Forum) -> ReportTemplate:
    """The forum's form as it is asked now; the standard one where the forum has none of its own."""
    template, _created = ReportTemplate.objects.get_or_create(
        forum=forum,
        superseded_at=None,
        defaults={
            "questions": [
                {
                    "key": each.key,
                    "label": each.label,
                    "help": each.help,
                    "is_required": each.is_required,
                    "limit": each.limit,
                }
                for each in STANDARD
            ]
        },
    )
    return template


def projects_asked(forum: Forum, period: Period) -> QuerySet[Project]:
    """The projects whose time falls into the period, stopped and finished ones included as long as they ran in it."""
    running: QuerySet[Project] = Project.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=period.first_day),
        forum=forum,
        starts_on__lte=period.last_day,
    )
    return running.exclude(state=Project.State.PREPARING).order_by("code", "id")


def check_whole(round_: ReportingRound) -> None:
    """DomainError in the words of the constraint that the dates or the name break."""
    try:
        round_.validate_constraints()
    except ValidationError as error:
        raise DomainError("invalid", " ".join(error.messages)) from error


def change_round(*, actor: Actor, round_: ReportingRound, revision: int, **fields: Any) -> ReportingRound:
    """Change what is being prepared; once it is open, its dates alone move (`scheduling.postpone`)."""
    require(actor, "change", round_)
    with transaction.atomic():
        current = held(round_, revision)
        if current.state != ReportingRound.State.PREPARING:
            raise StateError("already_open", _("この報告依頼は、すでに始まっています。"))
        before = {name: getattr(current, name) for name in fields}
        for name, value in fields.items():
            setattr(current, name, value)
        current.revision += 1
        check_whole(current)
        current.save()
        audit.record(
            actor,
            "projects.change_round",
            current,
            before={name: str(value) for name, value in before.items()},
            after={name: str(value) for name, value in fields.items()},
        )
        return current


def held(round_: ReportingRound, revision: int | None = None) -> ReportingRound:
    """The round as it is now, held until the transaction ends; LostEdit where `revision` is no longer current."""
    rows = ReportingRound.objects.select_for_update(of=("self",)).select_related("forum")
    current: ReportingRound = rows.get(pk=round_.pk)
    if revision is not None and revision != current.revision:
        raise LostEdit(
            "lost_edit",
            _(
                "ページを開いたあとに、ほかの人がこの報告依頼を変えました。今の内容を確かめて、もう一度操作してください。"
            ),
        )
    return current


def ended_before(forum: Forum, period: Period) -> QuerySet[Project]:
    """Projects that ended before the period: not asked, but the secretariat may say so on the board."""
    rows: QuerySet[Project] = Project.objects.filter(
        forum=forum,
        state__in=(Project.State.STOPPED, Project.State.FINISHED),
        ends_on__lt=period.first_day,
    )
    return rows.order_by("code", "id")


Reviewers = Mapping[tuple[int, str], Post]


def open_round(
    *,
    actor: Actor,
    round_: ReportingRound,
    exempt: Mapping[int, str] | None = None,
    reviewers: Reviewers | None = None,
) -> list[ProgressReport]:
    """Start it: one report per project, pre-filled from its last one, its two reviewers named.

    `exempt` gives the projects that need not report ({project id: reason}); projects that ended earlier may be
    named there so that the board says why they are missing. `reviewers` ({(project id, side): post}) are named instead
    of those that the forum's duties propose.
    """
    require(actor, "change", round_)
    reasons = {pk: reason.strip() for pk, reason in (exempt or {}).items()}
    if not all(reasons.values()):
        raise DomainError("reason_missing", _("報告対象外とする理由を入れてください。"), field="exempt")
    with transaction.atomic():
        current = held(round_)
        if current.state != ReportingRound.State.PREPARING:
            raise StateError("already_open", _("この報告依頼は、すでに始まっています。"))
        _check_reviewers(current.forum, reviewers or {})
        at = moment()
        current.template = current_template(current.forum)
        current.state, current.opened_at = ReportingRound.State.OPEN, at
        current.revision += 1
        current.save()
        asked = list(projects_asked(current.forum, current.period))
        named = Project.objects.filter(forum=current.forum, pk__in=set(reasons) - {each.pk for each in asked})
        reports = _make_reports(actor, current, [*asked, *named], at, reviewers or {})
        for report in reports:
            if report.project_id in reasons:
                _exempt(actor, report, reasons[report.project_id], at)
        audit.record(actor, "projects.open_round", current, after={"reports": len(reports)})
        outbox.emit("projects.round_opened", {"round": current.pk}, key=f"projects.round_opened:{current.pk}")
        return reports


def _check_reviewers(forum: Forum, reviewers: Reviewers) -> None:
    posts = reviewing_posts(forum, timezone.localdate()) if reviewers else {}
    if any(post not in posts[side] for (_project, side), post in reviewers.items()):
        raise DomainError("no_duty", _("この場の確認者の担当から選んでください。"), field="reviewers")


def _make_reports(
    actor: Actor, round_: ReportingRound, projects: Sequence[Project], at: datetime, reviewers: Reviewers
) -> list[ProgressReport]:
    """In a fixed number of statements, however many projects there are."""
    reports = ProgressReport.objects.bulk_create(
        ProgressReport(
            round=round_, project=project, post_id=project.post_id, deputy_post_id=project.deputy_post_id
        )
        for project in projects
    )
    ReportEvent.objects.bulk_create(
        ReportEvent(
            report=report,
            kind=Kind.REQUESTED,
            at=at,
            to_state=State.NOT_STARTED,
            user_id=actor.user_id,
            user_name=actor.label,
            organization_id=actor.organization_id,
        )
        for report in reports
    )
    reviews = proposed_reviews(round_.forum, reports, timezone.localdate(at))
    for review in reviews:
        post = reviewers.get((review.report.project_id, review.side))
        if post is not None:
            review.reviewer_post, review.missing_reason = post, ""
    ReportReview.objects.bulk_create(reviews)
    _prefill(reports)
    return reports


def reviewing_posts(forum: Forum, today: date) -> dict[str, list[Post]]:
    """{side: the posts that may review for it today}, in order of their duty. One query."""
    held_today = ForumDuty.objects.filter(forum=forum, duty__in=DUTY_OF.values(), from_on__lte=today)
    duties = list(held_today.exclude(to_on__lt=today).select_related("post__organization").order_by("id"))
    return {side: [each.post for each in duties if each.duty == duty] for side, duty in DUTY_OF.items()}


def proposed_reviews(forum: Forum, reports: Sequence[ProgressReport], today: date) -> list[ReportReview]:
    """One review of each side; by a post of an organisation in the project if there is one, otherwise by the forum's first."""
    posts = reviewing_posts(forum, today)
    involved: dict[int, set[int]] = {report.project_id: {report.project.lead_id} for report in reports}
    joined = Project.partners.through.objects.filter(project_id__in=involved)
    for project_id, organization_id in joined.values_list("project_id", "organization_id"):
        involved[project_id].add(organization_id)
    return [
        _review(report, side, posts[side], involved[report.project_id])
        for report in reports
        for side in DUTY_OF
    ]


def _review(report: ProgressReport, side: str, posts: Sequence[Post], involved: set[int]) -> ReportReview:
    if not posts:
        return ReportReview(
            report=report,
            side=side,
            missing_reason=_("場に%(side)sの確認者がいないため") % {"side": Side(side).label},
        )
    near = [post for post in posts if post.organization_id in involved]
    return ReportReview(report=report, side=side, reviewer_post=(near or posts)[0])


def _prefill(reports: Sequence[ProgressReport]) -> None:
    """What stood in the project's last approved report, marked as not yet looked at."""
    earlier = (
        ProgressReport.objects.filter(
            project_id__in=[report.project_id for report in reports], state=State.APPROVED
        )
        .order_by("project_id", "-approved_at")
        .prefetch_related("answers")
    )
    last: dict[int, ProgressReport] = {}
    for each in earlier:
        last.setdefault(each.project_id, each)
    ReportAnswer.objects.bulk_create(
        ReportAnswer(report=report, key=answer.key, text=answer.text, is_prefilled=True)
        for report in reports
        if report.project_id in last
        for answer in last[report.project_id].answers.all()
        if not answer.key.startswith("alignment.") and answer.text
    )


def close_round(*, actor: Actor, round_: ReportingRound) -> None:
    """End it: nothing more is taken in; what was submitted can still be reviewed."""
    require(actor, "change", round_)
    with transaction.atomic():
        current = held(round_)
        if current.state != ReportingRound.State.OPEN:
            raise StateError("not_open", _("受付中の報告依頼だけ、終了できます。"))
        current.state, current.closed_at = ReportingRound.State.CLOSED, moment()
        current.revision += 1
        current.save()
        audit.record(actor, "projects.close_round", current, after={"state": current.state})
        outbox.emit(
            "projects.round_closed",
            {"round": current.pk},
            key=f"projects.round_closed:{current.pk}:{current.revision}",
        )


def exempt(*, actor: Actor, report: ProgressReport, reason: str) -> None:
    """報告対象外: this project need not report this time; whoever says so is written down with the reason."""
    require(actor, "manage", report)
    if not reason.strip():
        raise DomainError("reason_missing", _("報告対象外とする理由を入れてください。"), field="reason")
    with transaction.atomic():
        current = locked(report)
        if current.state in (State.APPROVED, State.EXEMPT):
            raise StateError("settled", _("承認済み又は報告対象外の報告は、変えられません。"))
        _exempt(actor, current, reason.strip(), moment())


def _exempt(actor: Actor, report: ProgressReport, reason: str, at: datetime) -> None:
    bundling.release(actor=actor, key=report.bundle_key, reason=reason)
    move(
        actor,
        report,
        Kind.EXEMPTED,
        State.EXEMPT,
        at,
        note=reason,
        exempt_reason=reason[:300],
        exempted_by_name=actor.label,
        exempted_on=timezone.localdate(at),
    )


def reopen(*, actor: Actor, report: ProgressReport, reason: str, until: date) -> None:
    """Let one report be written after all, until a day: after 受付終了日, or when it was exempt."""
    require(actor, "manage", report)
    if not reason.strip():
        raise DomainError("reason_missing", _("再開する理由を入れてください。"), field="reason")
    with transaction.atomic():
        current = locked(report)
        at = moment()
        if current.state not in (*ProgressReport.OPEN_STATES, State.EXEMPT):
            raise StateError("settled", _("提出済みの報告は、差し戻して直します。"))
        if until < timezone.localdate(at):
            raise DomainError("past_day", _("今日以後の日にしてください。"), field="until")
        move(actor, current, Kind.REOPENED, State.RETURNED, at, note=reason, resubmit_due_on=until)


def assign_reviewer(
    *, actor: Actor, report: ProgressReport, side: str, post: Post | None, reason: str = ""
) -> None:
    """Name another reviewing post for a side, or none with a reason; not once that side has decided."""
    require(actor, "manage", report)
    if post is None and not reason.strip():
        raise DomainError("reason_missing", _("確認者を置かない理由を入れてください。"), field="reason")
    with transaction.atomic():
        current = locked(report)
        review = ReportReview.objects.get(report=current, side=side)
        if review.is_done:
            raise StateError("already_reviewed", _("確認が済んだ側の担当は変えられません。"))
        if post is not None and not _may_review(current.round.forum, post, side):
            raise DomainError("no_duty", _("この場の確認者の担当から選んでください。"), field="post")
        review.reviewer_post, review.missing_reason = post, "" if post else reason.strip()[:300]
        review.save()
        move(actor, current, Kind.REASSIGNED, current.state, moment(), side=side, note=str(post or reason))


def _may_review(forum: Forum, post: Post, side: str) -> bool:
    duties = ForumDuty.objects.filter(forum=forum, post=post, duty=DUTY_OF[Side(side)])
    return bool(duties.exists())


def open_bundle(scorecard: Scorecard) -> Bundle | None:
    """The report that is being written on a project's card: figures submitted meanwhile belong to it."""
    accepting = Q(round__state=ReportingRound.State.OPEN) | Q(
        state=State.RETURNED, resubmit_due_on__gte=timezone.localdate()
    )
    report = (
        ProgressReport.objects.filter(
            accepting, project__scorecard=scorecard, state__in=ProgressReport.OPEN_STATES
        )
        .select_related("round", "project")
        .order_by("round__due_on", "id")
        .first()
    )
    if report is None:
        return None
    return Bundle(report.bundle_key, str(report), reverse("projects:report_detail", args=[report.public_id]))


register_bundle(open_bundle)
