"""Who may do what: one condition on rows per action, used by every surface.

An app declares in its `access.py`, for each action, the *grounds* on which somebody may act (a ground is a function
from the actor to a condition on rows). From the one condition come the set a page starts from
(`Model.objects.visible_to(actor)`), the answer on one object (`require`, `may`), and flags on rows without further
queries (`with_can`). An action that nobody declared is refused. Whether the *state* of an object allows a step is
decided by the service, as a domain error, never here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from django.core.exceptions import PermissionDenied
from django.db import connection, models
from django.db.models import Case, Q, QuerySet, Value, When
from django.http import Http404

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

    _QuerySet = models.QuerySet[Any, Any]
else:
    _QuerySet = models.QuerySet

NOBODY = Q(pk__in=())
EVERYBODY = ~Q(pk__in=())


class Fact(NamedTuple):
    """One thing that is true of an actor today; the meaning of a, b and c belongs to the kind."""

    kind: str
    a: int | None
    b: int | None
    c: str


FactSource = Callable[[int, date], "QuerySet[Any, Any]"]
_fact_sources: list[FactSource] = []


def fact_source(source: FactSource) -> FactSource:
    """Register a query of (kind, a, b, c) about a user on a day; all sources run as one UNION per request."""
    _fact_sources.append(source)
    return source


# The union is compiled once, for a user and a day that do not exist; each request only puts its own in their place.
_NO_USER = -314_159_265_358
_NO_DAY = date(1, 2, 3)


@cache
def _facts_statement() -> tuple[str, tuple[Any, ...]]:
    """(SQL, parameters) of all sources in one UNION."""
    first, *rest = [source(_NO_USER, _NO_DAY) for source in _fact_sources]
    statement, parameters = first.union(*rest, all=True).query.sql_with_params()
    return statement, tuple(parameters)


def load_facts(user_id: int, today: date) -> list[Fact]:
    """Every fact about the user, in one query."""
    if not _fact_sources:
        return []
    statement, parameters = _facts_statement()
    no_day, day = (connection.ops.adapt_datefield_value(each) for each in (_NO_DAY, today))
    swapped = {_NO_USER: user_id, no_day: day}
    with connection.cursor() as cursor:
        cursor.execute(statement, [swapped.get(each, each) for each in parameters])
        return [Fact(*row) for row in cursor.fetchall()]


@dataclass(frozen=True)
class Actor:
    """Somebody who acts: a signed-in person on behalf of one organisation, a visitor, or the system itself."""

    user: AbstractBaseUser | None = None
    facts: tuple[Fact, ...] = ()
    organization_id: int | None = None
    organization_name: str = ""
    is_system: bool = False
    label: str = ""
    cache: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def is_authenticated(self) -> bool:
        return self.user is not None

    @property
    def user_id(self) -> int | None:
        return None if self.user is None else self.user.pk

    @property
    def display_name(self) -> str:
        """The person's name where there is one, otherwise the account's address."""
        return self.label

    @property
    def is_administrator(self) -> bool:
        """システム管理者 of the whole portal."""
        return bool(getattr(self.user, "is_superuser", False))

    def of_kind(self, kind: str) -> list[Fact]:
        return [fact for fact in self.facts if fact.kind == kind]

    @property
    def post_ids(self) -> frozenset[int]:
        """The posts held today in the organisation acted for."""
        if "posts" not in self.cache:
            self.cache["posts"] = frozenset(
                f.a for f in self.of_kind("post") if f.a is not None and f.b == self.organization_id
            )
        posts: frozenset[int] = self.cache["posts"]
        return posts

    @property
    def all_post_ids(self) -> frozenset[int]:
        """The posts held today in whatever organisation: what is one's own stays so on behalf of another."""
        return frozenset(f.a for f in self.of_kind("post") if f.a is not None)

    @property
    def organizations(self) -> list[tuple[int, str]]:
        """(id, name) of every organisation the person may act for, each once, in order of name."""
        found = {f.a: f.c for f in self.of_kind("organization") if f.a is not None}
        return sorted(found.items(), key=lambda item: item[1])

    @property
    def unread_count(self) -> int:
        return sum(f.a or 0 for f in self.of_kind("unread"))


ANONYMOUS = Actor(label="anonymous")


def system_actor(name: str) -> Actor:
    """The system under a name that the audit trail shows, e.g. "rollup"."""
    return Actor(is_system=True, label=name)


ActorLoader = Callable[[int, int | None], Actor]
_actor_loaders: list[ActorLoader] = []


def actor_loader(loader: ActorLoader) -> ActorLoader:
    """Register how a user id (and the organisation acted for) becomes an actor; `actors` does, being above."""
    _actor_loaders[:] = [loader]
    return loader


