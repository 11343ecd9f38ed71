"""What a compiled report says, made of a round's reports and figures as they stood at a moment. Data only.

It is read by all members of the forum: projects and KPIs that are not open to them are counted and not named, and the
words of a report are taken over once it is approved. Nothing in it depends on when or by whom it is compiled.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils import timezone

from kpis.periods import Period
from kpis.rules import Value
from kpis.selectors.compiled import OPEN, Cards, cards_for_members, frame_of
from kpis.selectors.scorecard_table import Frame
from projects.reporting.models import ProgressReport, ReportingRound, ReportReview, Side, end_of
from projects.reporting.questions import ALIGNMENT_KEYS
from projects.reporting.selectors.standing import Standing, in_order, standings
from projects.research.models import Correction, Project
from visions.models import Vision

Content = dict[str, Any]
State = ProgressReport.State
WORDS = ("highlights", "risks", "requests")


@dataclass
class Gathered:
    """Everything that the reports of one round are made of, read once for the forum and all its visions."""

    round: ReportingRound
    moment: datetime
    number: int
    standings: list[Standing]
    hidden_projects: set[int]
    visions: list[Vision]
    themes_of: dict[int, set[int]]  # {project: visions of its themes}
    cards: Cards
    corrections: dict[Any, list[Any]]

    @property
    def frame(self) -> Frame:
        """The year whose figures are shown, seen from the moment."""
        return frame_of(Period.year(self.round.period.fiscal_year), self.moment)


def gather(round_: ReportingRound, moment: datetime, number: int) -> Gathered:
    """Read it all in a fixed number of queries."""
    reports = ProgressReport.objects.filter(round=round_)
    found = {each.report.pk: each for each in standings(reports, moment)}
    ordered = [found[pk] for pk in in_order((pk, each.report.project.code) for pk, each in found.items())]
    hidden = {each.report.project_id for each in ordered if each.report.project.visibility not in OPEN}
    shown = [each for each in ordered if each.report.project_id not in hidden]
    visions = list(Vision.objects.filter(forum_id=round_.forum_id, visibility__in=OPEN).order_by("pk"))
    visions.sort(key=lambda vision: (vision.code, vision.pk))
    projects = [each.report.project for each in shown]
    cards = {vision.scorecard_id for vision in visions} | {
        project.scorecard_id for project in projects if project.scorecard_id
    }
    year = Period.year(round_.period.fiscal_year)
    return Gathered(
        round_,
        moment,
        number,
        ordered,
        hidden,
        visions,
        _visions_of(ordered),
        cards_for_members(round_.forum_id, cards, year, moment),
        _corrected(projects, round_.period, moment),
    )


def _visions_of(found: Sequence[Standing]) -> dict[int, set[int]]:
    projects = Project.objects.filter(pk__in=[each.report.project_id for each in found])
    visions: dict[int, set[int]] = {}
    hung = projects.exclude(themes=None).order_by()
    for project_id, vision_id in hung.values_list("pk", "themes__vision_id"):
        visions.setdefault(project_id, set()).add(vision_id)
    return visions


# --- one report ------------------------------------------------------------------------------------------------------


def content_for(gathered: Gathered, vision: Vision | None) -> Content:
    """The compiled report of the forum, or of one of its visions."""
    every = [each for each in gathered.standings if _belongs(gathered, each, vision)]
    shown = [each for each in every if each.report.project_id not in gathered.hidden_projects]
    visions = gathered.visions if vision is None else [vision]
    approved = [each for each in shown if each.is_approved]
    figures = [*_vision_cards(gathered, visions), *_project_cards(gathered, shown)]
    return {
        "head": _head(gathered, vision),
        "submission": _submission(gathered, shown, len(every) - len(shown)),
        "figures": figures,
        "grades": _grades(figures),
        "balance": _balance(figures),
        "alignment": _alignment(approved),
        "words": {key: _words(approved, key) for key in WORDS},
        "pending": sum(each.state in ProgressReport.UNDER_REVIEW for each in shown),
        "corrections": _corrections(gathered, shown),
    }


def _belongs(gathered: Gathered, standing: Standing, vision: Vision | None) -> bool:
    return vision is None or vision.pk in gathered.themes_of.get(standing.report.project_id, set())


def _head(gathered: Gathered, vision: Vision | None) -> Content:
    asked = gathered.round
    return {
        "round": asked.name,
        "forum": asked.forum.name,
        "vision": vision.name if vision else "",
        "period": asked.period.code,
        "period_label": asked.period.label_both,
        "year_label": gathered.frame.year.label_both,
        "judged_label": gathered.frame.judged.label_both,
        "due_on": asked.due_on.isoformat(),
        "closes_on": asked.closes_on.isoformat(),
        "as_of": gathered.moment.astimezone(UTC).isoformat(),
        "record_number": gathered.number,
    }


# --- who reported ----------------------------------------------------------------------------------------------------

ON_TIME, LATE, MISSING, WAITING, EXEMPT = "on_time", "late", "missing", "waiting", "exempt"
GROUPS = (ON_TIME, LATE, MISSING, WAITING, EXEMPT)


def _submission(gathered: Gathered, shown: Sequence[Standing], hidden: int) -> Content:
    rows = [_submitted(gathered, each) for each in shown]
    counts = Counter(row["group"] for row in rows)
    return {"counts": {group: counts[group] for group in GROUPS}, "hidden": hidden, "rows": rows}


def _submitted(gathered: Gathered, standing: Standing) -> Content:
    """When it came, and by how many days too late; for who is missing, by how many days overdue."""
    group = _group(gathered, standing)
    submitted = standing.first_submitted_at
    today = timezone.localdate(gathered.moment)
    return {
        **_named(standing),
        "lead": standing.report.project.lead.display_name,
        "group": group,
        "state": standing.state,
        "state_word": standing.word,
        "submitted_on": timezone.localdate(submitted).isoformat() if submitted else "",
        "days": standing.days_late(today) if group in (LATE, MISSING) else 0,
        "reviews": {side: standing.reviews[side].word for side in ReportReview.SIDES} if submitted else {},
        "reason": standing.exempt_reason if group == EXEMPT else "",
    }


def _group(gathered: Gathered, standing: Standing) -> str:
    if standing.state == State.EXEMPT:
        return EXEMPT
    if standing.first_submitted_at is not None:
        return LATE if standing.is_late else ON_TIME
    return MISSING if gathered.moment >= end_of(gathered.round.due_on) else WAITING


def _named(standing: Standing) -> Content:
    project = standing.report.project
    return {
        "report": str(standing.report.public_id),
        "project": str(project.public_id),
        "code": project.code,
        "name": project.name,
    }


# --- figures ---------------------------------------------------------------------------------------------------------


def _vision_cards(gathered: Gathered, visions: Iterable[Vision]) -> list[Content]:
    return [
        _card(gathered, "vision", vision.scorecard_id, str(vision.public_id), vision.code, vision.name)
        for vision in visions
    ]


def _project_cards(gathered: Gathered, shown: Iterable[Standing]) -> list[Content]:
    projects: Iterable[Project] = (each.report.project for each in shown)
    return [
        _card(gathered, "project", project.scorecard_id, str(project.public_id), project.code, project.name)
        for project in projects
        if project.scorecard_id
    ]


def _card(gathered: Gathered, kind: str, card: int, public_id: str, code: str, name: str) -> Content:
    return {
        "kind": kind,
        "id": public_id,
        "code": code,
        "name": name,
        "rows": gathered.cards.lines[card],
        "hidden": gathered.cards.hidden.get(card, 0),
    }


def _main_rows(figures: Iterable[Content]) -> list[Content]:
    """The KPIs of the visions themselves, without what feeds them."""
    return [row for card in figures if card["kind"] == "vision" for row in card["rows"] if not row["is_sub"]]


def _grades(figures: Iterable[Content]) -> list[Content]:
    """How many KPIs of the visions bear which grade; those without one last."""
    rows = _main_rows(figures)
    counts = Counter((row["grade"], row["symbol"], row["tone"]) for row in rows)
    ordered = sorted(counts.items(), key=lambda item: (item[0][0] == "", -item[1], item[0]))
    return [
        {"label": label, "symbol": symbol, "tone": tone, "count": count}
        for (label, symbol, tone), count in ordered
    ]


def _balance(figures: Iterable[Content]) -> list[Content]:
    """How many KPIs of the visions speak for each of the values."""
    counts = Counter(row["value"] for row in _main_rows(figures))
    return [{"code": str(worth), "label": worth.label, "count": counts[worth]} for worth in Value]


# --- what the reports say --------------------------------------------------------------------------------------------


def _alignment(approved: Iterable[Standing]) -> Content:
    rows = [_answers(each) for each in approved if each.answers]
    return {"rows": rows, "wide": sum(bool(row["wide"]) for row in rows)}


def _answers(standing: Standing) -> Content:
    """The sides beside each other; `wide` names the questions on which they lie two or more apart."""
    return {
        **_named(standing),
        "answers": {
            question: {
                side: [
                    {"organization": each.organization, "score": each.score, "note": each.note}
                    for each in standing.answers
                    if each.question == question and each.side == side
                ]
                for side in Side.values
            }
            for question in ALIGNMENT_KEYS
        },
        "spreads": {question: standing.spread(question) for question in ALIGNMENT_KEYS},
        "wide": [question for question in ALIGNMENT_KEYS if standing.is_wide(question)],
    }


def _words(approved: Iterable[Standing], key: str) -> list[Content]:
    return [
        {**_named(each), "text": text}
        for each in approved
        if each.version is not None and (text := each.version.content["answers"].get(key, "").strip())
    ]


def _corrected(projects: Sequence[Project], period: Period, moment: datetime) -> dict[Any, list[Any]]:
    """{project: its corrections decided in the period, as known at the moment}, in order of their days."""
    last = min(period.last_day, timezone.localdate(moment))
    rows = Correction.objects.filter(project__in=projects, decided_on__range=(period.first_day, last))
    found: dict[Any, list[Any]] = {}
    for row in rows.order_by("decided_on", "code", "pk"):
        told = {"on": row.decided_on.isoformat(), "kind": row.get_kind_display(), "text": row.change}
        found.setdefault(row.project_id, []).append(told)
    return found


def _corrections(gathered: Gathered, shown: Collection[Standing]) -> list[Content]:
    return [
        {**_named(each), **item}
        for each in shown
        for item in gathered.corrections.get(each.report.project_id, [])
    ]
