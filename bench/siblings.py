"""One approval under a parent of 10 and of 1,000 children, in turn, in one run.

    .venv/bin/python -m bench.siblings --url URL     (an empty database, or one filled by bench.nation)

Prints the database's median milliseconds of the climb and their ratio; exits 1 above 1.5 (PostgreSQL) or 3 (SQLite).
"""

from __future__ import annotations

import argparse
import statistics
import sys
from typing import Any

from bench.setting import use, watched

FEW, MANY = 10, 1000


def family(number: int) -> list[Any]:
    """So many measured KPIs under one parent, each with a figure that waits."""
    from bench.nation import BEGIN, _cards, _forums
    from kpis.models import Contribution, Indicator, IndicatorSheet
    from kpis.periods import Period

    card = _cards([f"{number}の下位"], _forums(1))[0]
    rows = Indicator.objects.bulk_create(
        Indicator(scorecard=card, code=f"S{n}", name=f"計測 {n}", kind="rolled_up" if n == 0 else "measured",
                  height=1 if n == 0 else 0)
        for n in range(number + 1)
    )  # fmt: skip
    period = Period.parse("FY2020-Q1")
    IndicatorSheet.objects.bulk_create(
        IndicatorSheet(indicator=row, version=1, definition="計測", unit="count", grain=3, time_rule="sum",
                       tree_rule="sum" if row is rows[0] else "", attainment_rule="ratio_to_target",
                       first_period=period, last_period=period, recorded_at=BEGIN)
        for row in rows
    )  # fmt: skip
    Contribution.objects.bulk_create(
        Contribution(parent=rows[0], child=row, state="accepted", position=n, recorded_at=BEGIN)
        for n, row in enumerate(rows[1:])
    )
    return rows[1:]


def report(rows: list[Any]) -> list[Any]:
    from decimal import Decimal

    from django.db import transaction

    from kpis.periods import Period
    from kpis.services import ledger

    entries = [ledger.Entry(row, Period.parse("FY2020-Q1"), "count", value=Decimal(7)) for row in rows]
    with transaction.atomic():
        at = ledger.begin(row.pk for row in rows)
        return ledger.record(entries, ledger.Signer(name="計測"), None, at)


def climb(row: Any) -> float:
    """Milliseconds of the database from the mark of one approval to its parent's figure."""
    from django.db import transaction

    from kpis.rollup import drain
    from kpis.services import ledger

    with transaction.atomic():
        at = ledger.begin([row.indicator_id])
        ledger.write_events([row], "approved", ledger.Signer(name="計測"), at)
    with watched() as watch:
        drain.drain()
    return watch.milliseconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    options = parser.parse_args()
    use(options.url)
    from django.core.management import call_command
    from django.db import connection

    from foundation import lanes

    call_command("migrate", verbosity=0)
    few, many = family(FEW), family(MANY)
    spent: dict[int, list[float]] = {FEW: [], MANY: []}
    waiting = {MANY: report(many)[:60], FEW: [row for _round in range(6) for row in report(few)]}
    lanes.drain("rollup")
    if connection.vendor == "postgresql":
        connection.cursor().execute("ANALYZE")
    for pair in zip(waiting[FEW], waiting[MANY], strict=True):
        for number, row in zip((FEW, MANY), pair, strict=True):
            spent[number].append(climb(row))
    median = {number: statistics.median(each[10:]) for number, each in spent.items()}
    ratio, limit = median[MANY] / median[FEW], 1.5 if connection.vendor == "postgresql" else 3
    mark = "" if ratio <= limit else "  EXCEEDED"
    print(
        f"{connection.vendor}: {FEW} siblings {median[FEW]:.2f} ms, {MANY} siblings {median[MANY]:.2f} ms, "
        f"ratio {ratio:.2f}, limit {limit}{mark}"
    )
    sys.exit(bool(mark))


if __name__ == "__main__":
    main()
