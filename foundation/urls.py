"""Addresses of the ground floor: /files/… and /notices/…, each with its namespace."""

from __future__ import annotations

from django.urls import include, path

from foundation.views import files, notices

_files = [path("<uuid:public_id>/", files.download, name="download")]
_notices = [
    path("", notices.NoticeListView.as_view(), name="list"),
    path("read/", notices.read_all, name="read_all"),
    path("<uuid:public_id>/read/", notices.read, name="read"),
]

urlpatterns = [
    path("files/", include((_files, "files"))),
    path("notices/", include((_notices, "notices"))),
]
