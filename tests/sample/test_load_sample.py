"""The loaded portal says what the check table of the sample says, and loading is safe to repeat."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from io import StringIO

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.db.models import F

from actors.facts import build_actor
from actors.models import Assignment, Organization, User
from ecosystems.models import Case, Decision, Forum, RoadmapItem
from foundation import audit
from foundation.dates import end_of_day_tokyo
from foundation.models.audit import AuditEntry
from kpis.arithmetic import MISSING_CELL, CellFigure, cells_within, fold_periods, running_total
from kpis.models import (
    Cell,
    Contribution,
    DirtyMark,
    Evidence,
    Indicator,
    IndicatorSheet,
    Measurement,
    MeasurementEvent,
    Submission,
    Target,
)
from kpis.periods import Grain, Period, periods_expected
from kpis.rollup.clean import CleanLedger
from kpis.rollup.verify import verify
from kpis.rules import Basis, Missing, Nature, TimeRule
from kpis.units import unit_of
from portal.sample.signins import PASSWORD, SIGN_INS
from portal.sample.tables import RECORD, Row, document, moment, number, table
from projects.models import Interest, Opportunity, Project
from projects.research.funding import funding_table
from projects.research.services.funding import sources_of
from visions.models import Vision

pytestmark = [pytest.mark.usefixtures("sample"), pytest.mark.django_db]
TODAY = "2026-11-20"
BASIS = {str(basis.label): basis for basis in Basis}
CHECKS = table("check_table")
Kind = MeasurementEvent.Kind


def name_of(row: Row) -> str:
    return f"{row['kpi']} {row['period']} {row['basis']} {row['as_of']}"


def goal(code: str) -> Indicator:
    return Indicator.objects.get(scorecard__vision__code="VI1", code=code)


def sheet_of(code: str) -> IndicatorSheet:
    return IndicatorSheet.objects.get(indicator=goal(code), superseded_at=None)


def rounded_like(value: Decimal | None, shown: str) -> Decimal | None:
    """The value with as many decimals as the table prints, half up."""
    return None if value is None else value.quantize(Decimal(shown or "0"), ROUND_HALF_UP)


def assert_figure(figure: CellFigure, row: Row) -> None:
    """Value, numerator, denominator and coverage as the table has them.

    Of the running total the table counts the reports of the year alone; coverage from the base period is the rule.
    """
    value = figure.stored(unit_of(sheet_of(row["kpi"]).unit))
    assert rounded_like(value, row["value"]) == number(row["value"])
    if row["numerator"]:
        assert (figure.numerator, figure.denominator) == (
            number(row["numerator"]),
            number(row["denominator"]),
        )
    reported, expected = int(row["reported"] or 0), int(row["expected"] or 0)
    if row["kpi"] == "V-K08":
        reported = expected = Period.parse(row["period"]).fiscal_year - 2023 + 1
    assert (figure.reported, figure.expected) == (reported, expected)


def totalled(code: str, cells: dict[Period, CellFigure], within: Period) -> CellFigure:
    """What the indicator is judged on: the running total, or its cells folded by its time rule."""
    sheet = sheet_of(code)
    if sheet.is_running_total:
        return running_total(cells, sheet.first_period, within)
    if sheet.grain == within.grain:
        return cells.get(within, MISSING_CELL)
    own = cells_within(cells, within, Grain(sheet.grain), sheet.first_period, sheet.last_period)
    return fold_periods(own, TimeRule(sheet.time_rule), sheet.is_percent)


# --- the check table --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", CHECKS, ids=name_of)
def test_clean_computation_agrees_with_the_check_table(row):
    indicator, within = goal(row["kpi"]), Period.parse(row["period"])
    as_of = end_of_day_tokyo(date.fromisoformat(row["as_of"]))
    ledger = CleanLedger.load([indicator.pk], BASIS[row["basis"]], as_of)
    if sheet_of(row["kpi"]).is_running_total:
        years = periods_expected(within, Grain.YEAR, None, None)
        first = ledger.sheets[indicator.pk].first_period
        while years[0] > first:
            years.insert(0, years[0].previous())
        figure = running_total({year: ledger.figure(indicator.pk, year) for year in years}, first, within)
    else:
        figure = ledger.folded(indicator.pk, within)
    assert_figure(figure, row)


@pytest.mark.parametrize("row", [row for row in CHECKS if row["as_of"] == TODAY], ids=name_of)
def test_stored_cells_agree_with_the_check_table(row):
    stored = Cell.objects.filter(indicator=goal(row["kpi"]), basis=BASIS[row["basis"]], part_id=0)
    cells = {
        cell.period: CellFigure(
            cell.handed,
            cell.numerator,
            cell.denominator,
            cell.reported,
            cell.expected,
            None if cell.handed is None else cell.period.last_month,
        )
        for cell in stored
    }
    assert_figure(totalled(row["kpi"], cells, Period.parse(row["period"])), row)


def test_every_stored_figure_is_what_the_ledger_says():
    assert not DirtyMark.objects.exists()
    assert [str(difference) for difference in verify()] == []


def test_a_correction_counts_from_its_approval_only():
    indicator = Indicator.objects.get(code="P3-2")
    quarter = Period.parse("FY2024-Q4")
    for on, expected in (("2025-05-31", "3900"), ("2025-06-20", "3510")):
        ledger = CleanLedger.load([indicator.pk], Basis.OFFICIAL, end_of_day_tokyo(date.fromisoformat(on)))
        assert ledger.figure(indicator.pk, quarter).value == Decimal(expected) * 1000


# --- the ledger -------------------------------------------------------------------------------------------------------


def test_record_numbers_follow_time():
    moments = list(MeasurementEvent.objects.order_by("id").values_list("at", flat=True))
    assert moments == sorted(moments)


def test_every_row_that_was_reported_is_in_the_ledger_and_no_other():
    reported = [row for row in table("measurements") if row["state"] != "未報告"]
    rows = Measurement.objects.filter(indicator__scorecard__forum__code="F1").exclude(nature=Nature.OUTLOOK)
    assert rows.count() == len(reported) == 141


@pytest.mark.parametrize(
    ("code", "period", "kinds"),
    [
        ("P1-1", "FY2026-Q1", {Kind.SUBMITTED, Kind.APPROVED}),
        ("P1-1", "FY2026-Q2", {Kind.SUBMITTED}),
        ("P2-1", "2026-09", {Kind.SUBMITTED, Kind.RETURNED}),
    ],
)
def test_events_tell_the_state_of_the_table(code, period, kinds):
    row = Measurement.objects.get(indicator__code=code, period=Period.parse(period))
    assert set(row.events.values_list("kind", flat=True)) == kinds


def test_a_return_bears_its_words_and_its_day():
    event = MeasurementEvent.objects.get(kind=Kind.RETURNED)
    assert "付添いの方" in event.note
    assert (event.at, event.user_name) == (moment("2026-11-02", 15), "見本 誠（架空）")


def test_nobody_approves_for_the_post_that_reported():
    own = MeasurementEvent.objects.filter(kind=Kind.APPROVED, measurement__post=F("post"))
    assert not own.exists()


def test_reporters_are_those_who_held_the_post_that_day():
    rows = Measurement.objects.filter(indicator__code="V-K10").order_by("id")
    names = dict(zip([row.period.code for row in rows], [row.reporter_name for row in rows], strict=True))
    assert (names["FY2025-H1"], names["FY2026-H1"]) == ("例田 みなと（架空）", "仮野 あおい（架空）")


def test_a_vacant_post_speaks_through_its_deputy():
    row = Measurement.objects.get(indicator__code="M2-T", period=Period.parse("FY2026-Q1"))
    assert row.reporter_name == "企画財政課長（兼務）"


@pytest.mark.parametrize(
    ("code", "period", "missing"),
    [
        ("M2-T", "FY2024-Q3", Missing.NEVER),
        ("V-K07", "FY2024", Missing.NOT_APPLICABLE),
        ("V-K07", "FY2026", Missing.NOT_APPLICABLE),
    ],
)
def test_cells_without_a_figure_say_why(code, period, missing):
    cell = Cell.objects.get(
        indicator__code=code, period=Period.parse(period), basis=Basis.OFFICIAL, part_id=0
    )
    assert (cell.value, cell.missing) == (None, missing)


def test_what_was_never_reported_is_no_row():
    assert not Measurement.objects.filter(indicator__code="P5-2", period=Period.parse("FY2026-Q2")).exists()


def test_parts_stand_beside_their_total_even_where_they_do_not_add_up():
    row = Measurement.objects.get(indicator__code="P2-1", period=Period.parse("2026-06"))
    parts = {part.part.name: part.value for part in row.parts.select_related("part")}
    assert parts == {"汐凪市": Decimal(230), "葦原野町": Decimal(30)}
    assert row.value == Decimal(262)


def test_outlooks_are_submitted_and_never_counted():
    outlooks = Measurement.objects.filter(nature=Nature.OUTLOOK)
    assert outlooks.count() == 9
    assert set(outlooks.values_list("events__kind", flat=True)) == {Kind.SUBMITTED}
    assert not Cell.objects.filter(measurement__in=outlooks).exists()


def test_submissions_are_one_per_card_organisation_and_day():
    rows = Submission.objects.values_list("scorecard", "organization", "submitted_at")
    assert len(rows) == len(set(rows))
    assert set(Submission.objects.values_list("state", flat=True)) == {Submission.State.SUBMITTED}


def test_every_figure_has_its_evidence():
    figures = Measurement.objects.filter(missing="").exclude(nature=Nature.OUTLOOK)
    backed = set(Evidence.objects.values_list("submission", "indicator"))
    assert {(row.submission_id, row.indicator_id) for row in figures} <= backed


# --- the structure ----------------------------------------------------------------------------------------------------


def test_targets_keep_what_they_were_before_the_decision():
    rows = Target.objects.filter(indicator=goal("V-K01"), period=Period.parse("FY2026")).order_by(
        "recorded_at"
    )
    assert [(row.value, row.decision.code) for row in rows] == [(Decimal(90), "D2-1"), (Decimal(75), "D5-2")]
    assert rows[0].superseded_at == rows[1].recorded_at == moment("2025-08-28", 17)


def test_years_without_a_target_say_so():
    row = Target.objects.get(indicator=goal("V-K07"), period=Period.parse("FY2026"))
    assert row.is_none


def test_a_stopped_project_expects_nothing_after_its_end():
    before, after = IndicatorSheet.objects.filter(indicator__code="P3-1").order_by("version")
    assert (before.last_period, after.last_period.code) == (None, "FY2025-Q4")
    assert after.decision.code == "D5-1"


def test_twelve_contributions_count_today():
    current = Contribution.objects.filter(superseded_at=None, state=Contribution.State.ACCEPTED)
    assert current.count() == 12


def test_the_story_is_there():
    forum = Forum.objects.get(code="F1")
    assert forum.memberships.count() == 14
    assert Decision.objects.get(code="D5-4").get_state_display() == "期限超過"
    assert Vision.objects.get(code="VI1").versions.get(is_current=True).number == "1.1"
    assert Project.objects.filter(forum=forum).count() == 5
    assert Case.objects.get(code="CA1").outcome == Case.Outcome.FAILURE


def test_invented_names_are_marked():
    invented = Organization.objects.filter(is_fictitious=True)
    assert invented.count() == 14
    assert all("（架空）" in organization.name for organization in invented)


# --- public record ----------------------------------------------------------------------------------------------------


def public() -> list[Measurement]:
    return list(Measurement.objects.filter(indicator__scorecard__forum__is_public_record=True))


def test_public_figures_are_those_of_the_table_with_their_source():
    rows = [row for row in table("series", RECORD) if row["period"] and row["actual"]]
    expected = {(row["code"], row["period"], Decimal(row["actual"])) for row in rows}
    assert {(row.indicator.code, row.period.code, row.value) for row in public()} == expected
    assert all(row.note.startswith("出典：「") for row in public())


def test_public_figures_are_approved_by_nobody_of_the_portal():
    events = MeasurementEvent.objects.filter(measurement__in=public(), kind=Kind.APPROVED)
    assert events.count() == len(public())
    assert set(events.values_list("user", "organization")) == {(None, None)}


def test_years_without_a_public_figure_stay_gaps():
    cells = Cell.objects.filter(indicator__code="JR-NUM", basis=Basis.OFFICIAL)
    years = {cell.period.fiscal_year for cell in cells}
    assert years == {2011, 2012, 2013, 2014, 2015, 2020, 2021}


def test_a_figure_without_a_year_is_a_remark():
    sheet = IndicatorSheet.objects.get(indicator__code="FK-COM")
    assert "21社" in sheet.definition
    assert "年の記載なし" in sheet.definition


def test_real_municipalities_bear_their_codes():
    assert Organization.objects.get(name="豊橋市").municipality_code == "232017"
    assert Organization.objects.get(name="北海道").prefecture_code == "01"


def test_roadmap_and_cases_are_complete():
    assert RoadmapItem.objects.count() == 31
    assert Case.objects.filter(forum__is_public_record=True, source__isnull=False).count() == 6


# --- signing in -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign_in", SIGN_INS, ids=lambda each: each.post)
def test_one_person_of_each_kind_signs_in(sign_in, rf):
    user = authenticate(rf.post("/"), email=sign_in.email, password=PASSWORD)
    assert user is not None
    held = Assignment.objects.filter(person__user=user, post__code=sign_in.post, role=Assignment.Role.MAIN)
    assert any(row.is_active_on(date.fromisoformat(TODAY)) for row in held)


def test_only_the_system_administrator_is_one():
    assert [user.person.name for user in User.objects.filter(is_superuser=True)] == ["運川 守（架空）"]


# --- loading ----------------------------------------------------------------------------------------------------------


def counts() -> dict[str, int]:
    models = (Forum, User, Measurement, MeasurementEvent, Cell, Target, AuditEntry)
    return {model.__name__: model.objects.count() for model in models}


def test_loading_twice_changes_nothing():
    before, out = counts(), StringIO()
    call_command("load_sample", stdout=out)
    assert counts() == before
    assert "すでに読み込まれています" in out.getvalue()


def forget_that_it_is_loaded() -> None:
    Forum.objects.filter(code="F1").update(code="F0")


def test_if_empty_leaves_other_data_alone():
    forget_that_it_is_loaded()
    before, out = counts(), StringIO()
    call_command("load_sample", "--if-empty", stdout=out)
    assert counts() == before
    assert "読み込みませんでした" in out.getvalue()


def test_server_edition_is_refused_the_public_password(settings):
    settings.EDITION = "server"
    forget_that_it_is_loaded()
    with pytest.raises(CommandError, match="--force"):
        call_command("load_sample")


def test_audit_of_the_load_is_sealed():
    assert audit.verify() == ([], 0)


def test_today_of_the_story_is_today_of_the_check_table():
    assert document("forum")["today"] == TODAY


# --- opportunities and who wants to hear more ------------------------------------------------------------------------


@pytest.mark.parametrize("row", table("interests"), ids=lambda row: row["id"])
def test_each_interest_has_its_day_its_state_and_its_history(row):
    interest = Interest.objects.get(code=row["id"])
    assert interest.reply_due_on.isoformat() == row["reply_due_on"]
    assert interest.get_state_display() == row["state"]
    assert getattr(interest.handed_to, "code", "") == row["escalated_to_post"]
    assert (interest.consented_on.isoformat() if interest.consented_on else "") == row["consented_on"]
    events = list(interest.events.order_by("id"))
    assert [events[0].to_state, events[-1].to_state] == ["applied", interest.state]
    assert [event.at for event in events] == sorted(event.at for event in events)


def test_the_days_of_the_first_interest_are_those_of_the_table():
    days = [
        (f"{event.at:%m-%d}", event.get_to_state_display())
        for event in Interest.objects.get(code="IN1").events.all()
    ]
    assert days == [("10-13", "申込"), ("10-19", "受付"), ("10-30", "面談"), ("11-06", "条件協議")]


def test_the_sixth_opportunity_is_for_banks_and_owner_municipalities():
    opportunity = Opportunity.objects.get(code="OP6")
    assert [str(each) for each in opportunity.audiences.all()] == ["金融機関", "幹事自治体"]
    seen = {
        user.email
        for user in User.objects.all()
        if opportunity in Opportunity.objects.visible_to(build_actor(user, None))
    }
    assert seen == {
        "chiiki@shionagi-shinkin.example.jp", "info@misaki.example.jp", "co@shien.example.jp",
        "kikaku@shionagi.example.jp", "kikaku-kacho@shionagi.example.jp", "sangyo@shionagi.example.jp",
        "joho@shionagi.example.jp",
    }  # fmt: skip


def test_the_client_of_the_bank_is_known_to_poster_bank_and_coordinator_alone():
    interest = Interest.objects.get(code="IN2")
    seen = {
        user.email
        for user in User.objects.all()
        if interest in Interest.objects.visible_to(build_actor(user, None))
    }
    assert seen == {
        "chiiki@shionagi-shinkin.example.jp", "ura@shionagi-u.example.jp", "sangaku@shionagi-u.example.jp",
        "co@shien.example.jp", "joho@shionagi.example.jp",
    }  # fmt: skip


# --- projects ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "year", "thousands"),
    [
        ("P1", 2024, 12_960),
        ("P2", 2025, 12_400),
        ("P3", 2024, 8_710),
        ("P3", 2025, 3_640),
        ("P5", 2027, 2_600),
    ],
)
def test_money_of_a_year_is_counted_once_at_its_furthest_step(code: str, year: int, thousands: int) -> None:
    money = funding_table(sources_of(Project.objects.get(code=code)))
    assert dict(zip(money.years, money.year_totals, strict=True))[year] == thousands * 1000


def test_stopped_project_keeps_its_first_plan_its_team_and_its_correction() -> None:
    project = Project.objects.get(code="P3")
    assert (project.state, project.ends_on, project.planned_ends_on) == (
        Project.State.STOPPED, date(2026, 3, 31), date(2027, 3, 31),
    )  # fmt: skip
    assert funding_table(sources_of(project)).total == 12_350_000
    missing = project.team_roles.filter(state="missing").values_list("role", flat=True)
    assert set(missing) == {"sales", "municipality"}
    correction = project.corrections.get()
    assert (correction.code, correction.decision.code, correction.kind) == ("C1", "D5-1", "stopped")
    assert set(correction.indicators.values_list("code", flat=True)) == {"V-K01", "P3-1", "P3-2"}


def test_targets_that_were_reviewed_have_their_correction_without_a_project() -> None:
    correction = goal("V-K01").corrections.get(project=None)
    assert (correction.code, correction.decision.code) == ("C2", "D5-2")
