"""KPIs of a project: given with rules that suit their unit, and proposed to a KPI of a vision in one step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from foundation.access import Actor, require
from foundation.errors import DomainError
from kpis.models import Indicator, IndicatorSheet, Scorecard
from kpis.periods import Grain, Period
from kpis.rules import Accrual, Direction, Scale
from kpis.services.contributions import propose_contribution
from kpis.services.sheets import create_indicator
from kpis.units import LEVEL, PERCENT, YEN, YES_NO, unit_of
from projects.research.models import Project
from projects.research.services.sections import lock, touch

SCALES = {YEN: Scale.CURRENCY, PERCENT: Scale.RATIO, LEVEL: Scale.LEVEL, YES_NO: Scale.YES_NO}


@dataclass(frozen=True)
class NewIndicator:
    """What is asked of a project's KPI; everything else follows from the unit or from the KPI above."""

    name: str
    definition: str
    unit: str
    grain: int
    first_on: date
    last_on: date | None = None
    direction: str = Direction.UP
    accrual: str = Accrual.FLOW
    data_source: str = ""
    visibility: str = Scorecard.Visibility.MEMBERS
    may_be_negative: bool = False


def scale_for(unit: str) -> Scale:
    """Money, a ratio of two figures, a level, yes or no; otherwise a number."""
    return SCALES.get(unit_of(unit).family, Scale.NUMBER)


def current_sheet(indicator: Indicator) -> IndicatorSheet:
    return IndicatorSheet.objects.get(indicator=indicator, superseded_at=None)


def add_indicator(
    *, actor: Actor, project: Project, given: NewIndicator, parent: Indicator | None = None
) -> Indicator:
    """A measured KPI on the project's scorecard, kept by the project's post.

    With `parent` (a KPI of a vision) it is proposed to feed it: it counts there once the parent's keeper accepts.
    All or nothing: what could never feed the parent is refused with the reason beside `parent`.
    """
    require(actor, "change", project)
    if given.last_on and given.last_on < given.first_on:
        message = _("測り終える日は、測り始める日以後にしてください。")
        raise DomainError("period", message, field="last_on")
    with transaction.atomic():
        project = lock(project)
        card = _card(project)
        place = Indicator.objects.filter(scorecard=card).count() + 1
        indicator = create_indicator(
            actor=actor,
            scorecard=card,
            sheet=_sheet(given, parent),
            code=_code(project, card, place),
            name=given.name.strip(),
            position=place,
            visibility=given.visibility,
            post=project.post,
            deputy_post=project.deputy_post,
        )
        if parent is not None:
            _propose(actor, parent, indicator)
        touch(project)
        return indicator


def _card(project: Project) -> Scorecard:
    if project.scorecard is None:
        raise DomainError("no_scorecard", _("このプロジェクトにはKPI一覧がありません。"))
    return project.scorecard


def _sheet(given: NewIndicator, parent: Indicator | None) -> dict[str, object]:
    """The rules: those of the KPI above where there is one, otherwise what suits the unit."""
    unit = unit_of(given.unit)
    sheet: dict[str, object] = {
        "definition": given.definition.strip(),
        "data_source": given.data_source.strip(),
        "unit": given.unit,
        "scale": scale_for(given.unit),
        "direction": given.direction,
        "accrual": given.accrual,
        "grain": given.grain,
        "time_rule": "",
        "attainment_rule": "",
        "decimals": unit.decimals,
        "may_be_negative": given.may_be_negative,
        "first_period": Period.of(given.first_on, Grain(given.grain)),
        "last_period": Period.of(given.last_on, Grain(given.grain)) if given.last_on else None,
    }
    if parent is not None:
        above = current_sheet(parent)
        if unit_of(above.unit).family == unit.family:
            sheet |= {"scale": above.scale, "accrual": above.accrual, "time_rule": above.time_rule}
    return sheet


def _code(project: Project, card: Scorecard, place: int) -> str:
    """P6-1, P6-2, …; a project without a number counts alone."""
    taken = set(Indicator.objects.filter(scorecard=card).values_list("code", flat=True))
    stem = f"{project.code}-" if project.code else "K"
    while f"{stem}{place}" in taken:
        place += 1
    return f"{stem}{place}"


def _propose(actor: Actor, parent: Indicator, child: Indicator) -> None:
    try:
        propose_contribution(actor=actor, parent=parent, child=child)
    except DomainError as error:
        raise DomainError(error.code, error.message, field="parent") from error
