"""参加機関: who takes part, known to the portal or by name alone; the scorecard's participants follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from actors.models import Organization
from foundation import audit
from foundation.access import Actor, require
from foundation.errors import DomainError
from foundation.identifiers import IdentifierError, clean_corporate_number
from kpis.models import Scorecard
from projects.research.models import Participation, Project
from projects.research.services.sections import (
    Lines,
    lock,
    partner_line,
    refuse_lost_edit,
    stored_partners,
    touch,
)

MOST = 40


@dataclass(frozen=True)
class Partner:
    """One organisation as typed: a name, a 法人番号, or both. `id` is the row that it replaces."""

    name: str = ""
    corporate_number: str = ""
    department: str = ""
    role: str = Participation.Role.PARTNER
    id: UUID | None = None


@dataclass(frozen=True)
class Found:
    """Who a partner is: an organisation of the portal, or a name of its own with a clean 法人番号 or none."""

    organization: Organization | None
    given_name: str
    corporate_number: str

    @property
    def name(self) -> str:
        return self.organization.name if self.organization else self.given_name


def clean_number(text: str) -> str:
    """The 法人番号, blank where none was typed. DomainError (corporate_number) where it cannot be right."""
    if not text.strip():
        return ""
    try:
        return clean_corporate_number(text)
    except IdentifierError as error:
        raise DomainError("corporate_number", str(error), field="corporate_number") from error


def known_organization(number: str, name: str = "") -> Organization | None:
    """The open organisation of this 法人番号; without a number, the only one that bears exactly this name."""
    rows = Organization.objects.filter(valid_to=None)
    if number:
        found = rows.filter(corporate_number=number).first()
        if found or not name:
            return found
    named = list(rows.filter(name=name.strip())[:2]) if name.strip() else []
    if len(named) != 1 or (number and named[0].corporate_number not in ("", number)):
        return None
    return named[0]


def find_partner(name: str, number: str) -> Found:
    """Who is meant. DomainError beside the field where the number is wrong or nothing was said."""
    clean = clean_number(number)
    organization = known_organization(clean, name)
    if organization is not None:
        return Found(organization, "", "")
    if not name.strip():
        message = (
            _("この法人番号の機関は、まだポータルにありません。名称も入れてください。")
            if clean
            else _("相手方の名称か法人番号を入れてください。")
        )
        raise DomainError("name_missing", message, field="partner_name")
    return Found(None, name.strip(), clean)


def set_partners(*, actor: Actor, project: Project, partners: Sequence[Partner], seen: str = "") -> None:
    """Put the whole list of those who take part besides the lead. Errors bear `details["row"]`."""
    require(actor, "change", project)
    if len(partners) > MOST:
        raise DomainError("too_many", _("参加機関は%(most)sまで登録できます。") % {"most": MOST})
    with transaction.atomic():
        project = lock(project)
        rows = list(project.participations.select_related("organization").order_by("position", "id"))
        by_id = {row.public_id: row for row in rows}
        found = [_found(partner, number, project, by_id) for number, partner in enumerate(partners)]
        _refuse_same(found)
        mine, stored = _typed_lines(partners, found), stored_partners(rows)
        refuse_lost_edit(project, seen, stored, mine)
        _write(project, partners, found, by_id)
        follow(project)
        touch(project)
        audit.record(actor, "projects.set_partners", project, before=dict(stored), after=dict(mine))


def _found(partner: Partner, number: int, project: Project, rows: dict[UUID, Participation]) -> Found:
    row = rows.get(partner.id) if partner.id else None
    try:
        if row and row.organization and _is_unchanged(partner, row.organization):
            found = Found(row.organization, "", "")
        else:
            found = find_partner(partner.name, partner.corporate_number)
    except DomainError as error:
        error.details["row"] = number
        raise
    if found.organization and found.organization.pk == project.lead_id:
        message = _("代表機関は、参加機関に重ねて登録しません。")
        raise DomainError("lead_again", message, field="partner_name", details={"row": number})
    return found


def _is_unchanged(partner: Partner, organization: Organization) -> bool:
    """Whether the line still says what it was shown with: then it stays linked, whoever else bears the name."""
    number = clean_number(partner.corporate_number)
    return partner.name.strip() == organization.name and number in ("", organization.corporate_number)


def _key(each: Found | Participation) -> object:
    """Who it is, for telling two lines apart."""
    if each.organization is not None:
        return each.organization.pk
    return each.corporate_number or each.given_name


def _refuse_same(found: Sequence[Found]) -> None:
    seen: set[object] = set()
    for number, each in enumerate(found):
        key = _key(each)
        if key in seen:
            message = _("同じ機関が二度入っています。")
            raise DomainError("twice", message, field="partner_name", details={"row": number})
        seen.add(key)


def _typed_lines(partners: Sequence[Partner], found: Sequence[Found]) -> Lines:
    lines: Lines = {}
    for partner, each in zip(partners, found, strict=True):
        number = each.organization.corporate_number if each.organization else each.corporate_number
        name, said = partner_line(each.name, number, partner.department.strip(), partner.role)
        lines[name] = said
    return lines


def _write(
    project: Project, partners: Sequence[Partner], found: Sequence[Found], rows: dict[UUID, Participation]
) -> None:
    """A row stays with its organisation, wherever its line was moved; rows of nobody any more go first."""
    by_key = {_key(row): row for row in rows.values()}
    wanted = {_key(each) for each in found}
    chosen = []
    for partner, each in zip(partners, found, strict=True):
        row = by_key.get(_key(each)) or (rows.get(partner.id) if partner.id else None)
        is_free = row is not None and (_key(row) == _key(each) or _key(row) not in wanted)
        chosen.append(row if is_free and row not in chosen else None)
    project.participations.exclude(pk__in=[row.pk for row in chosen if row]).delete()
    for place, (partner, each, kept) in enumerate(zip(partners, found, chosen, strict=True), 1):
        row = kept or Participation(project=project)
        row.organization, row.given_name = each.organization, each.given_name
        row.corporate_number = each.corporate_number
        row.department, row.role, row.position = partner.department.strip(), partner.role, place
        row.save()


def follow(project: Project) -> None:
    """The scorecard bears the project's name, visibility and keepers; the lead and its known partners enter on it."""
    if project.scorecard_id is None:
        return
    Scorecard.objects.filter(pk=project.scorecard_id).update(
        name=project.name,
        visibility=project.visibility,
        post_id=project.post_id,
        deputy_post_id=project.deputy_post_id,
        updated_at=timezone.now(),
    )
    partners = project.participations.filter(
        role=Participation.Role.PARTNER, organization__isnull=False
    ).values_list("organization_id", flat=True)
    card = Scorecard.objects.get(pk=project.scorecard_id)
    card.participants.set([project.lead_id, *partners])
