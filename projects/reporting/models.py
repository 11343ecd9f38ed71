"""Reporting: rounds, reports with their versions, two reviews each, and what is compiled from them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from actors.models import Organization, Owned, Post
from ecosystems.models import Forum
from foundation.dates import TOKYO
from foundation.guards import append_only
from foundation.models import Attachment, PublicModel, StateEvent
from kpis.fields import PeriodField
from projects.reporting.questions import ALIGNMENT, SCORES
from projects.research.models import Project
from visions.models import Vision, VisionVersion


class Side(models.TextChoices):
    """Whose answer: the project's own, or that of those who read it."""

    PROJECT = "project", _("プロジェクト")
    MUNICIPALITY = "municipality", _("自治体")
    UNIVERSITY = "university", _("大学")
    COMPANY = "company", _("参加機関")


class ReportTemplate(PublicModel):
    """報告様式: the questions of the narrative, in versions; a round keeps the version it was opened with.

    `questions` is a list of {key, label, help, is_required, limit}.
    """

    forum = models.ForeignKey(
        Forum, models.PROTECT, related_name="report_templates", verbose_name=_("地域共創の場")
    )
    version = models.PositiveSmallIntegerField(_("版"), default=1)
    questions = models.JSONField(_("問い"))
    superseded_at = models.DateTimeField(_("置き換えた日時"), null=True, blank=True)

    class Meta:
        verbose_name = _("報告様式")
        verbose_name_plural = _("報告様式")
        ordering = ["forum_id", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["forum", "version"], name="report_template_version_once"),
            models.UniqueConstraint(
                fields=["forum"], condition=Q(superseded_at__isnull=True), name="report_template_current"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.forum} 報告様式 第{self.version}版"


