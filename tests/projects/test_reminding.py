"""Reminders: up the ladder, once a day, never for what is done, by themselves at their time; and the mails they send."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.models import Q
from django.http import Http404
from django.utils import timezone

from foundation import lanes, outbox
from foundation.dates import TOKYO, wareki
from foundation.errors import DomainError, StateError
from foundation.models.audit import AuditEntry
from foundation.models.notices import Notice
from foundation.models.outbox import Message
from projects.models import ProgressReport, Reminder, ReportingRound
from projects.reporting.services import reminding, rounds, scheduling
from tests.conftest import People
from tests.factories.actors import make_holder, make_post
from tests.factories.projects import make_project
from tests.factories.reporting import make_round, open_round, report_of, submitted

State, Step = ProgressReport.State, Reminder.Step


@pytest.fixture
def project(people: People) -> Any:
    """Kept by a post with an address and a person, its deputy by another organisation."""
    main = make_post(people.city, name="水産係長", email="suisan@example.jp", phone="000-000-0000")
    make_holder(main, "主担 一子（架空）")
    deputy = make_post(people.company, name="開発課長", email="kaihatsu@example.jp")
    return make_project(
        people.forum,
        name="浜の実証（架空）",
        lead=people.city,
        scorecard=people.scorecard,
        post=main,
        deputy_post=deputy,
    )


def remind(people: People, *reports: ProgressReport, **more: Any) -> reminding.Outcome:
    return reminding.remind(
        actor=people.actor("secretary"),
        round_=reports[0].round,
        reports=[each.pk for each in reports],
        **more,
    )


def days_later(days: int) -> None:
    """Let what was sent so far be older."""
    for each in Reminder.objects.all():
        Reminder.objects.filter(pk=each.pk).update(sent_at=each.sent_at - timedelta(days=days))


def deliver() -> None:
    lanes.drain("messages")
    told = Q(topic__startswith="projects.round_") | Q(topic__startswith="projects.section_")
    assert not Message.objects.filter(told).exclude(last_error="").exists()


# --- the ladder ------------------------------------------------------------------------------------------------------


def test_each_reminder_goes_one_step_further_up(people, project) -> None:
    people.forum.chair_post = make_post(people.city, name="市長", email="hisho@example.jp")
    people.forum.save()
    open_round(people.forum)
    report = report_of(project)
    for _each in range(5):
        remind(people, report)
        days_later(1)
    assert list(Reminder.objects.order_by("id").values_list("step", flat=True)) == [1, 2, 3, 4, 4]


def test_a_step_without_anybody_is_passed_over(people, project) -> None:
    project.deputy_post = None
    project.save()
    open_round(people.forum)
    report = report_of(project)
    remind(people, report)
    days_later(1)
    remind(people, report)
    assert list(Reminder.objects.order_by("id").values_list("step", flat=True)) == [1, 3]


def test_a_step_can_be_chosen(people, project) -> None:
    open_round(people.forum)
    remind(people, report_of(project), step=Step.DEPUTY)
    assert "開発課長（kaihatsu@example.jp）" in Reminder.objects.get().recipient


def test_a_telephone_call_is_recorded_and_is_no_step_of_the_ladder(people, project) -> None:
    open_round(people.forum)
    report = report_of(project)
    with pytest.raises(DomainError, match="話したこと"):
        reminding.record_call(actor=people.actor("secretary"), report=report, whom="係長", note=" ")
    reminding.record_call(
        actor=people.actor("secretary"), report=report, whom="係長", note="今週中に提出とのこと"
    )
    remind(people, report)
    assert list(Reminder.objects.order_by("id").values_list("step", flat=True)) == [Step.PHONE, Step.MAIN]
    deliver()
    assert len(mail.outbox) == 1 + 2  # the reminder, and the request to both keepers


def test_whoever_has_neither_address_nor_account_is_to_be_called(people, project) -> None:
    project.post = make_post(people.city, name="空席の係", email="")
    project.save()
    open_round(people.forum)
    outcome = remind(people, report_of(project))
    assert [why for _report, why in outcome.skipped] == [
        "主担当に部署メールも利用者もありません。電話で連絡してください"
    ]
    assert not Reminder.objects.exists()


# --- what is left alone ----------------------------------------------------------------------------------------------


def test_what_is_submitted_or_exempt_is_left_alone_and_told(people, project) -> None:
    stopped = make_project(people.forum, lead=people.city, post=project.post)
    open_round(people.forum)
    done, exempted = report_of(project), report_of(stopped)
    submitted(people.actor("reporter"), done)
    rounds.exempt(actor=people.actor("secretary"), report=exempted, reason="中止済み")
    outcome = remind(people, done, exempted)
    assert {why for _report, why in outcome.skipped} == {"提出済みです", "報告対象外です"}
    assert not Reminder.objects.exists()
    with pytest.raises(StateError, match="督促は要りません"):
        reminding.record_call(
            actor=people.actor("secretary"), report=exempted, whom="係長", note="不要だった"
        )


def test_pressing_twice_on_one_day_sends_once(people, project) -> None:
    open_round(people.forum)
    report = report_of(project)
    remind(people, report)
    outcome = remind(people, report)
    assert [why for _report, why in outcome.skipped] == ["今日すでに主担当へ督促しました"]
    assert Reminder.objects.count() == 1


def test_reports_of_another_round_are_not_reached_through_this_one(people, project) -> None:
    first, second = open_round(people.forum), open_round(people.forum)
    outcome = reminding.remind(
        actor=people.actor("secretary"), round_=first, reports=[report_of(project, second).pk]
    )
    assert (outcome.sent, outcome.skipped) == ([], [])


def test_only_the_secretariat_reminds_and_only_in_an_open_round(people, project) -> None:
    made = open_round(people.forum)
    report = report_of(project)
    with pytest.raises(Http404):
        reminding.remind(actor=people.actor("stranger"), round_=made, reports=[report.pk])
    with pytest.raises(PermissionDenied):
        reminding.remind(actor=people.actor("reporter"), round_=made, reports=[report.pk])
    rounds.close_round(actor=people.actor("secretary"), round_=made)
    made.refresh_from_db()
    with pytest.raises(StateError, match="受付中"):
        reminding.remind(actor=people.actor("secretary"), round_=made, reports=[report.pk])


def test_a_bulk_reminder_is_one_line_of_the_audit(people, project) -> None:
    open_round(people.forum)
    remind(people, report_of(project), note="会議の資料に使います")
    entry = AuditEntry.objects.get(action="projects.remind")
    assert (entry.after, entry.reason) == ({"reminded": 1, "skipped": 0}, "会議の資料に使います")


# --- mails -----------------------------------------------------------------------------------------------------------


def test_one_mail_to_a_section_lists_all_its_reports_and_says_everything(people, project) -> None:
    other = make_project(people.forum, name="港の実証（架空）", lead=people.city, post=project.post)
    made = open_round(people.forum, name="令和8年度 第2四半期 進捗報告", post=None)
    deliver()
    mail.outbox.clear()
    remind(people, report_of(project), report_of(other), note="9月議会の資料に使います。")
    deliver()
    (sent,) = mail.outbox
    due = made.due_on
    assert sent.to == ["suisan@example.jp"]
    assert f"【提出期限{due.month}/{due.day}】令和8年度 第2四半期 進捗報告" in sent.subject
    for part in (
        "浜の実証（架空）",
        "港の実証（架空）",
        "9月議会の資料に使います。",
        "問合せ先",
        "企画課 事務局",
    ):
        assert part in sent.body
    assert f"/reports/{report_of(project).public_id}/" in sent.body
    assert wareki(due) in sent.body
    assert sent.content_subtype == "plain"
    assert Notice.objects.filter(topic="projects.section_reminded").count() == 1


def again(message: Message) -> None:
    """What the worker does when a message comes twice."""
    for handler in outbox._handlers[message.topic].values():
        handler(message.payload)


def test_a_message_that_comes_twice_mails_once(people, project) -> None:
    open_round(people.forum)
    deliver()
    mail.outbox.clear()
    remind(people, report_of(project))
    deliver()
    message = Message.objects.get(topic="projects.section_reminded")
    again(message)
    assert len(mail.outbox) == 1


def test_a_mail_that_fails_is_tried_again_for_that_section_alone(people, project, settings) -> None:
    open_round(people.forum)
    deliver()
    mail.outbox.clear()
    remind(people, report_of(project))
    settings.EMAIL_BACKEND = "no.such.Backend"
    lanes.drain("messages")
    message = Message.objects.get(topic="projects.section_reminded")
    assert (message.attempts, message.done_at) == (1, None)
    assert Reminder.objects.get().mailed_at is None
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    Message.objects.filter(pk=message.pk).update(available_at=timezone.now())
    lanes.drain("messages")
    assert len(mail.outbox) == 1
    assert Reminder.objects.get().mailed_at is not None


def test_what_was_submitted_before_the_mail_left_is_not_reminded_of(people, project) -> None:
    open_round(people.forum)
    deliver()
    mail.outbox.clear()
    remind(people, report_of(project))
    submitted(people.actor("reporter"), report_of(project))
    message = Message.objects.get(topic="projects.section_reminded")
    again(message)
    assert mail.outbox == []


def test_opening_sends_the_request_to_both_keepers(people, project) -> None:
    open_round(people.forum, request_text="上半期の報告を依頼します。")
    deliver()
    assert {each.to[0] for each in mail.outbox} == {"suisan@example.jp", "kaihatsu@example.jp"}
    assert all("上半期の報告を依頼します。" in each.body for each in mail.outbox)
    assert Notice.objects.get(topic="projects.round_opened").title.endswith("の提出を依頼します")


def test_new_dates_are_told_to_those_who_owe_a_report(people, project) -> None:
    done = make_project(people.forum, lead=people.city, post=make_post(people.city, email="zumi@example.jp"))
    made = open_round(people.forum)
    submitted(people.actor("reporter"), report_of(done))
    deliver()
    mail.outbox.clear()
    scheduling.postpone(
        actor=people.actor("secretary"),
        round_=made,
        revision=made.revision,
        due_on=made.due_on + timedelta(days=7),
        closes_on=made.closes_on + timedelta(days=7),
        reason="台風のため",
    )
    deliver()
    assert {each.to[0] for each in mail.outbox} == {"suisan@example.jp", "kaihatsu@example.jp"}
    assert "台風のため" in mail.outbox[0].body


def test_the_end_tells_the_secretariat_what_is_missing(people, project) -> None:
    made = open_round(people.forum)
    rounds.close_round(actor=people.actor("secretary"), round_=made)
    deliver()
    notice = Notice.objects.get(topic="projects.round_closed")
    assert notice.user_id == people.secretary.pk
    assert "浜の実証（架空）" in notice.body


# --- by itself -------------------------------------------------------------------------------------------------------


def on(monkeypatch: pytest.MonkeyPatch, day: date) -> None:
    """Tokyo's calendar says this day."""
    noon = datetime.combine(day, time(12), tzinfo=TOKYO)
    monkeypatch.setattr(
        reminding.timezone, "localdate", lambda value=None: (value or noon).astimezone(TOKYO).date()
    )


