"""`migrate` on an empty database, in a process of its own as people run it.

    .venv/bin/python -m bench.migrate [--postgres postgres://postgres@127.0.0.1:5432/postgres]

Prints the seconds for SQLite and (if given) PostgreSQL; exits 1 above 10 s.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time

from bench.pages import ROOT, fresh_postgres

LIMIT = 10.0


def seconds(url: str) -> float:
    env = {
        **os.environ,
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "portal.settings.local",
        "VAR_DIR": tempfile.mkdtemp(prefix="portal-bench-"),
    }
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, env=env, check=True
    )
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgres", default="")
    options = parser.parse_args()
    urls = {"sqlite": f"sqlite:///{tempfile.mkdtemp(prefix='portal-bench-')}/portal.sqlite3"}
    if options.postgres:
        urls["postgresql"] = fresh_postgres(options.postgres)
    measured = {vendor: seconds(url) for vendor, url in urls.items()}
    for vendor, taken in measured.items():
        print(f"{vendor:12}{taken:6.1f} s   limit {LIMIT:.0f} s")
    sys.exit(0 if max(measured.values()) <= LIMIT else 1)


if __name__ == "__main__":
    main()
