"""Rows for the benchmarks of reporting: a forum of many projects, each with KPIs, figures and an approved report."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from actors.models import Assignment, Organization, Person, Post, User
from ecosystems.models import Forum, ForumDuty, Membership
from foundation.access import system_actor
from kpis.models import Indicator, IndicatorSheet, Scorecard, Target
from kpis.periods import Grain, Period
from kpis.services import ledger
from kpis.services.ledger import Entry, Signer
from projects.models import (
    AlignmentAnswer,
    ProgressReport,
    Project,
    ReportEvent,
    ReportingRound,
    ReportVersion,
)
from projects.reporting.questions import ALIGNMENT_KEYS
from projects.reporting.services import rounds
from visions.models import Theme, Vision

SYSTEM = system_actor("bench")
YEARS = [Period.year(year) for year in (2024, 2025, 2026)]
QUARTERS = [quarter for year in YEARS for quarter in year.split(Grain.QUARTER)][:10]
TEXT = "試作品の評価を終え、販路の検討に入った。計画どおり進んでいる。" * 6


def forum_with(projects: int, kpis: int) -> tuple[ReportingRound, User]:
    """A round in which every project has reported and is approved; and a secretary of the forum."""
    city = Organization.objects.create(name="計測市（架空）", kind="municipality", is_fictitious=True)
    forum = Forum.objects.create(name="計測の場（架空）", core_body=city, visibility="members")
    Membership.objects.create(forum=forum, organization=city, role="owner", joined_on=date(2020, 4, 1))
    post = Post.objects.create(organization=city, section="企画課", name="計測担当")
    ForumDuty.objects.create(forum=forum, post=post, duty="secretariat", from_on=date(2020, 4, 1))
    user = User.objects.create_user(f"reporting{projects}@example.jp", "a long enough phrase")
    person = Person.objects.create(name="計測 太郎（架空）", user=user)
    Assignment.objects.create(post=post, person=person, from_on=date(2020, 4, 1))
    theme = _vision(forum, post)
    made = _projects(forum, city, post, theme, projects, with_cards=bool(kpis))
    if kpis:
        _figures(_indicators(made, post, kpis))
    round_ = _round(forum, post)
    _reports(round_)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    return round_, user


def _vision(forum: Forum, post: Post) -> Theme:
    card = Scorecard.objects.create(forum=forum, name="計測のビジョン", post=post, visibility="members")
    vision = Vision.objects.create(
        forum=forum,
        name="計測のビジョン（架空）",
        target_year=2035,
        scorecard=card,
        post=post,
        visibility="members",
    )
    return Theme.objects.create(vision=vision, code="T1", name="計測のテーマ", post=post)


def _projects(
    forum: Forum, lead: Organization, post: Post, theme: Theme, count: int, *, with_cards: bool
) -> list[Project]:
    cards: list[Any] = [None] * count
    if with_cards:
        cards = Scorecard.objects.bulk_create(
            Scorecard(forum=forum, name=f"計測のKPI {number}", post=post, visibility="members")
            for number in range(count)
        )
    made = Project.objects.bulk_create(
        Project(
            forum=forum,
            code=f"P{number:05}",
            name=f"計測のプロジェクト {number}（架空）",
            kind=Project.Kind.JOINT_RESEARCH,
            state=Project.State.RUNNING,
            lead=lead,
            post=post,
            starts_on=date(2024, 4, 1),
            scorecard=card,
            visibility="members",
        )
        for number, card in enumerate(cards)
    )
    links = Project.themes.through
    links.objects.bulk_create(links(project=project, theme=theme) for project in made)
    return made


def _indicators(projects: list[Project], post: Post, count: int) -> list[Indicator]:
    at = timezone.now() - timedelta(days=900)
    rows = Indicator.objects.bulk_create(
        Indicator(scorecard=project.scorecard, code=f"K-{n:02}", name=f"指標 {n}", position=n, post=post)
        for project in projects
        for n in range(count)
    )
    IndicatorSheet.objects.bulk_create(
        IndicatorSheet(
            indicator=row,
            version=1,
            definition="計測のための指標です。",
            unit="count",
            grain=Grain.QUARTER,
            time_rule="sum",
            attainment_rule="ratio_to_target",
            first_period=QUARTERS[0],
            baseline_period=Period.year(2023),
            baseline_value=Decimal(100),
            recorded_at=at,
        )
        for row in rows
    )
    Target.objects.bulk_create(
        Target(indicator=row, period=year, value=Decimal(120 + 40 * step), recorded_at=at)
        for row in rows
        for step, year in enumerate(YEARS)
    )
    return rows


def _figures(indicators: list[Indicator]) -> None:
    """Ten quarters each, all approved but the last."""
    at = timezone.now() - timedelta(days=30)
    for start in range(0, len(indicators), 500):
        some = indicators[start : start + 500]
        entries = [
            Entry(indicator, period, "count", value=Decimal(20 + (place * 7 + step * 3) % 40))
            for step, period in enumerate(QUARTERS)
            for place, indicator in enumerate(some)
        ]
        with transaction.atomic():
            moment = ledger.begin([indicator.pk for indicator in some], at)
            rows = ledger.record(entries, Signer(name="計測"), None, moment)
            ledger.write_events(rows[: -len(some)], "approved", Signer(name="確認"), moment)


def _round(forum: Forum, post: Post) -> ReportingRound:
    today = timezone.localdate()
    made = rounds.create_round(
        actor=SYSTEM,
        forum=forum,
        name="令和8年度 第2四半期 進捗報告（計測）",
        kind=ReportingRound.Kind.QUARTER,
        period=QUARTERS[-1],
        requested_on=today,
        due_on=today + timedelta(days=7),
        closes_on=today + timedelta(days=14),
        post=post,
    )
    rounds.open_round(actor=SYSTEM, round_=made)
    made.refresh_from_db()
    return made


def _reports(round_: ReportingRound) -> None:
    reports = list(ProgressReport.objects.filter(round=round_))
    at = timezone.now()
    content = {
        "answers": dict.fromkeys(("progress", "highlights", "risks", "next_steps", "requests"), TEXT),
        "alignment": {key: {"score": 3, "note": ""} for key in ALIGNMENT_KEYS},
        "figures": [],
        "evidence": [],
    }
    ReportVersion.objects.bulk_create(
        (ReportVersion(report=each, number=1, submitted_at=at, content=content) for each in reports),
        batch_size=500,
    )
    _events(reports, at)
    AlignmentAnswer.objects.bulk_create(
        (
            AlignmentAnswer(report=each, side=side, question=key, score=score, at=at)
            for each in reports
            for key in ALIGNMENT_KEYS
            for side, score in (("project", 4), ("municipality", 3), ("university", 2))
        ),
        batch_size=500,
    )
    ProgressReport.objects.filter(round=round_).update(
        state=ProgressReport.State.APPROVED, first_submitted_at=at, submitted_at=at, approved_at=at
    )


def _events(reports: list[ProgressReport], at: datetime) -> None:
    steps = (("submitted", "", "submitted"), ("accepted", "municipality", "reviewing"),
             ("accepted", "university", "reviewing"), ("approved", "", "approved"))  # fmt: skip
    ReportEvent.objects.bulk_create(
        (
            ReportEvent(report=each, kind=kind, side=side, to_state=state, at=at)
            for each in reports
            for kind, side, state in steps
        ),
        batch_size=500,
    )
