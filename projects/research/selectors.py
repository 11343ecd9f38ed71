"""Reads for the pages of projects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Exists, IntegerField, OuterRef, Prefetch, Q, QuerySet, Value, When

from ecosystems.models import Decision, Forum
from foundation.access import Actor, condition
from kpis.models import Contribution, Indicator, IndicatorSheet, Scorecard
from projects.research.funding import FundingTable, funding_table
from projects.research.models import Correction, Participation, Project, TeamRole
from projects.research.services.funding import sources_of
from visions.models import Theme

# How a state is coloured where it is shown; the word is always beside it.
TONES = {Project.State.RUNNING: "positive", Project.State.STOPPED: "caution", Project.State.PREPARING: "none"}
MAY_READ = ("change", "view_terms", "view_partners", "view_title", "view_money", "view_total")


def tone_of(project: Project) -> str:
    return TONES.get(Project.State(project.state), "neutral")


def _with_themes(projects: QuerySet[Project], actor: Actor) -> QuerySet[Project]:
    themes = Theme.objects.visible_to(actor).select_related("vision").order_by("position", "id")
    return projects.prefetch_related(Prefetch("themes", themes, to_attr="shown_themes"))


def projects_for_list(actor: Actor) -> QuerySet[Project]:
    """Projects with their lead, forum and `shown_themes`. Two queries."""
    rows: QuerySet[Project] = Project.objects.visible_to(actor).select_related("lead", "forum")
    return _with_themes(rows, actor)


def projects_for_detail(actor: Actor) -> QuerySet[Any]:
    """One project with `shown_themes`, `opens_scorecard`, and what of it the actor may read. Two queries."""
    cards = Scorecard.objects.visible_to(actor).filter(pk=OuterRef("scorecard_id"))
    rows: Any = Project.objects.visible_to(actor).with_can(actor, *MAY_READ)
    rows = rows.select_related("lead", "forum", "scorecard", "post__organization")
    found: QuerySet[Any] = _with_themes(rows, actor).annotate(opens_scorecard=Exists(cards))
    return found


def themes_to_choose(actor: Actor, forums: Sequence[Forum]) -> list[Theme]:
    """The themes of the forums' visions that the actor may see."""
    rows = Theme.objects.visible_to(actor).filter(vision__forum__in=forums).select_related("vision")
    return list(rows.order_by("vision_id", "position", "id"))


def partners_shown(project: Any) -> list[Participation]:
    """Who takes part besides the lead; nobody where that is not to be read. One query."""
    if not project.can_view_partners:
        return []
    return list(project.participations.select_related("organization").order_by("position", "id"))


def team_shown(project: Any) -> list[dict[str, Any]]:
    """All six roles with what was found; one query. It names partners, so it is read with them."""
    if not project.can_view_partners:
        return []
    found = {row.role: row for row in project.team_roles.all()}
    return [{"label": label, "row": found.get(role)} for role, label in TeamRole.Role.choices]


def money_shown(project: Any) -> tuple[FundingTable | None, FundingTable | None]:
    """(the table by year, the table whose total alone may be read): at most one of them. Two queries or none."""
    if project.can_view_money:
        return funding_table(sources_of(project)), None
    if project.can_view_total:
        return None, funding_table(sources_of(project))
    return None, None


def corrections_shown(project: Project, actor: Actor) -> list[Correction]:
    """Corrections of the project, newest first, each with its decision where the actor may see that. Two queries."""
    decisions = Decision.objects.visible_to(actor)
    rows = Correction.objects.visible_to(actor).filter(project=project).select_related("decision", "forum")
    annotated = rows.annotate(opens_decision=Exists(decisions.filter(pk=OuterRef("decision_id"))))
    return list(annotated.order_by("-decided_on", "code"))


# --- KPIs -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class IndicatorRow:
    """One KPI of a project, its sheet, and the KPI of a vision that it was proposed to."""

    indicator: Indicator
    sheet: IndicatorSheet | None
    link: Contribution | None
    parent: Indicator | None

    @property
    def tone(self) -> str:
        tones = {Contribution.State.ACCEPTED: "positive", Contribution.State.PROPOSED: "caution"}
        return tones.get(Contribution.State(self.link.state), "none") if self.link else ""


def indicator_rows(project: Project, actor: Actor) -> list[IndicatorRow]:
    """The KPIs of the project's own scorecard that the actor may see. Three queries, none without a scorecard."""
    if project.scorecard_id is None:
        return []
    sheets = Prefetch("sheets", IndicatorSheet.objects.filter(superseded_at=None), to_attr="current_sheets")
    rows: Any = Indicator.objects.visible_to(actor).filter(scorecard_id=project.scorecard_id)
    found = list(rows.order_by("position", "id").prefetch_related(sheets))
    links = _links(found, actor)
    return [
        IndicatorRow(
            each,
            each.current_sheets[0] if each.current_sheets else None,
            links.get(each.pk),
            links[each.pk].parent if each.pk in links else None,
        )
        for each in found
    ]


def _links(indicators: Sequence[Any], actor: Actor) -> dict[int, Contribution]:
    """Per KPI what it feeds, or else what became of its last proposal, where the actor may know of it."""
    if not indicators:
        return {}
    known = Q(state=Contribution.State.ACCEPTED) | condition(actor, "kpis.view_contribution")
    stands = Q(superseded_at=None) | Q(state=Contribution.State.DECLINED)
    rank = Case(When(superseded_at=None, then=Value(1)), default=Value(0), output_field=IntegerField())
    rows = (
        Contribution.objects.filter(known, stands, child__in=indicators)
        .filter(parent__in=Indicator.objects.visible_to(actor).order_by().values("pk"))
        .select_related("parent")
        .annotate(rank=rank)
    )
    return {link.child_id: link for link in rows.order_by("rank", "id")}


def parents_to_choose(project: Project, actor: Actor) -> list[Indicator]:
    """KPIs of the visions of the project's forum that are made of others; those of the project's themes first."""
    own = Theme.objects.filter(projects=project).values("indicators")
    rows = (
        Indicator.objects.visible_to(actor)
        .filter(kind=Indicator.Kind.ROLLED_UP, scorecard__vision__forum=project.forum_id)
        .annotate(is_near=Exists(own.filter(indicators=OuterRef("pk"))))
        .select_related("scorecard")
    )
    return list(rows.order_by("-is_near", "scorecard_id", "position", "id"))