class ReportingRound(Owned):
    """報告依頼: the secretariat asks all projects of a forum for a report on a period.

    Until the end of `due_on` (Tokyo) a report is on time, until the end of `closes_on` it can be submitted at all.
    """

    class Kind(models.TextChoices):
        YEAR = "year", _("年度")
        HALF = "half", _("半期")
        QUARTER = "quarter", _("四半期")
        MILESTONE = "milestone", _("節目")
        EXTRA = "extra", _("臨時")

    class State(models.TextChoices):
        PREPARING = "preparing", _("準備中")
        OPEN = "open", _("受付中")
        CLOSED = "closed", _("終了")

    forum = models.ForeignKey(Forum, models.PROTECT, related_name="rounds", verbose_name=_("地域共創の場"))
    code = models.CharField(_("番号"), max_length=32, blank=True)
    name = models.CharField(_("名称"), max_length=200)
    kind = models.CharField(_("種類"), max_length=16, choices=Kind)
    period = PeriodField(_("対象期間"))
    requested_on = models.DateField(_("依頼日"))
    due_on = models.DateField(_("提出期限"))
    closes_on = models.DateField(_("受付終了日"))
    state = models.CharField(_("状態"), max_length=16, choices=State, default=State.PREPARING)
    request_text = models.TextField(_("依頼文"), blank=True)
    template = models.ForeignKey(
        ReportTemplate, models.PROTECT, null=True, related_name="rounds", verbose_name=_("報告様式")
    )
    opened_at = models.DateTimeField(_("受付を始めた日時"), null=True, blank=True)
    closed_at = models.DateTimeField(_("受付を終えた日時"), null=True, blank=True)

    class Meta:
        verbose_name = _("報告依頼")
        verbose_name_plural = _("報告依頼")
        ordering = ["-requested_on", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["forum", "name"],
                name="round_name_once",
                violation_error_message=_("この名称の報告依頼は、すでにあります。"),
            ),
            models.CheckConstraint(
                condition=Q(due_on__gte=F("requested_on")),
                name="round_due_after_request",
                violation_error_message=_("提出期限は依頼日以後の日にしてください。"),
            ),
            models.CheckConstraint(
                condition=Q(closes_on__gte=F("due_on")),
                name="round_closes_after_due",
                violation_error_message=_("受付終了日は提出期限以後の日にしてください。"),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def report_word(self) -> str:
        """年度末は実績報告, otherwise 進捗報告."""
        return str(_("実績報告") if self.kind == self.Kind.YEAR else _("進捗報告"))

    def is_past_due(self, at: datetime) -> bool:
        return at >= end_of(self.due_on)

    def state_words(self, at: datetime) -> str:
        """準備中／受付中／受付中（期限後）／終了."""
        if self.state == self.State.OPEN and self.is_past_closing(at):
            return str(self.State.CLOSED.label)
        if self.state == self.State.OPEN and self.is_past_due(at):
            return str(_("受付中（期限後）"))
        return str(self.get_state_display())

    def is_past_closing(self, at: datetime) -> bool:
        return at >= end_of(self.closes_on)


def end_of(day: date) -> datetime:
    """The first moment of the following day in Tokyo."""
    return datetime.combine(day + timedelta(days=1), time.min, tzinfo=TOKYO)


class ProgressReport(Owned):
    """進捗報告・実績報告: one project's report in one round. What is typed stands in answers, what was submitted in versions."""

    class State(models.TextChoices):
        NOT_STARTED = "not_started", _("未着手")
        DRAFTING = "drafting", _("作成中")
        IN_HOUSE = "in_house", _("所属内確認中")
        SUBMITTED = "submitted", _("提出済み")
        REVIEWING = "reviewing", _("確認中")
        RETURNED = "returned", _("差戻し")
        APPROVED = "approved", _("承認済み")
        EXEMPT = "exempt", _("報告対象外")

    OPEN_STATES = (State.NOT_STARTED, State.DRAFTING, State.IN_HOUSE, State.RETURNED)
    UNDER_REVIEW = (State.SUBMITTED, State.REVIEWING)

    round = models.ForeignKey(
        ReportingRound, models.PROTECT, related_name="reports", verbose_name=_("報告依頼")
    )
    project = models.ForeignKey(
        Project, models.PROTECT, related_name="reports", verbose_name=_("プロジェクト")
    )
    state = models.CharField(_("状態"), max_length=16, choices=State, default=State.NOT_STARTED)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("作成者")
    )
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("提出者")
    )
    first_submitted_at = models.DateTimeField(_("最初の提出日時"), null=True, blank=True)
    submitted_at = models.DateTimeField(_("提出日時"), null=True, blank=True)
    is_late = models.BooleanField(_("期限後提出"), default=False)
    late_reason = models.CharField(_("期限後になった理由"), max_length=300, blank=True)
    resubmit_due_on = models.DateField(_("再提出期限"), null=True, blank=True)
    approved_at = models.DateTimeField(_("承認日時"), null=True, blank=True)
    approved_in_house_on = models.DateField(_("決裁日"), null=True, blank=True)
    document_number = models.CharField(_("文書番号"), max_length=100, blank=True)
    exempt_reason = models.CharField(_("報告対象外の理由"), max_length=300, blank=True)
    exempted_by_name = models.CharField(_("報告対象外を認めた人"), max_length=200, blank=True)
    exempted_on = models.DateField(_("報告対象外を認めた日"), null=True, blank=True)

    class Meta:
        verbose_name = _("進捗報告")
        verbose_name_plural = _("進捗報告")
        ordering = ["round_id", "project__code", "project_id"]
        constraints = [
            models.UniqueConstraint(fields=["round", "project"], name="report_once"),
            models.CheckConstraint(
                condition=~Q(state="exempt") | ~Q(exempt_reason=""),
                name="report_exempt_reason",
                violation_error_message=_("報告対象外とする理由を入れてください。"),
            ),
        ]
        indexes = [models.Index(fields=["round", "state"], name="report_board")]

    def __str__(self) -> str:
        return f"{self.round}：{self.project}"

    @property
    def bundle_key(self) -> str:
        """The key under which the KPI core keeps this report's figures together."""
        return f"projects.report:{self.public_id}"

    @property
    def is_open(self) -> bool:
        """Whether it can still be written."""
        return self.state in self.OPEN_STATES


class ReportAnswer(models.Model):
    """What is typed under one question, kept as it is; `alignment.<question>` holds a score, `….note` its words."""

    report = models.ForeignKey(
        ProgressReport, models.CASCADE, related_name="answers", verbose_name=_("進捗報告")
    )
    key = models.CharField(_("問い"), max_length=64)
    text = models.TextField(_("答え"), blank=True)
    is_prefilled = models.BooleanField(_("前回の内容のまま"), default=False)
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("入力者")
    )
    updated_at = models.DateTimeField(_("入力日時"), auto_now=True)

    class Meta:
        verbose_name = _("報告の下書き")
        verbose_name_plural = _("報告の下書き")
        ordering = ["report_id", "id"]
        constraints = [models.UniqueConstraint(fields=["report", "key"], name="report_answer_once")]

    def __str__(self) -> str:
        return f"{self.report} {self.key}"


