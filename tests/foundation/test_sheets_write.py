"""What stands in the files that leave the portal."""

import csv
import io
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation import sheets
from foundation.sheets import Column, Sheet

PAYLOADS = [
    "=1+1",
    "=cmd|'/c calc'!A0",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "\x00=1+1",
    "＝1+1",
    '=HYPERLINK("http://example.jp","x")',
    "-",
]


def _xlsx(*rows: Any, columns: list[Column] | None = None, **more: Any) -> bytes:
    target = io.BytesIO()
    columns = columns or [Column("値", lambda row: row)]
    sheets.write_xlsx([Sheet("表", columns, rows, **more)], target)
    return target.getvalue()


def _part(content: bytes, name: str) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read(name).decode()


def _sheet_xml(content: bytes) -> str:
    return _part(content, "xl/worksheets/sheet1.xml")


def _back(content: bytes) -> list[list[Any]]:
    return [list(row) for row in sheets.read_workbook(io.BytesIO(content), "a.xlsx")[0].rows]


def _csv_rows(content: bytes, encoding: str = "utf-8-sig") -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode(encoding), newline="")))


def _csv(*rows: Any, encoding: str = "utf-8-sig") -> tuple[bytes, list[sheets.Unwritable]]:
    target = io.BytesIO()
    lost = sheets.write_csv(target, [Column("値", lambda row: row)], rows, encoding=encoding)
    return target.getvalue(), lost


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_text_becomes_a_formula_in_a_workbook(payload: str) -> None:
    assert "<f>" not in _sheet_xml(_xlsx(payload))


def test_a_text_like_a_formula_is_marked_as_text_for_whoever_edits_the_cell() -> None:
    assert 'quotePrefix="1"' in _part(_xlsx("=1+1"), "xl/styles.xml")


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_cell_of_a_csv_begins_like_a_formula(payload: str) -> None:
    content, _ = _csv(payload)
    assert _csv_rows(content)[1][0][0] == "'"


@given(st.text())
def test_whatever_the_text_no_csv_cell_begins_like_a_formula(text: str) -> None:
    content, _ = _csv(text)
    assert not _csv_rows(content)[1][0].startswith(("=", "+", "-", "@", "\t", "\r"))


def test_a_lone_sign_for_not_applicable_stays_as_it_is_in_csv() -> None:
    content, _ = _csv("－")
    assert _csv_rows(content)[1] == ["－"]


def test_headers_are_guarded_too() -> None:
    column = Column("=1+1", lambda row: row)
    assert next(sheets.csv_chunks([column], [])) == b"\xef\xbb\xbf'=1+1\r\n"
    assert "<f>" not in _sheet_xml(_xlsx(1, columns=[column]))


def test_addresses_become_no_links() -> None:
    assert "hyperlink" not in _sheet_xml(_xlsx("https://example.jp/"))


@pytest.mark.parametrize("number", [5, -5, Decimal("-1234.5"), Decimal("123456789.012345"), 0])
def test_numbers_stay_numbers(number: Any) -> None:
    assert sheets.as_decimal(_back(_xlsx(number))[1][0]) == Decimal(str(number))
    assert _csv_rows(_csv(number)[0])[1] == [str(number)]


def test_zero_is_written_and_none_is_not() -> None:
    assert _back(_xlsx((0, None, "x"), columns=_three_columns()))[1] == [0, None, "x"]


def _three_columns() -> list[Column]:
    return [Column(name, lambda row, place=place: row[place]) for place, name in enumerate("abc")]


def test_a_number_of_more_digits_than_a_cell_holds_is_written_as_text() -> None:
    assert _back(_xlsx(Decimal("-1234567890123456.789")))[1] == ["-1234567890123456.789"]


def test_codes_keep_their_leading_zero() -> None:
    assert _back(_xlsx("011002"))[1] == ["011002"]


def test_dates_come_back_as_dates_and_instants_in_tokyo() -> None:
    moment = datetime(2026, 11, 20, 5, 5, tzinfo=UTC)
    assert _back(_xlsx(date(2026, 11, 20), moment))[1:] == [
        [date(2026, 11, 20)],
        [datetime(2026, 11, 20, 14, 5)],
    ]
    assert _csv_rows(_csv(date(2026, 11, 20), moment)[0])[1:] == [["2026-11-20"], ["2026-11-20 14:05"]]


def test_characters_that_break_a_workbook_are_left_out() -> None:
    assert _back(_xlsx("a\x00b\x0bc\ud800d\uffffe"))[1] == ["ab\ncde"]


def test_a_text_longer_than_a_cell_is_cut_and_says_so() -> None:
    (text,) = _back(_xlsx("字" * 40_000))[1]
    assert len(text) == 32_767
    assert text.endswith("…（以下省略）")


def test_the_same_data_give_the_same_bytes() -> None:
    assert _xlsx("観光", 1, date(2026, 4, 1)) == _xlsx("観光", 1, date(2026, 4, 1))


def test_a_printed_sheet_is_a4_landscape_with_its_header_on_every_page() -> None:
    content = _xlsx(1, title="進捗", notes=["単位：人"])
    assert 'paperSize="9"' in _sheet_xml(content)
    assert 'orientation="landscape"' in _sheet_xml(content)
    assert "表!$4:$4" in _part(content, "xl/workbook.xml")


def test_a_title_stands_above_the_header() -> None:
    assert [row[0] for row in _back(_xlsx(1, title="進捗", notes=["単位：人"]))] == [
        "進捗",
        "単位：人",
        None,
        "値",
        1,
    ]


def test_a_path_of_attributes_may_end_at_nothing_but_not_at_a_misspelling() -> None:
    row = SimpleNamespace(post=None)
    assert Column("担当", "post.name").value(row) is None
    with pytest.raises(AttributeError):
        Column("担当", "posts.name").value(row)


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("a/b:c", "a／b：c"),
        ("'", "Sheet"),
        ("", "Sheet"),
        ("history", "history（2）"),
        ("長" * 40, "長" * 31),
    ],
)
def test_sheet_names_are_made_fit(name: str, stored: str) -> None:
    assert sheets.safe_sheet_name(name, set()) == stored


def test_sheets_of_one_name_are_numbered() -> None:
    taken: set[str] = set()
    assert [sheets.safe_sheet_name("A" * 31, taken) for _ in range(2)] == ["A" * 31, "A" * 28 + "（2）"]


def test_csv_opens_in_excel_and_streams() -> None:
    rows = range(20_000)
    chunks = list(sheets.csv_chunks([Column("番号", lambda row: row)], rows))
    assert len(chunks) > 1
    assert b"".join(chunks).startswith(b"\xef\xbb\xbf")
    assert b"".join(chunks).count(b"\xef\xbb\xbf") == 1
    assert len(_csv_rows(b"".join(chunks))) == 20_001


def test_cp932_is_written_on_request_and_tells_what_it_cannot_write() -> None:
    content, lost = _csv("髙﨑①㈱", "𠮷野家—鷗", encoding="cp932")
    assert _csv_rows(content, "cp932")[1:] == [["髙﨑①㈱"], ["〓野家〓〓"]]
    assert lost == [sheets.Unwritable(3, "値", "𠮷—鷗")]


def test_a_csv_of_ours_comes_back_as_it_was() -> None:
    content, _ = _csv("=1+1", "'tis", "－")
    rows = sheets.read_workbook(io.BytesIO(content), "a.csv")[0].rows
    assert [row[0] for row in rows] == ["値", "=1+1", "'tis", "－"]
