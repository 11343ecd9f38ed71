"""Writing a report: one page, each field kept by itself; and the step by which it is submitted."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views.generic import TemplateView, View

from foundation.errors import DomainError, LostEdit
from foundation.files import Upload
from foundation.pages import add_error
from foundation.text import clean_pasted
from foundation.waiting import Due
from kpis.forms import InHouseForm
from kpis.selectors.entry_cell import GridCell
from kpis.views.grid import GridPost
from projects.reporting.forms import LinkForm
from projects.reporting.models import ProgressReport
from projects.reporting.selectors.report import STATE_TONES
from projects.reporting.selectors.writing import (
    AnswerField,
    WritingPage,
    answer_fields,
    lacks_of,
    writing_page,
)
from projects.reporting.services import writing
from projects.reporting.services.writing import mark_of_text
from projects.reporting.views.base import OfReport, due_of
from projects.research.models import Participation


class OfDraft(OfReport):
    """Pages for those who write; other readers get 403."""

    @cached_property
    def report(self) -> ProgressReport:
        found: ProgressReport = super().report
        if not found.can_draft:  # type: ignore[attr-defined]
            raise PermissionDenied(_("この報告を書くのは、プロジェクトの代表機関と参加機関です。"))
        return found


class WriteView(OfDraft, TemplateView):
    """報告の作成. GET shows it; POST keeps everything typed, and goes on to the confirmation if asked and all is right."""

    template_name = "projects/report_write.html"

    @cached_property
    def page(self) -> WritingPage:
        return writing_page(self.actor, self.report)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self.report.is_open:
            return redirect(self.address())
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        report = self.report
        closing = Due.seen_from(timezone.localdate(), report.round.closes_on)
        defaults = {
            "link_form": LinkForm(),
            "in_house_form": InHouseForm(
                initial={
                    "approved_on": report.approved_in_house_on,
                    "document_number": report.document_number,
                }
            ),
            "file_errors": [],
            "wrong": [],
            "wrong_cells": [],
            "closed": self._closed(),
        }
        return super().get_context_data(
            **{
                **defaults,
                "report": report,
                "page": self.page,
                "tone": STATE_TONES[report.state],
                "due": due_of(report, timezone.localdate()),
                "closing": closing,
                "crumbs": self.crumbs(_("報告の作成")),
                "is_lead": report.can_submit,  # type: ignore[attr-defined]
                "partners": self._partners(),
                "cell_url": self._cell_url(),
                "answer_url": self.address("report_answer"),
                "organization_id": self.actor.organization_id,
                **kwargs,
            }
        )

    def _cell_url(self) -> str:
        card = self.report.project.scorecard
        return reverse("kpis:entry_cell", args=[card.public_id]) if card else ""

    def _partners(self) -> list[Participation]:
        rows = Participation.objects.filter(project_id=self.report.project_id)
        return list(rows.select_related("organization").order_by("position", "id"))

    def _closed(self) -> str:
        """Why nothing can be kept any more, in words; empty while it can."""
        try:
            writing.check_writable(self.report, timezone.now())
        except DomainError as error:
            return error.message
        return ""

    # --- keeping everything ------------------------------------------------------------------------------------------

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Repeating it is harmless; what was typed after going back is kept too, so no token bars it."""
        wanted = request.POST.get("next", "")
        grid = self._keep_cells()
        answers = self._keep_answers()
        link_form, file_errors = self._keep_evidence(wanted)
        in_house = self._keep_in_house(wanted)
        self._afresh()
        wrong_cells = self._mark(grid, answers, wanted == "confirm")
        wrong = [each for each in self.page.fields.values() if each.error]
        is_right = not (wrong or wrong_cells or file_errors or in_house.errors or link_form.errors)
        if is_right and not self._closed():
            return self._onward(wanted)
        context = self.get_context_data(
            link_form=link_form,
            in_house_form=in_house if in_house.is_bound else self._in_house_again(),
            file_errors=file_errors,
            wrong=wrong,
            wrong_cells=wrong_cells,
        )
        return self.render_to_response(context, status=422)

    def _afresh(self) -> None:
        """What was kept is read again; a report that was `get` stays the same object's rights."""
        del self.report
        self.__dict__.pop("page", None)

    def _keep_cells(self) -> GridPost | None:
        figures = self.page.figures
        if figures is None or not figures.cells:
            return None
        grid = GridPost(self.actor, figures.scorecard, self.request.POST)
        grid.keep(figures.cells.values())
        return grid

    def _keep_answers(self) -> dict[str, tuple[str, DomainError]]:
        """Keep every changed answer on its own: {key: (what was typed, why it was refused)}."""
        refused = {}
        for key, answer in self.page.fields.items():
            typed = self.request.POST.get(answer.name)
            seen = self.request.POST.get(f"seen.{key}")
            if typed is None or mark_of_text(clean_pasted(typed)) == seen:
                continue
            try:
                writing.save_answer(actor=self.actor, report=self.report, key=key, text=typed, seen=seen)
            except DomainError as error:
                refused[key] = (typed, error)
        return refused

    def _keep_evidence(self, wanted: str) -> tuple[LinkForm, list[str]]:
        """Attach the chosen files and the link; the link form as it is to be shown, and what was refused."""
        refused = []
        for upload in self.request.FILES.getlist("files"):
            try:
                writing.add_evidence(actor=self.actor, report=self.report, upload=cast(Upload, upload))
            except DomainError as error:
                refused.append(f"{upload.name}：{error.message}")
        form = LinkForm(self.request.POST)
        if form.is_valid() and form.cleaned_data["url"]:
            try:
                writing.add_evidence(actor=self.actor, report=self.report, **form.cleaned_data)
                form = LinkForm()
            except DomainError as error:
                add_error(form, error)
        if wanted.startswith("remove:"):
            refused += self._remove(wanted.removeprefix("remove:"))
        return form, refused

    def _remove(self, public_id: str) -> list[str]:
        found = next((each for each in self.page.evidence if str(each.public_id) == public_id), None)
        if found is None:
            raise Http404
        try:
            writing.remove_evidence(actor=self.actor, evidence=found)
        except DomainError as error:
            return [f"{found.title}：{error.message}"]
        return []

    def _keep_in_house(self, wanted: str) -> InHouseForm:
        if wanted != "in_house" or not self.report.can_submit:  # type: ignore[attr-defined]
            return InHouseForm()
        form = InHouseForm(self.request.POST)
        if form.is_valid():
            try:
                writing.keep_in_house(actor=self.actor, report=self.report, **form.cleaned_data)
            except DomainError as error:
                add_error(form, error)
        return form

    def _in_house_again(self) -> InHouseForm:
        """What was typed into the note of the own organisation's decision, beside a refusal elsewhere."""
        names = ("approved_on", "document_number")
        return InHouseForm(initial={name: self.request.POST.get(name, "") for name in names})

    def _mark(
        self, grid: GridPost | None, answers: dict[str, tuple[str, DomainError]], is_strict: bool
    ) -> list[GridCell]:
        for key, (typed, error) in answers.items():
            refuse(self.page.fields[key], typed, error)
        if grid is None or self.page.figures is None:
            return []
        return grid.mark(self.page.figures.cells.values(), is_strict)

    def _onward(self, wanted: str) -> HttpResponseBase:
        if wanted == "confirm" and self.report.can_submit:  # type: ignore[attr-defined]
            return redirect(self.address("report_submit"))
        if wanted == "confirm":
            draft = self.page.figures.draft if self.page.figures else None
            if draft is not None:
                return redirect("kpis:submission", draft.public_id)
            messages.info(self.request, _("提出する値がありません。値を入力してから進んでください。"))
        elif wanted == "in_house":
            messages.success(
                self.request,
                _("所属内確認中にしました。決裁が済んだら、「提出内容を確かめる」から提出してください。"),
            )
        else:
            messages.success(self.request, _("下書きを保存しました。"))
        return redirect(self.address("report_write"))


