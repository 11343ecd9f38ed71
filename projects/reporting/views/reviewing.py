"""Reviewing a report: what waits, and one report with a note field on every place and both decisions."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from foundation.errors import DomainError
from foundation.idempotency import submitted_once
from foundation.pages import ListPage, StaffPage, add_error
from projects.reporting.access import reviews_reports
from projects.reporting.forms import DecisionForm, notes_posted, scores_posted
from projects.reporting.models import ProgressReport, ReportReview
from projects.reporting.selectors.report import (
    REVIEW_TONES,
    STATE_TONES,
    own_scores,
    read_report,
    review_queue,
)
from projects.reporting.selectors.reviewing import checklist_of
from projects.reporting.selectors.shapes import Reading
from projects.reporting.services import reviewing
from projects.reporting.views.base import OfReport
from projects.reporting.views.reading import questions_with


class ReviewQueuePage(StaffPage, ListPage):
    """報告の確認: what waits for a post of the reader's, the longest waiting first."""

    model = ReportReview
    template_name = "projects/report_review_queue.html"
    section = "review"
    title = gettext_lazy("報告の確認")

    def scoped(self) -> QuerySet[Any]:
        return review_queue(self.actor)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        crumbs = [{"label": _("ホーム"), "url": reverse("portal:home")}, {"label": self.title}]
        context = super().get_context_data(
            crumbs=crumbs, reviews_somewhere=reviews_reports(self.actor), **kwargs
        )
        now = timezone.now()
        for review in context["page_obj"]:
            versions = review.report.versions.all()
            review.number = max((each.number for each in versions), default=1)
            review.waiting_days = (now - review.report.submitted_at).days
            review.others = [each for each in review.report.reviews.all() if each.pk != review.pk]
        return context


