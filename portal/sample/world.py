"""What has been loaded so far, by the ids of the tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from actors.models import Assignment, Organization, Person, Post
from ecosystems.models import Decision, Forum, Meeting, Source
from foundation.access import Actor, system_actor
from kpis.models import Indicator, Scorecard
from kpis.services.ledger import Signer
from portal.sample.tables import day_or_none, moment, table
from projects.models import Opportunity, ProgressReport, Project, ReportingRound
from visions.models import Theme, Vision, VisionVersion

# A blank first day in the tables means: before the forum was founded.
BEFORE = date(2023, 4, 1)
# Decisions hold from the end of the meeting; nothing else of the story happens at that hour.
DECIDED_AT = 17


@dataclass
class World:
    """The loaded objects. `forum` is set by the first step that needs it."""

    actor: Actor = field(default_factory=lambda: system_actor("sample"))
    organizations: dict[str, Organization] = field(default_factory=dict)
    posts: dict[str, Post] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    assignments: list[Assignment] = field(default_factory=list)
    meetings: dict[str, Meeting] = field(default_factory=dict)
    decisions: dict[str, Decision] = field(default_factory=dict)
    themes: dict[str, Theme] = field(default_factory=dict)
    visions: dict[str, Vision] = field(default_factory=dict)
    projects: dict[str, Project] = field(default_factory=dict)
    opportunities: dict[str, Opportunity] = field(default_factory=dict)
    cards: dict[str, Scorecard] = field(default_factory=dict)
    indicators: dict[str, Indicator] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)
    rounds: dict[str, ReportingRound] = field(default_factory=dict)
    reports: dict[tuple[str, str], ProgressReport] = field(default_factory=dict)
    _forums: list[Forum] = field(default_factory=list)

    @property
    def forum(self) -> Forum:
        """The fictitious forum."""
        return self._forums[0]

    @forum.setter
    def forum(self, forum: Forum) -> None:
        self._forums[:] = [forum]

    def decided_at(self, decision: str) -> datetime:
        return moment(self.decisions[decision].decided_on, DECIDED_AT)

    def plan_on(self, on: date) -> VisionVersion | None:
        """The version of the vision that was agreed by that day."""
        agreed = VisionVersion.objects.filter(vision__in=self.visions.values(), agreed_on__lte=on)
        return agreed.order_by("-agreed_on").first()

    def report_submitted(self, project: str, on: date) -> ProgressReport | None:
        """The project's report that was submitted on that day: the figures of the day belong to it."""
        found = [
            self.reports[row["round"], row["project"]]
            for row in table("reports")
            if row["project"] == project and row["submitted_on"] == on.isoformat()
        ]
        return found[0] if found else None

    def holder(self, post: str, on: date) -> Person | None:
        """Whoever holds the post as 主担当 on that day."""
        held = [
            row for row in self.assignments if row.post_id == self.posts[post].pk and row.is_active_on(on)
        ]
        return next((row.person for row in held if row.role == Assignment.Role.MAIN), None)

    def signer(self, post: str, on: date) -> Signer:
        """How the post's holder of that day is written beside a figure; a post without a name by its own words."""
        person = self.holder(post, on)
        return Signer(
            user_id=person.user_id if person else None,
            name=person.name if person else _words_of(post, on),
            organization_id=self.posts[post].organization_id,
            post_id=self.posts[post].pk,
        )


def _words_of(post: str, on: date) -> str:
    """A vacant post speaks through its deputy's words, a shared desk through its own name."""
    row = next(row for row in table("posts") if row["id"] == post)
    vacant_from = day_or_none(row["vacant_from"])
    return row["deputy_words"] if vacant_from and vacant_from <= on else row["name"]
