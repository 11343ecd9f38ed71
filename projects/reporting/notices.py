"""Who is told of reports: the named reviewers of what was submitted, the writers of what came of it.

Each notice carries the whole essentials, so that nobody has to sign in to learn what happened. Handlers may run
again: a notice's key makes the second time harmless.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from actors.models import Assignment, User
from foundation import notices, outbox
from foundation.dates import wareki
from kpis.models import Measurement
from projects.reporting.models import ProgressReport, ReportReview, ReportVersion, ReviewNote
from projects.reporting.selectors.labels import place_label
from projects.reporting.services.trail import Kind

SUBMITTED = "projects.report_submitted"
REVIEWED = "projects.report_reviewed"
APPROVED = "projects.report_approved"
MAX_LINES = 20

notices.register_topic(SUBMITTED, cast(str, gettext_lazy("報告の確認の依頼")))
notices.register_topic(REVIEWED, cast(str, gettext_lazy("報告の確認結果")))
notices.register_topic(APPROVED, cast(str, gettext_lazy("報告の承認")))


@outbox.handles(SUBMITTED)
def tell_reviewers(payload: dict[str, Any]) -> None:
    """Today's holders of the posts that are named for the two reviews, except whoever submitted."""
    report = _report(payload)
    version = ReportVersion.objects.get(report=report, number=payload["version"])
    posts = report.reviews.exclude(reviewer_post=None).values_list("reviewer_post_id", flat=True)
    title = _("再提出の確認：%(what)s") if version.number > 1 else _("報告の確認：%(what)s")
    notices.notify(
        _holders(posts).exclude(pk__in=[version.submitted_by_id]),
        SUBMITTED,
        title % {"what": _name(report)},
        "\n".join([*_facts(report, version), *_figure_lines(version)]),
        reverse("projects:report_review", args=[report.public_id]),
        key=f"{SUBMITTED}:{report.pk}:{version.number}",
    )


@outbox.handles(REVIEWED)
def tell_writers(payload: dict[str, Any]) -> None:
    """A return: the writers and whoever keeps a figure that came back. An acceptance: the writers alone."""
    report = _report(payload)
    review = ReportReview.objects.select_related("reviewer_post__organization").get(pk=payload["review"])
    version = ReportVersion.objects.get(report=report, number=payload["version"])
    is_returned = payload["kind"] == Kind.RETURNED
    if not is_returned and report.state == ProgressReport.State.APPROVED:
        return  # the approval itself is told of
    notes = list(ReviewNote.objects.filter(version=version, side=review.side).order_by("id"))
    people = _writers(report)
    if is_returned:
        people |= _keepers(notes)
    url = reverse(
        "projects:report_write" if is_returned else "projects:report_detail", args=[report.public_id]
    )
    notices.notify(
        people.exclude(pk__in=[review.user_id]),
        REVIEWED,
        _title(payload["kind"]) % {"side": review.get_side_display(), "what": _name(report)},
        "\n".join(_result_lines(report, version, review, notes if is_returned else [])),
        url,
        key=f"{REVIEWED}:{review.pk}:{version.number}:{payload['kind']}",
    )


@outbox.handles(APPROVED)
def tell_lead(payload: dict[str, Any]) -> None:
    """The writers: report and figures are official."""
    report = _report(payload)
    version = report.versions.order_by("-number").first()
    lines = [*_figure_lines(version)] if version else []
    notices.notify(
        _writers(report),
        APPROVED,
        _("承認：%(what)s") % {"what": _name(report)},
        "\n".join([_("すべての確認がそろい、報告と数値が承認されました。"), *_conditions(report), *lines]),
        reverse("projects:report_detail", args=[report.public_id]),
        key=f"{APPROVED}:{report.pk}:{report.approved_at:%Y%m%d%H%M%S%f}",
    )


# --- words -----------------------------------------------------------------------------------------------------------


def _name(report: ProgressReport) -> str:
    return f"{report.project}（{report.round}）"


