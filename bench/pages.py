"""Pages and the REST list beside plain hand-tuned views of the same rows, interleaved in one run.

    .venv/bin/python -m bench.pages [--rounds 40] [--postgres postgres://postgres@127.0.0.1:5432/postgres]

Prints, for SQLite and (if given) PostgreSQL: median milliseconds of both, the ratio, the limit and the number of
queries. Exits 1 when a limit is exceeded.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

ROOT = Path(__file__).resolve().parent.parent
PLAIN = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
DATABASE = "portal_bench"


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

    from bench.data import build

    call_command("migrate", verbosity=0)
    built = build()
    print(f"\n{connection.vendor}: median of {rounds} requests each, in turn")
    print(f"{'':28}{'portal ms':>10}{'plain ms':>10}{'ratio':>8}{'limit':>7}{'queries':>9}")
    held = [compare(name, *pair, rounds=rounds) for name, *pair in _pairs(built)]
    return all(held)


def _pairs(built: Any) -> list[tuple[str, Callable[[], None], Callable[[], None], float]]:
    card, indicator = built.scorecard.public_id, built.indicator.public_id
    portal, plain = client_of(built.user, None), client_of(built.user, PLAIN)
    return [
        ("list of 50", portal("/indicators/"), plain("/bare/indicators/"), 2.0),
        ("detail", portal(f"/indicators/{indicator}/"), plain(f"/bare/indicators/{indicator}/"), 2.0),
        ("scorecard 60 × 12", portal(f"/scorecards/{card}/"), plain(f"/bare/scorecards/{card}/"), 3.0),
        ("REST list of 50", portal("/api/v1/indicators/"), plain("/bare/api/indicators/"), 1.5),
        ("page 300 : page 1", portal("/indicators/?page=300"), portal("/indicators/"), 1.5),
    ]


def client_of(user: Any | None, middleware: list[str] | None) -> Callable[[str], Callable[[], None]]:
    """A maker of requests by a signed-in person (None: a visitor), through the portal's own or the plain middleware."""
    from django.test import Client, override_settings

    client = Client()
    if user is not None:
        client.force_login(user)
    if middleware:
        with override_settings(MIDDLEWARE=middleware):
            client.get("/bare/nothing/")
    else:
        client.get("/bare/nothing/")

    def request(path: str) -> Callable[[], None]:
        def get() -> None:
            answer = client.get(path)
            if answer.status_code != 200:
                raise SystemExit(f"{path}: {answer.status_code}")

        return get

    return request


def compare(
    name: str, portal: Callable[[], None], plain: Callable[[], None], limit: float, *, rounds: int
) -> bool:
    from django.db import connection

    for warm in (portal, plain) * 3:
        warm()
    queries: list[str] = []

    def count(execute: Any, statement: str, *rest: Any) -> Any:
        queries.append(statement)
        return execute(statement, *rest)

    with connection.execute_wrapper(count):
        portal()
    times: dict[Callable[[], None], list[float]] = {portal: [], plain: []}
    for _round in range(rounds):
        for request in (portal, plain):
            start = time.perf_counter()
            request()
            times[request].append((time.perf_counter() - start) * 1000)
    own, reference = statistics.median(times[portal]), statistics.median(times[plain])
    ratio = own / reference
    mark = "" if ratio <= limit else "  EXCEEDED"
    print(f"{name:28}{own:10.1f}{reference:10.1f}{ratio:8.2f}{limit:7.1f}{len(queries):9}{mark}")
    return ratio <= limit


def fresh_postgres(server: str, database: str = DATABASE) -> str:
    import psycopg2

    connection = psycopg2.connect(server)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
        cursor.execute(
            f"CREATE DATABASE {database} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'"
        )
    connection.close()
    return urlunsplit(urlsplit(server)._replace(path=f"/{database}"))


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
    command = [sys.executable, "-m", "bench.pages", "--rounds", str(options.rounds), "--url"]
    codes = [subprocess.run([*command, url], cwd=ROOT, check=False).returncode for url in urls]
    sys.exit(max(codes))


if __name__ == "__main__":
    main()