@pytest.fixture
def long_round(people: People, project: Any) -> ReportingRound:
    """Opened a month before it is due."""
    made = open_round(people.forum, due_in=30, closes_in=40)
    ReportingRound.objects.filter(pk=made.pk).update(opened_at=timezone.now() - timedelta(days=1))
    return made


@pytest.mark.parametrize(
    ("shift", "occasion"),
    [
        (-8, None),
        (-7, "week_before"),
        (-2, "week_before"),
        (-1, "day_before"),
        (0, "day_before"),
        (1, "day_after"),
        (3, "day_after"),
        (4, None),
    ],
)
def test_a_report_is_reminded_of_by_itself_at_three_times(
    people, project, long_round, monkeypatch, shift: int, occasion: str | None
) -> None:
    on(monkeypatch, long_round.due_on + timedelta(days=shift))
    assert reminding.has_owed() is (occasion is not None)
    lanes.drain(reminding.LANE)
    assert list(Reminder.objects.values_list("occasion", flat=True)) == ([occasion] if occasion else [])
    assert reminding.remind_owed() == 0
    assert not reminding.has_owed()


def test_a_round_that_opened_inside_a_window_is_not_reminded_of_at_once(people, project, monkeypatch) -> None:
    made = open_round(people.forum, due_in=5, closes_in=9)
    assert not reminding.has_owed()
    on(monkeypatch, made.due_on - timedelta(days=1))
    assert reminding.has_owed()


