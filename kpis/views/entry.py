"""Entering figures: the grid of a fiscal year, and one cell of it as it is typed."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.generic import TemplateView, View

from foundation.dates import fiscal_year_both
from foundation.errors import DomainError, LostEdit
from foundation.pages import SectionMixin, StaffPage
from kpis.forms import EvidenceForm, typed_in
from kpis.models import Scorecard, Submission
from kpis.periods import Period, PeriodError
from kpis.rules import Nature
from kpis.selectors.entry_cell import GridCell, has_dash
from kpis.selectors.entry_grid import EntryPage, entry_page, one_cell, open_draft_of
from kpis.services.entering import DETAILS, Typed, open_draft, save_entry
from kpis.services.planning import ENTERABLE_MISSING
from kpis.views.grid import GridPost, put_refusal

NATURES = [(each.value, each.label) for each in Nature]
MISSINGS = [("", _("値がある（又は未報告）")), *((each.value, each.label) for each in ENTERABLE_MISSING)]


class OfScorecard(SectionMixin, StaffPage):
    """Pages of a scorecard into which the actor may enter figures: invisible 404, visible but not theirs 403."""

    section = "indicators"
    kwargs: dict[str, Any]

    @cached_property
    def scorecard(self) -> Scorecard:
        rows = Scorecard.objects.visible_to(self.actor).with_can(self.actor, "kpis.enter_scorecard")
        found = get_object_or_404(rows.select_related("forum"), public_id=self.kwargs["public_id"])
        if not found.can_enter_scorecard:
            raise PermissionDenied(_("このKPI一覧の入力の担当ではありません。"))
        scorecard: Scorecard = found
        return scorecard

    def entry_url(self, year: int, anchor: str = "") -> str:
        return entry_url(self.scorecard, year, anchor)


def entry_url(scorecard: Scorecard, year: int, anchor: str = "") -> str:
    """The grid of a fiscal year, at a cell if one is named."""
    address = reverse("kpis:entry", args=[scorecard.public_id])
    return f"{address}?{urlencode({'fy': f'FY{year}'})}" + (f"#{anchor}" if anchor else "")


class EntryView(OfScorecard, TemplateView):
    """入力の表. GET shows it; POST keeps everything typed, and goes on to the confirmation if asked and all is right."""

    template_name = "kpis/entry.html"

    @cached_property
    def page(self) -> EntryPage:
        return entry_page(self.actor, self.scorecard, _year_of(self.request.GET.get("fy", "")))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        return {
            **context,
            "page": self.page,
            "scorecard": self.scorecard,
            "year_label": fiscal_year_both(self.page.year),
            "tabs": self._tabs(),
            "crumbs": crumbs(self.scorecard, _("実績値の入力")),
            "evidence_form": EvidenceForm(indicators=self.page.indicators),
            "organization_id": self.actor.organization_id,
            "recent": _recent(self.scorecard, self.actor.organization_id),
            "cell_url": reverse("kpis:entry_cell", args=[self.scorecard.public_id]),
        }

    def _tabs(self) -> list[dict[str, Any]]:
        counts = self.page.drafts_by_year
        return [
            {
                "label": fiscal_year_both(year),
                "url": self.entry_url(year),
                "current": year == self.page.year,
                "count": counts.get(year, ""),
            }
            for year in self.page.years
        ]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        grid = GridPost(self.actor, self.scorecard, request.POST)
        changed = grid.keep(self.page.cells.values())
        wants_to_submit = request.POST.get("next") == "confirm"
        self.page = entry_page(self.actor, self.scorecard, self.page.year)  # afresh, with what was kept
        wrong = grid.mark(self.page.cells.values(), wants_to_submit)
        if wrong:
            return self.render_to_response(self.get_context_data(wrong=wrong), status=422)
        if wants_to_submit and self.page.draft is not None:
            return redirect("kpis:submission", self.page.draft.public_id)
        messages.success(request, _saved(changed))
        return redirect(self.entry_url(self.page.year))


def _saved(changed: int) -> str:
    if not changed:
        return _("変更はありませんでした。")
    return ngettext("下書きに%(count)s件を保存しました。", "下書きに%(count)s件を保存しました。", changed) % {
        "count": changed
    }


def _year_of(text: str) -> int | None:
    """FY2026, 令和8年度 …; anything else means the default."""
    try:
        return Period.parse(text).fiscal_year
    except PeriodError:
        return None


def _recent(scorecard: Scorecard, organization_id: int | None) -> list[Submission]:
    if organization_id is None:
        return []
    rows = Submission.objects.filter(
        scorecard=scorecard, organization_id=organization_id, state=Submission.State.SUBMITTED
    )
    return list(rows.order_by("-submitted_at")[:5])


def crumbs(scorecard: Scorecard, *labels: str) -> list[dict[str, str]]:
    """Home › forum's card › this page."""
    own = {"label": scorecard.name, "url": reverse("kpis:scorecard", args=[scorecard.public_id])}
    return [
        {"label": _("ホーム"), "url": reverse("portal:home")},
        own,
        *({"label": label} for label in labels),
    ]


