"""Two people at one report at the same moment, in threads: one order of events, one version, one approval."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from django.db import connection

from foundation.errors import DomainError, LostEdit, StateError
from kpis.models import Measurement, MeasurementEvent
from kpis.periods import Period
from kpis.services import entering
from kpis.services.entering import Typed
from projects.models import ProgressReport, ReportAnswer, ReportEvent, ReportReview
from projects.reporting.services import reviewing, writing
from projects.reporting.services.writing import mark_of_text
from tests.factories.kpis import make_indicator
from tests.factories.projects import make_project
from tests.factories.reporting import open_round, report_of, submitted, write
from tests.kpis.test_two_reviewers import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _needs_a_database_for_threads(db: Any) -> None:
    if connection.vendor == "sqlite" and connection.is_in_memory_db():
        pytest.skip(
            "threads cannot wait for each other in SQLite's memory database: needs PostgreSQL or a file"
        )


@pytest.fixture
def report(people: Any) -> ProgressReport:
    project = make_project(people.forum, lead=people.city, scorecard=people.scorecard)
    open_round(people.forum)
    indicator = make_indicator(people.scorecard, fields={"post": people.scorecard.post})
    actor = people.actor("reporter")
    draft = entering.open_draft(actor=actor, scorecard=people.scorecard)
    typed = Typed(indicator, Period.parse("FY2026-Q2"), value="12")
    entering.save_entry(actor=actor, draft=draft, typed=typed)
    return report_of(project)


def sides(people: Any, report: ProgressReport) -> list[tuple[Any, ReportReview]]:
    pairs = (("reviewer", "municipality"), ("university_reviewer", "university"))
    return [(people.actor(who), ReportReview.objects.get(report=report, side=side)) for who, side in pairs]


def test_both_sides_at_once_approve_the_report_and_its_figures_once(people, report) -> None:
    submitted(people.actor("reporter"), report)
    acts = [
        partial(reviewing.accept, actor=actor, review=review, version=1)
        for actor, review in sides(people, report)
    ]
    results = at_once(*acts)
    assert not any(isinstance(each, DomainError) for each in results)
    assert report_of(report.project).state == ProgressReport.State.APPROVED
    assert ReportEvent.objects.filter(report=report, kind="approved").count() == 1
    assert MeasurementEvent.objects.filter(kind="approved").count() == 1


def test_accepting_and_returning_at_once_leave_a_returned_report_without_approved_figures(
    people, report
) -> None:
    submitted(people.actor("reporter"), report)
    (one, first), (other, second) = sides(people, report)
    results = at_once(
        partial(reviewing.accept, actor=one, review=first, version=1),
        partial(reviewing.return_, actor=other, review=second, version=1, notes={"report": "直す"}),
    )
    assert sum(isinstance(each, StateError) for each in results) <= 1
    assert report_of(report.project).state == ProgressReport.State.RETURNED
    assert not MeasurementEvent.objects.filter(kind="approved").exists()


def test_a_report_submitted_twice_at_once_is_one_version(people, report) -> None:
    actor = people.actor("reporter")
    write(actor, report)
    results = at_once(*[lambda: writing.submit(actor=actor, report=report)] * 4)
    assert report.versions.count() == 1
    assert Measurement.objects.count() == 1
    assert sum(isinstance(each, StateError) for each in results) == 3


def test_two_writers_on_one_blank_answer_do_not_overwrite_each_other(people, report) -> None:
    acts = [
        partial(
            writing.save_answer,
            actor=people.actor(who),
            report=report,
            key="progress",
            text=text,
            seen=mark_of_text(""),
        )
        for who, text in (("reporter", "一人目"), ("secretary", "二人目"))
    ]
    results = at_once(*acts)
    kept = [each for each in results if isinstance(each, ReportAnswer)]
    assert [type(each) for each in results if each not in kept] == [LostEdit]
    assert ReportAnswer.objects.get(report=report).text == kept[0].text
