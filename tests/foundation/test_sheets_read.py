"""What an uploaded file may do to the portal: nothing; and what it tells the person who sent it."""

import io
import struct
import time
import zipfile
import zlib
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from foundation import sheets
from foundation.sheets import ReadLimits, SheetError, apart

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"/>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
    f'Type="{_REL}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_REL}"><sheets><sheet name="実績" sheetId="1" '
    'r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
    f'Type="{_REL}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}


def _book(cells: str = "", **parts: str | bytes) -> io.BytesIO:
    """A workbook with one sheet 実績 of the given rows; keyword arguments add or replace parts."""
    content = io.BytesIO()
    sheet = f'<worksheet xmlns="{_MAIN}"><sheetData>{cells}</sheetData></worksheet>'
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in {**PARTS, "xl/worksheets/sheet1.xml": sheet, **parts}.items():
            archive.writestr(name, text)
    return io.BytesIO(content.getvalue())


def _read(source: io.BytesIO, name: str = "a.xlsx", **limits: int) -> list[sheets.SheetData]:
    return sheets.read_workbook(source, name, ReadLimits(**limits))


def _refusal(source: io.BytesIO, name: str = "a.xlsx", **limits: int) -> SheetError:
    with pytest.raises(SheetError) as caught:
        _read(source, name, **limits)
    return caught.value


def _made(write: Any) -> io.BytesIO:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as book:
        write(book, book.add_worksheet("実績"))
    return io.BytesIO(content.getvalue())


# What is read ---------------------------------------------------------------------------------------------


def test_a_workbook_is_read_from_a1_with_its_types() -> None:
    def write(book: Any, sheet: Any) -> None:
        sheet.write_string(1, 1, "観光客数")
        sheet.write_number(1, 2, 4469)
        sheet.write_datetime(1, 3, date(2026, 4, 1), book.add_format({"num_format": "yyyy/mm/dd"}))
        sheet.write_formula(2, 2, "=C2*2", None, 8938)

    (table,) = _read(_made(write))
    assert [list(row) for row in table.rows] == [
        [None, None, None, None],
        [None, "観光客数", 4469, date(2026, 4, 1)],
        [None, None, 8938, None],
    ]
    assert (table.name, table.place(2, 2)) == ("実績", "C3")


def test_hidden_sheets_are_marked() -> None:
    def write(book: Any, sheet: Any) -> None:
        book.add_worksheet("控え").hide()

    assert [(table.name, table.is_hidden) for table in _read(_made(write))] == [
        ("実績", False),
        ("控え", True),
    ]


def test_a_number_is_the_one_that_excel_shows() -> None:
    assert sheets.as_decimal(0.1 + 0.2) == Decimal("0.3")


@pytest.mark.parametrize("value", ["12", None, True, float("nan"), float("inf")])
def test_what_is_no_number_is_none(value: Any) -> None:
    assert sheets.as_decimal(value) is None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_csv_is_read_in_the_encodings_of_town_halls(encoding: str) -> None:
    (table,) = _read(io.BytesIO("番号,名称\r\n011002,髙橋\r\n".encode(encoding)), "一覧.csv")
    assert [list(row) for row in table.rows] == [["番号", "名称"], ["011002", "髙橋"]]
    assert table.name == "一覧"


def test_short_lines_of_a_csv_are_filled_up() -> None:
    (table,) = _read(io.BytesIO(b"a,b,c\r\n1\r\n"), "a.csv")
    assert [list(row) for row in table.rows] == [["a", "b", "c"], ["1", None, None]]


def test_a_table_column_named_by_a_year_is_no_external_link() -> None:
    (table,) = _read(_book('<row r="1"><c r="A1"><f>SUM(実績表[2026])-Sheet2!A1</f><v>3</v></c></row>'))
    assert table.rows[0][0] == 3


