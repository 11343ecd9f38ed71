"""The network of one community as its page shows it: who belongs to it, and what ties them, read from its sources.

An actor is an organisation with the people who belong for it, or a person without one. Ties are between
organisations; they are asked from the floors above (`actors.slots.TIES`), as far as the reader may see their source.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import combinations
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from actors import network_drawing as drawing
from actors.models import Community, CommunityMember
from actors.network import groups, holding_together, isolated
from actors.selectors import members_for_page
from actors.slots import TIES
from foundation import slots
from foundation.access import Actor


@dataclass
class Node:
    """Somebody in the community, with every membership of theirs."""

    key: str
    name: str
    full_name: str
    sorting: tuple[str, str]
    url: str
    organization_id: int | None
    memberships: list[CommunityMember] = field(default_factory=list)
    has_left: bool = False
    is_leader: bool = False
    is_local: bool = True

    @property
    def leads(self) -> list[str]:
        return [each.leads for each in self.memberships if each.is_leader and each.leads]

    @property
    def notes(self) -> list[str]:
        """What each of them does: 「製品の試作」, 「つなぎ役：試験 花子」."""
        return list(dict.fromkeys(note for each in self.memberships if (note := self._note(each))))

    def _note(self, member: CommunityMember) -> str:
        person = member.person.name if member.person and self.organization_id else ""
        return "：".join(filter(None, (member.role_note, person)))

    @property
    def since(self) -> date:
        return min(each.since_on for each in self.memberships)

    @property
    def until(self) -> date | None:
        return max((each.until_on for each in self.memberships if each.until_on), default=None)


@dataclass
class Tie:
    """Two actors and everything that ties them, what lasts before what has ended."""

    one: Node
    other: Node
    reasons: list[dict[str, Any]]

    @property
    def is_past(self) -> bool:
        return all(reason["is_past"] for reason in self.reasons)

    @property
    def lasting(self) -> list[dict[str, Any]]:
        """What counts: what lasts, or all of it where nothing lasts."""
        return [reason for reason in self.reasons if not reason["is_past"]] or self.reasons

    @property
    def since(self) -> date | None:
        return min((reason["since"] for reason in self.lasting if reason["since"]), default=None)


@dataclass
class Network:
    """The community's actors, leaders first, those who left last; their ties, those that last first."""

    nodes: list[Node]
    ties: list[Tie]
    kinds: list[tuple[str, int]]  # of the ties that last, each kind with how many pairs it ties, most first

    @property
    def present(self) -> list[Node]:
        return [node for node in self.nodes if not node.has_left]

    @property
    def former(self) -> list[Node]:
        return [node for node in self.nodes if node.has_left]

    @property
    def leaders(self) -> list[Node]:
        return [node for node in self.present if node.is_leader]

    @property
    def others(self) -> list[Node]:
        return [node for node in self.present if not node.is_leader]

    @property
    def local(self) -> list[Node]:
        return [node for node in self.others if node.is_local]

    @property
    def outside(self) -> list[Node]:
        return [node for node in self.others if not node.is_local]

    @property
    def local_count(self) -> int:
        return sum(node.is_local for node in self.present)

    @property
    def outside_count(self) -> int:
        return len(self.present) - self.local_count

    @property
    def lasting(self) -> list[Tie]:
        return [tie for tie in self.ties if not tie.is_past]

    @property
    def past(self) -> list[Tie]:
        return [tie for tie in self.ties if tie.is_past]

    def _among_present(self) -> tuple[list[str], list[tuple[str, str]]]:
        return [node.key for node in self.present], [(tie.one.key, tie.other.key) for tie in self.lasting]

    def _named(self, keys: Iterable[str]) -> list[Node]:
        nodes = {node.key: node for node in self.nodes}
        return [nodes[key] for key in keys]

    @property
    def alone(self) -> list[Node]:
        """Members without any lasting tie."""
        return self._named(isolated(*self._among_present()))

    @property
    def keystones(self) -> list[Node]:
        """Members whose leaving would part the others."""
        return self._named(holding_together(*self._among_present()))

    @property
    def group_count(self) -> int:
        """How many parts hang together, those of one member left out."""
        return sum(len(group) > 1 for group in groups(*self._among_present()))


def network_of(community: Community, actor: Actor, today: date, *, with_places: bool) -> Network:
    """Who belongs and what ties them; `with_places`: to sit in the same forum counts too. Two queries, and those of
    the slot."""
    members = [each for each in members_for_page(actor).filter(community=community) if each.since_on <= today]
    nodes = _nodes(members, today)
    ties = _ties(nodes, actor, with_places)
    counted = Counter(kind for tie in ties if not tie.is_past for kind in _kinds(tie))
    kinds = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return Network(nodes, ties, kinds)


