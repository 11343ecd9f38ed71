"""Public record: real figures, a real roadmap and real cases, each with its source. Nothing is filled in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from actors.models import Organization
from ecosystems.models import Case, Forum, RoadmapItem, Source
from kpis.models import Evidence, Indicator, Measurement, MeasurementEvent, Scorecard, Submission
from kpis.periods import Period
from kpis.rules import Scale
from kpis.services import ledger, sheets
from kpis.services.ledger import Entry, Signer
from kpis.services.targets import TargetInput, set_targets
from kpis.units import YEN, unit_labelled
from portal.sample.figures import APPROVED_AT, SUBMITTED_AT
from portal.sample.tables import RECORD, Row, document, moment, number, period, split, table
from portal.sample.timeline import Timeline
from portal.sample.words import ACCRUAL, DIRECTION
from portal.sample.world import World
from visions.models import Vision, VisionVersion

MINISTRY = "文部科学省"
STRATEGY, COUNCIL = "科学技術による地域活性化戦略", "総合科学技術会議"
COPIED = "公表資料から写した値です。この機関が本システムに提出したものではありません。"
COPIER = Signer(name="公表資料からの転記")
APPROVER = Signer(name="システム（見本データの読込み）")


def load_public_record(world: World, timeline: Timeline) -> None:
    _load_sources(world)
    _load_publishers(world)
    strategy = _forum(STRATEGY, world.organizations[COUNCIL], _titled(world, "SRC-CSTP"))
    _load_roadmap(world, strategy)
    forums = {STRATEGY: strategy}
    for name, rows in groupby(table("series", RECORD), key=lambda row: row["scorecard"]):
        forums[name] = _load_series(world, timeline, name, list(rows))
    _load_cases(world, forums)


def _load_sources(world: World) -> None:
    for row in table("sources", RECORD):
        world.sources[row["id"]] = Source.objects.create(
            code=row["id"],
            title=row["title"],
            publisher=row["publisher"],
            year=row["year"],
            note="\n".join(filter(None, (row["note"], row["url"]))),
        )


def _load_publishers(world: World) -> None:
    kinds = Organization.Kind
    for name, kana, kind in (
        (MINISTRY, "もんぶかがくしょう", kinds.MINISTRY),
        (COUNCIL, "そうごうかがくぎじゅつかいぎ", kinds.PUBLIC_RECORD),
    ):
        world.organizations[name] = Organization.objects.create(name=name, name_kana=kana, kind=kind)


def _titled(world: World, *sources: str) -> str:
    """「表題」（発行者） of each source once."""
    found = (world.sources[source] for source in dict.fromkeys(sources))
    return "、".join(f"「{source.title}」（{source.publisher}）" for source in found)


def _forum(name: str, core_body: Organization, sources: str) -> Forum:
    return Forum.objects.create(
        name=name,
        is_public_record=True,
        core_body=core_body,
        summary=f"{sources}に公表された内容を、そのまま収めた見本です。",
        visibility=Forum.Visibility.PUBLIC,
    )


# --- roadmap and cases ------------------------------------------------------------------------------------------------


def _load_roadmap(world: World, forum: Forum) -> None:
    for row in table("roadmap", RECORD):
        RoadmapItem.objects.create(
            forum=forum,
            position=int(row["position"]),
            section=f"{row['strategy']} {row['sheet']} {row['section']}",
            issue=row["issue"],
            direction=row["direction"],
            reform=row["reform"],
            schedule=row["timing"],
            ministries=row["ministries"],
            source=world.sources[row["source"]],
        )


def _load_cases(world: World, forums: dict[str, Forum]) -> None:
    """Each case in the forum of its own name, where its figures are; the others with the strategy."""
    for row in table("cases", RECORD):
        case = Case.objects.create(
            forum=forums.get(row["name"], forums[STRATEGY]),
            code=row["id"],
            title=row["name"],
            region=row["region"],
            features=row["features"],
            results=row["results"],
            problems=row["issues"],
            source=world.sources[row["source"]],
        )
        case.organizations.set(world.organizations[name] for name in split(row["organizations"]))


# --- figures ----------------------------------------------------------------------------------------------------------


def _load_series(world: World, timeline: Timeline, name: str, rows: list[Row]) -> Forum:
    """One programme or place: a forum, a vision, a scorecard, and its figures at the day of the sample."""
    forum = _forum(name, _core_body(world, name, rows[0]), _titled(world, *(row["source"] for row in rows)))
    card = Scorecard.objects.create(forum=forum, name=name, visibility=Scorecard.Visibility.PUBLIC)
    _load_vision(world, card, rows)
    series = [list(group) for _code, group in groupby(rows, key=lambda row: row["code"])]
    since = moment(document("forum")["today"], 9)
    indicators = [
        _load_indicator(world, card, place, group, rows, since) for place, group in enumerate(series, 1)
    ]
    figures = [
        (indicator, row)
        for indicator, group in zip(indicators, series, strict=True)
        for row in group
        if row["period"] and row["actual"]
    ]
    _plan(world, timeline, card, figures)
    return forum


def _core_body(world: World, name: str, row: Row) -> Organization:
    """The body named beside the figures, the ministry that published them, or the programme itself."""
    if row["organization"]:
        return world.organizations[row["organization"]]
    if world.sources[row["source"]].publisher == MINISTRY:
        return world.organizations[MINISTRY]
    return Organization.objects.create(name=name, kind=Organization.Kind.PUBLIC_RECORD)


def _periods(rows: Sequence[Row]) -> list[Period]:
    return sorted(period(row["period"]) for row in rows if row["period"])


def _load_vision(world: World, card: Scorecard, rows: Sequence[Row]) -> None:
    """The vision's words are those of the case, where there is one; its horizon the last year on record."""
    case = next((row for row in table("cases", RECORD) if row["name"] == card.name), None)
    vision = Vision.objects.create(
        forum=card.forum,
        name=card.name,
        target_year=_periods(rows)[-1].fiscal_year,
        scorecard=card,
        visibility=Vision.Visibility.PUBLIC,
    )
    text = case["features"] if case else card.forum.summary
    VisionVersion.objects.create(vision=vision, number="1", text=text, is_current=True)


