"""The KPI core in the API: scorecards, indicators with their figures, contributions, the ledger, submissions."""

from kpis.api.contributions import ContributionViewSet
from kpis.api.indicators import IndicatorViewSet
from kpis.api.measurements import MeasurementViewSet
from kpis.api.scorecards import ScorecardViewSet
from kpis.api.submissions import SubmissionViewSet

ROUTES = [
    ("scorecards", ScorecardViewSet),
    ("indicators", IndicatorViewSet),
    ("contributions", ContributionViewSet),
    ("measurements", MeasurementViewSet),
    ("submissions", SubmissionViewSet),
]