def test_an_empty_text_is_a_result_of_a_formula() -> None:
    (table,) = _read(
        _book('<row r="1"><c r="A1" t="str"><f>IF(1,"")</f><v></v></c><c r="B1"><v>1</v></c></row>')
    )
    assert list(table.rows[0]) == [None, 1]


# What would be read wrongly ---------------------------------------------------------------------------------


def test_an_error_value_is_refused_with_its_cell() -> None:
    error = _refusal(_book('<row r="12"><c r="C12" t="e"><f>1/0</f><v>#DIV/0!</v></c></row>'))
    assert (error.code, error.sheet, error.cell) == ("error_value", "実績", "C12")
    assert error.message.startswith("シート「実績」C12：")


def test_a_formula_without_a_result_is_refused_with_its_cell() -> None:
    error = _refusal(_book('<row r="2"><c r="B2"><f>A1+1</f></c></row>'))
    assert (error.code, error.sheet, error.cell) == ("formula_without_result", "実績", "B2")


@pytest.mark.parametrize(
    "formula", ["[1]Sheet1!A1", "SUM(1,'[2]表 1'!A1)", "[1]!名前", "'C:\\x\\[b.xlsx]S'!A1", "cmd|'/c'!A0"]
)
def test_a_link_to_another_file_is_refused_with_its_cell(formula: str) -> None:
    error = _refusal(_book(f'<row r="3"><c r="D3"><f>{formula}</f><v>1</v></c></row>'))
    assert (error.code, error.sheet, error.cell) == ("external_link", "実績", "D3")


def test_a_picture_from_elsewhere_is_refused_and_a_hyperlink_is_not() -> None:
    def relations(kind: str) -> str:
        return (
            f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" Type="{_REL}/{kind}" '
            'Target="http://192.0.2.1/x" TargetMode="External"/></Relationships>'
        )

    cells = '<row r="1"><c r="A1"><v>1</v></c></row>'
    path = "xl/worksheets/_rels/sheet1.xml.rels"
    assert _refusal(_book(cells, **{path: relations("image")})).code == "external_link"
    assert _read(_book(cells, **{path: relations("hyperlink")}))[0].rows[0][0] == 1


@pytest.mark.parametrize(
    ("part", "code"),
    [
        ("xl/vbaProject.bin", "macros"),
        ("XL/VBAPROJECT.BIN", "macros"),
        ("xl/externalLinks/externalLink1.xml", "external_link"),
        ("xl/connections.xml", "external_link"),
        ("xl/embeddings/oleObject1.bin", "embedded"),
        ("xl/macrosheets/sheet1.xml", "embedded"),
    ],
)
def test_macros_links_and_embedded_objects_are_refused(part: str, code: str) -> None:
    assert _refusal(_book(**{part: "<x/>"})).code == code


def test_macro_books_are_refused_by_name() -> None:
    assert _refusal(_book(), "a.xlsm").code == "macros"


# What is no workbook ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "a.xlsx", "empty_file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "a.xlsx", "encrypted"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "a.xls", "old_format"),
        (b"<html>", "a.xlsx", "broken_file"),
        (b"%PDF-1.7", "a.pdf", "broken_file"),
        (b"PK\x03\x04" + bytes(100), "a.xlsx", "broken_file"),
        ("番号\t名称".encode("utf-16"), "a.csv", "unknown_encoding"),
        (b"\x81\x20\xff", "a.csv", "unknown_encoding"),
        (b'a,"b\r\n1,2', "a.csv", "broken_csv"),
    ],
)
def test_other_files_are_refused_with_a_reason(content: bytes, name: str, code: str) -> None:
    assert _refusal(io.BytesIO(content), name).code == code


def test_a_file_over_the_limit_is_refused_unread() -> None:
    assert _refusal(io.BytesIO(b"a,b\r\n" * 100), "a.csv", size=100).code == "file_too_big"


@pytest.mark.parametrize("keep", [100, 400, 700, -30])
def test_a_cut_workbook_is_broken(keep: int) -> None:
    content = _book('<row r="1"><c r="A1"><v>1</v></c></row>').getvalue()
    assert _refusal(io.BytesIO(content[:keep])).code == "broken_file"


