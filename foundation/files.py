"""Files in and out: checked by content, stored under unguessable names, read through the rights of their owners.

A model that links to a `StoredFile` registers itself (`register_file_owner`) with the rows an actor may see; the
download asks all owners and answers 404 where none shows the file. A file that nothing links to is read by nobody.

Bytes are written before the row and never overwritten: an upload that fails leaves at most bytes that no row names.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import IO, Any, Protocol
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from foundation import audit, virus
from foundation.access import Actor
from foundation.content import DEFAULT_KINDS, KINDS, Kind, kind_of
from foundation.errors import DomainError
from foundation.models.files import StoredFile
from foundation.pictures import PICTURES, picture_size, without_traces
from foundation.text import safe_file_name

_MEGABYTE = 1024 * 1024
_DEFAULT_MAX_BYTES = 20 * _MEGABYTE
_DEFAULT_MAX_PIXELS = 50_000_000
_CHUNK = 1024 * 1024
# Long enough not to occur by chance in compressed streams.
_ACTIVE_PDF = (b"/JavaScript", b"/Launch")

VisibleRows = Callable[[Actor], "QuerySet[Any, Any]"]


class Upload(Protocol):
    """What Django's `UploadedFile` offers of it."""

    name: str | None
    size: int | None

    def read(self, num_bytes: int = ..., /) -> bytes: ...


# Taking in ----------------------------------------------------------------------------------------------------


def store_upload(actor: Actor, upload: Upload) -> StoredFile:
    """Check and keep an uploaded file. Raises `DomainError` (field "file") with what to do.

    Who may attach something where is for the calling service to ask first. Photographs are kept without the place,
    time and device that they tell (`foundation.pictures`).
    """
    content = _read(upload)
    name = safe_file_name(upload.name or "")
    kind = _checked_kind(content, name)
    virus.refuse_infected(content)
    content = _without_traces(kind, content)
    sha256 = hashlib.sha256(content).hexdigest()
    storage_name = _storage_name(sha256)
    _write(storage_name, content)
    with transaction.atomic():
        stored = StoredFile.objects.create(
            original_name=name,
            sha256=sha256,
            size=len(content),
            content_type=kind.media_type,
            storage_name=storage_name,
            uploaded_by_id=actor.user_id,
        )
        audit.record(actor, "foundation.store_file", stored, after={"name": name, "sha256": sha256})
    return stored


def _refused(code: str, message: str) -> DomainError:
    return DomainError(code, message, field="file")


