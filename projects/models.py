"""All models of the floor, in one place for Django; they stand in their rooms."""

from projects.partnering.models import (
    Interest,
    InterestEvent,
    Opportunity,
    OpportunityAudience,
)
from projects.reporting.models import (
    AlignmentAnswer,
    CompiledReport,
    ProgressReport,
    Reminder,
    ReportAnswer,
    ReportEvent,
    ReportEvidence,
    ReportingRound,
    ReportReview,
    ReportTemplate,
    ReportVersion,
    ReviewNote,
)
from projects.research.models import (
    Correction,
    FundingAmount,
    FundingSource,
    Participation,
    Project,
    TeamRole,
)

__all__ = [
    "AlignmentAnswer",
    "CompiledReport",
    "Correction",
    "FundingAmount",
    "FundingSource",
    "Interest",
    "InterestEvent",
    "Opportunity",
    "OpportunityAudience",
    "Participation",
    "ProgressReport",
    "Project",
    "Reminder",
    "ReportAnswer",
    "ReportEvent",
    "ReportEvidence",
    "ReportReview",
    "ReportTemplate",
    "ReportVersion",
    "ReportingRound",
    "ReviewNote",
    "TeamRole",
]
