"""めざす数字: a scorecard as residents read it. Few words, official figures of public indicators, no abbreviations.

The figure shown is that of the last fiscal year that has ended, judged against that year's target; where it has none,
the reason stands in its place, and the newest figure before it beside that. Never is a missing figure a 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import FilteredRelation, Q
from django.utils.translation import gettext as _

from foundation.access import Actor
from foundation.figures import show_figure
from kpis.attainment import Bounds
from kpis.models import Indicator, IndicatorSheet
from kpis.periods import Period
from kpis.rules import Basis, Direction, Scale
from kpis.selectors.scorecard import Entry, Figures, card_rows, entries_of, figures_of
from kpis.selectors.scorecard_table import Frame, Row, rows_of, year_shown
from kpis.selectors.wording import AsOf, Target, figure_text, plain_figure, step_name, target_text, unit_label
from kpis.units import YEN, unit_of

LOOK_BACK = 3  # fiscal years in which an older figure is looked for
_MAN, _OKU = 10_000, 100_000_000


@dataclass(frozen=True)
class PlainFigure:
    """One card: every text is ready for print. Without a `value`, `gap` says in a sentence why there is none."""

    pk: int
    code: str
    name: str
    note: str
    url: str
    value: str
    unit: str
    period: str
    gap: str
    older: str
    goal: str
    next_period: str
    next_goal: str
    grade: str
    symbol: str
    tone: str
    remark: str


def plain_figures(actor: Actor, scorecard_id: int, today: date) -> list[PlainFigure]:
    """The cards of a scorecard, in its order; empty where the actor may not see it. Five queries."""
    card = card_rows(actor).filter(pk=scorecard_id).first()
    if card is None:
        return []
    entries = entries_of(actor, card)
    year = last_ended(year_shown("", card, entries, today), today)
    frame = Frame(year, today, AsOf(), is_insider=False)
    figures = figures_of(card, entries, year, frame.as_of, [Basis.OFFICIAL])
    rows = rows_of(entries, figures, frame, {})
    words = plain_words([entry.pk for entry in entries])
    return [
        Card(entry, row, figures, frame, *words.get(entry.pk, ("", "", []))).read()
        for entry, row in zip(entries, rows, strict=True)
        if not row.is_sub
    ]


def last_ended(year: Period, today: date) -> Period:
    """The year itself where it is over, otherwise the one before."""
    return year if year.last_day < today else year.shift(-1)


def plain_words(ids: list[int]) -> dict[int, tuple[str, str, list[Any]]]:
    """{indicator: (plain name, plain note, names of its levels)}."""
    sheet = FilteredRelation("sheets", condition=Q(sheets__superseded_at=None))
    rows: Any = Indicator.objects.filter(pk__in=ids).annotate(sheet=sheet).order_by()
    columns = rows.values_list("pk", "plain_name", "plain_note", "sheet__steps")
    return {pk: (name, note, steps or []) for pk, name, note, steps in columns}


class Card:
    """Reads one indicator for its card."""

    def __init__(
        self, entry: Entry, row: Row, figures: Figures, frame: Frame, name: str, note: str, steps: list[Any]
    ) -> None:
        self.entry, self.row, self.frame, self.sheet = entry, row, frame, entry.sheet
        self.sheet.steps = steps
        self.series = figures.of(entry, Basis.OFFICIAL)
        self.name, self.note = name or entry.name, note

    def read(self) -> PlainFigure:
        year = self.frame.year
        value = self._value(year)
        text, unit = plain_value(value, self.sheet) if value is not None else ("", "")
        following = year.shift(1)
        return PlainFigure(
            pk=self.entry.pk,
            code=self.entry.code,
            name=self.name,
            note=self.note,
            url=self.row.url,
            value=text,
            unit=unit,
            period=year.label_both,
            gap="" if text else gap_sentence(self.row.official.gap),
            older="" if text else self._older(year),
            goal=goal_text(self._target(year), self.sheet),
            next_period=following.label_both,
            next_goal=goal_text(self._target(following), self.sheet),
            grade=self.row.grade if text else "",
            symbol=self.row.symbol if text else "",
            tone=self.row.tone,
            remark=self._remark() if text else "",
        )

    def _value(self, year: Period) -> Decimal | None:
        return self.series.at(year).stored(unit_of(self.sheet.unit))

    def _target(self, year: Period) -> Target:
        return self.entry.plan.standing(year, None).target

    def _older(self, year: Period) -> str:
        for back in range(1, LOOK_BACK + 1):
            past = year.shift(-back)
            value = self._value(past)
            if value is not None:
                return f"{past.label_both}　{''.join(plain_value(value, self.sheet))}"
        return ""

    def _remark(self) -> str:
        """What a reader has to know of the figure: reports that are missing, a grade that is left open."""
        figure = self.series.at(self.frame.year)
        if figure.expected <= figure.reported or self.sheet.is_running_total:
            return ""
        counted = {"all": figure.expected, "there": figure.reported}
        words = _("%(all)s件の報告のうち、届いている%(there)s件までの数字です。") % counted
        if self.row.grade and not self.row.grade.endswith(_("（一部未報告）")):
            words += _("残りの報告しだいで、評価が変わることがあります。")
        return words


# --- words -----------------------------------------------------------------------------------------------------------


def plain_value(value: Decimal, sheet: IndicatorSheet) -> tuple[str, str]:
    """(figure, unit) in everyday words: 55.3百万円 is 「5,530万円」, a level bears its name."""
    unit = unit_of(sheet.unit)
    if unit.family == YEN:
        return plain_yen(unit.to_smallest(value)), ""
    name = step_name(value, sheet)
    if name:
        return f"{figure_text(value, sheet)} {name}", ""
    return figure_text(value, sheet), "" if sheet.scale == Scale.YES_NO else plain_unit(sheet)


def plain_unit(sheet: IndicatorSheet) -> str:
    """The unit as it is said: t is トン."""
    label = unit_label(sheet)
    return {"t": _("トン"), "kg": _("キログラム"), "km": _("キロメートル")}.get(label, label)


def plain_yen(yen: Decimal) -> str:
    """「1億2,000万円」, 「1,235万円」, 「8,500円」: whole 万円 from 1万円 on, rounded half away from zero."""
    if abs(yen) < _MAN:
        return f"{show_figure(yen, 0)}円" if yen else "0円"
    man = int((abs(yen) / _MAN).quantize(Decimal(1), "ROUND_HALF_UP"))
    oku, rest = divmod(man, _OKU // _MAN)
    parts = [
        f"{show_figure(Decimal(count), 0)}{word}" for count, word in ((oku, "億"), (rest, "万")) if count
    ]
    return ("▲" if yen < 0 else "") + "".join(parts) + "円"


def goal_text(target: Target, sheet: IndicatorSheet) -> str:
    """「5,000万円以上」, 「4,200t以下」, 「60〜90%」; "" where no target was set."""
    if target is None:
        return ""
    if isinstance(target, Bounds):
        low, high = plain_figure(target.lower), plain_figure(target.upper)
        return f"{low}〜{high}{plain_unit(sheet)}"
    if sheet.scale == Scale.YES_NO:
        return target_text(target, sheet)
    text, unit = plain_value(target, sheet)
    if sheet.scale == Scale.LEVEL:
        return f"{text}{unit}"
    if unit_of(sheet.unit).family != YEN:
        text = plain_figure(target)
    return f"{text}{unit}{_('以下') if sheet.direction == Direction.DOWN else _('以上')}"


def gap_sentence(kind: str) -> str:
    """Why there is no figure, so that nobody takes it for nothing."""
    sentences = {
        "missing": _("この年度は、数字をとることができませんでした。"),
        "not_expected": _("この年度は、調べない決まりです。"),
        "withheld": _("どの会社の数字か分かってしまうため、公表していません。"),
    }
    return sentences.get(kind, _("まだ数字がありません。報告が確かめられると、ここに出ます。"))


def named_plainly(text: str, figures: list[Any]) -> str:
    """A text with the codes of indicators replaced by how residents read them."""
    for each in sorted(figures, key=lambda figure: -len(figure.code)):
        text = text.replace(each.code, f"「{each.name}」")
    return text
