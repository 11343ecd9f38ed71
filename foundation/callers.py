"""Where a request comes from, and a mark of it that gives nobody's address away.

Behind proxies of our own (`TRUSTED_PROXY_COUNT`) the caller is who the outermost of them saw; what a stranger
writes into X-Forwarded-For further left is not believed.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from datetime import date

from django.conf import settings
from django.http import HttpRequest

_PREFIX = 64  # one household's IPv6 addresses


def address_of(request: HttpRequest) -> str:
    """The caller's address; an IPv6 one without its last half. "" where there is none."""
    address = str(request.META.get("REMOTE_ADDR", ""))
    count = settings.TRUSTED_PROXY_COUNT
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    if count and hops:
        address = hops[-min(count, len(hops))]
    return _shortened(address)


def _shortened(address: str) -> str:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if found.version == 4:
        return str(found)
    return str(ipaddress.ip_network((found, _PREFIX), strict=False).network_address)


def mark_of(request: HttpRequest, day: date) -> str:
    """The same for all requests of one address on one day, and of no use to find the address. "" for none."""
    address = address_of(request)
    if not address:
        return ""
    words = f"{day.isoformat()} {address}".encode()
    return hmac.new(settings.SECRET_KEY.encode(), words, hashlib.sha256).hexdigest()
