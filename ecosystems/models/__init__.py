"""Where organisations meet, decide and learn: forums, memberships, decisions, the agenda, roadmaps, cases, voices."""

from ecosystems.models.forum import AvoidedPeriod, Forum, ForumDuty, Membership
from ecosystems.models.meeting import AgendaItem, Decision, DecisionStance, Meeting
from ecosystems.models.record import Case, RoadmapItem, Source
from ecosystems.models.voice import Voice, VoiceEvent

__all__ = [
    "AgendaItem",
    "AvoidedPeriod",
    "Case",
    "Decision",
    "DecisionStance",
    "Forum",
    "ForumDuty",
    "Meeting",
    "Membership",
    "RoadmapItem",
    "Source",
    "Voice",
    "VoiceEvent",
]
