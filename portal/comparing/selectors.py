"""Everything that the comparison of two forums shows: the floors' own rows, and the KPIs of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _

from ecosystems import comparing
from ecosystems.comparing import Cell, Line, Row, Section, counted
from ecosystems.models import Forum
from foundation.access import Actor
from foundation.figures import show_coverage
from kpis.models import IndicatorSheet, Scorecard
from kpis.periods import Period
from kpis.rules import Value
from kpis.selectors.comparing import Comparison, Group, Stand, compared, groups_of

KPI_PLACE = 40  # after what the forum, its vision and its projects are, before what it decided


@dataclass
class Compared:
    """The comparison, ready for page and sheet."""

    forums: tuple[Forum, Forum]
    sections: list[Section]
    kpis: Comparison
    year: Period | None
    made_at: datetime

    @property
    def tables(self) -> list[tuple[Section, list[tuple[Row, list[Cell]]]]]:
        """The sections with the cells of their rows in order of the forums."""
        return [
            (section, [(row, [row.cells[forum.pk] for forum in self.forums]) for row in section.rows])
            for section in self.sections
        ]

    @property
    def apart(self) -> list[tuple[Forum, list[Stand]]]:
        """The KPIs of each forum that stand beside none of the other's."""
        return list(zip(self.forums, self.kpis.rest, strict=True))

    @property
    def period(self) -> str:
        """Which year the figures are of, in words."""
        if self.year is not None:
            return self.year.label_both
        return _("KPIごとに、終わった年度のうち承認済みの値がある直近の年度")


def compare(
    forums: tuple[Forum, Forum], actor: Actor, today: date, year: Period | None, made_at: datetime
) -> Compared:
    """The queries do not grow with what the forums hold."""
    cards: dict[int, list[Scorecard]] = {forum.pk: [] for forum in forums}
    own = Scorecard.objects.visible_to(actor).filter(forum__in=forums, project=None)
    for card in own.order_by("pk"):
        cards[card.forum_id].append(card)
    groups = groups_of(cards, actor, today, year)
    one, other = (groups[forum.pk] for forum in forums)
    beside = {KPI_PLACE: _kpi_sections(forums, groups)}
    sections = comparing.collect(forums, actor, today, beside=beside)
    return Compared(forums, sections, compared(one.stands, other.stands), year, made_at)


def _kpi_sections(forums: Sequence[Forum], groups: dict[int, Group]) -> list[Section]:
    unit = _("件")
    levels = {pk: group.by_level() for pk, group in groups.items()}
    values = {pk: group.by_value() for pk, group in groups.items()}
    rows = [
        counted(_("KPI"), {pk: len(group.stands) for pk, group in groups.items()}, forums, unit),
        *(
            counted(
                _("段階：%(label)s") % {"label": label},
                {pk: counts[code] for pk, counts in levels.items()},
                forums,
                unit,
            )
            for code, label in IndicatorSheet.Level.choices
        ),
        *(
            counted(
                _("価値：%(label)s") % {"label": value.label},
                {pk: counts[value.value] for pk, counts in values.items()},
                forums,
                unit,
            )
            for value in Value
        ),
    ]
    grades = [
        Row(_("評価区分の方式"), {pk: _line(_scheme(group)) for pk, group in groups.items()}),
        Row(_("評価の内訳"), {pk: _grades(group) for pk, group in groups.items()}),
        Row(_("報告状況"), {pk: _coverage(group) for pk, group in groups.items()}),
    ]
    return [
        Section(_("KPI（ビジョンと場のもの）"), rows, _("あなたに表示できるものだけを数えています。")),
        Section(_("KPIの評価"), grades, _scheme_note(list(groups.values()))),
    ]


def _scheme(group: Group) -> str:
    if group.has_own_scheme:
        return group.scheme.name
    return _("登録がないため、%(name)sで判定") % {"name": group.scheme.name}


def _scheme_note(groups: list[Group]) -> str:
    if len({group.scheme for group in groups}) > 1:
        return _(
            "評価区分の方式が二つの場で異なります。同じ言葉でも同じ意味とは限らないため、件数を見比べないでください。"
        )
    return _("同じ方式で判定しています。目標値の置き方は場ごとに異なります。")


def _line(text: str) -> Cell:
    return Cell(lines=(Line(text),))


def _grades(group: Group) -> Cell:
    """「◎ 順調 3件」, one line per grade of the group's own scheme."""
    graded = [(grade, count) for grade, count in group.graded() if count]
    lines = [Line(f"{grade.symbol} {grade.label} {count}{_('件')}") for grade, count in graded]
    unjudged = len(group.stands) - sum(count for _grade, count in graded)
    if unjudged:
        lines.append(Line(_("評価の対象外 %(count)s件") % {"count": unjudged}))
    return Cell(lines=tuple(lines)) if lines else Cell(gap=_("表示できるKPIがありません"))


def _coverage(group: Group) -> Cell:
    """How many of the reports behind the figures have come in."""
    expected = sum(stand.expected for stand in group.stands)
    if not expected:
        return Cell(gap=_("対象の報告がありません"))
    return _line(show_coverage(sum(stand.reported for stand in group.stands), expected))
