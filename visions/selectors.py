"""Reads for the pages of visions: the words in force, the way back from the target year, who agreed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, QuerySet

from actors.models import Organization
from foundation.access import Actor
from kpis.models import Indicator, Scorecard
from visions.models import Step, Theme, Vision, VisionStance, VisionVersion


def with_scorecard(visions: QuerySet[Vision], actor: Actor) -> QuerySet[Vision]:
    """`opens_scorecard`: whether the actor may open the vision's own list of KPIs; it has a visibility of its own."""
    cards = Scorecard.objects.visible_to(actor).filter(pk=OuterRef("scorecard_id"))
    return visions.select_related("scorecard").annotate(opens_scorecard=Exists(cards))


def visions_for_list(actor: Actor) -> QuerySet[Vision]:
    """Visions with their forum and `current`: a list of the one version in force, or empty. Two queries."""
    current = VisionVersion.objects.visible_to(actor).filter(is_current=True)
    rows: QuerySet[Vision] = Vision.objects.visible_to(actor).select_related("forum")
    rows = rows.order_by("forum__is_public_record", "forum__code", "code", "id")
    return with_scorecard(rows, actor).prefetch_related(Prefetch("versions", current, to_attr="current"))


def versions_of(vision: Vision, actor: Actor, *, with_answers: bool) -> list[VisionVersion]:
    """Every version, the newest first, with `answers` of the organisations if wished. One query, or two."""
    versions = VisionVersion.objects.visible_to(actor).filter(vision=vision).select_related("decision")
    if with_answers:
        stances = VisionStance.objects.select_related("organization")
        versions = versions.prefetch_related(Prefetch("stances", stances, to_attr="answers"))
    return list(versions.order_by("-agreed_on", "-id"))


def themes_of(vision: Vision, actor: Actor) -> list[Theme]:
    """The themes in order, with `events` (節目) and `kpis` that the actor may see. Three queries."""
    steps = Step.objects.order_by("-by_fiscal_year", "id")
    kpis = Indicator.objects.visible_to(actor).order_by("position", "id")
    themes = Theme.objects.visible_to(actor).filter(vision=vision)
    return list(
        themes.prefetch_related(
            Prefetch("steps", steps, to_attr="events"), Prefetch("indicators", kpis, to_attr="kpis")
        )
    )


@dataclass
class Backcast:
    """バックキャスト: theme × year, from the target year back; each cell holds the events due by that year."""

    years: list[int]
    rows: list[tuple[Theme, list[list[Step]]]]


def backcast(themes: list[Any]) -> Backcast:
    years = sorted({step.by_fiscal_year for theme in themes for step in theme.events}, reverse=True)
    rows = [
        (theme, [[step for step in theme.events if step.by_fiscal_year == year] for year in years])
        for theme in themes
    ]
    return Backcast(years, rows)


def answers_by_organization(versions: list[Any]) -> list[tuple[Organization, list[VisionStance | None]]]:
    """Each organisation that was ever asked, by reading, with its answer to each version (None: was not asked)."""
    found: dict[int, Organization] = {
        answer.organization_id: answer.organization for version in versions for answer in version.answers
    }
    given = {
        (answer.organization_id, version.pk): answer for version in versions for answer in version.answers
    }
    organizations = sorted(found.values(), key=lambda each: (each.name_kana, each.name, each.pk))
    return [(each, [given.get((each.pk, version.pk)) for version in versions]) for each in organizations]
