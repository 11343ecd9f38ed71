"""Rows in which forums are compared: each floor registers where its share of the table comes from.

A provider takes all forums of the page at once, the actor and the day in Tokyo, and returns sections of rows with one
cell per forum, in a fixed number of queries, from what the actor may see. The page learns no names: a new kind of
thing registers one provider beside its model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from actors.models import Organization
from ecosystems.filters import late_decisions
from ecosystems.models import Decision, Forum, Membership
from ecosystems.selectors import active_on, is_insider
from foundation.access import EVERYBODY, Actor
from foundation.dates import date_label


@dataclass(frozen=True)
class Line:
    """One line of a cell, with where it leads."""

    text: str
    url: str = ""


@dataclass(frozen=True)
class Cell:
    """What one forum says in a row: a count, or lines of words. `gap` is why there is nothing."""

    number: int | None = None
    lines: Sequence[Line] = ()
    gap: str = ""

    @property
    def text(self) -> str:
        """As one text, for a sheet."""
        return "" if self.number is not None else "\n".join(each.text for each in self.lines) or self.gap


@dataclass(frozen=True)
class Row:
    """`cells` by the forum's key; `unit` belongs to counts."""

    label: str
    cells: Mapping[int, Cell]
    unit: str = ""
    note: str = ""


@dataclass(frozen=True)
class Section:
    label: str
    rows: Sequence[Row] = field(default_factory=tuple)
    note: str = ""


Provider = Callable[[Sequence[Forum], Actor, date], Sequence[Section]]
_providers: dict[str, tuple[int, Provider]] = {}


def compares(name: str, *, place: int) -> Callable[[Provider], Provider]:
    """Register a provider under a name; sections stand in order of `place`."""

    def register(provider: Provider) -> Provider:
        if name in _providers:
            raise ValueError(f"registered twice: {name}")
        _providers[name] = (place, provider)
        return provider

    return register


def collect(
    forums: Sequence[Forum],
    actor: Actor,
    today: date,
    *,
    beside: Mapping[int, Sequence[Section]] = MappingProxyType({}),
) -> list[Section]:
    """The sections of every provider that have rows; `beside`: further ones of the caller's own, by their place."""
    made = [(place, name, provider(forums, actor, today)) for name, (place, provider) in _providers.items()]
    made += [(place, "", sections) for place, sections in beside.items()]
    ordered = sorted(made, key=lambda each: each[:2])
    return [section for _place, _name, sections in ordered for section in sections if section.rows]


def words(text: str, url: str = "") -> Cell:
    """A cell of one line."""
    return Cell(lines=(Line(text, url),)) if text else Cell(gap=_("記録がありません"))


def only_inside() -> Cell:
    """What a forum shows to its members alone."""
    return Cell(gap=_("構成員だけが見られます"))


def counted(label: str, counts: Mapping[int, int], forums: Sequence[Forum], unit: str) -> Row:
    """A row of counts; nothing counted is 0."""
    return Row(label, {forum.pk: Cell(number=counts.get(forum.pk, 0)) for forum in forums}, unit)


# --- what forums themselves say --------------------------------------------------------------------------------------


@compares("ecosystems.forums", place=10)
def facts(forums: Sequence[Forum], actor: Actor, today: date) -> list[Section]:
    """Foundation, owners and members. One query."""
    members = (
        Membership.objects.visible_to(actor)
        .filter(active_on(today), forum__in=forums)
        .select_related("organization")
        .order_by("organization__name_kana", "organization__name", "pk")
    )
    by_forum: dict[int, list[Membership]] = {forum.pk: [] for forum in forums}
    for each in members:
        by_forum[each.forum_id].append(each)
    return [Section(_("場の成り立ち"), _founding(forums, by_forum)), _members(forums, by_forum)]


def _founding(forums: Sequence[Forum], members: Mapping[int, list[Membership]]) -> list[Row]:
    founded, owners, bodies = {}, {}, {}
    for forum in forums:
        founded[forum.pk] = words(date_label(forum.founded_on) if forum.founded_on else "")
        named = [each.organization for each in members[forum.pk] if each.role == Membership.Role.OWNER]
        owners[forum.pk] = _organizations(named)
        bodies[forum.pk] = _organizations([forum.core_body])
    return [Row(_("設立日"), founded), Row(_("幹事自治体"), owners), Row(_("場の代表機関"), bodies)]


def _organizations(found: Sequence[Organization]) -> Cell:
    lines = tuple(
        Line(each.name, reverse("actors:organization_detail", args=[each.public_id])) for each in found
    )
    return Cell(lines=lines) if lines else words("")


def _members(forums: Sequence[Forum], members: Mapping[int, list[Membership]]) -> Section:
    """By 産学官金労言民 and by where they come from; a forum of public record has no members to count."""

    def row(label: str, matches: Callable[[Membership], bool]) -> Row:
        cells = {
            forum.pk: Cell(gap=_("公的記録のため、構成員はありません"))
            if forum.is_public_record
            else Cell(number=sum(matches(each) for each in members[forum.pk]))
            for forum in forums
        }
        return Row(label, cells, _("機関"))

    rows = [row(_("構成員"), lambda each: True)]
    for value, label in Membership.Sector.choices:
        rows.append(row(str(label), lambda each, value=value: each.sector == value))  # type: ignore[misc]
    rows += [
        row(_("地域内"), lambda each: each.is_local),
        row(_("地域外"), lambda each: not each.is_local),
    ]
    return Section(_("構成員（今日現在）"), rows)


@compares("ecosystems.decisions", place=60)
def decisions(forums: Sequence[Forum], actor: Actor, today: date) -> list[Section]:
    """What was decided and what became of it, for members alone. One query."""
    late = late_decisions(today)
    rows: QuerySet[Decision] = Decision.objects.visible_to(actor).filter(forum__in=forums)
    open_in_time = Q(state__in=(Decision.State.OPEN, Decision.State.OVERDUE)) & ~late
    states = (
        (_("決定事項"), EVERYBODY),
        (_("実施済み"), Q(state=Decision.State.DONE)),
        (_("実施中（期限内）"), open_in_time),
        (_("期限超過"), late),
        (_("取りやめ"), Q(state=Decision.State.WITHDRAWN)),
    )
    counts = {f"count_{place}": Count("pk", filter=each) for place, (_label, each) in enumerate(states)}
    grouped: QuerySet[Any, Any] = rows.order_by().values("forum_id").annotate(**counts)
    found = {row["forum_id"]: row for row in grouped}
    inside = {forum.pk: is_insider(actor, forum) for forum in forums}
    made = [
        Row(
            label,
            {
                forum.pk: Cell(number=found.get(forum.pk, {}).get(f"count_{place}", 0))
                if inside[forum.pk]
                else only_inside()
                for forum in forums
            },
            _("件"),
        )
        for place, (label, _condition) in enumerate(states)
    ]
    return [Section(_("決定事項"), made)]
