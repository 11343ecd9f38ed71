"""Compiling a forum's report: 200 projects × 20 KPIs × 10 quarters, on both bases, as of now.

    .venv/bin/python -m bench.compiling [--projects 200] [--kpis 20] [--postgres postgres://postgres@127.0.0.1:5432/postgres]

Prints the worker's seconds, the number of queries and the size of the content for SQLite and (if given) PostgreSQL;
exits 1 above 5 s, or where a second compilation as of the same moment differs.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

from bench.pages import ROOT, fresh_postgres

LIMIT = 5.0
DATABASE = "portal_bench_compiling"


def measured(url: str, projects: int, kpis: int) -> bool:
    os.environ["DATABASE_URL"] = url
    os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings.local"
    os.environ["LOG_LEVEL"] = "ERROR"
    os.environ["VAR_DIR"] = tempfile.mkdtemp(prefix="portal-bench-")
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from bench.reporting_data import SYSTEM, forum_with
    from kpis.services import ledger
    from projects.reporting.services import compiling

    call_command("migrate", verbosity=0)
    round_, _user = forum_with(projects, kpis)
    moment = ledger.settle()
    with CaptureQueriesContext(connection) as captured:
        start, worked = time.perf_counter(), time.process_time()
        made = compiling.compile_round(SYSTEM, round_, moment)
        taken, worked = time.perf_counter() - start, time.process_time() - worked
    size = len(json.dumps(made[0].content, ensure_ascii=False).encode())
    same = all(compiling.recompiled(each) == each.digest for each in made)
    print(
        f"{connection.vendor:12}{projects} × {kpis}: {taken:5.2f} s for {len(made)} reports "
        f"({worked:.2f} s of processor), {len(captured)} queries, content {size / 1e6:.1f} MB, "
        f"{'the same again' if same else 'DIFFERENT AGAIN'}   limit {LIMIT:.0f} s"
    )
    return same and taken <= LIMIT


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--projects", type=int, default=200)
    parser.add_argument("--kpis", type=int, default=20)
    parser.add_argument("--postgres", default="")
    parser.add_argument("--url", default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.url:
        sys.exit(0 if measured(options.url, options.projects, options.kpis) else 1)
    urls = [f"sqlite:///{tempfile.mkdtemp(prefix='portal-bench-')}/portal.sqlite3"]
    if options.postgres:
        urls.append(fresh_postgres(options.postgres, DATABASE))
    arguments = ["--projects", str(options.projects), "--kpis", str(options.kpis)]
    codes = [
        subprocess.run(
            [sys.executable, "-m", "bench.compiling", *arguments, "--url", url], cwd=ROOT, check=False
        ).returncode
        for url in urls
    ]
    sys.exit(max(codes))


if __name__ == "__main__":
    main()
