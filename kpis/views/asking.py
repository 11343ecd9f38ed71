"""入力依頼: asking another section, and the page on which it answers without an account."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView, View

from foundation.errors import DomainError, MultipleErrors, StateError
from foundation.idempotency import OnceFormMixin, submitted_once
from foundation.pages import PublicPage, ServiceForm, StaffPage
from foundation.waiting import Due
from kpis.cells import newest_valid
from kpis.figure_text import choices, measurement_text
from kpis.models import IndicatorSheet, InputRequest, RequestedCell
from kpis.rules import Basis, Nature, Scale
from kpis.selectors.entry_cell import GridCell
from kpis.selectors.entry_grid import cells_of_years, enterable_sheets, years_of
from kpis.services import asking
from kpis.services.planning import ENTERABLE_MISSING
from kpis.units import unit_of
from kpis.views.entry import OfScorecard, crumbs

USUAL_DAYS = 14
OFFERED = (Nature.FINAL, Nature.PRELIMINARY, Nature.OUTLOOK)


class AskForm(forms.Form):
    """Whom to ask, by when, for which cells."""

    section = forms.CharField(
        label=gettext_lazy("依頼先の部署"), max_length=200, help_text=gettext_lazy("例：環境課 資源循環係")
    )
    email = forms.EmailField(
        label=gettext_lazy("依頼先のメール"),
        help_text=gettext_lazy("部署のメールをおすすめします。利用者登録は要りません。"),
    )
    due_on = forms.DateField(
        label=gettext_lazy("回答期限"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    nature = forms.ChoiceField(
        label=gettext_lazy("数値の性質"),
        choices=[(each.value, each.label) for each in OFFERED],
        help_text=gettext_lazy("見込値は、予算要求などのための見立てです。実績には数えません。"),
    )
    message = forms.CharField(
        label=gettext_lazy("依頼の内容"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    cells = forms.MultipleChoiceField(label=gettext_lazy("依頼する欄"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, cells: list[GridCell], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.found = {cell.name: (cell.indicator, cell.period) for cell in cells}
        self.fields["cells"].choices = [  # type: ignore[attr-defined]
            (cell.name, f"{cell.indicator}　{cell.period.label}　{cell.state.word}") for cell in cells
        ]


class RequestListView(OnceFormMixin, OfScorecard, ServiceForm):  # type: ignore[misc]
    """The scorecard's requests of one's own organisation, and a new one for what is not reported yet."""

    template_name = "kpis/request_list.html"
    form_class = AskForm

    @cached_property
    def cells(self) -> list[GridCell]:
        """What can be asked for: this year's and last year's cells without a standing figure."""
        years = years_of(list(enterable_sheets(self.actor, self.scorecard)))[-2:]
        found = [cell for year in years for cell in cells_of_years(self.actor, self.scorecard, year)]
        return [cell for cell in found if cell.standing is None]

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "cells": self.cells}

    def get_initial(self) -> dict[str, Any]:
        return {
            "due_on": timezone.localdate() + timedelta(days=USUAL_DAYS),
            "cells": self.request.GET.getlist("cell"),
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = InputRequest.objects.visible_to(self.actor).filter(scorecard=self.scorecard)
        today = timezone.localdate()
        asked = list(
            rows.select_related("submission").prefetch_related("cells__indicator").order_by("-id")[:50]
        )
        for each in asked:
            each.due = Due.seen_from(today, each.due_on) if each.state == each.State.ASKED else None
            each.link = asking.link_to(each) if each.state == each.State.ASKED else ""
        return super().get_context_data(
            scorecard=self.scorecard,
            asked=asked,
            has_cells=bool(self.cells),
            crumbs=crumbs(self.scorecard, _("入力依頼")),
            **kwargs,
        )

    def perform(self, form: Any) -> HttpResponse | None:
        given = form.cleaned_data
        asking.ask(
            actor=self.actor,
            scorecard=self.scorecard,
            cells=[form.found[name] for name in given["cells"]],
            section=given["section"],
            email=given["email"],
            due_on=given["due_on"],
            message=given["message"],
            nature=given["nature"],
        )
        messages.success(self.request, _("%(section)sへ入力を依頼しました。") % {"section": given["section"]})
        return redirect("kpis:requests", self.scorecard.public_id)


class RequestWithdrawView(StaffPage, View):
    """取下げ."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        rows = InputRequest.objects.visible_to(self.actor).select_related("scorecard")
        asked = get_object_or_404(rows, public_id=kwargs["public_id"])
        try:
            asking.withdraw(actor=self.actor, asked=asked)
            messages.success(request, _("依頼を取り下げました。リンクは使えなくなりました。"))
        except StateError as error:
            messages.error(request, error.message)
        return redirect("kpis:requests", asked.scorecard.public_id)


