"""Where organisations meet, decide and learn: forums, memberships, decisions, the agenda, roadmaps, cases."""

from ecosystems.models.forum import Forum, ForumDuty, Membership
from ecosystems.models.meeting import AgendaItem, Decision, DecisionStance, Meeting
from ecosystems.models.record import Case, RoadmapItem, Source

__all__ = [
    "AgendaItem",
    "Case",
    "Decision",
    "DecisionStance",
    "Forum",
    "ForumDuty",
    "Meeting",
    "Membership",
    "RoadmapItem",
    "Source",
]
