"""Addresses of the ground floor: /files/…, /exports/… and /notices/…, each with its namespace."""

from __future__ import annotations

from django.urls import include, path

from foundation.views import exports, files, notices

_files = [path("<uuid:public_id>/", files.download, name="download")]
_exports = [
    path("", exports.ExportListView.as_view(), name="list"),
    path("live/", exports.ExportLiveView.as_view(), name="live"),
    path("<uuid:public_id>/", exports.ExportDetailView.as_view(), name="detail"),
    path("<uuid:public_id>/live/", exports.ExportDetailLiveView.as_view(), name="detail_live"),
    path("<uuid:public_id>/cancel/", exports.cancel, name="cancel"),
    path("<uuid:public_id>/again/", exports.again, name="again"),
]
_notices = [
    path("", notices.NoticeListView.as_view(), name="list"),
    path("read/", notices.read_all, name="read_all"),
    path("<uuid:public_id>/read/", notices.read, name="read"),
]

urlpatterns = [
    path("files/", include((_files, "files"))),
    path("exports/", include((_exports, "exports"))),
    path("notices/", include((_notices, "notices"))),
]
