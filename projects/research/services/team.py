"""体制の確認: which roles are filled, not needed, or missing. A missing one is where a call for partners begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from foundation import audit
from foundation.access import Actor, require
from foundation.errors import DomainError
from projects.research.models import Project, TeamRole
from projects.research.services.sections import Lines, lock, refuse_lost_edit, stored_team, team_line, touch


@dataclass(frozen=True)
class Checked:
    """One role as checked; a blank state: not checked yet."""

    role: str
    state: str = ""
    who: str = ""
    note: str = ""


def check_team(*, actor: Actor, project: Project, roles: Sequence[Checked], seen: str = "") -> None:
    """Put what was found. Rows keep their identity: a call for partners may point to them."""
    require(actor, "change", project)
    with transaction.atomic():
        project = lock(project)
        mine: Lines = dict(team_line(each.role, each.state, each.who, each.note) for each in roles)
        rows = {row.role: row for row in project.team_roles.all()}
        stored = stored_team(rows.values())
        refuse_lost_edit(project, seen, stored, mine)
        for each in roles:
            _write(project, each, rows.get(each.role))
        touch(project)
        audit.record(actor, "projects.check_team", project, before=dict(stored), after=dict(mine))


def _write(project: Project, checked: Checked, row: TeamRole | None) -> None:
    if checked.state:
        values = {"state": checked.state, "who": checked.who.strip(), "note": checked.note.strip()}
        TeamRole.objects.update_or_create(project=project, role=checked.role, defaults=values)
    elif row is not None:
        try:
            row.delete()
        except ProtectedError as error:
            message = _("「%(role)s」は募集のもとになっているため、未確認に戻せません。")
            raise DomainError("in_use", message % {"role": row.get_role_display()}) from error
