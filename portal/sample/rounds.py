"""報告依頼 of the fictitious forum: its calendar, its rounds, an empty report for each project asked, the reminders."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from ecosystems.models import AvoidedPeriod
from portal.sample.tables import Row, day, document, moment, period, table
from portal.sample.words import REMINDER_STEP, ROUND_KIND, ROUND_STATE
from portal.sample.world import World
from projects.models import ProgressReport, Reminder, ReportingRound, ReportReview
from projects.reporting.models import Side, end_of
from projects.reporting.services.request import propose_text
from projects.reporting.services.rounds import current_template

SECRETARIAT, CORE = "A01", "A06"
REVIEWERS = {Side.MUNICIPALITY: "A02", Side.UNIVERSITY: "A06"}
OPENED = (9, 0)  # hour and minute at which the secretariat acts


def load_rounds(world: World) -> None:
    """The forum's calendar, its rounds, and an empty report for each project that was asked."""
    _load_avoided(world)
    for row in table("rounds"):
        world.rounds[row["id"]] = _round(world, row)
    for row in table("reports"):
        project = world.projects[row["project"]]
        report = ProgressReport.objects.create(
            round=world.rounds[row["round"]],
            project=project,
            post_id=project.post_id,
            deputy_post_id=project.deputy_post_id,
        )
        world.reports[row["round"], row["project"]] = report
        for side, post in REVIEWERS.items():
            ReportReview.objects.create(report=report, side=side, reviewer_post=world.posts[post])


def _load_avoided(world: World) -> None:
    for each in document("forum")["avoid_periods"]["periods"]:
        for first, last in _days(each):
            AvoidedPeriod.objects.create(
                forum=world.forum, name=each["reason"], from_on=first, to_on=last, is_yearly=True
            )


def _days(row: dict[str, Any]) -> list[tuple[date, date]]:
    """(first, last) days: whole months, or from a day to a day that may lie in the next year."""
    year = _year()
    if row["months"]:
        firsts = [date(year, month, 1) for month in row["months"]]
        return [(first, _last_of_month(first)) for first in firsts]
    first, last = (date.fromisoformat(f"{year}-{row[key]}") for key in ("from", "to"))
    return [(first, last if last >= first else last.replace(year=year + 1))]


def _year() -> int:
    return day(document("forum")["today"]).year


def _last_of_month(first: date) -> date:
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _round(world: World, row: Row) -> ReportingRound:
    closes_on = day(row["closes_on"])
    is_closed = ROUND_STATE[row["state"]] == ReportingRound.State.CLOSED
    made = ReportingRound(
        forum=world.forum,
        code=row["id"],
        name=row["name"],
        kind=ROUND_KIND[row["kind"]],
        period=period(row["period"]),
        requested_on=day(row["requested_on"]),
        due_on=day(row["due_on"]),
        closes_on=closes_on,
        state=ROUND_STATE[row["state"]],
        template=current_template(world.forum),
        opened_at=moment(row["requested_on"], *OPENED),
        closed_at=end_of(closes_on) if is_closed else None,
        post=world.posts[SECRETARIAT],
    )
    made.request_text = propose_text(made, world.posts[SECRETARIAT], remark=row["note"])
    made.save()
    return made


def remind(world: World, row: Row) -> None:
    report, on = world.reports[row["round"], row["project"]], day(row["sent_on"])
    step = REMINDER_STEP[row["to"]]
    signer = world.signer(SECRETARIAT, on)
    posts = {
        Reminder.Step.MAIN: report.post,
        Reminder.Step.DEPUTY: report.deputy_post,
        Reminder.Step.CORE_BODY: world.posts[CORE],
        Reminder.Step.PHONE: report.deputy_post,
    }
    post = posts[step]
    Reminder.objects.create(
        report=report,
        step=step,
        sent_at=moment(on, *OPENED),
        recipient=f"{post.organization.name} {post}" if post else "",
        user_id=signer.user_id,
        user_name=signer.name,
        post=post,
        note="電話で提出を依頼。今月中に出すとのこと" if step == Reminder.Step.PHONE else "",
    )
