"""Pages on which reports are read, written and reviewed."""

from django.urls import URLPattern, path

from projects.reporting.views import reading, reviewing, submitting, writing

urlpatterns: list[URLPattern] = [
    path("reports/", reading.ReportListPage.as_view(), name="report_list"),
    path("reports/reviews/", reviewing.ReviewQueuePage.as_view(), name="report_review_queue"),
    path("reports/<uuid:public_id>/", reading.ReportView.as_view(), name="report_detail"),
    path("reports/<uuid:public_id>/write/", writing.WriteView.as_view(), name="report_write"),
    path("reports/<uuid:public_id>/write/answer/", writing.AnswerView.as_view(), name="report_answer"),
    path("reports/<uuid:public_id>/submit/", submitting.SubmitView.as_view(), name="report_submit"),
    path("reports/<uuid:public_id>/take-back/", submitting.TakeBackView.as_view(), name="report_take_back"),
    path("reports/<uuid:public_id>/review/", reviewing.ReviewView.as_view(), name="report_review"),
    path("reports/<uuid:public_id>/alignment/", reading.AlignmentView.as_view(), name="report_alignment"),
    path(
        "reports/<uuid:public_id>/condition/",
        reading.ConditionView.as_view(),
        name="report_condition",
    ),
]
