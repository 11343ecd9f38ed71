"""Pictures by their structure alone: how large they are, and the same picture without what it tells of its maker.

Pure: no Django, and no pixel is decoded. A photograph of a telephone carries the place and time it was taken; what is
put on a public page must not. Colour profiles stay, and so does the way up.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator


def picture_size(kind: str, content: bytes) -> tuple[int, int] | None:
    """(width, height) as the header says, without decoding a pixel; None where the header is broken."""
    reader = _PICTURE_READERS[kind]
    try:
        width, height = reader(content)
    except (struct.error, IndexError, ValueError):
        return None
    return (width, height) if width > 0 and height > 0 else None


def _png_size(content: bytes) -> tuple[int, int]:
    if content[12:16] != b"IHDR":
        raise ValueError(content[12:16])
    width, height = struct.unpack(">II", content[16:24])
    return width, height


def _gif_size(content: bytes) -> tuple[int, int]:
    width, height = struct.unpack("<HH", content[6:10])
    return width, height


def _jpeg_size(content: bytes) -> tuple[int, int]:
    """The first start-of-frame segment (SOF0–15, without DHT, JPG and DAC)."""
    position = 2
    while True:
        while content[position] == 0xFF and content[position + 1] == 0xFF:
            position += 1
        marker, length = struct.unpack(">xBH", content[position : position + 4])
        if content[position] != 0xFF or length < 2:
            raise ValueError(position)
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", content[position + 5 : position + 9])
            return width, height
        position += 2 + length


def _webp_size(content: bytes) -> tuple[int, int]:
    form = content[12:16]
    if form == b"VP8X":
        return (
            1 + int.from_bytes(content[24:27], "little"),
            1 + int.from_bytes(content[27:30], "little"),
        )
    if form == b"VP8L":
        bits = int.from_bytes(content[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if form != b"VP8 ":
        raise ValueError(form)
    width, height = struct.unpack("<HH", content[26:30])
    return width & 0x3FFF, height & 0x3FFF


_PICTURE_READERS: dict[str, Callable[[bytes], tuple[int, int]]] = {
    "png": _png_size,
    "gif": _gif_size,
    "jpeg": _jpeg_size,
    "webp": _webp_size,
}
PICTURES = frozenset(_PICTURE_READERS)


# Without traces ---------------------------------------------------------------------------------------------

_PNG_START = b"\x89PNG\r\n\x1a\n"
_PNG_TRACES = frozenset({b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME"})
_WEBP_TRACES = frozenset({b"EXIF", b"XMP "})
_WEBP_TRACE_FLAGS = 0x0C
_JPEG_TRACES = frozenset({0xE1, 0xED, 0xFE})  # Exif and XMP, IPTC, comments
_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_START_OF_SCAN, _END = 0xDA, 0xD9
_ORIENTATION = 0x0112


def without_traces(kind: str, content: bytes) -> bytes | None:
    """The picture without place, time, device, author and comments; None where its structure is broken.

    GIF knows no such data and stays as it is.
    """
    cleaner = _CLEANERS.get(kind)
    if cleaner is None:
        return content
    try:
        return cleaner(content)
    except (struct.error, IndexError, ValueError):
        return None


def _clean_png(content: bytes) -> bytes:
    """All chunks but the telling ones, up to IEND: nothing can hide behind the picture."""
    kept = [_PNG_START]
    position = len(_PNG_START)
    while True:
        length, name = struct.unpack(">I4s", content[position : position + 8])
        chunk = content[position : position + 12 + length]
        if len(chunk) < 12 + length:
            raise ValueError(position)
        if name not in _PNG_TRACES:
            kept.append(chunk)
        if name == b"IEND":
            return b"".join(kept)
        position += len(chunk)


def _clean_webp(content: bytes) -> bytes:
    kept = [_without_flags(name, body) for name, body in _riff_chunks(content) if name not in _WEBP_TRACES]
    joined = b"WEBP" + b"".join(kept)
    return b"RIFF" + struct.pack("<I", len(joined)) + joined


def _riff_chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(name, whole chunk with its header and padding) within the length that the file itself declares."""
    end = 8 + int.from_bytes(content[4:8], "little")
    position = 12
    while position < min(end, len(content)):
        name, length = struct.unpack("<4sI", content[position : position + 8])
        chunk = content[position : position + 8 + length + length % 2]
        if len(chunk) < 8 + length:
            raise ValueError(position)
        yield name, chunk
        position += len(chunk)


def _without_flags(name: bytes, chunk: bytes) -> bytes:
    """The extended header no longer announces Exif and XMP."""
    if name != b"VP8X":
        return chunk
    return chunk[:8] + bytes([chunk[8] & ~_WEBP_TRACE_FLAGS]) + chunk[9:]


def _clean_jpeg(content: bytes) -> bytes:
    """Segments up to the picture itself; the telling ones go, of Exif only the way up is written anew."""
    kept = [content[:2]]
    orientation = 1
    for marker, segment in _jpeg_segments(content):
        if marker == 0xE1:
            orientation = _orientation(segment) or orientation
        if marker not in _JPEG_TRACES and segment[4:8] != b"MPF\0":
            kept.append(segment)
    if orientation != 1:
        kept.insert(1, _orientation_segment(orientation))
    return b"".join(kept)


def _jpeg_segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """(marker, segment) up to the end of the picture; a scan brings its data along. What follows is left out.

    Telephones append further pictures (with notes of their own) and films after the end.
    """
    position = 2
    while True:
        start = position
        while content[position + 1] == 0xFF:
            position += 1
        if content[position] != 0xFF:
            raise ValueError(position)
        marker = content[position + 1]
        if marker == _END:
            yield marker, content[start : position + 2]
            return
        (length,) = struct.unpack(">H", content[position + 2 : position + 4])
        position += 2 + length
        if length < 2 or position > len(content):
            raise ValueError(position)
        if marker == _START_OF_SCAN:
            position = _end_of_scan(content, position)
        yield marker, content[start:position]


def _end_of_scan(content: bytes, position: int) -> int:
    """Where the next marker stands: in a scan 0xFF is followed by 00 (data) or D0–D7 (restart)."""
    found = _MARKER.search(content, position)
    if found is None:
        raise ValueError(position)
    return found.start()


def _orientation(segment: bytes) -> int:
    """The way up (1–8) out of an Exif segment, 0 where it says nothing."""
    start = segment.find(b"Exif\0\0")
    if start < 0:
        return 0
    exif = segment[start + 6 :]
    order = "<" if exif[:2] == b"II" else ">"
    (directory,) = struct.unpack(f"{order}I", exif[4:8])
    (count,) = struct.unpack(f"{order}H", exif[directory : directory + 2])
    for place in range(count):
        entry = exif[directory + 2 + 12 * place :][:12]
        tag, _kind, _number, value = struct.unpack(f"{order}HHIH", entry[:10])
        if tag == _ORIENTATION:
            return value if 1 <= value <= 8 else 0
    return 0


def _orientation_segment(orientation: int) -> bytes:
    """An Exif segment that says nothing but the way up."""
    entry = struct.pack(">HHIHH", _ORIENTATION, 3, 1, orientation, 0)
    exif = b"Exif\0\0MM\0*" + struct.pack(">IH", 8, 1) + entry + bytes(4)
    return b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif


_CLEANERS: dict[str, Callable[[bytes], bytes]] = {"png": _clean_png, "webp": _clean_webp, "jpeg": _clean_jpeg}