def refuse(answer: AnswerField, typed: str, error: DomainError) -> None:
    """What could not be kept stays in the field, beside why, and beside what a colleague wrote."""
    answer.typed, answer.error = typed, error.message
    if isinstance(error, LostEdit):
        answer.theirs, answer.who = error.details["theirs"], error.details["who"]


class AnswerView(OfDraft, View):
    """One field, kept as it is typed; answers with its state in words."""

    http_method_names = ["post"]

    def handle_no_permission(self) -> HttpResponseBase:  # type: ignore[override]
        """An autosave after the session ended must not swap the sign-in page into a field."""
        if self.request.user.is_authenticated:
            return super().handle_no_permission()
        back = reverse("projects:report_write", args=[self.kwargs["public_id"]])
        response: HttpResponseBase = redirect_to_login(back)
        if self.request.htmx:  # type: ignore[attr-defined]
            key = self.request.GET.get("key", "")
            seen = self.request.POST.get(f"seen.{key}", "")
            context = {"url": response["Location"], "key": key, "seen": seen}
            return render(self.request, "projects/_report_signed_out.html", context, status=401)
        return response

    def post(self, request: HttpRequest, public_id: UUID) -> HttpResponseBase:
        key = request.GET.get("key", "")
        typed, seen = request.POST.get(f"answer.{key}", ""), request.POST.get(f"seen.{key}")
        try:
            writing.save_answer(actor=self.actor, report=self.report, key=key, text=typed, seen=seen)
        except DomainError as error:
            return self._answer(key, typed, error)
        return self._answer(key, typed, None)

    def _answer(self, key: str, typed: str, error: DomainError | None) -> HttpResponseBase:
        fields = answer_fields(self.report, self.actor.user_id)
        answer = fields.get(key)
        if answer is None:
            raise Http404
        if error is not None:
            refuse(answer, typed, error)
        if not self.request.htmx:  # type: ignore[attr-defined]
            return redirect(self.address("report_write", f"#{answer.anchor}"))
        status = 200 if error is None else 409 if error.status == 409 else 422
        context = {
            "field": answer,
            "saved_at": timezone.localtime() if error is None else None,
            "answer_url": self.address("report_answer"),
            "lacks": lacks_of(fields.values()),
            "state": fields and (self.report.get_state_display()),
        }
        return render(self.request, "projects/_report_answer.html", context, status=status)
