"""What pages read. Upper apps that fill a slot import this package first: it declares the slots of the KPI pages."""

from foundation import slots

slots.declare(
    "kpis.scorecard.marks",
    "Beside the names of a scorecard's KPIs: [{label, url, tone}] per indicator, from all rows of the page at once.",
)
slots.declare(
    "kpis.series.marks",
    "What happened to an indicator, on its chart and under it: [{on, code, label, text, url}] per indicator.",
)
