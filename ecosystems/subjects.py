"""What a question is about: a pointer from below to a thing on whatever floor, without an arrow that runs up.

A key is `app.model:<uuid>` (`visions.vision:…`, `projects.project:…`). The floor of the thing registers how its keys
become words and addresses, and does so for one actor: what they may not see is left out, as if it were not there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from ecosystems.models import Forum
from foundation.access import Actor

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class Subject:
    """A thing that can be asked about. `post_id` is its keeper, who is proposed for the answer."""

    key: str
    label: str
    url: str
    forum_id: int
    post_id: int | None = None


@dataclass(frozen=True)
class Kind:
    """One kind of thing: its rows that an actor may see, the path to their forum's id, and what one row says of itself.

    `describe` gives (label, url, forum id, keeper's post id) and asks no query that `rows` did not prepare.
    """

    name: str
    label: StrOrPromise
    rows: Callable[[Actor], QuerySet[Any]]
    forum: str
    describe: Callable[[Any], tuple[str, str, int, int | None]]

    def subject(self, row: Any) -> Subject:
        return Subject(key_of(self.name, row.public_id), *self.describe(row))


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Each floor registers its kinds when it starts; two of one name are a programming error."""
    if kind.name in _kinds:
        raise ValueError(f"declared twice: {kind.name}")
    _kinds[kind.name] = kind


def key_of(kind: str, public_id: object) -> str:
    return f"{kind}:{public_id}"


def resolve_many(keys: Iterable[str], actor: Actor) -> dict[str, Subject]:
    """{key: subject} of those the actor may see; one query per kind, none for keys that mean nothing."""
    by_kind: dict[str, set[UUID]] = {}
    for key in keys:
        name, _colon, text = key.partition(":")
        public_id = _uuid(text)
        if name in _kinds and public_id is not None:
            by_kind.setdefault(name, set()).add(public_id)
    found = {}
    for name, ids in by_kind.items():
        kind = _kinds[name]
        for row in kind.rows(actor).filter(public_id__in=ids):
            subject = kind.subject(row)
            found[subject.key] = subject
    return found


def resolve(key: str, actor: Actor) -> Subject | None:
    """The subject, or None where there is none that the actor may see."""
    return next(iter(resolve_many([key], actor).values()), None)


def offered(forum_ids: Collection[int], actor: Actor) -> list[tuple[StrOrPromise, list[Subject]]]:
    """What can be asked about in the forums, by kind from the ground up; one query per kind, empty kinds left out."""
    found: list[tuple[StrOrPromise, list[Subject]]] = []
    for kind in _kinds.values():
        rows = kind.rows(actor).filter(**{f"{kind.forum}__in": forum_ids})
        subjects = [kind.subject(row) for row in rows]
        if subjects:
            found.append((kind.label, subjects))
    return found


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


FORUM = "ecosystems.forum"


def _forums(actor: Actor) -> QuerySet[Any]:
    return Forum.objects.visible_to(actor).filter(is_public_record=False)


def _forum(forum: Forum) -> tuple[str, str, int, int | None]:
    return forum.name, reverse("ecosystems:forum_detail", args=[forum.public_id]), forum.pk, None


register(Kind(FORUM, _("地域共創の場（全体のこと）"), _forums, "pk", _forum))
