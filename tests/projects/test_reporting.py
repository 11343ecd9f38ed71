"""A report's road: asked for, written, submitted, reviewed by both sides, official; and every way it is refused."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404

from actors.models import Assignment
from foundation.dates import TOKYO
from foundation.errors import DomainError, LostEdit, MultipleErrors, StateError
from kpis.models import Indicator, Measurement, MeasurementEvent, Submission
from kpis.periods import Period
from kpis.services import entering
from kpis.services import reviewing as figures
from kpis.services.entering import Typed
from projects.models import (
    AlignmentAnswer,
    ProgressReport,
    ReportEvent,
    ReportingRound,
    ReportReview,
    ReviewNote,
)
from projects.reporting.services import reviewing, rounds, trail, writing
from tests.conftest import People
from tests.factories.kpis import make_indicator
from tests.factories.projects import make_project
from tests.factories.reporting import make_round, open_round, report_of, submitted, write

State = ProgressReport.State
Q2 = Period.parse("FY2026-Q2")


@pytest.fixture
def project(people: People) -> Any:
    return make_project(people.forum, lead=people.city, scorecard=people.scorecard, code="P1")


@pytest.fixture
def indicator(people: People) -> Indicator:
    return make_indicator(people.scorecard, fields={"post": people.scorecard.post})


def review_of(report: ProgressReport, side: str) -> ReportReview:
    return ReportReview.objects.get(report=report, side=side)


def accept(
    people: People, report: ProgressReport, side: str, version: int = 1, **fields: Any
) -> ProgressReport:
    who = "reviewer" if side == "municipality" else "university_reviewer"
    return reviewing.accept(
        actor=people.actor(who), review=review_of(report, side), version=version, **fields
    )


def type_figure(people: People, indicator: Indicator, value: str, period: Period = Q2) -> None:
    actor = people.actor("reporter")
    draft = entering.open_draft(actor=actor, scorecard=people.scorecard)
    entering.save_entry(actor=actor, draft=draft, typed=Typed(indicator, period, value=value))


def kinds(row: Measurement) -> list[str]:
    return list(row.events.values_list("kind", flat=True))


# --- a round opens ---------------------------------------------------------------------------------------------------


def test_opening_gives_every_running_project_a_report_with_two_named_reviewers(people, project) -> None:
    open_round(people.forum)
    report = report_of(project)
    assert report.state == State.NOT_STARTED
    assert {review.side: review.reviewer_post.name for review in report.reviews.all()} == {
        "municipality": "本部 確認担当",
        "university": "URA 確認担当",
    }


def test_projects_outside_the_period_are_not_asked_unless_they_are_exempted_with_a_reason(
    people, project
) -> None:
    ended = make_project(people.forum, code="P2", state="stopped", ends_on=date(2026, 3, 31))
    later = make_project(people.forum, code="P3", starts_on=date(2027, 4, 1))
    made = make_round(people.forum)
    rounds.open_round(actor=people.actor("secretary"), round_=made, exempt={ended.pk: "中止済み"})
    assert report_of(ended).state == State.EXEMPT
    assert report_of(ended).exempted_by_name == "事務 四郎（架空）"
    assert not ProgressReport.objects.filter(project=later).exists()


def test_an_exemption_without_a_reason_is_refused(people, project) -> None:
    made = make_round(people.forum)
    with pytest.raises(DomainError, match="理由"):
        rounds.open_round(actor=people.actor("secretary"), round_=made, exempt={project.pk: " "})
    assert not ProgressReport.objects.exists()


def test_a_side_without_a_reviewer_says_why_and_is_not_waited_for(people, project) -> None:
    people.forum.duties.filter(duty="university_reviewer").delete()
    open_round(people.forum)
    report = report_of(project)
    assert "大学の確認者がいない" in review_of(report, "university").missing_reason
    submitted(people.actor("reporter"), report)
    accept(people, report, "municipality")
    assert report_of(project).state == State.APPROVED


def test_only_the_secretariat_opens_and_a_round_opens_once(people, project) -> None:
    made = make_round(people.forum)
    with pytest.raises(Http404):
        rounds.open_round(actor=people.actor("reporter"), round_=made)
    rounds.open_round(actor=people.actor("secretary"), round_=made)
    with pytest.raises(StateError, match="すでに始まっています"):
        rounds.open_round(actor=people.actor("secretary"), round_=made)


def test_opening_takes_as_many_statements_for_twenty_projects_as_for_one(
    people, project, django_assert_max_num_queries
) -> None:
    for number in range(20):
        make_project(people.forum, lead=people.city, code=f"X{number}")
    made = make_round(people.forum)
    with django_assert_max_num_queries(26):
        rounds.open_round(actor=people.actor("secretary"), round_=made)


def test_the_next_report_begins_with_the_words_of_the_last_approved_one(people, project) -> None:
    open_round(people.forum, period=Period.parse("FY2026-Q1"))
    first = report_of(project)
    submitted(people.actor("reporter"), first, risks="部品が届かない。")
    accept(people, first, "municipality")
    accept(people, first, "university")
    open_round(people.forum)
    answers = {each.key: each for each in report_of(project).answers.all()}
    assert answers["risks"].text == "部品が届かない。"
    assert answers["risks"].is_prefilled
    assert not any(key.startswith("alignment.") for key in answers)


# --- writing ---------------------------------------------------------------------------------------------------------


def test_what_is_typed_is_kept_and_the_report_begins(people, project) -> None:
    open_round(people.forum)
    report = report_of(project)
    writing.save_answer(
        actor=people.actor("reporter"), report=report, key="progress", text="一行目\r\n二行目"
    )
    assert report.answers.get().text == "一行目\n二行目"
    assert report_of(project).state == State.DRAFTING
    assert report_of(project).author_id == people.reporter.pk


def test_what_a_colleague_typed_meanwhile_is_not_overwritten(people, project) -> None:
    open_round(people.forum)
    report = report_of(project)
    writing.save_answer(actor=people.actor("reporter"), report=report, key="progress", text="先の人")
    with pytest.raises(LostEdit) as refused:
        writing.save_answer(
            actor=people.actor("secretary"), report=report, key="progress", text="後の人", seen=""
        )
    assert refused.value.details["theirs"] == "先の人"
    assert report.answers.get().text == "先の人"


@pytest.mark.parametrize(
    ("key", "text"), [("nothing", "x"), ("alignment.kpi", "5"), ("progress", "あ" * 2001)]
)
def test_what_the_form_does_not_ask_is_refused(people, project, key: str, text: str) -> None:
    open_round(people.forum)
    report = report_of(project)
    with pytest.raises(DomainError):
        writing.save_answer(actor=people.actor("reporter"), report=report, key=key, text=text)
    assert not report.answers.exists()


def test_others_neither_write_nor_submit(people, project) -> None:
    open_round(people.forum)
    report = report_of(project)
    for name in ("reviewer", "university_reviewer"):
        with pytest.raises(PermissionDenied):
            writing.save_answer(actor=people.actor(name), report=report, key="progress", text="x")
    for name in ("member", "stranger"):
        with pytest.raises(Http404):
            writing.submit(actor=people.actor(name), report=report)


def test_submitting_says_all_that_is_missing_at_once(people, project) -> None:
    open_round(people.forum)
    report = report_of(project)
    with pytest.raises(MultipleErrors) as refused:
        writing.submit(actor=people.actor("reporter"), report=report)
    assert [error.field for error in refused.value.errors] == [
        "progress",
        "alignment.resources",
        "alignment.vision",
        "alignment.balance",
        "alignment.kpi",
    ]


def test_submitting_freezes_words_scores_and_figures_in_one_version(people, project, indicator) -> None:
    open_round(people.forum)
    report = report_of(project)
    type_figure(people, indicator, "12")
    version = submitted(people.actor("reporter"), report, highlights="展示会で受賞。")
    assert version.number == 1
    assert version.content["answers"]["highlights"] == "展示会で受賞。"
    assert version.content["alignment"]["kpi"]["score"] == 3
    assert [figure["text"] for figure in version.content["figures"]] == ["12件"]
    assert Submission.objects.get().bundle == report.bundle_key
    assert AlignmentAnswer.objects.filter(report=report, side="project").count() == 4


def test_submitting_twice_makes_one_version(people, project) -> None:
    open_round(people.forum)
    report = report_of(project)
    submitted(people.actor("reporter"), report)
    with pytest.raises(StateError, match="提出済み"):
        writing.submit(actor=people.actor("reporter"), report=report)
    assert report.versions.count() == 1


def test_a_form_opened_before_somebody_else_moved_the_report_is_told(people, project) -> None:
    open_round(people.forum)
    report = report_of(project)
    write(people.actor("reporter"), report)
    with pytest.raises(LostEdit):
        writing.submit(actor=people.actor("reporter"), report=report, revision=report.revision)


# --- the two dates ---------------------------------------------------------------------------------------------------


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    def set_to(at: datetime) -> None:
        monkeypatch.setattr(trail.ledger, "begin", lambda ids, moment=None: moment or at)

    return set_to


def at_end_of(day: date, seconds: int) -> datetime:
    midnight = datetime.combine(day + timedelta(days=1), datetime.min.time(), tzinfo=TOKYO)
    return midnight + timedelta(seconds=seconds)


@pytest.mark.parametrize(("seconds", "is_late"), [(-1, False), (0, True)])
def test_on_time_is_until_the_last_second_of_the_due_day_in_tokyo(
    people, project, clock, seconds: int, is_late: bool
) -> None:
    made = open_round(people.forum)
    report = report_of(project)
    write(people.actor("reporter"), report)
    clock(at_end_of(made.due_on, seconds))
    if is_late:
        with pytest.raises(MultipleErrors) as refused:
            writing.submit(actor=people.actor("reporter"), report=report)
        assert [error.field for error in refused.value.errors] == ["late_reason"]
    writing.submit(
        actor=people.actor("reporter"), report=report, late_reason="担当者の交代" if is_late else ""
    )
    assert report_of(project).is_late is is_late


def test_a_second_after_the_closing_day_nothing_is_taken_and_nothing_is_lost(people, project, clock) -> None:
    made = open_round(people.forum)
    report = report_of(project)
    write(people.actor("reporter"), report)
    clock(at_end_of(made.closes_on, 0))
    with pytest.raises(StateError, match="受付は.*で終わりました"):
        writing.submit(actor=people.actor("reporter"), report=report, late_reason="遅れた")
    with pytest.raises(StateError, match="入力した内容は残っています"):
        writing.save_answer(actor=people.actor("reporter"), report=report, key="risks", text="x")
    assert report_of(project).answers.count() == 5
    clock(at_end_of(made.closes_on, -1))
    writing.submit(actor=people.actor("reporter"), report=report, late_reason="遅れた")
    assert report_of(project).state == State.SUBMITTED


def test_a_reopened_report_is_taken_until_its_own_day(people, project, clock) -> None:
    made = open_round(people.forum)
    report = report_of(project)
    write(people.actor("reporter"), report)
    until = made.closes_on + timedelta(days=3)
    rounds.reopen(actor=people.actor("secretary"), report=report, reason="依頼を受けて", until=until)
    rounds.close_round(actor=people.actor("secretary"), round_=made)
    report = report_of(project)
    clock(at_end_of(until, 0))
    with pytest.raises(StateError):
        writing.submit(actor=people.actor("reporter"), report=report, late_reason="遅れた")
    clock(at_end_of(until, -1))
    writing.submit(actor=people.actor("reporter"), report=report, late_reason="遅れた")
    assert report_of(project).state == State.SUBMITTED


# --- reviewing -------------------------------------------------------------------------------------------------------


def test_only_both_acceptances_make_the_figures_official(people, project, indicator) -> None:
    open_round(people.forum)
    report = report_of(project)
    type_figure(people, indicator, "12")
    submitted(people.actor("reporter"), report)
    row = Measurement.objects.get()
    accept(people, report, "municipality")
    assert report_of(project).state == State.REVIEWING
    assert kinds(row) == ["submitted"]
    accept(people, report, "university", alignment={"kpi": (1, "遅れている")})
    assert report_of(project).state == State.APPROVED
    assert kinds(row) == ["submitted", "approved"]
    assert AlignmentAnswer.objects.get(side="university").score == 1
    assert list(ReportEvent.objects.filter(report=report).values_list("kind", flat=True)) == [
        "requested",
        "started",
        "submitted",
        "accepted",
        "accepted",
        "approved",
    ]


def test_a_figure_of_a_report_is_approved_by_no_side_door(people, project, indicator) -> None:
    open_round(people.forum)
    report = report_of(project)
    type_figure(people, indicator, "12")
    submitted(people.actor("reporter"), report)
    row = Measurement.objects.get()
    with pytest.raises(StateError, match="まとめて確認します"):
        figures.approve(actor=people.actor("reviewer"), measurements=[row])
    with pytest.raises(StateError, match="まとめて確認します"):
        figures.return_(actor=people.actor("reviewer"), measurements=[row], note="直す")
    assert kinds(row) == ["submitted"]


def test_a_return_sends_back_only_the_figures_with_notes(people, project, indicator) -> None:
    open_round(people.forum, period=Period.parse("FY2026"), kind=ReportingRound.Kind.YEAR)
    report = report_of(project)
    for number, value in ((1, "10"), (2, "20")):
        type_figure(people, indicator, value, Period.quarter(2026, number))
    submitted(people.actor("reporter"), report)
    first, second = Measurement.objects.order_by("pk")
    reviewing.return_(
        actor=people.actor("reviewer"),
        review=review_of(report, "municipality"),
        version=1,
        notes={f"figure.{second.public_id}": "照合を願います。", "answer.progress": "詳しく。"},
        resubmit_due_on=report.round.closes_on,
    )
    assert kinds(first) == ["submitted"]
    assert kinds(second) == ["submitted", "returned"]
    assert report_of(project).state == State.RETURNED
    assert ReviewNote.objects.count() == 2

    type_figure(people, indicator, "18", Period.quarter(2026, 2))
    writing.submit(actor=people.actor("reporter"), report=report_of(project))
    assert [each["text"] for each in report_of(project).versions.get(number=2).content["figures"]] == [
        "10件",
        "18件",
    ]
    accept(people, report, "municipality", version=2)
    accept(people, report, "university", version=2)
    approved = MeasurementEvent.objects.filter(kind="approved").values_list("measurement__value", flat=True)
    assert sorted(int(value) for value in approved) == [10, 18]


def test_a_return_needs_words_and_places_that_exist(people, project) -> None:
    open_round(people.forum)
    report = report_of(project)
    submitted(people.actor("reporter"), report)
    review = review_of(report, "municipality")
    for notes in ({}, {"report": "  "}, {"answer.nothing": "x"}):
        with pytest.raises(DomainError):
            reviewing.return_(actor=people.actor("reviewer"), review=review, version=1, notes=notes)
    assert report_of(project).state == State.SUBMITTED


def test_the_second_of_two_reviewers_is_told_that_the_first_returned(people, project) -> None:
    open_round(people.forum)
    report = report_of(project)
    submitted(people.actor("reporter"), report)
    reviewing.return_(
        actor=people.actor("reviewer"),
        review=review_of(report, "municipality"),
        version=1,
        notes={"report": "直す"},
    )
    with pytest.raises(StateError, match="先に差し戻しました"):
        accept(people, report, "university")


def test_a_version_that_was_not_read_is_not_accepted(people, project) -> None:
    open_round(people.forum)
    report = report_of(project)
    submitted(people.actor("reporter"), report)
    writing.take_back(actor=people.actor("reporter"), report=report, note="直します")
    writing.submit(actor=people.actor("reporter"), report=report_of(project))
    with pytest.raises(StateError, match="新しい版"):
        accept(people, report, "municipality", version=1)


def test_nobody_reviews_their_own_report(people, project) -> None:
    open_round(people.forum)
    report = report_of(project)
    submitted(people.actor("reporter"), report)
    ProgressReport.objects.filter(pk=report.pk).update(submitted_by=people.reviewer)
    with pytest.raises(PermissionDenied):
        accept(people, report, "municipality")


def test_a_deputy_who_decides_is_marked(people, project) -> None:
    open_round(people.forum)
    report = report_of(project)
    submitted(people.actor("reporter"), report)
    Assignment.objects.filter(person__user=people.reviewer).update(role="deputy")
    accept(people, report, "municipality", proxy_note="課長不在のため")
    review = review_of(report, "municipality")
    assert (review.is_proxy, review.proxy_note) == (True, "課長不在のため")


def test_a_condition_stays_open_until_it_is_met(people, project) -> None:
    open_round(people.forum)
    report = report_of(project)
    submitted(people.actor("reporter"), report)
    accept(people, report, "municipality", condition="8月までに試験の結果を出すこと")
    accept(people, report, "university")
    assert report_of(project).state == State.APPROVED
    review = review_of(report, "municipality")
    assert review.has_open_condition
    reviewing.meet_condition(actor=people.actor("reviewer"), review=review, note="結果を受領")
    assert not review_of(report, "municipality").has_open_condition


def test_a_report_that_became_exempt_lets_its_figures_go(people, project, indicator) -> None:
    open_round(people.forum)
    report = report_of(project)
    type_figure(people, indicator, "12")
    submitted(people.actor("reporter"), report)
    rounds.exempt(actor=people.actor("secretary"), report=report, reason="中止済み")
    row = Measurement.objects.get()
    figures.approve(actor=people.actor("reviewer"), measurements=[row])
    assert kinds(row) == ["submitted", "approved"]


# --- who reads -------------------------------------------------------------------------------------------------------


def test_members_read_what_was_approved_and_nothing_before(people, project) -> None:
    open_round(people.forum)
    report = report_of(project)
    member = people.actor("member")
    submitted(people.actor("reporter"), report)
    assert not ProgressReport.objects.visible_to(member).exists()
    accept(people, report, "municipality")
    accept(people, report, "university")
    assert ProgressReport.objects.visible_to(member).get() == report
    assert not ProgressReport.objects.visible_to(people.actor("stranger")).exists()
