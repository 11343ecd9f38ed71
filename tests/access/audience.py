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
            "proposal",
            "measurement",
            "file",
            "vision",
            "theme",
            "project",
            "correction",
            "round",
            "opportunity",
        ),
        _MEMBERS,
    ),
    "round_prepared": {
        "own": REVIEWERS | {"secretary", "administrator"},
        "foreign": frozenset({"administrator"}),
    },
    "interest": {"own": CITY | {"administrator"}, "foreign": OUTSIDE},
    "community": {"own": CITY | {"administrator"}, "foreign": OUTSIDE},
    "submission": {"own": CITY | REVIEWERS | {"administrator"}, "foreign": OUTSIDE},
    "input_request": {"own": CITY | {"administrator"}, "foreign": OUTSIDE},
    "input_request_link": {"own": EVERYBODY, "foreign": EVERYBODY},
    "workbook": {"own": CITY, "foreign": frozenset({"stranger"})},
    "draft": {"own": CITY | REVIEWERS | {"administrator"}, "foreign": OUTSIDE},
    **dict.fromkeys(
        ("report", "fresh_report", "submitted_report"),
        {"own": CITY | REVIEWERS | {"administrator"}, "foreign": OUTSIDE},
    ),
    "job": {"own": frozenset({"reporter"}), "foreign": frozenset({"stranger"})},
    "export": {"own": frozenset({"reporter"}), "foreign": frozenset({"stranger"})},
    "compiled": {"own": REVIEWERS | {"secretary", "administrator"}, "foreign": frozenset({"administrator"})},
    "published": _MEMBERS,
    "compiled_round": _MEMBERS,
    "open_export": {"own": frozenset({"reporter"}), "foreign": frozenset({"stranger"})},
    "notice": {"own": frozenset({"reporter"}), "foreign": frozenset({"stranger"})},
    "voice": {
        "own": frozenset({"reporter", "secretary", "administrator"}),
        "foreign": frozenset({"stranger", "administrator"}),
    },
    "released_voice": _MEMBERS,
    "receipt": {"own": EVERYBODY, "foreign": EVERYBODY},
}

# Who founds a community (by a post of theirs) and who keeps one, who may enter on a scorecard, and who works on a draft of the city.
FOUNDS: Sides = {"own": EVERYBODY - {"administrator"}, "foreign": NOBODY}
KEEPS: Sides = {"own": CITY | {"administrator"}, "foreign": OUTSIDE}
ENTERS: Sides = {"own": CITY, "foreign": frozenset({"stranger"})}
# Who registers a KPI on a scorecard, and who changes its sheet and its targets.
REGISTERS_KPI: Sides = {"own": CITY | {"administrator"}, "foreign": OUTSIDE}
AGREES: Sides = {"own": frozenset({"secretary", "administrator"}), "foreign": frozenset({"administrator"})}
WITHDRAWS: Sides = {"own": CITY, "foreign": frozenset({"stranger"})}
# The secretariat reads along on the page of a review, and approves nothing there.
# The lead's people and the secretariat change a project; the parent's keeper and the secretariat decide on a link.
CHANGES: Sides = {"own": CITY | {"administrator"}, "foreign": OUTSIDE}
DECIDES: Sides = {"own": CITY, "foreign": frozenset({"stranger"})}
REVIEWS: Sides = {"own": REVIEWERS | {"secretary"}, "foreign": NOBODY}
REGISTERS: Sides = {"own": STAFF - {"administrator"}, "foreign": NOBODY}
PUBLISHES: Sides = {"own": frozenset({"secretary"}), "foreign": NOBODY}
APPROVES: Sides = {"own": REVIEWERS, "foreign": NOBODY}
# The secretariat runs rounds; the reviewers read its board along.
RUNS: Sides = {"own": frozenset({"secretary", "administrator"}), "foreign": frozenset({"administrator"})}
READS_BOARD: Sides = {"own": RUNS["own"] | REVIEWERS, "foreign": RUNS["foreign"]}
# Who writes and submits a report of the city's project, and who is named to review it; its partners answer.
WRITES: Sides = {"own": CITY, "foreign": frozenset({"stranger"})}
READS_ALONG: Sides = {"own": NOBODY, "foreign": NOBODY}
# Who writes a new opportunity: people of a member organisation. The address names no object.
POSTS: Sides = {"own": INSIDE - {"administrator"} | {"stranger"}, "foreign": NOBODY}
# The organisation that posted an opportunity keeps it and answers for it; an administrator may mend it.
ANSWERS: Sides = {"own": CITY, "foreign": frozenset({"stranger"})}
# Nobody among the people applied themselves.
APPLIED: Sides = {"own": NOBODY, "foreign": NOBODY}

