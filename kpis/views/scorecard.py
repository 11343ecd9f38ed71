"""The scorecard: all KPIs of a card on one page, on screen, kept fresh while it is open, and on paper."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from foundation import slots
from foundation.pages import ObjectPage
from kpis.filters import ScorecardFilter
from kpis.models import Scorecard
from kpis.pages import SignInWhenHidden
from kpis.rules import Basis
from kpis.selectors.scorecard import Entry, card_rows, entries_of, figures_of
from kpis.selectors.scorecard_table import (
    Frame,
    Row,
    balance,
    rates_used,
    rows_of,
    year_shown,
    years_offered,
)
from kpis.selectors.wording import AsOf, AsOfError, rate_label, rate_meaning, read_as_of


def as_of_in(request: HttpRequest) -> AsOf:
    """The moment asked for; what cannot be read is no such page."""
    try:
        return read_as_of(request.GET.get("as_of"))
    except AsOfError as error:
        raise Http404(str(error)) from error


class ScorecardPage(SignInWhenHidden, ObjectPage):
    """番号順の一表: figures of a fiscal year beside the two before, targets, grades, coverage, trend and keeper."""

    model = Scorecard
    template_name = "kpis/scorecard_detail.html"
    section = "indicators"
    context_object_name = "scorecard"

    def get_queryset(self) -> Any:
        return card_rows(self.actor, self.as_of.moment)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | self.table()

    @property
    def as_of(self) -> AsOf:
        if not hasattr(self, "_as_of"):
            self._as_of = as_of_in(self.request)
        return self._as_of

    def table(self) -> dict[str, Any]:
        """Everything that the table and what surrounds it show."""
        card, as_of = self.object, self.as_of
        entries = entries_of(self.actor, card, as_of.moment)
        year = year_shown(self.request.GET.get("fy", ""), card, entries, as_of.today)
        frame = Frame(year, as_of.today, as_of, card.can_view_provisional)
        bases = [Basis.OFFICIAL, Basis.PROVISIONAL] if card.can_view_provisional else [Basis.OFFICIAL]
        figures = figures_of(card, entries, frame.year, as_of, bases)
        marks = slots.collect("kpis.scorecard.marks", entries, self.actor, as_of.moment)
        rows = rows_of(entries, figures, frame, marks)
        form = self._form(entries, rows, frame, figures.judging.scheme)
        main = [row for row in rows if not row.is_sub]
        shown = self._narrowed(rows if form.chosen("sub") == "True" else main, form)
        return {
            "frame": frame,
            "rows": shown,
            "total": len(main),
            "sub_count": len(rows) - len(main),
            "filter": form,
            "is_narrowed": any(form.chosen(name) for name in ("grade", "value", "keeper")),
            "balance": balance(main),
            "has_values": any(row.value for row in main),
            "scheme": figures.judging.scheme,
            "rates": [
                {"label": rate_label(rule), "meaning": rate_meaning(rule)}
                for rule in rates_used([entry for entry in entries if entry.pk not in figures.feeds])
            ],
            "now": timezone.now(),
            **self._links(frame),
        }

    def _form(self, entries: list[Entry], rows: list[Row], frame: Frame, scheme: Any) -> ScorecardFilter:
        form = ScorecardFilter(self.request.GET.dict() | {"fy": frame.year.code})
        form.offer(
            years=years_offered(entries, frame.year, frame.today),
            grades=[grade.label for grade in scheme.grades],
            keepers={str(entry.keeper_id): entry.keeper for entry in entries if entry.keeper_id},
            has_sub=any(row.is_sub for row in rows),
        )
        return form

    def _narrowed(self, rows: list[Row], form: ScorecardFilter) -> list[Row]:
        grade, value, keeper = form.chosen("grade"), form.chosen("value"), form.chosen("keeper")
        return [
            row
            for row in rows
            if (not grade or row.grade.startswith(grade))
            and (not value or row.value == value)
            and (not keeper or str(row.keeper_id) == keeper)
        ]

    def _links(self, frame: Frame) -> dict[str, Any]:
        """Addresses: where the table refreshes itself, and what the header offers."""
        card = self.object
        query = {key: value for key, value in self.request.GET.items() if key != "seen"}
        live = reverse("kpis:scorecard_live", args=[card.public_id])
        actions: list[dict[str, Any]] = [{"label": _("印刷する"), "print": True}]
        if card.can_enter and not self.as_of.text:
            entry = reverse("kpis:entry", args=[card.public_id])
            actions.insert(0, {"label": _("値を入力する"), "url": entry, "kind": "primary"})
        if card.can_change and not self.as_of.text:
            new = reverse("kpis:indicator_new", args=[card.public_id])
            actions.append({"label": _("KPIを登録する"), "url": new})
        return {
            "live_url": f"{live}?{urlencode({**query, 'seen': card.figures_version})}",
            "page_url": reverse("kpis:scorecard", args=[card.public_id]),
            "actions": actions,
        }


class ScorecardLive(ScorecardPage):
    """The table alone, when its figures have moved since `seen`; otherwise 204 in 4 queries."""

    template_name = "kpis/_scorecard_table.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.object = self.get_object()
        if request.GET.get("seen") == str(self.object.figures_version) or self.as_of.text:
            return HttpResponse(status=204)
        return self.render_to_response(self.get_context_data(object=self.object, is_fresh=True))
