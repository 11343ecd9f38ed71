"""Who may reach what: one table for every address of the portal. An address without an entry fails the build.

An entry says where the entrance is (anybody, or people who are signed in), of which kinds of objects the address
speaks, and who of those who see such an object may pass. `SEES` says who sees an object of a kind: of their own forum,
and of the forum of the stranger. All of it is written down here by hand, and does not ask the rules it tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

ANONYMOUS = "anonymous"
NAMES = (
    ANONYMOUS,
    "reporter",
    "reviewer",
    "university_reviewer",
    "secretary",
    "member",
    "stranger",
    "administrator",
)
EVERYBODY = frozenset(NAMES)
STAFF = EVERYBODY - {ANONYMOUS}
REVIEWERS = frozenset({"reviewer", "university_reviewer"})
INSIDE = frozenset({"reporter", "secretary", "member", "administrator"}) | REVIEWERS
OUTSIDE = frozenset({"stranger", "administrator"})
CITY = frozenset({"reporter", "secretary"})
NOBODY: frozenset[str] = frozenset()

Sides = dict[str, frozenset[str]]
_MEMBERS: Sides = {"own": INSIDE, "foreign": OUTSIDE}

SEES: dict[str, Sides] = {
    "organization": {"own": EVERYBODY, "foreign": EVERYBODY},
    **dict.fromkeys(
        (
            "forum",
            "membership",
            "meeting",
            "agenda_item",
            "decision",
            "roadmap",
            "case",
            "scorecard",
            "indicator",
            "contribution",
            "measurement",
            "file",
            "vision",
            "theme",
            "project",
        ),
        _MEMBERS,
    ),
    "submission": {"own": CITY | REVIEWERS | {"administrator"}, "foreign": OUTSIDE},
    "input_request": {"own": CITY | {"administrator"}, "foreign": OUTSIDE},
    "input_request_link": {"own": EVERYBODY, "foreign": EVERYBODY},
    "workbook": {"own": CITY, "foreign": frozenset({"stranger"})},
    "draft": {"own": CITY | REVIEWERS | {"administrator"}, "foreign": OUTSIDE},
    "job": {"own": frozenset({"reporter"}), "foreign": frozenset({"stranger"})},
    "notice": {"own": frozenset({"reporter"}), "foreign": frozenset({"stranger"})},
}

# Who may enter on a scorecard, and who works on a draft of the city.
ENTERS: Sides = {"own": CITY, "foreign": frozenset({"stranger"})}
# Who registers a KPI on a scorecard, and who changes its sheet and its targets.
REGISTERS: Sides = {"own": CITY | {"administrator"}, "foreign": OUTSIDE}
AGREES: Sides = {"own": frozenset({"secretary", "administrator"}), "foreign": frozenset({"administrator"})}
WITHDRAWS: Sides = {"own": CITY, "foreign": frozenset({"stranger"})}
# The secretariat reads along on the page of a review, and approves nothing there.
REVIEWS: Sides = {"own": REVIEWERS | {"secretary"}, "foreign": NOBODY}
APPROVES: Sides = {"own": REVIEWERS, "foreign": NOBODY}


@dataclass(frozen=True)
class Audience:
    """Who reaches one address.

    `of`: the kinds of the objects named in the path, in order; the first decides. `may`: who of those who see it may
    pass (None: all). `reads`, `writes`: whether GET and POST are offered. `data`: what a POST carries, so that it is
    refused for want of rights and not of input. `asks`: query parameters without which GET is refused. `leads_on`: signed-in people are sent on.
    `invites`: a visitor who finds nothing is led to the sign-in, whether or not there is something.
    `open_to_visitors`: whether a visitor may post here too.
    `answers`: what GET says to those who may, where that is not 200 (a fragment asked for without naming what).
    """

    signed_in: bool = True
    of: tuple[str, ...] = ()
    may: Sides | None = None
    reads: bool = True
    writes: bool = False
    data: dict[str, Any] | None = None
    asks: str = ""
    leads_on: bool = False
    invites: bool = False
    open_to_visitors: bool = False
    answers: tuple[int, ...] = (200,)

    def passes(self, name: str, side: str) -> bool:
        return name in (self.may[side] if self.may else EVERYBODY)

    def sees(self, name: str, side: str) -> bool:
        return not self.of or name in SEES[self.of[0]][side]


def public(*of: str, **more: Any) -> Audience:
    return Audience(False, of, **more)


def staff(*of: str, **more: Any) -> Audience:
    return Audience(True, of, **more)


def _api(kind: str, prefix: str) -> dict[str, Audience]:
    return {f"api:{prefix}-list": public(), f"api:{prefix}-detail": public(kind)}


_PAGES: dict[str, Audience] = {
    "healthz": public(),
    "readyz": public(),
    "portal:top": public(leads_on=True),
    "portal:home": staff(),
    "portal:switch": staff(reads=True, writes=True),
    "actors:organization_list": public(),
    "actors:organization_detail": public("organization"),
    "ecosystems:forum_list": public(),
    "ecosystems:forum_detail": public("forum"),
    "ecosystems:decision_list": staff("forum"),
    "ecosystems:agenda": staff("forum"),
    "ecosystems:case_list": public(),
    "ecosystems:case_detail": public("case"),
    "ecosystems:roadmap": public("forum"),
    "visions:vision_list": public(),
    "visions:vision_detail": public("vision"),
    "projects:project_list": public(),
    "projects:project_detail": public("project"),
    "files:download": public("file"),
    "notices:list": staff(),
    "notices:read_all": staff(reads=False, writes=True),
    "notices:read": staff("notice", reads=False, writes=True),
}

_FIGURES: dict[str, Audience] = {
    "kpis:indicator_list": public(),
    "kpis:indicator": public("indicator", invites=True),
    "kpis:scorecard": public("scorecard", invites=True),
    "kpis:scorecard_live": public("scorecard", invites=True),
    "kpis:why": public("indicator", invites=True, asks="period=FY2025-Q1"),
    "kpis:entry": staff("scorecard", may=ENTERS, writes=True),
    "kpis:entry_cell": staff("scorecard", may=ENTERS, writes=True, answers=(404,)),
    "kpis:entry_evidence": staff("scorecard", may=ENTERS, reads=False, writes=True),
    "kpis:indicator_new": staff("scorecard", may=REGISTERS, writes=True),
    "kpis:sheet": staff("indicator", may=AGREES, writes=True),
    "kpis:targets": staff("indicator", may=AGREES, writes=True),
    "kpis:requests": staff("scorecard", may=ENTERS, writes=True),
    "kpis:request_withdraw": staff("input_request", may=ENTERS, reads=False, writes=True),
    "kpis:answer": public("input_request_link", "seal", writes=True, open_to_visitors=True),
    "kpis:workbook": staff("scorecard", may=ENTERS, asks="fy=FY2025"),
    "kpis:imports": staff("scorecard", may=ENTERS, writes=True),
    "kpis:import": staff("workbook", writes=True),
    "kpis:import_progress": staff("workbook"),
    "kpis:submission": staff("submission"),
    "kpis:submission_submit": staff("draft", may=ENTERS, reads=False, writes=True),
    "kpis:submission_in_house": staff("draft", may=ENTERS, reads=False, writes=True),
    "kpis:submission_discard": staff("draft", may=ENTERS, reads=False, writes=True),
    "kpis:submission_entry_remove": staff("draft", may=ENTERS, reads=False, writes=True),
    "kpis:submission_evidence": staff("draft", may=ENTERS, reads=False, writes=True),
    "kpis:evidence_remove": staff("draft", "draft_evidence", may=ENTERS, reads=False, writes=True),
    "kpis:measurement_withdraw": staff("measurement", may=WITHDRAWS, writes=True),
    "kpis:measurement_correct": staff("measurement", may=ENTERS, reads=False, writes=True),
    "kpis:review_queue": staff(),
    "kpis:review": staff("submission", may=REVIEWS, writes=True),
    "kpis:review_progress": staff("submission", may=REVIEWS, answers=(200, 204)),
}

_NOTE = {"note": "理由"}
_API: dict[str, Audience] = {
    "api_schema": public(),
    "api_docs": public(),
    **_api("organization", "organizations"),
    **_api("forum", "forums"),
    **_api("membership", "memberships"),
    **_api("decision", "decisions"),
    **_api("agenda_item", "agenda-items"),
    **_api("case", "cases"),
    **_api("vision", "visions"),
    **_api("project", "projects"),
    **_api("scorecard", "scorecards"),
    **_api("indicator", "indicators"),
    "api:indicators-series": public("indicator"),
    "api:indicators-explain": public("indicator", asks="period=FY2025-Q1"),
    **_api("contribution", "contributions"),
    **_api("measurement", "measurements"),
    "api:measurements-list": public(writes=True),
    "api:measurements-approve": public("measurement", may=APPROVES, reads=False, writes=True, data=_NOTE),
    "api:measurements-return": public("measurement", may=APPROVES, reads=False, writes=True, data=_NOTE),
    "api:measurements-withdraw": public("measurement", may=WITHDRAWS, reads=False, writes=True, data=_NOTE),
    **_api("submission", "submissions"),
    "api:submissions-submit": public("draft", may=ENTERS, reads=False, writes=True, data={}),
    **_api("job", "jobs"),
    **_api("notice", "notices"),
}

AUDIENCE: dict[str, Audience] = {**_PAGES, **_FIGURES, **_API}

# Packages' own pages: each of them asks for a sign-in itself where it needs one; they show no object of the portal.
ALLOWED_PREFIXES = ("account_", "mfa_", "usersessions_")
