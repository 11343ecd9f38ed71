"""The one table of a scorecard: a row of ready strings per indicator, 番号順, for a fiscal year and the two before it.

A year that has ended is judged; a year under way shows what has come in and how it lies to its course, beside the
grade of the year before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from foundation.dates import fiscal_year
from kpis.arithmetic import CellFigure
from kpis.attainment import Attainment, Bounds, Standing
from kpis.figures import EXACT
from kpis.grades import Judgement
from kpis.periods import Grain, Period, PeriodError
from kpis.rules import AttainmentRule, Basis, Direction
from kpis.rules import Value as Worth
from kpis.selectors.judging import judged_at
from kpis.selectors.scorecard import Entry, Figures, natures_beneath
from kpis.selectors.series import OUTSIDE, Series
from kpis.selectors.wording import (
    GAP_KINDS,
    AsOf,
    Printed,
    address,
    figure_text,
    gap_word,
    met_word,
    nature_word,
    rate_label,
    rate_text,
    signed,
    target_text,
    unit_label,
    why_address,
)
from kpis.sparkline import draw
from kpis.units import unit_of

SPARK_POINTS = 12
EARLIEST, LATEST = 1950, 2150


@dataclass
class Row:
    """One indicator, ready for print."""

    pk: int
    code: str
    name: str
    url: str
    unit: str
    baseline: str
    baseline_period: str
    past: list[Printed]
    target: str
    official: Printed
    provisional: Printed | None
    rate: str
    rate_label: str
    course: str
    course_note: str
    course_behind: bool
    grade: str
    symbol: str
    tone: str
    grade_reason: str
    coverage: str
    coverage_short: bool
    spark: SafeString
    keeper: str
    keeper_id: Any
    value: str
    is_sub: bool = False
    marks: list[Any] = field(default_factory=list)


@dataclass(frozen=True)
class Frame:
    """Which years the table shows, seen from which day, and where its links lead."""

    year: Period
    today: date
    as_of: AsOf
    is_insider: bool

    @property
    def past(self) -> tuple[Period, Period]:
        return self.year.shift(-2), self.year.shift(-1)

    @property
    def has_ended(self) -> bool:
        return self.year.last_day < self.today

    @property
    def judged(self) -> Period:
        """The year whose grade is shown: this one once it has ended, until then the one before."""
        return self.year if self.has_ended else self.year.previous()


def rows_of(
    entries: list[Entry], figures: Figures, frame: Frame, marks: Mapping[int, list[Any]]
) -> list[Row]:
    return [Line(entry, figures, frame).row(marks.get(entry.pk, [])) for entry in entries]


class Line:
    """Reads one indicator for the table."""

    def __init__(self, entry: Entry, figures: Figures, frame: Frame) -> None:
        self.entry, self.figures, self.frame, self.sheet = entry, figures, frame, entry.sheet
        self.unit = unit_of(entry.sheet.unit)
        self.official = figures.of(entry, Basis.OFFICIAL)
        self._made: dict[Period, tuple[CellFigure, Decimal | None]] = {}

    def row(self, marks: list[Any]) -> Row:
        entry, sheet, year = self.entry, self.sheet, self.frame.year
        standing, figure = self._standing(year), self._figure(year)[0]
        course, course_note, behind = self._course(standing)
        rate, rate_name = self._rate(standing)
        judgement = self._judge(self.frame.judged)
        return Row(
            pk=entry.pk,
            code=entry.code,
            name=entry.name,
            url=address("kpis:indicator", entry.public_id),
            unit=unit_label(sheet),
            baseline=target_text(sheet.baseline_value, sheet),
            baseline_period=sheet.baseline_period.short_label if sheet.baseline_period else "",
            past=[self._past(period) for period in self.frame.past],
            target=target_text(standing.target, sheet),
            official=self._printed(self.official, Basis.OFFICIAL, year, *self._figure(year)),
            provisional=self._provisional(),
            rate=rate,
            rate_label=rate_name,
            course=course,
            course_note=course_note,
            course_behind=behind,
            grade=judgement.label if judgement.grade else "",
            symbol=judgement.grade.symbol if judgement.grade else "",
            tone=judgement.grade.tone if judgement.grade else "",
            grade_reason=judgement.reason,
            coverage=f"{figure.reported}／{figure.expected}" if figure.expected else "",
            coverage_short=figure.reported < figure.expected
            and self.official.is_overdue(year, self.frame.today),
            spark=self._spark(),
            keeper=entry.keeper,
            keeper_id=entry.keeper_id,
            value=sheet.value,
            is_sub=entry.pk in self.figures.feeds,
            marks=marks,
        )

    @property
    def _keeps(self) -> bool:
        return self.sheet.direction == Direction.KEEP

    def _figure(self, period: Period) -> tuple[CellFigure, Decimal | None]:
        if period not in self._made:
            figure = self.official.at(period)
            self._made[period] = figure, figure.stored(self.unit)
        return self._made[period]

    def _standing(self, period: Period) -> Standing:
        return self.entry.plan.standing(period, self._figure(period)[1])

    def _judge(self, period: Period) -> Judgement:
        if period.last_day >= self.frame.today:
            return Judgement(None, reason=_("年度の途中です。"))
        if self._figure(period)[1] is None and self.official.gap(period, self.frame.today) == OUTSIDE:
            return Judgement(None)
        judging = self.figures.judging
        return judging.judge(self.entry.pk, self.sheet, self.entry.plan, period, self._figure(period)[0])

    # --- figures ---------------------------------------------------------------------------------------------------

    def _printed(
        self, series: Series, basis: str, period: Period, figure: CellFigure, value: Decimal | None
    ) -> Printed:
        url = why_address(self.entry.public_id, period, basis, self.frame.as_of.text)
        if value is None:
            code = series.gap(period, self.frame.today)
            return Printed(gap=GAP_KINDS[code], word=gap_word(code), url="" if code == OUTSIDE else url)
        natures = natures_beneath(self.figures, self.entry, period) if basis == Basis.OFFICIAL else set()
        note = nature_word(natures, self.entry.is_rolled_up) if natures else ""
        return Printed(figure_text(value, self.sheet), url=url, note=note)

    def _past(self, period: Period) -> Printed:
        """A year before, with the symbol of its grade and what is missing of it."""
        figure, value = self._figure(period)
        printed = self._printed(self.official, Basis.OFFICIAL, period, figure, value)
        judgement = self._judge(period)
        partial = (
            f"{figure.reported}／{figure.expected}"
            if figure.reported < figure.expected and value is not None
            else ""
        )
        return Printed(
            printed.text, printed.gap, printed.word, printed.url,
            note=" ".join(filter(None, (partial, printed.note))),
            symbol=judgement.grade.symbol if judgement.grade else "",
            grade=judgement.label if judgement.grade else "",
            tone=judgement.grade.tone if judgement.grade else "",
        )  # fmt: skip

    def _provisional(self) -> Printed | None:
        if not self.frame.is_insider:
            return None
        series = self.figures.of(self.entry, Basis.PROVISIONAL)
        figure = series.at(self.frame.year)
        printed = self._printed(series, Basis.PROVISIONAL, self.frame.year, figure, figure.stored(self.unit))
        official = self._figure(self.frame.year)[0]
        if printed.text and (figure.reported, figure.expected) != (official.reported, official.expected):
            return Printed(printed.text, url=printed.url, note=f"{figure.reported}／{figure.expected}")
        return printed

    def _rate(self, standing: Standing) -> tuple[str, str]:
        """(rate, its name). A sum under way that should fall looks met by what is still to come: no rate then."""
        attainment = standing.attainment
        sums_up = (
            not judged_at(self.sheet, self.entry.plan, Grain(self.sheet.grain))
            or self.sheet.time_rule == "sum"
        )
        if not self.frame.has_ended and sums_up and self.sheet.direction != Direction.UP:
            return "", ""
        if attainment.ratio is None:
            return met_word(attainment, self._keeps), ""
        return rate_text(attainment), rate_label(self.sheet.attainment_rule)

    def _course(self, standing: Standing) -> tuple[str, str, bool]:
        """(difference to the expected value, beneath it that value, whether it lags)."""
        period = self._course_period()
        if period is None:
            return "", "", False
        if period != self.frame.year:
            value = self.official.at(period).stored(self.unit)
            standing = self.entry.plan.standing(period, value)
        else:
            value = self._figure(period)[1]
        if value is None or standing.expected is None or standing.course.distance is None:
            return "", "", False
        behind = standing.course.met is False
        note = f"{'' if period == self.frame.year else period.short_label} {self._beside(standing, behind)}".strip()
        return self._difference(value, standing.expected, standing.course), note, behind

    def _beside(self, standing: Standing, behind: bool) -> str:
        """「目安値 32.0 未満」: on which side of the expected value, told only where it lags."""
        words = _("目安値 %(expected)s") % {"expected": self._expected(standing)}
        if not behind or self._keeps:
            return words
        return f"{words} {_('未満') if self.sheet.direction == Direction.UP else _('超過')}"

    def _course_period(self) -> Period | None:
        """This year once it has ended; under way the newest own period, where it may be judged at all."""
        if self.frame.has_ended:
            return self.frame.year
        newest = self.official.newest(self.frame.year)
        return newest if newest and judged_at(self.sheet, self.entry.plan, newest.grain) else None

    def _expected(self, standing: Standing) -> str:
        if isinstance(standing.expected, Bounds):
            low, high = (
                figure_text(standing.expected.lower, self.sheet),
                figure_text(standing.expected.upper, self.sheet),
            )
            return f"{low}〜{high}"
        return "" if standing.expected is None else figure_text(standing.expected, self.sheet)

    def _difference(self, value: Decimal, expected: Decimal | Bounds, course: Attainment) -> str:
        if isinstance(expected, Bounds):
            return met_word(course, in_range=True)
        return signed(EXACT.subtract(value, expected), self.sheet.decimals)

    # --- the line --------------------------------------------------------------------------------------------------

    def _spark(self) -> SafeString:
        end = self.frame.year
        start = Period.year(end.fiscal_year - (SPARK_POINTS if self.sheet.grain == 12 else 3))
        periods = [
            period
            for number in range(start.fiscal_year, end.fiscal_year + 1)
            for period in self.official.own_periods(Period.year(number))
            if period.last_day < self.frame.today
        ][-SPARK_POINTS:]
        values = [self._point(period) for period in periods]
        label = self._spark_label(periods, values)
        return mark_safe(draw(values, label))  # noqa: S308 (numbers, and a label that `draw` escapes)

    def _point(self, period: Period) -> float | None:
        figure = (
            self.official.at(period)
            if self.sheet.is_running_total
            else self.official.own(period.first).figure
        )
        return None if figure.value is None else float(figure.value)

    def _spark_label(self, periods: list[Period], values: list[float | None]) -> str:
        if not periods:
            return ""
        missing = sum(value is None for value in values)
        span = _("%(first)sから%(last)sまでの推移") % {
            "first": periods[0].short_label,
            "last": periods[-1].short_label,
        }
        return span + (_("（値のない期間%(count)s）") % {"count": missing} if missing else "")


# --- around the table ------------------------------------------------------------------------------------------------


def year_shown(asked: str, card: Any, entries: list[Entry], today: date) -> Period:
    """The fiscal year asked for, or this one where it has targets or figures, or the last that has figures."""
    if (wanted := _year(asked)) is not None:
        return wanted
    now = fiscal_year(today)
    last_target = max((target[0].fiscal_year for entry in entries for target in entry.targets), default=0)
    last_figure = card.newest_period.fiscal_year if card.newest_period else 0
    if not last_figure or last_target >= now or last_figure >= now - 1:
        return Period.year(now)
    return Period.year(last_figure)


def _year(asked: str) -> Period | None:
    """A fiscal year that can be shown with the years around it; anything else is not asked for."""
    try:
        period = Period.from_code(asked)
    except PeriodError:
        return None
    return period if period.grain == Grain.YEAR and EARLIEST <= period.fiscal_year <= LATEST else None


def years_offered(entries: list[Entry], shown: Period, today: date) -> list[Period]:
    """Every fiscal year from the first period to the last target or this year, newest first."""
    firsts = [entry.sheet.first_period.fiscal_year for entry in entries]
    lasts = [target[0].fiscal_year for entry in entries for target in entry.targets] + [fiscal_year(today)]
    low = min([*firsts, shown.fiscal_year])
    high = max([*lasts, shown.fiscal_year])
    return [Period.year(number) for number in range(high, max(low, high - 30) - 1, -1)]


def balance(rows: list[Row]) -> list[dict[str, Any]]:
    """How many indicators speak for each of the three values and 人材育成; what is empty is told."""
    counts = Counter(row.value for row in rows)
    return [{"label": worth.label, "count": counts[worth.value], "code": worth.value} for worth in Worth]


def rates_used(rows: list[Entry]) -> list[str]:
    """The formulas of the rates on the page, for the notes beneath."""
    return [rule for rule in AttainmentRule if any(entry.sheet.attainment_rule == rule for entry in rows)]
