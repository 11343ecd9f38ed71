"""Addresses of what leaves a round: exports and compiled reports."""

from django.urls import path

from projects.reporting.views import compiled, exporting

urlpatterns = [
    path("rounds/<uuid:public_id>/export/", exporting.RoundExportPage.as_view(), name="round_export"),
    path("rounds/<uuid:public_id>/compiled/", compiled.CompiledListPage.as_view(), name="compiled_list"),
    path("rounds/<uuid:public_id>/compiled/live/", compiled.CompiledLivePage.as_view(), name="compiled_live"),
    path("compiled/<uuid:public_id>/", compiled.CompiledPage.as_view(), name="compiled"),
    path("compiled/<uuid:public_id>/publish/", compiled.publish, name="compiled_publish"),
    path("compiled/<uuid:public_id>/export/", compiled.export, name="compiled_export"),
]
