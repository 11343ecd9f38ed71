"""The grid as a workbook: downloading it, bringing it back, and looking at what it would change."""

from __future__ import annotations

import io
from typing import Any

from django import forms
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView, View

from foundation.dates import fiscal_year_both
from foundation.errors import DomainError
from foundation.idempotency import OnceFormMixin, submitted_once
from foundation.pages import SectionMixin, ServiceForm, StaffPage
from foundation.text import safe_file_name
from kpis.models import WorkbookImport
from kpis.periods import Period, PeriodError
from kpis.selectors.entry_grid import enterable_sheets, years_of
from kpis.services import workbooks
from kpis.services.entering import reporting_organization
from kpis.views.entry import OfScorecard, crumbs
from kpis.workbooks.write import write_workbook

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
RECENT = 10
TONES = {"error": "negative", "changed": "caution", "new": "positive", "same": "none"}


class WorkbookView(OfScorecard, View):
    """A fiscal year of the scorecard as a workbook to fill in."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        year = _year_of(request.GET.get("fy", ""))
        years = years_of(list(enterable_sheets(self.actor, self.scorecard)))
        if year not in years:
            raise Http404
        target = io.BytesIO()
        write_workbook(self.actor, [self.scorecard], year, target)
        target.seek(0)
        name = safe_file_name(f"{self.scorecard.name}_FY{year}.xlsx")
        return FileResponse(target, as_attachment=True, filename=name, content_type=XLSX)


def _year_of(text: str) -> int:
    try:
        return Period.parse(text).fiscal_year
    except PeriodError as error:
        raise Http404 from error


class UploadForm(forms.Form):
    """A workbook to be brought back."""

    file = forms.FileField(
        label=gettext_lazy("ブック"),
        help_text=gettext_lazy(
            "この画面からダウンロードしたExcelブック。又は「番号」「期間」「値」の見出しがあるExcel・CSV。"
        ),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.csv"}),
    )


class ImportListView(OnceFormMixin, OfScorecard, ServiceForm):  # type: ignore[misc]
    """ブックで入力: download, upload, and what was brought in lately."""

    template_name = "kpis/import_list.html"
    form_class = UploadForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        years = years_of(list(enterable_sheets(self.actor, self.scorecard)))
        imports = WorkbookImport.objects.visible_to(self.actor).filter(scorecard=self.scorecard)
        return super().get_context_data(
            scorecard=self.scorecard,
            years=[(f"FY{year}", fiscal_year_both(year)) for year in reversed(years)],
            imports=imports.select_related("file", "uploaded_by__person")[:RECENT],
            crumbs=crumbs(self.scorecard, _("ブックで入力")),
            **kwargs,
        )

    def perform(self, form: Any) -> HttpResponse | None:
        reporting_organization(self.actor)
        made = workbooks.start_import(
            actor=self.actor, scorecard=self.scorecard, upload=form.cleaned_data["file"]
        )
        return redirect("kpis:import", made.public_id)


class OfImport(SectionMixin, StaffPage):
    """Pages of one import, seen by its own organisation alone."""

    section = "indicators"
    kwargs: dict[str, Any]

    @cached_property
    def made(self) -> WorkbookImport:
        rows = WorkbookImport.objects.visible_to(self.actor)
        related = ("scorecard__forum", "file", "job", "uploaded_by__person")
        found: WorkbookImport = get_object_or_404(
            rows.select_related(*related), public_id=self.kwargs["public_id"]
        )
        return found

    def shown(self) -> dict[str, Any]:
        made = self.made
        entry = reverse("kpis:entry", args=[made.scorecard.public_id])
        for line in made.lines:
            line["tone"] = TONES[line["kind"]]
        return {
            "made": made,
            "is_busy": made.state in (WorkbookImport.State.READING, WorkbookImport.State.APPLYING)
            and not (made.job and made.job.state == "failed"),
            "count": sum(made.counts.get(kind, 0) for kind in ("new", "changed")),
            "progress_url": reverse("kpis:import_progress", args=[made.public_id]),
            "entry_url": entry,
            "imports_url": reverse("kpis:imports", args=[made.scorecard.public_id]),
        }


class ImportView(OfImport, TemplateView):
    """What the workbook would change; applying it, or not."""

    template_name = "kpis/import_detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **self.shown(), crumbs=crumbs(self.made.scorecard, _("ブックの取込み")), **kwargs
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return submitted_once(request, self._perform)

    def _perform(self) -> HttpResponseBase:
        request = self.request
        try:
            if request.POST.get("act") == "discard":
                workbooks.discard_import(actor=self.actor, made=self.made)
                messages.success(request, _("取込みを取りやめました。"))
            else:
                overwrite = request.POST.get("overwrite") == "yes"
                workbooks.apply_import(actor=self.actor, made=self.made, overwrite=overwrite)
        except DomainError as error:
            messages.error(request, error.message)
        return redirect("kpis:import", self.made.public_id)


class ImportProgressView(OfImport, View):
    """The part of the page that moves: 204 while the worker is still at it."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        shown = self.shown()
        if shown["is_busy"]:
            return HttpResponse(status=204)
        return render(request, "kpis/_import_result.html", shown)
