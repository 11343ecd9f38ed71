"""The secretariat compiles a round's reports and publishes them; before that no member sees them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

SECRETARY = "kikaku@shionagi.example.jp"
MEMBER = "chiiki@shionagi-shinkin.example.jp"
ROUND = "令和8年度 第2四半期 進捗報告"
FIND = f"""
from projects.models import ReportingRound
print(ReportingRound.objects.get(name="{ROUND}", forum__is_fictitious=True).public_id)
"""


@pytest.fixture
def compiled_page(installation: Any) -> str:
    return f"/rounds/{installation.python(FIND).strip()}/compiled/"


def test_the_secretariat_compiles_and_publishes_and_a_member_reads(visitor, compiled_page):
    secretary = visitor()
    secretary.sign_in(SECRETARY)
    page = secretary.open(compiled_page)
    secretary.reads_well()
    with page.expect_navigation():
        page.get_by_role("button", name="とりまとめる").click()
    expect(page.get_by_role("link", name="第2版")).to_have_count(2, timeout=30_000)

    secretary.follow("第2版")
    path = re.sub(r"^https?://[^/]+", "", page.url)
    expect(page.locator("h1")).to_have_text(f"{ROUND} とりまとめ")
    missing = page.get_by_role("row").filter(has_text="P5 ").first
    expect(missing).to_contain_text("期限超過")
    expect(page.locator("main")).to_contain_text("第1版からの変更")
    secretary.reads_well()

    member = visitor(width=360)
    member.sign_in(MEMBER)
    member.is_refused(path, 404)

    page.once("dialog", lambda dialog: dialog.accept())
    with page.expect_navigation():
        page.get_by_role("button", name="公開する").click()
    expect(page.locator(".p-compiled-state")).to_contain_text("公開")
    assert page.get_by_role("button", name="公開する").count() == 0

    read = member.open(path)
    expect(read.locator("h1")).to_have_text(f"{ROUND} とりまとめ")
    member.reads_well()
    with read.expect_navigation(url="**/exports/*/"):
        read.get_by_role("button", name="PDFで書き出す").click()
    expect(read.locator("#export-state")).to_contain_text("完了", timeout=30_000)
    with read.expect_download() as download:
        read.get_by_role("link", name="受け取る").click()
    assert download.value.suggested_filename.endswith(".pdf")
