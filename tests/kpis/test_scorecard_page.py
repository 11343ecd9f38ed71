"""The scorecard as people see it: words for what is missing, grades that do not jump to conclusions, rights."""

from __future__ import annotations

import re
from decimal import Decimal
from html import unescape

import pytest
from django.urls import reverse
from django.utils import timezone

from foundation import lanes
from kpis.models import GradeScheme, Scorecard
from kpis.periods import Grain, Period
from kpis.rules import Direction
from kpis.schemes import PRESETS
from kpis.services.targets import TargetInput, set_targets
from kpis.sparkline import draw, runs
from tests.factories.kpis import (
    SYSTEM,
    approve,
    approved,
    contribute,
    event,
    make_indicator,
    make_rolled_up,
    report,
)

pytestmark = pytest.mark.django_db
FIRST = Period.parse("FY2022-Q1")
TONNES = {"unit": "t", "direction": Direction.DOWN, "first_period": FIRST}
RATIO = {"unit": "percent", "scale": "ratio", "decimals": 1, "first_period": FIRST}


def words(html: str) -> str:
    """What is read: without tags, without the drawings."""
    plain = re.sub(r"<svg.*?</svg>", "", html, flags=re.S)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", plain))).strip()


def body(client, card: Scorecard, query: str = "fy=FY2023") -> str:
    return client.get(f"{reverse('kpis:scorecard', args=[card.public_id])}?{query}").content.decode()


def row(html: str, code: str) -> str:
    found = [each for each in re.findall(r"<tr.*?</tr>", html, flags=re.S) if f">{code}<" in each]
    assert len(found) == 1, f"{len(found)} rows of {code}"
    return found[0]


def aim(indicator, **targets: str) -> None:
    set_targets(
        actor=SYSTEM,
        indicator=indicator,
        targets=[TargetInput(Period.parse(year), Decimal(value)) for year, value in targets.items()],
    )


def year_of(indicator, year: int, values: list[str | None]) -> None:
    for number, value in enumerate(values, 1):
        if value is not None:
            approved(indicator, f"FY{year}-Q{number}", value)


@pytest.fixture
def staff(client, people):
    client.force_login(people.reporter)
    return client


@pytest.fixture
def burnt(people):
    """水産加工残さの焼却処分量 (SAMPLE 2.20, 1): two towns, the third quarter of one of them will never come."""
    card = people.scorecard
    total = make_rolled_up(
        card,
        fields={"code": "V-K02"},
        baseline_value=Decimal(4820),
        baseline_period=Period.parse("FY2021"),
        **TONNES,
    )
    city, town = (make_indicator(card, fields={"code": code}, **TONNES) for code in ("M2-C", "M2-T"))
    contribute(city, total)
    contribute(town, total, position=1)
    for year, values in {
        2022: ("1010", "1060", "1180", "1050"),
        2023: ("985", "1020", "1120", "990"),
    }.items():
        year_of(city, year, list(values))
    year_of(town, 2022, ["118", "124", "140", "122"])
    year_of(town, 2023, ["115", "121", None, "118"])
    approve(report(town, "FY2023-Q3", missing="never", note="計量器の故障"))
    aim(total, FY2023="4600", FY2024="4200")
    lanes.drain("rollup")
    return total


# --- what may be concluded ------------------------------------------------------------------------------------------


def test_missing_report_of_a_decreasing_figure_leaves_the_grade_open(staff, people, burnt):
    seen = words(row(body(staff, people.scorecard), "V-K02"))
    assert "4,469" in seen
    assert "7／8" in seen
    assert "判定保留" in seen
    assert "順調" not in seen


def test_sum_that_is_met_already_is_on_course_with_a_report_missing(staff, people):
    sales = make_rolled_up(
        people.scorecard,
        fields={"code": "V-K01"},
        unit="yen_million",
        scale="currency",
        decimals=2,
        first_period=FIRST,
    )
    child = make_indicator(
        people.scorecard, fields={"code": "P1-1"}, unit="yen_million", scale="currency", first_period=FIRST
    )
    contribute(child, sales)
    year_of(child, 2023, ["20", "20", None, "15.3"])
    aim(sales, FY2023="50")
    lanes.drain("rollup")
    seen = words(row(body(staff, people.scorecard), "V-K01"))
    assert "55.30" in seen
    assert "110.6%" in seen
    assert "順調（一部未報告）" in seen