def _facts(report: ProgressReport, version: ReportVersion) -> list[str]:
    found = [
        _("報告依頼：%(round)s（対象期間 %(period)s）")
        % {"round": report.round, "period": report.round.period.label},
        _("提出：%(who)s（第%(number)s版）")
        % {"who": f"{version.organization or ''}　{version.submitted_by_name}", "number": version.number},
    ]
    if version.is_late:
        found.append(_("期限後提出：%(reason)s") % {"reason": report.late_reason})
    if version.note:
        found.append(_("連絡事項：%(note)s") % {"note": version.note})
    return found


def _figure_lines(version: ReportVersion) -> list[str]:
    figures, missing = version.content["figures"], version.content.get("missing", [])
    lines = [
        f"{each['code']} {each['name']}　{each['period_label']}　{each['text']}"
        for each in figures[:MAX_LINES]
    ]
    if len(figures) > MAX_LINES:
        lines.append(_("ほか%(count)s件") % {"count": len(figures) - MAX_LINES})
    if missing:
        lines.append(_("未報告の値：%(count)s件") % {"count": len(missing)})
    return lines


def _title(kind: str) -> str:
    if kind == Kind.RETURNED:
        return _("差戻し（%(side)s）：%(what)s")
    if kind == Kind.CONDITIONAL:
        return _("条件付きで確認（%(side)s）：%(what)s")
    return _("確認済み（%(side)s）：%(what)s")


def _result_lines(
    report: ProgressReport, version: ReportVersion, review: ReportReview, notes: Iterable[ReviewNote]
) -> list[str]:
    who = f"{review.reviewer_post.organization if review.reviewer_post else ''}　{review.user_name}"
    lines = [_("確認者：%(who)s") % {"who": who + (_("（代決）") if review.is_proxy else "")}]
    if report.state == ProgressReport.State.RETURNED and report.resubmit_due_on:
        lines.append(_("再提出期限：%(day)s") % {"day": wareki(report.resubmit_due_on)})
    lines += [f"{place_label(version, note.key)}：{note.text}" for note in notes]
    if review.condition:
        lines.append(_("条件：%(condition)s") % {"condition": review.condition})
    if review.note and not notes:
        lines.append(_("連絡事項：%(note)s") % {"note": review.note})
    return lines


def _conditions(report: ProgressReport) -> list[str]:
    return [
        _("条件（%(side)s）：%(condition)s") % {"side": each.get_side_display(), "condition": each.condition}
        for each in report.reviews.all()
        if each.has_open_condition
    ]


# --- people ----------------------------------------------------------------------------------------------------------


def _report(payload: dict[str, Any]) -> ProgressReport:
    found: ProgressReport = ProgressReport.objects.select_related("round", "project").get(
        pk=payload["report"]
    )
    return found


def _writers(report: ProgressReport) -> QuerySet[User]:
    """Whoever began or submitted it, and today's holders of its posts."""
    people = User.objects.filter(
        pk__in=[pk for pk in (report.author_id, report.submitted_by_id) if pk], is_active=True
    )
    return people | _holders([report.post_id, report.deputy_post_id])


def _keepers(notes: Iterable[ReviewNote]) -> QuerySet[User]:
    """Who reported the figures that came back, and today's holders of the posts that answer for them."""
    named = [note.key.removeprefix("figure.") for note in notes if note.key.startswith("figure.")]
    rows = list(Measurement.objects.filter(public_id__in=named).select_related("indicator"))
    people = User.objects.filter(pk__in=[row.reporter_id for row in rows if row.reporter_id], is_active=True)
    return people | _holders({post for row in rows for post in (row.post_id, row.indicator.post_id)})


def _holders(post_ids: Iterable[int | None]) -> QuerySet[User]:
    """The accounts of the people who hold the posts today, main and deputy."""
    held = Assignment.objects.active_on(timezone.localdate()).filter(
        post_id__in=[pk for pk in post_ids if pk], post__closed_on=None
    )
    return User.objects.filter(pk__in=held.values("person__user_id"), is_active=True)
