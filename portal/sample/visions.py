"""The vision with its versions and answers, its themes and steps."""

from __future__ import annotations

from actors.models import Organization
from kpis.models import Scorecard
from portal.sample.tables import Row, day, day_or_none, document, period, split, table
from portal.sample.words import STANCE
from portal.sample.world import World
from visions.models import Step, Theme, Vision, VisionStance, VisionVersion


def load_visions(world: World) -> None:
    data = document("vision")
    office, deputy = (world.posts[post] for post in document("forum")["secretariat_posts"])
    card = Scorecard.objects.create(
        forum=world.forum,
        name=data["name"],
        visibility=Scorecard.Visibility.PUBLIC,
        post=office,
        deputy_post=deputy,
    )
    card.participants.set(_owners_and_core(world))
    vision = Vision.objects.create(
        forum=world.forum,
        code=data["id"],
        name=data["name"],
        target_year=period(data["target_year"]).fiscal_year,
        scorecard=card,
        visibility=Vision.Visibility.PUBLIC,
        post=office,
        deputy_post=deputy,
    )
    world.cards[data["id"]], world.visions[data["id"]] = card, vision
    _load_versions(world, vision)
    _load_themes(world, vision)


def _owners_and_core(world: World) -> list[Organization]:
    """Whoever reports on the vision's own indicators: the owner municipalities and the core body."""
    data = document("forum")
    return [world.organizations[pk] for pk in (*data["owner_organizations"], data["core_organization"])]


def _load_versions(world: World, vision: Vision) -> None:
    data = document("vision")
    versions = {}
    for place, each in enumerate(data["versions"], 1):
        versions[each["version"]] = VisionVersion.objects.create(
            vision=vision,
            number=each["version"].removeprefix("v"),
            text=data["statement"],
            plain_summary=data["plain_summary"],
            change_note=each["text"] if each["target_changes"] else "",
            agreed_on=day(each["agreed_on"]),
            decision=world.decisions[each["decision"]],
            is_current=place == len(data["versions"]),
        )
    for row in table("stances"):
        VisionStance.objects.create(
            version=versions[row["version"]],
            organization=world.organizations[row["organization"]],
            stance=STANCE[row["stance"]],
            post_title=row["answered_by_title"],
            answered_on=day_or_none(row["answered_on"]),
            condition=row["condition"],
        )


def _load_themes(world: World, vision: Vision) -> None:
    for place, row in enumerate(table("themes"), 1):
        world.themes[row["id"]] = Theme.objects.create(
            vision=vision,
            code=row["id"],
            name=row["name"],
            position=place,
            reason=row["reason"],
            future=row["goal_2035"],
            roles=_roles(world, row),
        )
    for row in table("steps"):
        Step.objects.create(
            theme=world.themes[row["theme"]],
            by_fiscal_year=period(row["due_period"]).fiscal_year,
            text=row["name"],
            done_note=_done(row),
        )


def _roles(world: World, row: Row) -> str:
    lead, supporting = (
        "・".join(world.organizations[pk].display_name for pk in split(row[column]))
        for column in ("lead_organizations", "supporting_organizations")
    )
    return f"主：{lead}\n協力：{supporting}"


def _done(row: Row) -> str:
    if not row["done_month"]:
        return ""
    return f"{period(row['done_month']).label} {row['state']}"
