"""How much an uploaded sheet may hold. The defaults allow the 50,000 rows that an import promises."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """`unpacked` is counted over the whole archive while it is inflated, whatever its directory claims.

    `cells` is the area from A1 to the last used cell of a sheet, summed over the sheets: a reader lays out the whole
    area, so that one lone cell at XFD1048576 would fill the memory.
    """

    size: int = 20 * 1024 * 1024
    unpacked: int = 120 * 1024 * 1024
    ratio: int = 200
    entries: int = 1_000
    sheets: int = 100
    rows: int = 50_100
    columns: int = 500
    cells: int = 2_000_000
    elements: int = 10_000_000
    texts: int = 1_000_000


DEFAULT_LIMITS = ReadLimits()
