"""Who is told of a report and what waits on whose list."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from actors.models import Person
from foundation import lanes, waiting
from foundation.models import Message
from foundation.models.notices import Notice
from kpis.models import Measurement
from kpis.periods import Period
from kpis.services import entering
from kpis.services.entering import Typed
from projects.models import ProgressReport, ReportReview
from projects.reporting import notices
from projects.reporting.services import reviewing
from tests.conftest import People
from tests.factories.actors import actor_of, make_holder, make_post
from tests.factories.kpis import make_indicator
from tests.factories.projects import make_project
from tests.factories.reporting import open_round, report_of, submitted

pytestmark = pytest.mark.django_db
Q2 = Period.parse("FY2026-Q2")
SOURCES = ("projects.reports_to_write", "projects.reports_to_review")


@pytest.fixture
def project(people: People) -> Any:
    post = people.scorecard.post
    return make_project(people.forum, lead=people.city, scorecard=people.scorecard, post=post)


@pytest.fixture
def report(people: People, project: Any) -> ProgressReport:
    """Submitted, with a figure of the company in it."""
    open_round(people.forum)
    people.scorecard.participants.add(people.company)
    desk = make_post(people.company, name="販売課")
    keeper = make_holder(desk, "販売 七郎（架空）")
    indicator = make_indicator(people.scorecard, fields={"post": desk})
    actor = actor_of(keeper)
    draft = entering.open_draft(actor=actor, scorecard=people.scorecard)
    entering.save_entry(actor=actor, draft=draft, typed=Typed(indicator, Q2, value="17"))
    entering.submit(actor=actor, draft=draft)
    made = report_of(project)
    submitted(people.actor("reporter"), made)
    Notice.objects.all().delete()
    return made


def deliver() -> None:
    lanes.drain("messages")


def told(topic: str) -> dict[str, Notice]:
    """{name: notice} of a topic."""
    people = {person.user_id: str(person) for person in Person.objects.exclude(user=None)}
    return {people[each.user_id]: each for each in Notice.objects.filter(topic=topic)}


def review_of(report: ProgressReport, side: str) -> ReportReview:
    return ReportReview.objects.get(report=report, side=side)


def test_both_named_reviewers_are_told_the_essentials(report) -> None:
    deliver()
    found = told(notices.SUBMITTED)
    assert set(found) == {"確認 次郎（架空）", "大学 三郎（架空）"}
    notice = found["確認 次郎（架空）"]
    assert report.project.name in notice.title
    for words in (report.round.name, "令和8年度 第2四半期", "報告 花子（架空）", "17件", "第1版"):
        assert words in notice.body
    assert notice.url == f"/reports/{report.public_id}/review/"


def test_a_return_reaches_the_writers_and_whoever_keeps_a_figure_that_came_back(people, report) -> None:
    deliver()
    row = Measurement.objects.get()
    day = timezone.localdate() + timedelta(days=5)
    reviewing.return_(
        actor=people.actor("reviewer"),
        review=review_of(report, "municipality"),
        version=1,
        notes={f"figure.{row.public_id}": "照合を願います。", "answer.progress": "詳しく。"},
        resubmit_due_on=day,
    )
    deliver()
    found = told(notices.REVIEWED)
    assert set(found) == {"報告 花子（架空）", "販売 七郎（架空）"}
    body = found["報告 花子（架空）"].body
    for words in ("照合を願います。", "進み具合：詳しく。", "再提出期限", "確認 次郎（架空）"):
        assert words in body
    assert found["報告 花子（架空）"].title.startswith("差戻し（自治体）")


def test_an_acceptance_and_the_approval_reach_the_lead_once_each(people, report) -> None:
    deliver()
    reviewing.accept(
        actor=people.actor("reviewer"),
        review=review_of(report, "municipality"),
        version=1,
        condition="8月まで",
    )
    deliver()
    assert told(notices.REVIEWED)["報告 花子（架空）"].title.startswith("条件付きで確認（自治体）")
    reviewing.accept(
        actor=people.actor("university_reviewer"), review=review_of(report, "university"), version=1
    )
    deliver()
    assert len(told(notices.REVIEWED)) == 1
    approval = told(notices.APPROVED)["報告 花子（架空）"]
    assert "17件" in approval.body
    assert "条件（自治体）：8月まで" in approval.body


def test_delivering_again_tells_nobody_twice(people, report) -> None:
    reviewing.accept(actor=people.actor("reviewer"), review=review_of(report, "municipality"), version=1)
    reviewing.accept(
        actor=people.actor("university_reviewer"), review=review_of(report, "university"), version=1
    )
    topics = (notices.SUBMITTED, notices.REVIEWED, notices.APPROVED)
    handlers = dict(
        zip(topics, (notices.tell_reviewers, notices.tell_writers, notices.tell_lead), strict=True)
    )
    for _time in range(2):
        for message in Message.objects.filter(topic__in=topics).order_by("id"):
            handlers[message.topic](message.payload)
    assert Notice.objects.filter(topic=notices.SUBMITTED).count() == 2
    assert Notice.objects.filter(topic=notices.APPROVED).count() == 1


# --- what waits ------------------------------------------------------------------------------------------------------


def waits(people: People, who: str) -> list[tuple[str, Any]]:
    items = []
    for name in SOURCES:
        items += waiting._sources[name][1](people.actor(who), timezone.localdate())
    return [(item.kind, item.due_on) for item in items]


def test_a_report_waits_for_its_post_until_it_is_submitted_and_then_for_the_reviewers(
    people, project
) -> None:
    made = open_round(people.forum)
    assert waits(people, "reporter") == [("報告の作成", made.due_on)]
    assert waits(people, "reviewer") == []
    assert waits(people, "member") == []
    report = report_of(project)
    submitted(people.actor("reporter"), report)
    assert waits(people, "reporter") == []
    assert waits(people, "reviewer") == [("報告の確認", None)]
    day = timezone.localdate() + timedelta(days=5)
    reviewing.return_(
        actor=people.actor("reviewer"),
        review=review_of(report, "municipality"),
        version=1,
        notes={"report": "直す"},
        resubmit_due_on=day,
    )
    assert waits(people, "reporter") == [("報告の再提出", day)]
    assert waits(people, "university_reviewer") == []


def test_a_report_that_nobody_signs_in_for_waits_for_everybody_at_the_lead(people, project) -> None:
    project.post = make_post(people.city, name="教授")
    project.save()
    made = open_round(people.forum)
    assert waits(people, "reporter") == waits(people, "secretary") == [("報告の作成", made.due_on)]
    assert waits(people, "member") == []


def test_each_source_asks_one_query_and_none_where_it_cannot_concern(
    people, report, django_assert_num_queries
) -> None:
    for who, counts in (("reporter", (1, 1)), ("reviewer", (1, 1)), ("administrator", (0, 0))):
        actor = people.actor(who)
        for name, count in zip(SOURCES, counts, strict=True):
            with django_assert_num_queries(count):
                list(waiting._sources[name][1](actor, timezone.localdate()))
