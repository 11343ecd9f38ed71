"""An administrator takes a round's reports away as workbook, CSV and PDF, though a worker dies in the middle of one."""

from __future__ import annotations

import csv
import io
import time
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from foundation.sheets import read_workbook

pytestmark = pytest.mark.browser

ADMINISTRATOR = "joho@shionagi.example.jp"
OBSERVER = "sangyo@kakuken.example.jp"
ROUND = "令和8年度 第2四半期 進捗報告"
FIND = f"""
from projects.models import ReportingRound
print(ReportingRound.objects.get(name="{ROUND}", forum__is_fictitious=True).public_id)
"""
# A worker that has begun, with half a file open, and does not come on.
STUCK = """
import time
from foundation import exports, jobs
def stuck(order, done, total, message=""):
    order._progress.step(1, 5, "報告を集めています")
    time.sleep(600)
exports.Order.step = stuck
while not jobs.work_one():
    time.sleep(0.1)
"""
ABANDONED = """
from django.utils import timezone
from foundation.models import Job
print(Job.objects.filter(state="running").update(lease_until=timezone.now()))
"""


@pytest.fixture
def export_page(installation: Any) -> str:
    return f"/rounds/{installation.python(FIND).strip()}/export/"


def ask_for(person: Any, export_page: str, format: str) -> Any:
    page = person.open(export_page)
    page.check(f"input[name=format][value={format.lower()}]")
    with page.expect_navigation(url="**/exports/*/"):
        page.get_by_role("button", name="書き出す").click()
    expect(page.locator("h1")).to_have_text(f"{ROUND}（{format}）")
    return page


def fetched(page: Any) -> tuple[str, bytes]:
    """(name, content) of the file once it is there; the page finds out by itself."""
    expect(page.locator("#export-state")).to_contain_text("完了", timeout=30_000)
    with page.expect_download() as download:
        page.get_by_role("link", name="受け取る").click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def test_an_administrator_exports_the_reports_of_a_round_and_opens_the_files(visitor, export_page):
    administrator = visitor()
    administrator.sign_in(ADMINISTRATOR)
    administrator.open(export_page)
    administrator.reads_well()

    name, content = fetched(ask_for(administrator, export_page, "XLSX"))
    assert name == f"{ROUND}.xlsx"
    book = {sheet.name: sheet.rows for sheet in read_workbook(io.BytesIO(content), name)}
    form, data = book["様式（印刷用）"], book["データ（報告）"]
    assert form[0][0] == ROUND
    codes = [row[data[0].index("プロジェクト番号")] for row in data[1:]]
    assert codes == ["P1", "P2", "P3", "P4", "P5"]
    administrator.reads_well()

    name, content = fetched(ask_for(administrator, export_page, "CSV"))
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    states = {row["プロジェクト番号"]: row["状態"] for row in rows}
    assert (states["P2"], states["P3"], states["P5"]) == ("差戻し", "報告対象外", "未着手")

    name, content = fetched(ask_for(administrator, export_page, "PDF"))
    assert (name, content[:8]) == (f"{ROUND}.pdf", b"%PDF-1.7")

    administrator.open("/exports/")
    expect(administrator.page.locator("#export-rows tbody tr")).to_have_count(3)
    administrator.reads_well()


def test_an_observer_gets_the_approved_reports_alone(visitor, export_page):
    observer = visitor(width=360)
    observer.sign_in(OBSERVER)
    _name, content = fetched(ask_for(observer, export_page, "CSV"))
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert [(row["プロジェクト番号"], row["状態"]) for row in rows] == [("P4", "承認済み")]


def test_an_export_is_cancelled_and_another_is_finished_though_its_worker_was_killed(
    visitor, export_page, installation, say
):
    administrator = visitor()
    administrator.sign_in(ADMINISTRATOR)
    for process in installation.workers:
        installation.kill(process)

    page = ask_for(administrator, export_page, "PDF")
    expect(page.locator("#export-state")).to_contain_text("待機中")
    with page.expect_navigation():
        page.get_by_role("button", name="取り消す").click()
    expect(page.locator("#export-state")).to_contain_text("取り消したため、ファイルはありません。")

    page = ask_for(administrator, export_page, "XLSX")
    stuck = installation.start_python(STUCK)
    expect(page.locator("#export-state")).to_contain_text("1／5件", timeout=15_000)
    administrator.axe()
    installation.kill(stuck)
    assert installation.python(ABANDONED).strip() == "1"  # the minute of its lease is over

    installation.workers = installation.start_worker()
    started = time.monotonic()
    _name, content = fetched(page)
    say(f"from the restart of the killed worker to the finished export: {time.monotonic() - started:.1f} s")
    assert "様式（印刷用）" in [sheet.name for sheet in read_workbook(io.BytesIO(content), "x.xlsx")]
    expect(page.get_by_role("button", name="もう一度")).to_be_visible()
