"""話を聞きたい: a signed-in person applies with one press; a visitor gives a name and an address, and proves the address.

Whoever types an address learns nothing about it: the same page answers and the same mail leaves, whether or not there
is an account behind it. Nothing of it is seen by anybody until the link of the mail was opened and pressed. The answer
is due a number of business days after that day.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.core import signing
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from actors.accounts import account_of, open_account
from actors.models import User
from foundation import audit, locks, outbox
from foundation.access import Actor, require, system_actor
from foundation.dates import add_business_days
from foundation.errors import DomainError, StateError
from foundation.text import clean_line, clean_pasted
from projects.partnering.models import Interest, InterestEvent, Opportunity

REQUESTED, APPLIED = "projects.interest_requested", "projects.interest_applied"
MAX_MESSAGE = 2000
MAX_NAME = 200
KEPT_FOR = timedelta(days=7)
PER_EMAIL, PER_ORIGIN, WITHIN = 5, 30, timedelta(hours=1)
_SALT = "projects.interest"
# The name stands in a mail to an unproved address: nobody shall advertise by it.
_ADDRESS = re.compile(r"://|www\.", re.IGNORECASE)


class TooMany(DomainError):
    """Too many requests in a short time (HTTP 429)."""

    status = 429


@dataclass(frozen=True)
class Wish:
    """What somebody typed who wants to hear of an opportunity."""

    name: str
    email: str = ""
    message: str = ""
    is_name_withheld: bool = False

    def cleaned(self) -> Wish:
        """One line of name, no line ends that a mail header could take for its own."""
        name, message = clean_line(self.name), clean_pasted(self.message).strip()
        if not name:
            raise DomainError("name_missing", _("お名前（会社名）を入力してください。"), field="name")
        if _ADDRESS.search(name):
            raise DomainError("no_address", _("お名前（会社名）に URL は書けません。"), field="name")
        if len(name) > MAX_NAME or len(message) > MAX_MESSAGE:
            field = "name" if len(name) > MAX_NAME else "message"
            raise DomainError("too_long", _("長すぎます。短くしてください。"), field=field)
        return Wish(name, clean_line(self.email).lower(), message, self.is_name_withheld)


@dataclass(frozen=True)
class Introduction:
    """A client brought by an organisation that asked them first, e.g. a bank."""

    organization_id: int
    consented_on: date
    post_id: int | None = None


# --- visitors --------------------------------------------------------------------------------------------------------


def request_interest(*, actor: Actor, opportunity: Opportunity, wish: Wish, origin: str = "") -> Interest:
    """Note a visitor's wish, unproved, and let the mail follow. `origin` is whence it came, kept as a digest alone."""
    require(actor, "view", opportunity)
    wish = wish.cleaned()
    if not wish.email:
        raise DomainError("email_missing", _("メールアドレスを入力してください。"), field="email")
    digest = salted_hmac(_SALT, origin).hexdigest() if origin else ""
    with transaction.atomic():
        locks.exclusive(f"interest:{wish.email}")
        _check_accepting(opportunity)
        _check_rate(wish.email, digest)
        interest = Interest.objects.create(
            opportunity=opportunity,
            name=wish.name,
            email=wish.email,
            message=wish.message,
            is_name_withheld=wish.is_name_withheld,
            origin=digest,
        )
        outbox.emit(REQUESTED, {"interest": interest.pk}, key=f"{REQUESTED}:{interest.pk}")
    return interest


def _check_rate(email: str, digest: str) -> None:
    recent = Interest.objects.filter(created_at__gte=timezone.now() - WITHIN)
    if recent.filter(email=email).count() >= PER_EMAIL or (
        digest and recent.filter(origin=digest).count() >= PER_ORIGIN
    ):
        raise TooMany(
            "too_many",
            _(
                "短い間に何度も申し込まれています。メールが届いていないか確かめ、1時間ほどたってからやり直してください。"
            ),
        )


def link_token(interest: Interest) -> str:
    """What the mail's link carries: signed, good for seven days, and used up by the first press."""
    return signing.dumps(str(interest.public_id), salt=_SALT)


def interest_behind(token: str) -> Interest:
    """The interest of a link; Http404 where the link is forged, too old, or its wish was tidied away."""
    try:
        public_id = UUID(signing.loads(token, salt=_SALT, max_age=KEPT_FOR))
    except (signing.BadSignature, ValueError) as error:
        raise Http404 from error
    found: Interest | None = (
        Interest.objects.select_related("opportunity__organization", "opportunity__forum")
        .filter(public_id=public_id)
        .first()
    )
    if found is None:
        raise Http404
    return found


