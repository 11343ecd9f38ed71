"""Meetings, what stands on their agenda and why, and decisions as records of their own."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from actors.models import Owned, Signature
from ecosystems.models.forum import Forum
from foundation.models import PublicModel


class Meeting(PublicModel):
    """One meeting of a forum."""

    class State(models.TextChoices):
        PREPARING = "preparing", _("準備中")
        ANNOUNCED = "announced", _("案内済み")
        HELD = "held", _("開催済み")
        CHECKING = "checking", _("議事録確認中")
        CLOSED = "closed", _("確定")

    class Method(models.TextChoices):
        ON_SITE = "on_site", _("対面")
        ONLINE = "online", _("オンライン")
        HYBRID = "hybrid", _("併用")
        WRITTEN = "written", _("書面")

    forum = models.ForeignKey(Forum, models.PROTECT, related_name="meetings", verbose_name=_("地域共創の場"))
    code = models.CharField(_("番号"), max_length=32, blank=True)
    name = models.CharField(_("名称"), max_length=200)
    starts_at = models.DateTimeField(_("開始日時"))
    ends_at = models.DateTimeField(_("終了日時"), null=True, blank=True)
    method = models.CharField(_("開催方法"), max_length=16, choices=Method, default=Method.ON_SITE)
    place = models.CharField(_("場所"), max_length=200, blank=True)
    attendance = models.CharField(_("出席"), max_length=200, blank=True)
    state = models.CharField(_("状態"), max_length=16, choices=State, default=State.PREPARING)

    class Meta:
        verbose_name = _("会議")
        verbose_name_plural = _("会議")
        ordering = ["-starts_at", "-id"]

    def __str__(self) -> str:
        return self.name


class AgendaItem(Owned):
    """One item for a meeting, with its source: what in the portal put it there."""

    class Kind(models.TextChoices):
        DELIBERATION = "deliberation", _("審議")
        REPORT = "report", _("報告")

    forum = models.ForeignKey(
        Forum, models.PROTECT, related_name="agenda_items", verbose_name=_("地域共創の場")
    )
    meeting = models.ForeignKey(
        Meeting, models.PROTECT, null=True, blank=True, related_name="agenda_items", verbose_name=_("会議")
    )
    position = models.PositiveSmallIntegerField(_("順番"), default=0)
    kind = models.CharField(_("区分"), max_length=16, choices=Kind, default=Kind.DELIBERATION)
    title = models.CharField(_("議題"), max_length=300)
    proposer = models.CharField(_("提出者"), max_length=200, blank=True)
    source_key = models.CharField(_("由来の鍵"), max_length=200, blank=True)
    source_label = models.CharField(_("由来"), max_length=300, blank=True)
    source_url = models.CharField(_("由来のページ"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("議題")
        verbose_name_plural = _("議題")
        ordering = ["forum_id", "meeting_id", "position", "id"]

    def __str__(self) -> str:
        return self.title


class Decision(Owned):
    """決定事項: what was decided, who carries it out by when, and which policy paper it went into."""

    class State(models.TextChoices):
        OPEN = "open", _("実施中")
        DONE = "done", _("実施済み")
        OVERDUE = "overdue", _("期限超過")
        WITHDRAWN = "withdrawn", _("取りやめ")

    forum = models.ForeignKey(Forum, models.PROTECT, related_name="decisions", verbose_name=_("地域共創の場"))
    meeting = models.ForeignKey(
        Meeting, models.PROTECT, null=True, blank=True, related_name="decisions", verbose_name=_("会議")
    )
    code = models.CharField(_("番号"), max_length=32)
    text = models.TextField(_("決定事項"))
    decided_on = models.DateField(_("決定日"))
    responsible = models.CharField(_("担当"), max_length=200, blank=True)
    due_on = models.DateField(_("期限"), null=True, blank=True)
    policy_reflection = models.TextField(_("政策への反映"), blank=True)
    state = models.CharField(_("状態"), max_length=16, choices=State, default=State.OPEN)
    state_note = models.CharField(_("状態の補足"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("決定事項")
        verbose_name_plural = _("決定事項")
        ordering = ["-decided_on", "code", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["forum", "code"],
                name="decision_code_once",
                violation_error_message=_("この番号の決定事項は、すでにあります。"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.text[:40]}"


class DecisionStance(Signature):
    """How one organisation answers to a decision."""

    decision = models.ForeignKey(Decision, models.PROTECT, related_name="stances", verbose_name=_("決定事項"))

    class Meta:
        verbose_name = _("決定への回答")
        verbose_name_plural = _("決定への回答")
        constraints = [
            models.UniqueConstraint(fields=["decision", "organization"], name="decision_stance_once")
        ]

    def __str__(self) -> str:
        return f"{self.organization} {self.get_stance_display()}"
