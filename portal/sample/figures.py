"""The ledger of the fictitious forum: 146 rows as submissions, approvals and one return, on their own days."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import groupby
from typing import Any

from kpis.models import Evidence, Measurement, MeasurementEvent, Part, Submission
from kpis.services import ledger
from kpis.services.ledger import Entry
from kpis.units import unit_labelled
from portal.sample.tables import Row, day, day_or_none, moment, number, period, table
from portal.sample.timeline import Timeline
from portal.sample.words import MISSING, NATURE
from portal.sample.world import World

SUBMITTED_AT, APPROVED_AT = 10, 15
NEVER_REPORTED = "未報告"
CITY_REVIEWER, UNIVERSITY_REVIEWER, UNIVERSITY = "A02", "A06", "O03"
Kind = MeasurementEvent.Kind


@dataclass(frozen=True)
class Reported:
    """One row of the table that reached the ledger, with its days."""

    row: Row
    submitted_on: date
    approved_on: date | None
    returned_on: date | None

    @property
    def card(self) -> str:
        indicator = _indicator(self.row["indicator"])
        return indicator.get("scorecard") or indicator["vision"]


def load_figures(world: World, timeline: Timeline) -> None:
    """Put every submission, approval and return on the timeline; a row that was never reported is no row."""
    rows = [_reported(row) for row in table("measurements") if row["state"] != NEVER_REPORTED]
    groups: dict[tuple[date, str, int], list[Reported]] = defaultdict(list)
    for each in rows:
        organization = world.posts[each.row["reporter_post"]].organization_id
        groups[each.submitted_on, each.card, organization].append(each)
    for (_on, card, _organization), group in sorted(groups.items(), key=lambda item: item[0][0]):
        _Group(world, card, group).plan(timeline)
    _load_outlooks(world, timeline)


def _reported(row: Row) -> Reported:
    """欠測 and 対象外 bear no days in the table: they came and were approved with the reporter's others of that year."""
    source = row if row["submitted_on"] else _latest_of_year(row)
    return Reported(
        row,
        day(source["submitted_on"]),
        day_or_none(source["approved_on"]),
        day_or_none(row["returned_on"]),
    )


def _latest_of_year(row: Row) -> Row:
    same = [
        each
        for each in table("measurements")
        if each["reporter_post"] == row["reporter_post"]
        and each["submitted_on"]
        and period(each["period"]).fiscal_year == period(row["period"]).fiscal_year
    ]
    return max(same, key=lambda each: each["submitted_on"])


def _indicator(code: str) -> Row:
    rows = (*table("indicators"), *table("child_indicators"))
    return next(row for row in rows if row["code"] == code)


class _Group:
    """What one organisation submitted on one scorecard on one day."""

    def __init__(self, world: World, card: str, rows: Sequence[Reported]) -> None:
        self.world, self.card, self.rows = world, card, rows
        self.measurements: dict[str, Measurement] = {}

    def plan(self, timeline: Timeline) -> None:
        timeline.at(moment(self.rows[0].submitted_on, SUBMITTED_AT), self.submit)
        for on in sorted({each.approved_on for each in self.rows if each.approved_on}):
            timeline.at(moment(on, APPROVED_AT), partial(self.approve, on))
        for each in self.rows:
            if each.returned_on:
                timeline.at(
                    moment(each.returned_on, APPROVED_AT), partial(self.return_, each, each.returned_on)
                )

    def submit(self) -> None:
        on = self.rows[0].submitted_on
        posts = sorted({each.row["reporter_post"] for each in self.rows})
        submission = submit_on(self.world, self.card, posts[0], on)
        for post, rows in groupby(sorted(self.rows, key=_post_of), key=_post_of):
            self._record(post, list(rows), submission)
        _evidence(
            self.world, submission, [each.row for each in self.rows if each.row["state"] not in MISSING]
        )

    def _record(self, post: str, rows: list[Reported], submission: Submission) -> None:
        entries = [_entry(self.world, each.row) for each in rows]
        at = ledger.begin(
            (entry.indicator.pk for entry in entries), moment(rows[0].submitted_on, SUBMITTED_AT)
        )
        signer = self.world.signer(post, rows[0].submitted_on)
        made = ledger.record(entries, signer, submission, at)
        self.measurements |= {each.row["no"]: row for each, row in zip(rows, made, strict=True)}

    def approve(self, on: date) -> None:
        by_reviewer: dict[str, list[Measurement]] = defaultdict(list)
        for each in self.rows:
            if each.approved_on == on:
                by_reviewer[_reviewer(self.world, each)].append(self.measurements[each.row["no"]])
        for reviewer, rows in sorted(by_reviewer.items()):
            self._review(reviewer, on, rows, Kind.APPROVED)

    def return_(self, each: Reported, on: date) -> None:
        told = next(
            row
            for row in table("report_returns")
            if (row["indicator"], row["period"]) == (each.row["indicator"], each.row["period"])
        )
        rows = [self.measurements[each.row["no"]]]
        self._review(told["by_post"], on, rows, Kind.RETURNED, told["text"])

    def _review(self, post: str, on: date, rows: list[Measurement], kind: str, note: str = "") -> None:
        at = ledger.begin((row.indicator_id for row in rows), moment(on, APPROVED_AT))
        ledger.write_events(rows, kind, self.world.signer(post, on), at, note)


