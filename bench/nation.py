"""A nation of figures: forums, visions, projects and their KPIs over 50 quarters, with corrections.

    .venv/bin/python -m bench.nation --measurements 1000000 --url postgres://postgres@127.0.0.1:5432/nation

Fills an empty database (it is migrated first). 1,000,000 measurements are 100 forums, 500 visions, 5,000 projects and
20,000 measured KPIs; other sizes keep the proportions. Four levels: project, vision, forum, nation. The ledger goes in
by COPY on PostgreSQL and by executemany on SQLite, without passing through the product; `rollup rebuild` does the rest.
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any

from bench.setting import use

PERIODS = 50
PER_PROJECT, PROJECTS_PER_VISION, VISIONS_PER_FORUM = 4, 10, 5
LEVELS = 4
BEGIN = datetime(2014, 7, 1, tzinfo=UTC)
QUARTER_DAYS = timedelta(days=91)

MEASUREMENT = [
    "id",
    "public_id",
    "indicator_id",
    "period",
    "submission_id",
    "organization_id",
    "post_id",
    "reporter_id",
    "reporter_name",
    "unit",
    "value",
    "numerator",
    "denominator",
    "nature",
    "missing",
    "note",
    "recorded_at",
]
EVENT = [
    "id",
    "measurement_id",
    "kind",
    "at",
    "user_id",
    "user_name",
    "organization_id",
    "post_id",
    "is_same_organization",
    "note",
]


@dataclass(frozen=True)
class Kind:
    """One of the four KPIs that every project reports, and how it goes up."""

    name: str
    child: dict[str, Any]
    parent: dict[str, Any]


KINDS = (
    Kind("特許出願件数", {"unit": "count"}, {"unit": "count", "tree_rule": "sum"}),
    Kind(
        "共同研究受入額",
        {"unit": "yen_thousand", "scale": "currency"},
        {"unit": "yen_million", "scale": "currency", "tree_rule": "sum"},
    ),
    Kind("雇用者数", {"unit": "person"}, {"unit": "person", "tree_rule": "sum"}),
    Kind(
        "専門人材の地元就職率",
        {"unit": "percent", "scale": "ratio", "time_rule": "ratio_of_sums"},
        {"unit": "percent", "scale": "ratio", "tree_rule": "ratio_of_sums", "time_rule": "ratio_of_sums"},
    ),
)


@dataclass
class Nation:
    """Keys of what was built: measured KPIs in order, with their kinds, and the periods."""

    leaves: list[int] = field(default_factory=list)
    periods: list[int] = field(default_factory=list)

    def kind(self, place: int) -> int:
        return place % PER_PROJECT


def build(measurements: int) -> Nation:
    """The structure and the ledger; cells are left to the product."""
    nation = structure(measurements)
    load(nation)
    return nation


# --- who is judged by what ---------------------------------------------------------------------------------------------


def structure(measurements: int) -> Nation:
    """Forums, visions, projects, their scorecards and KPIs, joined over four levels."""
    from kpis.models import Indicator
    from kpis.periods import Period

    projects = max(1, measurements // PERIODS // PER_PROJECT)
    visions = -(-projects // PROJECTS_PER_VISION)
    forums = _forums(-(-visions // VISIONS_PER_FORUM))
    first = Period.parse("FY2014-Q1")
    periods = [first.shift(step) for step in range(PERIODS)]
    cards = {
        "nation": _cards(["全国"], forums[:1]),
        "forum": _cards([forum.name for forum in forums], forums),
        "vision": _cards([f"地域ビジョン {n}" for n in range(visions)], _owners(forums, VISIONS_PER_FORUM)),
        "project": _cards(
            [f"プロジェクト {n}" for n in range(projects)],
            _owners(forums, VISIONS_PER_FORUM * PROJECTS_PER_VISION),
        ),
    }
    _visions(cards["vision"])
    _projects(cards["project"])
    made = {name: _indicators(rows, height) for height, (name, rows) in _heights(cards)}
    for name, rows in made.items():
        _sheets(rows, is_child=name == "project", periods=periods)
    _links(made["project"], made["vision"], PROJECTS_PER_VISION)
    _links(made["vision"], made["forum"], VISIONS_PER_FORUM)
    _links(made["forum"], made["nation"], len(forums))
    leaves = sorted(row.pk for row in made["project"] if row.kind == Indicator.Kind.MEASURED)
    return Nation(leaves, [period.key for period in periods])


def _heights(cards: dict[str, Any]) -> Iterator[tuple[int, tuple[str, Any]]]:
    for height, name in enumerate(("project", "vision", "forum", "nation")):
        yield height, (name, cards[name])


def _forums(count: int) -> list[Any]:
    from actors.models import Organization
    from ecosystems.models import Forum

    bodies = Organization.objects.bulk_create(
        Organization(name=f"第{n}市（架空）", kind="municipality", is_fictitious=True) for n in range(count)
    )
    return Forum.objects.bulk_create(
        Forum(name=f"第{n}の場（架空）", core_body=body, is_fictitious=True) for n, body in enumerate(bodies)
    )


def _owners(forums: Sequence[Any], each: int) -> Iterator[Any]:
    return (forum for forum in forums for _ in range(each))


def _cards(names: Sequence[str], forums: Iterable[Any]) -> list[Any]:
    from kpis.models import Scorecard

    return Scorecard.objects.bulk_create(
        [Scorecard(forum=forum, name=name) for name, forum in zip(names, forums, strict=False)],
        batch_size=2000,
    )


def _visions(cards: Sequence[Any]) -> None:
    from visions.models import Vision

    Vision.objects.bulk_create(
        [Vision(forum=card.forum, name=card.name, target_year=2030, scorecard=card) for card in cards]
    )


def _projects(cards: Sequence[Any]) -> None:
    from projects.models import Project

    Project.objects.bulk_create(
        [
            Project(
                forum=card.forum,
                name=card.name,
                kind="joint_research",
                lead_id=card.forum.core_body_id,
                scorecard=card,
                starts_on=date(2014, 4, 1),
            )
            for card in cards
        ],
        batch_size=2000,
    )


def _indicators(cards: Sequence[Any], height: int) -> list[Any]:
    from kpis.models import Indicator

    return Indicator.objects.bulk_create(
        [
            Indicator(
                scorecard=card,
                code=f"K{position}",
                name=kind.name,
                position=position,
                kind="rolled_up" if height else "measured",
                height=height,
            )
            for card in cards
            for position, kind in enumerate(KINDS)
        ],
        batch_size=2000,
    )


def _sheets(rows: Sequence[Any], *, is_child: bool, periods: Sequence[Any]) -> None:
    from kpis.models import IndicatorSheet
    from kpis.units import unit_of

    def sheet(row: Any) -> Any:
        kind = KINDS[row.position]
        fields = {"time_rule": "sum", **(kind.child if is_child else kind.parent)}
        unit = unit_of(fields["unit"])
        return IndicatorSheet(
            indicator=row,
            version=1,
            definition="計測のための指標です。",
            unit_multiplier=unit.multiplier,
            is_percent=unit.is_percent,
            grain=3,
            attainment_rule="ratio_to_target",
            first_period=periods[0],
            last_period=periods[-1],
            recorded_at=BEGIN,
            **fields,
        )

    IndicatorSheet.objects.bulk_create([sheet(row) for row in rows], batch_size=1000)


def _links(children: Sequence[Any], parents: Sequence[Any], each: int) -> None:
    """Every child feeds the KPI of its kind one level up, `each` cards to one."""
    from kpis.models import Contribution

    by_place = {(place // PER_PROJECT, parent.position): parent for place, parent in enumerate(parents)}
    Contribution.objects.bulk_create(
        [
            Contribution(
                parent=by_place[place // PER_PROJECT // each, child.position],
                child=child,
                state="accepted",
                position=place // PER_PROJECT % each,
                recorded_at=BEGIN,
            )
            for place, child in enumerate(children)
        ],
        batch_size=1000,
    )


# --- what was reported -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Report:
    """One measurement to come, and what becomes of it: the kinds of its events in order."""

    leaf: int
    kind: int
    period: int
    step: int
    figure: int
    missing: str
    fate: tuple[str, ...]


def reports(nation: Nation) -> Iterator[Report]:
    """Quarter by quarter, first the reports, then the corrections; the same ones in every run.

    Of 1,000 cells 30 stay unreported, 20 wait for approval, 2 are 対象外; 60 are corrected, a fifth of the corrections
    is withdrawn and another fifth returned.
    """
    for step, period in enumerate(nation.periods):
        corrected = []
        for place, leaf in enumerate(nation.leaves):
            chance = (place * 7919 + step * 104729 + 13) % 1000
            if chance < 30:
                continue
            figure = (place * 31 + step * 977) % 9973
            fate = ("submitted",) if chance < 50 else ("submitted", "approved")
            missing = "not_applicable" if 50 <= chance < 52 else ""
            yield Report(leaf, nation.kind(place), period, step, figure, missing, fate)
            if chance >= 940:
                corrected.append((place, leaf, figure))
        for number, (place, leaf, figure) in enumerate(corrected):
            fate = ("submitted", "returned") if number % 5 == 1 else ("submitted", "approved")
            fate += ("withdrawn",) if number % 5 == 0 else ()
            yield Report(leaf, nation.kind(place), period, step, figure + 1 + number % 7, "", fate)


def measurement_row(number: int, report: Report, figures: Callable[[int], Any]) -> tuple[Any, ...]:
    """The columns of MEASUREMENT; `figures` spells millionths as the database keeps them."""
    value = numerator = denominator = None
    if not report.missing:
        if report.kind == 3:
            numerator = figures((report.figure % 400) * 1_000_000)
            denominator = figures((report.figure % 400 + report.figure % 97) * 1_000_000)
        elif report.kind == 1:
            value = figures(report.figure * 1_250_000)
        else:
            value = figures(report.figure * 1_000_000)
    at = BEGIN + report.step * QUARTER_DAYS
    unit = KINDS[report.kind].child["unit"]
    return (
        number, f"{number:032x}", report.leaf, report.period, None, None, None, None, "計測 太郎（架空）", unit,
        value, numerator, denominator, "final", report.missing, "", at,
    )  # fmt: skip


def event_rows(number: int, first_id: int, report: Report) -> Iterator[tuple[Any, ...]]:
    at = BEGIN + report.step * QUARTER_DAYS
    for place, kind in enumerate(report.fate):
        yield first_id + place, number, kind, at, None, "計測 太郎（架空）", None, None, False, ""


def rows(
    nation: Nation, figures: Callable[[int], Any]
) -> Iterator[tuple[tuple[Any, ...], list[tuple[Any, ...]]]]:
    """(measurement, its events) with their keys, from 1 on."""
    event_id = 1
    for number, report in enumerate(reports(nation), 1):
        events = list(event_rows(number, event_id, report))
        event_id += len(events)
        yield measurement_row(number, report, figures), events


def load(nation: Nation) -> int:
    """The whole ledger by the database's own fastest way; returns the number of measurements."""
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        loaded = (_copy if connection.vendor == "postgresql" else _executemany)(cursor, nation)
    if connection.vendor == "postgresql":
        connection.ensure_connection()
        connection.connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("VACUUM (ANALYZE)")
    else:
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    return loaded


