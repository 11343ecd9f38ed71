"""Facets: how many opportunities there are under each value, as the reader may see them and the other filters leave them.

One query counts every combination of the facets' values (some dozens of rows, however many opportunities there are);
all counts of the page and the number of hits are sums over them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet

from projects.partnering.filters import FACETS

Choices = Sequence[tuple[str, Any]]


@dataclass(frozen=True)
class Value:
    """One value of a facet: how many rows it would leave, and whether it is chosen now."""

    code: str
    label: str
    count: int
    is_chosen: bool


@dataclass(frozen=True)
class Facets:
    """`hits`: rows under all filters. `values`: by facet, in the order of the choices; what has no row is left out."""

    hits: int
    values: dict[str, list[Value]]


def count_facets(rows: QuerySet[Any], chosen: Mapping[str, str], choices: Mapping[str, Choices]) -> Facets:
    """`rows` are narrowed by every filter but the facets; `chosen` holds the facets' own values. One query."""
    names = list(FACETS)
    counted = rows.order_by().values_list(*(FACETS[name] for name in names)).annotate(Count("pk"))
    table = [(dict(zip(names, row[:-1], strict=True)), row[-1]) for row in counted]
    hits = sum(count for values, count in table if _matches(values, chosen))
    return Facets(hits, {name: _values(name, table, chosen, choices[name]) for name in names})


def _values(
    name: str, table: list[tuple[dict[str, str], int]], chosen: Mapping[str, str], choices: Choices
) -> list[Value]:
    """Counted under the other facets' choices; a chosen value stays, so that it can be taken back."""
    others = {key: value for key, value in chosen.items() if key != name}
    counts: Counter[str] = Counter()
    for values, count in table:
        if _matches(values, others):
            counts[values[name]] += count
    return [
        Value(code, str(label), counts[code], chosen.get(name) == code)
        for code, label in choices
        if counts[code] or chosen.get(name) == code
    ]


def _matches(values: Mapping[str, str], chosen: Mapping[str, str]) -> bool:
    return all(values[name] == value for name, value in chosen.items() if value)
