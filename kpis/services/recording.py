"""Recording figures at once, without a draft: for programs that report (API, later imports).

The same rights, checks, audit entry and news as submitting a draft; all figures of a call are one submission, all or
nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from foundation import audit, outbox
from foundation.access import Actor, require
from foundation.errors import DomainError, MultipleErrors, StateError
from kpis.models import DraftEntry, Indicator, Measurement, Scorecard, Submission
from kpis.rules import Nature
from kpis.services import ledger
from kpis.services.entering import Typed, check_length, reporting_organization, signer_of, signing_post
from kpis.services.planning import Planned, figures_of, plan


def record_figures(*, actor: Actor, typed: Sequence[Typed], note: str = "") -> list[Measurement]:
    """Submit figures of one scorecard. Figures that stand exactly so already are left out.

    Raises `MultipleErrors`, each error with `details["row"]`, the place of its figure in `typed`; `StateError` where
    every figure stands already.
    """
    scorecard = _one_scorecard(typed)
    _require_entering(actor, scorecard, typed)
    organization_id = reporting_organization(actor)
    entries = _entries(typed)
    with transaction.atomic():
        at = ledger.begin(entry.indicator_id for entry in entries)
        figures = _recordable(plan(entries))
        submission = Submission.objects.create(
            scorecard=scorecard,
            organization_id=organization_id,
            post_id=signing_post(actor, scorecard.post_id),
            created_by_id=actor.user_id,
            submitted_by_id=actor.user_id,
            state=Submission.State.SUBMITTED,
            submitted_at=at,
            note=note,
        )
        rows = ledger.record(figures, signer_of(actor, submission.post_id), submission, at)
        audit.record(actor, "kpis.submit", submission, after={"count": len(rows)})
        outbox.emit("kpis.submitted", {"submission": submission.pk}, key=f"kpis.submitted:{submission.pk}")
        return rows


def _one_scorecard(typed: Sequence[Typed]) -> Scorecard:
    cards = {each.indicator.scorecard_id for each in typed}
    if len(cards) != 1:
        raise DomainError("one_scorecard", _("一度に提出できるのは、一つのKPI一覧の値だけです。"))
    card: Scorecard = Scorecard.objects.get(pk=cards.pop())
    return card


def _require_entering(actor: Actor, scorecard: Scorecard, typed: Sequence[Typed]) -> None:
    """The page's rights: to enter on the scorecard, and each of the indicators."""
    require(actor, "kpis.enter_scorecard", scorecard)
    wanted = {each.indicator.pk for each in typed}
    if Indicator.objects.filter(pk__in=wanted).allowed(actor, "enter").count() < len(wanted):
        raise PermissionDenied(_("入力の担当でないKPIがあります。"))


def _entries(typed: Sequence[Typed]) -> list[DraftEntry]:
    """The figures as cells of a draft that is never stored."""
    errors, entries, seen = [], [], set()
    for row, each in enumerate(typed):
        given = each.given
        if (each.indicator.pk, each.period) in seen:
            errors.append(_at(row, "twice", _("同じKPIの同じ期間の値が、ほかにもあります。"), "period"))
        seen.add((each.indicator.pk, each.period))
        errors += _too_long(row, given)
        given["nature"] = given.get("nature") or Nature.FINAL
        entries.append(DraftEntry(indicator=each.indicator, period=each.period, **given))
    _refuse(errors)
    return entries


def _too_long(row: int, given: Mapping[str, str]) -> Iterator[DomainError]:
    for name, text in given.items():
        try:
            check_length(name, text)
        except DomainError as error:
            error.details["row"] = row
            yield error


def _at(row: int, code: str, message: str, field: str) -> DomainError:
    return DomainError(code, message, field=field, details={"row": row})


def _recordable(planned: list[Planned]) -> list[ledger.Entry]:
    errors = []
    for row, each in enumerate(planned):
        for error in each.errors:
            error.details["row"] = row
            errors.append(error)
    _refuse(errors)
    figures = figures_of(planned)
    if not figures:
        raise StateError("unchanged", _("同じ値がすでに提出されています。"))
    return figures


def _refuse(errors: list[DomainError]) -> None:
    if errors:
        raise MultipleErrors("entries", _("直すところがあります。"), errors)
