"""Who asks, and relations that know it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from foundation.access import ANONYMOUS, Actor


def actor_of(request: Any) -> Actor:
    """Who asks. Set by middleware (session) or by whoever authenticated a token."""
    return getattr(request, "actor", None) or ANONYMOUS


@extend_schema_field(OpenApiTypes.UUID)
class PublicIdField(serializers.RelatedField):
    """A relation by public id. What may be named is what the actor may `verb` (default: see) of `queryset`.

    A row of somebody else and a row that does not exist are refused with the same words.
    """

    default_error_messages = {"does_not_exist": _("指定されたものが見つかりません。")}

    def __init__(self, *, verb: str = "view", **kwargs: Any) -> None:
        self.verb = verb
        super().__init__(**kwargs)

    def get_queryset(self) -> QuerySet[Any, Any]:
        rows: Any = super().get_queryset()
        return rows.allowed(actor_of(self.context.get("request")), self.verb)  # type: ignore[no-any-return]

    def use_pk_only_optimization(self) -> bool:
        return False

    def to_internal_value(self, data: Any) -> Any:
        try:
            return self.get_queryset().get(public_id=UUID(str(data)))
        except (ValueError, ObjectDoesNotExist):
            self.fail("does_not_exist")

    def to_representation(self, value: Any) -> str:
        return str(value.public_id)
