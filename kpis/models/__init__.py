"""The KPI core: scorecards own indicators; a ledger of measurements; cells as the cache of the ledger."""

from kpis.models.asking import InputRequest, RequestedCell
from kpis.models.cell import Cell, DirtyMark, Horizon
from kpis.models.dimension import Dimension, IndicatorDimension, MeasurementPart, Part
from kpis.models.indicator import Contribution, Indicator, IndicatorSheet, Target
from kpis.models.ledger import Evidence, Measurement, MeasurementEvent
from kpis.models.scorecard import GradeScheme, Scorecard
from kpis.models.submission import DraftEntry, Submission
from kpis.models.workbook import WorkbookImport

__all__ = [
    "Cell",
    "Contribution",
    "Dimension",
    "DirtyMark",
    "DraftEntry",
    "Evidence",
    "GradeScheme",
    "Horizon",
    "Indicator",
    "IndicatorDimension",
    "IndicatorSheet",
    "InputRequest",
    "Measurement",
    "MeasurementEvent",
    "MeasurementPart",
    "Part",
    "RequestedCell",
    "Scorecard",
    "Submission",
    "Target",
    "WorkbookImport",
]
