"""KPIs of several groups beside each other: how each stands in its year, and which of them measure the same.

Two KPIs stand side by side only where their units are of one family and their name, or their definition, is the same
word for word (but for width, case and blanks). What is merely alike is told apart, with both definitions.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from foundation.access import Actor
from foundation.dates import fiscal_year
from foundation.text import search_key
from kpis.attainment import Attainment
from kpis.grades import Judgement
from kpis.models import GradeScheme, IndicatorSheet, Scorecard
from kpis.periods import Period
from kpis.rules import Basis, Direction, Value
from kpis.schemes import Scheme
from kpis.selectors.judging import Judging, scheme_of
from kpis.selectors.scorecard import Entry, Figures, entries_on, figures_of, natures_beneath
from kpis.selectors.series import OUTSIDE
from kpis.selectors.wording import (
    GAP_KINDS,
    AsOf,
    address,
    figure_text,
    gap_word,
    met_word,
    nature_word,
    rate_label,
    rate_text,
    target_text,
    unit_label,
    why_address,
)
from kpis.units import unit_of

YEARS_BACK = 40


@dataclass(frozen=True)
class Stand:
    """One KPI in one fiscal year on the basis 承認済み, ready for print. `number` is None where there is no figure."""

    entry: Entry
    year: Period
    number: Decimal | None
    text: str
    gap: str
    word: str
    target: str
    rate: str
    rate_name: str
    judgement: Judgement
    reported: int
    expected: int
    note: str

    @property
    def name(self) -> str:
        return self.entry.name

    @property
    def definition(self) -> str:
        return self.entry.sheet.definition

    @property
    def unit(self) -> str:
        return unit_label(self.entry.sheet)

    @property
    def level(self) -> str:
        return str(IndicatorSheet.Level(self.entry.sheet.level).label) if self.entry.sheet.level else ""

    @property
    def value(self) -> str:
        return Value(self.entry.sheet.value).label if self.entry.sheet.value else ""

    @property
    def coverage(self) -> str:
        return f"{self.reported}／{self.expected}件" if self.expected else ""

    @property
    def url(self) -> str:
        return address("kpis:indicator", self.entry.public_id)

    @property
    def why_url(self) -> str:
        return why_address(self.entry.public_id, self.year, Basis.OFFICIAL)


@dataclass
class Group:
    """The KPIs of one side: those that feed another one beside them are left out, as on the scorecard."""

    scheme: Scheme
    has_own_scheme: bool
    stands: list[Stand]

    def graded(self) -> list[tuple[Any, int]]:
        """Each grade of the group's own scheme with how many KPIs have it, in the scheme's order."""
        counts = Counter(stand.judgement.grade for stand in self.stands if stand.judgement.grade)
        return [(grade, counts[grade]) for grade in self.scheme.grades]

    def by_level(self) -> dict[str, int]:
        return _counted(IndicatorSheet.Level.values, (stand.entry.sheet.level for stand in self.stands))

    def by_value(self) -> dict[str, int]:
        return _counted(list(Value), (stand.entry.sheet.value for stand in self.stands))


def _counted(codes: Sequence[str], found: Any) -> dict[str, int]:
    counts = Counter(found)
    return {str(code): counts[str(code)] for code in codes}


# --- reading ---------------------------------------------------------------------------------------------------------


def groups_of(
    cards: Mapping[int, Sequence[Scorecard]], actor: Actor, today: date, year: Period | None
) -> dict[int, Group]:
    """{forum: its KPIs on the given cards}. `year`: the fiscal year wished for, or for each KPI the newest one that
    has ended and has an approved figure. The queries do not grow with the number of cards and KPIs."""
    every = [card for own in cards.values() for card in own]
    entries = entries_on(actor, every) if every else []
    schemes = {
        each.forum_id: each.definition
        for each in GradeScheme.objects.filter(forum_id__in=list(cards), superseded_at=None)
    }
    figures = _figures(entries, today) if entries else None
    found = {}
    for forum_id, own in cards.items():
        scheme, keys = scheme_of(schemes.get(forum_id)), {card.pk for card in own}
        mine = [
            each for each in entries if each.scorecard_id in keys and figures and each.pk not in figures.feeds
        ]
        reader = _Reader(figures, scheme, today, year) if figures else None
        found[forum_id] = Group(
            scheme, forum_id in schemes, [reader.stand(entry) for entry in mine] if reader else []
        )
    return found


class _NoScheme:
    scheme_definition = None


def _figures(entries: list[Entry], today: date) -> Figures:
    """The official figures of every year up to this one; each side then judges by its own scheme."""
    this_year = Period.year(fiscal_year(today))
    return figures_of(_NoScheme(), entries, this_year, AsOf(), [Basis.OFFICIAL], whole=True)


class _Reader:
    """Reads how KPIs stand, by the scheme of one side."""

    def __init__(self, figures: Figures, scheme: Scheme, today: date, year: Period | None) -> None:
        self.figures, self.today, self.wanted = figures, today, year
        self.judging = Judging(scheme, figures.judging.ledger, figures.judging.leaves)

    def stand(self, entry: Entry) -> Stand:
        sheet = entry.sheet
        year = self.wanted or self._newest(entry)
        series = self.figures.of(entry, Basis.OFFICIAL)
        figure = series.at(year)
        number = figure.stored(unit_of(sheet.unit))
        code = "" if number is not None else series.gap(year, self.today)
        standing = entry.plan.standing(year, number)
        attainment = standing.attainment
        has_rate = year.last_day < self.today and attainment.ratio is not None
        natures = natures_beneath(self.figures, entry, year) if number is not None else set()
        return Stand(
            entry=entry,
            year=year,
            number=number,
            text="" if number is None else figure_text(number, sheet),
            gap=GAP_KINDS[code] if code else "",
            word=gap_word(code) if code else "",
            target=target_text(standing.target, sheet),
            rate=rate_text(attainment) if has_rate else _met(sheet, attainment, year.last_day < self.today),
            rate_name=rate_label(sheet.attainment_rule) if has_rate else "",
            judgement=self._judged(entry, year, figure, code),
            reported=figure.reported,
            expected=figure.expected,
            note=nature_word(natures, entry.is_rolled_up) if natures else "",
        )

    def _judged(self, entry: Entry, year: Period, figure: Any, code: str) -> Judgement:
        if year.last_day >= self.today:
            return Judgement(None, reason=_("年度の途中です。"))
        if code == OUTSIDE:
            return Judgement(None)
        return self.judging.judge(entry.pk, entry.sheet, entry.plan, year, figure)

    def _newest(self, entry: Entry) -> Period:
        """The newest fiscal year that has ended and has a figure; the one just ended where none has."""
        ended = Period.year(fiscal_year(self.today)).previous()
        series, unit = self.figures.of(entry, Basis.OFFICIAL), unit_of(entry.sheet.unit)
        for back in range(YEARS_BACK):
            year = ended.shift(-back)
            if year.last_month < entry.sheet.first_period.first:
                break
            if series.at(year).stored(unit) is not None:
                return year
        return ended


def _met(sheet: IndicatorSheet, attainment: Attainment, has_ended: bool) -> str:
    """Met or not, where there is no rate; a year under way has not met anything yet."""
    return met_word(attainment, sheet.direction == Direction.KEEP) if has_ended else ""


# --- what measures the same ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pair:
    """Two KPIs beside each other; `reason` says why they are, or why they are not comparable."""

    one: Stand
    other: Stand
    reason: str

    @property
    def sides(self) -> tuple[Stand, Stand]:
        return self.one, self.other


@dataclass
class Comparison:
    """`same`: comparable. `alike`: of one name, but not of one kind of unit. `rest`: the others of each side."""

    same: list[Pair]
    alike: list[Pair]
    rest: tuple[list[Stand], list[Stand]]


def compared(one: Sequence[Stand], other: Sequence[Stand]) -> Comparison:
    """Pairs KPIs in the order of the first side, each at most once: first what is the same, then what is alike."""
    same, left, right = _paired(one, other, _same)
    alike, left, right = _paired(left, right, _alike)
    return Comparison(same, alike, (left, right))


def _paired(
    one: Sequence[Stand], other: Sequence[Stand], match: Any
) -> tuple[list[Pair], list[Stand], list[Stand]]:
    left, right, pairs = [], list(other), []
    for stand in one:
        found = next(((each, reason) for each in right if (reason := match(stand, each))), None)
        if found is None:
            left.append(stand)
        else:
            pairs.append(Pair(stand, *found))
            right.remove(found[0])
    return pairs, left, right


def _same(one: Stand, other: Stand) -> str:
    if _family(one) != _family(other):
        return ""
    same_name = _plain(one.name) == _plain(other.name)
    same_definition = bool(_plain(one.definition)) and _plain(one.definition) == _plain(other.definition)
    if same_name and same_definition:
        return _("名称・定義・単位が同じ")
    if same_definition:
        return _("定義・単位が同じ")
    return _("名称・単位が同じ（定義の文は下のとおり）") if same_name else ""


def _alike(one: Stand, other: Stand) -> str:
    return _("名称は同じですが、単位の種類が異なります") if _plain(one.name) == _plain(other.name) else ""


def _family(stand: Stand) -> str:
    return unit_of(stand.entry.sheet.unit).family


def _plain(text: str) -> str:
    """Without what does not change the meaning: width and case of letters, blanks, punctuation, （架空）."""
    return re.sub(r"[\W_]+", "", search_key(text.replace("（架空）", "")))
