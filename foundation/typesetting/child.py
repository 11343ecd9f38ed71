"""Runs alone, in a process of its own: sets the document.json of a folder and writes document.pdf beside it.

Setting a page costs memory that only the end of the process gives back. Imports nothing of the portal. The sheet
can read the folder and nothing else, packages are looked for nowhere, and the fonts are those beside this file: the
same document becomes the same bytes on every machine.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import typst

MAX_MEMORY = 3 * 1024 * 1024 * 1024
_HERE = Path(__file__).parent
_STAMP = 946_684_800  # 2000-01-01, as in workbooks


def main(folder: Path) -> None:
    _limit_memory()
    try:
        pdf = _compiled(folder, ["ua-1"])
    except typst.TypstError:
        pdf = _compiled(
            folder, []
        )  # PDF/UA refuses the whole for one sign it cannot name; tagged it is all the same
    (folder / "document.pdf").write_bytes(pdf)


def _compiled(folder: Path, standards: list[typst.PDFStandard]) -> bytes:
    nowhere = folder / "packages"
    pdf: bytes = typst.compile(  # type: ignore[misc]  # its stub leaves the type of the folder open
        (_HERE / "document.typ").read_bytes(),
        root=folder,
        font_paths=[_HERE / "fonts"],
        ignore_system_fonts=True,
        pdf_standards=standards,
        timestamp=_STAMP,
        package_path=nowhere,
        package_cache_path=nowhere,
    )
    return pdf


def _limit_memory() -> None:
    """Where the system has no such limit (Windows), the number of pages asked for stands alone."""
    with contextlib.suppress(ImportError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