class AnswerView(PublicPage, TemplateView):
    """What the section sees: the figures it is asked for, with their definitions, and who asks."""

    template_name = "kpis/answer.html"
    kwargs: dict[str, Any]

    @cached_property
    def asked(self) -> InputRequest:
        return asking.sealed(self.kwargs["public_id"], self.kwargs["seal"])

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = super().dispatch(request, *args, **kwargs)
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        response.headers["Cache-Control"] = "no-store"
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        asked, posted = self.asked, self.request.POST
        return super().get_context_data(
            asked=asked,
            lines=self._lines(kwargs.get("errors", {})),
            closed=self._closed(),
            due=Due.seen_from(timezone.localdate(), asked.due_on),
            name=posted.get("name", ""),
            section=posted.get("section", asked.section),
            note=posted.get("note", ""),
            missings=[(each.value, each.label) for each in ENTERABLE_MISSING],
            **kwargs,
        )

    def _closed(self) -> str:
        try:
            asking.check_open(self.asked)
        except StateError as error:
            return error.message
        return ""

    def _lines(self, errors: dict[str, str]) -> list[dict[str, Any]]:
        """One line for each cell: its sheet, what stood in the period before, what is typed, what is wrong."""
        cells = list(self.asked.cells.select_related("indicator").order_by("id"))
        sheets = {
            sheet.indicator_id: sheet
            for sheet in IndicatorSheet.objects.filter(
                indicator_id__in={cell.indicator_id for cell in cells}, superseded_at=None
            )
        }
        before = newest_valid(
            {(cell.indicator_id, cell.period.previous()) for cell in cells}, Basis.PROVISIONAL
        )
        texts = asking.texts_given(self.request.POST, cells)
        return [self._line(cell, sheets[cell.indicator_id], before, texts[cell.pk], errors) for cell in cells]

    def _line(
        self,
        cell: RequestedCell,
        sheet: IndicatorSheet,
        before: Any,
        texts: dict[str, str],
        errors: dict[str, str],
    ) -> dict[str, Any]:
        row = before.get((cell.indicator_id, cell.period.previous()))
        names = ("numerator", "denominator") if sheet.scale == Scale.RATIO else ("value",)
        labels = {"value": _("値"), "numerator": _("分子"), "denominator": _("分母")}
        wrong = {name: errors.get(f"{cell.pk}.{name}", "") for name in (*names, "missing", "note")}
        return {
            "cell": cell,
            "sheet": sheet,
            "unit": unit_of(sheet.unit).label,
            "before": measurement_text(row, sheet) if row else "",
            "before_period": cell.period.previous().label,
            "options": choices(sheet),
            "fields": [
                {"name": f"{cell.pk}.{name}", "label": labels[name], "text": texts[name]} for name in names
            ],
            "missing": texts["missing"],
            "note": texts["note"],
            "errors": [message for message in wrong.values() if message],
        }

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return submitted_once(request, self._answer)

    def _answer(self) -> HttpResponseBase:
        cells = list(self.asked.cells.order_by("id"))
        posted = self.request.POST
        try:
            asking.answer(
                asked=self.asked,
                typed=asking.texts_given(posted, cells),
                name=posted.get("name", ""),
                section=posted.get("section", ""),
                note=posted.get("note", ""),
            )
        except MultipleErrors as error:
            errors = {each.field or "": each.message for each in error.errors}
            return self._again(error, errors)
        except DomainError as error:
            return self._again(error, {})
        return redirect(reverse("kpis:answer", args=[self.asked.public_id, self.kwargs["seal"]]))

    def _again(self, error: DomainError, errors: dict[str, str]) -> HttpResponseBase:
        context = self.get_context_data(refusal=error.message, errors=errors)
        return self.render_to_response(context, status=422)
