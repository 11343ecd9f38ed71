"""督促: a ladder of people for each report, one mail to a section however many reports it owes, once a day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from actors.models import Assignment, Post
from ecosystems.models import Forum, ForumDuty
from foundation import audit, clock, lanes, outbox
from foundation.access import Actor, require, system_actor
from foundation.dates import TOKYO
from foundation.errors import DomainError, StateError
from projects.reporting.models import ProgressReport, Reminder, ReportingRound

Step = Reminder.Step
Occasion = Reminder.Occasion
State = ProgressReport.State
LADDER = (Step.MAIN, Step.DEPUTY, Step.CORE_BODY, Step.CHAIR)
LANE = "reminders"
SYSTEM = "自動の督促"
# (first, last) day of each occasion, counted from 提出期限: a worker that rested for a day catches up.
WINDOWS = {
    Occasion.WEEK_BEFORE: (-7, -2),
    Occasion.DAY_BEFORE: (-1, 0),
    Occasion.DAY_AFTER: (1, 3),
}
AT_ONCE = 200


@dataclass
class Outcome:
    """Who was reminded, and who was not and why: (report, words)."""

    sent: list[Reminder] = field(default_factory=list)
    skipped: list[tuple[ProgressReport, str]] = field(default_factory=list)


def next_step(reminders: Iterable[Reminder]) -> Step:
    """The step after the highest one that somebody took; telephone calls and automatic ones are no step."""
    taken = [each.step for each in reminders if not each.occasion and each.step != Step.PHONE]
    return Step(min(max(taken, default=0) + 1, Step.CHAIR))


class Ladder:
    """Who stands on each step, for the reports of one forum. Two queries."""

    def __init__(self, forum: Forum, reports: Sequence[ProgressReport]) -> None:
        core = _core_post(forum)
        self._common = {Step.CORE_BODY: core, Step.CHAIR: forum.chair_post}
        posts = {each.post_id for each in reports} | {each.deputy_post_id for each in reports}
        posts |= {each.pk for each in self._common.values() if each is not None}
        held = Assignment.objects.active_on(timezone.localdate()).filter(
            post_id__in=[pk for pk in posts if pk], person__user__is_active=True
        )
        self._with_people = set(held.values_list("post_id", flat=True))

    def post(self, report: ProgressReport, step: Step) -> Post | None:
        own = {Step.MAIN: report.post, Step.DEPUTY: report.deputy_post}
        return own.get(step) or self._common.get(step)

    def step_from(self, report: ProgressReport, step: Step) -> Step:
        """The step, or the next one above it on which somebody stands."""
        above = [each for each in LADDER if each >= step and self.post(report, each) is not None]
        return above[0] if above else step

    def refusal(self, post: Post | None, step: Step) -> str:
        """Why nothing can be sent on this step; empty: it can."""
        if post is None:
            return _("%(step)sの担当ポストがありません") % {"step": step.label}
        if not post.email and post.pk not in self._with_people:
            return _("%(step)sに部署メールも利用者もありません。電話で連絡してください") % {
                "step": step.label
            }
        return ""


def _core_post(forum: Forum) -> Post | None:
    """The core body's post with a duty of the secretariat in the forum, otherwise its first open post."""
    duties = ForumDuty.objects.filter(
        forum=forum, duty=ForumDuty.Duty.SECRETARIAT, post=OuterRef("pk"), to_on__isnull=True
    )
    posts = Post.objects.filter(organization_id=forum.core_body_id, closed_on=None)
    return (
        posts.select_related("organization")
        .annotate(is_office=Exists(duties))
        .order_by("-is_office", "-is_organization_admin", "id")
        .first()
    )


def remind(
    *,
    actor: Actor,
    round_: ReportingRound,
    reports: Iterable[int],
    step: Step | None = None,
    note: str = "",
) -> Outcome:
    """Remind of the reports with these ids; without a step each goes one step up its own ladder.

    Exempt and submitted ones are left alone and told of; nobody is reminded twice on one day on the same step.
    """
    require(actor, "change", round_)
    wanted = sorted(set(reports))
    if not wanted:
        raise DomainError("nothing_chosen", _("督促する報告を選んでください。"), field="reports")
    if step == Step.PHONE:
        raise DomainError("phone", _("電話は、報告ごとに記録してください。"), field="step")
    with transaction.atomic():
        if round_.state != ReportingRound.State.OPEN:
            raise StateError("not_open", _("受付中の報告依頼だけ、督促できます。"))
        rows = _held(round_, wanted)
        outcome = _decide(actor, round_, rows, step, note)
        _send(actor, round_, outcome.sent)
        audit.record(
            actor,
            "projects.remind",
            round_,
            after={"reminded": len(outcome.sent), "skipped": len(outcome.skipped)},
            reason=note,
        )
        return outcome


def _held(round_: ReportingRound, ids: Sequence[int]) -> list[ProgressReport]:
    rows = ProgressReport.objects.filter(round=round_, pk__in=ids).select_for_update(of=("self",))
    related = rows.select_related("project__lead", "post__organization", "deputy_post__organization")
    return list(related.order_by("pk"))


def _decide(
    actor: Actor, round_: ReportingRound, rows: Sequence[ProgressReport], step: Step | None, note: str
) -> Outcome:
    at, outcome = clock.database_now(), Outcome()
    ladder, earlier = Ladder(round_.forum, rows), _earlier(rows)
    for report in rows:
        taken = earlier[report.pk]
        # A press that is repeated today stays on today's step instead of climbing.
        chosen = step or _todays_step(taken, at) or ladder.step_from(report, next_step(taken))
        post = ladder.post(report, chosen)
        why = _settled(report) or ladder.refusal(post, chosen) or _already(taken, chosen, at)
        if why or post is None:
            outcome.skipped.append((report, why))
        else:
            outcome.sent.append(_reminder(actor, report, chosen, post, at, note=note))
    return outcome


