"""What a file is, told from its bytes alone. Pure: no Django.

Only what is listed here can be taken in; the name and what the browser said are never believed. Zip archives are
known, so that they can be named when they are refused.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """A kind of file: its code, media type, the extensions it may bear, and the word for it on screen."""

    code: str
    media_type: str
    extensions: tuple[str, ...]
    label: str


_OFFICE = "application/vnd.openxmlformats-officedocument"
KINDS = {
    kind.code: kind
    for kind in (
        Kind("pdf", "application/pdf", (".pdf",), "PDF"),
        Kind("png", "image/png", (".png",), "PNG画像"),
        Kind("jpeg", "image/jpeg", (".jpg", ".jpeg"), "JPEG画像"),
        Kind("webp", "image/webp", (".webp",), "WebP画像"),
        Kind("gif", "image/gif", (".gif",), "GIF画像"),
        Kind("xlsx", f"{_OFFICE}.spreadsheetml.sheet", (".xlsx",), "Excelブック"),
        Kind("docx", f"{_OFFICE}.wordprocessingml.document", (".docx",), "Word文書"),
        Kind("pptx", f"{_OFFICE}.presentationml.presentation", (".pptx",), "PowerPoint"),
        Kind("csv", "text/csv", (".csv",), "CSV"),
        Kind("txt", "text/plain", (".txt",), "テキスト"),
        Kind("zip", "application/zip", (".zip",), "ZIP"),
    )
}
DEFAULT_KINDS = tuple(code for code in KINDS if code != "zip")
_OFFICE_PARTS = {"xl/workbook.xml": "xlsx", "word/document.xml": "docx", "ppt/presentation.xml": "pptx"}
_MARKUP = re.compile(rb"<\s*(?:!doctype|\?xml|html|svg|script|head|body|iframe)", re.IGNORECASE)
_TEXT_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_SNIFFED = 4096


def kind_of(content: bytes, extension: str) -> Kind | None:
    """The kind of the content, or None for everything else. The extension only tells CSV from plain text."""
    code = _picture_or_pdf(content) or _archive(content) or _text(content, extension)
    return KINDS.get(code)


def _picture_or_pdf(content: bytes) -> str:
    if content.startswith(b"%PDF-"):
        return "pdf"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if content.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "webp"
    return "gif" if content.startswith((b"GIF87a", b"GIF89a")) else ""


def _archive(content: bytes) -> str:
    if not content.startswith(b"PK\x03\x04"):
        return ""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, struct.error):
        return ""
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        return ""
    return next((code for part, code in _OFFICE_PARTS.items() if part in names), "zip")


def _text(content: bytes, extension: str) -> str:
    """Text in UTF-8 or cp932 without markup at its head; what a browser could take for a page is none."""
    if _TEXT_CONTROLS.search(content) or _MARKUP.search(content[:_SNIFFED]) or not _decodes(content):
        return ""
    return "csv" if extension == ".csv" else "txt"


def _decodes(content: bytes) -> bool:
    for encoding in ("utf-8-sig", "cp932"):
        try:
            content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return True
    return False
