"""Attaching a file or a link to something: the one way of asking for it, whatever it is attached to."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from foundation.access import Actor
from foundation.errors import DomainError
from foundation.files import Upload, store_upload


def attachment_fields(
    actor: Actor, *, title: str = "", url: str = "", page: str = "", upload: Upload | None = None
) -> dict[str, Any]:
    """The fields of a `foundation.models.Attachment`, the file checked and stored; a file lends its name as title.

    Raises `DomainError` (fields "file", "title") with what to do. Call it inside the transaction of the row.
    """
    if (upload is None) == (not url):
        raise DomainError(
            "file_or_link", _("ファイルかリンクの、どちらか一方を付けてください。"), field="file"
        )
    if not title and upload is None:
        raise DomainError("title_missing", _("資料名を入れてください。"), field="title")
    stored = store_upload(actor, upload) if upload is not None else None
    name = title or (stored.original_name if stored else "")
    return {"title": name[:300], "url": url, "page": page, "file": stored}