def _post_of(each: Reported) -> str:
    return each.row["reporter_post"]


def _reviewer(world: World, each: Reported) -> str:
    """Projects that the university leads and figures that it reports are confirmed by the university, others by
    the city. Neither post reports figures of its own."""
    project = world.projects.get(each.card)
    if project is not None:
        is_university = project.lead_id == world.organizations[UNIVERSITY].pk
    else:
        organization_id = world.posts[each.row["reporter_post"]].organization_id
        is_university = organization_id == world.organizations[UNIVERSITY].pk
    return UNIVERSITY_REVIEWER if is_university else CITY_REVIEWER


def submit_on(world: World, card: str, post: str, on: date) -> Submission:
    """A submission of the past, by the post's holder of that day."""
    signer, at = world.signer(post, on), moment(on, SUBMITTED_AT)
    report = world.report_submitted(card, on)
    submission = Submission.objects.create(
        bundle=report.bundle_key if report else "",
        bundle_label=str(report or ""),
        bundle_url=f"/reports/{report.public_id}/" if report else "",
        scorecard=world.cards[card],
        organization_id=world.posts[post].organization_id,
        post_id=signer.post_id,
        created_by_id=signer.user_id,
        submitted_by_id=signer.user_id,
        state=Submission.State.SUBMITTED,
        submitted_at=at,
    )
    Submission.objects.filter(pk=submission.pk).update(created_at=at, updated_at=at)
    return submission


def _entry(world: World, row: Row, **fields: Any) -> Entry:
    return Entry(
        indicator=world.indicators[row["indicator"]],
        period=period(row["period"]),
        unit=unit_labelled(_indicator(row["indicator"])["unit"]).code,
        **{
            "value": number(row["value"]),
            "numerator": number(row["numerator"]),
            "denominator": number(row["denominator"]),
            "nature": NATURE[row["nature"]],
            "missing": MISSING.get(row["state"], ""),
            "note": row["note"],
            "parts": _parts(row),
        }
        | fields,
    )


def _parts(row: Row) -> dict[int, Any]:
    """{part: value} of the split that came with the figure."""
    where = (row["indicator"], row["period"])
    found = [each for each in table("measurement_parts") if (each["indicator"], each["period"]) == where]
    if not found:
        return {}
    parts = dict(Part.objects.filter(dimension__name=found[0]["dimension"]).values_list("name", "pk"))
    return {parts[each["part"]]: number(each["value"]) for each in found}


def _evidence(world: World, submission: Submission, rows: Sequence[Row]) -> None:
    """What each indicator's sheet names as its source, beside the figures that were taken from it."""
    for code in dict.fromkeys(row["indicator"] for row in rows):
        Evidence.objects.create(
            submission=submission, indicator=world.indicators[code], title=_indicator(code)["data_source"]
        )


def _load_outlooks(world: World, timeline: Timeline) -> None:
    """見込値: submitted with their reasons, never approved, never counted. A year that is not measured has none."""
    rows = [row for row in table("outlooks") if row["value"]]
    for (post, on), group in groupby(rows, key=lambda row: (row["registered_by_post"], row["registered_on"])):
        timeline.at(moment(on, SUBMITTED_AT), partial(_foresee, world, post, day(on), list(group)))


def _foresee(world: World, post: str, on: date, rows: Sequence[Row]) -> None:
    submission = submit_on(world, _indicator(rows[0]["indicator"])["vision"], post, on)
    blank = {"numerator": "", "denominator": ""}
    entries = [_entry(world, row | blank | {"note": row["reason"]}) for row in rows]
    signer = world.signer(post, on)
    at = ledger.begin((entry.indicator.pk for entry in entries), moment(on, SUBMITTED_AT))
    ledger.record(entries, signer, submission, at)