@pytest.mark.parametrize("start", range(4))
def test_a_flipped_byte_gives_a_table_or_a_refusal(start: int) -> None:
    content = _book('<row r="1"><c r="A1"><v>1</v></c></row>').getvalue()
    outcomes = set()
    for place in range(start, len(content), 53):
        damaged = bytearray(content)
        damaged[place] ^= 0xFF
        outcomes.add(_outcome(io.BytesIO(bytes(damaged))))
    assert "broken_file" in outcomes


def _outcome(source: io.BytesIO) -> str:
    """ "read", or the code of the refusal; anything else that happens fails the test."""
    try:
        _read(source)
    except SheetError as error:
        return error.code
    return "read"


# Bombs --------------------------------------------------------------------------------------------------------


def test_a_lone_far_cell_is_refused() -> None:
    error = _refusal(_book('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'))
    assert (error.code, error.cell) == ("too_wide", "XFD1048576")


@pytest.mark.parametrize(
    "cells",
    [
        '<row><c r="A99999999999"><v>1</v></c></row>',
        '<row r="4294967295"><c><v>1</v></c></row>',
        '<row r="0"><c><v>1</v></c></row>',
        f'<row r="{"9" * 5000}"><c><v>1</v></c></row>',
        '<row r="1"><c r="A0"><v>1</v></c></row>',
        '<row r="1"><c r=""><v>1</v></c></row>',
        '<row r="1"><c r="AAAA1"><v>1</v></c></row>',
    ],
)
def test_cells_at_impossible_places_are_refused(cells: str) -> None:
    assert _refusal(_book(cells)).code == "broken_file"


def test_cells_without_a_name_are_counted() -> None:
    assert _refusal(_book(f"<row>{'<c><v>1</v></c>' * 20}</row>" * 20), columns=10).code == "too_wide"
    assert _refusal(_book("<row><c><v>1</v></c></row>" * 20), rows=10).code == "too_wide"


def test_the_area_is_bounded_over_all_cells() -> None:
    cells = '<row r="1"><c r="A1"><v>1</v></c></row><row r="100"><c r="CV100"><v>1</v></c></row>'
    assert _refusal(_book(cells), cells=9_999).code == "too_wide"
    assert len(_read(_book(cells), cells=10_000)[0].rows) == 100


def test_a_part_that_packs_too_well_is_refused_by_the_directory_alone() -> None:
    started = time.perf_counter()
    assert _refusal(_book(**{"xl/media/a.bin": bytes(60_000_000)})).code == "unpacked_too_big"
    assert time.perf_counter() - started < 2


def test_a_directory_that_lies_about_sizes_does_not_help() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    real = packer.compress(bytes(50_000_000)) + packer.flush()
    content = _book(**{"xl/media/a.bin": b"x"}).getvalue()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entry = archive.getinfo("xl/media/a.bin")
    start = entry.header_offset
    head = content[start : start + 30 + len(entry.filename)]
    lying = bytearray(content[:start] + head + real)
    struct.pack_into("<I", lying, start + 18, len(real))
    directory_at = len(lying)
    directory = bytearray(content[content.index(b"PK\x01\x02") : content.index(b"PK\x05\x06")])
    at = directory.index(b"xl/media/a.bin") - 46
    struct.pack_into("<I", directory, at + 20, len(real))
    end = bytearray(content[content.index(b"PK\x05\x06") :])
    struct.pack_into("<I", end, 16, directory_at)
    assert _refusal(io.BytesIO(bytes(lying + directory + end))).code == "broken_file"


def test_many_texts_are_refused() -> None:
    texts = f'<sst xmlns="{_MAIN}">{"<si/>" * 2_000}</sst>'
    assert _refusal(_book(**{"xl/sharedStrings.xml": texts}), texts=1_000).code == "unpacked_too_big"


