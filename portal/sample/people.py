"""Organisations, posts, people, who holds which post, and who signs in."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password

from actors.models import Assignment, Organization, Person, Post, User
from portal.sample.signins import PASSWORD, SIGN_INS, SYSTEM_ADMINISTRATOR
from portal.sample.tables import FORUM, RECORD, Row, day_or_none, table
from portal.sample.words import LAYER, ORGANIZATION_KIND, by_label
from portal.sample.world import BEFORE, World

PHONE = "000-000-0000"  # the one number that the sample uses


def load_people(world: World) -> None:
    load_organizations(world)
    _load_posts(world)
    _load_persons(world)
    _load_assignments(world)


def load_organizations(world: World) -> None:
    """The fictitious organisations by their id, the real ones of the public record by their name."""
    for row in table("organizations", FORUM):
        world.organizations[row["id"]] = _organization(row, short_name=row["short_name"], is_fictitious=True)
    for row in table("organizations", RECORD):
        world.organizations[row["name"]] = _organization(row)


def _organization(row: Row, **fields: object) -> Organization:
    kind, company_type = ORGANIZATION_KIND[row["kind"]]
    organization = Organization(
        name=row["name"],
        name_kana=row["kana"],
        kind=kind,
        company_type=company_type,
        corporate_number=row["corporate_number"],
        municipality_code=row["local_government_code"],
        prefecture_code=row["local_government_code"][:2],
        **fields,
    )
    organization.full_clean()
    organization.save()
    return organization


def _load_posts(world: World) -> None:
    administrators = {row["post"] for row in table("duties") if row["duty"] == "機関管理者"}
    for row in table("posts"):
        # 「工学部 准教授／見守りラボ 技術顧問」: the part after the stroke is a post of its own (A10b).
        section, _space, name = row["name"].split("／")[0].rpartition(" ")
        world.posts[row["id"]] = Post.objects.create(
            organization=world.organizations[row["organization"]],
            code=row["id"],
            section=section,
            name=name,
            layer=LAYER[row["layer"]],
            email=row["section_mail"],
            phone=PHONE,
            is_organization_admin=row["id"] in administrators,
        )


def _load_persons(world: World) -> None:
    users = {sign_in.person: _user(sign_in.email, sign_in.post) for sign_in in SIGN_INS}
    for row in table("people"):
        world.people[row["id"]] = Person.objects.create(
            name=row["name"], name_kana=row["kana"], user=users.get(row["id"])
        )


def _user(email: str, post: str) -> User:
    user = User.objects.create(email=email, password=_hash(), is_superuser=post == SYSTEM_ADMINISTRATOR)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


_hashes: dict[str, str] = {}


def _hash() -> str:
    """Hashed once: a slow hash for each of a dozen known passwords would only make the load slow."""
    return _hashes.setdefault(PASSWORD, make_password(PASSWORD))


def _load_assignments(world: World) -> None:
    roles = by_label(Assignment.Role)
    for row in table("assignments"):
        assignment = Assignment.objects.create(
            post=world.posts[row["post"]],
            person=world.people[row["person"]],
            role=roles[row["role"]],
            from_on=day_or_none(row["from"]) or BEFORE,
            to_on=day_or_none(row["to"]),
            effort_percent=int(row["percent"]) if row["percent"] else None,
        )
        world.assignments.append(assignment)
