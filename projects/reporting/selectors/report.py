"""A report as it is read: one version whole, beside it what another one said, and everything that happened.

Nothing here looks at what is being typed: every word comes from a submitted version.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _

from foundation.access import Actor
from kpis.figure_text import measurement_text
from kpis.models import IndicatorSheet, Measurement
from kpis.periods import Period
from kpis.selectors.recorded import History, Recorded, histories
from projects.reporting.comparing import compare
from projects.reporting.content import Content
from projects.reporting.models import (
    AlignmentAnswer,
    ProgressReport,
    ReportReview,
    ReportVersion,
    ReviewNote,
    Side,
)
from projects.reporting.questions import ALIGNMENT
from projects.reporting.selectors.shapes import (
    AlignmentCell,
    AlignmentRow,
    Base,
    EvidenceLine,
    Passage,
    Place,
    Reading,
    ReportFigure,
)

PREVIOUS = "previous"
NONE = "none"
DECISIONS = ("accepted", "conditional", "returned")
STATE_TONES = {
    "not_started": "none",
    "drafting": "none",
    "in_house": "none",
    "submitted": "caution",
    "reviewing": "caution",
    "returned": "negative",
    "approved": "positive",
    "exempt": "none",
}
REVIEW_TONES = {
    "waiting": "none",
    "reviewing": "caution",
    "accepted": "positive",
    "conditional": "positive",
    "returned": "negative",
}


def reports_for_list(actor: Actor) -> QuerySet[ProgressReport]:
    """Reports that the actor may see, with `can_draft`, the newest rounds first; no draft words in them."""
    rows: QuerySet[ProgressReport] = ProgressReport.objects.visible_to(actor).with_can(actor, "draft")
    related = ("round__forum", "project__lead")
    return rows.select_related(*related).order_by(
        "-round__requested_on", "-round_id", "project__code", "project_id"
    )


# --- one version -----------------------------------------------------------------------------------------------------


def read_report(
    report: ProgressReport, number: int | None = None, base: str = NONE, side: str = ""
) -> Reading | None:
    """The version of that number (the newest without one); None where there is no such version.

    `base` names what it is compared with: "none", "v1", "previous" (the project's last approved report), or "" for
    what the reviewer of `side` has read last. Twelve queries, whatever the number of figures.
    """
    versions = list(report.versions.select_related("organization", "post", "plan_version").order_by("number"))
    version = _chosen(versions, number)
    if number is not None and version is None:
        return None
    related = ("reviewer_post__organization", "version")
    reviews = list(report.reviews.select_related(*related).order_by("side"))
    events = list(report.events.select_related("organization", "post").order_by("id"))
    reading = Reading(report, versions, version, reviews, events, [], None)
    if version is not None:
        reading.bases = _bases(report, versions, version)
        reading.base = _base(reading, base, side)
        _fill(reading)
    return reading


def _chosen(versions: Sequence[ReportVersion], number: int | None) -> ReportVersion | None:
    if number is None:
        return versions[-1] if versions else None
    return next((each for each in versions if each.number == number), None)


def _bases(report: ProgressReport, versions: Sequence[ReportVersion], version: ReportVersion) -> list[Base]:
    own = [
        Base(f"v{each.number}", _("第%(number)s版") % {"number": each.number}, each.content, True)
        for each in versions
        if each.number < version.number
    ]
    last = last_approved_version(report)
    if last is not None:
        own.append(
            Base(PREVIOUS, _("前回の報告（%(round)s）") % {"round": last.report.round}, last.content, False)
        )
    return own


def last_approved_version(report: ProgressReport) -> ReportVersion | None:
    """The newest version of the project's last report that was approved before this one."""
    rows = ReportVersion.objects.filter(
        report__project_id=report.project_id, report__state=ProgressReport.State.APPROVED
    ).exclude(report_id=report.pk)
    if report.approved_at:
        rows = rows.filter(report__approved_at__lt=report.approved_at)
    found: ReportVersion | None = (
        rows.select_related("report__round").order_by("-report__approved_at", "-number").first()
    )
    return found


def _base(reading: Reading, wanted: str, side: str) -> Base | None:
    by_value = {each.value: each for each in reading.bases}
    if wanted:
        return by_value.get(wanted)
    if reading.version is None:
        return None
    read = version_decided(reading, side)
    if read is not None and f"v{read}" in by_value:
        return by_value[f"v{read}"]
    return by_value.get(f"v{reading.version.number - 1}") or by_value.get(PREVIOUS)


def version_decided(reading: Reading, side: str) -> int | None:
    """The number of the version that this side decided on last."""
    decided = [each.at for each in reading.events if each.side == side and each.kind in DECISIONS]
    if not decided:
        return None
    return max((each.number for each in reading.versions if each.submitted_at <= decided[-1]), default=None)


# --- its parts -------------------------------------------------------------------------------------------------------


def _fill(reading: Reading) -> None:
    assert reading.version is not None  # noqa: S101 (asked by the caller)
    content = reading.version.content
    before = reading.base.content if reading.base else None
    reading.passages = _passages(reading.report, content, before)
    reading.figures = _figures(reading, content)
    reading.earlier = content.get("earlier", [])
    reading.missing = content.get("missing", [])
    reading.evidence = _evidence(content, reading.base)
    reading.sides, reading.alignment = _alignment(reading, content)
    reading.about_evidence = Place("evidence", _("資料"))
    reading.about_all = Place("report", _("報告の全体"))
    _put_notes(reading)


def _passages(report: ProgressReport, content: Content, before: Content | None) -> list[Passage]:
    questions = report.round.template.questions if report.round.template else []
    found = []
    for each in questions:
        text = content["answers"].get(each["key"], "")
        pieces = compare(before["answers"].get(each["key"], ""), text) if before is not None else []
        found.append(Passage(f"answer.{each['key']}", each["label"], text=text, pieces=pieces))
    return found


def _figures(reading: Reading, content: Content) -> list[ReportFigure]:
    lines: list[dict[str, Any]] = content["figures"]
    ids = [line["measurement"] for line in lines]
    rows = {str(row.public_id): row for row in Measurement.objects.filter(public_id__in=ids)}
    periods = {row.period for row in rows.values()}
    found = histories(
        {row.indicator_id for row in rows.values()},
        periods | {before for period in periods if (before := _before(period)) is not None},
    )
    current = IndicatorSheet.objects.filter(
        indicator_id__in={row.indicator_id for row in rows.values()}, superseded_at=None
    )
    sheets = {sheet.indicator_id: sheet for sheet in current}
    earlier = _earlier_texts(reading.base)
    return [_figure(line, rows.get(line["measurement"]), found, sheets, earlier) for line in lines]


def _before(period: Period) -> Period | None:
    try:
        return period.previous()
    except ValueError:
        return None


def _figure(
    line: dict[str, Any],
    row: Measurement | None,
    found: Mapping[tuple[int, Period], History],
    sheets: Mapping[int, IndicatorSheet],
    earlier: Mapping[tuple[str, str], str] | None,
) -> ReportFigure:
    figure = ReportFigure(
        f"figure.{line['measurement']}", f"{line['code']} {line['name']} {line['period_label']}", data=line
    )
    if earlier is not None:
        figure.before = earlier.get((line["indicator"], line["period"]), "")
        figure.is_changed = figure.before != line["text"]
    if row is None:
        return figure
    history = found.get((row.indicator_id, row.period)) or History()
    figure.recorded = next((each for each in history.rows if each.row.pk == row.pk), None)
    sheet = sheets[row.indicator_id]
    figure.sent_back = next(
        (
            measurement_text(each.row, sheet)
            for each in reversed(history.rows)
            if _was_returned_before(each, row)
        ),
        "",
    )
    last = found.get((row.indicator_id, before)) if (before := _before(row.period)) else None
    if last is not None and last.standing is not None:
        figure.period_before = measurement_text(last.standing.row, sheet)
    return figure


def _was_returned_before(each: Recorded, row: Measurement) -> bool:
    return each.row.pk < row.pk and each.state == "returned"


def _earlier_texts(base: Base | None) -> dict[tuple[str, str], str] | None:
    """{(indicator, period): text} of the version compared with; another report speaks of other periods."""
    if base is None or not base.is_same_report:
        return None
    return {(each["indicator"], each["period"]): each["text"] for each in base.content["figures"]}


def _evidence(content: Content, base: Base | None) -> list[EvidenceLine]:
    if base is None or not base.is_same_report:
        return [EvidenceLine(each) for each in content["evidence"]]
    old = {each["id"]: each for each in base.content["evidence"]}
    new = {each["id"] for each in content["evidence"]}
    shown = [EvidenceLine(each, "" if each["id"] in old else "added") for each in content["evidence"]]
    return shown + [EvidenceLine(each, "removed") for key, each in old.items() if key not in new]


def _alignment(reading: Reading, content: Content) -> tuple[list[str], list[AlignmentRow]]:
    """The heads of the columns, and for each question everybody's newest answer."""
    report = reading.report
    given: dict[tuple[str, int | None, str], AlignmentAnswer] = {}
    names: dict[int | None, str] = {}
    for each in report.alignment.select_related("organization").order_by("id"):
        who = each.organization_id if each.side == Side.COMPANY else None
        given[each.side, who, each.question] = each
        names[who] = each.organization.display_name if each.organization else ""
    companies = sorted({who for side, who, _q in given if side == Side.COMPANY and who}, key=lambda pk: pk)
    columns: list[tuple[str, int | None, str]] = [
        (Side.MUNICIPALITY, None, _("自治体")),
        (Side.UNIVERSITY, None, _("大学")),
        *((Side.COMPANY, pk, names[pk]) for pk in companies),
    ]
    old = reading.base.content["alignment"] if reading.base and reading.base.is_same_report else {}
    rows = []
    for key, label in ALIGNMENT:
        own = content["alignment"].get(key, {})
        cells = [
            AlignmentCell(
                _("プロジェクト"), own.get("score", 0), own.get("note", ""), old.get(key, {}).get("score", 0)
            )
        ]
        cells += [_cell(name, given.get((side, who, key))) for side, who, name in columns]
        rows.append(AlignmentRow(f"alignment.{key}", str(label), key=key, answers=cells))
    return [_("プロジェクト"), *(name for _side, _who, name in columns)], rows


def _cell(who: str, answer: AlignmentAnswer | None) -> AlignmentCell:
    return AlignmentCell(who, answer.score, answer.note) if answer else AlignmentCell(who)


def own_scores(report: ProgressReport, side: str, organization_id: int | None) -> dict[str, tuple[int, str]]:
    """{question: (score, note)} that a side (a partner: its organisation) has given last."""
    rows = report.alignment.filter(side=side)
    if side == Side.COMPANY:
        rows = rows.filter(organization=organization_id)
    return {each.question: (each.score, each.note) for each in rows.order_by("id")}


# --- notes -----------------------------------------------------------------------------------------------------------


def _put_notes(reading: Reading) -> None:
    """The notes on this version and on earlier ones, beside what they are about."""
    assert reading.version is not None  # noqa: S101 (asked by the caller)
    rows = reading.report.notes.select_related("version").filter(version__number__lte=reading.version.number)
    by_place: dict[str, list[ReviewNote]] = {}
    for note in rows.order_by("id"):
        by_place.setdefault(note.key, []).append(note)
    cells = cells_of_figures(reading.versions)
    for place in reading.places:
        place.notes = by_place.pop(place.place, [])
    for figure in reading.figures:
        cell = (figure.data["indicator"], figure.data["period"])
        gone = [key for key in by_place if cells.get(key) == cell]
        figure.notes = [note for key in gone for note in by_place.pop(key)] + figure.notes
    if reading.about_all is not None:
        reading.about_all.notes += [note for notes in by_place.values() for note in notes]


def cells_of_figures(versions: Iterable[ReportVersion]) -> dict[str, tuple[str, str]]:
    """{place of a note: (indicator, period)}: a figure that was typed anew is another measurement of the same cell."""
    return {
        f"figure.{each['measurement']}": (each["indicator"], each["period"])
        for version in versions
        for each in version.content["figures"]
    }


def newest_notes(report: ProgressReport) -> list[ReviewNote]:
    """What was written when the report was returned last, in order of writing."""
    rows = report.notes.select_related("version").order_by("-version__number", "id")
    found = list(rows)
    return [each for each in found if each.version_id == found[0].version_id]


# --- queue -----------------------------------------------------------------------------------------------------------


def review_queue(actor: Actor) -> QuerySet[ReportReview]:
    """Reviews that wait for a post of the actor's, the longest waiting first."""
    if not actor.post_ids:
        return ReportReview.objects.none()
    rows: QuerySet[ReportReview] = (
        ReportReview.objects.filter(
            reviewer_post_id__in=actor.post_ids, report__state__in=ProgressReport.UNDER_REVIEW
        )
        .exclude(state__in=ReportReview.DONE)
        .allowed(actor, "decide")
        .select_related("report__round__forum", "report__project__lead")
        .prefetch_related(
            "report__reviews", Prefetch("report__versions", ReportVersion.objects.defer("content"))
        )
        .order_by("report__submitted_at", "id")
    )
    return rows
