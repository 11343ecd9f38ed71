"""What every page needs to know of the site itself and of who looks at it. No query of its own."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from foundation.access import ANONYMOUS


def site(request: HttpRequest) -> dict[str, Any]:
    return {"site_name": settings.SITE_NAME, "edition": settings.EDITION, **_signed_in(request)}


def _signed_in(request: HttpRequest) -> dict[str, Any]:
    """The unread notices, and where to change the organisation acted for, if there is a choice."""
    actor = getattr(request, "actor", ANONYMOUS)
    if not actor.is_authenticated:
        return {}
    return {
        "unread_count": actor.unread_count,
        "unread_url": reverse("notices:list"),
        "acting_url": reverse("portal:switch") if len(actor.organizations) > 1 else "",
    }
