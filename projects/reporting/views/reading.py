"""Reading reports: the list, and one of them as everybody reads it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView, View

from foundation.errors import DomainError
from foundation.idempotency import submitted_once
from foundation.pages import ListPage, StaffPage
from projects.reporting.access import reviews_reports
from projects.reporting.filters import ReportFilter
from projects.reporting.forms import ReasonForm, scores_posted
from projects.reporting.models import ProgressReport, Side
from projects.reporting.questions import ALIGNMENT, SCORES
from projects.reporting.selectors.report import (
    NONE,
    REVIEW_TONES,
    STATE_TONES,
    own_scores,
    read_report,
    reports_for_list,
)
from projects.reporting.services import reviewing
from projects.reporting.views.base import OfReport, due_of


class ReportListPage(StaffPage, ListPage):
    """進捗報告: those that the actor may see, the newest round first."""

    model = ProgressReport
    filterset_class = ReportFilter
    template_name = "projects/report_list.html"
    section = "projects"
    title = gettext_lazy("進捗報告")

    def scoped(self) -> QuerySet[Any]:
        return reports_for_list(self.actor)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        crumbs = [{"label": _("ホーム"), "url": reverse("portal:home")}, {"label": self.title}]
        context = super().get_context_data(crumbs=crumbs, reviews=reviews_reports(self.actor), **kwargs)
        today = timezone.localdate()
        for report in context["page_obj"]:
            report.tone = STATE_TONES[report.state]
            report.due = due_of(report, today)
        return context


class ReportView(OfReport, TemplateView):
    """One report: its newest version or an earlier one, what changed, both reviews, and everything that happened."""

    template_name = "projects/report_detail.html"
    default_base = NONE

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        report = self.report
        base = self.request.GET.get("base", self.default_base)
        reading = read_report(report, self._number(), base)
        if reading is None:
            raise Http404
        own = [review for review in reading.reviews if review.reviewer_post_id in self.actor.post_ids]
        return super().get_context_data(
            **{
                "report": report,
                "reading": reading,
                "tone": STATE_TONES[report.state],
                "review_tones": REVIEW_TONES,
                "due": due_of(report, timezone.localdate()),
                "crumbs": self.crumbs(),
                "own_reviews": own,
                "can_review": bool(own) and report.state in ProgressReport.UNDER_REVIEW,
                "can_take_back": self._can_take_back(reading),
                "questions": self._questions(),
                **kwargs,
            }
        )

    def _number(self) -> int | None:
        text = self.request.GET.get("version", "")
        if not text:
            return None
        if not (text.isascii() and text.isdecimal() and len(text) < 6):
            raise Http404
        return int(text)

    def _can_take_back(self, reading: Any) -> bool:
        is_undecided = not any(review.is_done for review in reading.reviews)
        waits = self.report.state in ProgressReport.UNDER_REVIEW
        return bool(self.report.can_submit) and waits and is_undecided  # type: ignore[attr-defined]

    def _questions(self) -> list[dict[str, Any]]:
        """The four questions for a partner who may answer for itself."""
        if not self.report.can_answer_alignment or self.report.first_submitted_at is None:  # type: ignore[attr-defined]
            return []
        given = own_scores(self.report, Side.COMPANY, self.actor.organization_id)
        return questions_with(given)


def questions_with(given: dict[str, tuple[int, str]]) -> list[dict[str, Any]]:
    """The four questions with what was answered last."""
    return [
        {
            "key": key,
            "label": label,
            "note": given.get(key, (0, ""))[1],
            "choices": [
                (str(score), str(word), given.get(key, (0, ""))[0] == score) for score, word in SCORES
            ],
        }
        for key, label in ALIGNMENT
    ]


class AlignmentView(OfReport, View):
    """A partner answers the four questions for itself."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, public_id: UUID) -> HttpResponseBase:
        return submitted_once(request, self._perform)

    def _perform(self) -> HttpResponseBase:
        report = self.report
        if not report.can_answer_alignment:  # type: ignore[attr-defined]
            raise PermissionDenied(_("四つの問いには、プロジェクトの参加機関が答えます。"))
        given = own_scores(report, Side.COMPANY, self.actor.organization_id)
        scores = scores_posted(self.request.POST, given)
        try:
            if scores:
                reviewing.answer_alignment(actor=self.actor, report=report, scores=scores)
                messages.success(self.request, _("四つの問いへの回答を登録しました。"))
            else:
                messages.info(self.request, _("変更はありませんでした。"))
        except DomainError as error:
            messages.error(self.request, error.message)
        return redirect(self.address("report_detail", "#alignment"))


class ConditionView(OfReport, View):
    """条件充足: the reviewer of a side says how the condition was met."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, public_id: UUID) -> HttpResponseBase:
        return submitted_once(request, self._perform)

    def _perform(self) -> HttpResponseBase:
        side = self.request.POST.get("side", "")
        own = [each for each in self.report.reviews.all() if each.reviewer_post_id in self.actor.post_ids]
        review = next((each for each in own if each.side == side), own[0] if own else None)
        if review is None:
            raise PermissionDenied(_("この報告の確認者ではありません。"))
        form = ReasonForm(self.request.POST)
        note = form.cleaned_data["note"] if form.is_valid() else ""
        try:
            reviewing.meet_condition(actor=self.actor, review=review, note=note)
            messages.success(self.request, _("条件を満たしたことを記録しました。"))
        except DomainError as error:
            messages.error(self.request, error.message)
        return redirect(self.address("report_detail", "#reviews"))
