"""Contributions that wait for the keeper of the parent, and one of them with what is needed to decide."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from foundation.access import Actor
from kpis.models import Contribution, Indicator, IndicatorSheet
from kpis.rules import Accrual, TimeRule, TreeRule
from kpis.selectors.wording import plain_figure, unit_label


def waiting_rows(actor: Actor) -> QuerySet[Any, Any]:
    """Proposals that the actor may accept or decline, oldest first. One query."""
    rows = Contribution.objects.allowed(actor, "accept").filter(
        state=Contribution.State.PROPOSED, superseded_at=None
    )
    related = ("parent__scorecard__forum", "child__scorecard", "child__post__organization", "parent__post")
    found: QuerySet[Any, Any] = rows.select_related(*related, "proposed_by__person")
    return found.order_by("recorded_at", "id")


def contribution_rows(actor: Actor) -> QuerySet[Any, Any]:
    """Contributions that the actor may see, with both ends, `can_accept` and `opens_child`.

    Whoever decides reads the name and the definition of the child: its side proposed it to them for that.
    """
    children = Indicator.objects.visible_to(actor).filter(pk=OuterRef("child_id"))
    related = (
        "parent__scorecard__forum",
        "parent__post__organization",
        "child__scorecard",
        "child__post__organization",
        "proposed_by__person",
    )
    rows: Any = Contribution.objects.visible_to(actor).with_can(actor, "accept")
    found: QuerySet[Any, Any] = rows.select_related(*related).annotate(opens_child=Exists(children))
    return found


def comparison(link: Contribution) -> list[dict[str, Any]]:
    """What the sheets of both ends say, line beside line; `same` where they say the same. One query."""
    sheets = IndicatorSheet.objects.filter(
        indicator_id__in=(link.parent_id, link.child_id), superseded_at=None
    )
    by_indicator = {sheet.indicator_id: sheet for sheet in sheets}
    child, parent = by_indicator[link.child_id], by_indicator[link.parent_id]
    return [
        {"label": label, "child": mine, "parent": theirs, "same": mine == theirs}
        for (label, mine), (_same, theirs) in zip(_said(child), _said(parent), strict=True)
    ]


def _said(sheet: IndicatorSheet) -> list[tuple[str, str]]:
    return [
        (_("定義"), sheet.definition),
        (_("出典"), sheet.data_source),
        (_("単位"), unit_label(sheet)),
        (_("測定"), str(sheet.get_grain_display())),
        (_("計上"), Accrual(sheet.accrual).label),
        (_("期間をまとめる規則"), TimeRule(sheet.time_rule).label),
    ]


def how_it_counts(link: Contribution) -> str:
    """「合計に入ります（係数 1、重み 1）」: by which rule of the parent the child goes up."""
    sheet = IndicatorSheet.objects.get(indicator_id=link.parent_id, superseded_at=None)
    rule = TreeRule(sheet.tree_rule).label if sheet.tree_rule else ""
    return _("%(rule)s（係数 %(factor)s、重み %(weight)s）") % {
        "rule": rule,
        "factor": plain_figure(link.factor),
        "weight": plain_figure(link.weight),
    }
