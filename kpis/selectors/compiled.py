"""Many cards at once, as plain data for a report that is kept: the words of the scorecard page, at one moment."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q

from kpis.models import GradeScheme, Indicator
from kpis.periods import Period
from kpis.rollup.clean import on_record
from kpis.rules import Basis
from kpis.selectors.scorecard import entries_among, figures_of
from kpis.selectors.scorecard_table import Frame, Line
from kpis.selectors.wording import AsOf, Printed, target_text, unit_label

OPEN = ("public", "members")
BASES = (Basis.OFFICIAL, Basis.PROVISIONAL)
Data = dict[str, Any]


@dataclass(frozen=True)
class Cards:
    """`lines`: {card: [one indicator as data, 番号順]}; `hidden`: {card: indicators that members do not see}."""

    lines: dict[int, list[Data]]
    hidden: dict[int, int]


@dataclass(frozen=True)
class _Schemed:
    """What `figures_of` asks of a card."""

    scheme_definition: Any


def cards_for_members(forum_id: int, cards: Collection[int], year: Period, moment: datetime) -> Cards:
    """The figures of these cards of one forum that its members see, official and provisional, as of the moment.

    Eight queries, whatever the number of cards and indicators.
    """
    shown = Q(visibility__in=OPEN, scorecard__visibility__in=OPEN)
    indicators = Indicator.objects.filter(scorecard_id__in=list(cards))
    frame = frame_of(year, moment)
    as_of = frame.as_of
    entries = entries_among(indicators.filter(shown), as_of.moment)
    scheme = on_record(GradeScheme.objects.filter(forum_id=forum_id), moment).order_by("-id").first()
    figures = figures_of(_Schemed(scheme and scheme.definition), entries, year, as_of, BASES)
    lines: dict[int, list[Data]] = {card: [] for card in cards}
    for entry in entries:
        lines[entry.scorecard_id].append(CompiledLine(entry, figures, frame).data())
    hidden = indicators.exclude(shown).order_by().values("scorecard_id").annotate(count=Count("pk"))
    return Cards(lines, dict(hidden.values_list("scorecard_id", "count")))


def frame_of(year: Period, moment: datetime) -> Frame:
    """A fiscal year as it is seen from inside at the moment."""
    as_of = AsOf(moment)
    return Frame(year, as_of.today, as_of, is_insider=True)


class CompiledLine(Line):
    """One indicator as the scorecard page prints it, without its addresses and its line."""

    def data(self) -> Data:
        entry, sheet, year = self.entry, self.sheet, self.frame.year
        standing, (figure, exact) = self._standing(year), self._figure(year)
        course, course_note, behind = self._course(standing)
        rate, rate_name = self._rate(standing)
        provisional = self._provisional() or Printed()
        return {
            "id": str(entry.public_id),
            "code": entry.code,
            "name": entry.name,
            "unit": unit_label(sheet),
            "target": target_text(standing.target, sheet),
            "official": _printed(self._printed(self.official, Basis.OFFICIAL, year, figure, exact)),
            "exact": None if exact is None else f"{exact.normalize():f}",
            "provisional": _printed(provisional),
            "rate": rate,
            "rate_label": rate_name,
            "course": course,
            "course_note": course_note,
            "is_behind": behind,
            "coverage": f"{figure.reported}／{figure.expected}" if figure.expected else "",
            "is_short": figure.reported < figure.expected
            and self.official.is_overdue(year, self.frame.today),
            "keeper": entry.keeper,
            "value": sheet.value,
            "is_sub": entry.pk in self.figures.feeds,
            **self._grade(),
        }

    def _grade(self) -> Data:
        judged = self._judge(self.frame.judged)
        grade = judged.grade
        return {
            "grade": judged.label if grade else "",
            "symbol": grade.symbol if grade else "",
            "tone": str(grade.tone) if grade else "",
            "grade_reason": judged.reason,
        }


def _printed(printed: Printed) -> Data:
    """The figure, or the word for why there is none."""
    return {"text": printed.text, "gap": printed.gap, "word": printed.word, "note": printed.note}
