"""Giving out files through the rights of the objects they belong to."""

from __future__ import annotations

import logging
from typing import cast
from uuid import UUID

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from foundation import files
from foundation.access import Actor
from foundation.models.files import StoredFile

logger = logging.getLogger(__name__)


@require_safe
def download(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """The file as an attachment; a picture may be shown in a page with `?inline=1`. 404 where no owner shows it."""
    stored = files.readable_file(cast(Actor, request.actor), public_id)  # type: ignore[attr-defined]
    response = _content(stored)
    inline = stored.is_picture and request.GET.get("inline") == "1"
    response["Content-Disposition"] = (
        content_disposition_header(not inline, stored.original_name) or "attachment"
    )
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


def _content(stored: StoredFile) -> HttpResponseBase:
    """The bytes, or the name of the file for the web server in front (`FILES_ACCEL_PREFIX`) to send them."""
    prefix = getattr(settings, "FILES_ACCEL_PREFIX", "")
    if prefix:
        response = HttpResponse(content_type=stored.content_type)
        response["X-Accel-Redirect"] = f"{prefix.rstrip('/')}/{files.relative_path(stored).as_posix()}"
        return response
    try:
        return FileResponse(files.open_file(stored), content_type=stored.content_type)
    except FileNotFoundError:
        logger.error(
            "bytes of stored file %s are missing", stored.public_id
        )  # the row stays; backups may have them
        raise Http404 from None
