"""Fixed people in fixed relations, and what every test needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.core.management.commands import flush

from actors.models import Organization, User
from ecosystems.models import Forum, ForumDuty
from foundation import guards
from foundation.access import Actor
from kpis.models import Scorecard
from kpis.rollup import drain
from tests.factories.actors import actor_of, make_holder, make_organization, make_post
from tests.factories.ecosystems import give_duty, join, make_forum
from tests.factories.kpis import make_scorecard


@pytest.fixture(autouse=True, scope="session")
def _flush_may_empty_guarded_tables() -> Iterator[None]:
    """Emptying the test database is the one thing that may delete append-only rows."""
    original = flush.Command.handle

    def handle(self, **options):
        with guards.suspended():
            return original(self, **options)

    flush.Command.handle = handle
    yield
    flush.Command.handle = original


@pytest.fixture(autouse=True)
def _each_test_asks_for_its_own_horizon() -> None:
    drain._seen_on.clear()


@dataclass
class People:
    """Who the tests speak of: forum A with its people, a stranger's forum B, and nobody."""

    forum: Forum
    scorecard: Scorecard
    city: Organization
    university: Organization
    company: Organization
    reporter: User
    reviewer: User
    university_reviewer: User
    secretary: User
    member: User
    stranger: User
    administrator: User

    def actor(self, name: str) -> Actor:
        return actor_of(getattr(self, name))


@pytest.fixture
def people(db) -> People:
    city = make_organization("あ市（架空）")
    university = make_organization("あ大学（架空）", kind=Organization.Kind.UNIVERSITY)
    company = make_organization("あ社（架空）", kind=Organization.Kind.COMPANY)
    elsewhere = make_organization("い市（架空）")
    forum = make_forum(core_body=university, name="あの場（架空）", visibility="members")
    for organization in (city, university, company):
        join(forum, organization)
    reporting = make_post(city, name="環境課 担当")
    reviewing = make_post(university, name="本部 確認担当")
    university_reviewing = make_post(university, name="URA 確認担当")
    office = make_post(city, name="企画課 事務局")
    desk = make_post(company, name="開発課")
    give_duty(forum, reviewing, ForumDuty.Duty.MUNICIPAL_REVIEWER)
    give_duty(forum, university_reviewing, ForumDuty.Duty.UNIVERSITY_REVIEWER)
    give_duty(forum, office, ForumDuty.Duty.SECRETARIAT)
    scorecard = make_scorecard(forum, post=reporting)
    scorecard.participants.add(city)
    other_forum = make_forum(core_body=elsewhere, name="いの場（架空）", visibility="members")
    join(other_forum, elsewhere)
    return People(
        forum=forum,
        scorecard=scorecard,
        city=city,
        university=university,
        company=company,
        reporter=make_holder(reporting, "報告 花子（架空）"),
        reviewer=make_holder(reviewing, "確認 次郎（架空）"),
        university_reviewer=make_holder(university_reviewing, "大学 三郎（架空）"),
        secretary=make_holder(office, "事務 四郎（架空）"),
        member=make_holder(desk, "会社 五郎（架空）"),
        stranger=make_holder(make_post(elsewhere), "他市 六郎（架空）"),
        administrator=User.objects.create_superuser("admin@example.jp", "a long enough phrase"),
    )
