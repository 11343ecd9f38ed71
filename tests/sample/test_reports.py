"""The sample's rounds and reports are in the states of its tables, and their figures wait within them."""

from __future__ import annotations

from datetime import date

import pytest

from ecosystems.models import Forum
from foundation.access import system_actor
from foundation.errors import StateError
from kpis.models import Measurement, Submission
from kpis.services import bundling
from kpis.services import reviewing as figures
from portal.sample.tables import Row, day, document, moment, table
from portal.sample.words import REPORT_STATE
from projects.models import (
    AlignmentAnswer,
    ProgressReport,
    Reminder,
    ReportEvent,
    ReportingRound,
    ReportReview,
    ReportVersion,
    ReviewNote,
)
from projects.reporting.questions import ALIGNMENT_KEYS

pytestmark = [pytest.mark.usefixtures("sample"), pytest.mark.django_db]
State = ProgressReport.State


def report(round_: str, project: str) -> ProgressReport:
    return ProgressReport.objects.select_related("round").get(round__code=round_, project__code=project)


def review(round_: str, project: str, side: str) -> ReportReview:
    return ReportReview.objects.get(report=report(round_, project), side=side)


def name_of(row: Row) -> str:
    return f"{row['round']} {row['project']}"


@pytest.mark.parametrize("row", table("reports"), ids=name_of)
def test_every_report_is_in_the_state_of_the_table(row):
    found = report(row["round"], row["project"])
    assert found.state == REPORT_STATE[row["state"]]
    if row["submitted_on"]:
        assert found.submitted_at == moment(row["submitted_on"], 10, 30)
    if row["approved_on"]:
        assert found.approved_at == moment(row["approved_on"], 15)
    assert found.is_late is bool(row["late_reason"])
    assert found.late_reason == row["late_reason"]
    assert str(found.resubmit_due_on or "") == row["resubmit_due_on"]
    assert (found.exempt_reason, str(found.exempted_on or "")) == (
        row["exempt_reason"],
        row["exempt_approved_on"],
    )


def test_there_are_words_for_every_report_that_was_submitted_and_for_no_other():
    told = {(round_, project) for round_, reports in document("report_words").items() for project in reports}
    submitted = set(ReportVersion.objects.values_list("report__round__code", "report__project__code"))
    assert told == submitted
    assert len(told) == 22


def test_seven_rounds_bear_their_dates_and_a_request():
    rounds = {each.code: each for each in ReportingRound.objects.filter(forum__code="F1")}
    assert len(rounds) == 7
    newest = rounds["R7"]
    assert (newest.requested_on, newest.due_on, newest.closes_on) == (
        date(2026, 10, 1),
        date(2026, 10, 23),
        date(2026, 11, 27),
    )
    assert "令和8年10月23日（金）" in newest.request_text
    assert "電話 000-000-0000" in newest.request_text
    assert newest.is_past_due(moment(document("forum")["today"], 9))
    closed = {code for code, each in rounds.items() if each.closed_at}
    assert {"R1", "R2", "R3", "R4", "R5", "R6"} <= closed


def test_what_waits_in_the_open_round_waits_within_its_reports():
    waiting = {
        (row.indicator.code, row.period.code)
        for project in ("P1", "P2")
        for row in bundling.pending(report("R7", project).bundle_key).select_related("indicator")
    }
    assert waiting == {
        ("P1-1", "FY2026-Q2"),
        ("P1-2", "FY2026-Q2"),
        ("P2-1", "2026-07"),
        ("P2-1", "2026-08"),
    }


def test_a_figure_of_a_report_is_refused_at_the_ordinary_door():
    row = Measurement.objects.get(indicator__code="P1-1", period__gt=0, submission__bundle=bundle("R7", "P1"))
    with pytest.raises(StateError, match="まとめて確認します"):
        figures.approve(actor=system_actor("test"), measurements=[row])


def bundle(round_: str, project: str) -> str:
    return report(round_, project).bundle_key


def test_the_figures_of_an_approved_report_were_approved_with_it():
    for each in ProgressReport.objects.filter(state=State.APPROVED):
        assert not bundling.pending(each.bundle_key).exists()
    submissions = Submission.objects.exclude(bundle="")
    assert submissions.count() == len(set(submissions.values_list("bundle", "organization")))


