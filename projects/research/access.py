"""Who may see and change projects, and who of those who see one may read its terms and its money.

公表可否 opens to everybody who sees a project what its two sides agreed to publish; those who take part, review it or
run its forum read all of it.
"""

from __future__ import annotations

from django.db.models import Q

from actors.access import ADMINISTRATOR, own_organization
from ecosystems.access import Duty, forum_duty, forum_member, in_forums, member_forums, public_rows
from ecosystems.models import Forum, Membership
from foundation.access import NOBODY, Actor, Ground, condition, declare
from projects.research.models import Correction, Participation, Project

Amounts = Project.AmountDisclosure


def participating(path: str = "pk") -> Ground:
    """The organisations that take part, by a subquery; `path` leads to the project's id."""

    def rows(actor: Actor) -> Q:
        if not actor.organization_id:
            return NOBODY
        joined = Participation.objects.filter(organization_id=actor.organization_id).values("project_id")
        return Q(**{f"{path}__in": joined})

    return Ground("参加機関", rows)


REVIEWERS = forum_duty("forum_id", Duty.SECRETARIAT, Duty.MUNICIPAL_REVIEWER, Duty.UNIVERSITY_REVIEWER)
INSIDERS = (own_organization("lead_id"), participating(), REVIEWERS, ADMINISTRATOR)


def _published(name: str, agreed: Q) -> Ground:
    """Whoever sees the project, where its sides agreed to publish this."""

    def rows(actor: Actor) -> Q:
        seen = condition(actor, "projects.view_project")
        return NOBODY if seen is NOBODY else seen & agreed

    return Ground(name, rows)


def _may_register(actor: Actor) -> Q:
    roles = (Membership.Role.OWNER, Membership.Role.MEMBER)
    return in_forums("pk", member_forums(actor, *roles))


declare(
    "projects.view_project",
    Project,
    "プロジェクトを見る",
    [public_rows(), forum_member("forum_id"), *INSIDERS],
)
declare(
    "projects.change_project",
    Project,
    "プロジェクトを変更する",
    [own_organization("lead_id"), forum_duty("forum_id", Duty.SECRETARIAT), ADMINISTRATOR],
)
declare(
    "projects.register_project_forum",
    Forum,
    "プロジェクトを登録する",
    [Ground("場の構成員（幹事自治体・構成員）", _may_register)],
)
declare("projects.view_terms_project", Project, "プロジェクトの契約の内容を見る", INSIDERS)
declare(
    "projects.view_partners_project",
    Project,
    "プロジェクトの相手先を見る",
    [*INSIDERS, _published("プロジェクトを見られる人（相手先の公表が可）", Q(discloses_partner=True))],
)
declare(
    "projects.view_title_project",
    Project,
    "プロジェクトの研究題目を見る",
    [*INSIDERS, _published("プロジェクトを見られる人（研究題目の公表が可）", Q(discloses_title=True))],
)
declare(
    "projects.view_money_project",
    Project,
    "プロジェクトの金額を見る",
    [*INSIDERS, _published("プロジェクトを見られる人（金額の公表が可）", Q(discloses_amount=Amounts.ALL))],
)
declare(
    "projects.view_total_project",
    Project,
    "プロジェクトの総額を見る",
    [
        *INSIDERS,
        _published(
            "プロジェクトを見られる人（金額の公表が可又は総額のみ可）",
            Q(discloses_amount__in=(Amounts.ALL, Amounts.TOTAL)),
        ),
    ],
)


# --- corrections ------------------------------------------------------------------------------------------------------


def _of_seen_projects(actor: Actor) -> Q:
    seen = Project.objects.visible_to(actor).order_by().values("pk")
    return Q(project__in=seen)


def _of_the_forum(actor: Actor) -> Q:
    """Without a project: whoever sees the forum."""
    seen = Forum.objects.visible_to(actor).order_by().values("pk")
    return Q(project__isnull=True, forum__in=seen)


declare(
    "projects.view_correction",
    Correction,
    "軌道修正を見る",
    [
        Ground("プロジェクトを見られる人", _of_seen_projects),
        Ground("場を見られる人（プロジェクトのない軌道修正）", _of_the_forum),
    ],
)
declare(
    "projects.change_correction",
    Correction,
    "軌道修正を登録する",
    [
        own_organization("project__lead_id"),
        forum_duty("forum_id", Duty.SECRETARIAT),
        ADMINISTRATOR,
    ],
)
