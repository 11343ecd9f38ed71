"""The roll-up at national size beside a hand-written reference query, in turn, in one run.

    .venv/bin/python -m bench.nation --url URL
    .venv/bin/python -m bench.rollup --url URL [--rounds 3]

Rebuild: both bases, storing included, against `bench.reference`; the rows are compared both ways. "rolled up" is the pass
over the kept newest figures, for one period and for all 50, against a reference that has to find them in the ledger and
stores the same rolled-up rows; "everything" makes and stores the newest figures anew too, as its reference does. Approval: one figure is approved, and its
ancestors are computed. Prints medians, ratios and limits; exits 1 when a limit is exceeded.
"""

from __future__ import annotations

import argparse
import random
import resource
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from bench import reference
from bench.setting import use, watched

LEVELS_ABOVE = 3


def taken(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


class Run:
    """One run over a loaded nation; remembers whether all limits held."""

    def __init__(self, rounds: int) -> None:
        from django.db import connection

        self.connection, self.rounds, self.held = connection, rounds, True
        self.is_postgresql = connection.vendor == "postgresql"

    def execute(self, statement: str, parameters: list[Any] | None = None) -> Any:
        with self.connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []

    def line(self, name: str, own: float, other: float | None, limit: float | None, unit: str = "s") -> None:
        ratio = own / other if other else None
        compared = ratio if ratio is not None else own
        mark = "" if limit is None or compared <= limit else "  EXCEEDED"
        self.held = self.held and not mark
        print(
            f"{name:44}{own:10.3f} {unit:3}"
            + (f"{other:10.3f}{ratio:8.3f}" if ratio is not None else " " * 18)
            + (f"  limit {limit:g}" if limit is not None else "")
            + mark,
            flush=True,
        )

    # --- rebuild ------------------------------------------------------------------------------------------------------

    def rebuild(self, name: str, within: Any, keys: list[int], measured: bool) -> None:
        from django.db import transaction

        from kpis.rollup import drain

        statement = reference.statement(self.connection.vendor, len(keys), measured=measured)
        own, other = [], []
        for _round in range(self.rounds):
            for create in reference.CREATE[self.connection.vendor]:
                self.execute(create)

            def refer() -> None:
                with transaction.atomic(), self.connection.cursor() as cursor:
                    if self.is_postgresql:
                        cursor.execute("SET LOCAL work_mem = '256MB'; SET LOCAL jit = off")
                    cursor.execute(statement, keys)

            other.append(taken(refer))
            self.empty(within, measured)
            with watched() as watch:
                own.append(taken(drain.rebuild if measured else lambda: drain.recompute(within)))
        self.line(name, statistics.median(own), statistics.median(other), 1.2)
        self.compare(within, measured)
        statements = [each for each in watch.statements if each.lstrip().startswith("INSERT INTO kpis_cell")]
        print(
            f"    {len(watch.statements)} statements, {len(statements)} of them write cells; rows identical"
        )
        if self.is_postgresql:
            self.execute("VACUUM ANALYZE kpis_cell")

    def empty(self, within: Any, measured: bool) -> None:
        """Begin without the cells to be made, as the reference does."""
        if measured:
            self.execute("TRUNCATE kpis_cell" if self.is_postgresql else "DELETE FROM kpis_cell")
            return
        where = "" if within is None else f" AND period = {within.key}"
        rolled_up = "SELECT id FROM kpis_indicator WHERE kind = 'rolled_up'"
        self.execute(f"DELETE FROM kpis_cell WHERE indicator_id IN ({rolled_up}){where}")
        if self.is_postgresql:
            self.execute("VACUUM kpis_cell")

    def compare(self, within: Any, measured: bool) -> None:
        """Both tables hold the same rows, in both directions."""
        period = None if within is None else within.key
        (counts,) = self.execute(reference.differences(measured=measured, period=period))
        if any(counts):
            raise SystemExit(f"rows differ: {counts}")

    # --- one approval ---------------------------------------------------------------------------------------------------

    def approvals(self, count: int, full: float) -> float:
        """Approve figures that wait, one by one, and compute their ancestors; the median of the database's time."""
        from django.db import transaction
        from django.db.models import Exists, OuterRef

        from kpis.models import DirtyMark, Measurement, MeasurementEvent
        from kpis.rollup import drain
        from kpis.services import ledger

        decided = MeasurementEvent.objects.exclude(kind="submitted").filter(measurement=OuterRef("pk"))
        waiting = list(Measurement.objects.filter(~Exists(decided)).order_by("-pk")[: 20 * count])
        random.Random(1).shuffle(waiting)  # noqa: S311 (a sample, no secret)
        spent, statements, inside = [], [], []
        for row in waiting[:count]:
            with transaction.atomic(), watched() as approving:
                at = ledger.begin([row.indicator_id])
                ledger.write_events([row], "approved", ledger.Signer(name="計測"), at)
            with watched() as watch:
                drain.drain()
            spent.append(watch.milliseconds)
            statements.append(len(watch.statements))
            inside.append(approving.milliseconds)
        assert not DirtyMark.objects.exists()
        warm = spent[len(spent) // 5 :]
        median = statistics.median(warm)
        self.line("approval → ancestors, database", median, None, 5.0, "ms")
        self.line("  the same, 95th of 100", sorted(warm)[int(len(warm) * 0.95)], None, None, "ms")
        self.line("  share of a pass over one period, %", median / full / 10, None, 1.5, "%")
        self.line("  statements per level", statistics.median(statements) / LEVELS_ABOVE, None, 4, "")
        self.line(
            "  in the approving transaction", statistics.median(inside[len(inside) // 5 :]), None, None, "ms"
        )
        return median


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--approvals", type=int, default=200)
    parser.add_argument("--only", default="", help="period, all or approvals")
    options = parser.parse_args()
    use(options.url)
    from kpis.models import IndicatorSheet
    from kpis.periods import periods_between

    run = Run(options.rounds)
    sheet = IndicatorSheet.objects.order_by("pk")[0]
    periods = periods_between(sheet.first_period, sheet.last_period)
    one = periods[len(periods) // 2]
    print(
        f"{run.connection.vendor}, {run.execute('SELECT count(*) FROM kpis_measurement')[0][0]} measurements"
    )
    print(f"{'':44}{'portal':>10}    {'reference':>10}{'ratio':>8}")
    if options.only in ("", "all"):
        run.rebuild("50 periods, everything", None, [each.key for each in periods], measured=True)
        run.rebuild("50 periods, rolled up", None, [each.key for each in periods], measured=False)
    if options.only in ("", "period"):
        run.rebuild("one period, rolled up", one, [one.key], measured=False)
    if options.only in ("", "approvals"):
        full = _one_pass(one)
        run.approvals(options.approvals, full)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    run.line("memory of the Python process", memory, None, 200, "MB")
    sys.exit(0 if run.held else 1)


def _one_pass(period: Any) -> float:
    """Seconds of a full pass over one period."""
    from kpis.rollup import drain

    return statistics.median(taken(lambda: drain.recompute(period)) for _round in range(3))


if __name__ == "__main__":
    main()
