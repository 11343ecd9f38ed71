"""Documents on paper: a title block, headings, paragraphs, facts and tables as an A4 PDF.

Tagged (PDF/UA-1), fonts embedded, page x／y below, header rows of tables repeated, and the same bytes for the same
content. Texts are carried as data and shown as they are: nothing in them can become markup. A sign that the fonts lack
is printed as 〓, as in cp932 files. Setting happens in a process of its own (`foundation.typesetting.child`), so that
its memory is given back, and it can be stopped.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

from django.utils.translation import gettext as _

from foundation.errors import DomainError
from foundation.text import clean_pasted
from foundation.typesetting.coverage import covers

logger = logging.getLogger(__name__)
_CHILD = Path(__file__).parent / "typesetting" / "child.py"
_SECONDS = 300
_LOOK_EVERY = 0.2
# Many threads would reserve more than the limit of memory allows.
_MODEST = {"RAYON_NUM_THREADS": "2", "MALLOC_ARENA_MAX": "2"}
_MISSING_TYPE = "〓"


@dataclass(frozen=True, slots=True)
class Heading:
    """`level` 2 to 4; 1 is the title of the document."""

    text: str
    level: int = 2


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Words with their own line ends; `quiet` for notes in small."""

    text: str
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """項目名と内容: (label, value) pairs. `width` is the share of the labels in percent."""

    rows: Sequence[tuple[str, str]]
    width: int = 24


@dataclass(frozen=True, slots=True)
class TableColumn:
    """`width` is a share of the page beside the other columns' shares."""

    header: str
    width: float = 1
    right: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of texts as wide as the columns. `size` scales the letters."""

    columns: Sequence[TableColumn]
    rows: Iterable[Sequence[str]]
    caption: str = ""
    size: float = 1


@dataclass(frozen=True, slots=True)
class PageBreak:
    """What follows begins a page."""


Block = Heading | Paragraph | Facts | Table | PageBreak


@dataclass(frozen=True, slots=True)
class Document:
    """`lead`: lines below the title. `running`: at the head of every page but the first; the title where empty.
    `footer`: left of the page number. `size`: points. `blocks` is walked through once."""

    title: str
    blocks: Iterable[Block]
    lead: Sequence[str] = field(default_factory=tuple)
    running: str = ""
    footer: str = ""
    landscape: bool = False
    size: float = 10


def print_document(
    document: Document, target: IO[bytes], *, alive: Callable[[], object] | None = None
) -> None:
    """Write the PDF. `alive` is called several times a second while it is being set; whatever it raises stops it.

    Raises `DomainError` where the document is too big to be set.
    """
    with TemporaryDirectory(prefix="document-") as name:
        folder = Path(name)
        with (folder / "document.json").open("w", encoding="utf-8") as carried:
            carried.writelines(_carried(document))
        _set(folder, alive or (lambda: None))
        with (folder / "document.pdf").open("rb") as pdf:
            shutil.copyfileobj(pdf, target)


def _set(folder: Path, alive: Callable[[], object]) -> None:
    said = folder / "said.txt"
    with said.open("wb") as errors:
        child = subprocess.Popen(  # noqa: S603 (our own file, a folder of our own making)
            [sys.executable, "-I", str(_CHILD), str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env={**os.environ, **_MODEST},
        )
    try:
        until = time.monotonic() + _SECONDS
        while child.poll() is None and time.monotonic() < until:
            alive()
            time.sleep(_LOOK_EVERY)
    finally:
        child.kill()
        child.wait()
    if child.returncode != 0:
        logger.error(
            "a document could not be set (%s): %s", child.returncode, said.read_text(errors="replace")
        )
        raise DomainError(
            "document_too_big", _("PDFにするには内容が多すぎます。条件を絞るか、XLSXで書き出してください。")
        )


# What the sheet reads, piece by piece: a document of many pages is never whole in memory here. ------------------


def _carried(document: Document) -> Iterator[str]:
    head = {
        "title": _text(document.title),
        "lead": [_text(line) for line in document.lead],
        "running": _text(document.running or document.title),
        "footer": _text(document.footer),
        "landscape": document.landscape,
        "size": document.size,
    }
    yield _json(head)[:-1] + ', "blocks": ['
    for place, block in enumerate(document.blocks):
        yield ", " if place else ""
        yield from _block(block)
    yield "]}"


def _block(block: Block) -> Iterator[str]:
    if isinstance(block, Table):
        yield from _table(block)
    elif isinstance(block, Heading):
        yield _json({"kind": "heading", "level": block.level, "text": _text(block.text)})
    elif isinstance(block, Paragraph):
        yield _json({"kind": "paragraph", "quiet": block.quiet, "text": _text(block.text)})
    elif isinstance(block, Facts):
        rows = [[_text(label), _text(value)] for label, value in block.rows]
        yield _json({"kind": "facts", "width": block.width, "rows": rows})
    else:
        yield _json({"kind": "page_break"})


def _table(table: Table) -> Iterator[str]:
    columns = [
        {"header": _text(each.header), "width": each.width, "right": each.right} for each in table.columns
    ]
    head = {"kind": "table", "caption": _text(table.caption), "size": table.size, "columns": columns}
    yield _json(head)[:-1] + ', "rows": ['
    for place, row in enumerate(table.rows):
        yield (", " if place else "") + _json([_text(cell) for cell in row])
    yield "]}"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _text(text: str) -> str:
    """What can be printed of it."""
    clean = clean_pasted(str(text)).replace("\t", "　")
    return "".join(sign if covers(sign) else _MISSING_TYPE for sign in clean)
