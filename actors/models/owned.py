"""What a post owns: one base for everything with a keeper, and one for what organisations sign."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db import models
from django.utils.translation import gettext_lazy as _

from foundation.models import PublicModel


class Owned(PublicModel):
    """Something a post answers for (主担当), with a deputy post (副担当).

    Handover, vacancies and the home page find every such model through `owned_models`; deriving from this base is
    the whole registration.
    """

    post = models.ForeignKey(
        "actors.Post",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("所管（主担当）"),
    )
    deputy_post = models.ForeignKey(
        "actors.Post",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("所管（副担当）"),
    )

    class Meta:
        abstract = True


def owned_models() -> list[type[Owned]]:
    """Every concrete model with a keeper, in order of label."""
    found: list[Any] = [model for model in apps.get_models() if issubclass(model, Owned)]
    return sorted(found, key=lambda model: model._meta.label)


class Signature(models.Model):
    """各機関の回答: how an organisation answers to a fixed version of something, by which post and when."""

    class Stance(models.TextChoices):
        AGREED = "agreed", _("同意")
        CONDITIONAL = "conditional", _("条件付き同意")
        PENDING = "pending", _("保留（庁内・社内で協議中）")
        DISAGREED = "disagreed", _("不同意")
        UNANSWERED = "unanswered", _("未回答")

    organization = models.ForeignKey(
        "actors.Organization", models.PROTECT, related_name="+", verbose_name=_("機関")
    )
    stance = models.CharField(_("回答"), max_length=16, choices=Stance, default=Stance.UNANSWERED)
    post_title = models.CharField(_("回答した職"), max_length=100, blank=True)
    answered_on = models.DateField(_("回答日"), null=True, blank=True)
    condition = models.TextField(_("条件・理由"), blank=True)

    class Meta:
        abstract = True
