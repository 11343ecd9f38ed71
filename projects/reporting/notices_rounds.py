"""Telling sections of rounds: opened, put off, reminded, closed. The mail alone says what to do, in plain text.

A section with an address of its own is written to there, and its people find a notice in the portal; without an
address the people are written to themselves. Handlers may run twice: keys and `mailed_at` make that harmless.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, cast

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from actors.models import Assignment, Post, User
from ecosystems.models import ForumDuty
from foundation import notices, outbox
from foundation.letters import send_letter
from projects.reporting.models import ProgressReport, Reminder, ReportingRound
from projects.reporting.services.request import contact_lines, day_with_weekday, short_day

OPENED, POSTPONED, REMINDED, CLOSED = (
    "projects.round_opened",
    "projects.round_postponed",
    "projects.section_reminded",
    "projects.round_closed",
)
SECTION = "projects.section_told"
BY_MAIL = ".people"  # the same topic for people whose section has no address: their mail is their own
State = ProgressReport.State

for _topic, _label in (
    (OPENED, gettext_lazy("報告の依頼")),
    (POSTPONED, gettext_lazy("報告の期限の変更")),
    (REMINDED, gettext_lazy("報告の督促")),
):
    notices.register_topic(_topic, cast(str, _label), mailed=False)
    notices.register_topic(f"{_topic}{BY_MAIL}", cast(str, _label))
notices.register_topic(CLOSED, cast(str, gettext_lazy("報告の受付の終了")))


def report_url(report: ProgressReport) -> str:
    """Where the report is written and read."""
    return reverse("projects:report_detail", args=[report.public_id])


@outbox.handles(OPENED)
def tell_of_opening(payload: dict[str, Any]) -> None:
    """One message for each post that keeps a report, main and deputy."""
    _fan_out(OPENED, payload["round"], "")


@outbox.handles(POSTPONED)
def tell_of_new_dates(payload: dict[str, Any]) -> None:
    """Those who have not submitted yet."""
    _fan_out(POSTPONED, payload["round"], payload["reason"])


def _fan_out(what: str, round_id: int, note: str) -> None:
    round_ = ReportingRound.objects.get(pk=round_id)
    owed = ProgressReport.objects.filter(round=round_, state__in=ProgressReport.OPEN_STATES)
    by_post: dict[int, list[int]] = defaultdict(list)
    for pk, post_id, deputy_id in owed.order_by("pk").values_list("pk", "post_id", "deputy_post_id"):
        for each in {post_id, deputy_id} - {None}:
            by_post[each].append(pk)
    outbox.emit_all(
        SECTION,
        [
            (
                {"what": what, "round": round_id, "post": post, "reports": ids, "note": note},
                f"{what}:{round_id}:{round_.revision}:{post}",
            )
            for post, ids in sorted(by_post.items())
        ],
    )


@outbox.handles(SECTION)
def tell_section(payload: dict[str, Any]) -> None:
    """One section of a round that begins or whose dates moved."""
    what, note = payload["what"], payload["note"]
    round_, post, reports = _read(payload["round"], payload["post"], payload["reports"])
    words = {
        OPENED: _("%(name)sの提出を依頼します"),
        POSTPONED: _("%(name)sの日付が変わりました"),
    }
    title = words[what] % {"name": round_.name}
    key = f"{what}:{round_.pk}:{round_.revision}:{post.pk}"
    _tell(what, title, note, round_, post, reports, key)


@outbox.handles(REMINDED)
def remind_section(payload: dict[str, Any]) -> None:
    """One section's reminders in one mail; those already mailed are left alone."""
    reminders = list(
        Reminder.objects.filter(pk__in=payload["reminders"], mailed_at=None)
        .select_for_update()
        .order_by("pk")
    )
    if not reminders:
        return
    round_, post, reports = _read(payload["round"], payload["post"], [each.report_id for each in reminders])
    reports = [each for each in reports if each.is_open]
    if reports:
        first = reminders[0]
        _tell(
            REMINDED,
            _reminder_title(round_, first),
            first.note,
            round_,
            post,
            reports,
            f"{REMINDED}:{first.pk}",
        )
    Reminder.objects.filter(pk__in=[each.pk for each in reminders]).update(mailed_at=timezone.now())


