"""Reviewing figures: what waits, and one submission with its figures to approve or to return."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView, View

from ecosystems.access import duty_forums
from foundation.errors import DomainError
from foundation.idempotency import submitted_once
from foundation.pages import ListPage, StaffPage
from kpis.access import APPROVE, REVIEW
from kpis.models import DirtyMark, Measurement, Submission
from kpis.selectors.recorded import Kind
from kpis.selectors.review import evidence_of, review_queue, scorecards_moved, submitted_rows
from kpis.services import reviewing
from kpis.views.submission import OfSubmission


class ReviewQueueView(StaffPage, ListPage):
    """確認待ち: submissions with figures that wait for this reviewer, oldest first."""

    model = Submission
    template_name = "kpis/review_queue.html"
    context_object_name = "submissions"
    section = "review"
    title = gettext_lazy("確認待ち")

    def scoped(self) -> QuerySet[Submission]:
        return review_queue(self.actor)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        reviews = bool(duty_forums(self.actor, *APPROVE))
        crumbs = [{"label": _("ホーム"), "url": reverse("portal:home")}, {"label": self.title}]
        context = super().get_context_data(reviews_somewhere=reviews, crumbs=crumbs, **kwargs)
        now = timezone.now()
        for submission in context["submissions"]:
            submission.waiting_days = (now - submission.submitted_at).days
        return context


class OfReview(OfSubmission):
    """A submitted submission, opened by somebody with a reviewing duty in its forum; others who see it get 403."""

    section = "review"

    @cached_property
    def submission(self) -> Submission:
        found = (
            super()
            .scoped()
            .filter(state=Submission.State.SUBMITTED, public_id=self.kwargs["public_id"])
            .first()
        )
        if found is None:
            raise Http404
        if found.scorecard.forum_id not in duty_forums(self.actor, *REVIEW):
            raise PermissionDenied(_("この場の確認者ではありません。"))
        return found


class ReviewView(OfReview, TemplateView):
    """確認: approve or return chosen figures. Two reviewers at once: the second sees what the first did (409)."""

    template_name = "kpis/review.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        submission = self.submission
        rows = submitted_rows(self.actor, submission)
        if submission.bundle:
            for row in rows:
                row.why_not = _("報告とまとめて確認します")
        defaults: dict[str, Any] = {
            "chosen": {each.choice for each in rows if not each.is_doubtful},
            "note": "",
        }
        return super().get_context_data(
            **{
                **defaults,
                "submission": submission,
                "scorecard": submission.scorecard,
                "rows": rows,
                "can_choose": sum(each.can_choose for each in rows),
                "waiting": sum(each.recorded.is_waiting for each in rows),
                "counts": {kind: sum(each.recorded.state == kind for each in rows) for kind in Kind.values},
                "evidence": evidence_of(submission),
                "crumbs": self._crumbs(),
                "is_done": "done" in self.request.GET,
                "progress_url": reverse("kpis:review_progress", args=[submission.public_id]),
                **kwargs,
            }
        )

    def _crumbs(self) -> list[dict[str, str]]:
        queue = {"label": _("確認待ち"), "url": reverse("kpis:review_queue")}
        return [
            {"label": _("ホーム"), "url": reverse("portal:home")},
            queue,
            {"label": self.submission.scorecard.name},
        ]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return submitted_once(request, self._perform)

    def _perform(self) -> HttpResponseBase:
        request = self.request
        note, ids = request.POST.get("note", ""), request.POST.getlist("rows")
        chosen = self._chosen(ids)
        try:
            if request.POST.get("action") == "return":
                rows = reviewing.return_(actor=self.actor, measurements=chosen, note=note)
            else:
                rows = reviewing.approve(actor=self.actor, measurements=chosen, note=note)
        except DomainError as error:
            context = self.get_context_data(error=error, chosen=set(ids), note=note)
            return self.render_to_response(context, status=422 if error.status == 400 else error.status)
        messages.success(request, self._told(len(rows)))
        return redirect(reverse("kpis:review", args=[self.submission.public_id]) + "?done=1")

    def _told(self, count: int) -> str:
        if self.request.POST.get("action") == "return":
            return _("%(count)s件を差し戻しました。報告した担当に知らせます。") % {"count": count}
        return _("%(count)s件を承認しました。") % {"count": count}

    def _chosen(self, ids: list[str]) -> list[Measurement]:
        try:
            wanted = {UUID(each) for each in ids}
        except ValueError as error:
            raise Http404 from error
        rows = list(Measurement.objects.filter(submission=self.submission, public_id__in=wanted))
        if len(rows) < len(wanted):
            raise Http404
        return rows


class ReviewProgressView(OfReview, View):
    """Whether the roll-up has taken in what was reviewed: 204 while marks are left, then where to look."""

    def get(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        indicators = Measurement.objects.filter(submission=self.submission).values("indicator_id")
        if DirtyMark.objects.filter(indicator_id__in=indicators).exists():
            return HttpResponse(status=204)
        cards = scorecards_moved(self.actor, self.submission)
        return render(request, "kpis/_review_progress.html", {"cards": cards, "is_settled": True})
