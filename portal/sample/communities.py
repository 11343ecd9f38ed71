"""The community of the fictitious forum. Its ties are not loaded: they are read from the projects and the forum."""

from __future__ import annotations

from actors.models import Community, CommunityMember
from portal.sample.tables import day, day_or_none, flag, table
from portal.sample.words import COMMUNITY_VALUE
from portal.sample.world import World


def load_communities(world: World) -> None:
    communities = {}
    for row in table("communities"):
        communities[row["id"]] = Community.objects.create(
            name=row["name"],
            value=COMMUNITY_VALUE[row["value_kind"]],
            area_name=row["area"],
            summary=row["summary"],
            reason=row["reason"],
            is_public=flag(row["is_public"]),
            post=world.posts[row["keeper_post"]],
            deputy_post=world.posts[row["deputy_post"]],
        )
    for row in table("community_members"):
        CommunityMember.objects.create(
            community=communities[row["community"]],
            organization=world.organizations[row["organization"]] if row["organization"] else None,
            person=world.people[row["person"]] if row["person"] else None,
            is_leader=flag(row["is_leader"]),
            leads=row["leads"],
            is_local=row["area"] == "内",
            role_note=row["role"],
            since_on=day(row["since"]),
            until_on=day_or_none(row["until"]),
        )
