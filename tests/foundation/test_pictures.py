"""Pictures lose what they tell of place, time and maker, and nothing of what they show."""

import struct
import zlib

import pytest

from foundation.pictures import picture_size, without_traces


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


HEADER = _chunk(b"IHDR", struct.pack(">II", 640, 480) + b"\x08\x02\x00\x00\x00")
PIXELS = _chunk(b"iCCP", b"profile") + _chunk(b"IDAT", b"pixels") + _chunk(b"IEND", b"")
PNG_START = b"\x89PNG\r\n\x1a\n"


def _segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def _exif(order: str, orientation: int) -> bytes:
    entries = struct.pack(f"{order}HHIHH", 0x0112, 3, 1, orientation, 0) + struct.pack(
        f"{order}HHII", 0x8825, 4, 1, 99
    )
    mark = b"II*\0" if order == "<" else b"MM\0*"
    body = mark + struct.pack(f"{order}IH", 8, 2) + entries + bytes(4) + "北緯34度".encode()
    return _segment(0xE1, b"Exif\0\0" + body)


FRAME = _segment(0xC0, b"\x08" + struct.pack(">HH", 480, 640) + bytes(10))
SCAN = b"\xff\xda\x00\x08scan-data\xff\xd9"
PROFILE = _segment(0xE2, b"ICC_PROFILE")


def test_a_png_keeps_its_pixels_and_loses_its_notes_and_what_hides_behind_it() -> None:
    notes = _chunk(b"eXIf", b"place") + _chunk(b"tEXt", b"Author\0x") + _chunk(b"tIME", b"1234567")
    cleaned = without_traces("png", PNG_START + HEADER + notes + PIXELS + b"<script>alert(1)</script>")
    assert cleaned == PNG_START + HEADER + PIXELS


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_jpeg_keeps_its_way_up_and_loses_its_place(order: str) -> None:
    telling = _exif(order, 6) + _segment(0xED, b"IPTC") + _segment(0xFE, b"comment")
    cleaned = without_traces("jpeg", b"\xff\xd8" + telling + PROFILE + FRAME + SCAN)
    assert cleaned is not None
    assert "北緯34度".encode() not in cleaned
    assert b"IPTC" not in cleaned
    assert b"comment" not in cleaned
    assert cleaned.endswith(PROFILE + FRAME + SCAN)
    assert struct.pack(">HHIH", 0x0112, 3, 1, 6) in cleaned
    assert picture_size("jpeg", cleaned) == (640, 480)


def test_a_jpeg_that_stands_upright_needs_no_note_of_it() -> None:
    assert without_traces("jpeg", b"\xff\xd8" + _exif(">", 1) + FRAME + SCAN) == b"\xff\xd8" + FRAME + SCAN


def test_what_a_telephone_appends_to_a_jpeg_is_left_out() -> None:
    scans = SCAN[:-2] + b"\xff\x00\xff\xd0data" + _segment(0xC4, b"\xff\xd9 in a table") + SCAN
    second = b"\xff\xd8" + _exif(">", 1) + FRAME + SCAN
    several = _segment(0xE2, b"MPF\0index")
    assert (
        without_traces("jpeg", b"\xff\xd8" + several + FRAME + scans + second) == b"\xff\xd8" + FRAME + scans
    )


def test_cleaning_twice_is_cleaning_once() -> None:
    once = without_traces("jpeg", b"\xff\xd8" + _exif("<", 6) + FRAME + SCAN)
    assert once is not None
    assert without_traces("jpeg", once) == once


def test_a_webp_loses_its_notes_and_their_announcement() -> None:
    def riff(*chunks: bytes) -> bytes:
        body = b"WEBP" + b"".join(chunks)
        return b"RIFF" + struct.pack("<I", len(body)) + body

    def header(flags: int) -> bytes:
        return b"VP8X\x0a\x00\x00\x00" + bytes([flags, 0, 0, 0]) + b"\x7f\x02\x00\xdf\x01\x00"

    pixels = b"VP8 \x04\x00\x00\x00abcd"
    telling = b"EXIF\x05\x00\x00\x00place\x00" + b"XMP \x02\x00\x00\x00<x"
    cleaned = without_traces("webp", riff(header(0x2C), pixels, telling) + b"trailing")
    assert cleaned == riff(header(0x20), pixels)
    assert picture_size("webp", cleaned) == (640, 480)


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("png", PNG_START + HEADER),
        ("png", PNG_START + struct.pack(">I", 2**31) + b"IDATx"),
        ("jpeg", b"\xff\xd8" + FRAME),
        ("jpeg", b"\xff\xd8" + FRAME + SCAN[:-2]),
        ("jpeg", b"\xff\xd8\xff\xe0\x00\x00" + SCAN),
        ("jpeg", b"\xff\xd8\xff\xe0\xff\xff"),
        ("webp", b"RIFF\xff\xff\x00\x00WEBPVP8 \xff\xff\x00\x00ab"),
    ],
)
def test_a_torn_picture_is_known_as_broken(kind: str, content: bytes) -> None:
    assert without_traces(kind, content) is None


@pytest.mark.parametrize(
    ("form", "size"),
    [
        (b"VP8 \x00\x00\x00\x00\x00\x00\x00\x9d\x01\x2a\x80\x02\xe0\x01", (640, 480)),
        (b"VP8L\x00\x00\x00\x00\x2f\x7f\xc2\x77\x00", (640, 480)),
    ],
)
def test_the_other_kinds_of_webp_tell_their_size(form: bytes, size: tuple[int, int]) -> None:
    assert picture_size("webp", b"RIFF\x00\x00\x00\x00WEBP" + form) == size