class ReportEvidence(Attachment):
    """報告の資料: a file or a link behind a report."""

    report = models.ForeignKey(
        ProgressReport, models.PROTECT, related_name="evidence", verbose_name=_("進捗報告")
    )
    was_submitted = models.BooleanField(_("提出した版に付いている"), default=False)

    class Meta:
        verbose_name = _("報告の資料")
        verbose_name_plural = _("報告の資料")
        ordering = ["report_id", "id"]


@append_only
class ReportVersion(models.Model):
    """One submitted version, whole and unchangeable; `content` is what `projects.reporting.content` gathers."""

    report = models.ForeignKey(
        ProgressReport, models.PROTECT, related_name="versions", verbose_name=_("進捗報告")
    )
    number = models.PositiveSmallIntegerField(_("版"))
    submitted_at = models.DateTimeField(_("提出日時"))
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("提出者")
    )
    submitted_by_name = models.CharField(_("提出者の氏名"), max_length=200, blank=True)
    organization = models.ForeignKey(
        Organization, models.PROTECT, null=True, related_name="+", verbose_name=_("機関")
    )
    post = models.ForeignKey(Post, models.PROTECT, null=True, related_name="+", verbose_name=_("担当ポスト"))
    is_late = models.BooleanField(_("期限後提出"), default=False)
    plan_version = models.ForeignKey(
        VisionVersion, models.PROTECT, null=True, related_name="+", verbose_name=_("計画の版")
    )
    note = models.TextField(_("連絡事項"), blank=True)
    content = models.JSONField(_("内容"))

    class Meta:
        verbose_name = _("報告の版")
        verbose_name_plural = _("報告の版")
        ordering = ["report_id", "number"]
        constraints = [models.UniqueConstraint(fields=["report", "number"], name="report_version_once")]

    def __str__(self) -> str:
        return f"{self.report} 第{self.number}版"


