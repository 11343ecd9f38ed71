"""Opportunities, and who wants to hear of them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import count
from typing import Any

from actors.models import Organization
from ecosystems.models import Forum
from projects.models import Interest, InterestEvent, Opportunity
from projects.partnering.services.posting import searchable
from tests.factories.actors import make_organization

_numbers = count(1)
PUBLISHED = datetime(2026, 10, 1, tzinfo=UTC)


def make_opportunity(forum: Forum, organization: Organization | None = None, **fields: Any) -> Opportunity:
    """A published, public opportunity that accepts; `audiences` are pairs of (role, kind of organisation)."""
    audiences = fields.pop("audiences", [])
    fields.setdefault("title", f"試験の募集{next(_numbers)}（架空）")
    fields.setdefault("kind", Opportunity.Kind.EQUIPMENT)
    fields.setdefault("direction", Opportunity.Direction.OFFERED)
    fields.setdefault("lead", "ひとこと")
    fields.setdefault("state", Opportunity.State.OPEN)
    fields.setdefault("published_at", None if fields["state"] == "draft" else PUBLISHED)
    opportunity = Opportunity(forum=forum, organization=organization or make_organization(), **fields)
    opportunity.search = searchable(opportunity)
    opportunity.save()
    for role, kind in audiences:
        opportunity.audiences.create(role=role, organization_kind=kind)
    return opportunity


def make_interest(opportunity: Opportunity, **fields: Any) -> Interest:
    """A confirmed interest that waits for its answer until far in the future."""
    fields.setdefault("name", f"試験の申込者{next(_numbers)}（架空）")
    fields.setdefault("confirmed_at", PUBLISHED)
    fields.setdefault("reply_due_on", date(2099, 1, 5))
    fields.setdefault("post", opportunity.post)
    interest = Interest.objects.create(opportunity=opportunity, **fields)
    InterestEvent.objects.create(
        interest=interest, at=interest.confirmed_at, to_state="applied", user_name=interest.name
    )
    return interest
