"""Figures that are reviewed together with what they belong to (a report): approved with it, returned one by one.

Who may decide is asked by the floor that owns the bundle; here stands what is true of every approval: nobody approves
their own figure, and one's own organisation's only where the forum allows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from foundation import audit
from foundation.access import Actor
from foundation.errors import StateError
from kpis.models import Measurement, MeasurementEvent, Submission
from kpis.services import ledger
from kpis.services.ledger import Signer

Kind = MeasurementEvent.Kind
REPLACED = "同じ報告の新しい値に置き換え"


def figures_of(key: str) -> QuerySet[Measurement]:
    """Every figure that was ever submitted into the bundle, in order of entry."""
    return Measurement.objects.filter(submission__bundle=key).order_by("pk")


def pending(key: str) -> QuerySet[Measurement]:
    """The bundle's figures that are neither approved nor returned nor withdrawn."""
    later = MeasurementEvent.objects.filter(measurement=OuterRef("pk")).exclude(kind=Kind.SUBMITTED)
    return figures_of(key).filter(~Exists(later))


def approve(*, actor: Actor, key: str, signers: Sequence[Signer], note: str = "") -> list[Measurement]:
    """Approve what is pending, each figure signed by the first of `signers` who may stand for it.

    `signers` are those who accepted the bundle, each asked for their right when they did. Of several pending figures
    of one cell the newest is approved; the older ones are taken back as replaced.
    """
    with transaction.atomic():
        rows = list(pending(key).select_related("indicator__scorecard__forum"))
        at = ledger.begin({row.indicator_id for row in rows})
        newest, replaced = _newest_of_each_cell(rows)
        for signer, chosen in _by_signer(newest, signers):
            ledger.write_events(chosen, Kind.APPROVED, signer, at, note)
        if replaced:
            ledger.write_events(replaced, Kind.WITHDRAWN, signers[0], at, REPLACED)
        for row in newest:
            audit.record(actor, "kpis.approve_measurement", row, after={"event": Kind.APPROVED}, reason=note)
        return newest


def _newest_of_each_cell(rows: Iterable[Measurement]) -> tuple[list[Measurement], list[Measurement]]:
    newest = {(row.indicator_id, row.period): row for row in rows}
    kept = {row.pk for row in newest.values()}
    return list(newest.values()), [row for row in rows if row.pk not in kept]


def _by_signer(
    rows: Sequence[Measurement], signers: Sequence[Signer]
) -> list[tuple[Signer, list[Measurement]]]:
    chosen = [(_signer_for(row, signers), row) for row in rows]
    places = {id(signer): place for place, signer in enumerate(signers)}
    chosen.sort(key=lambda pair: places[id(pair[0])])
    grouped = groupby(chosen, key=lambda pair: places[id(pair[0])])
    return [(signers[place], [row for _signer, row in pairs]) for place, pairs in grouped]


def _signer_for(row: Measurement, signers: Sequence[Signer]) -> Signer:
    same_allowed = row.indicator.scorecard.forum.allows_same_organization_approval
    for signer in signers:
        is_own = signer.user_id == row.reporter_id or (row.post_id and signer.post_id == row.post_id)
        is_same = row.organization_id is not None and signer.organization_id == row.organization_id
        if not is_own and (same_allowed or not is_same):
            return signer
    raise StateError(
        "own_figures",
        _(
            "確認した人が自分で報告した値、又は自機関の値だけが残るため、承認できません。別の確認者が確認してください。"
        ),
        details={"measurement": str(row.public_id)},
    )


def return_(*, actor: Actor, key: str, notes: Mapping[int, str], signer: Signer) -> list[Measurement]:
    """Return the pending figures named in `notes` ({measurement id: what is to be mended}); the others stay."""
    with transaction.atomic():
        rows = list(pending(key).filter(pk__in=notes))
        at = ledger.begin({row.indicator_id for row in rows})
        for row in rows:
            ledger.write_events([row], Kind.RETURNED, signer, at, notes[row.pk])
            audit.record(
                actor, "kpis.return_measurement", row, after={"event": Kind.RETURNED}, reason=notes[row.pk]
            )
        return rows


def release(*, actor: Actor, key: str, reason: str) -> None:
    """The bundle is no more: its pending figures are reviewed one by one from now on."""
    with transaction.atomic():
        submissions = Submission.objects.select_for_update().filter(bundle=key)
        for submission in submissions:
            audit.record(actor, "kpis.release_bundle", submission, before={"bundle": key}, reason=reason)
        submissions.update(bundle="", bundle_label="", bundle_url="")


def refuse_bundled(rows: Iterable[Measurement]) -> None:
    """StateError where one of the rows belongs to a bundle: it is decided there, by no side door."""
    bundled = next((row for row in rows if row.submission is not None and row.submission.bundle), None)
    if bundled is not None and bundled.submission is not None:
        raise StateError(
            "bundled",
            _("この値は「%(what)s」とまとめて確認します。そのページから操作してください。")
            % {"what": bundled.submission.bundle_label},
            details={"url": bundled.submission.bundle_url},
        )
