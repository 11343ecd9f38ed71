"""Telling people: the visitor's mail with the link, the poster of who applied, the applicant of every answer.

Every text tells its whole story, so that the mail alone says what to do. The handlers may run twice: the key of a
notice makes the second time harmless; the mail with the link may come twice.
"""

from __future__ import annotations

from typing import Any, cast

from django.conf import settings
from django.db.models import Q, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from actors.models import Assignment, User
from foundation import notices, outbox
from foundation.dates import date_with_weekday
from foundation.letters import send_letter
from projects.partnering.models import Interest, InterestEvent
from projects.partnering.services.answering import EXPIRED, MOVED
from projects.partnering.services.applying import APPLIED, KEPT_FOR, REQUESTED, link_token

notices.register_topic(APPLIED, cast(str, gettext_lazy("新しい申込み")))
notices.register_topic(MOVED, cast(str, gettext_lazy("申込みへの返答")))
notices.register_topic(EXPIRED, cast(str, gettext_lazy("返事の期限を過ぎた申込み")))


@outbox.handles(REQUESTED)
def mail_link(payload: dict[str, Any]) -> None:
    """To the typed address, whether or not anybody is known by it."""
    interest = _interests().filter(pk=payload["interest"], confirmed_at=None).first()
    if interest is None:
        return
    base = settings.PUBLIC_URL.rstrip("/")
    context = {
        "interest": interest,
        "opportunity": interest.opportunity,
        "link": f"{base}{reverse('projects:interest_confirm')}?t={link_token(interest)}",
        "days": KEPT_FOR.days,
        "site": settings.SITE_NAME,
    }
    body = render_to_string("projects/mail/interest_confirm.txt", context)
    send_letter(interest.email, _("申込みの確認のお願い"), body)


@outbox.handles(APPLIED)
def tell_poster(payload: dict[str, Any]) -> None:
    interest = _interests().get(pk=payload["interest"])
    notices.notify(
        _answering(interest),
        APPLIED,
        _("申込み：%(title)s（%(name)s、返事は%(due)sまで）")
        % {
            "title": interest.opportunity.title,
            "name": interest.name,
            "due": _due(interest),
        },
        interest.message,
        reverse("projects:interest_detail", args=[interest.public_id]),
        key=f"{APPLIED}:{interest.pk}",
    )


@outbox.handles(MOVED)
def tell_other_side(payload: dict[str, Any]) -> None:
    """A withdrawal is told to those who answer, everything else to the applicant; a bare note to nobody."""
    event = InterestEvent.objects.select_related("interest").get(pk=payload["event"])
    interest = _interests().get(pk=event.interest_id)
    has_moved = event.from_state != event.to_state
    if not has_moved and not event.message:
        return
    withdrawn = has_moved and event.to_state == Interest.State.WITHDRAWN
    people = _answering(interest) if withdrawn else _applying(interest)
    notices.notify(
        people.exclude(pk__in=[event.user_id]),
        MOVED,
        _("%(state)s：%(title)s")
        % {
            "state": event.get_to_state_display() if has_moved else _("連絡"),
            "title": interest.opportunity.title,
        },
        _told(interest, event),
        reverse("projects:interest_detail", args=[interest.public_id]),
        key=f"{MOVED}:{event.pk}",
    )


@outbox.handles(EXPIRED)
def tell_coordinator(payload: dict[str, Any]) -> None:
    """Whoever takes over, and the post that did not answer."""
    event = InterestEvent.objects.get(pk=payload["event"])
    interest = _interests().get(pk=event.interest_id)
    notices.notify(
        _answering(interest),
        EXPIRED,
        _("返事の期限を過ぎました：%(title)s") % {"title": interest.opportunity.title},
        _("%(name)sさんからの申込みに、期限（%(due)s）までに返事がありませんでした。引き継いだ担当：%(post)s")
        % {
            "name": interest.name,
            "due": _due(interest),
            "post": interest.handed_to or _("コーディネーターがいません"),
        },
        reverse("projects:interest_detail", args=[interest.public_id]),
        key=f"{EXPIRED}:{event.pk}",
    )


def _due(interest: Interest) -> str:
    return date_with_weekday(interest.reply_due_on) if interest.reply_due_on else ""


def _told(interest: Interest, event: InterestEvent) -> str:
    lines = [event.message]
    if interest.reason and event.to_state in (Interest.State.DECLINED, Interest.State.WITHDRAWN):
        lines.append(_("理由：%(reason)s") % {"reason": interest.reason})
    lines.append(_("掲載機関：%(name)s") % {"name": interest.opportunity.organization.name})
    return "\n".join(filter(None, lines))


def _interests() -> QuerySet[Interest]:
    return Interest.objects.select_related(
        "opportunity__organization", "opportunity__forum", "applicant", "handed_to"
    )


def _answering(interest: Interest) -> QuerySet[User]:
    """Who holds the posts that answer; where nobody does, everybody of the organisation."""
    posts = {interest.post_id, interest.deputy_post_id, interest.handed_to_id} - {None}
    held = _accounts(Q(post_id__in=posts))
    return held if held.exists() else _accounts(Q(post__organization=interest.opportunity.organization_id))


def _applying(interest: Interest) -> QuerySet[User]:
    """The applicant, and whoever holds the post that introduced them."""
    known = Q(pk=interest.applicant_id)
    if interest.introduced_by_post_id:
        known |= Q(pk__in=_accounts(Q(post_id=interest.introduced_by_post_id)).values("pk"))
    return User.objects.filter(known, is_active=True)


def _accounts(posts: Q) -> QuerySet[User]:
    held = Assignment.objects.active_on(timezone.localdate()).filter(posts, post__closed_on=None)
    return User.objects.filter(pk__in=held.values("person__user_id"), is_active=True)