def test_ratio_comes_from_summed_numerators_and_denominators(staff, people):
    share = make_rolled_up(people.scorecard, fields={"code": "V-K03"}, tree_rule="ratio_of_sums", **RATIO)
    child = make_indicator(people.scorecard, fields={"code": "M3"}, **RATIO)
    contribute(child, share)
    for quarter, ratio in enumerate((("1", "2"), ("1", "100"), ("1", "100"), ("1", "100")), 1):
        approved(child, f"FY2023-Q{quarter}", ratio=ratio)
    lanes.drain("rollup")
    assert "1.3" in words(row(body(staff, people.scorecard), "V-K03"))


def test_levels_have_no_rate(staff, people):
    level = make_indicator(
        people.scorecard, fields={"code": "V-K10"}, unit="level", scale="level", accrual="stock", grain=12,
        first_period=Period.parse("FY2022"),
    )  # fmt: skip
    approved(level, "FY2023", "2")
    aim(level, FY2023="3")
    seen = words(row(body(staff, people.scorecard), "V-K10"))
    assert "未達" in seen
    assert "課題あり" in seen
    assert "%" not in seen


def test_running_total_is_judged_exactly_at_the_border(staff, people):
    total = make_indicator(
        people.scorecard, fields={"code": "V-K08"}, unit="person", grain=12, is_running_total=True,
        first_period=Period.parse("FY2021"),
    )  # fmt: skip
    for year, value in ((2021, "0"), (2022, "3"), (2023, "5")):
        approved(total, f"FY{year}", value)
    aim(total, FY2023="10")
    seen = words(row(body(staff, people.scorecard), "V-K08"))
    assert "80.0%" in seen
    assert "おおむね順調" in seen


def test_forum_judges_in_its_own_words(staff, people):
    scheme = PRESETS["sabc"].to_dict()
    GradeScheme.objects.create(
        forum=people.forum, name="S〜C", definition=scheme, recorded_at="2023-04-01T00:00:00Z"
    )
    one = make_indicator(
        people.scorecard, fields={"code": "K1"}, grain=12, first_period=Period.parse("FY2022")
    )
    approved(one, "FY2023", "12")
    aim(one, FY2023="10")
    assert "目標値を達成" in words(row(body(staff, people.scorecard), "K1"))


def test_sum_under_way_that_should_fall_shows_no_rate(staff, people):
    """A quarter of the year has 0 of what it will have: met for the moment means nothing."""
    falling = make_indicator(
        people.scorecard,
        fields={"code": "K1"},
        baseline_value=Decimal(100),
        baseline_period=Period.parse("FY2021"),
        **TONNES,
    )
    now = Period.of(timezone.localdate(), Grain.YEAR)
    approved(falling, f"{now.code}-Q1", "3")
    aim(falling, **{now.code: "80"})
    seen = words(row(body(staff, people.scorecard, f"fy={now.code}"), "K1"))
    assert "3" in seen
    assert "%" not in seen
    assert "順調" not in seen


# --- what is not there ----------------------------------------------------------------------------------------------


def test_zero_is_written_as_zero_and_missing_as_a_word(staff, people):
    zero, missing = (
        make_indicator(
            people.scorecard, fields={"code": code}, grain=12, decimals=2, first_period=Period.parse("FY2022")
        )
        for code in ("K-0", "K-1")
    )
    approved(zero, "FY2023", "0")
    approved(missing, "FY2022", "4")
    html = body(staff, people.scorecard)
    assert re.search(r'basis=official">0</a>', row(html, "K-0"))
    assert "未報告" in words(row(html, "K-1"))
    assert 'data-kind="unreported"' in row(html, "K-1")


def test_negative_figure_bears_a_triangle(staff, people):
    back = make_indicator(
        people.scorecard,
        fields={"code": "P3-2"},
        unit="yen_thousand",
        scale="currency",
        may_be_negative=True,
        grain=12,
        first_period=Period.parse("FY2022"),
    )
    approved(back, "FY2023", "-1560")
    assert "▲1,560" in words(row(body(staff, people.scorecard), "P3-2"))