def load_actor(user_id: int, on_behalf_of_id: int | None = None) -> Actor:
    """The actor with the rights of this moment; ANONYMOUS when the account is gone or closed."""
    return _actor_loaders[0](user_id, on_behalf_of_id)


# --- rules ---------------------------------------------------------------------------------------------------------


def any_of(conditions: Iterable[Q]) -> Q:
    """Their OR, kept as small as it is: grounds that do not hold leave no trace in the SQL."""
    found: Q | None = None
    for each in conditions:
        if each is EVERYBODY:
            return EVERYBODY
        if each is not NOBODY:
            found = each if found is None else found | each
    return NOBODY if found is None else found


@dataclass(frozen=True)
class Ground:
    """A reason why somebody may act: a name for the printed table, and the condition on rows."""

    name: str
    condition: Callable[[Actor], Q]


@dataclass(frozen=True)
class Rule:
    """Who may do one action on one model: any of the grounds, and none of the exceptions."""

    action: str
    model: type[models.Model]
    label: str
    grounds: tuple[Ground, ...]
    exceptions: tuple[Ground, ...] = ()

    def condition(self, actor: Actor) -> Q:
        if actor.is_system:
            return EVERYBODY
        allowed = any_of(ground.condition(actor) for ground in self.grounds)
        if allowed is NOBODY:
            return NOBODY
        for exception in self.exceptions:
            refused = exception.condition(actor)
            allowed = allowed if refused is NOBODY else allowed & ~refused
        return allowed


_rules: dict[str, Rule] = {}


def declare(
    action: str,
    model: type[models.Model],
    label: str,
    grounds: Iterable[Ground],
    exceptions: Iterable[Ground] = (),
) -> None:
    """Declare the rule of `app.verb_model`; a second declaration of the same action is a programming error."""
    if action in _rules:
        raise ValueError(f"declared twice: {action}")
    _rules[action] = Rule(action, model, label, tuple(grounds), tuple(exceptions))


def rules() -> list[Rule]:
    """All declared rules in order of action, for the printed table and the contract tests."""
    return [_rules[action] for action in sorted(_rules)]


def condition(actor: Actor, action: str) -> Q:
    """The rows on which `actor` may do `action`. An undeclared action is refused on every row."""
    rule = _rules.get(action)
    return NOBODY if rule is None else rule.condition(actor)


def action_name(model: type[models.Model], verb: str) -> str:
    """`app.verb_model`, or `verb` itself where it is a full action name."""
    return verb if "." in verb else f"{model._meta.app_label}.{verb}_{model._meta.model_name}"


class AccessQuerySet(_QuerySet):
    """A queryset that knows the rules of its model."""

    def allowed(self, actor: Actor, verb: str) -> Self:
        """The rows on which the actor may do `verb` (`change`, or a full action name)."""
        rows = condition(actor, action_name(self.model, verb))
        if rows is EVERYBODY:
            return self.all()
        return self.none() if rows is NOBODY else self.filter(rows)

    def visible_to(self, actor: Actor) -> Self:
        return self.allowed(actor, "view")

    def with_can(self, actor: Actor, *verbs: str) -> Self:
        """Annotate `can_<verb>` on each row; no further query."""
        flags = {
            f"can_{verb.split('.')[-1]}": _flag(condition(actor, action_name(self.model, verb)))
            for verb in verbs
        }
        return self.annotate(**flags)


def _flag(rows: Q) -> Case | Value:
    """Whether a row is among `rows`, as a column."""
    if rows is NOBODY or rows is EVERYBODY:
        return Value(rows is EVERYBODY, output_field=models.BooleanField())
    return Case(When(rows, then=Value(True)), default=Value(False), output_field=models.BooleanField())


def may(actor: Actor, verb: str, obj: models.Model) -> bool:
    """Whether the rule holds for this one object, asked of the database (one query)."""
    rows = type(obj)._default_manager.filter(pk=obj.pk)
    return rows.filter(condition(actor, action_name(type(obj), verb))).exists()


def require(actor: Actor | None, verb: str, obj: models.Model) -> None:
    """Refuse unless the actor may: 404 where the object may not even be seen, 403 where it may.

    Services call it first. `None` is no actor and a programming error.
    """
    if actor is None:
        raise ValueError("an actor is required; the system acts under a name (system_actor)")
    if actor.is_system or may(actor, verb, obj):
        return
    if may(actor, "view", obj):
        raise PermissionDenied
    raise Http404


class AccessBackend:
    """Lets `user.has_perm("kpis.view_indicator", obj)` ask the same rules (Django admin, DRF, templates)."""

    def authenticate(self, request: Any, **credentials: Any) -> None:
        return None

    def has_perm(self, user_obj: Any, perm: str, obj: models.Model | None = None) -> bool:
        actor = getattr(user_obj, "actor", None)
        return bool(user_obj.is_active and actor and obj is not None and may(actor, perm, obj))