class EntryCellView(OfScorecard, View):
    """One cell. GET: its details. POST: keep what was typed, and answer with its state in words."""

    def handle_no_permission(self) -> HttpResponseBase:  # type: ignore[override]
        """An autosave after the session ended must not swap the sign-in page into a cell."""
        back = reverse("kpis:entry", args=[self.kwargs["public_id"]])
        if self.request.user.is_authenticated:
            return super().handle_no_permission()
        response: HttpResponseBase = redirect_to_login(back)
        if self.request.htmx:  # type: ignore[attr-defined]
            return render(
                self.request, "kpis/_entry_signed_out.html", {"url": response["Location"]}, status=401
            )
        return response

    def get(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        template = "kpis/_entry_details.html" if request.htmx else "kpis/entry_cell.html"  # type: ignore[attr-defined]
        return render(request, template, self._context(self._cell()))

    def post(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        cell = self._cell()
        typed = typed_in(request.POST, cell)
        try:
            if typed is not None:
                self._keep(typed)
                cell = self._cell()
        except DomainError as error:
            put_refusal(cell, typed, error)  # type: ignore[arg-type]
            return self._answer(cell, 409 if isinstance(error, LostEdit) else 422)
        return self._answer(cell, 200)

    def _keep(self, typed: Typed) -> None:
        with transaction.atomic():
            draft = open_draft(actor=self.actor, scorecard=self.scorecard)
            save_entry(actor=self.actor, draft=draft, typed=typed)

    def _cell(self) -> GridCell:
        indicator, _dot, code = self.request.GET.get("cell", "").partition(".")
        try:
            cell = one_cell(self.actor, self.scorecard, str(UUID(hex=indicator)), code)
        except ValueError as error:
            raise Http404 from error
        if cell is None:
            raise Http404
        return cell

    def _answer(self, cell: GridCell, status: int) -> HttpResponse:
        if self.request.htmx:  # type: ignore[attr-defined]
            draft = open_draft_of(self.actor, self.scorecard)
            entries = list(draft.entries.all()) if draft else []
            year = cell.period.fiscal_year
            context = {
                **self._context(cell),
                "count": len(entries),
                "dashes": sum(has_dash(entry) for entry in entries if entry.period.fiscal_year == year),
                "saved_at": timezone.localtime(),
            }
            return render(self.request, "kpis/_entry_answer.html", context, status=status)
        if status == 200:
            return redirect(self.entry_url(cell.period.fiscal_year, cell.anchor))
        return render(self.request, "kpis/entry_cell.html", self._context(cell), status=status)

    def _context(self, cell: GridCell) -> dict[str, Any]:
        return {
            "cell": cell,
            "scorecard": self.scorecard,
            "section": self.section,
            "natures": NATURES,
            "missings": MISSINGS,
            "details": {name: cell.details[name] for name in DETAILS},
            "cell_url": reverse("kpis:entry_cell", args=[self.scorecard.public_id]),
            "back_url": self.entry_url(cell.period.fiscal_year, cell.anchor),
            "crumbs": crumbs(self.scorecard, _("実績値の入力"), _("欄の詳細")),
        }