# Who works on a question: the secretariat and the post that answers; administrators read along.
HANDLES: Sides = {
    "own": frozenset({"reporter", "secretary", "administrator"}),
    "foreign": frozenset({"stranger", "administrator"}),
}
CHANGES_PROJECT: Sides = {
    "own": CITY | {"administrator"},
    "foreign": frozenset({"stranger", "administrator"}),
}
SECRETARIAT: Sides = {"own": frozenset({"secretary"}), "foreign": NOBODY}


@dataclass(frozen=True)
class Audience:
    """Who reaches one address.

    `of`: the kinds of the objects named in the path, in order; the first decides. `may`: who of those who see it may
    pass (None: all). `reads`, `writes`: whether GET and POST are offered. `data`: what a POST carries, so that it is
    refused for want of rights and not of input. `asks`: query parameters without which GET is refused. `leads_on`: signed-in people are sent on.
    `invites`: a visitor who finds nothing is led to the sign-in, whether or not there is something.
    `open_to_visitors`: whether a visitor may post here too.
    `open_to_visitors`: a POST is offered to who is not signed in too.
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
    "actors:community_list": public(),
    "actors:community_found": staff(may=FOUNDS, writes=True),
    "actors:community_detail": public("community"),
    "actors:community_edit": staff("community", may=KEEPS, writes=True),
    "actors:community_members": staff("community", may=KEEPS, writes=True),
    "actors:community_member": staff("community", "community_member", may=KEEPS, writes=True),
    "actors:community_member_strike": staff(
        "community", "community_member", may=KEEPS, reads=False, writes=True
    ),
    "comparing:forums": public(),
    "comparing:export": staff(reads=False, writes=True),
    "ecosystems:forum_list": public(),
    "ecosystems:forum_detail": public("forum"),
    "ecosystems:decision_list": staff("forum"),
    "ecosystems:agenda": staff("forum"),
    "ecosystems:case_list": public(),
    "ecosystems:case_detail": public("case"),
    "ecosystems:roadmap": public("forum"),
    "ecosystems:voice_list": public(),
    "ecosystems:voice_detail": public("released_voice"),
    "ecosystems:voice_ask": public(writes=True, open_to_visitors=True),
    "ecosystems:voice_receipt": public("receipt"),
    "ecosystems:voice_queue": staff(),
    "ecosystems:voice_enter": staff(may=SECRETARIAT, writes=True),
    "ecosystems:voice_work": staff("voice", may=HANDLES, writes=True),
    "visions:vision_list": public(),
    "visions:vision_detail": public("vision"),
    "visions:vision_plain": public("vision"),
    "projects:project_list": public(),
    "projects:project_detail": public("project"),
    "projects:project_register": staff(may=REGISTERS, writes=True),
    "projects:partner_found": staff(),
    "projects:project_edit": staff("project", may=CHANGES, writes=True),
    "projects:project_partners": staff("project", may=CHANGES, writes=True),
    "projects:project_funding": staff("project", may=CHANGES, writes=True),
    "projects:project_team": staff("project", may=CHANGES, writes=True),
    "projects:project_indicators": staff("project", may=CHANGES, writes=True),
    "projects:project_correction": staff("project", may=CHANGES, writes=True),
    "projects:opportunity_list": public(),
    "projects:opportunity_detail": public("opportunity"),
    "projects:opportunity_own": staff(),
    "projects:opportunity_new": staff(may=POSTS, writes=True),
    "projects:opportunity_edit": staff("opportunity", may=KEEPS, writes=True),
    "projects:opportunity_publish": staff("opportunity", may=KEEPS, reads=False, writes=True),
    "projects:opportunity_close": staff("opportunity", may=KEEPS, reads=False, writes=True),
    "projects:opportunity_withdraw": staff("opportunity", may=KEEPS, reads=False, writes=True),
    "projects:interest_apply": public("opportunity", writes=True, open_to_visitors=True),
    "projects:interest_sent": public(),
    "projects:interest_confirm": public(answers=(410,)),
    "projects:interest_list": staff(),
    "projects:interest_inbox": staff(),
    "projects:interest_settled": staff(),
    "projects:interest_queue": staff(),
    "projects:interest_detail": staff("interest"),
    "projects:interest_answer": staff("interest", may=ANSWERS, reads=False, writes=True),
    "projects:interest_withdraw": staff("interest", may=APPLIED, reads=False, writes=True),
    "projects:project_use": staff("project", may=CHANGES_PROJECT, writes=True),
    "files:download": public("file"),
    "projects:round_export": staff("compiled_round", writes=True),
    "projects:compiled_list": staff("compiled_round", writes=True),
    "projects:compiled_live": staff("compiled_round"),
    "projects:compiled": staff("compiled"),
    "projects:compiled_publish": staff("compiled", may=PUBLISHES, reads=False, writes=True),
    "projects:compiled_export": staff("compiled", reads=False, writes=True),
    "exports:list": staff(),
    "exports:live": staff(),
    "exports:detail": staff("export"),
    "exports:detail_live": staff("export"),
    "exports:cancel": staff("open_export", reads=False, writes=True),
    "exports:again": staff("export", reads=False, writes=True),
    "notices:list": staff(),
    "notices:read_all": staff(reads=False, writes=True),
    "notices:read": staff("notice", reads=False, writes=True),
}

_FIGURES: dict[str, Audience] = {
    "kpis:indicator_list": public(),
    "kpis:indicator": public("indicator", invites=True),
    "kpis:scorecard": public("scorecard", invites=True),
    "kpis:scorecard_live": public("scorecard", invites=True),
    "kpis:contribution_queue": staff(),
    "kpis:contribution": staff("contribution", may=DECIDES, writes=True),
    "kpis:why": public("indicator", invites=True, asks="period=FY2025-Q1"),
    "kpis:entry": staff("scorecard", may=ENTERS, writes=True),
    "kpis:entry_cell": staff("scorecard", may=ENTERS, writes=True, answers=(404,)),
    "kpis:entry_evidence": staff("scorecard", may=ENTERS, reads=False, writes=True),
    "kpis:indicator_new": staff("scorecard", may=REGISTERS_KPI, writes=True),
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

_ROUNDS: dict[str, Audience] = {
    "projects:round_list": staff(),
    "projects:round_new": staff(may=RUNS, writes=True),
    "projects:round": staff("round"),
    "projects:round_edit": staff("round_prepared", may=RUNS, writes=True),
    "projects:round_open": staff("round_prepared", may=RUNS, writes=True),
    "projects:round_dates": staff("round", may=RUNS, writes=True),
    "projects:round_close": staff("round", may=RUNS, writes=True),
    "projects:round_remind": staff("round", may=RUNS, reads=False, writes=True),
    "projects:round_report": staff("round", "round_report", may=RUNS, writes=True),
}

_REPORTS: dict[str, Audience] = {
    "projects:report_list": staff(),
    "projects:report_review_queue": staff(),
    "projects:report_detail": staff("report"),
    "projects:report_write": staff("report", may=WRITES, writes=True),
    "projects:report_answer": staff("report", may=WRITES, reads=False, writes=True),
    "projects:report_submit": staff("report", may=WRITES, writes=True),
    "projects:report_take_back": staff("submitted_report", may=WRITES, reads=False, writes=True),
    "projects:report_review": staff("submitted_report", may=APPROVES, writes=True),
    "projects:report_alignment": staff("submitted_report", may=READS_ALONG, reads=False, writes=True),
    "projects:report_condition": staff("submitted_report", may=APPROVES, reads=False, writes=True),
}

_NOTE = {"note": "理由"}
_RETURN = {"version": 1, "notes": {"report": "直す"}}
_ANSWER = {"key": "progress", "text": "進んでいる"}
_API: dict[str, Audience] = {
    "api_schema": public(),
    "api_docs": public(),
    **_api("organization", "organizations"),
    **_api("community", "communities"),
    **_api("forum", "forums"),
    **_api("membership", "memberships"),
    **_api("decision", "decisions"),
    **_api("agenda_item", "agenda-items"),
    **_api("case", "cases"),
    **_api("voice", "voices"),
    "api:voices-list": public(writes=True),
    **_api("vision", "visions"),
    **_api("project", "projects"),
    "api:projects-list": public(writes=True),
    **_api("correction", "corrections"),
    **_api("opportunity", "opportunities"),
    "api:opportunities-facets": public(),
    "api:opportunities-apply": public("opportunity", reads=False, writes=True),
    **_api("interest", "interests"),
    "api:interests-answer": public("interest", may=ANSWERS, reads=False, writes=True, data=_NOTE),
    "api:interests-withdraw": public("interest", may=APPLIED, reads=False, writes=True),
    **_api("scorecard", "scorecards"),
    **_api("indicator", "indicators"),
    "api:indicators-series": public("indicator"),
    "api:indicators-explain": public("indicator", asks="period=FY2025-Q1"),
    **_api("contribution", "contributions"),
    "api:contributions-accept": public("proposal", may=DECIDES, reads=False, writes=True, data={}),
    "api:contributions-decline": public(
        "proposal", may=DECIDES, reads=False, writes=True, data={"reason": "定義が違うため"}
    ),
    **_api("measurement", "measurements"),
    "api:measurements-list": public(writes=True),
    "api:measurements-approve": public("measurement", may=APPROVES, reads=False, writes=True, data=_NOTE),
    "api:measurements-return": public("measurement", may=APPROVES, reads=False, writes=True, data=_NOTE),
    "api:measurements-withdraw": public("measurement", may=WITHDRAWS, reads=False, writes=True, data=_NOTE),
    **_api("submission", "submissions"),
    "api:submissions-submit": public("draft", may=ENTERS, reads=False, writes=True, data={}),
    **_api("round", "rounds"),
    "api:rounds-board": public("round", may=READS_BOARD),
    "api:rounds-open": public("round_prepared", may=RUNS, reads=False, writes=True, data={}),
    "api:rounds-close": public("round", may=RUNS, reads=False, writes=True, data={}),
    "api:rounds-remind": public("round", may=RUNS, reads=False, writes=True),
    "api:rounds-exempt": public("round", may=RUNS, reads=False, writes=True),
    **_api("report", "reports"),
    "api:reports-answer": public("fresh_report", may=WRITES, reads=False, writes=True, data=_ANSWER),
    "api:reports-submit": public("report", may=WRITES, reads=False, writes=True, data={}),
    "api:reports-take-back": public("submitted_report", may=WRITES, reads=False, writes=True, data=_NOTE),
    "api:reports-accept": public(
        "submitted_report", may=APPROVES, reads=False, writes=True, data={"version": 1}
    ),
    "api:reports-return": public("submitted_report", may=APPROVES, reads=False, writes=True, data=_RETURN),
    **_api("job", "jobs"),
    **_api("published", "compiled-reports"),
    "api:compiled-reports-publish": public("compiled", may=PUBLISHES, reads=False, writes=True, data={}),
    **_api("export", "exports"),
    "api:exports-list": public(writes=True),
    "api:exports-cancel": public("open_export", reads=False, writes=True, data={}),
    **_api("notice", "notices"),
}

AUDIENCE: dict[str, Audience] = {**_PAGES, **_FIGURES, **_ROUNDS, **_REPORTS, **_API}

# Packages' own pages: each of them asks for a sign-in itself where it needs one; they show no object of the portal.
ALLOWED_PREFIXES = ("account_", "mfa_", "usersessions_")