def test_year_without_a_survey_is_not_expected_and_breaks_the_line(staff, people):
    survey = make_indicator(
        people.scorecard,
        fields={"code": "V-K07"},
        grain=12,
        accrual="stock",
        first_period=Period.parse("FY2021"),
    )
    approved(survey, "FY2021", "40")
    approve(report(survey, "FY2022", missing="not_applicable", note="隔年調査"))
    approved(survey, "FY2023", "36")
    html = row(body(staff, people.scorecard), "V-K07")
    assert "対象外" in words(html)
    assert "polyline" not in html
    assert html.count("<circle") == 3


def test_gap_is_drawn_as_a_gap():
    assert runs([1, None, 2, 3]) == [[(0, 1)], [(2, 2), (3, 3)]]
    drawing = draw([1, 2, None, 2, 3], "推移")
    assert drawing.count("<polyline") == 2


def test_drawing_without_values_is_empty():
    assert draw([None, None], "推移") == ""


def test_year_that_has_not_ended_is_not_due(staff, people):
    now = Period.of(timezone.localdate(), Grain.YEAR)
    make_indicator(people.scorecard, fields={"code": "K1"}, grain=12, first_period=Period.parse("FY2022"))
    assert "期限前" in words(row(body(staff, people.scorecard, f"fy={now.code}"), "K1"))


def test_returned_figure_counts_on_neither_basis(staff, people):
    rides = make_rolled_up(people.scorecard, fields={"code": "V-K06"}, first_period=FIRST)
    child = make_indicator(
        people.scorecard, fields={"code": "P2-1"}, grain=1, first_period=Period.parse("2022-04")
    )
    contribute(child, rides)
    for month, value in (("2023-07", "271"), ("2023-08", "258"), ("2023-09", "302")):
        last = report(child, month, value)
    event(last, "returned", "付添いを数えていませんか")
    lanes.drain("rollup")
    seen = words(row(body(staff, people.scorecard), "V-K06"))
    assert "529" in seen
    assert "2／12" in seen
    assert "831" not in seen
    assert "未報告" in seen


def test_preliminary_figures_are_told(staff, people):
    one = make_indicator(
        people.scorecard, fields={"code": "K1"}, grain=12, first_period=Period.parse("FY2022")
    )
    approved(one, "FY2023", "5", nature="preliminary")
    assert "速報値" in words(row(body(staff, people.scorecard), "K1"))


def test_preliminary_figures_beneath_are_told(staff, people):
    top = make_rolled_up(people.scorecard, fields={"code": "K1"}, first_period=FIRST)
    child = make_indicator(people.scorecard, fields={"code": "K2"}, first_period=FIRST)
    contribute(child, top)
    approved(child, "FY2023-Q1", "5", nature="preliminary")
    lanes.drain("rollup")
    assert "速報値を含む" in words(row(body(staff, people.scorecard), "K1"))


# --- earlier moments ------------------------------------------------------------------------------------------------


def test_as_of_an_earlier_day_shows_what_stood_then(staff, people):
    one = make_indicator(
        people.scorecard, fields={"code": "K1"}, grain=12, first_period=Period.parse("FY2022")
    )
    approved(one, "FY2023", "3900")
    today = timezone.localdate().isoformat()
    html = body(staff, people.scorecard, f"fy=FY2023&as_of={today}")
    assert f"基準時点 {today} の値です" in html
    assert "3,900" in words(row(html, "K1"))
    assert "表示できるKPIがありません" in body(staff, people.scorecard, "fy=FY2023&as_of=2000-01-01")


@pytest.mark.parametrize("moment", ["きのう", "2999-01-01", "0001-01-01", "2025-13-01"])
def test_wrong_moment_is_no_page(staff, people, moment):
    address = reverse("kpis:scorecard", args=[people.scorecard.public_id])
    assert staff.get(f"{address}?as_of={moment}").status_code == 404