@pytest.mark.parametrize("row", [row for row in table("reports") if row["submitted_on"]], ids=name_of)
def test_a_submitted_version_holds_words_scores_and_the_figures_of_its_day(row):
    version = report(row["round"], row["project"]).versions.get()
    words = document("report_words")[row["round"]][row["project"]]
    assert version.content["answers"]["progress"] == words["progress"]
    assert set(version.content["alignment"]) == set(ALIGNMENT_KEYS)
    expected = {
        (each["indicator"], each["period"])
        for each in table("measurements")
        if each["submitted_on"] == row["submitted_on"] and each["indicator"].startswith(f"{row['project']}-")
    }
    assert {(each["code"], each["period"]) for each in version.content["figures"]} == expected


def test_a_return_stands_on_its_figure_with_its_words():
    note = ReviewNote.objects.get()
    row = Measurement.objects.get(public_id=note.key.removeprefix("figure."))
    assert (row.indicator.code, row.period.code) == ("P2-1", "2026-09")
    assert "付添いの方" in note.text
    returned = review("R7", "P2", "municipality")
    assert (returned.state, returned.user_name) == ("returned", "見本 誠（架空）")
    assert review("R7", "P2", "university").state == "waiting"


def test_the_city_accepted_by_proxy_and_the_university_reads():
    city, university = (review("R7", "P1", side) for side in ("municipality", "university"))
    assert (city.state, city.is_proxy, city.decided_at) == ("accepted", True, moment("2026-10-29", 14))
    assert city.proxy_note == "課長不在のため課長補佐が代決"
    assert university.state == "reviewing"


def test_conditions_were_set_by_both_sides_and_met():
    for side in ("municipality", "university"):
        each = review("R3", "P3", side)
        assert each.condition == "令和7年8月までに輸送試験の結果を出すこと"
        assert not each.has_open_condition


def test_four_sides_answered_the_four_questions_differently():
    rows = AlignmentAnswer.objects.filter(report=report("R3", "P3"))
    found = {(row.side, row.question): row.score for row in rows}
    assert [found[side, "resources"] for side in ("project", "municipality", "university", "company")] == [
        1,
        3,
        1,
        4,
    ]
    assert len(found) == 16
    assert rows.filter(side="company").first().organization.short_name == "雲海凪"


# --- the two projects that tempt a board to count wrongly ------------------------------------------------------------


def test_a_stopped_project_is_exempt_by_a_named_person_and_never_reminded():
    for round_ in ("R6", "R7"):
        each = report(round_, "P3")
        assert (each.state, each.exempted_by_name) == (State.EXEMPT, "架橋 ゆき（架空）")
    assert not Reminder.objects.filter(report__project__code="P3").exists()


def test_a_late_report_and_a_missing_one_are_two_things():
    assert report("R5", "P5").is_late
    assert (report("R5", "P5").submitted_at.date() - report("R5", "P5").round.due_on).days == 19
    missing = report("R7", "P5")
    assert (missing.state, missing.is_late, missing.versions.count()) == (State.NOT_STARTED, False, 0)
    assert [each.get_step_display() for each in missing.reminders.all()] == [
        "主担当",
        "副担当",
        "場の代表機関",
        "電話",
    ]


def test_events_of_a_report_follow_time():
    for each in ProgressReport.objects.all():
        moments = list(ReportEvent.objects.filter(report=each).order_by("id").values_list("at", flat=True))
        assert moments == sorted(moments)
        assert moments


def test_the_days_to_avoid_are_those_of_the_forum():
    forum = Forum.objects.get(code="F1")
    periods = list(forum.avoided_periods.all())

    def named(on: str) -> list[str]:
        return [each.name for each in periods if each.covers(day(on))]

    assert named("2027-09-10") == ["両市町の議会会期"]
    assert named("2027-01-02") == ["年末年始"]
    assert named("2027-04-07") == ["年度替わり"]
    assert named("2027-10-22") == []
    assert forum.chair_post.code == "A16"
