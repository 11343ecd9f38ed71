"""Reads for the pages of projects."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Prefetch, QuerySet

from foundation.access import Actor
from kpis.models import Indicator, Scorecard
from projects.research.models import Participation, Project
from visions.models import Theme

# How a state is coloured where it is shown; the word is always beside it.
TONES = {Project.State.RUNNING: "positive", Project.State.STOPPED: "caution", Project.State.PREPARING: "none"}


def tone_of(project: Project) -> str:
    return TONES.get(Project.State(project.state), "neutral")


def _with_themes(projects: QuerySet[Project], actor: Actor) -> QuerySet[Project]:
    themes = Theme.objects.visible_to(actor).select_related("vision").order_by("position", "id")
    return projects.prefetch_related(Prefetch("themes", themes, to_attr="shown_themes"))


def projects_for_list(actor: Actor) -> QuerySet[Project]:
    """Projects with their lead, forum and `shown_themes`. Two queries."""
    rows: QuerySet[Project] = Project.objects.visible_to(actor).select_related("lead", "forum")
    return _with_themes(rows, actor)


def projects_for_detail(actor: Actor) -> QuerySet[Project]:
    """One project with `partners_shown`, `shown_themes`, and `opens_scorecard`. Three queries."""
    cards = Scorecard.objects.visible_to(actor).filter(pk=OuterRef("scorecard_id"))
    parts = Participation.objects.select_related("organization").order_by("position", "id")
    rows = projects_for_list(actor).select_related("scorecard", "post__organization")
    return rows.annotate(opens_scorecard=Exists(cards)).prefetch_related(
        Prefetch("participations", parts, to_attr="partners_shown")
    )


def indicators_of(project: Project, actor: Actor) -> list[Indicator]:
    """The KPIs of the project's own scorecard that the actor may see."""
    if project.scorecard_id is None:
        return []
    rows = Indicator.objects.visible_to(actor).filter(scorecard_id=project.scorecard_id)
    return list(rows.order_by("position", "id"))
