"""`import_figures` beside the database's own fastest way to take in the very same rows.

    .venv/bin/python -m bench.importing [--measurements 1000000] [--postgres postgres://postgres@127.0.0.1:5432/postgres]

The portal reads a CSV file, checks every line, and writes measurements, events, cells and marks. The floor is those same
rows, written out before, taken in by COPY (SQLite: executemany) into the same four tables with the same indexes. Exits 1
above 1.5.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.nation import KINDS, reports, structure
from bench.setting import ROOT, fresh_postgres, fresh_sqlite, use

LIMIT = 1.5
TABLES = ("kpis_measurement", "kpis_measurementevent", "kpis_cell", "kpis_dirtymark")


def write_csv(path: Path, nation: Any) -> int:
    """One line for each cell of the nation, in the form of the command."""
    from kpis.models import Indicator
    from kpis.periods import Period
    from kpis.services.importing import COLUMNS

    names = {key: str(name) for key, name in Indicator.objects.values_list("pk", "public_id")}
    codes = {key: Period.from_key(key).code for key in nation.periods}
    seen, count = set(), 0
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(COLUMNS)
        for report in reports(nation):
            if report.missing or (report.leaf, report.period) in seen:
                continue
            seen.add((report.leaf, report.period))
            ratio = (report.figure % 400, report.figure % 400 + report.figure % 97)
            figures = (
                ("", *ratio) if KINDS[report.kind].child.get("scale") == "ratio" else (report.figure, "", "")
            )
            out.writerow([names[report.leaf], codes[report.period], *figures, "", "", ""])
            count += 1
    return count


def empty(cursor: Any, is_postgresql: bool) -> None:
    from foundation import guards

    if is_postgresql:
        cursor.execute(f"TRUNCATE {', '.join(TABLES)} CASCADE")
        return
    with guards.suspended():
        for table in reversed(TABLES):
            cursor.execute(f"DELETE FROM {table}")


def copied(cursor: Any, folder: Path) -> float:
    """Seconds of COPY of the rows that stand in the tables, into the emptied tables."""
    from django.db import transaction

    for table in TABLES:
        with (folder / table).open("w") as file:
            cursor.copy_expert(f"COPY {table} TO STDOUT", file)
    empty(cursor, True)
    start = time.perf_counter()
    with transaction.atomic():
        for table in TABLES:
            with (folder / table).open() as file:
                cursor.copy_expert(f"COPY {table} FROM STDIN", file)
    return time.perf_counter() - start


def inserted(cursor: Any) -> float:
    """The same by executemany, from rows at hand."""
    from django.db import connection, transaction

    raw = connection.connection
    rows = {table: raw.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES}
    empty(cursor, False)
    start = time.perf_counter()
    with transaction.atomic():
        for table, lines in rows.items():
            raw.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(lines[0]))})", lines)
    return time.perf_counter() - start


def measured(url: str, measurements: int) -> bool:
    use(url)
    from django.core.management import call_command
    from django.db import connection

    from foundation.access import system_actor
    from kpis.services.importing import import_figures

    call_command("migrate", verbosity=0)
    folder = Path(tempfile.mkdtemp(prefix="portal-bench-"))
    count = write_csv(folder / "figures.csv", structure(measurements))
    start = time.perf_counter()
    with (folder / "figures.csv").open(newline="") as file:
        done = import_figures(
            actor=system_actor("bench"), lines=csv.DictReader(file), source="計測", is_approved=True
        )
    own = time.perf_counter() - start
    assert done == count
    with connection.cursor() as cursor:
        floor = copied(cursor, folder) if connection.vendor == "postgresql" else inserted(cursor)
    ratio = own / floor
    mark = "" if ratio <= LIMIT else "  EXCEEDED"
    print(
        f"{connection.vendor:12}{count:10} figures{own:10.1f} s{floor:10.1f} s{ratio:8.2f}  limit {LIMIT}{mark}"
    )
    return ratio <= LIMIT


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--measurements", type=int, default=1_000_000)
    parser.add_argument("--postgres", default="")
    parser.add_argument("--url", default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.url:
        sys.exit(0 if measured(options.url, options.measurements) else 1)
    urls = [fresh_sqlite()]
    if options.postgres:
        urls.append(fresh_postgres(options.postgres, "roomh_import"))
    command = [sys.executable, "-m", "bench.importing", "--measurements", str(options.measurements), "--url"]
    codes = [subprocess.run([*command, url], cwd=ROOT, check=False).returncode for url in urls]
    sys.exit(max(codes))


if __name__ == "__main__":
    main()
