"""Two sides that may see each other's public things alone: one object of every kind in the own and in the foreign forum."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from actors.models import Organization, Post, User
from ecosystems.models import AgendaItem, Case, Decision, Forum, Meeting, Membership, RoadmapItem
from foundation.files import store_upload
from foundation.models.jobs import Job
from foundation.models.notices import Notice
from kpis.models import (
    DraftEntry,
    Evidence,
    Indicator,
    InputRequest,
    Measurement,
    Scorecard,
    Submission,
    Target,
    WorkbookImport,
)
from kpis.periods import Period
from kpis.services import asking, ledger
from kpis.services.contributions import propose_contribution
from kpis.services.ledger import Entry, Signer
from projects.models import Participation, Project
from tests.conftest import People
from tests.factories.actors import actor_of, make_community, make_member
from tests.factories.compiled import make_compiled, make_compiled_round
from tests.factories.ecosystems import make_voice
from tests.factories.foundation import make_export
from tests.factories.kpis import contribute, make_indicator, make_rolled_up, make_scorecard
from tests.factories.partnering import make_interest, make_opportunity
from tests.factories.projects import correct, make_project
from tests.factories.reporting import SYSTEM, make_round, open_round, report_of, submitted, write
from visions.models import Step, Theme, Vision, VisionVersion

Objects = dict[str, Any]


@dataclass
class World:
    """`own`: in the forum of most people. `foreign`: in the forum of the stranger alone."""

    people: People
    own: Objects
    foreign: Objects


def make_world(people: People) -> World:
    stranger_post = Post.objects.get(assignments__person__user=people.stranger)
    reporting = Post.objects.get(assignments__person__user=people.reporter)
    other = Forum.objects.exclude(pk=people.forum.pk).get()
    other_card = make_scorecard(other, post=stranger_post)
    return World(
        people,
        fill(people.forum, people.scorecard, people.city, reporting, people.reporter, "あ"),
        fill(other, other_card, stranger_post.organization, stranger_post, people.stranger, "い"),
    )


def fill(
    forum: Forum, card: Scorecard, organization: Organization, post: Post, user: User, mark: str
) -> Objects:
    """One object of every kind, all of them open to the forum's members and to nobody else."""
    found: Objects = {"forum": forum, "organization": organization, "post": post, "scorecard": card}
    found |= _community(organization, post, mark)
    found["membership"] = Membership.objects.get(forum=forum, organization=organization)
    found |= _meetings(forum, post, mark)
    found |= _figures(card, organization, post, user)
    found |= _above(forum, card, organization, post, found["indicator"], mark)
    found |= _rounds(forum, organization, post)
    found |= _partnering(forum, organization, post, mark)
    found |= _voices(forum, post, mark)
    found |= _reports(forum, found["project"])
    found["job"] = Job.objects.create(
        kind="test", requested_by_id=user.pk, available_at=datetime(2025, 4, 1, tzinfo=UTC)
    )
    found |= _compiled(forum, mark)
    found["export"] = make_export(user, Job.State.SUCCEEDED)
    found["open_export"] = make_export(user, Job.State.QUEUED)
    found["notice"] = Notice.objects.create(
        user_id=user.pk, topic="test", title=f"{mark}のお知らせ", key=mark
    )
    return found


def _community(organization: Organization, post: Post, mark: str) -> Objects:
    community = make_community(f"{mark}のコミュニティ（架空）", post=post)
    return {"community": community, "community_member": make_member(community, organization)}


def _meetings(forum: Forum, post: Post, mark: str) -> Objects:
    meeting = Meeting.objects.create(
        forum=forum, name=f"{mark}の会議", starts_at=datetime(2025, 4, 1, tzinfo=UTC)
    )
    return {
        "meeting": meeting,
        "agenda_item": AgendaItem.objects.create(
            forum=forum, meeting=meeting, title=f"{mark}の議題", post=post
        ),
        "decision": Decision.objects.create(
            forum=forum,
            meeting=meeting,
            code=f"D-{mark}",
            text=f"{mark}の決定",
            decided_on=date(2025, 4, 1),
            post=post,
        ),
        "roadmap": RoadmapItem.objects.create(forum=forum, position=1, issue=f"{mark}の課題"),
        "case": Case.objects.create(
            forum=forum, title=f"{mark}の事例", features="特徴", visibility="members"
        ),
    }


def _voices(forum: Forum, post: Post, mark: str) -> Objects:
    """A question that waits, one that was released to whoever sees its forum, and the address of a receipt."""
    waiting = make_voice(
        forum, post=post, state="assigned", body=f"{mark}の質問", email=f"{post.pk}@example.jp"
    )
    released = make_voice(forum, post=post, body=f"{mark}の公開した質問", released=True)
    return {"voice": waiting, "released_voice": released, "receipt": Receipt(waiting.receipt_id)}


@dataclass(frozen=True)
class Receipt:
    """A receipt's address, named as other objects name theirs."""

    public_id: Any


