"""Memory and time of exporting a round's reports: 1,000 and 10,000 of them (300 as PDF), each format in a process of its own.

    .venv/bin/python -m bench.exports [--postgres postgres://postgres@127.0.0.1:5432/postgres]

Prints, for SQLite or (if given) PostgreSQL, the peak memory over the idle process and the seconds of processor. Exits 1 where ten times the
reports take more than LIMIT times the memory. PDF is measured up to the number of reports that it is made for; its pages are set by a
child process, whose peak is told apart.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time

from bench.pages import ROOT, fresh_postgres

WARM = 10
SIZES = (1_000, 10_000)
PDF = 300
FORMATS = ("csv", "xlsx", "pdf")
LIMIT = 1.5
SLACK_MB = 10  # what two runs of the same differ by
DATABASE = "portal_bench_exports"


def set_up(url: str) -> None:
    os.environ["DATABASE_URL"] = url
    os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings.local"
    os.environ["LOG_LEVEL"] = "ERROR"
    os.environ["VAR_DIR"] = tempfile.mkdtemp(prefix="portal-bench-")
    import django

    django.setup()


def build(url: str) -> None:
    set_up(url)
    from django.core.management import call_command

    from bench.reporting_data import forum_with

    call_command("migrate", verbosity=0)
    for size in (WARM, PDF, *SIZES):
        forum_with(size, 0)


def megabytes(who: int) -> float:
    return resource.getrusage(who).ru_maxrss / 1024


def export(url: str, size: int, format: str) -> None:
    """One export by its secretary; prints (over idle MB, child MB, seconds of processor, reports)."""
    set_up(url)
    from django.db.models import Count

    from actors.facts import build_actor
    from actors.models import Assignment, User
    from foundation.access import Actor
    from kpis.services import ledger
    from projects.models import ReportingRound
    from projects.reporting.exports import write_reports
    from projects.reporting.selectors.exported import Wanted

    rounds = ReportingRound.objects.annotate(count=Count("reports")).select_related("forum", "template")

    def by_its_secretary(count: int) -> tuple[Actor, Wanted]:
        round_ = rounds.get(count=count)
        holders = Assignment.objects.filter(post=round_.post).values("person__user")
        return build_actor(User.objects.get(pk__in=holders), None), Wanted(round_)

    moment = ledger.settle()
    with tempfile.TemporaryFile() as warm:  # the libraries are there before the work begins
        write_reports(*by_its_secretary(WARM), format, warm, moment, lambda *said: None)
    asked = by_its_secretary(size)
    idle, start = megabytes(resource.RUSAGE_SELF), time.process_time()
    with tempfile.TemporaryFile() as target:
        count = write_reports(*asked, format, target, moment, lambda *said: None)
    taken = time.process_time() - start
    over = megabytes(resource.RUSAGE_SELF) - idle
    print(f"{over:.1f} {megabytes(resource.RUSAGE_CHILDREN):.1f} {taken:.1f} {count}")


def measured(url: str) -> bool:
    python = [sys.executable, "-m", "bench.exports", "--url", url]
    subprocess.run([*python, "--build"], cwd=ROOT, check=True)
    print(f"{url.split(':')[0]:12}{'reports':>9}{'over idle MB':>14}{'child MB':>10}{'CPU s':>9}")
    held = True
    for format in FORMATS:
        found: dict[int, float] = {}
        for size in SIZES if format != "pdf" else (PDF,):
            done = subprocess.run(
                [*python, "--size", str(size), "--format", format],
                cwd=ROOT,
                check=True,
                capture_output=True,
                text=True,
            )
            over, child, taken, count = done.stdout.split()
            found[size] = float(over)
            print(f"{format:12}{int(count):9,}{over:>14}{child if format == 'pdf' else '':>10}{taken:>9}")
        if len(found) > 1:
            held = held and found[SIZES[1]] <= LIMIT * found[SIZES[0]] + SLACK_MB
    return held


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgres", default="")
    parser.add_argument("--url", default="", help=argparse.SUPPRESS)
    parser.add_argument("--build", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--size", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--format", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.build:
        build(options.url)
    elif options.url:
        export(options.url, options.size, options.format)
    else:
        url = f"sqlite:///{tempfile.mkdtemp(prefix='portal-bench-')}/portal.sqlite3"
        if options.postgres:
            url = fresh_postgres(options.postgres, DATABASE)
        sys.exit(0 if measured(url) else 1)


if __name__ == "__main__":
    main()
