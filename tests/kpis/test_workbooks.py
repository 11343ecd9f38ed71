"""The grid as a workbook: out, filled in offline, back with a preview, into the draft whole or not at all."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import Http404
from django.urls import reverse
from openpyxl import load_workbook

from foundation import jobs
from foundation.errors import DomainError, StateError
from kpis.models import DraftEntry, Indicator, Measurement, WorkbookImport
from kpis.periods import Period
from kpis.services import entering, workbooks
from kpis.services.entering import Typed
from kpis.workbooks.write import HEADER_ROW, write_workbook
from tests.conftest import People
from tests.factories.kpis import approved, make_indicator

pytestmark = pytest.mark.usefixtures("files")
Q1, Q2 = Period.parse("FY2025-Q1"), Period.parse("FY2025-Q2")
Edit = Callable[[Any], None]


@pytest.fixture
def files(settings, tmp_path) -> None:
    settings.FILES_ROOT = tmp_path


@pytest.fixture
def indicator(people: People) -> Indicator:
    return make_indicator(people.scorecard, fields={"post": people.scorecard.post, "code": "K-1"})


@pytest.fixture
def ratio(people: People) -> Indicator:
    own = {"post": people.scorecard.post, "code": "K-2"}
    return make_indicator(people.scorecard, fields=own, unit="percent", scale="ratio", time_rule="")


def book(people: People, year: int = 2025) -> Any:
    """The downloaded workbook, opened."""
    target = io.BytesIO()
    write_workbook(people.actor("reporter"), [people.scorecard], year, target)
    return load_workbook(target)


def cell(opened: Any, row: int, header: str) -> Any:
    """The cell of the n-th row of data under a header."""
    paper = opened.worksheets[0]
    headers = {each.value: each.column for each in paper[HEADER_ROW + 1]}
    return paper.cell(HEADER_ROW + 1 + row, headers[header])


def as_upload(opened: Any, name: str = "入力.xlsx") -> SimpleUploadedFile:
    target = io.BytesIO()
    opened.save(target)
    return SimpleUploadedFile(name, target.getvalue())


def upload(people: People, content: Any, who: str = "reporter") -> WorkbookImport:
    """Bring a workbook back and let the worker read it."""
    given = content if isinstance(content, SimpleUploadedFile) else as_upload(content)
    made = workbooks.start_import(actor=people.actor(who), scorecard=people.scorecard, upload=given)
    work()
    made.refresh_from_db()
    return made


def work() -> None:
    while jobs.work_one():
        pass


def apply(people: People, made: WorkbookImport, **options: Any) -> WorkbookImport:
    workbooks.apply_import(actor=people.actor("reporter"), made=made, **options)
    work()
    made.refresh_from_db()
    return made


def type_in(people: People, who: str, indicator: Indicator, value: str, period: Period = Q1) -> None:
    draft = entering.open_draft(actor=people.actor(who), scorecard=people.scorecard)
    entering.save_entry(actor=people.actor(who), draft=draft, typed=Typed(indicator, period, value=value))


# --- out -------------------------------------------------------------------------------------------------------------


def test_the_workbook_holds_a_row_for_every_cell_with_what_stands_in_it(people, indicator, ratio) -> None:
    approved(indicator, "FY2025-Q1", "1234.5")
    opened = book(people)
    assert opened.worksheets[0].max_row == HEADER_ROW + 1 + 8
    assert cell(opened, 1, "番号").value == "K-1"
    assert cell(opened, 1, "期間").value == "令和7年度 第1四半期"
    assert cell(opened, 1, "値").value == 1234.5
    assert cell(opened, 1, "今の状態").value == "承認済み"
    assert cell(opened, 2, "値").value is None
    assert cell(opened, 2, "今の状態").value == "未報告"


def test_only_the_cells_to_fill_in_are_open(people, indicator) -> None:
    opened = book(people)
    assert opened.worksheets[0].protection.sheet
    assert cell(opened, 1, "番号").protection.locked
    assert not cell(opened, 1, "値").protection.locked
    lists = [each.formula1 for each in opened.worksheets[0].data_validations.dataValidation]
    assert '"見込値,速報値,確定値,訂正値"' in lists


def test_the_same_grid_gives_the_same_bytes(people, indicator) -> None:
    first, second = io.BytesIO(), io.BytesIO()
    for target in (first, second):
        write_workbook(people.actor("reporter"), [people.scorecard], 2025, target)
    assert first.getvalue() == second.getvalue()


def test_a_name_like_a_formula_stays_a_text(people) -> None:
    make_indicator(people.scorecard, fields={"post": people.scorecard.post, "name": "=1+1"})
    opened = book(people)
    assert cell(opened, 1, "KPI").value == "=1+1"
    assert cell(opened, 1, "KPI").data_type == "s"


# --- back ------------------------------------------------------------------------------------------------------------


def test_a_workbook_that_nobody_touched_changes_nothing(people, indicator, ratio) -> None:
    approved(indicator, "FY2025-Q1", "1234.5")
    type_in(people, "reporter", indicator, "７８", Q2)
    made = upload(people, book(people))
    assert (made.state, made.counts) == ("ready", {"same": 8, "conflict": 0})


def test_the_preview_tells_new_changed_and_wrong_with_sheet_and_cell(people, indicator, ratio) -> None:
    approved(indicator, "FY2025-Q1", "10")
    opened = book(people)
    cell(opened, 1, "値").value = 12
    cell(opened, 1, "備考").value = "集計漏れ"
    cell(opened, 2, "値").value = "▲1,234"
    cell(opened, 3, "値").value = "約10"
    cell(opened, 5, "分子").value = 3
    made = upload(people, opened)
    assert made.state == "refused"
    assert made.counts == {"changed": 1, "new": 1, "error": 2, "same": 4, "conflict": 0}
    wrong = {line["where"].split("!")[1]: line["message"] for line in made.lines if line["kind"] == "error"}
    assert set(wrong) == {cell(opened, 3, "値").coordinate, cell(opened, 5, "分母").coordinate}
    changed = next(line for line in made.lines if line["kind"] == "changed")
    assert (changed["before"], changed["after"]) == ("10", "12")
    assert not DraftEntry.objects.exists()


def test_applying_takes_everything_into_the_draft_and_nothing_into_the_ledger(
    people, indicator, ratio
) -> None:
    opened = book(people)
    cell(opened, 1, "値").value = 0
    cell(opened, 2, "値がない理由").value = "対象外"
    cell(opened, 2, "備考").value = "隔年の調査"
    cell(opened, 3, "数値の性質").value = "速報値"
    cell(opened, 3, "値").value = "１，２３４．５"
    cell(opened, 5, "分子").value, cell(opened, 5, "分母").value = 1, 3
    made = apply(people, upload(people, opened))
    assert made.state == "applied"
    entries = {(e.indicator.code, e.period.code): e for e in DraftEntry.objects.select_related("indicator")}
    assert entries["K-1", "FY2025-Q1"].value == "0"
    assert entries["K-1", "FY2025-Q2"].missing == "not_applicable"
    assert entries["K-1", "FY2025-Q3"].nature == "preliminary"
    assert (entries["K-2", "FY2025-Q1"].numerator, entries["K-2", "FY2025-Q1"].denominator) == ("1", "3")
    assert not Measurement.objects.exists()


def test_one_wrong_row_keeps_all_others_out(people, indicator) -> None:
    opened = book(people)
    cell(opened, 1, "値").value = 5
    cell(opened, 2, "値").value = "たくさん"
    made = apply(people, upload(people, opened))
    assert made.state == "refused"
    assert not DraftEntry.objects.exists()


def test_what_a_colleague_typed_after_the_download_is_not_overwritten_unseen(people, indicator) -> None:
    opened = book(people)
    type_in(people, "secretary", indicator, "7")
    cell(opened, 1, "値").value = 9
    made = upload(people, opened)
    assert (made.state, made.counts["conflict"]) == ("refused", 1)
    assert "「7」に変わっています" in made.lines[0]["message"]
    made = apply(people, made, overwrite=True)
    assert made.state == "applied"
    assert DraftEntry.objects.get().value == "9"


def test_what_was_typed_between_preview_and_applying_stops_it(people, indicator) -> None:
    opened = book(people)
    cell(opened, 1, "値").value = 9
    made = upload(people, opened)
    assert made.state == "ready"
    type_in(people, "secretary", indicator, "7")
    assert apply(people, made).state == "refused"
    assert DraftEntry.objects.get().value == "7"


def test_applying_twice_happens_once(people, indicator) -> None:
    opened = book(people)
    cell(opened, 1, "値").value = 5
    made = apply(people, upload(people, opened))
    with pytest.raises(StateError):
        workbooks.apply_import(actor=people.actor("reporter"), made=made)


def test_a_table_of_ones_own_is_found_by_number_and_period(people, indicator) -> None:
    text = '実績表\n番号,期間,値\nk-1,令和7年度 第1四半期,"1,200"\nK-1,FY2025-Q2,3\nK-9,FY2025-Q2,4\n'
    made = upload(people, SimpleUploadedFile("実績.csv", text.encode("cp932")))
    assert made.counts == {"new": 2, "error": 1, "conflict": 0}


def test_the_same_cell_twice_is_asked_about(people, indicator) -> None:
    text = "番号,期間,値\nK-1,FY2025-Q1,1\nK-1,FY2025-Q1,2\n"
    made = upload(people, SimpleUploadedFile("実績.csv", text.encode()))
    assert made.counts == {"new": 1, "error": 1, "conflict": 0}
    assert "2行目にもあります" in made.lines[0]["message"]


def test_a_file_without_our_columns_says_what_to_do(people, indicator) -> None:
    made = upload(people, SimpleUploadedFile("名簿.csv", "氏名,部署\n山田,企画課\n".encode()))
    assert made.state == "refused"
    assert "見出しがある表が見つかりません" in made.message


def test_what_is_no_workbook_is_refused_before_it_is_kept(people, indicator) -> None:
    for name, content in (("絵.png", b"\x89PNG\r\n"), ("表.xlsx", b"no zip at all"), ("空.csv", b"")):
        with pytest.raises(DomainError) as refused:
            upload(people, SimpleUploadedFile(name, content))
        assert refused.value.field == "file"
    assert not WorkbookImport.objects.exists()


def test_indicators_of_others_are_neither_given_out_nor_taken_in(people, indicator) -> None:
    other = make_indicator(people.scorecard, fields={"code": "K-3", "post": None})
    Indicator.objects.filter(pk=other.pk).update(post=people.reviewer.person.assignments.get().post)
    assert book(people).worksheets[0].max_row == HEADER_ROW + 1 + 4
    made = upload(people, SimpleUploadedFile("x.csv", "番号,期間,値\nK-3,FY2025-Q1,1\n".encode()))
    assert made.counts["error"] == 1


def test_who_may_not_enter_finds_no_way_in(people, indicator) -> None:
    for who in ("stranger", "member"):
        with pytest.raises((Http404, PermissionError, Exception)) as refused:
            workbooks.start_import(
                actor=people.actor(who), scorecard=people.scorecard, upload=SimpleUploadedFile("x.csv", b"x")
            )
        assert refused.type.__name__ in ("Http404", "PermissionDenied")


def test_reading_takes_as_many_queries_for_twenty_indicators_as_for_one(
    people, indicator, django_assert_max_num_queries
) -> None:
    for number in range(20):
        make_indicator(people.scorecard, fields={"post": people.scorecard.post, "code": f"N{number}"})
    actor = people.actor("reporter")
    with django_assert_max_num_queries(6):
        write_workbook(actor, [people.scorecard], 2025, io.BytesIO())


# --- pages -----------------------------------------------------------------------------------------------------------


def test_the_road_on_the_pages(people, indicator, client) -> None:
    client.force_login(people.reporter)
    page = client.get(reverse("kpis:imports", args=[people.scorecard.public_id]))
    assert "令和7年度（2025）" in page.content.decode()
    answer = client.get(reverse("kpis:workbook", args=[people.scorecard.public_id]), {"fy": "FY2025"})
    opened = load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    cell(opened, 1, "値").value = 42
    sent = client.post(
        reverse("kpis:imports", args=[people.scorecard.public_id]), {"file": as_upload(opened)}
    )
    made = WorkbookImport.objects.get()
    assert sent.url == reverse("kpis:import", args=[made.public_id])
    assert "読取り中" in client.get(sent.url).content.decode()
    progress = reverse("kpis:import_progress", args=[made.public_id])
    assert client.get(progress).status_code == 204
    work()
    assert "1件を下書きに取り込む" in client.get(progress).content.decode()
    client.post(sent.url, {"act": "apply"})
    work()
    assert "1件を下書きに取り込みました" in client.get(sent.url).content.decode()
    assert DraftEntry.objects.get().value == "42"


def test_a_year_that_cannot_be_entered_is_not_found(people, indicator, client) -> None:
    client.force_login(people.reporter)
    address = reverse("kpis:workbook", args=[people.scorecard.public_id])
    for year in ("FY1999", "x", ""):
        assert client.get(address, {"fy": year}).status_code == 404
