"""Accounts of people who come by themselves: made when they have proved their address, without any right."""

from __future__ import annotations

from allauth.account.models import EmailAddress

from actors.models import Person, User


def account_of(email: str) -> User | None:
    """The account of an address, closed ones too."""
    return User.objects.filter(email=email.lower()).first()


def open_account(*, email: str, name: str) -> User:
    """An account with a person behind it, for an address that its owner has just proved.

    It has no password (one is set by 「パスワードを忘れた方」) and no post, so no right beyond what is its own.
    Must run inside a transaction that keeps a second one for the same address away.
    """
    user = User.objects.create_user(email)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    Person.objects.create(name=name[:100], user=user)
    return user