@pytest.mark.parametrize("settled", ["submitted", "exempt"])
def test_what_is_done_is_never_reminded_of_by_itself(
    people, project, long_round, monkeypatch, settled: str
) -> None:
    if settled == "submitted":
        submitted(people.actor("reporter"), report_of(project))
    else:
        rounds.exempt(actor=people.actor("secretary"), report=report_of(project), reason="中止済み")
    on(monkeypatch, long_round.due_on + timedelta(days=1))
    assert not reminding.has_owed()
    assert reminding.remind_owed() == 0


def test_automatic_reminders_are_no_step_of_the_ladder(people, project, long_round, monkeypatch) -> None:
    on(monkeypatch, long_round.due_on + timedelta(days=1))
    lanes.drain(reminding.LANE)
    remind(people, report_of(project))
    assert list(Reminder.objects.order_by("id").values_list("step", "occasion")) == [
        (1, "day_after"),
        (1, ""),
    ]


# --- a prefecture's worth --------------------------------------------------------------------------------------------


def test_five_hundred_projects_open_are_reminded_and_end_in_as_many_statements_as_a_few(
    people, project, django_assert_max_num_queries
) -> None:
    for number in range(499):
        make_project(people.forum, lead=people.city, post=project.post, code=f"X{number:03}")
    made = make_round(people.forum)
    secretary = people.actor("secretary")
    batches = 40 if connection.vendor == "sqlite" else 0  # SQLite takes few rows in one statement
    with django_assert_max_num_queries(26 + batches):
        rounds.open_round(actor=secretary, round_=made)
    made.refresh_from_db()
    ids = list(ProgressReport.objects.filter(round=made).values_list("pk", flat=True))
    assert len(ids) == 500
    with django_assert_max_num_queries(16 + batches):
        outcome = reminding.remind(actor=secretary, round_=made, reports=ids)
    assert len(outcome.sent) == 500
    with django_assert_max_num_queries(12):
        rounds.close_round(actor=secretary, round_=made)
    deliver()
    assert len(mail.outbox) == 2 + 1
