"""What stands in each section of a project, as lines to compare: the ground of 「ほかの人が先に保存しています」.

A form carries the mark of the lines that it was opened with. Where the section says something else when it is saved,
nothing is overwritten: both versions come back beside each other (LostEdit). Another section's change is no conflict.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _

from foundation.access import Actor
from foundation.dates import fiscal_year_label
from foundation.errors import LostEdit
from foundation.figures import show_figure
from foundation.models import AuditEntry
from projects.research.models import FundingAmount, FundingSource, Participation, Project, TeamRole
from visions.models import Theme

Lines = dict[str, str]

OVERVIEW = (
    "name", "summary", "kind", "state", "stage", "contract_number", "contract_title", "contract_kind",
    "department", "starts_on", "planned_ends_on", "ends_on", "visibility", "discloses_partner",
    "discloses_title", "discloses_amount",
)  # fmt: skip


def mark_of(lines: Lines) -> str:
    """A short mark that is the same for the same lines."""
    return hashlib.sha256(json.dumps(lines, ensure_ascii=False).encode()).hexdigest()[:24]


def lock(project: Project) -> Project:
    """The project as it stands, held until the transaction ends."""
    return Project.objects.select_for_update().get(pk=project.pk)


def touch(project: Project) -> None:
    Project.objects.filter(pk=project.pk).update(revision=F("revision") + 1)


def refuse_lost_edit(project: Project, seen: str, stored: Lines, mine: Lines) -> None:
    """LostEdit where the section was changed since `seen`, unless both typed the same. A blank mark asks nothing."""
    if not seen or seen == mark_of(stored) or stored == mine:
        return
    last = AuditEntry.objects.filter(object_id=str(project.public_id)).order_by("-id").first()
    labels = dict.fromkeys([*stored, *mine])
    rows = [
        {
            "label": label,
            "theirs": stored.get(label, ""),
            "mine": mine.get(label, ""),
            "changed": stored.get(label, "") != mine.get(label, ""),
        }
        for label in labels
    ]
    raise LostEdit(
        "lost_edit",
        _("ほかの人が先に保存しています。見比べて、残す内容を決めてください。"),
        details={
            "rows": [row for row in rows if row["theirs"] or row["mine"]],
            "who": last.actor_label if last else "",
            "when": last.at if last else None,
            "seen": mark_of(stored),
        },
    )


# --- the lines of each section ----------------------------------------------------------------------------------------


def overview_lines(values: Mapping[str, Any], themes: Iterable[Any]) -> Lines:
    """From the values of the fields, of a project or as typed."""
    lines = {}
    for name in OVERVIEW:
        field: Any = Project._meta.get_field(name)
        lines[str(field.verbose_name)] = _shown(field, values.get(name))
    lines[_("テーマ")] = "、".join(sorted(theme.name for theme in themes))
    return lines


def stored_overview(project: Project, actor: Actor) -> Lines:
    """With the themes that the actor may see."""
    values = {name: getattr(project, name) for name in OVERVIEW}
    return overview_lines(values, Theme.objects.visible_to(actor).filter(projects=project))


def _shown(field: Any, value: Any) -> str:
    if isinstance(value, bool):
        return _("可") if value else _("否")
    if field.choices:
        return str(dict(field.flatchoices).get(value, value or ""))
    return "" if value is None else str(value)


def partner_line(name: str, number: str, department: str, role: str) -> tuple[str, str]:
    said = [str(Participation.Role(role).label), department or _("担当部署が未登録")]
    if number:
        said.append(_("法人番号 %(number)s") % {"number": number})
    return name, "、".join(said)


def stored_partners(rows: Iterable[Participation]) -> Lines:
    """`rows` with their organisations."""
    found: Lines = {}
    for row in rows:
        number = row.organization.corporate_number if row.organization else row.corporate_number
        name, said = partner_line(row.name, number, row.department, row.role)
        found[name] = said
    return found


def team_line(role: str, state: str, who: str, note: str) -> tuple[str, str]:
    said = TeamRole.State(state).label if state else _("未確認")
    return str(TeamRole.Role(role).label), "　".join(filter(None, [str(said), who, note]))


def stored_team(rows: Iterable[TeamRole]) -> Lines:
    found = {row.role: row for row in rows}
    lines = {}
    for role in TeamRole.Role.values:
        row = found.get(role)
        label, said = team_line(
            role, row.state if row else "", row.who if row else "", row.note if row else ""
        )
        lines[label] = said
    return lines


def source_line(name: str, kind: str, rate: int | None, note: str) -> tuple[str, str]:
    said = [str(FundingSource.Kind(kind).label)]
    if rate is not None:
        said.append(_("間接経費率%(rate)s％") % {"rate": rate})
    return name, "、".join([*said, *filter(None, [note])])


def amount_line(source: str, year: int, nature: str, amount: int) -> tuple[str, str]:
    label = f"{source} {fiscal_year_label(year)} {FundingAmount.Nature(nature).label}"
    return label, _("%(amount)s円") % {"amount": show_figure(amount)}