def _earlier(rows: Sequence[ProgressReport]) -> Mapping[int, list[Reminder]]:
    found: dict[int, list[Reminder]] = defaultdict(list)
    for each in Reminder.objects.filter(report__in=rows, occasion="").order_by("sent_at", "id"):
        found[each.report_id].append(each)
    return found


def _settled(report: ProgressReport) -> str:
    if report.state == State.EXEMPT:
        return _("報告対象外です")
    return "" if report.is_open else _("提出済みです")


def _sent_today(taken: Sequence[Reminder], at: datetime) -> list[Reminder]:
    today = timezone.localdate(at)
    return [each for each in taken if each.step != Step.PHONE and timezone.localdate(each.sent_at) == today]


def _todays_step(taken: Sequence[Reminder], at: datetime) -> Step | None:
    steps = [each.step for each in _sent_today(taken, at)]
    return Step(max(steps)) if steps else None


def _already(taken: Sequence[Reminder], step: Step, at: datetime) -> str:
    if any(each.step == step for each in _sent_today(taken, at)):
        return _("今日すでに%(step)sへ督促しました") % {"step": step.label}
    return ""


def _reminder(
    actor: Actor,
    report: ProgressReport,
    step: Step,
    post: Post | None,
    at: datetime,
    **fields: str,
) -> Reminder:
    who = f"{post.organization.name} {post}" if post else _("宛先なし")
    address = f"（{post.email}）" if post and post.email else ""
    return Reminder(
        report=report,
        step=step,
        post=post,
        sent_at=at,
        recipient=f"{who}{address}"[:300],
        user_id=actor.user_id,
        user_name=actor.label,
        **fields,
    )


def _send(actor: Actor, round_: ReportingRound, reminders: list[Reminder]) -> None:
    """Record them and leave one message for each section, in two statements."""
    made = Reminder.objects.bulk_create(reminders)
    by_section: dict[int, list[int]] = defaultdict(list)
    for each in made:
        if each.post_id:
            by_section[each.post_id].append(each.pk)
    if by_section:
        outbox.emit_all(
            "projects.section_reminded",
            [
                ({"round": round_.pk, "post": post, "reminders": ids}, f"projects.reminded:{post}:{ids[0]}")
                for post, ids in sorted(by_section.items())
            ],
        )


def record_call(*, actor: Actor, report: ProgressReport, whom: str, note: str) -> Reminder:
    """電話: what was said, by whom to whom."""
    require(actor, "manage", report)
    if not note.strip():
        raise DomainError("note_missing", _("電話で話したことを書いてください。"), field="note")
    with transaction.atomic():
        current = ProgressReport.objects.select_for_update().get(pk=report.pk)
        if why := _settled(current):
            raise StateError("settled", _("%(why)s。督促は要りません。") % {"why": why})
        made = Reminder.objects.create(
            report=current,
            step=Step.PHONE,
            sent_at=clock.database_now(),
            recipient=whom.strip()[:300],
            user_id=actor.user_id,
            user_name=actor.label,
            note=note.strip()[:300],
        )
        audit.record(actor, "projects.record_call", current, after={"whom": whom.strip()}, reason=note)
        return made


# --- by itself -------------------------------------------------------------------------------------------------------


def _due(today: date) -> Q:
    """Which reports are due for which occasion today; only of rounds that were open before its first day."""
    found = Q(pk__in=())
    for occasion, (first, last) in WINDOWS.items():
        for shift in range(first, last + 1):
            due_on = today - timedelta(days=shift)
            begins = datetime.combine(due_on + timedelta(days=first), time.min, tzinfo=TOKYO)
            sent = Reminder.objects.filter(report=OuterRef("pk"), occasion=occasion)
            found |= Q(~Exists(sent), round__due_on=due_on, round__opened_at__lt=begins)
    return found


def _owed(today: date) -> QuerySet[ProgressReport]:
    """Reports that were never submitted and whose next automatic reminder has not been sent."""
    rows: QuerySet[ProgressReport] = ProgressReport.objects.filter(
        _due(today),
        round__state=ReportingRound.State.OPEN,
        state__in=(State.NOT_STARTED, State.DRAFTING, State.IN_HOUSE),
        first_submitted_at=None,
    )
    return rows


def has_owed() -> bool:
    return _owed(timezone.localdate()).exists()


def remind_owed() -> int:
    """Send the automatic reminders of one round that are due today; returns how many were recorded."""
    today = timezone.localdate()
    with transaction.atomic():
        first = _owed(today).order_by("round_id", "pk").select_related("round__forum").first()
        if first is None:
            return 0
        ids = list(_owed(today).filter(round=first.round).values_list("pk", flat=True)[:AT_ONCE])
        occasion = _occasion(first.round, today)
        actor, at = system_actor(SYSTEM), clock.database_now()
        rows = _held(first.round, ids)
        done = set(
            Reminder.objects.filter(report__in=rows, occasion=occasion).values_list("report_id", flat=True)
        )
        reminders = [
            _reminder(actor, each, Step.MAIN, each.post, at, occasion=occasion)
            for each in rows
            if each.pk not in done
        ]
        _send(actor, first.round, reminders)
        audit.record(
            actor, "projects.remind", first.round, after={"reminded": len(reminders), "occasion": occasion}
        )
        return len(reminders)


def _occasion(round_: ReportingRound, today: date) -> Occasion:
    shift = (today - round_.due_on).days
    return next(each for each, (first, last) in WINDOWS.items() if first <= shift <= last)


lanes.register(LANE, pending=has_owed, work=remind_owed)
