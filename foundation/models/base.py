"""Bases that every table of the portal shares."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from foundation.access import AccessQuerySet


class PublicModel(models.Model):
    """A row people can link to: an unguessable public id, a revision against lost edits, and its times."""

    public_id = models.UUIDField(_("公開ID"), default=uuid.uuid4, unique=True, editable=False)
    revision = models.PositiveIntegerField(_("更新回数"), default=0, editable=False)
    created_at = models.DateTimeField(_("登録日時"), auto_now_add=True)
    updated_at = models.DateTimeField(_("更新日時"), auto_now=True)

    objects = AccessQuerySet.as_manager()

    class Meta:
        abstract = True


class StateEvent(models.Model):
    """One step of an object's life: who moved it from which state to which, for whom, when and why. Append-only."""

    at = models.DateTimeField(_("日時"))
    from_state = models.CharField(_("前の状態"), max_length=32, blank=True)
    to_state = models.CharField(_("後の状態"), max_length=32)
    note = models.TextField(_("理由・メモ"), blank=True)

    class Meta:
        abstract = True