class ReportReview(PublicModel):
    """自治体・大学の確認: one side's review of one report, by the post that the round names for it."""

    class State(models.TextChoices):
        WAITING = "waiting", _("未着手")
        REVIEWING = "reviewing", _("確認中")
        ACCEPTED = "accepted", _("確認済み")
        CONDITIONAL = "conditional", _("条件付きで確認")
        RETURNED = "returned", _("差戻し")

    DONE = (State.ACCEPTED, State.CONDITIONAL)
    SIDES = (Side.MUNICIPALITY, Side.UNIVERSITY)

    report = models.ForeignKey(
        ProgressReport, models.PROTECT, related_name="reviews", verbose_name=_("進捗報告")
    )
    side = models.CharField(_("立場"), max_length=16, choices=Side)
    reviewer_post = models.ForeignKey(
        Post, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("確認する担当ポスト")
    )
    missing_reason = models.CharField(_("確認者を置かない理由"), max_length=300, blank=True)
    state = models.CharField(_("状態"), max_length=16, choices=State, default=State.WAITING)
    version = models.ForeignKey(
        ReportVersion, models.PROTECT, null=True, related_name="reviews", verbose_name=_("確認した版")
    )
    decided_at = models.DateTimeField(_("確認日時"), null=True, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("確認した人")
    )
    user_name = models.CharField(_("確認した人の氏名"), max_length=200, blank=True)
    is_proxy = models.BooleanField(_("代決"), default=False)
    proxy_note = models.CharField(_("代決の理由"), max_length=200, blank=True)
    is_same_organization = models.BooleanField(_("報告と同じ機関"), default=False)
    note = models.TextField(_("連絡事項"), blank=True)
    condition = models.TextField(_("条件"), blank=True)
    condition_due_on = models.DateField(_("条件の期限"), null=True, blank=True)
    condition_met_on = models.DateField(_("条件を満たした日"), null=True, blank=True)
    condition_met_note = models.CharField(_("条件を満たしたことの説明"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("報告の確認")
        verbose_name_plural = _("報告の確認")
        ordering = ["report_id", "side"]
        constraints = [
            models.UniqueConstraint(fields=["report", "side"], name="report_review_once"),
            models.CheckConstraint(
                condition=Q(reviewer_post__isnull=False) | ~Q(missing_reason=""),
                name="report_review_by_whom",
                violation_error_message=_("確認する担当ポストか、置かない理由を入れてください。"),
            ),
            models.CheckConstraint(
                condition=~Q(state="conditional") | ~Q(condition=""),
                name="report_review_condition",
                violation_error_message=_("条件を書いてください。"),
            ),
        ]
        indexes = [models.Index(fields=["reviewer_post", "state"], name="report_review_queue")]

    def __str__(self) -> str:
        return f"{self.report} {self.get_side_display()}"

    @property
    def is_needed(self) -> bool:
        return self.reviewer_post_id is not None

    @property
    def is_done(self) -> bool:
        return self.state in self.DONE

    @property
    def has_open_condition(self) -> bool:
        return self.state == self.State.CONDITIONAL and self.condition_met_on is None


class ReviewNote(PublicModel):
    """A note on one place of a version: `answer.<key>`, `figure.<measurement>`, `alignment.<key>`, `evidence`, `report`."""

    report = models.ForeignKey(
        ProgressReport, models.PROTECT, related_name="notes", verbose_name=_("進捗報告")
    )
    version = models.ForeignKey(
        ReportVersion, models.PROTECT, related_name="notes", verbose_name=_("報告の版")
    )
    side = models.CharField(_("立場"), max_length=16, choices=Side)
    key = models.CharField(_("箇所"), max_length=100)
    text = models.TextField(_("指摘"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("書いた人")
    )
    user_name = models.CharField(_("書いた人の氏名"), max_length=200, blank=True)
    organization = models.ForeignKey(
        Organization, models.PROTECT, null=True, related_name="+", verbose_name=_("機関")
    )
    at = models.DateTimeField(_("日時"))

    class Meta:
        verbose_name = _("報告への指摘")
        verbose_name_plural = _("報告への指摘")
        ordering = ["report_id", "id"]

    def __str__(self) -> str:
        return self.text[:40]


@append_only
class AlignmentAnswer(models.Model):
    """One side's answer to one of the four questions. A later row of the same side and question replaces it."""

    report = models.ForeignKey(
        ProgressReport, models.PROTECT, related_name="alignment", verbose_name=_("進捗報告")
    )
    side = models.CharField(_("立場"), max_length=16, choices=Side)
    organization = models.ForeignKey(
        Organization, models.PROTECT, null=True, related_name="+", verbose_name=_("機関")
    )
    question = models.CharField(_("問い"), max_length=16, choices=ALIGNMENT)
    score = models.PositiveSmallIntegerField(_("答え"), choices=SCORES)
    note = models.TextField(_("理由"), blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("答えた人")
    )
    user_name = models.CharField(_("答えた人の氏名"), max_length=200, blank=True)
    at = models.DateTimeField(_("日時"))

    class Meta:
        verbose_name = _("四つの問いへの答え")
        verbose_name_plural = _("四つの問いへの答え")
        ordering = ["report_id", "id"]
        constraints = [models.CheckConstraint(condition=Q(score__range=(1, 4)), name="alignment_score")]

    def __str__(self) -> str:
        return f"{self.get_question_display()} {self.score}"


@append_only
class ReportEvent(StateEvent):
    """What happened to a report: who moved it, for whom, when and why."""

    class Kind(models.TextChoices):
        REQUESTED = "requested", _("依頼")
        STARTED = "started", _("作成開始")
        IN_HOUSE = "in_house", _("所属内確認")
        SUBMITTED = "submitted", _("提出")
        TAKEN_BACK = "taken_back", _("取戻し")
        REVIEW_STARTED = "review_started", _("確認開始")
        ACCEPTED = "accepted", _("確認")
        CONDITIONAL = "conditional", _("条件付きで確認")
        RETURNED = "returned", _("差戻し")
        APPROVED = "approved", _("承認")
        CONDITION_MET = "condition_met", _("条件の充足")
        EXEMPTED = "exempted", _("報告対象外")
        REASSIGNED = "reassigned", _("確認者の変更")
        REOPENED = "reopened", _("再開")

    report = models.ForeignKey(
        ProgressReport, models.PROTECT, related_name="events", verbose_name=_("進捗報告")
    )
    kind = models.CharField(_("出来事"), max_length=16, choices=Kind)
    side = models.CharField(_("立場"), max_length=16, choices=Side, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("行った人")
    )
    user_name = models.CharField(_("行った人の氏名"), max_length=200, blank=True)
    organization = models.ForeignKey(
        Organization, models.PROTECT, null=True, related_name="+", verbose_name=_("機関")
    )
    post = models.ForeignKey(Post, models.PROTECT, null=True, related_name="+", verbose_name=_("担当ポスト"))
    is_proxy = models.BooleanField(_("代決"), default=False)

    class Meta:
        verbose_name = _("進捗報告の記録")
        verbose_name_plural = _("進捗報告の記録")
        ordering = ["id"]
        indexes = [models.Index(fields=["report", "at"], name="report_event_at")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.at:%Y-%m-%d %H:%M}"


class Reminder(PublicModel):
    """督促: somebody was reminded of a report, on a step of the ladder, by mail or by telephone.

    One that the portal sent by itself bears its `occasion`, and comes once.
    """

    class Step(models.IntegerChoices):
        MAIN = 1, _("主担当")
        DEPUTY = 2, _("副担当")
        CORE_BODY = 3, _("場の代表機関")
        CHAIR = 4, _("座長")
        PHONE = 5, _("電話")

    class Occasion(models.TextChoices):
        WEEK_BEFORE = "week_before", _("提出期限の7日前")
        DAY_BEFORE = "day_before", _("提出期限の前日")
        DAY_AFTER = "day_after", _("提出期限の翌日")

    report = models.ForeignKey(
        ProgressReport, models.PROTECT, related_name="reminders", verbose_name=_("進捗報告")
    )
    step = models.PositiveSmallIntegerField(_("段階"), choices=Step)
    sent_at = models.DateTimeField(_("日時"))
    post = models.ForeignKey(
        Post, models.PROTECT, null=True, related_name="+", verbose_name=_("相手の担当ポスト")
    )
    recipient = models.CharField(_("相手"), max_length=300, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("行った人")
    )
    user_name = models.CharField(_("行った人の氏名"), max_length=200, blank=True)
    note = models.CharField(_("メモ"), max_length=300, blank=True)
    occasion = models.CharField(_("自動の督促の時期"), max_length=16, choices=Occasion, blank=True)
    mailed_at = models.DateTimeField(_("部署メールに送った日時"), null=True, blank=True)

    class Meta:
        verbose_name = _("督促")
        verbose_name_plural = _("督促")
        ordering = ["report_id", "sent_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["report", "occasion"], condition=~Q(occasion=""), name="reminder_occasion_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_step_display()} {self.sent_at:%Y-%m-%d}"


class CompiledReport(PublicModel):
    """とりまとめ報告: a round's reports and figures for the whole forum or for one vision, as of a moment.

    A new compilation is a new version; `content` is made by one pass and is the same for the same `as_of`.
    """

    class State(models.TextChoices):
        CHECKING = "checking", _("確認用")
        PUBLISHED = "published", _("公開")

    round = models.ForeignKey(
        ReportingRound, models.PROTECT, related_name="compiled", verbose_name=_("報告依頼")
    )
    vision = models.ForeignKey(
        Vision, models.PROTECT, null=True, blank=True, related_name="compiled", verbose_name=_("地域ビジョン")
    )
    version = models.PositiveSmallIntegerField(_("版"))
    as_of = models.DateTimeField(_("基準時点"))
    record_number = models.PositiveBigIntegerField(_("記録番号"))
    content = models.JSONField(_("内容"))
    digest = models.CharField(_("内容のハッシュ値"), max_length=64)
    state = models.CharField(_("状態"), max_length=16, choices=State, default=State.CHECKING)
    made_by_name = models.CharField(_("作成した人"), max_length=200, blank=True)
    published_at = models.DateTimeField(_("公開日時"), null=True, blank=True)
    published_by_name = models.CharField(_("公開した人"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("とりまとめ報告")
        verbose_name_plural = _("とりまとめ報告")
        ordering = ["round_id", "vision_id", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["round", "version"],
                condition=Q(vision__isnull=True),
                name="compiled_forum_version_once",
            ),
            models.UniqueConstraint(
                fields=["round", "vision", "version"],
                condition=Q(vision__isnull=False),
                name="compiled_vision_version_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.round} {self.vision or self.round.forum} 第{self.version}版"
