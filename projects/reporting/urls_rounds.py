"""Addresses of rounds."""

from django.urls import path

from projects.reporting.views import round_chasing, round_steps, rounds

urlpatterns = [
    path("rounds/", rounds.RoundListPage.as_view(), name="round_list"),
    path("rounds/new/", round_steps.RoundNewPage.as_view(), name="round_new"),
    path("rounds/<uuid:public_id>/", rounds.RoundPage.as_view(), name="round"),
    path("rounds/<uuid:public_id>/edit/", round_steps.RoundEditPage.as_view(), name="round_edit"),
    path("rounds/<uuid:public_id>/open/", round_steps.RoundOpenPage.as_view(), name="round_open"),
    path("rounds/<uuid:public_id>/dates/", round_steps.RoundDatesPage.as_view(), name="round_dates"),
    path("rounds/<uuid:public_id>/close/", round_steps.RoundClosePage.as_view(), name="round_close"),
    path("rounds/<uuid:public_id>/remind/", round_chasing.RoundRemindView.as_view(), name="round_remind"),
    path(
        "rounds/<uuid:public_id>/reports/<uuid:report_id>/",
        round_chasing.RoundReportPage.as_view(),
        name="round_report",
    ),
]
