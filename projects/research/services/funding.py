"""財源: the sources of a project's money, and what each gives by fiscal year and step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from actors.models import Organization
from foundation import audit
from foundation.access import Actor, require
from foundation.errors import DomainError
from projects.research.models import FundingAmount, FundingSource, Project
from projects.research.services.sections import (
    Lines,
    amount_line,
    lock,
    refuse_lost_edit,
    source_line,
    touch,
)

Nature = FundingAmount.Nature
MOST_SOURCES = 30
MOST_YEN = 10**15


@dataclass(frozen=True)
class Amount:
    """What a source gives in a fiscal year at one step, in whole yen; `yen` None takes it away."""

    fiscal_year: int
    nature: str
    yen: int | None
    note: str = ""


@dataclass(frozen=True)
class Source:
    """One source as typed. `id` is the row that it replaces; amounts that are not named stay as they are."""

    name: str
    kind: str
    indirect_rate: int | None = None
    note: str = ""
    organization: Organization | None = None
    amounts: Sequence[Amount] = field(default_factory=list)
    id: UUID | None = None


def stored_funding(sources: Sequence[FundingSource]) -> Lines:
    """`sources` with their amounts."""
    lines: Lines = {}
    for source in sources:
        name, said = source_line(source.name, source.kind, source.indirect_rate, source.note)
        lines[name] = said
        for row in source.amounts.all():
            label, text = amount_line(source.name, row.fiscal_year, row.nature, row.amount)
            lines[label] = text
    return lines


def sources_of(project: Project) -> list[FundingSource]:
    """In order, with their amounts. Two queries."""
    return list(project.funding_sources.order_by("position", "id").prefetch_related("amounts"))


def set_funding(*, actor: Actor, project: Project, sources: Sequence[Source], seen: str = "") -> None:
    """Put all sources; those left out go. Errors bear `details["row"]` and, for an amount, `details["year"]`."""
    require(actor, "change", project)
    if len(sources) > MOST_SOURCES:
        raise DomainError("too_many", _("財源は%(most)sまで登録できます。") % {"most": MOST_SOURCES})
    _check(sources)
    with transaction.atomic():
        project = lock(project)
        rows = sources_of(project)
        stored, mine = stored_funding(rows), _typed_lines(rows, sources)
        refuse_lost_edit(project, seen, stored, mine)
        _write(project, {row.public_id: row for row in rows}, sources)
        touch(project)
        audit.record(actor, "projects.set_funding", project, before=dict(stored), after=dict(mine))


def _check(sources: Sequence[Source]) -> None:
    names: set[str] = set()
    for number, source in enumerate(sources):
        name = source.name.strip()
        if not name:
            message = _("財源の名称を入れてください。")
            raise DomainError("name_missing", message, field="name", details={"row": number})
        if name in names:
            message = _("同じ名称の財源が二つあります。")
            raise DomainError("twice", message, field="name", details={"row": number})
        names.add(name)
        for amount in source.amounts:
            _check_amount(number, amount)


def _check_amount(number: int, amount: Amount) -> None:
    where = {"row": number, "year": amount.fiscal_year}
    if amount.yen is not None and abs(amount.yen) > MOST_YEN:
        raise DomainError("too_large", _("金額が大きすぎます。"), field="amount", details=where)
    if amount.nature == Nature.REFUND and (amount.yen or 0) > 0:
        message = _("返還は負の数（▲）で入れてください。")
        raise DomainError("refund_positive", message, field="amount", details=where)


def _typed_lines(rows: Sequence[FundingSource], sources: Sequence[Source]) -> Lines:
    by_id = {row.public_id: row for row in rows}
    lines: Lines = {}
    for source in sources:
        name, said = source_line(source.name.strip(), source.kind, source.indirect_rate, source.note.strip())
        lines[name] = said
        row = by_id.get(source.id) if source.id else None
        yen: dict[tuple[int, str], int | None] = (
            {(each.fiscal_year, each.nature): each.amount for each in row.amounts.all()} if row else {}
        )
        yen |= {(each.fiscal_year, each.nature): each.yen for each in source.amounts}
        for (year, nature), amount in sorted(yen.items()):
            if amount is not None:
                label, text = amount_line(name, year, nature, amount)
                lines[label] = text
    return lines


def _write(project: Project, rows: dict[UUID, FundingSource], sources: Sequence[Source]) -> None:
    kept = {source.id for source in sources if source.id in rows}
    project.funding_sources.exclude(public_id__in=kept).delete()
    for place, source in enumerate(sources, 1):
        row = (rows.get(source.id) if source.id else None) or FundingSource(project=project)
        row.name, row.kind, row.note = source.name.strip(), source.kind, source.note.strip()
        row.indirect_rate, row.position = source.indirect_rate, place
        row.organization = source.organization or row.organization
        row.save()
        for amount in source.amounts:
            _write_amount(row, amount)


def _write_amount(source: FundingSource, amount: Amount) -> None:
    where: dict[str, Any] = {"source": source, "fiscal_year": amount.fiscal_year, "nature": amount.nature}
    if amount.yen is None:
        FundingAmount.objects.filter(**where).delete()
        return
    direct = direct_part(amount.yen, source.indirect_rate)
    values: dict[str, Any] = {
        "amount": amount.yen,
        "direct": direct,
        "indirect": None if direct is None else amount.yen - direct,
    }
    if amount.note:
        values["note"] = amount.note
    FundingAmount.objects.update_or_create(**where, defaults=values)


def direct_part(yen: int, indirect_rate: int | None) -> int | None:
    """直接経費 of an amount that holds 間接経費 at this rate; None without a rate, and where it is no whole yen."""
    if not indirect_rate:
        return None
    direct, rest = divmod(yen * 100, 100 + indirect_rate)
    return None if rest else direct
