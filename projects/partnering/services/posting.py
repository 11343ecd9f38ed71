"""Posting opportunities: drafted by an organisation, published, closed, withdrawn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from actors.models import Organization
from ecosystems.models import Forum
from foundation import audit
from foundation.access import Actor, require
from foundation.errors import DomainError, LostEdit, MultipleErrors, StateError
from foundation.text import bigrams, clean_line, clean_pasted
from projects.partnering.models import Opportunity, OpportunityAudience

State = Opportunity.State
LINES = ("title", "lead", "terms", "place", "source_label")
FIELDS = (
    "kind", "direction", *LINES, "body", "reply_days", "closes_on", "review_on", "visibility", "project",
    "post", "deputy_post",
)  # fmt: skip
# What may follow from what: {step: (states it starts from, state it leads to)}.
STEPS = {
    "publish": ((State.DRAFT, State.CLOSED), State.OPEN),
    "close": ((State.OPEN,), State.CLOSED),
    "withdraw": ((State.DRAFT, State.OPEN, State.CLOSED), State.WITHDRAWN),
}


@dataclass(frozen=True)
class Audience:
    """One line of who may see a restricted opportunity: a role in the forum, or a kind of organisation."""

    role: str = ""
    organization_kind: str = ""


def post_opportunity(
    *,
    actor: Actor,
    forum: Forum,
    organization: Organization,
    fields: Mapping[str, Any],
    audiences: Iterable[Audience] = (),
    code: str = "",
) -> Opportunity:
    """A draft that its own organisation sees. `fields`: any of FIELDS."""
    require(actor, "projects.add_opportunity_forum", forum)
    if not actor.is_system and organization.pk != actor.organization_id:
        raise DomainError("foreign_organization", _("募集は、自分の機関の名前で登録してください。"))
    opportunity = Opportunity(forum=forum, organization=organization, code=code)
    with transaction.atomic():
        _fill(opportunity, fields)
        opportunity.save()
        _name(opportunity, audiences)
        audit.record(actor, "projects.add_opportunity_forum", opportunity, after=_snapshot(opportunity))
    return opportunity


def edit_opportunity(
    *,
    actor: Actor,
    opportunity: Opportunity,
    fields: Mapping[str, Any],
    audiences: Iterable[Audience] = (),
    revision: int | None = None,
) -> Opportunity:
    """Change the words, dates and readers; LostEdit when somebody saved since `revision` was shown."""
    require(actor, "change", opportunity)
    with transaction.atomic():
        current = _locked(opportunity, revision)
        if current.state == State.WITHDRAWN:
            raise StateError("withdrawn", _("取り下げた募集は直せません。新しく登録してください。"))
        before = _snapshot(current)
        _fill(current, fields)
        current.revision += 1
        current.save()
        _name(current, audiences)
        audit.record(actor, "projects.change_opportunity", current, before=before, after=_snapshot(current))
    return current


def move_opportunity(
    *,
    actor: Actor,
    opportunity: Opportunity,
    step: str,
    revision: int | None = None,
    at: datetime | None = None,
) -> Opportunity:
    """publish, close or withdraw. `at`: when it was published, where that is told of the past."""
    require(actor, "change", opportunity)
    with transaction.atomic():
        current = _locked(opportunity, revision)
        starts, target = STEPS[step]
        if current.state not in starts:
            raise StateError("wrong_state", _wrong_state(current, step))
        if step == "publish":
            if not actor.is_system:
                _check_publishable(current)
            current.published_at = at or timezone.now()
        if step == "withdraw" and current.published_at is None:
            current.published_at = timezone.now()
        before = current.state
        current.state, current.revision = target, current.revision + 1
        current.search = searchable(current)
        current.save()
        audit.record(
            actor,
            f"projects.{step}_opportunity",
            current,
            before={"state": before},
            after={"state": current.state},
        )
    return current


def _wrong_state(opportunity: Opportunity, step: str) -> str:
    words = {
        "publish": _("下書きか、終了した募集だけを公開できます。"),
        "close": _("募集中のものだけを終了できます。"),
        "withdraw": _("この募集は、すでに取り下げられています。"),
    }
    return _("%(words)s（今の状態：%(state)s）") % {
        "words": words[step],
        "state": opportunity.get_state_display(),
    }


def _check_publishable(opportunity: Opportunity) -> None:
    """What a stranger on a phone needs in order to decide, and somebody who answers."""
    errors = []
    if not opportunity.lead:
        errors.append(DomainError("lead_missing", _("「ひとことで言うと」を書いてください。"), field="lead"))
    if opportunity.post_id is None:
        errors.append(DomainError("post_missing", _("返事をする担当を選んでください。"), field="post"))
    if opportunity.closes_on and opportunity.closes_on < timezone.localdate():
        errors.append(
            DomainError("closed_before", _("募集期限を、今日以後の日に直してください。"), field="closes_on")
        )
    if opportunity.visibility == Opportunity.Visibility.SELECTED and not opportunity.audiences.exists():
        errors.append(
            DomainError("audience_missing", _("見られる機関を一つ以上選んでください。"), field="audience")
        )
    if errors:
        raise MultipleErrors("not_publishable", _("公開する前に、次の項目を直してください。"), errors)


def _locked(opportunity: Opportunity, revision: int | None) -> Opportunity:
    current: Opportunity = Opportunity.objects.select_for_update().get(pk=opportunity.pk)
    if revision is not None and revision != current.revision:
        raise LostEdit(
            "lost_edit",
            _("このページを開いたあとに、ほかの人が保存しました。今の内容を確かめてください。"),
            details={"revision": current.revision},
        )
    return current


def _fill(opportunity: Opportunity, fields: Mapping[str, Any]) -> None:
    """Put the given fields in, cleaned; what the model refuses comes back field by field."""
    for name in FIELDS:
        if name in fields:
            value = fields[name]
            if name in LINES:
                value = clean_line(value or "")
            setattr(opportunity, name, clean_pasted(value or "").strip() if name == "body" else value)
    _check_posts(opportunity)
    try:
        opportunity.clean_fields(exclude={"organization", "forum"})
    except ValidationError as error:
        found = [
            DomainError("invalid", message, field=name)
            for name, messages in error.message_dict.items()
            for message in messages
        ]
        raise MultipleErrors("invalid", _("入力内容を確かめてください。"), found) from error
    opportunity.search = searchable(opportunity)


def _check_posts(opportunity: Opportunity) -> None:
    """Who answers belongs to the organisation that asks."""
    for name in ("post", "deputy_post"):
        post = getattr(opportunity, name)
        if post is not None and post.organization_id != opportunity.organization_id:
            raise DomainError("foreign_post", _("自分の機関の担当を選んでください。"), field=name)


def _name(opportunity: Opportunity, audiences: Iterable[Audience]) -> None:
    """The named readers, as they now are; kept for a restricted opportunity alone."""
    opportunity.audiences.all().delete()
    if opportunity.visibility == Opportunity.Visibility.SELECTED:
        OpportunityAudience.objects.bulk_create(
            OpportunityAudience(
                opportunity=opportunity, role=each.role, organization_kind=each.organization_kind
            )
            for each in dict.fromkeys(audiences)
        )


def searchable(opportunity: Opportunity) -> str:
    """The pairs of characters of all that a reader might look for."""
    poster = opportunity.organization
    words = (
        opportunity.title, opportunity.lead, opportunity.body, opportunity.terms, opportunity.place,
        opportunity.get_kind_display(), opportunity.get_direction_display(),
        poster.name, poster.name_kana, poster.short_name,
    )  # fmt: skip
    return bigrams("\n".join(str(each) for each in words))


def _snapshot(opportunity: Opportunity) -> dict[str, Any]:
    found = {
        name: getattr(opportunity, name) for name in FIELDS if name not in ("project", "post", "deputy_post")
    }
    audiences = [each.role or each.organization_kind for each in opportunity.audiences.all()]
    return {**found, "audiences": audiences, "post": opportunity.post_id}