def micros_text(micros: int) -> str:
    return f"{micros // 1_000_000}.{micros % 1_000_000:06d}"


def chunks(iterator: Iterator[Any], size: int) -> Iterator[list[Any]]:
    while chunk := list(islice(iterator, size)):
        yield chunk


def copy_text(lines: Iterable[Sequence[Any]]) -> io.StringIO:
    """Rows in COPY's text form."""
    out = io.StringIO()
    for line in lines:
        out.write("\t".join("\\N" if value is None else str(value) for value in line))
        out.write("\n")
    out.seek(0)
    return out


def _copy(cursor: Any, nation: Nation) -> int:
    total = 0
    for chunk in chunks(rows(nation, micros_text), 20_000):
        for table, columns, lines in (
            ("kpis_measurement", MEASUREMENT, (row for row, _events in chunk)),
            ("kpis_measurementevent", EVENT, (event for _row, events in chunk for event in events)),
        ):
            cursor.copy_expert(f"COPY {table} ({', '.join(columns)}) FROM STDIN", copy_text(lines))
        total += len(chunk)
    for table in ("kpis_measurement", "kpis_measurementevent"):
        cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")
    return total


def _executemany(cursor: Any, nation: Nation) -> int:
    from django.db import connection

    total, raw = 0, connection.connection
    as_text = connection.ops.adapt_datetimefield_value
    moments = {}
    for step in range(len(nation.periods)):
        moment = BEGIN + step * QUARTER_DAYS
        moments[moment] = as_text(moment)
    for chunk in chunks(rows(nation, int), 20_000):
        _insert(
            raw, "kpis_measurement", MEASUREMENT, ((*row[:-1], moments[row[-1]]) for row, _events in chunk)
        )
        events = ((*event[:3], moments[event[3]], *event[4:]) for _row, found in chunk for event in found)
        _insert(raw, "kpis_measurementevent", EVENT, events)
        total += len(chunk)
    return total


def _insert(raw: Any, table: str, columns: Sequence[str], lines: Iterable[Sequence[Any]]) -> None:
    places = ", ".join("?" * len(columns))
    raw.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--measurements", type=int, default=1_000_000)
    parser.add_argument("--url", required=True)
    options = parser.parse_args()
    use(options.url)
    from django.core.management import call_command

    from kpis.models import Measurement
    from kpis.rollup import drain

    call_command("migrate", verbosity=0)
    start = time.perf_counter()
    nation = structure(options.measurements)
    built = time.perf_counter()
    loaded = load(nation)
    stored = time.perf_counter()
    cells = drain.rebuild()
    done = time.perf_counter()
    assert loaded == Measurement.objects.count()
    print(f"{len(nation.leaves)} measured KPIs, {loaded} measurements, {cells} cells")
    print(f"structure {built - start:.1f} s, ledger {stored - built:.1f} s, rebuild {done - stored:.1f} s")


if __name__ == "__main__":
    main()
