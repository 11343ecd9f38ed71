"""The content of a report's version: everything a reader needs of it, fixed when it was submitted.

{"answers": {key: text},
 "alignment": {question: {"score": 1–4, "note": text}},
 "figures": [{"measurement", "indicator", "code", "name", "period", "period_label", "text", "nature", "missing",
              "note", "organization"}],
 "earlier": [the same, of the period but reported outside the report],
 "missing": [{"indicator", "code", "name", "period", "period_label", "organization"}],
 "evidence": [{"id", "title", "url", "page", "file"}]}
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from kpis.figure_text import measurement_text
from kpis.models import Indicator, IndicatorSheet, Measurement
from kpis.periods import Grain, Period, periods_expected
from kpis.selectors.recorded import History, histories
from kpis.services import bundling
from projects.reporting.models import ProgressReport
from projects.reporting.questions import ALIGNMENT_KEYS

Content = dict[str, Any]
Pair = tuple[int, Period]
EMPTY: Content = {
    "answers": {},
    "alignment": {},
    "figures": [],
    "earlier": [],
    "missing": [],
    "evidence": [],
}
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
    rows = _bundled(report)
    earlier, missing = _around(report, {(row.indicator_id, row.period) for row in rows})
    return {
        "answers": {key: text for key, text in typed.items() if not key.startswith(ALIGNMENT)},
        "alignment": alignment_of(typed),
        "figures": _figures(rows),
        "earlier": earlier,
        "missing": missing,
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


def mark_of_content(content: Content, *more: object) -> str:
    """A short mark of a content, by which a confirmation says what it showed."""
    text = json.dumps([content, *map(str, more)], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def figures_of(report: ProgressReport) -> list[dict[str, Any]]:
    """The report's figures in order of the card, then of time. Returned and withdrawn ones are no part of it."""
    return _figures(_bundled(report))


def _bundled(report: ProgressReport) -> list[Measurement]:
    rows = (
        bundling.figures_of(report.bundle_key)
        .exclude(events__kind__in=("returned", "withdrawn"))
        .select_related("indicator", "organization")
    )
    newest = {(row.indicator_id, row.period): row for row in rows}
    return sorted(newest.values(), key=lambda row: (row.indicator.position, row.indicator_id, row.period))


def _figures(rows: list[Measurement]) -> list[dict[str, Any]]:
    current = IndicatorSheet.objects.filter(
        indicator_id__in={row.indicator_id for row in rows}, superseded_at=None
    )
    sheets = {sheet.indicator_id: sheet for sheet in current}
    return [_figure(row, sheets[row.indicator_id]) for row in rows]


def _around(report: ProgressReport, bundled: set[Pair]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What else the period should hold: figures reported outside the report, and cells without a figure."""
    sheets = {sheet.indicator_id: sheet for sheet in _sheets_of_card(report)}
    pairs = [
        (sheet.indicator_id, period)
        for sheet in sheets.values()
        if sheet.grain <= report.round.period.grain
        for period in periods_expected(
            report.round.period, Grain(sheet.grain), sheet.first_period, sheet.last_period
        )
        if (sheet.indicator_id, period) not in bundled
    ]
    found = histories({pk for pk, _ in pairs}, {period for _, period in pairs}) if pairs else {}
    earlier: list[dict[str, Any]] = []
    missing: list[dict[str, Any]] = []
    for pk, period in pairs:
        history, sheet = found.get((pk, period)) or History(), sheets[pk]
        standing = history.standing or history.waiting
        if standing is None:
            missing.append(
                _cell(sheet.indicator, period, str(getattr(sheet.indicator.post, "organization", "")))
            )
        else:
            standing.row.indicator = sheet.indicator
            earlier.append(_figure(standing.row, sheet))
    return earlier, missing


def _sheets_of_card(report: ProgressReport) -> list[IndicatorSheet]:
    if report.project.scorecard_id is None:
        return []
    rows = IndicatorSheet.objects.filter(
        indicator__scorecard_id=report.project.scorecard_id,
        indicator__kind=Indicator.Kind.MEASURED,
        superseded_at=None,
    ).select_related("indicator__post__organization")
    return list(rows.order_by("indicator__position", "indicator_id"))


def _cell(indicator: Indicator, period: Period, organization: str) -> dict[str, Any]:
    return {
        "indicator": str(indicator.public_id),
        "code": indicator.code,
        "name": indicator.name,
        "period": period.code,
        "period_label": period.label,
        "organization": organization,
    }


def _figure(row: Measurement, sheet: IndicatorSheet) -> dict[str, Any]:
    return {
        **_cell(row.indicator, row.period, str(row.organization or "")),
        "measurement": str(row.public_id),
        "text": measurement_text(row, sheet),
        "nature": row.nature,
        "missing": row.missing,
        "note": row.note,
    }
