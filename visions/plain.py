"""The plain page of a vision: everything that a resident reads of it, in a fixed number of queries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from ecosystems.models import Case, Membership, Voice
from ecosystems.selectors import Members, members_of
from ecosystems.subjects import key_of
from ecosystems.voice_selectors import published_about
from foundation import slots
from foundation.access import ANONYMOUS, Actor
from kpis.selectors.plain import PlainFigure, named_plainly, plain_figures
from visions import slots as places
from visions.models import Theme, Vision, VisionVersion
from visions.selectors import themes_of, versions_of
from visions.subjects import VISION, keys_of

NEWS = 3
Project = dict[str, Any]


@dataclass
class PlainPage:
    """`reader` sees what is shown: anybody at all where the vision is public."""

    vision: Vision
    is_public: bool
    version: VisionVersion | None
    figures: list[PlainFigure]
    figures_url: str
    themes: list[Theme]
    running: list[Project]
    stopped: list[Project]
    failures: list[Case]
    changed: str
    usable: list[Project]
    news: list[Voice]
    owners: list[str]
    members: list[str]
    key: str


def plain_page(vision: Any, actor: Actor, today: date) -> PlainPage:
    """As a visitor reads it, whoever looks; a vision that is not public yet as its own readers see it.

    `vision` comes from `with_scorecard`.
    """
    is_public = vision.visibility == Vision.Visibility.PUBLIC
    reader = ANONYMOUS if is_public else actor
    versions = versions_of(vision, reader, with_answers=False)
    themes = themes_of(vision, reader)
    projects = _each_once(slots.collect(places.FOR_RESIDENTS, themes, reader))
    figures = plain_figures(reader, vision.scorecard_id, today)
    version = next((each for each in versions if each.is_current), versions[0] if versions else None)
    keys = [*keys_of(vision, themes), *(project["key"] for project in projects)]
    members = members_of(vision.forum, reader, today)
    return PlainPage(
        vision=vision,
        is_public=is_public,
        version=version,
        figures=figures,
        figures_url=places.scorecard_url(vision) if figures else "",
        themes=themes,
        running=[project for project in projects if not project["is_stopped"]],
        stopped=[project for project in projects if project["is_stopped"]],
        failures=_failures(vision, reader),
        changed=_change(version, figures) if version else "",
        usable=[project for project in projects if project["use_text"] or project["use_phone"]],
        news=published_about(keys, reader, NEWS),
        owners=[each.organization.name for each in members.owners],
        members=_others(members),
        key=key_of(VISION, vision.public_id),
    )


def _each_once(by_theme: dict[Any, list[Project]]) -> list[Project]:
    """A project under two themes is told once."""
    return list({project["key"]: project for projects in by_theme.values() for project in projects}.values())


def _failures(vision: Vision, reader: Actor) -> list[Case]:
    rows = Case.objects.visible_to(reader).filter(forum_id=vision.forum_id, outcome=Case.Outcome.FAILURE)
    return list(rows.order_by("code", "id"))


def _change(version: VisionVersion, figures: list[PlainFigure]) -> str:
    """What the version in force changed, without the numbers that only members can look up."""
    text = version.change_note
    if version.decision is not None:
        text = text.replace(f"（{version.decision.code}）", "")
    return named_plainly(text, figures)


def _others(members: Members) -> list[str]:
    """Who takes part beside the municipalities that founded the forum, by sector and reading."""
    rows = [each for sector in members.sectors for each in (*sector.local, *sector.outside)]
    return [each.organization.name for each in rows if each.role != Membership.Role.OWNER]
