"""The reference for the board of a round: a plain, hand-tuned view of the same rows."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Case, Count, IntegerField, Prefetch, Q, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import include, path

from actors.models import Organization
from ecosystems.models import ForumDuty
from projects.models import ProgressReport, Reminder, ReportingRound, ReportReview

RANK = Case(
    When(state__in=("not_started", "drafting", "in_house"), then=Value(0)),
    When(state="returned", then=Value(1)),
    default=Value(2),
    output_field=IntegerField(),
)


@login_required
def board(request: HttpRequest, public_id: str) -> HttpResponse:
    held = ForumDuty.objects.filter(post__assignments__person__user=request.user)
    rounds = ReportingRound.objects.filter(forum__in=held.values("forum")).select_related("forum")
    round_ = get_object_or_404(rounds, public_id=public_id)
    reports = ProgressReport.objects.filter(round=round_)
    counts = reports.aggregate(
        total=Count("pk"),
        unsubmitted=Count("pk", filter=Q(first_submitted_at=None)),
        returned=Count("pk", filter=Q(state="returned")),
        late=Count("pk", filter=Q(is_late=True)),
        exempt=Count("pk", filter=Q(state="exempt")),
    )
    leads = Organization.objects.filter(projects_led__reports__round=round_).distinct()
    rows = reports.select_related(
        "project__lead", "post__organization", "deputy_post__organization"
    ).prefetch_related(
        Prefetch("reviews", ReportReview.objects.select_related("reviewer_post__organization")),
        Prefetch("reminders", Reminder.objects.order_by("sent_at")),
    )
    page = Paginator(rows.order_by(RANK, "project__code"), 50).get_page(request.GET.get("page"))
    return render(
        request,
        "bench/board.html",
        {"round": round_, "counts": counts, "leads": leads, "page": page},
    )


urlpatterns = [
    path("bare/rounds/<uuid:public_id>/", board),
    path("", include("portal.urls")),
]