def _figures(card: Scorecard, organization: Organization, post: Post, user: User) -> Objects:
    indicator = make_indicator(card, fields={"post": post})
    total = make_rolled_up(card, fields={"post": post})
    link = contribute(indicator, total)
    proposal = propose_contribution(
        actor=SYSTEM, parent=total, child=make_indicator(card, fields={"post": post})
    )
    Target.objects.create(
        indicator=indicator,
        period=Period.parse("FY2026"),
        value=10,
        recorded_at=datetime(2025, 4, 1, tzinfo=UTC),
    )
    submission, measurement = submit(card, indicator, organization, post, user, "FY2025-Q1", "5")
    draft = Submission.objects.create(scorecard=card, organization=organization, post=post, created_by=user)
    DraftEntry.objects.create(
        submission=draft, indicator=indicator, period=Period.parse("FY2025-Q2"), value="7", updated_by=user
    )
    return {
        "indicator": indicator,
        "total": total,
        "contribution": link,
        "proposal": proposal,
        "submission": submission,
        "measurement": measurement,
        "draft": draft,
        **_asked(card, organization, post, user),
        **_evidence(submission, draft, user),
    }


def _asked(card: Scorecard, organization: Organization, post: Post, user: User) -> Objects:
    asked = InputRequest.objects.create(
        scorecard=card,
        organization=organization,
        asked_by=user,
        post=post,
        section="環境課",
        email="kankyo@example.jp",
        due_on=date(2030, 3, 31),
    )
    return {
        "input_request": asked,
        "input_request_link": asked,
        "seal": SimpleNamespace(public_id=asking.seal_of(asked.public_id)),
    }


def _rounds(forum: Forum, organization: Organization, post: Post) -> Objects:
    """A round that takes reports, with one report that nobody has begun, and one in preparation."""
    asked = make_project(
        forum, name=f"{forum}の報告するプロジェクト", lead=organization, post=post, visibility="members"
    )
    opened = open_round(forum, name=f"{forum}の受付中の報告依頼")
    return {
        "round": opened,
        "round_report": report_of(asked, opened),
        "round_prepared": make_round(forum, name=f"{forum}の準備中の報告依頼"),
    }


def submit(
    card: Scorecard,
    indicator: Indicator,
    organization: Organization,
    post: Post,
    user: User,
    period: str,
    value: str,
) -> tuple[Submission, Measurement]:
    """A submitted figure that waits for review."""
    signer = Signer(user.pk, str(user.person), organization.pk, post.pk)  # type: ignore[attr-defined]
    with transaction.atomic():
        at = ledger.begin([indicator.pk])
        submission = Submission.objects.create(
            scorecard=card,
            organization=organization,
            post=post,
            created_by=user,
            submitted_by=user,
            state=Submission.State.SUBMITTED,
            submitted_at=at,
        )
        entry = Entry(indicator, Period.parse(period), "count", value=int(value))  # type: ignore[arg-type]
        return submission, ledger.record([entry], signer, submission, at)[0]


def _evidence(submission: Submission, draft: Submission, user: User) -> Objects:
    upload = SimpleUploadedFile("memo.txt", f"根拠 {user.pk}".encode(), content_type="text/plain")
    stored = store_upload(actor_of(user), upload)
    return {
        "file": stored,
        "evidence": Evidence.objects.create(submission=submission, title="根拠", file=stored),
        "workbook": WorkbookImport.objects.create(
            scorecard=submission.scorecard,
            organization=submission.organization,
            uploaded_by=user,
            file=stored,
            state=WorkbookImport.State.READY,
        ),
        "draft_evidence": Evidence.objects.create(submission=draft, title="根拠", url="https://example.jp/"),
    }


def _compiled(forum: Forum, mark: str) -> Objects:
    """A round with a compiled report that waits for publication and one that is published."""
    round_ = make_compiled_round(forum, f"{mark}の報告依頼")
    return {
        "compiled_round": round_,
        "compiled": make_compiled(round_, version=2),
        "published": make_compiled(round_, version=1, state="published"),
    }


def _above(
    forum: Forum,
    card: Scorecard,
    organization: Organization,
    post: Post,
    indicator: Indicator,
    mark: str,
) -> Objects:
    vision = Vision.objects.create(
        forum=forum, name=f"{mark}のビジョン", target_year=2030, scorecard=card, post=post
    )
    VisionVersion.objects.create(vision=vision, number="1", text="文", is_current=True)
    theme = Theme.objects.create(vision=vision, name=f"{mark}のテーマ", post=post)
    theme.indicators.add(indicator)
    Step.objects.create(theme=theme, by_fiscal_year=2026, text="節目")
    project = Project.objects.create(
        forum=forum,
        name=f"{mark}のプロジェクト",
        kind=Project.Kind.JOINT_RESEARCH,
        state=Project.State.RUNNING,
        lead=organization,
        starts_on=date(2025, 4, 1),
        scorecard=make_scorecard(forum, name=f"{mark}のプロジェクトのKPI", post=post),
        post=post,
    )
    Participation.objects.create(project=project, organization=organization)
    project.themes.add(theme)
    correction = correct(forum, project, kind="revised", effective_on=date(2025, 10, 1))
    return {"vision": vision, "theme": theme, "project": project, "correction": correction}


def _reports(forum: Forum, project: Project) -> Objects:
    """Three reports of the project, each of a round of its own: untouched, complete, submitted."""
    found = {}
    for name in ("fresh_report", "report", "submitted_report"):
        found[name] = report_of(project, open_round(forum))
    write(SYSTEM, found["report"])
    submitted(SYSTEM, found["submitted_report"])
    return found


def _partnering(forum: Forum, organization: Organization, post: Post, mark: str) -> Objects:
    opportunity = make_opportunity(
        forum, organization, title=f"{mark}の募集", visibility="members", post=post
    )
    return {"opportunity": opportunity, "interest": make_interest(opportunity, name=f"{mark}の申込者")}
