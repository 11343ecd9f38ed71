"""What projects say where forums are compared: how many there are, by kind and by state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date

from django.db.models import Count
from django.utils.translation import gettext as _

from ecosystems.comparing import Row, Section, compares, counted
from ecosystems.models import Forum
from foundation.access import Actor
from projects.research.models import Project


@compares("projects.projects", place=30)
def projects(forums: Sequence[Forum], actor: Actor, today: date) -> list[Section]:
    """Counts of what the actor may see; kinds and states that occur nowhere are left out. One query."""
    rows = Project.objects.visible_to(actor).filter(forum__in=forums).order_by()
    found = list(rows.values_list("forum_id", "kind", "state").annotate(count=Count("pk")))
    all_of, by_kind, by_state = Counter[int](), Counter[tuple[str, int]](), Counter[tuple[str, int]]()
    for forum_id, kind, state, count in found:
        all_of[forum_id] += count
        by_kind[kind, forum_id] += count
        by_state[state, forum_id] += count
    section = [
        counted(_("プロジェクト"), all_of, forums, _("件")),
        *_counts(_("種別：%(label)s"), Project.Kind, by_kind, forums),
        *_counts(_("状態：%(label)s"), Project.State, by_state, forums),
    ]
    return [Section(_("産学官プロジェクト"), section, _("あなたに表示できるものだけを数えています。"))]


def _counts(
    words: str,
    choices: type[Project.Kind] | type[Project.State],
    found: Counter[tuple[str, int]],
    forums: Sequence[Forum],
) -> list[Row]:
    return [
        counted(
            words % {"label": label}, {forum.pk: found[value, forum.pk] for forum in forums}, forums, _("件")
        )
        for value, label in choices.choices
        if any(found[value, forum.pk] for forum in forums)
    ]
