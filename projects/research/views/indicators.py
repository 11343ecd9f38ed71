"""KPIs of a project: which there are, whether they count above, and giving one more; and its corrections."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ecosystems.models import Decision
from foundation.idempotency import OnceFormMixin
from foundation.pages import ServiceForm
from kpis.models import Indicator
from projects.research.forms import CorrectionForm, IndicatorForm
from projects.research.pages import OfProject
from projects.research.selectors import indicator_rows, parents_to_choose
from projects.research.services.corrections import record_correction
from projects.research.services.indicators import add_indicator, current_sheet


class ProjectForm(OnceFormMixin, OfProject, ServiceForm):  # type: ignore[misc]
    """A form of a project whose input goes to a service."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        kept = self.kept()
        if kept is None:
            return super().get(request, *args, **kwargs)
        form = self.form_class(**{**self.get_form_kwargs(), "data": kept})  # type: ignore[misc]
        return self.render_to_response(self.get_context_data(form=form, is_kept=True))

    def form_invalid(self, form: Any) -> HttpResponse:
        response = super().form_invalid(form)
        response.status_code = 422
        return response


class IndicatorsPage(ProjectForm):
    """KPI: the list with what counts above, and a form for one more. `?parent=` fills in what a KPI above prescribes."""

    template_name = "projects/project_indicators.html"
    form_class = IndicatorForm
    place = "indicators"

    @cached_property
    def parents(self) -> list[Indicator]:
        return parents_to_choose(self.project, self.actor)

    @cached_property
    def parent(self) -> Indicator | None:
        """The KPI above that was asked for in the address, or sent with the form."""
        asked = self.request.POST if self.request.method == "POST" else self.request.GET
        try:
            wanted = UUID(asked.get("parent", ""))
        except ValueError:
            return None
        return next((each for each in self.parents if each.public_id == wanted), None)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "parents": self.parents}

    def get_initial(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "first_on": self.project.starts_on,
            "last_on": self.project.ends_on,
            "grain": 3,
            "unit": "count",
            "visibility": "members",
        }
        if self.parent is not None:
            sheet = current_sheet(self.parent)
            found |= {
                "parent": str(self.parent.public_id),
                "unit": sheet.unit,
                "grain": sheet.grain,
                "direction": sheet.direction,
                "accrual": sheet.accrual,
            }
        return found

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        project = self.project
        card = project.scorecard
        return {
            **context,
            "rows": indicator_rows(project, self.actor),
            "parents": self.parents,
            "parent": self.parent,
            "scorecard_url": reverse("kpis:scorecard", args=[card.public_id]) if card else "",
            "entry_url": reverse("kpis:entry", args=[card.public_id]) if card else "",
        }

    def perform(self, form: IndicatorForm) -> HttpResponse:
        parent = form.cleaned_data["parent"]
        indicator = add_indicator(
            actor=self.actor, project=self.project, given=form.indicator(), parent=parent
        )
        if parent is None:
            said = _("KPI「%(name)s」を登録しました。")
        else:
            said = _(
                "KPI「%(name)s」を登録し、「%(parent)s」へのつながりを申請しました。所管課が承認すると、集計に入ります。"
            )
        names = {"name": indicator.name, "parent": parent.name if parent else ""}
        messages.success(self.request, said % names)
        return redirect(self.address("indicators"))


class CorrectionPage(ProjectForm):
    """軌道修正の登録: the decision that it rests on is chosen from those of the forum."""

    template_name = "projects/project_correction.html"
    form_class = CorrectionForm
    title = gettext_lazy("軌道修正の登録")

    def get_form_kwargs(self) -> dict[str, Any]:
        project = self.project
        decisions = Decision.objects.visible_to(self.actor).filter(forum=project.forum_id)
        return {
            **super().get_form_kwargs(),
            "decisions": list(decisions.order_by("-decided_on", "code")[:200]),
            "indicators": self._indicators(),
        }

    def _indicators(self) -> list[Indicator]:
        """The project's own KPIs and those that they feed."""
        rows = indicator_rows(self.project, self.actor)
        own = [row.indicator for row in rows]
        above = {row.parent.pk: row.parent for row in rows if row.parent is not None}
        return [*own, *above.values()]

    def perform(self, form: CorrectionForm) -> HttpResponse:
        row = record_correction(
            actor=self.actor, forum=self.project.forum, project=self.project, **form.cleaned_data
        )
        messages.success(self.request, _("軌道修正 %(code)s を登録しました。") % {"code": row.code})
        return redirect(f"{self.address('detail')}#corrections")