class ReviewView(OfReport, TemplateView):
    """確認. GET writes nothing; whoever is second sees what the first did (409), and nothing typed is lost."""

    template_name = "projects/report_review.html"
    section = "review"

    @cached_property
    def review(self) -> ReportReview:
        """The review of this report that a post of the actor's is named for."""
        rows = self.report.reviews.select_related("reviewer_post__organization", "report")
        own = [each for each in rows if each.reviewer_post_id in self.actor.post_ids]
        side = self.request.GET.get("side", "")
        found = next((each for each in own if each.side == side), None) or _undecided_first(own)
        if found is None:
            raise PermissionDenied(_("この報告の確認者ではありません。"))
        return found

    @cached_property
    def is_own_report(self) -> bool:
        """The same person submitted it, or holds the post that answers for it: then others review it."""
        return not ReportReview.objects.filter(pk=self.review.pk).allowed(self.actor, "decide").exists()

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.review and self.report.first_submitted_at is None:
            return redirect(self.address())
        return super().get(request, *args, **kwargs)

    def _reading(self) -> Reading:
        side = self.review.side
        reading = read_report(self.report, None, self.request.GET.get("base", ""), side)
        if reading is None or reading.version is None:
            raise Http404
        return reading

    @property
    def is_waiting(self) -> bool:
        return self.report.state in ProgressReport.UNDER_REVIEW and not self.review.is_done

    @cached_property
    def is_deputy(self) -> bool:
        return reviewing.holds_as_deputy(self.actor, self.review)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        reading = self._reading()
        typed = kwargs.pop("typed", {})
        places = {place.place for place in reading.places}
        given = own_scores(self.report, self.review.side, None)
        can_decide = self.is_waiting and not self.is_own_report
        return super().get_context_data(
            **{
                "report": self.report,
                "review": self.review,
                "reading": reading,
                "tone": STATE_TONES[self.report.state],
                "review_tones": REVIEW_TONES,
                "crumbs": self.crumbs(_("報告の確認")),
                "can_decide": can_decide,
                "is_own_report": self.is_own_report,
                "is_deputy": self.is_deputy,
                "is_same_organization": self._is_same_organization(reading),
                "checklist": checklist_of(reading),
                "questions": questions_with(kwargs.pop("scores", None) or given),
                "typed": typed,
                "left_over": [
                    text for key, text in typed.items() if text.strip() and not (can_decide and key in places)
                ],
                "needs_day": self.report.round.is_past_closing(timezone.now()),
                "form": self._form(reading),
                "is_typed": bool(self.request.POST),
                **kwargs,
            }
        )

    def _form(self, reading: Reading) -> DecisionForm:
        assert reading.version is not None  # noqa: S101 (asked when it was read)
        return DecisionForm(initial={"version": reading.version.number}, is_deputy=self.is_deputy)

    def _is_same_organization(self, reading: Reading) -> bool:
        return bool(reading.version) and reading.version.organization_id == self.actor.organization_id  # type: ignore[union-attr]

    # --- deciding ----------------------------------------------------------------------------------------------------

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if self.is_own_report:
            raise PermissionDenied(_("自分が提出した報告や自分の担当の報告は、確認できません。"))
        return submitted_once(request, self._perform)

    def _perform(self) -> HttpResponseBase:
        if self.request.POST.get("action") == "begin":
            reviewing.begin_review(actor=self.actor, review=self.review)
            return redirect(self._back())
        form = DecisionForm(self.request.POST, is_deputy=self.is_deputy)
        if not form.is_valid():
            return self._again(form, 422)
        try:
            report = self._decide(form.cleaned_data)
        except DomainError as error:
            add_error(form, error)
            return self._again(form, 422 if error.status == 400 else error.status, refusal=error)
        messages.success(self.request, self._told(report))
        return redirect(self.address())

    def _back(self) -> str:
        return self.address("report_review") + f"?side={self.review.side}"

    def _decide(self, data: dict[str, Any]) -> ProgressReport:
        notes = {key: text for key, text in notes_posted(self.request.POST).items() if text.strip()}
        given = own_scores(self.report, self.review.side, None)
        common = {
            "actor": self.actor,
            "review": self.review,
            "version": data["version"],
            "alignment": scores_posted(self.request.POST, given),
            "proxy_note": data.get("proxy_note", ""),
        }
        action = self.request.POST.get("action")
        if action == "return":
            return reviewing.return_(**common, notes=notes, resubmit_due_on=data["resubmit_due_on"])
        if notes:
            raise DomainError("notes_left", _(
                "指摘が書かれています。差し戻すときは「差し戻す」を、差し戻さずに確認するときは、指摘を消すか「連絡事項」に移してから押してください。"
            ))  # fmt: skip
        if action == "conditional" and not data["condition"].strip():
            raise DomainError(
                "condition_missing", _("条件付きで確認するときは、条件を書いてください。"), field="condition"
            )
        conditions = (
            {"condition": data["condition"], "condition_due_on": data["condition_due_on"]}
            if action == "conditional"
            else {}
        )
        return reviewing.accept(**common, note=data["note"], **conditions)

    def _again(self, form: DecisionForm, status: int, refusal: DomainError | None = None) -> HttpResponseBase:
        """The report as it is now, with everything that was typed; the version shown is the one that is there."""
        del self.report, self.review
        reading = self._reading()
        assert reading.version is not None  # noqa: S101 (asked when it was read)
        data = self.request.POST.copy()
        data["version"] = str(reading.version.number)
        form.data = data
        context = self.get_context_data(
            form=form,
            refusal=refusal,
            typed=notes_posted(self.request.POST),
            scores={
                **own_scores(self.report, self.review.side, None),
                **scores_posted(self.request.POST, {}),
            },
        )
        return self.render_to_response(context, status=status)

    def _told(self, report: ProgressReport) -> str:
        if report.state == ProgressReport.State.RETURNED:
            return _("差し戻しました。報告した担当に知らせます。")
        if report.state == ProgressReport.State.APPROVED:
            return _("確認しました。すべての確認がそろい、報告と数値が承認されました。")
        return _("確認しました。もう一方の確認がそろうと、承認されます。")


def _undecided_first(own: list[ReportReview]) -> ReportReview | None:
    """Who is named for both sides decides on the open one first."""
    return next((each for each in own if not each.is_done), own[0] if own else None)