def _kinds(tie: Tie) -> list[str]:
    """The kinds of work that tie the two, each once."""
    return list(dict.fromkeys(reason["kind"] for reason in tie.lasting if reason["is_work"]))


# --- actors ----------------------------------------------------------------------------------------------------------


def _nodes(members: Sequence[CommunityMember], today: date) -> list[Node]:
    found: dict[str, Node] = {}
    for member in members:
        if member.organization is None and member.person is None:
            continue
        node = _node(member)
        found.setdefault(node.key, node).memberships.append(member)
    for node in found.values():
        current = [each for each in node.memberships if each.is_active_on(today)]
        node.has_left = not current
        node.memberships = current or node.memberships
        node.is_leader = any(each.is_leader for each in current)
        node.is_local = any(each.is_local for each in node.memberships)
    return sorted(found.values(), key=_order)


def _node(member: CommunityMember) -> Node:
    organization, person = member.organization, member.person
    if organization is not None:
        url = reverse("actors:organization_detail", args=[organization.public_id])
        sorting = (organization.name_kana, organization.name)
        name, full = organization.display_name, organization.name
        return Node(f"o{organization.pk}", name, full, sorting, url, organization.pk)
    assert person is not None  # noqa: S101 (a constraint of the table)
    return Node(f"p{person.pk}", person.name, person.name, (person.name_kana, person.name), "", None)


def _order(node: Node) -> tuple[Any, ...]:
    return (node.has_left, not node.is_leader, not node.is_local, node.sorting, node.key)


# --- ties ------------------------------------------------------------------------------------------------------------


def _ties(nodes: Sequence[Node], actor: Actor, with_places: bool) -> list[Tie]:
    """Every pair of actors that has something in common, in order of the actors; what has ended last."""
    organizations = {each.organization_id: each for node in nodes for each in node.memberships}
    rows = [each.organization for pk, each in organizations.items() if pk is not None]
    reasons: dict[frozenset[int], list[dict[str, Any]]] = {}
    for pk, items in slots.collect(TIES, rows, actor).items() if len(rows) > 1 else ():
        for item in items:
            if item["is_work"] or with_places:
                reasons.setdefault(frozenset((pk, item["other"])), []).append(item)
    found = []
    for one, other in combinations([node for node in nodes if node.organization_id], 2):
        pair = reasons.get(frozenset((one.organization_id or 0, other.organization_id or 0)))
        if pair:
            found.append(Tie(one, other, sorted(pair, key=_first)))
    return sorted(found, key=lambda tie: tie.is_past)


def _first(reason: dict[str, Any]) -> tuple[Any, ...]:
    """What lasts first, work before places, the oldest first."""
    return (reason["is_past"], not reason["is_work"], reason["since"] or date.min, reason["name"])


# --- the drawing -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LegendLine:
    style: str
    label: str


def drawn(network: Network, community: Community) -> str:
    """The network as an SVG element; its description says in words what stands beneath it as a table."""
    order = {kind: number for number, (kind, _count) in enumerate(network.kinds)}
    actors = [
        drawing.Actor(node.key, node.name, node.is_leader, node.is_local, node.has_left)
        for node in network.nodes
    ]
    lines = [_line(tie, order) for tie in network.ties]
    area = _("中心的な主体と地域内（%(area)s）") % {"area": community.area_name}
    return drawing.draw(
        actors,
        lines,
        _("「%(name)s」のつながりの図") % {"name": community.name},
        described(network),
        area if community.area_name else _("中心的な主体と地域内"),
    )


def _line(tie: Tie, order: dict[str, int]) -> drawing.Line:
    """Drawn as the first of its kinds of work; one that only shares a place as such."""
    kinds = _kinds(tie)
    return drawing.Line(tie.one.key, tie.other.key, order.get(kinds[0]) if kinds else None, tie.is_past)


def described(network: Network) -> str:
    return _(
        "中心的な主体は%(leaders)s。地域内%(local)s、地域外%(outside)sのメンバーの間に、続いているつながりが%(ties)s組あります。"
        "一つずつは、下の表にあります。"
    ) % {
        "leaders": "、".join(node.name for node in network.leaders) or _("登録されていません"),
        "local": network.local_count,
        "outside": network.outside_count,
        "ties": len(network.lasting),
    }


def legend(network: Network) -> list[LegendLine]:
    """How the lines of the drawing look, in words; only those that are drawn."""
    found = [
        LegendLine(
            str(min(number, drawing.KINDS - 1)), _("%(kind)s（%(count)s組）") % {"kind": kind, "count": count}
        )
        for number, (kind, count) in enumerate(network.kinds)
    ]
    if any(not _kinds(tie) for tie in network.lasting):
        found.append(LegendLine("place", _("同じ地域共創の場の構成員")))
    if network.past:
        found.append(LegendLine("past", _("終わったつながり")))
    return found
