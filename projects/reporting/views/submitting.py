"""The last look at a report before it is submitted, and taking it back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.generic import TemplateView, View

from foundation.errors import DomainError, MultipleErrors
from foundation.idempotency import submitted_once
from foundation.pages import add_error
from kpis.services import entering
from kpis.services.planning import plan
from kpis.views.submission import ConfirmLine
from projects.reporting.content import gather
from projects.reporting.forms import ReasonForm, SubmitReportForm
from projects.reporting.questions import ALIGNMENT, SCORES
from projects.reporting.selectors.report import last_approved_version
from projects.reporting.selectors.writing import answer_fields, lacks_of
from projects.reporting.services import writing
from projects.reporting.views.base import OfReport
from projects.reporting.views.writing import OfDraft


class SubmitView(OfDraft, TemplateView):
    """提出内容の確認: the whole as it will be submitted, figures with their state; can be left again."""

    template_name = "projects/report_submit.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and not self.report.can_submit:  # type: ignore[attr-defined]
            raise PermissionDenied(_("報告を提出するのは、プロジェクトの代表機関です。"))
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self.report.is_open:
            return redirect(self.address())
        return super().get(request, *args, **kwargs)

    @property
    def is_late(self) -> bool:
        report = self.report
        return report.is_late or (
            report.first_submitted_at is None and report.round.is_past_due(timezone.now())
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        report = self.report
        fields = answer_fields(report, self.actor.user_id)
        draft = writing.draft_of(self.actor, report)
        planned = plan(entering.entries_of(draft)) if draft else []
        content = gather(report)
        entered = {(str(each.entry.indicator.public_id), each.entry.period.code) for each in planned}
        return super().get_context_data(
            **{
                "report": report,
                "crumbs": self.crumbs(_("提出内容の確認")),
                "fields": [each for each in fields.values() if not each.key.startswith("alignment.")],
                "alignment": _alignment_lines(content),
                "lacks": lacks_of(fields.values()),
                "content": content,
                "lines": [ConfirmLine(each, report.project.scorecard) for each in planned],  # type: ignore[arg-type]
                "missing": [
                    each for each in content["missing"] if (each["indicator"], each["period"]) not in entered
                ],
                "evidence": list(report.evidence.select_related("file").order_by("id")),
                "plan": writing.plan_in_force(report),
                "last": last_approved_version(report),
                "is_late": self.is_late,
                "write_url": self.address("report_write"),
                "form": self._form(None),
                "wrong_lines": sum(bool(each.errors) for each in planned),
                **kwargs,
            }
        )

    def _form(self, data: Any) -> SubmitReportForm:
        initial = {
            "revision": self.report.revision,
            "shown": writing.mark_of_shown(self.actor, self.report),
            "late_reason": self.report.late_reason,
        }
        return SubmitReportForm(data, initial=initial, is_late=self.is_late)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return submitted_once(request, self._perform)

    def _perform(self) -> HttpResponseBase:
        form = self._form(self.request.POST)
        if not form.is_valid():
            return self._again(form, 422)
        try:
            version = writing.submit(actor=self.actor, report=self.report, **form.cleaned_data)
        except MultipleErrors as error:
            form.add_error(None, error.message)
            for each in error.errors:
                if each.field in form.fields:
                    add_error(form, each)
            return self._again(form, 422)
        except DomainError as error:
            form.add_error(None, error.message)
            return self._again(form, max(error.status, 409))
        messages.success(
            self.request,
            _("第%(number)s版を提出しました。確認者に知らせます。") % {"number": version.number},
        )
        return redirect(self.address())

    def _again(self, form: SubmitReportForm, status: int, **more: Any) -> HttpResponseBase:
        """The confirmation as it is now, with what was typed kept and the marks of what is shown."""
        del self.report
        if not self.report.is_open:
            messages.error(self.request, " ".join(str(text) for text in form.non_field_errors()))
            return redirect(self.address())
        data = self.request.POST.copy()
        data["revision"] = str(self.report.revision)
        data["shown"] = writing.mark_of_shown(self.actor, self.report)
        form.data = data
        return self.render_to_response(self.get_context_data(form=form, **more), status=status)


def _alignment_lines(content: dict[str, Any]) -> list[dict[str, Any]]:
    words = {score: str(word) for score, word in SCORES}
    found = []
    for key, label in ALIGNMENT:
        answer = content["alignment"].get(key)
        found.append({"label": label, "answer": answer, "word": words[answer["score"]] if answer else ""})
    return found


class TakeBackView(OfReport, View):
    """取戻し, before either side has decided."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, public_id: UUID) -> HttpResponseBase:
        return submitted_once(request, self._perform)

    def _perform(self) -> HttpResponseBase:
        form = ReasonForm(self.request.POST)
        if not self.report.can_submit:  # type: ignore[attr-defined]
            raise PermissionDenied(_("報告を取り戻せるのは、提出した代表機関です。"))
        if not form.is_valid():
            messages.error(self.request, _("取り戻す理由を、300字以内で書いてください。"))
            return redirect(self.address("report_detail", "#take-back"))
        try:
            writing.take_back(actor=self.actor, report=self.report, note=form.cleaned_data["note"])
        except DomainError as error:
            messages.error(self.request, error.message)
            return redirect(self.address())
        messages.success(self.request, _("報告を取り戻しました。直してから、もう一度提出してください。"))
        return redirect(self.address("report_write"))
