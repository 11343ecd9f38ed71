"""All models of the floor, in one place for Django; they stand in their rooms."""

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
from projects.research.models import Participation, Project

__all__ = [
    "AlignmentAnswer",
    "CompiledReport",
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
]
