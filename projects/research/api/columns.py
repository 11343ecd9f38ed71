"""What the API says of a project besides its own columns; each part only where the caller may read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from foundation.access import Actor
from foundation.api_resources import Choice, Column, LinkShape, Reader, Row
from kpis.models import Indicator
from projects.research.funding import funding_table
from projects.research.models import FundingAmount, FundingSource, Participation, Project, TeamRole
from visions.models import Theme

AMOUNT = ("fiscal_year", "nature", "amount", "direct", "indirect", "note")
TEAM = ("role", "state", "who", "note")
# What a row may say of itself; the view annotates `can_<verb>`.
MAY_READ = ("view_terms", "view_partners", "view_title", "view_money", "view_total")


def _of(rows: Sequence[Row], *flags: str) -> list[int]:
    """The keys of the rows of which the caller may read this."""
    return [row["pk"] for row in rows if any(row[flag] for flag in flags)]


@extend_schema_field(OpenApiTypes.STR)
class Guarded(Column):
    """A text of the row that is null where the caller may not read it."""

    def __init__(self, flag: str) -> None:
        self.flag = flag
        super().__init__(allow_null=True)

    def keys(self, name: str) -> tuple[str, ...]:
        return (name, self.flag)

    def reader(self, name: str, rows: Sequence[Row], actor: Actor) -> Reader:
        return lambda row: row[name] if row[self.flag] else None


# --- who takes part ---------------------------------------------------------------------------------------------------


class ParticipationShape(serializers.Serializer):
    """参加機関; `organization` is null where the portal does not know it"""

    organization = LinkShape(allow_null=True)
    name = serializers.CharField()
    department = serializers.CharField()
    role = Choice(Participation.Role.choices)


@extend_schema_field(ParticipationShape(many=True))
class Participations(Column):
    """Who takes part, in order."""

    def keys(self, name: str) -> tuple[str, ...]:
        return ("can_view_partners",)

    def reader(self, name: str, rows: Sequence[Row], actor: Actor) -> Reader:
        found: dict[int, list[Row]] = {}
        joined = Participation.objects.filter(project_id__in=_of(rows, "can_view_partners"))
        for part in joined.select_related("organization").order_by("position", "id"):
            known = part.organization
            found.setdefault(part.project_id, []).append(
                {
                    "organization": known and {"id": known.public_id, "name": known.name},
                    "name": part.name,
                    "department": part.department,
                    "role": part.role,
                }
            )
        return lambda row: found.get(row["pk"], [])


class TeamRoleShape(serializers.Serializer):
    """体制の確認"""

    role = Choice(TeamRole.Role.choices)
    state = Choice(TeamRole.State.choices)
    who = serializers.CharField()
    note = serializers.CharField()


@extend_schema_field(TeamRoleShape(many=True))
class Team(Column):
    """Which roles are filled; it names partners, so it is read with them."""

    def keys(self, name: str) -> tuple[str, ...]:
        return ("can_view_partners",)

    def reader(self, name: str, rows: Sequence[Row], actor: Actor) -> Reader:
        found: dict[int, list[Row]] = {}
        roles = TeamRole.objects.filter(project_id__in=_of(rows, "can_view_partners"))
        for row in roles.order_by("id").values("project_id", *TEAM):
            found.setdefault(row["project_id"], []).append({name: row[name] for name in TEAM})
        return lambda row: found.get(row["pk"], [])


@extend_schema_field(LinkShape(many=True))
class ProjectThemes(Column):
    """The themes that the actor may see."""

    def reader(self, name: str, rows: Sequence[Row], actor: Actor) -> Reader:
        found: dict[int, list[Row]] = {}
        themes = Theme.objects.visible_to(actor).filter(projects__in=[row["pk"] for row in rows])
        for project_id, public_id, label in themes.order_by("position", "id").values_list(
            "projects__id", "public_id", "name"
        ):
            found.setdefault(project_id, []).append({"id": public_id, "name": label})
        return lambda row: found.get(row["pk"], [])


# --- money ------------------------------------------------------------------------------------------------------------


class AmountShape(serializers.Serializer):
    """年度別の資金, in whole yen"""

    fiscal_year = serializers.IntegerField()
    nature = Choice(FundingAmount.Nature.choices)
    amount = serializers.IntegerField()
    direct = serializers.IntegerField(allow_null=True)
    indirect = serializers.IntegerField(allow_null=True)
    note = serializers.CharField()


class SourceShape(serializers.Serializer):
    """財源"""

    name = serializers.CharField()
    kind = Choice(FundingSource.Kind.choices)
    indirect_rate = serializers.IntegerField(allow_null=True)
    note = serializers.CharField()
    amounts = AmountShape(many=True)


class FundingShape(serializers.Serializer):
    """財源; `total` in yen counts each year once, `sources` is empty where the total alone may be read"""

    total = serializers.IntegerField()
    sources = SourceShape(many=True)


@extend_schema_field(FundingShape(allow_null=True))
class Funding(Column):
    """The money, as far as the caller may read it: all of it, the total, or null. Two queries."""

    def keys(self, name: str) -> tuple[str, ...]:
        return ("can_view_money", "can_view_total")

    def reader(self, name: str, rows: Sequence[Row], actor: Actor) -> Reader:
        found: dict[int, list[FundingSource]] = {}
        sources = FundingSource.objects.filter(project_id__in=_of(rows, "can_view_money", "can_view_total"))
        for source in sources.order_by("position", "id").prefetch_related("amounts"):
            found.setdefault(source.project_id, []).append(source)

        def read(row: Row) -> Any:
            if not (row["can_view_money"] or row["can_view_total"]):
                return None
            own = found.get(row["pk"], [])
            shown = [_source(source) for source in own] if row["can_view_money"] else []
            return {"total": funding_table(own).total, "sources": shown}

        return read


def _source(source: FundingSource) -> Row:
    amounts = [{name: getattr(each, name) for name in AMOUNT} for each in source.amounts.all()]
    said = {name: getattr(source, name) for name in ("name", "kind", "indirect_rate", "note")}
    return {**said, "amounts": amounts}


# --- corrections ------------------------------------------------------------------------------------------------------


@extend_schema_field(LinkShape(many=True))
class TouchedIndicators(Column):
    """The KPIs that a correction touches, of those that the caller may see."""

    def reader(self, name: str, rows: Sequence[Row], actor: Actor) -> Reader:
        found: dict[int, list[Row]] = {}
        keys = [row["pk"] for row in rows]
        seen = Indicator.objects.visible_to(actor).filter(corrections__in=keys)
        for correction_id, public_id, label in seen.order_by("id").values_list(
            "corrections__id", "public_id", "name"
        ):
            if correction_id in keys:
                found.setdefault(correction_id, []).append({"id": public_id, "name": label})
        return lambda row: found.get(row["pk"], [])


@extend_schema_field(OpenApiTypes.STR)
class Procedure(Column):
    """計画変更の手続 is a term of the contract: null where the caller may not read the project's."""

    def __init__(self) -> None:
        super().__init__(allow_null=True)

    def keys(self, name: str) -> tuple[str, ...]:
        return ("procedure", "project_id")

    def reader(self, name: str, rows: Sequence[Row], actor: Actor) -> Reader:
        wanted = {row["project_id"] for row in rows} - {None}
        if not wanted:
            return lambda row: row["procedure"]
        readable = set(
            Project.objects.allowed(actor, "view_terms").filter(pk__in=wanted).values_list("pk", flat=True)
        )
        return lambda row: row["procedure"] if row["project_id"] in readable | {None} else None
