"""The comparison as a kind of export: made in the background, kept while its requester keeps their rights."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import urlencode

from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ecosystems.access import duty_forums
from ecosystems.models import ForumDuty
from ecosystems.selectors import is_insider
from foundation import exports, lanes
from foundation.access import Actor
from foundation.exports import Described, Order
from kpis.services.ledger import settle
from portal.comparing import sheets
from portal.comparing.forms import Asked, asked_for
from portal.comparing.selectors import compare

COMPARISON = "comparing.forums"
FORMATS = ("xlsx", "csv")


def describe(actor: Actor, parameters: dict[str, Any]) -> Described:
    """Whoever sees both forums may have what they see of them. Raises Http404 where one is not to be seen."""
    asked = asked_for(actor, parameters)
    if asked is None:
        raise Http404
    query = urlencode(asked.parameters)
    return Described(_title(asked), _rights(actor, asked), f"{reverse('comparing:forums')}?{query}")


def _title(asked: Asked) -> str:
    one, other = asked.forums
    return _("%(one)sと%(other)sの比較") % {"one": one.name, "other": other.name}


def _rights(actor: Actor, asked: Asked) -> str:
    """What decides how much of the forums is seen: the organisation, and for each forum membership and duties."""
    duties = duty_forums(actor, *ForumDuty.Duty.values)
    parts = [f"{is_insider(actor, forum):d}{forum.pk in duties:d}" for forum in asked.forums]
    return f"{actor.is_administrator:d}:{actor.organization_id}:{':'.join(parts)}"


def produce(order: Order) -> int:
    """The rows of the file. Figures that were reported before and not yet rolled up are rolled up first."""
    asked = asked_for(order.actor, order.parameters)
    if asked is None:
        raise Http404
    lanes.drain("rollup")
    moment = settle(order.fix_as_of(lambda: settle().at))
    order.step(0, 1)
    compared = compare(asked.forums, order.actor, timezone.localdate(), asked.year, made_at=timezone.now())
    return sheets.write(compared, moment, order.format, str(order.actor.organization_name), order.target)


exports.register_export(
    COMPARISON, cast(str, gettext_lazy("場の比較")), FORMATS, describe=describe, produce=produce
)
