"""Registering and revising KPIs: the sheet from the catalogue or from nothing, its versions, and the targets."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from actors.models import Post
from ecosystems.models import Decision, Forum, Membership
from ecosystems.selectors import active_on
from foundation.dates import fiscal_year, fiscal_year_both
from foundation.errors import DomainError
from foundation.idempotency import OnceFormMixin, submitted_once
from foundation.pages import SectionMixin, ServiceForm, StaffPage, add_error
from kpis.catalogue import TEMPLATES, template
from kpis.models import Indicator, IndicatorSheet, Scorecard, Target
from kpis.periods import Grain, Period
from kpis.services import sheets, targets
from kpis.sheet_forms import (
    DecisionForm,
    SheetForm,
    TargetFormSet,
    initial_of_sheet,
    initial_of_targets,
    initial_of_template,
)
from kpis.units import unit_of
from kpis.views.entry import crumbs

YEARS_AHEAD = 10


def posts_of(forum: Forum) -> Any:
    """The open posts of the organisations that belong to the forum today: one of them keeps the KPI."""
    members = Membership.objects.filter(active_on(timezone.localdate()), forum=forum)
    rows = Post.objects.filter(organization__in=members.values("organization_id"), closed_on=None)
    return rows.select_related("organization").order_by("organization__name_kana", "code", "id")


class NewIndicatorView(OnceFormMixin, SectionMixin, StaffPage, ServiceForm):  # type: ignore[misc]
    """KPIを登録する: chosen from the catalogue (`?from=`) or begun with an empty sheet (`?from=blank`)."""

    template_name = "kpis/indicator_new.html"
    form_class = SheetForm
    section = "indicators"

    @cached_property
    def scorecard(self) -> Scorecard:
        rows = Scorecard.objects.visible_to(self.actor).with_can(self.actor, "change")
        found = get_object_or_404(rows.select_related("forum"), public_id=self.kwargs["public_id"])
        if not found.can_change:
            raise PermissionDenied(_("このKPI一覧にKPIを登録する担当ではありません。"))
        scorecard: Scorecard = found
        return scorecard

    @property
    def chosen(self) -> str:
        return str(self.request.GET.get("from", ""))

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "posts": posts_of(self.scorecard.forum)}

    def get_initial(self) -> dict[str, Any]:
        this_year = Period.year(fiscal_year(timezone.localdate()))
        blank = {
            "kind": "measured",
            "visibility": "members",
            "post": self.scorecard.post_id,
            "first_period": this_year.label,
        }
        found = template(self.chosen)
        return blank if found is None else {**blank, **initial_of_template(found, this_year)}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            scorecard=self.scorecard,
            is_choosing=not self.chosen and self.request.method == "GET",
            templates=[(each, unit_of(each.unit).label, each.value.label) for each in TEMPLATES],
            crumbs=crumbs(self.scorecard, _("KPIの登録")),
            **kwargs,
        )

    def perform(self, form: Any) -> HttpResponse | None:
        place = Indicator.objects.filter(scorecard=self.scorecard).count()
        made = sheets.create_indicator(
            actor=self.actor, scorecard=self.scorecard, sheet=form.sheet(), position=place, **form.own()
        )
        messages.success(self.request, _("KPI「%(name)s」を登録しました。") % {"name": made.name})
        return redirect("kpis:indicator", made.public_id)


class OfIndicator(SectionMixin, StaffPage):
    """Pages on which an indicator's definition is changed: by the forum's secretariat."""

    section = "indicators"
    kwargs: dict[str, Any]

    @cached_property
    def indicator(self) -> Indicator:
        rows = Indicator.objects.visible_to(self.actor).with_can(self.actor, "change")
        related = ("scorecard__forum", "post__organization", "deputy_post__organization")
        found = get_object_or_404(rows.select_related(*related), public_id=self.kwargs["public_id"])
        if not found.can_change:
            raise PermissionDenied(_("KPIシートと目標値を変えられるのは、場の事務局です。"))
        indicator: Indicator = found
        return indicator

    @cached_property
    def current(self) -> IndicatorSheet:
        return IndicatorSheet.objects.select_related("indicator").get(
            indicator=self.indicator, superseded_at=None
        )

    def decisions(self) -> Any:
        return Decision.objects.visible_to(self.actor).filter(forum=self.indicator.scorecard.forum)

    def own_crumbs(self, label: str) -> list[dict[str, str]]:
        *before, _last = crumbs(self.indicator.scorecard, label)
        own = {
            "label": self.indicator.name,
            "url": reverse("kpis:indicator", args=[self.indicator.public_id]),
        }
        return [*before, own, {"label": label}]


class SheetView(OnceFormMixin, OfIndicator, ServiceForm):  # type: ignore[misc]
    """KPIシートの見直し: a new version beside the old ones."""

    template_name = "kpis/sheet.html"
    form_class = SheetForm

    def get_form_kwargs(self) -> dict[str, Any]:
        posts = posts_of(self.indicator.scorecard.forum)
        return {**super().get_form_kwargs(), "posts": posts, "indicator": self.indicator}

    def get_initial(self) -> dict[str, Any]:
        return initial_of_sheet(self.current)

    @cached_property
    def decision_form(self) -> DecisionForm:
        return DecisionForm(self.request.POST or None, decisions=self.decisions())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            indicator=self.indicator,
            sheet=self.current,
            decision_form=self.decision_form,
            crumbs=self.own_crumbs(_("KPIシートの見直し")),
            **kwargs,
        )

    def perform(self, form: Any) -> HttpResponse | None:
        if not self.decision_form.is_valid():
            raise DomainError("decision", _("もとになる決定事項を選び直してください。"))
        sheets.revise_indicator(
            actor=self.actor,
            indicator=self.indicator,
            own=form.own(),
            sheet={**form.sheet(), "decision": self.decision_form.cleaned_data["decision"]},
            version=self.current.version,
        )
        messages.success(self.request, _("KPIシートの新しい版を登録しました。前の版も残っています。"))
        return redirect("kpis:indicator", self.indicator.public_id)


class TargetsView(OfIndicator, TemplateView):
    """目標値: one line for each fiscal year; an agreed one changes only with a decision."""

    template_name = "kpis/targets.html"

    @cached_property
    def years(self) -> list[int]:
        first = self.current.first_period.fiscal_year
        last = self.current.last_period
        ahead = fiscal_year(timezone.localdate()) + YEARS_AHEAD
        return list(range(first, min(last.fiscal_year if last else ahead, ahead) + 1))[:40]

    @cached_property
    def in_force(self) -> dict[int, Target]:
        rows = Target.objects.filter(indicator=self.indicator, superseded_at=None)
        return {row.period.fiscal_year: row for row in rows if row.period.grain == Grain.YEAR}

    @cached_property
    def forms(self) -> Any:
        initial = initial_of_targets(self.years, self.in_force)
        return TargetFormSet(self.request.POST or None, initial=initial, prefix="t")

    @cached_property
    def decision_form(self) -> DecisionForm:
        return DecisionForm(self.request.POST or None, decisions=self.decisions())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        sheet = self.current
        return super().get_context_data(
            indicator=self.indicator,
            sheet=sheet,
            unit=unit_of(sheet.unit).label,
            has_bounds=sheet.direction == "keep",
            lines=list(zip([fiscal_year_both(year) for year in self.years], self.forms.forms, strict=False)),
            formset=self.forms,
            decision_form=self.decision_form,
            crumbs=self.own_crumbs(_("目標値")),
            **kwargs,
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return submitted_once(request, self._save)

    def _save(self) -> HttpResponseBase:
        if not (self.forms.is_valid() and self.decision_form.is_valid()):
            return self._again()
        wanted = [form.target() for form in self.forms.forms if form.has_changed()]
        changed = [each for each in wanted if each is not None]
        if any(each is None for each in wanted):
            self.decision_form.add_error(
                None, _("登録した目標値は空にできません。やめるときは「目標値を置かない」を選んでください。")
            )
            return self._again()
        try:
            targets.set_targets(
                actor=self.actor,
                indicator=self.indicator,
                targets=changed,
                decision=self.decision_form.cleaned_data["decision"],
            )
        except DomainError as error:
            add_error(self.decision_form, error)
            return self._again()
        messages.success(self.request, _("%(count)s年度分の目標値を登録しました。") % {"count": len(changed)})
        return redirect("kpis:indicator", self.indicator.public_id)

    def _again(self) -> HttpResponseBase:
        return self.render_to_response(self.get_context_data(), status=422)
