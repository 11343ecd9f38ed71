"""Documents: what is printed, that nothing in it is read as markup, and that the same becomes the same."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import zlib

import pytest

from foundation import documents
from foundation.documents import Document, Facts, Heading, PageBreak, Paragraph, Table, TableColumn
from foundation.errors import DomainError
from foundation.typesetting.coverage import covers

COLUMNS = [TableColumn("番号"), TableColumn("名称", 4), TableColumn("実績", 2, right=True)]


def printed(*blocks: documents.Block, **fields: object) -> bytes:
    target = io.BytesIO()
    documents.print_document(Document("進捗報告", list(blocks), **fields), target)  # type: ignore[arg-type]
    return target.getvalue()


def pages(pdf: bytes) -> int:
    return sum(len(re.findall(rb"/Type\s*/Page\b", part)) for part in parts(pdf))


def parts(pdf: bytes) -> list[bytes]:
    """The file as it is, and each of its streams inflated."""
    found = [pdf]
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            found.append(zlib.decompress(stream))
        except zlib.error:
            continue
    return found


def words(pdf: bytes) -> str:
    """The text as a reader takes it out."""
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not installed")
    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True)
    return done.stdout.decode()


def test_document_is_tagged_with_its_language_and_embeds_its_fonts() -> None:
    everything = b"".join(parts(printed(Paragraph("本文"))))
    for mark in (b"/StructTreeRoot", b"/Marked true", b"NotoSansJP-Regular", b"/FontFile2"):
        assert mark in everything, mark
    assert re.search(rb"/Lang\s*\(ja", everything)


def test_same_document_is_the_same_bytes() -> None:
    blocks = (Heading("見出し"), Table(COLUMNS, [["1", "予約便", "1,234"]]))
    assert printed(*blocks) == printed(*blocks)


def test_header_of_a_long_table_is_repeated_on_every_page() -> None:
    pdf = printed(Table(COLUMNS, [[str(row), "予約便", "1,234"] for row in range(120)]))
    assert pages(pdf) > 2
    assert words(pdf).count("番号") == pages(pdf)
    assert f"1／{pages(pdf)}" in words(pdf)


def test_page_break_and_landscape() -> None:
    pdf = printed(Paragraph("前"), PageBreak(), Paragraph("後"), landscape=True)
    assert pages(pdf) == 2
    assert b"841.8" in b"".join(parts(pdf))


HOSTILE = '#read("/etc/passwd") #import "@preview/x:1.0.0": * *太字* $x$ `raw` \\ <label> @ref // /* [*] "'


def test_text_is_shown_as_it_is_and_never_as_markup() -> None:
    pdf = printed(
        Heading(HOSTILE),
        Paragraph(HOSTILE),
        Facts([(HOSTILE, HOSTILE)]),
        Table([TableColumn(HOSTILE)], [[HOSTILE]], caption=HOSTILE),
        lead=[HOSTILE],
        running=HOSTILE,
        footer=HOSTILE,
    )
    shown = re.sub(r"\s", "", words(pdf))
    assert shown.count('#read("/etc/passwd")') >= 7
    assert "root:" not in shown


def test_sign_that_the_fonts_lack_is_a_printers_mark_and_rare_kanji_are_there() -> None:
    shown = words(printed(Paragraph("髙﨑𠮷葛\U000e0100①㈱ 한국 😀 \x07改行\nつぎ")))
    for sign in "髙﨑𠮷葛①㈱":
        assert sign in shown
    assert shown.count("〓") == 3
    assert covers("〓")


@pytest.mark.parametrize("text", ["\u202e逆\u2066", "\u0301", "\u200d\ufe0f", "\U0010ffff", "㋿", "ｱ", ""])
def test_odd_signs_do_not_keep_a_document_from_being_made(text: str) -> None:
    assert printed(Paragraph(text), Table(COLUMNS, [[text, text, text]])).startswith(b"%PDF")


def test_empty_table_is_a_header_alone() -> None:
    assert "番号" in words(printed(Table(COLUMNS, [])))


def test_whoever_asks_may_stop_it() -> None:
    class Unwanted(Exception):
        pass

    def alive() -> None:
        raise Unwanted

    with pytest.raises(Unwanted):
        documents.print_document(Document("題", [Paragraph("文")]), io.BytesIO(), alive=alive)


def test_document_that_takes_too_long_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "_SECONDS", 0)
    with pytest.raises(DomainError) as refused:
        printed(Paragraph("文"))
    assert refused.value.code == "document_too_big"
