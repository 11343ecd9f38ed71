"""Which characters the fonts hold, read from the font itself (OpenType `cmap`, format 12)."""

from __future__ import annotations

import struct
from bisect import bisect_right
from functools import cache
from pathlib import Path

_FONT = Path(__file__).parent / "fonts" / "NotoSansJP-Regular.ttf"
_NO_GLYPH_NEEDED = frozenset("\n\u200b\u200c\u200d\u2060\u00ad")
_SELECTORS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))


@cache
def _ranges() -> tuple[tuple[int, ...], tuple[int, ...]]:
    """(first, last) characters of the groups, in order."""
    content = _FONT.read_bytes()
    table = _table(content, b"cmap")
    count = struct.unpack_from(">H", content, table + 2)[0]
    for place in range(count):
        offset = struct.unpack_from(">I", content, table + 8 + place * 8)[0]
        if struct.unpack_from(">H", content, table + offset)[0] == 12:
            return _groups(content, table + offset)
    raise ValueError("the font has no cmap of format 12")


def _table(content: bytes, tag: bytes) -> int:
    for place in range(struct.unpack_from(">H", content, 4)[0]):
        found, _sum, offset, _length = struct.unpack_from(">4sIII", content, 12 + place * 16)
        if found == tag:
            return int(offset)
    raise ValueError(f"the font has no table {tag!r}")


def _groups(content: bytes, at: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    count = struct.unpack_from(">I", content, at + 12)[0]
    groups = [struct.unpack_from(">II", content, at + 16 + place * 12) for place in range(count)]
    return tuple(first for first, _last in groups), tuple(last for _first, last in groups)


@cache
def covers(character: str) -> bool:
    """Whether the character can be printed, or needs no glyph."""
    code = ord(character)
    if character in _NO_GLYPH_NEEDED or any(code in each for each in _SELECTORS):
        return True
    first, last = _ranges()
    place = bisect_right(first, code) - 1
    return place >= 0 and code <= last[place]
