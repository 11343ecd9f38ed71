"""Telling people about figures: reviewers of what was submitted, reporters of what was approved or returned.

And about contributions: the parent's keeper of what was proposed, the child's side of what was decided.

One notice per submission and act, with the essentials in the body, so that the mail alone says what to do. The
handlers may run twice: the key of a notice makes the second time harmless.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, cast

from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from actors.models import Assignment, User
from ecosystems.models import ForumDuty
from foundation import notices, outbox
from foundation.dates import wareki
from foundation.letters import send_letter
from kpis.access import APPROVE
from kpis.figure_text import measurement_text
from kpis.models import Contribution, IndicatorSheet, InputRequest, Measurement, MeasurementEvent, Submission
from kpis.services import asking
from kpis.services.contributions import DECIDED, PROPOSED

SUBMITTED, REVIEWED = "kpis.submitted", "kpis.reviewed"
ASKED, ANSWERED = "kpis.input_asked", "kpis.input_answered"
MAX_LINES = 20
Kind = MeasurementEvent.Kind

notices.register_topic(SUBMITTED, cast(str, gettext_lazy("確認待ちの実績値")))
notices.register_topic(REVIEWED, cast(str, gettext_lazy("実績値の確認結果")))
notices.register_topic(ANSWERED, cast(str, gettext_lazy("入力依頼への回答")))
notices.register_topic(PROPOSED, cast(str, gettext_lazy("KPIのつながりの申請")))
notices.register_topic(DECIDED, cast(str, gettext_lazy("KPIのつながりの結果")))


@outbox.handles(SUBMITTED)
def tell_reviewers(payload: dict[str, Any]) -> None:
    """Everybody who holds a reviewing duty of the forum today, except whoever submitted.

    Figures of a bundle are told of with it.
    """
    submission = Submission.objects.select_related("scorecard", "organization", "submitted_by__person").get(
        pk=payload["submission"]
    )
    if submission.bundle:
        return
    rows = list(submission.measurements.select_related("indicator").order_by("id"))
    notices.notify(
        _reviewers(submission.scorecard.forum_id).exclude(pk__in=[submission.submitted_by_id]),
        SUBMITTED,
        _("確認待ち：%(card)s（%(organization)s、%(count)s件）")
        % {"card": submission.scorecard, "organization": submission.organization, "count": len(rows)},
        _body(rows, _reporter(submission), submission.note),
        reverse("kpis:review", args=[submission.public_id]),
        key=f"{SUBMITTED}:{submission.pk}",
    )


@outbox.handles(REVIEWED)
def tell_reporters(payload: dict[str, Any]) -> None:
    """The reporters and today's holders of the submission's post, except whoever acted."""
    measurements = Measurement.objects.filter(pk__in=payload["measurements"]).order_by("id")
    by_submission: dict[int | None, list[Measurement]] = defaultdict(list)
    for row in measurements.select_related("indicator", "submission__scorecard"):
        by_submission[row.submission_id].append(row)
    for rows in by_submission.values():
        _tell(rows, payload)


def _tell(rows: list[Measurement], payload: dict[str, Any]) -> None:
    submission = rows[0].submission
    post_ids = {row.post_id for row in rows} | ({submission.post_id} if submission else set())
    people = _holders(post_ids) | User.objects.filter(
        pk__in={row.reporter_id for row in rows}, is_active=True
    )
    notices.notify(
        people.exclude(pk__in=[payload.get("user")]),
        REVIEWED,
        _title(payload["kind"])
        % {"what": submission.scorecard if submission else rows[0].indicator, "count": len(rows)},
        _body(rows, payload["by"], payload["note"]),
        reverse("kpis:submission", args=[submission.public_id]) if submission else "",
        key=f"{REVIEWED}:{payload['act']}:{rows[0].submission_id}",
    )


@outbox.handles(ASKED)
def mail_the_section(payload: dict[str, Any]) -> None:
    """The whole request in the body, with the link: the section may not read anything else of the portal."""
    asked = InputRequest.objects.select_related("scorecard__forum", "organization", "asked_by__person").get(
        pk=payload["request"]
    )
    if asked.state != InputRequest.State.ASKED:
        return
    cells = asked.cells.select_related("indicator").order_by("id")
    context = {
        "asked": asked,
        "asker": getattr(asked.asked_by, "person", ""),
        "cells": cells,
        "link": asking.link_to(asked),
        "due": wareki(asked.due_on),
    }
    day = f"{asked.due_on.month}/{asked.due_on.day}"
    subject = _("【回答期限%(day)s】数値の入力のお願い（%(card)s）") % {"day": day, "card": asked.scorecard}
    send_letter(asked.email, subject, render_to_string("kpis/mail/input_request.txt", context))


@outbox.handles(ANSWERED)
def tell_who_asked(payload: dict[str, Any]) -> None:
    """Whoever asked, and today's holders of the post that answers for the request."""
    asked = InputRequest.objects.select_related("submission", "scorecard").get(pk=payload["request"])
    rows = list(
        Measurement.objects.filter(submission=asked.submission).select_related("indicator").order_by("id")
    )
    notices.notify(
        _holders([asked.post_id]) | User.objects.filter(pk=asked.asked_by_id, is_active=True),
        ANSWERED,
        _("入力依頼への回答：%(card)s（%(section)s、%(count)s件）")
        % {"card": asked.scorecard, "section": asked.sender_section, "count": len(rows)},
        _body(rows, f"{asked.sender_section}　{asked.sender_name}", ""),
        reverse("kpis:submission", args=[asked.submission.public_id]),  # type: ignore[union-attr]
        key=f"{ANSWERED}:{asked.pk}",
    )


