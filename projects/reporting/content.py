"""The content of a report's version: everything a reader needs of it, fixed when it was submitted.

{"answers": {key: text},
 "alignment": {question: {"score": 1–4, "note": text}},
 "figures": [{"measurement", "indicator", "code", "name", "period", "period_label", "text", "nature", "missing",
              "note", "organization"}],
 "evidence": [{"id", "title", "url", "page", "file"}]}
"""

from __future__ import annotations

from typing import Any

from kpis.figure_text import measurement_text
from kpis.models import IndicatorSheet, Measurement
from kpis.services import bundling
from projects.reporting.models import ProgressReport
from projects.reporting.questions import ALIGNMENT_KEYS

Content = dict[str, Any]
EMPTY: Content = {"answers": {}, "alignment": {}, "figures": [], "evidence": []}
ALIGNMENT = "alignment."
NOTE = ".note"


def typed_answers(report: ProgressReport) -> dict[str, str]:
    """{key: text} of everything that is typed, alignment included."""
    return dict(report.answers.values_list("key", "text"))


def alignment_of(typed: dict[str, str]) -> dict[str, dict[str, Any]]:
    """The project's own answers among what is typed; a question without a score is left out."""
    return {
        key: {"score": int(score), "note": typed.get(f"{ALIGNMENT}{key}{NOTE}", "")}
        for key in ALIGNMENT_KEYS
        if (score := typed.get(f"{ALIGNMENT}{key}", "")).isdecimal()
    }


def gather(report: ProgressReport) -> Content:
    """The content as it would be submitted now: pending and approved figures of the bundle, newest of each cell."""
    typed = typed_answers(report)
    return {
        "answers": {key: text for key, text in typed.items() if not key.startswith(ALIGNMENT)},
        "alignment": alignment_of(typed),
        "figures": figures_of(report),
        "evidence": [
            {
                "id": str(each.public_id),
                "title": each.title,
                "url": each.url,
                "page": each.page,
                "file": str(each.file.public_id) if each.file else "",
            }
            for each in report.evidence.select_related("file").order_by("id")
        ],
    }


def figures_of(report: ProgressReport) -> list[dict[str, Any]]:
    """The report's figures in order of the card, then of time. Returned and withdrawn ones are no part of it."""
    rows = (
        bundling.figures_of(report.bundle_key)
        .exclude(events__kind__in=("returned", "withdrawn"))
        .select_related("indicator", "organization")
    )
    newest = {(row.indicator_id, row.period): row for row in rows}
    sheets = {
        sheet.indicator_id: sheet
        for sheet in IndicatorSheet.objects.filter(
            indicator_id__in={row.indicator_id for row in newest.values()}, superseded_at=None
        )
    }
    ordered = sorted(newest.values(), key=lambda row: (row.indicator.position, row.indicator_id, row.period))
    return [_figure(row, sheets[row.indicator_id]) for row in ordered]


def _figure(row: Measurement, sheet: IndicatorSheet) -> dict[str, Any]:
    return {
        "measurement": str(row.public_id),
        "indicator": str(row.indicator.public_id),
        "code": row.indicator.code,
        "name": row.indicator.name,
        "period": row.period.code,
        "period_label": row.period.label,
        "text": measurement_text(row, sheet),
        "nature": row.nature,
        "missing": row.missing,
        "note": row.note,
        "organization": str(row.organization or ""),
    }
