"""What happened to an indicator, told by the floors above, on its chart and in its tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from foundation import slots
from foundation.access import Actor
from kpis.selectors.indicator import PeriodTable


def marks_of(actor: Actor, indicator: Any) -> list[dict[str, Any]]:
    """[{on, code, label, text, url}] in order of their days."""
    found = slots.collect("kpis.series.marks", [indicator], actor).get(indicator.pk, [])
    return sorted(found, key=lambda mark: (mark["on"], mark["code"]))


def put_marks(tables: Sequence[PeriodTable], marks: Sequence[dict[str, Any]]) -> None:
    """Each mark at the period in which its day lies: a line in the chart, the word in the row of the table."""
    for table in tables:
        for index, row in enumerate(table.rows):
            here = [mark for mark in marks if row.period.first_day <= mark["on"] <= row.period.last_day]
            if here:
                row.marks = here
                table.chart["marks"].append({"index": index, "label": _label(here)})


def _label(marks: Sequence[dict[str, Any]]) -> str:
    """One label per period, so that two marks of one period do not lie on each other."""
    first = marks[0]["label"]
    same = all(mark["label"] == first for mark in marks)
    codes = "・".join(mark["code"] for mark in marks)
    return f"{first} {codes}" if same else "・".join(f"{mark['label']} {mark['code']}" for mark in marks)
