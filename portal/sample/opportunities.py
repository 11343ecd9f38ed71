"""連携募集 and who wanted to hear more, with their history.

The tables give the day of each application and of most steps. Two days they do not: an opportunity stands two weeks
before its first application (or the sample's day), and an undated answer comes on the next business day.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from foundation.dates import add_business_days
from foundation.text import clean_line
from portal.sample.tables import Row, day, day_or_none, document, flag, moment, table
from portal.sample.words import (
    INTEREST_STATE,
    OPPORTUNITY_DIRECTION,
    OPPORTUNITY_KIND,
    OPPORTUNITY_STATE,
    ORGANIZATION_KIND,
    OUTCOME,
    ROLE,
)
from portal.sample.world import World
from projects.models import Interest, InterestEvent, Opportunity
from projects.partnering.services import posting
from projects.partnering.services.posting import Audience

BEFORE_FIRST = timedelta(days=14)
# Which desk of each organisation answers; an organisation without one in the tables has none.
DESKS = {"O01": "A03", "O03": "A07", "O04": "A11", "O05": "A12"}
APPLICANTS = {"O03": "A06", "O04": "A11", "O06": "A13", "O08": "A14"}
AUDIENCE_KIND = {"金融機関": "金融機関（信用金庫）"}
State = Interest.State
_DATED = re.compile(r"(\d\d-\d\d) (.+)")
_INSIDE = re.compile(r"(\S+) (\d{4}-\d\d-\d\d) (\S+)")
_DECLINED = re.compile(r"理由「(?P<reason>.+?)」。(?P<message>.+?)、と返信")


def load_opportunities(world: World) -> None:
    rows = table("interests")
    for row in table("opportunities"):
        own = [day(each["applied_on"]) for each in rows if each["opportunity"] == row["id"]]
        first = min(own, default=day(document("forum")["today"]))
        _load_opportunity(world, row, moment(first - BEFORE_FIRST, 10))
    for row in rows:
        _load_interest(world, row)


def _load_opportunity(world: World, row: Row, published_at: datetime) -> Opportunity:
    lead, body = _words(row["lead"])
    fields = {
        "kind": OPPORTUNITY_KIND[row["kind"]],
        "direction": OPPORTUNITY_DIRECTION[row["direction"]],
        "title": row["title"],
        "lead": lead,
        "body": body,
        "terms": row["terms"],
        "reply_days": int(row["reply_business_days"]),
        "closes_on": day_or_none(row["closes_on"]),
        "review_on": day_or_none(row["review_on"]),
        "visibility": _visibility(row),
        "source_label": row["origin"],
        "project": world.projects.get(row["origin_project"]),
        "post": world.posts.get(DESKS.get(row["organization"], "")),
    }
    opportunity = posting.post_opportunity(
        actor=world.actor,
        forum=world.forum,
        organization=world.organizations[row["organization"]],
        fields=fields,
        audiences=_audiences(row),
        code=row["id"],
    )
    if OPPORTUNITY_STATE[row["state"]] == Opportunity.State.OPEN:
        opportunity = posting.move_opportunity(
            actor=world.actor, opportunity=opportunity, step="publish", at=published_at
        )
    world.opportunities[row["id"]] = opportunity
    return opportunity


def _words(lead: str) -> tuple[str, str]:
    """(the sentence of the list, the text). A need tells four things; the first of them says why, in a sentence."""
    parts = lead.split(" → ")
    if len(parts) == 1:
        return lead, ""
    return parts[0].partition("：")[2], "\n".join(parts)


def _visibility(row: Row) -> str:
    visibility = Opportunity.Visibility
    if row["visibility"] == "公開":
        return visibility.PUBLIC
    return visibility.SELECTED if row["audience"] else visibility.MEMBERS


def _audiences(row: Row) -> list[Audience]:
    return [
        Audience(role=ROLE[word])
        if word in ROLE
        else Audience(organization_kind=ORGANIZATION_KIND[AUDIENCE_KIND[word]][0])
        for word in filter(None, row["audience"].split("・"))
    ]


# --- interests -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """One line of the history."""

    on: date
    state: str
    words: str


def _load_interest(world: World, row: Row) -> None:
    opportunity = world.opportunities[row["opportunity"]]
    applied_on, final = day(row["applied_on"]), INTEREST_STATE[row["state"]]
    declined = _DECLINED.search(row["history"])
    interest = Interest.objects.create(
        code=row["id"],
        opportunity=opportunity,
        name=_name(world, row),
        is_name_withheld=flag(row["is_confidential"]),
        consented_on=day_or_none(row["consented_on"]),
        introduced_by=world.organizations.get(row["introduced_by_organization"]),
        introduced_by_post=world.posts.get(row["introduced_by_post"]),
        organization=world.organizations.get(row["organization"]),
        confirmed_at=moment(applied_on, 11),
        reply_due_on=add_business_days(applied_on, opportunity.reply_days),
        state=final,
        outcome=OUTCOME.get(row["outcome"], ""),
        outcome_note=row["state_note"] if final == State.AGREED else "",
        reason=declined["reason"] if declined else "",
        handed_to=world.posts.get(row["escalated_to_post"]),
        post=opportunity.post,
        **_applicant(world, row, applied_on),
    )
    _tell(interest, moment(applied_on, 11), "", State.APPLIED, name=interest.name)
    for step in _steps(row, final):
        _play(world, interest, step)


def _name(world: World, row: Row) -> str:
    if row["organization"]:
        return world.organizations[row["organization"]].name
    if row["person"]:
        return world.people[row["person"]].name
    return clean_line(row["applicant"].partition("（")[0])


def _applicant(world: World, row: Row, on: date) -> dict[str, object]:
    """Whoever applied, as far as they sign in."""
    desk = row["post"] or row["introduced_by_post"] or APPLICANTS.get(row["organization"], "")
    person = world.holder(desk, on) if desk else None
    user = person.user if person else None
    return {"applicant": user, "email": user.email if user else ""}


def _steps(row: Row, final: str) -> list[Step]:
    """The dated lines of the history, or the one answer where nothing is dated."""
    applied_on = day(row["applied_on"])
    if row["escalated_on"]:
        return [Step(day(row["escalated_on"]), final, row["history"])]
    found: list[Step] = []
    for part in row["history"].split("、"):
        if dated := _DATED.fullmatch(part):
            state = INTEREST_STATE.get(dated[2], final)
            words = "" if dated[2] in INTEREST_STATE else dated[2]
            found.append(Step(day(f"{applied_on.year}-{dated[1]}"), state, words))
        elif found:
            last = found.pop()
            found.append(Step(last.on, last.state, "、".join(filter(None, (last.words, part)))))
    return found or _undated(row, final, add_business_days(applied_on, 1))


def _undated(row: Row, final: str, answered_on: date) -> list[Step]:
    declined = _DECLINED.search(row["history"])
    if inside := _INSIDE.search(row["history"]):
        return [Step(answered_on, final, ""), Step(day(inside[2]), final, f"{inside[1]} {inside[3]}")]
    return [Step(answered_on, final, declined["message"] if declined else row["history"])]


def _play(world: World, interest: Interest, step: Step) -> None:
    before = interest.events.latest("id").to_state
    at = moment(step.on, 9 if step.state == State.EXPIRED else 15)
    if step.state == State.EXPIRED:
        _tell(interest, at, before, step.state, note=step.words, name="返事の期限の見回り")
        return
    poster = interest.opportunity
    name, user_id = poster.organization.display_name, None
    if poster.post:
        signer = world.signer(poster.post.code, step.on)
        name, user_id = signer.name, signer.user_id
    _tell(
        interest, at, before, step.state, message=step.words, name=name, user_id=user_id,
        organization_id=poster.organization_id,
    )  # fmt: skip


def _tell(interest: Interest, at: datetime, before: str, after: str, *, name: str, **fields: object) -> None:
    if not before:
        fields = {"user_id": interest.applicant_id, "organization_id": interest.organization_id, **fields}
    InterestEvent.objects.create(
        interest=interest, at=at, from_state=before, to_state=after, user_name=name, **fields
    )