def confirm_interest(*, actor: Actor, token: str) -> tuple[Interest, User | None]:
    """Whoever has the link proves the address. Returns the interest, and the account where one was newly made.

    An address that has an account is attached only while that account is signed in (`needs_sign_in`): a link that was
    passed on opens nobody's account.
    """
    with transaction.atomic():
        found = interest_behind(token)
        locks.exclusive(f"account:{found.email}")
        interest: Interest = Interest.objects.select_for_update().get(pk=found.pk)
        if interest.confirmed_at is not None:
            raise StateError("already_confirmed", _("この申込みは、すでに確定しています。"))
        _check_accepting(found.opportunity)
        if actor.user is not None and actor.user.get_username() != interest.email:
            raise StateError(
                "other_account",
                _(
                    "いまは別の利用者としてサインインしています。サインアウトしてから、もう一度リンクを開いてください。"
                ),
            )
        account, is_new = account_of(interest.email), False
        if account is None:
            account, is_new = open_account(email=interest.email, name=interest.name), True
        elif not account.is_active:
            raise StateError(
                "account_closed",
                _("このメールアドレスの利用は止められています。地域共創の場の事務局にお問い合わせください。"),
            )
        elif actor.user is None:
            raise StateError("needs_sign_in", _("申込みを確定するには、サインインしてください。"))
        _confirm(interest, account, actor if actor.is_authenticated else system_actor(interest.name))
    return interest, account if is_new else None


# --- signed-in people ------------------------------------------------------------------------------------------------


def apply(
    *,
    actor: Actor,
    opportunity: Opportunity,
    message: str = "",
    is_name_withheld: bool = False,
    introduction: Introduction | None = None,
    name: str = "",
) -> Interest:
    """One press by a signed-in person, for the organisation acted for. With an introduction: for its client."""
    require(actor, "view", opportunity)
    if actor.user is None:
        raise DomainError("needs_sign_in", _("サインインしてください。"))
    if opportunity.organization_id == actor.organization_id:
        raise StateError("own_opportunity", _("自分の機関の募集には申し込めません。"))
    if introduction and introduction.organization_id != actor.organization_id:
        raise DomainError("foreign_introduction", _("紹介は、自分の機関の名前で登録してください。"))
    wish = Wish(name or actor.organization_name or actor.label, "", message, is_name_withheld).cleaned()
    with transaction.atomic():
        _check_accepting(opportunity)
        interest = Interest(
            opportunity=opportunity,
            organization_id=None if introduction else actor.organization_id,
            name=wish.name,
            email=actor.user.get_username(),
            message=wish.message,
            is_name_withheld=wish.is_name_withheld or introduction is not None,
        )
        if introduction:
            interest.introduced_by_id = introduction.organization_id
            interest.introduced_by_post_id = introduction.post_id
            interest.consented_on = introduction.consented_on
        _confirm(interest, actor.user, actor)
    return interest


# --- both ------------------------------------------------------------------------------------------------------------


def due_day(opportunity: Opportunity, confirmed_on: date) -> date:
    """The last of the promised business days, counted from the day after."""
    return add_business_days(confirmed_on, opportunity.reply_days)


def _check_accepting(opportunity: Opportunity) -> None:
    today = timezone.localdate()
    if not Opportunity.objects.accepting(today).filter(pk=opportunity.pk).exists():
        raise StateError(
            "not_accepting",
            _("この募集は終わりました。ほかの募集を「連携募集」からお探しください。"),
        )


def _confirm(interest: Interest, account: Any, actor: Actor, at: datetime | None = None) -> None:
    """From now on it is seen, and the answer is due. The same person applies once at a time."""
    at = at or timezone.now()
    opportunity = interest.opportunity
    interest.applicant, interest.confirmed_at, interest.origin = account, at, ""
    interest.post, interest.deputy_post = opportunity.post, opportunity.deputy_post
    interest.reply_due_on = due_day(opportunity, timezone.localdate(at))
    interest.revision += 1
    try:
        with transaction.atomic():
            interest.save()
    except IntegrityError as error:
        raise StateError(
            "already_applied",
            _("この募集には、すでに申し込んでいます。「申込みの状況」で返事をお待ちください。"),
        ) from error
    InterestEvent.objects.create(
        interest=interest,
        at=at,
        to_state=interest.state,
        user=account,
        user_name=interest.name if interest.organization_id is None else actor.label,
        organization_id=interest.organization_id,
    )
    audit.record(
        actor,
        "projects.apply_interest",
        interest,
        after={"state": interest.state, "reply_due_on": interest.reply_due_on},
    )
    outbox.emit(APPLIED, {"interest": interest.pk}, key=f"{APPLIED}:{interest.pk}")


def unproved(now: datetime | None = None) -> QuerySet[Interest]:
    """Wishes whose address nobody proved within seven days."""
    rows: QuerySet[Interest] = Interest.objects.filter(confirmed_at=None)
    return rows.filter(created_at__lt=(now or timezone.now()) - KEPT_FOR)


def forget_unproved(now: datetime | None = None) -> int:
    """Remove them, names, addresses and all; returns how many."""
    return int(unproved(now).delete()[0])
