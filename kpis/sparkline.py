"""A small line in a table cell, as SVG text: values in order of time, a gap drawn as a gap. Pure: no Django.

Consecutive values are joined, a value alone is a dot, nothing bridges a missing one. The newest value bears a dot.
Looks come from CSS classes; the label says in words what the line shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

WIDTH, HEIGHT, MARGIN = 96, 24, 3

Value = float | None


def runs(values: Sequence[Value]) -> list[list[tuple[int, float]]]:
    """Stretches of consecutive values as (index, value): [1, None, 2, 3] → [[(0, 1)], [(2, 2), (3, 3)]]."""
    found: list[list[tuple[int, float]]] = []
    open_run = False
    for index, value in enumerate(values):
        if value is None:
            open_run = False
            continue
        if not open_run:
            found.append([])
        found[-1].append((index, value))
        open_run = True
    return found


def draw(values: Sequence[Value], label: str) -> str:
    """The whole element; without any value a plain dash of words is better, so the result is empty."""
    stretches = runs(values)
    if not stretches:
        return ""
    present = [value for stretch in stretches for _index, value in stretch]
    place = _scale(len(values), min(present), max(present))
    parts = [_stretch([place(index, value) for index, value in stretch]) for stretch in stretches]
    last_index, last = stretches[-1][-1]
    x, y = place(last_index, last)
    parts.append(f'<circle class="p-spark__dot" cx="{x}" cy="{y}" r="2.5"/>')
    return (
        f'<svg class="p-spark" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(label)}">'
        f"{''.join(parts)}</svg>"
    )


def _stretch(points: list[tuple[str, str]]) -> str:
    if len(points) == 1:
        x, y = points[0]
        return f'<circle class="p-spark__dot" cx="{x}" cy="{y}" r="1.5"/>'
    return f'<polyline class="p-spark__line" points="{" ".join(f"{x},{y}" for x, y in points)}"/>'


class _scale:
    """Places an index and a value on the drawing; equal values lie on the middle line."""

    def __init__(self, count: int, low: float, high: float) -> None:
        self.step = (WIDTH - 2 * MARGIN) / max(count - 1, 1)
        self.low, self.span = low, high - low

    def __call__(self, index: int, value: float) -> tuple[str, str]:
        part = (value - self.low) / self.span if self.span else 0.5
        y = HEIGHT - MARGIN - part * (HEIGHT - 2 * MARGIN)
        return f"{MARGIN + index * self.step:.1f}".rstrip("0").rstrip("."), f"{y:.1f}"