def _reminder_title(round_: ReportingRound, reminder: Reminder) -> str:
    if reminder.occasion in (Reminder.Occasion.WEEK_BEFORE, Reminder.Occasion.DAY_BEFORE):
        return _("%(name)sの提出期限が近づいています") % {"name": round_.name}
    if round_.is_past_due(reminder.sent_at):
        return _("%(name)sが、まだ提出されていません") % {"name": round_.name}
    return _("%(name)sの提出をお願いします") % {"name": round_.name}


def _read(
    round_id: int, post_id: int, ids: Sequence[int]
) -> tuple[ReportingRound, Post, list[ProgressReport]]:
    round_ = ReportingRound.objects.select_related("forum", "post__organization").get(pk=round_id)
    post = Post.objects.select_related("organization").get(pk=post_id)
    reports = ProgressReport.objects.filter(pk__in=ids).select_related("project", "round")
    return round_, post, list(reports.order_by("project__code", "pk"))


def _tell(
    topic: str,
    title: str,
    note: str,
    round_: ReportingRound,
    post: Post,
    reports: Sequence[ProgressReport],
    key: str,
) -> None:
    """A notice to the post's people, and the mail to its section."""
    context = {
        "round": round_,
        "post": post,
        "note": note,
        "reports": [(each, settings.PUBLIC_URL.rstrip("/") + report_url(each)) for each in reports],
        "due": day_with_weekday(round_.due_on),
        "closes": day_with_weekday(round_.closes_on),
        "contact": contact_lines(_office(round_)),
        "site": settings.SITE_NAME,
        "lead": title,
        "is_request": topic == OPENED,
    }
    body = render_to_string("projects/round_mail.txt", context).strip()
    url = report_url(reports[0]) if len(reports) == 1 else reverse("projects:round", args=[round_.public_id])
    notices.notify(_people(post), topic if post.email else f"{topic}{BY_MAIL}", title, body, url, key=key)
    if post.email:
        subject = _("【提出期限%(day)s】%(title)s") % {"day": short_day(round_.due_on), "title": title}
        send_letter(post.email, subject, f"{body}\n")


def _office(round_: ReportingRound) -> Post | None:
    """Whom to ask: the round's keeper, otherwise the forum's first secretariat."""
    if round_.post is not None:
        return round_.post
    duty = ForumDuty.objects.filter(forum=round_.forum, duty=ForumDuty.Duty.SECRETARIAT)
    first = duty.select_related("post__organization").order_by("id").first()
    return first.post if first else None


def _people(post: Post) -> Any:
    held = Assignment.objects.active_on(timezone.localdate()).filter(post=post)
    return User.objects.filter(pk__in=held.values("person__user_id"), is_active=True)


@outbox.handles(CLOSED)
def tell_of_closing(payload: dict[str, Any]) -> None:
    """The secretariat learns what came and what did not."""
    round_ = ReportingRound.objects.get(pk=payload["round"])
    missing = ProgressReport.objects.filter(round=round_, state__in=ProgressReport.OPEN_STATES)
    names = list(missing.order_by("project__code").values_list("project__name", flat=True))
    today = timezone.localdate()
    duties = ForumDuty.objects.filter(
        forum_id=round_.forum_id, duty=ForumDuty.Duty.SECRETARIAT, from_on__lte=today
    ).exclude(to_on__lt=today)
    held = Assignment.objects.active_on(today).filter(post__in=duties.values("post"))
    lines = [_("未提出・差戻しのまま %(count)s件") % {"count": len(names)}, *names[:20]]
    if len(names) > 20:
        lines.append(_("ほか%(count)s件") % {"count": len(names) - 20})
    notices.notify(
        User.objects.filter(pk__in=held.values("person__user_id"), is_active=True),
        CLOSED,
        _("%(name)sの受付を終えました") % {"name": round_.name},
        "\n".join(lines),
        reverse("projects:round", args=[round_.public_id]),
        key=f"{CLOSED}:{round_.pk}:{round_.revision}",
    )
