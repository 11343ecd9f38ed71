"""The rules of measuring stated once, on fractions, for figures in the family's smallest unit.

Written apart from the modules under test: no import from them, plain words for the rules, one function for
each step. A cell is a `Cell`; a period is the month index in which it ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import floor
from typing import NamedTuple


class Cell(NamedTuple):
    value: Fraction | None = None
    num: Fraction | None = None
    den: Fraction | None = None
    reported: int = 0
    expected: int = 1
    newest: int | None = None


def half_up(value: Fraction, places: int = 6) -> Fraction:
    """四捨五入, away from zero."""
    scale = 10**places
    size = Fraction(floor(abs(value) * scale + Fraction(1, 2)), scale)
    return -size if value < 0 else size


def measured(value: Fraction, month: int) -> Cell:
    return Cell(value, reported=1, newest=month)


def quotient(num: Fraction, den: Fraction, percent: bool) -> Fraction | None:
    return None if den == 0 else half_up((100 if percent else 1) * num / den)


def ratio(num: Fraction, den: Fraction, month: int, percent: bool) -> Cell:
    value = quotient(num, den, percent)
    return Cell(value, num, den, reported=1, newest=None if value is None else month)


def over_time(cells: Sequence[Cell], rule: str, percent: bool = False) -> Cell:
    """Step 1: a child's own cells in the parent's period become one figure."""
    with_value = [cell for cell in cells if cell.value is not None]
    value = num = den = None
    if rule == "ratio_of_sums":
        parts = [cell for cell in cells if cell.num is not None]
        if parts:
            num, den = sum(cell.num for cell in parts), sum(cell.den for cell in parts)
            value = quotient(Fraction(num), Fraction(den), percent)
    elif with_value:
        values = [cell.value for cell in with_value]
        if rule == "last":
            _, value, num, den = max((cell.newest, *cell[:3]) for cell in with_value)
        elif rule == "mean":
            value = half_up(Fraction(sum(values)) / len(values))
        else:
            value = {"sum": sum, "max": max, "min": min}[rule](values)
    return Cell(
        value,
        num,
        den,
        sum(cell.reported for cell in cells),
        sum(cell.expected for cell in cells),
        max((cell.newest for cell in with_value), default=None),
    )


def times(cell: Cell, factor: Fraction) -> Cell:
    """Step 2: factor on value and numerator, rounded again."""
    return cell._replace(
        value=None if cell.value is None else half_up(cell.value * factor),
        num=None if cell.num is None else half_up(cell.num * factor),
    )


class Joined(NamedTuple):
    cell: Cell
    weight: Fraction = Fraction(1)
    factor: Fraction = Fraction(1)
    order: int = 0


def over_children(
    children: Sequence[Joined], rule: str, month: int, percent: bool = False
) -> tuple[Cell, int]:
    """Steps 3 to 5: the parent's cell and how many children contribute."""
    reported = sum(child.cell.reported for child in children)
    expected = sum(child.cell.expected for child in children)
    if rule not in ("count_yes", "share_yes"):
        children = [child._replace(cell=times(child.cell, child.factor)) for child in children]
    there = [
        child
        for child in children
        if (child.cell.num is not None if rule == "ratio_of_sums" else child.cell.value is not None)
    ]
    value, num, den = _together(there, rule, percent) if there else (None, None, None)
    newest = month if value is not None else None
    return Cell(value, num, den, reported, expected, newest), len(there)


def _together(there, rule, percent):
    values = [child.cell.value for child in there]
    if rule == "weighted_mean":
        weights = sum(child.weight for child in there)
        if weights == 0:
            return None, None, None
        return half_up(sum(child.weight * child.cell.value for child in there) / weights), None, None
    if rule == "last":
        newest = max(child.cell.newest for child in there)
        first = min((child for child in there if child.cell.newest == newest), key=lambda child: child.order)
        return first.cell[:3]
    if rule in ("count_yes", "share_yes"):
        yes = Fraction(sum(value == 1 for value in values))
        if rule == "count_yes":
            return yes, None, None
        return quotient(yes, Fraction(len(there)), percent), yes, Fraction(len(there))
    made = over_time([child.cell for child in there], rule, percent)
    return made[:3]


def running(cells: Sequence[Cell], base: int, at: int) -> Cell:
    """The running total at cell number `at`, from cell number `base`, both counted from 0."""
    made = over_time(cells[base : at + 1], "sum")
    return made if at >= base and cells[at].value is not None else made._replace(value=None)


def on_the_line(points: Sequence[tuple[int, Fraction]], month: int) -> Fraction | None:
    """The expected value: straight lines through the points, level after the last, none before the first."""
    points = sorted(points)
    if month < points[0][0]:
        return None
    before = [point for point in points if point[0] <= month][-1]
    after = [point for point in points if point[0] >= month][:1] or [before]
    if after[0][0] == before[0]:
        return before[1]
    share = Fraction(month - before[0], after[0][0] - before[0])
    return half_up(before[1] * (1 - share) + after[0][1] * share)