def test_many_elements_are_refused() -> None:
    assert _refusal(_book("<row/>" * 2_000), elements=1_000).code == "unpacked_too_big"


@pytest.mark.parametrize("count", ["99999999999", "99999999", "9" * 5000])
def test_a_forged_count_is_refused(count: str) -> None:
    styles = f'<styleSheet xmlns="{_MAIN}"><cellXfs count="{count}"><xf numFmtId="0"/></cellXfs></styleSheet>'
    assert _refusal(_book(**{"xl/styles.xml": styles})).code == "broken_file"


def test_a_reader_that_dies_takes_nobody_with_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    child = tmp_path / "child.py"
    child.write_text("import os; os.abort()")
    monkeypatch.setattr(apart, "_CHILD", child)
    assert _refusal(_book('<row r="1"><c r="A1"><v>1</v></c></row>')).code == "unreadable"


def test_a_reader_that_never_ends_is_stopped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    child = tmp_path / "child.py"
    child.write_text("import time; time.sleep(60)")
    monkeypatch.setattr(apart, "_CHILD", child)
    monkeypatch.setattr(apart, "_SECONDS", 0.5)
    assert _refusal(_book('<row r="1"><c r="A1"><v>1</v></c></row>')).code == "unreadable"


def test_an_endless_tag_is_refused() -> None:
    attributes = " ".join(f'a{number}="{number * 7919}"' for number in range(150_000))
    assert _refusal(_book(f"<row {attributes}/>")).code == "unpacked_too_big"


@pytest.mark.parametrize(
    "document",
    [
        '<!DOCTYPE x [<!ENTITY a "b">]><worksheet><sheetData>&a;</sheetData></worksheet>',
        '<!DOCTYPE x SYSTEM "file:///etc/passwd"><worksheet/>',
        "<worksheet><sheetData>",
    ],
)
def test_document_types_and_torn_xml_are_refused(document: str) -> None:
    assert _refusal(_book(**{"xl/worksheets/sheet1.xml": document})).code == "broken_file"


def test_xml_in_another_encoding_is_refused() -> None:
    document = '<?xml version="1.0" encoding="UTF-16"?><worksheet/>'
    assert _refusal(_book(**{"xl/worksheets/sheet1.xml": document.encode("utf-16")})).code == "broken_file"
    assert _refusal(_book(**{"xl/worksheets/sheet1.xml": document.encode()})).code == "broken_file"


def test_a_sheet_under_another_name_is_not_overlooked() -> None:
    relations = PARTS["xl/_rels/workbook.xml.rels"].replace("worksheets/sheet1.xml", "media/sheet1.vml")
    far = f'<worksheet xmlns="{_MAIN}"><sheetData><row r="9"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'
    hidden = _book(**{"xl/_rels/workbook.xml.rels": relations, "xl/media/sheet1.vml": far})
    assert _refusal(hidden).code == "broken_file"


def test_two_archives_in_one_file_are_refused() -> None:
    content = _book().getvalue()
    assert _refusal(io.BytesIO(content + content)).code == "broken_file"


def test_two_parts_of_one_name_are_refused() -> None:
    assert _refusal(_book(**{"XL/worksheets/sheet1.xml": "<worksheet/>"})).code == "broken_file"


def test_encrypted_entries_are_refused() -> None:
    content = bytearray(_book().getvalue())
    at = content.index(b"PK\x01\x02")
    content[at + 8] |= 1
    assert _refusal(io.BytesIO(bytes(content))).code == "encrypted"


def test_fifty_thousand_rows_are_read_in_a_few_seconds() -> None:
    content = io.BytesIO()
    columns = [sheets.Column(name, lambda row: row) for name in "abcde"]
    sheets.write_xlsx([sheets.Sheet("表", columns, range(50_000))], content)
    started = time.perf_counter()
    (table,) = sheets.read_workbook(content, "a.xlsx")
    assert len(table.rows) == 50_001
    assert time.perf_counter() - started < 20