def _load_indicator(
    world: World, card: Scorecard, place: int, rows: Sequence[Row], all_rows: Sequence[Row], since: datetime
) -> Indicator:
    """From the first to the last year on record: years between without a figure stay gaps, none come after."""
    first, unit = rows[0], unit_labelled(rows[0]["unit"])
    years = _periods(rows) or _periods(all_rows)
    sheet = {
        "definition": "\n".join([first["definition"], *_remarks(rows)]),
        "data_source": _titled(world, *(row["source"] for row in rows))[:300],
        "unit": unit.code,
        "scale": Scale.CURRENCY if unit.family == YEN else Scale.NUMBER,
        "direction": DIRECTION[first["direction"]],
        "accrual": ACCRUAL[first["accrual"]],
        "grain": years[0].grain,
        "first_period": years[0],
        "last_period": years[-1],
    }
    indicator = sheets.create_indicator(
        actor=world.actor,
        scorecard=card,
        sheet=sheet,
        at=since,
        code=first["code"],
        name=first["name"],
        position=place,
        visibility=Scorecard.Visibility.PUBLIC,
    )
    targets = [
        TargetInput(period(row["period"]), number(row["target"]))
        for row in rows
        if row["target"] and row["period"]
    ]
    if targets:
        set_targets(actor=world.actor, indicator=indicator, targets=targets, at=since)
    return indicator


def _remarks(rows: Sequence[Row]) -> list[str]:
    """Figures without a year are no figures of a period: they are told beside the definition."""
    told = []
    for row in rows:
        if not row["period"]:
            kind, value = ("目標値", row["target"]) if row["target"] else ("値", row["actual"])
            told.append(f"注：{kind} {value}{row['unit']}（{row['note']}）")
    return told


def _plan(
    world: World, timeline: Timeline, card: Scorecard, figures: Sequence[tuple[Indicator, Row]]
) -> None:
    """Copied and approved on the same day by the system, for nobody of the portal reported them."""
    today = document("forum")["today"]
    submitted, approved = moment(today, SUBMITTED_AT), moment(today, APPROVED_AT)
    rows: list[Measurement] = []

    def record() -> None:
        submission = _submission(card, submitted)
        ledger.begin((indicator.pk for indicator, _row in figures), submitted)
        entries = [_entry(world, indicator, row) for indicator, row in figures]
        rows.extend(ledger.record(entries, COPIER, submission, submitted))
        _evidence(world, submission, figures)

    def approve() -> None:
        ledger.begin((row.indicator_id for row in rows), approved)
        ledger.write_events(rows, MeasurementEvent.Kind.APPROVED, APPROVER, approved)

    timeline.at(submitted, record)
    timeline.at(approved, approve)


def _submission(card: Scorecard, at: datetime) -> Submission:
    return Submission.objects.create(
        scorecard=card,
        organization=card.forum.core_body,
        state=Submission.State.SUBMITTED,
        submitted_at=at,
        note=COPIED,
    )


def _entry(world: World, indicator: Indicator, row: Row) -> Entry:
    return Entry(
        indicator=indicator,
        period=period(row["period"]),
        unit=unit_labelled(row["unit"]).code,
        value=number(row["actual"]),
        note=_note(world, row),
    )


def _note(world: World, row: Row) -> str:
    """Where the figure stands: source, place in it, the words themselves, and what had to be read into them."""
    quote = f"「{row['quote']}」" if row["quote"] else ""
    lines = (f"出典：{_titled(world, row['source'])}", f"{row['section']}{quote}", row["note"])
    return "\n".join(filter(None, lines))


def _evidence(world: World, submission: Submission, figures: Sequence[tuple[Indicator, Row]]) -> None:
    urls = {row["id"]: row["url"] for row in table("sources", RECORD)}
    seen: dict[tuple[Any, ...], None] = dict.fromkeys(
        (indicator, row["source"], row["section"]) for indicator, row in figures
    )
    for indicator, source, section in seen:
        Evidence.objects.create(
            submission=submission,
            indicator=indicator,
            title=world.sources[source].title,
            url=urls[source],
            page=section,
        )
