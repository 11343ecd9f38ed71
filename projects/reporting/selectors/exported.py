"""The reports of a round as they are exported: who asks decides which of them, and how much of each.

A reader who sees a report only because it is approved gets it as it was when it was approved, or not at all; figures
of KPIs that they do not see are left out. Read in pieces, so that ten thousand reports take the memory of a few hundred.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from foundation.access import Actor
from foundation.errors import DomainError
from kpis.models import Indicator, Measurement
from kpis.rules import Missing, Nature
from kpis.units import unit_of
from projects.reporting.models import ProgressReport, ReportingRound
from projects.reporting.selectors.standing import Standing, chunks, in_order, standings
from visions.models import Theme, Vision

CHUNK = 200
State = ProgressReport.State
Record = dict[str, Any]
Step = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Wanted:
    """Which reports: of one round, perhaps only in some states, of one vision or theme. All of it visible to who asks."""

    round: ReportingRound
    states: tuple[str, ...] = ()
    vision: Vision | None = None
    theme: Theme | None = None

    @property
    def title(self) -> str:
        """「令和8年度 第2四半期 進捗報告（海まるごと循環ビジョン2035）」."""
        narrowed = [str(each) for each in (self.vision, self.theme) if each]
        narrowed += [str(State(state).label) for state in self.states]
        return f"{self.round.name}（{'、'.join(narrowed)}）" if narrowed else self.round.name


def wanted(actor: Actor, parameters: Mapping[str, Any]) -> Wanted:
    """Read what was asked for: {"round": id, "states": [code], "vision": id, "theme": id}.

    Raises Http404 for a round, vision or theme that the actor does not see, `DomainError` for what cannot be read.
    """
    unknown = sorted(set(parameters) - {"round", "states", "vision", "theme"})
    states = parameters.get("states") or []
    if unknown or not isinstance(states, list) or not set(map(str, states)) <= set(State.values):
        raise DomainError("bad_parameters", _("書き出しの条件が読み取れません。"), field="parameters")
    return Wanted(
        _one(
            ReportingRound.objects.select_related("forum", "template").visible_to(actor),
            parameters.get("round"),
        ),
        tuple(state for state in State.values if state in states),
        _one(Vision.objects.visible_to(actor), parameters["vision"]) if parameters.get("vision") else None,
        _one(Theme.objects.visible_to(actor), parameters["theme"]) if parameters.get("theme") else None,
    )


def _one(rows: QuerySet[Any], public_id: Any) -> Any:
    try:
        found = rows.filter(public_id=UUID(str(public_id))).first()
    except ValueError:
        found = None
    if found is None:
        raise Http404
    return found


def visible_reports(actor: Actor, chosen: Wanted) -> QuerySet[ProgressReport]:
    """The chosen reports that the actor may see, each with whether its unapproved content is theirs to read."""
    rows: QuerySet[ProgressReport] = ProgressReport.objects.visible_to(actor).filter(round=chosen.round)
    if chosen.theme is not None:
        rows = rows.filter(project__themes=chosen.theme)
    elif chosen.vision is not None:
        rows = rows.filter(pk__in=rows.filter(project__themes__vision=chosen.vision).values("pk"))
    return rows


def records(actor: Actor, chosen: Wanted, as_of: datetime, step: Step) -> Iterator[Record]:
    """One record per report, in order of the projects' numbers. Nine queries for every `CHUNK` of them."""
    rows = visible_reports(actor, chosen)
    keys = in_order(rows.order_by().values_list("pk", "project__code"))
    done = 0
    for piece in chunks(keys, CHUNK):
        step(done, len(keys), _("報告を集めています"))
        yield from _records_of(actor, chosen, piece, as_of)
        done += len(piece)
    step(done, len(keys), _("ファイルにまとめています"))


def _records_of(actor: Actor, chosen: Wanted, keys: list[int], as_of: datetime) -> list[Record]:
    rows = ProgressReport.objects.filter(pk__in=keys).with_can(actor, "read_unapproved")
    found = {
        standing.report.pk: standing
        for standing in standings(rows, as_of)
        if (standing.is_approved or standing.report.can_read_unapproved)  # type: ignore[attr-defined]
        and (not chosen.states or standing.state in chosen.states)
    }
    shown = _figures_shown(actor, list(found.values()))
    today = timezone.localdate(as_of)
    return [_record(found[pk], shown, today) for pk in keys if pk in found]


def _figures_shown(actor: Actor, found: Sequence[Standing]) -> dict[str, Record]:
    """{public id of a measurement: its exact numbers} of the figures whose KPI the actor sees. One query."""
    figures = [each for standing in found if standing.version for each in standing.version.content["figures"]]
    rows = Measurement.objects.filter(
        public_id__in=[each["measurement"] for each in figures],
        indicator__in=Indicator.objects.visible_to(actor).values("pk"),
    )
    return {
        str(public_id): {
            "value": _plain(value), "numerator": _plain(numerator), "denominator": _plain(denominator),
            "unit": unit_of(unit).label,
        }
        for public_id, value, numerator, denominator, unit in rows.values_list(
            "public_id", "value", "numerator", "denominator", "unit"
        )
    }  # fmt: skip


def _plain(value: Any) -> str | None:
    return None if value is None else f"{value.normalize():f}"


def _record(standing: Standing, shown: Mapping[str, Record], today: Any) -> Record:
    report, version = standing.report, standing.version
    content = version.content if version else {"answers": {}, "figures": [], "evidence": []}
    return {
        "id": str(report.public_id),
        "project_code": report.project.code,
        "project": report.project.name,
        "project_id": str(report.project.public_id),
        "lead": str(report.project.lead),
        "state": standing.state,
        "state_word": standing.word,
        "version": version.number if version else None,
        "first_submitted_at": _iso(standing.first_submitted_at),
        "submitted_at": _iso(version.submitted_at if version else None),
        "submitted_by": version.submitted_by_name if version else "",
        "is_late": standing.is_late,
        "days_late": 0 if standing.state == State.EXEMPT else standing.days_late(today),
        "approved_at": _iso(standing.approved_at) if standing.is_approved else None,
        "exempt_reason": standing.exempt_reason if standing.state == State.EXEMPT else "",
        "reviews": {
            side: {"word": each.word, "at": _iso(each.at), "who": each.who, "is_proxy": each.is_proxy}
            for side, each in standing.reviews.items()
        },
        "answers": content["answers"],
        "alignment": [
            {
                "side": each.side, "organization": each.organization, "question": each.question,
                "score": each.score, "note": each.note,
            }
            for each in standing.answers
        ],
        "figures": [
            {**each, **shown[each["measurement"]], "nature_word": _nature(each)}
            for each in content["figures"]
            if each["measurement"] in shown
        ],
    }  # fmt: skip


def _nature(figure: Mapping[str, Any]) -> str:
    """「確定値」, or the word for what is missing."""
    if figure["missing"]:
        return str(Missing(figure["missing"]).label)
    return str(Nature(figure["nature"]).label)


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
