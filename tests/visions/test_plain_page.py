"""The plain page of a vision: plain words, official figures of the last year, and no byte of what is not public."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from foundation.dates import fiscal_year, today_tokyo
from kpis.periods import Period
from kpis.rules import Direction
from kpis.selectors.plain import plain_yen
from kpis.services.targets import TargetInput, set_targets
from tests.factories.ecosystems import join, make_forum, make_voice, write_case
from tests.factories.kpis import SYSTEM, approve, approved, make_indicator, report
from tests.factories.projects import make_project
from tests.factories.visions import add_step, make_theme, make_vision
from visions.models import Vision

LAST = fiscal_year(today_tokyo()) - 1
FIRST = Period.parse(f"FY{LAST - 2}")


def address(vision: Vision) -> str:
    return reverse("visions:vision_detail", args=[vision.public_id])


def plain_address(vision: Vision) -> str:
    return reverse("visions:vision_plain", args=[vision.public_id])


@pytest.fixture
def vision(people) -> Vision:
    return make_vision(make_forum(visibility="public"))


def kpi(vision: Vision, **more):
    own = {"visibility": "public", **more.pop("fields", {})}
    return make_indicator(vision.scorecard, fields=own, grain=12, first_period=FIRST, **more)


def aim(indicator, year: int, value: str) -> None:
    set_targets(
        actor=SYSTEM, indicator=indicator, targets=[TargetInput(Period.parse(f"FY{year}"), Decimal(value))]
    )


def cards(client, vision: Vision) -> list:
    return client.get(address(vision)).context["plain"].figures


# --- the figures -----------------------------------------------------------------------------------------------------


def test_card_shows_the_last_year_that_ended_with_its_goal_its_grade_and_the_next_goal(client, vision):
    sold = kpi(
        vision, unit="yen_million", scale="currency", decimals=2,
        fields={"name": "売上高", "plain_name": "捨てていたものの売上", "plain_note": "試しに売った分も入ります。"},
    )  # fmt: skip
    aim(sold, LAST, "50")
    aim(sold, LAST + 1, "75")
    approved(sold, f"FY{LAST}", "55.30")
    [card] = cards(client, vision)
    assert (card.name, card.note) == ("捨てていたものの売上", "試しに売った分も入ります。")
    assert (card.value, card.goal, card.next_goal) == ("5,530万円", "5,000万円以上", "7,500万円以上")
    assert (card.grade, card.symbol) == ("順調", "◎")
    assert card.period == Period.parse(f"FY{LAST}").label_both
    text = client.get(address(vision)).text
    assert "売上高" not in text
    assert "KPI" not in text


@pytest.mark.parametrize(
    ("yen", "text"),
    [
        ("12350000", "1,235万円"),
        ("120000000", "1億2,000万円"),
        ("100000000", "1億円"),
        ("8500", "8,500円"),
        ("0", "0円"),
        ("-1560000", "▲156万円"),
        ("9995000", "1,000万円"),
    ],
)
def test_money_is_written_as_it_is_said(yen, text):
    assert plain_yen(Decimal(yen)) == text


def test_nothing_reported_is_no_zero_and_a_zero_is_one(client, vision):
    kpi(vision)
    nil = kpi(vision)
    approved(nil, f"FY{LAST}", "0")
    missing, zero = cards(client, vision)
    assert (missing.value, missing.grade) == ("", "")
    assert missing.gap.startswith("まだ数字がありません")
    assert (zero.value, zero.gap) == ("0", "")


def test_a_year_in_which_nothing_is_measured_says_so_and_shows_the_figure_before(client, vision):
    survey = kpi(vision, unit="percent", scale="percent", decimals=1, time_rule="last", accrual="stock")
    approved(survey, f"FY{LAST - 1}", "40")
    approve(report(survey, f"FY{LAST}", missing="not_applicable", note="隔年調査"))
    aim(survey, LAST + 1, "32")
    [card] = cards(client, vision)
    assert card.gap == "この年度は、調べない決まりです。"
    assert card.older.endswith("40.0％")


def test_a_figure_that_is_not_approved_does_not_appear(client, vision, people):
    waiting = kpi(vision)
    report(waiting, f"FY{LAST}", "987654")
    for name in (None, "administrator"):
        if name:
            client.force_login(getattr(people, name))
        text = client.get(plain_address(vision)).text
        assert "987,654" not in text
        assert "まだ数字がありません" in text


def test_a_level_bears_its_name_and_less_is_better_says_below(client, vision):
    level = kpi(
        vision,
        unit="level",
        scale="level",
        time_rule="last",
        accrual="stock",
        steps=["未着手", "合意", "試験連携"],
    )
    aim(level, LAST, "1")
    approved(level, f"FY{LAST}", "2")
    burnt = kpi(vision, unit="t", direction=Direction.DOWN)
    aim(burnt, LAST, "4200")
    approved(burnt, f"FY{LAST}", "4187")
    found = cards(client, vision)
    assert (found[0].value, found[0].goal) == ("2 試験連携", "1 合意")
    assert (found[1].value, found[1].unit, found[1].goal) == ("4,187", "トン", "4,200トン以下")


# --- the page --------------------------------------------------------------------------------------------------------


def fill(vision: Vision, rows: int) -> None:
    for number in range(rows):
        theme = make_theme(vision)
        theme.indicators.add(kpi(vision))
        add_step(theme, 2032, f"節目{number}")
        project = make_project(
            vision.forum, themes=[theme], use_text="お電話ください。", use_phone="000-000-0000"
        )
        make_project(vision.forum, themes=[theme], state="stopped")
        make_voice(vision.forum, released=True, about_key=f"projects.project:{project.public_id}")
        write_case(forum=vision.forum, outcome="failure")


@pytest.mark.parametrize("rows", [1, 20])
def test_page_costs_the_same_for_one_of_each_and_for_many(client, vision, rows, django_assert_num_queries):
    fill(vision, rows)
    with django_assert_num_queries(13):
        response = client.get(address(vision))
    page = response.context["plain"]
    assert (len(page.figures), len(page.themes), len(page.running), len(page.stopped)) == (rows,) * 4
    assert len(page.news) == min(3, rows)


def test_staff_see_on_the_plain_page_what_residents_see(client, vision, people):
    join(vision.forum, people.company)
    vision.forum.visibility = "public"
    theme = make_theme(vision)
    kpi(vision, fields={"visibility": "members", "name": "内輪の数字"})
    make_project(vision.forum, themes=[theme], visibility="members", name="内輪の研究（架空）")
    client.force_login(people.member)
    text = client.get(plain_address(vision)).text
    assert "内輪の数字" not in text
    assert "内輪の研究" not in text
    assert "住民の方には、このページがこのとおりに見えます。" in text
    assert "内輪の研究" in client.get(address(vision)).text


def test_two_worlds_what_is_not_public_changes_no_byte(client, vision, people):
    fill(vision, 2)
    before = client.get(address(vision)).content
    theme = vision.themes.first()
    theme.indicators.add(kpi(vision, fields={"visibility": "members", "name": "秘の数字"}))
    make_project(
        vision.forum, themes=[theme], visibility="members", name="秘の研究", use_phone="1", state="stopped"
    )
    make_project(vision.forum, themes=[theme], visibility="draft", name="秘の下書き")
    write_case("秘の事例", forum=vision.forum, outcome="failure", visibility="members")
    make_voice(vision.forum, about_key=f"visions.vision:{vision.public_id}", body="秘の質問")
    make_theme(make_vision(vision.forum, visibility="members"), name="秘のテーマ")
    assert client.get(address(vision)).content == before


def test_vision_that_is_not_public_has_no_plain_page_for_visitors(client, people):
    hidden = make_vision(people.forum, visibility="members")
    assert client.get(plain_address(hidden)).status_code == 404
    client.force_login(people.stranger)
    assert client.get(plain_address(hidden)).status_code == 404
    client.force_login(people.member)
    assert "このビジョンは公開していません" in client.get(plain_address(hidden)).text


def test_what_was_stopped_stands_apart_from_what_is_done_and_is_told_once(client, vision):
    themes = [make_theme(vision), make_theme(vision)]
    make_project(vision.forum, themes=themes, name="続く取組（架空）")
    make_project(
        vision.forum,
        themes=themes,
        name="やめた取組（架空）",
        state="stopped",
        summary="強度が足りませんでした。",
    )
    page = client.get(address(vision)).context["plain"]
    assert [each["name"] for each in page.running] == ["続く取組（架空）"]
    assert [each["name"] for each in page.stopped] == ["やめた取組（架空）"]


def test_change_of_goals_is_told_in_the_residents_words(client, vision):
    kpi(vision, fields={"code": "V-K01", "name": "売上高", "plain_name": "捨てていたものの売上"})
    vision.versions.update(change_note="V-K01 の目標値を見直し", agreed_on=date(2025, 8, 28))
    assert client.get(address(vision)).context["plain"].changed == "「捨てていたものの売上」 の目標値を見直し"


def test_who_wants_to_use_something_finds_the_telephone_and_who_asks_the_box(client, vision):
    make_project(
        vision.forum, themes=[make_theme(vision)], name="予約便（架空）",
        use_text="前日の正午までに。", use_phone="000-000-0000", use_hours="平日の午前9時から",
    )  # fmt: skip
    text = client.get(address(vision)).text
    assert 'href="tel:000-000-0000"' in text
    assert "平日の午前9時から" in text
    assert f"/voices/ask/?about=visions.vision%3A{vision.public_id}" in text


def test_page_without_anything_says_what_is_not_there_yet(client, vision):
    text = client.get(address(vision)).text
    assert "公開している数字はまだありません。" in text
    assert "これからの道のり" not in text


def test_reading_sets_no_cookie_and_needs_no_script_of_its_own(client, vision):
    response = client.get(address(vision))
    assert not response.cookies
    assert response.text.count("<script") == 1  # the one that every page has
