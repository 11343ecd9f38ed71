"""List and search of 20,000 opportunities beside a plain view with the same statements, interleaved in one run.

    .venv/bin/python -m bench.opportunities [--rounds 30] [--postgres postgres://postgres@127.0.0.1:5432/postgres]

Prints the same columns as `bench.pages`; exits 1 when a page takes more than twice the plain view.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from bench.pages import PLAIN, ROOT, client_of, compare, fresh_postgres

LISTED = 20_000
LIMIT = 2.0
# Words of two characters out of a vocabulary of some thousands, as texts have it.
SIGNS = "乾燥冷凍保管加工残海藻包装検査分析配送予約観光防災省力画像測定発酵抽出低温殺菌金型試作設計販路人材資実証港畑森湯糸紙木土"


def build() -> Any:
    """A member's account; 20,000 opportunities of 200 organisations, most of them public."""
    from django.db import connection

    from actors.models import Assignment, Organization, Person, Post, User
    from ecosystems.models import Forum, Membership
    from projects.models import Opportunity
    from projects.partnering.services.posting import searchable

    draw = Random(20_261_123)  # noqa: S311 (the same rows every time, nothing secret)
    kinds = ("company", "university", "municipality", "public_research", "finance")
    posters = [Organization(name=f"計測機関{n}（架空）", kind=kinds[n % len(kinds)]) for n in range(200)]
    Organization.objects.bulk_create(posters)
    forum = Forum.objects.create(name="計測の場（架空）", core_body=posters[0])
    Membership.objects.create(forum=forum, organization=posters[0], joined_on=date(2020, 4, 1))
    post = Post.objects.create(organization=posters[0], name="計測担当")
    user = User.objects.create_user("bench@example.jp", "a long enough phrase")
    Assignment.objects.create(
        post=post, person=Person.objects.create(name="計測 太郎（架空）", user=user), from_on=date(2020, 4, 1)
    )
    words = [first + second for first in SIGNS for second in SIGNS]
    rows = []
    for number in range(LISTED):
        poster = posters[number % len(posters)]
        row = Opportunity(
            forum=forum,
            organization=poster,
            kind=draw.choice(Opportunity.Kind.values),
            direction=draw.choice(Opportunity.Direction.values),
            title="".join(draw.choices(words, k=6)),
            lead="、".join(draw.choices(words, k=8)),
            body="\n".join("".join(draw.choices(words, k=20)) for _line in range(5)),
            terms="費用は相談",
            visibility="public" if number % 10 else "members",
            state="open" if number % 5 else "closed",
            closes_on=date(2099, 3, 31) if number % 3 else None,
            published_at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number),
        )
        row.search = searchable(row)
        rows.append(row)
    Opportunity.objects.bulk_create(rows, batch_size=1000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return user


def measured(url: str, rounds: int) -> bool:
    """Build the data in an empty database and measure; True when every limit holds."""
    os.environ["DATABASE_URL"] = url
    os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings.local"
    os.environ["LOG_LEVEL"] = "ERROR"
    os.environ["VAR_DIR"] = tempfile.mkdtemp(prefix="portal-bench-")
    import django
    from django.conf import settings

    django.setup()
    settings.TEMPLATES[0]["DIRS"].append(ROOT / "bench" / "templates")
    settings.ROOT_URLCONF = "bench.bare"
    settings.ALLOWED_HOSTS = ["*"]
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    user = build()
    print(f"\n{connection.vendor}: median of {rounds} requests each, in turn")
    print(f"{'':28}{'portal ms':>10}{'plain ms':>10}{'ratio':>8}{'limit':>7}{'queries':>9}")
    held = []
    for who, account in (("visitor", None), ("member", user)):
        portal, plain = client_of(account, None), client_of(account, PLAIN)
        for name, query in (
            ("list", ""),
            ("乾燥", "?q=乾燥"),
            ("港", "?q=港"),
            ("乾燥 冷凍", "?q=乾燥+冷凍"),
        ):
            pair = portal(f"/opportunities/{query}"), plain(f"/bare/opportunities/{query}")
            held.append(compare(f"{who}: {name}", *pair, LIMIT, rounds=rounds))
    return all(held)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--postgres", default="")
    parser.add_argument("--url", default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.url:
        sys.exit(0 if measured(options.url, options.rounds) else 1)
    urls = [f"sqlite:///{tempfile.mkdtemp(prefix='portal-bench-')}/portal.sqlite3"]
    if options.postgres:
        urls.append(fresh_postgres(options.postgres))
    command = [sys.executable, "-m", "bench.opportunities", "--rounds", str(options.rounds), "--url"]
    codes = [subprocess.run([*command, url], cwd=ROOT, check=False).returncode for url in urls]
    sys.exit(max(codes))


if __name__ == "__main__":
    main()
