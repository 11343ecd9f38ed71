"""An observer of the prefecture compares two forums and takes the comparison home as a file."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

OBSERVER = "sangyo@kakuken.example.jp"
ONE, OTHER = "しおなぎ地域共創の場（架空）", "北大Ｒ＆Ｂパーク構想"


def compare(person):
    page = person.open("/forums/")
    person.follow(ONE)
    person.follow("他の場と比べる")
    page.select_option("select[name=b]", label=OTHER)
    with page.expect_navigation():
        page.get_by_role("button", name="比べる", exact=True).click()
    return page


def row(page, label: str):
    return page.locator("main tr").filter(has=page.locator(f'th:text-is("{label}")'))


def fetched(page, button: str) -> bytes:
    """Ask for a file, wait until it is made, and fetch it."""
    with page.expect_navigation():
        page.get_by_role("button", name=button).click()
    link = page.get_by_role("link", name="受け取る")
    expect(link).to_be_visible(timeout=30_000)
    with page.expect_download() as download:
        link.click()
    return Path(download.value.path()).read_bytes()


def test_an_observer_compares_two_forums_and_exports_the_comparison(visitor):
    observer = visitor()
    observer.sign_in(OBSERVER)
    page = compare(observer)
    expect(row(page, "構成員").first).to_contain_text("13機関")
    expect(row(page, "プロジェクト")).to_contain_text("5件")
    expect(row(page, "期限超過")).to_contain_text("構成員だけが見られます")
    expect(page.locator("main")).to_contain_text("北海道大学が当該年度に実施した共同研究の件数")
    expect(page.locator("main")).to_contain_text("似た名前だけでは並べません")
    observer.reads_well()
    address = page.url
    lines = list(csv.reader(io.StringIO(fetched(page, "CSVで書き出す").decode("utf-8-sig"))))
    members = [line for line in lines if line[:3] == [ONE, "構成員（今日現在）", "構成員"]]
    assert members[0][3:5] == ["13", "機関"]
    page.goto(address)
    book = load_workbook(io.BytesIO(fetched(page, "XLSXで書き出す")))
    assert book.sheetnames == ["比較", "並べるKPI", "並べないKPI", "この資料について"]
    facts = dict(book["この資料について"].iter_rows(values_only=True))
    assert facts["取得した機関"] == "架空県（架空）"
    assert facts["集計の基準"] == "承認済みの値だけ"


def test_a_visitor_sees_the_public_parts_alone(visitor):
    resident = visitor(width=360)
    page = compare(resident)
    expect(row(page, "各機関の回答（現行の版）")).to_contain_text("構成員だけが見られます")
    expect(row(page, "決定事項")).not_to_contain_text("7件")
    expect(page.get_by_role("button", name="CSVで書き出す")).to_have_count(0)
    resident.reads_well()


def test_the_same_forum_twice_is_told_in_words(visitor):
    resident = visitor()
    page = compare(resident)
    page.select_option("select[name=b]", label=ONE)
    with page.expect_navigation():
        page.get_by_role("button", name="比べる", exact=True).click()
    expect(page.locator("main")).to_contain_text("別の場を選んでください")
    resident.reads_well()
