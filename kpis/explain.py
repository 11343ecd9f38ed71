"""Why a figure is what it is: the tree from the figure down to measurements, by the clean computation.

`explain` shows the very steps of `CleanLedger`; nothing here asks the database. Words and rights belong to the page.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from kpis.arithmetic import CellFigure, handed_up, running_total
from kpis.models import Contribution, Measurement
from kpis.periods import Period
from kpis.rollup.clean import CleanLedger
from kpis.rules import TreeRule


@dataclass
class Node:
    """One figure of the tree.

    `link`: the contribution by which it goes up, `handed`: what goes up through it, after the factor. `row`: the
    measurement of a measured cell. `left_out`: contributions accepted, but not for this period.
    """

    indicator_id: int
    period: Period
    figure: CellFigure
    nodes: list[Node] = field(default_factory=list)
    link: Contribution | None = None
    handed: CellFigure | None = None
    row: Measurement | None = None
    left_out: list[Contribution] = field(default_factory=list)

    @property
    def is_missing(self) -> bool:
        """A cell of the ledger without a figure that counts."""
        return not self.nodes and self.link is None and self.figure.value is None

    def walk(self) -> Iterator[Node]:
        yield self
        for node in self.nodes:
            yield from node.walk()


def figure_at(ledger: CleanLedger, indicator_id: int, period: Period) -> CellFigure:
    """The figure of a period of the own or a coarser grain; the running total where the indicator is one."""
    if not ledger.sheets[indicator_id].is_running_total:
        return ledger.folded(indicator_id, period)
    cells = {own: ledger.figure(indicator_id, own) for own in periods_behind(ledger, indicator_id, period)}
    return running_total(cells, ledger.sheets[indicator_id].first_period, period)


def periods_behind(ledger: CleanLedger, indicator_id: int, period: Period) -> list[Period]:
    """The own periods that make the figure: those within the period, from the base on for a running total."""
    sheet = ledger.sheets[indicator_id]
    if not sheet.is_running_total:
        return ledger.own_periods(indicator_id, period)
    years = range(sheet.first_period.fiscal_year, period.fiscal_year + 1)
    own = [each for year in years for each in ledger.own_periods(indicator_id, Period.year(year))]
    return [each for each in own if each.last_month <= period.last_month]


def explain(ledger: CleanLedger, indicator_id: int, period: Period) -> Node:
    """The whole tree behind a figure."""
    own = periods_behind(ledger, indicator_id, period)
    if own == [period]:
        return _cell(ledger, indicator_id, period)
    nodes = [_cell(ledger, indicator_id, each) for each in own]
    return Node(indicator_id, period, figure_at(ledger, indicator_id, period), nodes)


def _cell(ledger: CleanLedger, indicator_id: int, period: Period) -> Node:
    """One own cell: the measurement, or the contributions that make it."""
    node = Node(indicator_id, period, ledger.figure(indicator_id, period))
    if not ledger.indicators[indicator_id].is_rolled_up:
        node.row = ledger.rows.get((indicator_id, period))
        return node
    node.nodes = [
        _contributed(ledger, indicator_id, period, link, child.figure)
        for link, child in ledger.children(indicator_id, period)
    ]
    joined = {each.link.pk for each in node.nodes if each.link is not None}
    node.left_out = [link for link in ledger.links.get(indicator_id, []) if link.pk not in joined]
    return node


def _contributed(
    ledger: CleanLedger, parent_id: int, period: Period, link: Contribution, figure: CellFigure
) -> Node:
    """What one child brings: its own cells folded, then converted by the factor."""
    nodes = [_cell(ledger, link.child_id, own) for own in ledger.counted_periods(link, period)]
    rule = TreeRule(ledger.sheets[parent_id].tree_rule)
    handed = handed_up(figure, link.factor, rule)
    return Node(link.child_id, period, figure, nodes, link, handed)