@pytest.mark.parametrize("year", ["FY1900", "FY2199", "FY2023-Q1", "2023-04", "七年"])
def test_year_that_cannot_be_shown_is_not_asked_for(staff, people, year):
    make_indicator(people.scorecard, fields={"code": "K1"})
    assert ">K1<" in body(staff, people.scorecard, f"fy={year}")


# --- what is shown --------------------------------------------------------------------------------------------------


def test_every_figure_leads_to_its_reason(staff, people, burnt):
    html = row(body(staff, people.scorecard), "V-K02")
    for basis in ("official", "provisional"):
        assert f"{reverse('kpis:why', args=[burnt.public_id])}?period=FY2023&amp;basis={basis}" in html


def test_indicators_beneath_are_shown_on_request(staff, people, burnt):
    assert ">M2-T<" not in body(staff, people.scorecard)
    assert ">M2-T<" in body(staff, people.scorecard, "fy=FY2023&sub=on")


def test_rows_are_narrowed_by_grade_value_and_keeper(staff, people, burnt):
    assert ">V-K02<" in body(staff, people.scorecard, "fy=FY2023&grade=判定保留")
    html = body(staff, people.scorecard, "fy=FY2023&grade=順調")
    assert "条件に合うKPIはありません" in html


def test_value_nobody_speaks_for_is_told(staff, people):
    make_indicator(people.scorecard, value="social")
    seen = words(body(staff, people.scorecard))
    assert "社会的価値 1 件" in seen
    assert "人材育成 0 件 （まだありません）" in seen


def test_empty_card_says_what_comes_next(staff, people):
    assert "表示できるKPIがありません" in body(staff, people.scorecard)


# --- who sees it ----------------------------------------------------------------------------------------------------


def test_stranger_finds_no_card(client, people):
    client.force_login(people.stranger)
    assert client.get(reverse("kpis:scorecard", args=[people.scorecard.public_id])).status_code == 404


def test_visitor_is_led_to_the_sign_in(client, people):
    answer = client.get(reverse("kpis:scorecard", args=[people.scorecard.public_id]))
    assert answer.status_code == 302
    assert reverse("account_login") in answer["Location"]


def test_member_sees_the_card_without_the_entry(client, people):
    make_indicator(people.scorecard, fields={"code": "K1"})
    client.force_login(people.member)
    html = body(client, people.scorecard)
    assert ">K1<" in html
    assert "値を入力する" not in html


def test_reporter_is_offered_the_entry(staff, people):
    assert reverse("kpis:entry", args=[people.scorecard.public_id]) in body(staff, people.scorecard)


def test_public_reads_approved_figures_alone(client, people):
    Scorecard.objects.filter(pk=people.scorecard.pk).update(visibility="public")
    open_one = make_indicator(
        people.scorecard,
        fields={"code": "K1", "visibility": "public"},
        grain=12,
        first_period=Period.parse("FY2022"),
    )
    make_indicator(people.scorecard, fields={"code": "K2"})
    approved(open_one, "FY2022", "5")
    report(open_one, "FY2023", "77")
    html = body(client, people.scorecard)
    assert ">K1<" in html
    assert ">K2<" not in html
    assert "77" not in words(row(html, "K1"))
    assert "承認前を含む" not in html


# --- while it is open -----------------------------------------------------------------------------------------------


def live(client, card: Scorecard, seen: int):
    return client.get(f"{reverse('kpis:scorecard_live', args=[card.public_id])}?fy=FY2023&seen={seen}")


def test_unchanged_card_sends_nothing(staff, people):
    people.scorecard.refresh_from_db()
    assert live(staff, people.scorecard, people.scorecard.figures_version).status_code == 204


def test_changed_card_sends_its_table_and_says_so(staff, people):
    one = make_indicator(
        people.scorecard, fields={"code": "K1"}, grain=12, first_period=Period.parse("FY2022")
    )
    people.scorecard.refresh_from_db()
    before = people.scorecard.figures_version
    approved(one, "FY2023", "5")
    lanes.drain("rollup")
    html = live(staff, people.scorecard, before).content.decode()
    assert "集計を更新しました" in html
    assert "<html" not in html
    assert ">5</a>" in row(html, "K1")


def test_stranger_hears_nothing(client, people):
    client.force_login(people.stranger)
    assert live(client, people.scorecard, 0).status_code == 404
