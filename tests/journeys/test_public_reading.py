"""Somebody without an account reads what is public."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

JOINT_RESEARCH = re.compile("数字を見る.*大学等と民間企業との共同研究")


def test_a_resident_on_a_phone_finds_the_way_from_the_top_page_to_the_figures(visitor):
    resident = visitor(width=360)
    page = resident.open("/")
    expect(page.locator("h1")).to_have_text("地域のめざす姿と、そこまでの道のりが見える場所です")
    resident.reads_well()
    resident.follow("数字で進み具合を見る")
    expect(page.locator(".p-scorecard__table tbody tr")).to_have_count(9)
    expect(page.get_by_text("承認前を含む", exact=False)).to_have_count(0)
    expect(page.get_by_role("link", name="値を入力する")).to_have_count(0)
    resident.reads_well()


def test_the_national_series_shows_a_missing_year_as_missing_not_as_zero(visitor):
    resident = visitor(width=360)
    page = resident.open("/visions/")
    resident.reads_well()
    resident.follow(JOINT_RESEARCH)
    number = page.locator('tr:has(td.p-scorecard__code:text-is("JR-NUM"))')
    expect(number).to_contain_text("28,794")
    expect(number).to_contain_text("29,644")
    gap = number.locator('.p-gap[data-kind="unreported"]')
    expect(gap).to_have_text("未報告")
    line = number.locator("svg.p-spark")
    assert "値のない期間" in line.get_attribute("aria-label")
    assert line.locator("polyline").count() == 2  # the line breaks off at the gap and begins anew
    resident.reads_well()


def test_a_case_of_the_public_record_is_read_with_its_source(visitor):
    resident = visitor(width=360)
    page = resident.open("/cases/")
    resident.reads_well()
    resident.follow("北大Ｒ＆Ｂパーク構想")
    expect(page.locator(".p-facts__row").filter(has_text="出典")).to_contain_text("「")
    resident.reads_well()


def test_the_years_of_a_long_series_can_be_turned_back(visitor):
    resident = visitor()
    page = resident.open("/visions/")
    resident.follow(re.compile("数字を見る.*北大Ｒ＆Ｂパーク構想"))
    page.select_option("select[name=fy]", "FY2006")
    with page.expect_navigation():
        page.get_by_role("button", name="表示する").click()
    expect(page.locator('tr:has(td.p-scorecard__code:text-is("HU-JR")) a.p-scorecard__figure')).to_have_text(
        "362"
    )
