"""The zip archive around a workbook: checked and inflated within bounds before any reader sees it.

Sizes in the central directory are read first, since they cost nothing; but they can lie, so each entry is then
inflated here with a count of what really comes out.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO

from django.utils.translation import gettext as _

from foundation.sheets.errors import SheetError
from foundation.sheets.limits import ReadLimits

_LOCAL_HEADER = 30
_ENCRYPTED_FLAG = 0x1
_CHUNK = 256 * 1024  # of inflated bytes; also what the scan parses at once
_RATIO_MATTERS_FROM = 1024 * 1024
_TAIL = 66_000  # the end record and the longest comment after it
_MACRO_PARTS = ("vbaproject.bin", "vbadata.xml")


def broken() -> SheetError:
    return SheetError(
        "broken_file",
        _("ファイルが壊れているか、Excelブック（.xlsx）ではありません。Excelで開いて保存し直してください。"),
    )


def too_big() -> SheetError:
    return SheetError(
        "unpacked_too_big", _("展開後の大きさが上限を超えます。不要な行・列・書式を消してください。")
    )


def open_archive(source: IO[bytes], size: int, limits: ReadLimits) -> zipfile.ZipFile:
    """The archive, after its central directory has been found harmless."""
    try:
        archive = zipfile.ZipFile(source)
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, struct.error) as error:
        raise broken() from error
    entries = archive.infolist()
    _refuse_two_archives(source, archive, size)
    _refuse_bombs(entries, size, limits)
    _refuse_odd_entries(entries)
    return archive


def _refuse_two_archives(source: IO[bytes], archive: zipfile.ZipFile, size: int) -> None:
    """A file with two directories, or with something before the first entry, may be read in two ways."""
    source.seek(max(0, size - _TAIL))
    ends = source.read().count(b"PK\x05\x06")
    first = min((entry.header_offset for entry in archive.infolist()), default=-1)
    if ends != 1 or first != 0 or archive.comment:
        raise broken()


def _refuse_bombs(entries: list[zipfile.ZipInfo], size: int, limits: ReadLimits) -> None:
    claimed = sum(entry.file_size for entry in entries)
    if len(entries) > limits.entries or claimed > limits.unpacked:
        raise too_big()
    if claimed > max(_RATIO_MATTERS_FROM, size * limits.ratio):
        raise too_big()


def _refuse_odd_entries(entries: list[zipfile.ZipInfo]) -> None:
    """Two entries of one name, or a method no workbook uses, are read differently by different readers."""
    names = [entry.filename.casefold().replace("\\", "/").lstrip("/") for entry in entries]
    if len(set(names)) < len(names):
        raise broken()
    for entry in entries:
        if entry.flag_bits & _ENCRYPTED_FLAG:
            raise encrypted()
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise broken()
    if any(name.endswith(_MACRO_PARTS) for name in names):
        raise macros()


def encrypted() -> SheetError:
    return SheetError(
        "encrypted",
        _("パスワードで保護されたファイルは読み込めません。パスワードを外して保存し直してください。"),
    )


def macros() -> SheetError:
    return SheetError(
        "macros",
        _("マクロを含むファイルは読み込めません。「Excelブック（.xlsx）」として保存し直してください。"),
    )


class Inflater:
    """Inflates the entries of one archive and stops at the limit over all of them together."""

    def __init__(self, source: IO[bytes], limits: ReadLimits) -> None:
        self._source = source
        self._left = limits.unpacked

    def chunks(self, entry: zipfile.ZipInfo) -> Iterator[bytes]:
        """The content of an entry. Raises `SheetError` where it is broken or holds more than it claims."""
        total = 0
        for chunk in self._inflated(entry):
            total += len(chunk)
            self._left -= len(chunk)
            if self._left < 0:
                raise too_big()
            if total > entry.file_size:
                raise broken()
            yield chunk
        if total != entry.file_size:
            raise broken()

    def _inflated(self, entry: zipfile.ZipInfo) -> Iterator[bytes]:
        if entry.compress_type == zipfile.ZIP_STORED:
            yield from self._packed(entry)
            return
        inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            for packed in self._packed(entry):
                yield inflate.decompress(packed, _CHUNK)
                while inflate.unconsumed_tail:
                    yield inflate.decompress(inflate.unconsumed_tail, _CHUNK)
            yield inflate.flush()
        except zlib.error as error:
            raise broken() from error
        if not inflate.eof:
            raise broken()

    def _packed(self, entry: zipfile.ZipInfo) -> Iterator[bytes]:
        self._source.seek(entry.header_offset)
        header = self._source.read(_LOCAL_HEADER)
        if len(header) < _LOCAL_HEADER or header[:4] != b"PK\x03\x04":
            raise broken()
        name_length, extra_length = struct.unpack("<HH", header[26:30])
        position = entry.header_offset + _LOCAL_HEADER + name_length + extra_length
        left = entry.compress_size
        while left:
            self._source.seek(position)
            packed = self._source.read(min(_CHUNK, left))
            if not packed:
                raise broken()
            position += len(packed)
            left -= len(packed)
            yield packed
