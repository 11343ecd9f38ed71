"""What visions say where forums are compared: the vision in force, its themes, and who agreed to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date

from django.db.models import Prefetch
from django.urls import reverse
from django.utils.translation import gettext as _

from ecosystems.comparing import Cell, Line, Row, Section, compares, only_inside, words
from ecosystems.models import Forum
from ecosystems.selectors import is_insider
from foundation.access import Actor
from foundation.dates import date_label, fiscal_year_both
from visions.models import Theme, Vision, VisionStance, VisionVersion

Stance = VisionStance.Stance


@compares("visions.visions", place=20)
def visions(forums: Sequence[Forum], actor: Actor, today: date) -> list[Section]:
    """Four queries."""
    answers = Prefetch("stances", VisionStance.objects.order_by("pk"), to_attr="answers")
    versions = VisionVersion.objects.visible_to(actor).filter(is_current=True).prefetch_related(answers)
    themes = Theme.objects.visible_to(actor).order_by("position", "id")
    rows = (
        Vision.objects.visible_to(actor)
        .filter(forum__in=forums)
        .prefetch_related(
            Prefetch("versions", versions, to_attr="current"),
            Prefetch("themes", themes, to_attr="seen_themes"),
        )
        .order_by("code", "id")
    )
    found: dict[int, list[Vision]] = {forum.pk: [] for forum in forums}
    for vision in rows:
        found[vision.forum_id].append(vision)
    return [
        Section(
            _("地域ビジョン"),
            [
                Row(_("ビジョン"), {pk: _named(own) for pk, own in found.items()}),
                Row(_("目標年度"), {pk: _years(own) for pk, own in found.items()}),
                Row(_("現行の版"), {pk: _versions(own) for pk, own in found.items()}),
                Row(
                    _("各機関の回答（現行の版）"),
                    {
                        forum.pk: _answers(found[forum.pk]) if is_insider(actor, forum) else only_inside()
                        for forum in forums
                    },
                ),
                Row(_("テーマ"), {pk: _themes(own) for pk, own in found.items()}),
            ],
        )
    ]


def _cell(lines: list[Line]) -> Cell:
    return Cell(lines=tuple(lines)) if lines else words("")


def _address(vision: Vision) -> str:
    return reverse("visions:vision_detail", args=[vision.public_id])


def _named(visions: list[Vision]) -> Cell:
    return _cell([Line(vision.name, _address(vision)) for vision in visions])


def _years(visions: list[Vision]) -> Cell:
    return _cell([Line(fiscal_year_both(vision.target_year)) for vision in visions])


def _versions(visions: list[Vision]) -> Cell:
    lines = []
    for vision in visions:
        for version in vision.current:  # type: ignore[attr-defined]
            text = _("第%(number)s版") % {"number": version.number}
            if version.agreed_on:
                text = _("%(version)s（%(day)s 合意）") % {
                    "version": text,
                    "day": date_label(version.agreed_on),
                }
            lines.append(Line(text))
    return _cell(lines)


def _answers(visions: list[Vision]) -> Cell:
    """「同意 8、条件付き同意 1、未回答 1」 in the order of the choices; what nobody answered is left out."""
    lines = []
    for vision in visions:
        for version in vision.current:  # type: ignore[attr-defined]
            counts = Counter(answer.stance for answer in version.answers)
            text = "、".join(f"{Stance(each).label} {counts[each]}" for each in Stance.values if counts[each])
            lines.append(Line(text or _("回答はまだありません")))
    return _cell(lines)


def _themes(visions: list[Vision]) -> Cell:
    return _cell(
        [
            Line(theme.name, f"{_address(vision)}#{theme.public_id}")
            for vision in visions
            for theme in vision.seen_themes  # type: ignore[attr-defined]
        ]
    )