def _read(upload: Upload) -> bytes:
    """The whole content, never more than one byte over the limit, whatever size was announced."""
    limit = getattr(settings, "FILES_MAX_BYTES", _DEFAULT_MAX_BYTES)
    too_big = _refused(
        "file_too_big",
        _("ファイルの大きさが上限（%(limit)sMB）を超えています。") % {"limit": limit // _MEGABYTE},
    )
    if (upload.size or 0) > limit:
        raise too_big
    content = upload.read(limit + 1)
    if len(content) > limit:
        raise too_big
    if not content:
        raise _refused("empty_file", _("ファイルが空です。選び直してください。"))
    return content


def _checked_kind(content: bytes, name: str) -> Kind:
    extension = PurePath(name).suffix.lower()
    kind = kind_of(content, extension)
    allowed = getattr(settings, "FILES_KINDS", DEFAULT_KINDS)
    if kind is None or kind.code not in allowed:
        labels = "、".join(KINDS[code].label for code in allowed)
        raise _refused(
            "kind_refused",
            _("この種類のファイルは登録できません。登録できるのは%(kinds)sです。") % {"kinds": labels},
        )
    if extension not in kind.extensions:
        message = _(
            "ファイル名の末尾（%(extension)s）と中身（%(kind)s）が合いません。元のファイルを選び直してください。"
        )
        raise _refused("wrong_extension", message % {"extension": extension or _("なし"), "kind": kind.label})
    _refuse_huge_picture(kind, content)
    _refuse_active_pdf(kind, content)
    return kind


def _refuse_huge_picture(kind: Kind, content: bytes) -> None:
    if kind.code not in PICTURES:
        return
    size = picture_size(kind.code, content)
    if size is None:
        raise _broken_picture()
    if size[0] * size[1] > getattr(settings, "FILES_MAX_PIXELS", _DEFAULT_MAX_PIXELS):
        raise _refused("picture_too_big", _("画像の縦横が大きすぎます。縮小して選び直してください。"))


def _without_traces(kind: Kind, content: bytes) -> bytes:
    cleaned = without_traces(kind.code, content)
    if cleaned is None:
        raise _broken_picture()
    return cleaned


def _broken_picture() -> DomainError:
    return _refused("broken_picture", _("画像が壊れています。開けることを確かめて、選び直してください。"))


def _refuse_active_pdf(kind: Kind, content: bytes) -> None:
    if kind.code == "pdf" and any(mark in content for mark in _ACTIVE_PDF):
        raise _refused(
            "active_pdf", _("プログラムを含むPDFは登録できません。印刷機能でPDFに作り直してください。")
        )


def store_produced(actor: Actor, name: str, content_type: str, source: IO[bytes]) -> StoredFile:
    """Keep a file that the portal itself made (an export), of any size and type; `source` is read from where it is."""
    digest, size = hashlib.sha256(), 0
    with _temporary() as target:
        while piece := source.read(_CHUNK):
            digest.update(piece)
            target.write(piece)
            size += len(piece)
        sha256 = digest.hexdigest()
        storage_name = _storage_name(sha256)
        _settle(target, storage_name)
    return StoredFile.objects.create(
        original_name=safe_file_name(name),
        sha256=sha256,
        size=size,
        content_type=content_type,
        storage_name=storage_name,
        uploaded_by_id=actor.user_id,
    )


# On disk ------------------------------------------------------------------------------------------------------


def _storage_name(sha256: str) -> str:
    return salted_hmac("foundation.files", sha256, algorithm="sha256").hexdigest()


def relative_path(stored: StoredFile) -> PurePath:
    """Where the bytes lie below FILES_ROOT: ab/cd/abcd…"""
    return _relative(stored.storage_name)


def _relative(storage_name: str) -> PurePath:
    return PurePath(storage_name[:2], storage_name[2:4], storage_name)


def open_file(stored: StoredFile) -> IO[bytes]:
    """The content, open for reading. Raises FileNotFoundError where the bytes are lost."""
    return (Path(settings.FILES_ROOT) / relative_path(stored)).open("rb")


def _write(storage_name: str, content: bytes) -> None:
    with _temporary() as target:
        target.write(content)
        _settle(target, storage_name)


@contextmanager
def _temporary() -> Iterator[IO[bytes]]:
    """A file beside the others (the same disk, so that it can be moved in one step), removed unless it was settled."""
    folder = Path(settings.FILES_ROOT) / "incoming"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as target:
        try:
            yield target
        finally:
            Path(target.name).unlink(missing_ok=True)


def _settle(source: IO[bytes], storage_name: str) -> None:
    """Make the bytes durable and give them their name in one step; the same content may arrive twice."""
    source.flush()
    os.fsync(source.fileno())
    target = Path(settings.FILES_ROOT) / _relative(storage_name)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    Path(source.name).replace(target)


# Giving out ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FileOwner:
    """A model that links to files: the rows an actor may see, the name of the link, and what is asked of a row found."""

    rows: VisibleRows
    field: str
    still: Callable[[Any], bool] | None = None


_owners: dict[str, FileOwner] = {}


def register_file_owner(
    key: str, queryset_for: VisibleRows, file_field: str, *, still: Callable[[Any], bool] | None = None
) -> None:
    """Let the rows that `queryset_for(actor)` answers with open the files they link to by `file_field`.

    `still` is asked of each row found, for what no condition on rows can say.
    """
    _owners[key] = FileOwner(queryset_for, file_field, still)


def file_owners() -> dict[str, FileOwner]:
    return dict(_owners)


def readable_file(actor: Actor, public_id: UUID) -> StoredFile:
    """The file, where an owner shows it to the actor; otherwise Http404, as for a file that does not exist."""
    if not any(_shows(owner, actor, public_id) for owner in _owners.values()):
        raise Http404
    stored: StoredFile = StoredFile.objects.get(public_id=public_id)
    return stored


def _shows(owner: FileOwner, actor: Actor, public_id: UUID) -> bool:
    found = owner.rows(actor).filter(**{f"{owner.field}__public_id": public_id})
    return found.exists() if owner.still is None else any(owner.still(row) for row in found)