def _title(kind: str) -> str:
    if kind == Kind.APPROVED:
        return _("承認：%(what)s（%(count)s件）")
    if kind == Kind.RETURNED:
        return _("差戻し：%(what)s（%(count)s件）")
    return _("取下げ：%(what)s（%(count)s件）")


def _body(rows: list[Measurement], by: str, note: str) -> str:
    """One line per figure, then by whom and why."""
    sheets = {
        sheet.indicator_id: sheet
        for sheet in IndicatorSheet.objects.filter(
            indicator_id__in={row.indicator_id for row in rows}, superseded_at=None
        )
    }
    lines = [
        f"{row.indicator}　{row.period.label}　{measurement_text(row, sheets.get(row.indicator_id))}"
        for row in rows[:MAX_LINES]
    ]
    if len(rows) > MAX_LINES:
        lines.append(_("ほか%(count)s件") % {"count": len(rows) - MAX_LINES})
    lines.append(_("担当：%(by)s") % {"by": by})
    if note:
        lines.append(_("連絡事項：%(note)s") % {"note": note})
    return "\n".join(lines)


def _reporter(submission: Submission) -> str:
    user = submission.submitted_by
    return f"{submission.organization}　{getattr(user, 'person', user) or ''}".strip()


def _reviewers(forum_id: int) -> QuerySet[User]:
    """Who holds a reviewing duty of the forum today."""
    return _on_duty(forum_id, *APPROVE)


def _on_duty(forum_id: int, *duty: str) -> QuerySet[User]:
    today = timezone.localdate()
    duties = ForumDuty.objects.filter(forum_id=forum_id, duty__in=duty, from_on__lte=today)
    posts = duties.exclude(to_on__lt=today).values_list("post_id", flat=True)
    return _holders(posts)


def _holders(post_ids: Iterable[int | None]) -> QuerySet[User]:
    """The accounts of the people who hold the posts today, main and deputy."""
    held = Assignment.objects.active_on(timezone.localdate()).filter(
        post_id__in=[pk for pk in post_ids if pk], post__closed_on=None
    )
    return User.objects.filter(pk__in=held.values("person__user_id"), is_active=True)


# --- contributions ----------------------------------------------------------------------------------------------------


@outbox.handles(PROPOSED)
def tell_parents_keeper(payload: dict[str, Any]) -> None:
    """Whoever holds the parent's post today; where it has none, the secretariat of its forum."""
    link = _link(payload)
    parent = link.parent
    people = (
        _holders([parent.post_id, parent.deputy_post_id])
        if parent.post_id
        else _on_duty(parent.scorecard.forum_id, ForumDuty.Duty.SECRETARIAT)
    )
    notices.notify(
        people.exclude(pk__in=[link.proposed_by_id]),
        PROPOSED,
        _("つながりの承認待ち：%(child)s → %(parent)s") % {"child": link.child.name, "parent": parent.name},
        "\n".join(
            [
                _("%(card)sのKPI「%(child)s」を、「%(parent)s」に足し合わせたいという申請です。")
                % {"card": link.child.scorecard, "child": link.child.name, "parent": parent.name},
                _("承認するまで、集計には入りません。"),
                _("申請：%(by)s") % {"by": payload["by"]},
            ]
        ),
        reverse("kpis:contribution", args=[link.public_id]),
        key=f"{PROPOSED}:{link.pk}",
    )


@outbox.handles(DECIDED)
def tell_childs_side(payload: dict[str, Any]) -> None:
    """Whoever proposed it, and today's holders of the child's post, except whoever decided."""
    link = _link(payload)
    proposer = User.objects.filter(pk__in=[link.proposed_by_id], is_active=True)
    people = _holders([link.child.post_id, link.child.deputy_post_id]) | proposer
    what = {"child": link.child.name, "parent": link.parent.name}
    is_accepted = link.state == Contribution.State.ACCEPTED
    if is_accepted:
        title = _("つながりの承認：%(child)s → %(parent)s") % what
        lines = [_("これから入力して承認された値は、上位のKPIに入ります。")]
    else:
        title = _("つながりの見送り：%(child)s → %(parent)s") % what
        lines = [_("理由：%(reason)s") % {"reason": link.reason}]
    notices.notify(
        people.exclude(pk__in=[payload.get("user")]),
        DECIDED,
        title,
        "\n".join([*lines, _("担当：%(by)s") % {"by": payload["by"]}]),
        reverse("kpis:indicator", args=[link.child.public_id]),
        key=f"{DECIDED}:{link.pk}:{link.state}",
    )


def _link(payload: dict[str, Any]) -> Contribution:
    rows = Contribution.objects.select_related("parent__scorecard", "child__scorecard")
    return rows.get(pk=payload["contribution"])
