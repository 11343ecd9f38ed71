"""The board of a round with 500 projects beside a plain view that asks the same questions, interleaved in one run.

    .venv/bin/python -m bench.rounds [--rounds 40] [--postgres postgres://postgres@127.0.0.1:5432/postgres]

Prints, for SQLite and (if given) PostgreSQL: median milliseconds of both, the ratio, the limit and the number of
queries. Exits 1 when a limit is exceeded.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from typing import Any

from bench.pages import PLAIN, ROOT, _client, _compare, fresh_postgres

PROJECTS = 500
LIMIT = 2.0


def measured(url: str, rounds: int) -> bool:
    """Build the round in an empty database and measure its board; True when the limits hold."""
    os.environ["DATABASE_URL"] = url
    os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings.local"
    os.environ["LOG_LEVEL"] = "ERROR"
    os.environ["VAR_DIR"] = tempfile.mkdtemp(prefix="portal-bench-")
    import django
    from django.conf import settings

    django.setup()
    settings.TEMPLATES[0]["DIRS"].append(ROOT / "bench" / "templates")
    settings.ROOT_URLCONF = "bench.bare_rounds"
    settings.ALLOWED_HOSTS = ["*"]
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    user, public_id = build()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    print(f"\n{connection.vendor}: median of {rounds} requests each, in turn")
    print(f"{'':28}{'portal ms':>10}{'plain ms':>10}{'ratio':>8}{'limit':>7}{'queries':>9}")
    portal, plain = _client(user, None), _client(user, PLAIN)
    pairs = (
        ("board, first 50 of 500", portal(f"/rounds/{public_id}/"), plain(f"/bare/rounds/{public_id}/")),
        (
            "board, last 50 of 500",
            portal(f"/rounds/{public_id}/?page=10"),
            plain(f"/bare/rounds/{public_id}/?page=10"),
        ),
    )
    held = [_compare(name, own, bare, LIMIT, rounds=rounds) for name, own, bare in pairs]
    return all(held)


def build() -> tuple[Any, Any]:
    """(who asks, the round): 500 projects of 20 organisations, a third submitted, reminders for the others."""
    from datetime import date

    from actors.models import Assignment, Organization, Person, Post, User
    from ecosystems.models import Forum, ForumDuty, Membership

    city = Organization.objects.create(name="計測市（架空）", kind="municipality", is_fictitious=True)
    forum = Forum.objects.create(name="計測の場（架空）", core_body=city, visibility="members")
    Membership.objects.create(forum=forum, organization=city, role="owner", joined_on=date(2020, 4, 1))
    office = Post.objects.create(organization=city, section="企画課", name="計測担当")
    duties = ForumDuty.Duty
    for duty in (duties.SECRETARIAT, duties.MUNICIPAL_REVIEWER, duties.UNIVERSITY_REVIEWER):
        ForumDuty.objects.create(forum=forum, post=office, duty=duty, from_on=date(2020, 4, 1))
    user = User.objects.create_user("bench@example.jp", "a long enough phrase")
    person = Person.objects.create(name="計測 太郎（架空）", user=user)
    Assignment.objects.create(post=office, person=person, from_on=date(2020, 4, 1))
    _projects(forum)
    made = _open(forum)
    _chase(made)
    return user, made.public_id


def _projects(forum: Any) -> None:
    from datetime import date

    from actors.models import Organization, Post
    from projects.models import Project

    names = [f"計測機関{number}（架空）" for number in range(20)]
    leads = [Organization.objects.create(name=name, kind="company") for name in names]
    contact = {"name": "担当", "email": "kei@example.jp", "phone": "000-000-0000"}
    posts = [Post.objects.create(organization=each, **contact) for each in leads]
    Project.objects.bulk_create(
        Project(
            forum=forum,
            code=f"P{number:03}",
            name=f"計測のプロジェクト その{number}",
            kind="joint_research",
            state="running",
            lead=leads[number % 20],
            post=posts[number % 20],
            deputy_post=posts[(number + 1) % 20],
            starts_on=date(2024, 4, 1),
        )
        for number in range(PROJECTS)
    )


def _open(forum: Any) -> Any:
    from datetime import timedelta

    from django.utils import timezone

    from foundation.access import system_actor
    from kpis.periods import Grain, Period
    from projects.reporting.services import rounds

    system, today = system_actor("bench"), timezone.localdate()
    made = rounds.create_round(
        actor=system,
        forum=forum,
        name="計測の報告依頼",
        kind="quarter",
        period=Period.of(today, Grain.QUARTER),
        requested_on=today - timedelta(days=30),
        due_on=today - timedelta(days=7),
        closes_on=today + timedelta(days=7),
    )
    rounds.open_round(actor=system, round_=made)
    return made


def _chase(round_: Any) -> None:
    from datetime import timedelta

    from django.utils import timezone

    from projects.models import ProgressReport, Reminder

    now, reports = timezone.now(), list(ProgressReport.objects.filter(round=round_))
    done = {each.pk for each in reports[::3]}
    ProgressReport.objects.filter(pk__in=done).update(
        state="submitted", first_submitted_at=now, submitted_at=now
    )
    Reminder.objects.bulk_create(
        Reminder(report=each, step=step, sent_at=now - timedelta(days=3 - step), recipient="担当")
        for each in reports
        if each.pk not in done
        for step in (1, 2)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--postgres", default="")
    parser.add_argument("--url", default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.url:
        sys.exit(0 if measured(options.url, options.rounds) else 1)
    urls = [f"sqlite:///{tempfile.mkdtemp(prefix='portal-bench-')}/portal.sqlite3"]
    if options.postgres:
        urls.append(fresh_postgres(options.postgres))
    command = [sys.executable, "-m", "bench.rounds", "--rounds", str(options.rounds), "--url"]
    codes = [subprocess.run([*command, url], cwd=ROOT, check=False).returncode for url in urls]
    sys.exit(max(codes))


if __name__ == "__main__":
    main()
