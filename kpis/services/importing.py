"""Importing figures in bulk from a table of text: earlier years, other systems. All or nothing, every error with its line.

A line is read by the same rules as a typed cell (`kpis.services.planning.read_entry`); the plain case, an ordinary
number of a number, currency or percent, is recognised without asking them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from foundation import audit
from foundation.access import Actor
from foundation.errors import DomainError, MultipleErrors
from kpis.models import DraftEntry, Indicator, IndicatorSheet, Submission
from kpis.periods import Period, PeriodError
from kpis.rules import Nature, Scale
from kpis.services.ledger import Signer
from kpis.services.ledger_bulk import Row, Writer
from kpis.services.planning import read_entry

COLUMNS = ("kpi", "period", "value", "numerator", "denominator", "nature", "missing", "note")
MOST_ERRORS = 100
_PLAIN = re.compile(r"-?[0-9]{1,9}(?:\.[0-9]{1,6})?", re.ASCII)
_SINGLE = (Scale.NUMBER, Scale.CURRENCY, Scale.PERCENT)


def import_figures(
    *,
    actor: Actor,
    lines: Iterable[Mapping[str, str]],
    source: str,
    is_approved: bool,
    at: datetime | None = None,
) -> int:
    """Record one figure per line (keys: COLUMNS; `kpi` is the public id); returns how many.

    For whoever runs the portal alone: nobody's duties are asked. `at` loads history. Raises `MultipleErrors` with the
    first hundred refusals, each with `details["line"]`, and stores nothing.
    """
    if not actor.is_system:
        raise PermissionDenied(_("取込みは、システムの管理者がコマンドで行います。"))
    kinds = ("submitted", "approved") if is_approved else ("submitted",)
    with transaction.atomic():
        writer = Writer(Signer(name=source), kinds, at)
        reading = _Reading.begin(source, writer.at)
        writer.add(reading.rows(lines))
        if reading.errors:
            raise MultipleErrors(
                "lines", _("取り込めない行があります。何も登録していません。"), reading.errors
            )
        writer.close()
        if reading.submissions:
            first = next(iter(reading.submissions.values()))
            audit.record(actor, "kpis.import_figures", first, after={"count": writer.count, "source": source})
        return writer.count


@dataclass
class _Reading:
    """What lines are checked against, and what was found wrong."""

    source: str
    at: datetime | None
    sheets: dict[str, IndicatorSheet]
    submissions: dict[int, Submission]
    errors: list[DomainError]
    periods: dict[str, Period]
    seen: set[tuple[int, int]]

    @classmethod
    def begin(cls, source: str, at: datetime | None) -> _Reading:
        sheets = IndicatorSheet.objects.filter(superseded_at=None, indicator__kind=Indicator.Kind.MEASURED)
        related = sheets.select_related("indicator__scorecard__forum", "indicator__post")
        return cls(
            source, at, {str(sheet.indicator.public_id): sheet for sheet in related}, {}, [], {}, set()
        )

    def rows(self, lines: Iterable[Mapping[str, str]]) -> Iterator[Row]:
        for number, line in enumerate(lines, 1):
            try:
                row = self._row(line)
            except DomainError as error:
                error.details["line"] = number
                self.errors.append(error)
                if len(self.errors) >= MOST_ERRORS:
                    return
                continue
            if not self.errors:
                yield row

    def _row(self, line: Mapping[str, str]) -> Row:
        sheet = self.sheets.get(line["kpi"])
        if sheet is None:
            raise DomainError("unknown_kpi", _("直接入力のKPIに、このIDのものがありません。"), field="kpi")
        period = self._period(line["period"])
        if (sheet.indicator_id, period.key) in self.seen:
            raise DomainError("twice", _("同じKPIの同じ期間の値が、ほかにもあります。"), field="period")
        self.seen.add((sheet.indicator_id, period.key))
        submission = self._submission(sheet.indicator)
        given = {name: line.get(name) or "" for name in COLUMNS[2:]}
        nature = given.pop("nature") or Nature.FINAL
        if nature not in list(Nature):
            raise DomainError("nature", _("数値の性質が正しくありません。"), field="nature")
        keys = {
            "indicator_id": sheet.indicator_id,
            "period": period.key,
            "unit": sheet.unit,
            "submission_id": submission.pk,
            "organization_id": submission.organization_id,
            "nature": str(nature),
            "note": given["note"],
        }
        if self._is_plain(sheet, period, given):
            return Row(value=Decimal(given["value"]), **keys)  # type: ignore[arg-type]
        entry = read_entry(
            DraftEntry(indicator=sheet.indicator, period=period, nature=nature, **given), sheet
        )
        figures = {"value": entry.value, "numerator": entry.numerator, "denominator": entry.denominator}
        return Row(**keys, **figures, missing=entry.missing)  # type: ignore[arg-type]

    @staticmethod
    def _is_plain(sheet: IndicatorSheet, period: Period, given: Mapping[str, str]) -> bool:
        alone = not (given["numerator"] or given["denominator"] or given["missing"])
        fits = period.grain == sheet.grain and sheet.covers(period)
        return alone and fits and sheet.scale in _SINGLE and _PLAIN.fullmatch(given["value"]) is not None

    def _period(self, code: str) -> Period:
        found = self.periods.get(code)
        if found is None:
            try:
                found = self.periods[code] = Period.parse(code)
            except PeriodError as error:
                raise DomainError("period", str(error), field="period") from error
        return found

    def _submission(self, indicator: Indicator) -> Submission:
        """One submission for each scorecard, of the keeper's organisation or of the one that leads the forum."""
        card = indicator.scorecard
        if card.pk not in self.submissions:
            post = indicator.post
            self.submissions[card.pk] = Submission.objects.create(
                scorecard=card,
                organization_id=card.forum.core_body_id if post is None else post.organization_id,
                state=Submission.State.SUBMITTED,
                submitted_at=self.at,
                note=self.source,
            )
        return self.submissions[card.pk]
