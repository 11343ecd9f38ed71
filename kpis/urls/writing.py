"""Pages on which figures are entered and reviewed."""

from django.urls import URLPattern, path

from kpis import notices  # noqa: F401 (handlers and topics register on import, here for every process with pages)
from kpis.views import asking, entry, review, sheet, submission, workbook

urlpatterns: list[URLPattern] = [
    path("scorecards/<uuid:public_id>/entry/", entry.EntryView.as_view(), name="entry"),
    path("scorecards/<uuid:public_id>/entry/cell/", entry.EntryCellView.as_view(), name="entry_cell"),
    path(
        "scorecards/<uuid:public_id>/entry/evidence/",
        submission.EntryEvidenceView.as_view(),
        name="entry_evidence",
    ),
    path(
        "scorecards/<uuid:public_id>/indicators/new/", sheet.NewIndicatorView.as_view(), name="indicator_new"
    ),
    path("indicators/<uuid:public_id>/sheet/", sheet.SheetView.as_view(), name="sheet"),
    path("indicators/<uuid:public_id>/targets/", sheet.TargetsView.as_view(), name="targets"),
    path("scorecards/<uuid:public_id>/requests/", asking.RequestListView.as_view(), name="requests"),
    path(
        "input-requests/<uuid:public_id>/withdraw/",
        asking.RequestWithdrawView.as_view(),
        name="request_withdraw",
    ),
    path("answer/<uuid:public_id>/<str:seal>/", asking.AnswerView.as_view(), name="answer"),
    path("scorecards/<uuid:public_id>/workbook/", workbook.WorkbookView.as_view(), name="workbook"),
    path("scorecards/<uuid:public_id>/imports/", workbook.ImportListView.as_view(), name="imports"),
    path("imports/<uuid:public_id>/", workbook.ImportView.as_view(), name="import"),
    path("imports/<uuid:public_id>/progress/", workbook.ImportProgressView.as_view(), name="import_progress"),
    path("submissions/<uuid:public_id>/", submission.SubmissionView.as_view(), name="submission"),
    path(
        "submissions/<uuid:public_id>/submit/",
        submission.SubmissionSubmitView.as_view(),
        name="submission_submit",
    ),
    path(
        "submissions/<uuid:public_id>/in-house/",
        submission.SubmissionInHouseView.as_view(),
        name="submission_in_house",
    ),
    path(
        "submissions/<uuid:public_id>/discard/",
        submission.SubmissionDiscardView.as_view(),
        name="submission_discard",
    ),
    path(
        "submissions/<uuid:public_id>/remove/",
        submission.EntryRemoveView.as_view(),
        name="submission_entry_remove",
    ),
    path(
        "submissions/<uuid:public_id>/evidence/",
        submission.SubmissionEvidenceView.as_view(),
        name="submission_evidence",
    ),
    path(
        "submissions/<uuid:public_id>/evidence/<uuid:evidence_id>/remove/",
        submission.EvidenceRemoveView.as_view(),
        name="evidence_remove",
    ),
    path(
        "measurements/<uuid:public_id>/withdraw/",
        submission.MeasurementWithdrawView.as_view(),
        name="measurement_withdraw",
    ),
    path(
        "measurements/<uuid:public_id>/correct/",
        submission.MeasurementCorrectView.as_view(),
        name="measurement_correct",
    ),
    path("reviews/", review.ReviewQueueView.as_view(), name="review_queue"),
    path("reviews/<uuid:public_id>/", review.ReviewView.as_view(), name="review"),
    path("reviews/<uuid:public_id>/progress/", review.ReviewProgressView.as_view(), name="review_progress"),
]
