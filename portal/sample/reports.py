"""The reports of the fictitious forum, from the third round on: every step on its own day."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from kpis.models import Measurement
from kpis.services.ledger import Signer
from portal.sample.rounds import OPENED, REVIEWERS, SECRETARIAT, remind
from portal.sample.tables import Row, day, day_or_none, document, moment, period, table
from portal.sample.timeline import Timeline
from portal.sample.words import REPORT_STATE, REVIEW_STATE
from portal.sample.world import World
from projects.models import (
    AlignmentAnswer,
    ProgressReport,
    ReportAnswer,
    ReportEvent,
    ReportReview,
    ReportVersion,
    ReviewNote,
)
from projects.reporting.content import ALIGNMENT, gather
from projects.reporting.models import Side
from projects.reporting.questions import ALIGNMENT_KEYS

CITY_LEADS, UNIVERSITY_LEADS = "A03", "A07"
CITY = "O01"
COLUMN = {Side.MUNICIPALITY: "municipal", Side.UNIVERSITY: "university"}
# Hours of a day on which several things happen to a report, in the order of the story.
STARTED, SUBMITTED, REVIEWED, SETTLED = (11, 0), (10, 30), (14, 0), (15, 0)
PARTNER_ANSWERED_ON = date(2025, 5, 28)
CONDITION_DUE_ON, CONDITION_MET_ON = date(2025, 8, 31), date(2025, 8, 22)
CONDITION_MET = "輸送試験の結果を受け取った。結露すると接着部の強度が約4割下がる。"
Kind, State = ReportEvent.Kind, ReportReview.State

DECIDED = {
    State.ACCEPTED: (Kind.ACCEPTED, ProgressReport.State.REVIEWING),
    State.CONDITIONAL: (Kind.CONDITIONAL, ProgressReport.State.REVIEWING),
    State.RETURNED: (Kind.RETURNED, ProgressReport.State.RETURNED),
}


def load_reports(world: World, timeline: Timeline) -> None:
    """Put what happened to each report on the timeline; what was never done leaves it as it is."""
    for row in table("reports"):
        _Story(world, row).plan(timeline)
    for row in table("report_reminders"):
        timeline.at(moment(row["sent_on"], *OPENED), partial(remind, world, row))


class _Story:
    """One report from its request to what it is today."""

    def __init__(self, world: World, row: Row) -> None:
        self.world, self.row = world, row
        self.report = world.reports[row["round"], row["project"]]
        self.round = self.report.round
        self.lead = CITY_LEADS if self.report.project.lead_id == world.organizations[CITY].pk else ""
        self.lead = self.lead or UNIVERSITY_LEADS
        self.words = document("report_words").get(row["round"], {}).get(row["project"])

    def plan(self, timeline: Timeline) -> None:
        timeline.at(moment(self.round.requested_on, *OPENED), self.request)
        if self.row["exempt_reason"]:
            timeline.at(moment(self.round.requested_on, *SUBMITTED), self.exempt)
        if self.words is None:
            return
        submitted_on = self.on("submitted_on")
        timeline.at(moment(submitted_on - timedelta(days=3), *STARTED), self.start)
        timeline.at(moment(submitted_on, *SUBMITTED), self.submit)
        if (self.row["round"], self.row["project"]) in {(r["round"], r["project"]) for r in _answers()}:
            timeline.at(moment(PARTNER_ANSWERED_ON, *STARTED), self.answer_as_partners)
        for side in REVIEWERS:
            self._plan_review(timeline, side)
        if REPORT_STATE[self.row["state"]] == ProgressReport.State.APPROVED:
            timeline.at(moment(self.on("approved_on"), *SETTLED), self.approve)
        if self.row["condition"]:
            timeline.at(moment(CONDITION_MET_ON, *REVIEWED), self.meet_conditions)

    def on(self, column: str) -> date:
        """A day of the report; where the table has none, that of the round's first report."""
        first = next(row for row in table("reports") if row["round"] == self.row["round"])
        return day(self.row[column] or first[column])

    def _plan_review(self, timeline: Timeline, side: Side) -> None:
        state = REVIEW_STATE[self.row[f"{COLUMN[side]}_review"]]
        if state == State.WAITING:
            return
        if state == State.REVIEWING:
            other = self.on("municipal_reviewed_on")
            timeline.at(moment(other + timedelta(days=1), *OPENED), partial(self.begin, side))
            return
        reviewed_on = self.on(f"{COLUMN[side]}_reviewed_on")
        hour = SETTLED if state == State.RETURNED else REVIEWED
        timeline.at(moment(reviewed_on, *hour), partial(self.decide, side, state, reviewed_on))

    # --- acts --------------------------------------------------------------------------------------------------------

    def request(self) -> None:
        on = self.round.requested_on
        self.move(Kind.REQUESTED, "", self.world.signer(SECRETARIAT, on), moment(on, *OPENED))
        earlier = ProgressReport.objects.filter(
            project=self.report.project, state=ProgressReport.State.APPROVED
        ).order_by("-approved_at")
        last = earlier.first()
        if last is not None and not self.row["exempt_reason"]:
            ReportAnswer.objects.bulk_create(
                ReportAnswer(report=self.report, key=each.key, text=each.text, is_prefilled=True)
                for each in last.answers.exclude(key__startswith=ALIGNMENT).exclude(text="")
            )

    def exempt(self) -> None:
        on, at = day(self.row["exempt_approved_on"]), moment(self.round.requested_on, *SUBMITTED)
        signer = self.world.signer(self.row["exempt_approved_by_post"], on)
        self.move(
            Kind.EXEMPTED,
            ProgressReport.State.EXEMPT,
            signer,
            at,
            note=self.row["exempt_reason"],
            exempt_reason=self.row["exempt_reason"],
            exempted_by_name=signer.name,
            exempted_on=on,
        )

    def start(self) -> None:
        on = self.on("submitted_on")
        signer = self.world.signer(self.lead, on)
        self.move(
            Kind.STARTED,
            ProgressReport.State.DRAFTING,
            signer,
            moment(on - timedelta(days=3), *STARTED),
            author_id=signer.user_id,
        )

    def submit(self) -> None:
        on = self.on("submitted_on")
        at, signer = moment(on, *SUBMITTED), self.world.signer(self.lead, on)
        self._type(signer)
        is_late = on > self.round.due_on
        version = ReportVersion.objects.create(
            report=self.report,
            number=1,
            submitted_at=at,
            submitted_by_id=signer.user_id,
            submitted_by_name=signer.name,
            organization_id=signer.organization_id,
            post_id=signer.post_id,
            is_late=is_late,
            plan_version=self.world.plan_on(on),
            content=gather(self.report),
        )
        for question, answer in version.content["alignment"].items():
            self._align(Side.PROJECT, question, answer["score"], signer, at)
        self.move(
            Kind.SUBMITTED,
            ProgressReport.State.SUBMITTED,
            signer,
            at,
            submitted_by_id=signer.user_id,
            submitted_at=at,
            first_submitted_at=at,
            is_late=is_late,
            late_reason=self.row["late_reason"],
        )

    def _type(self, signer: Signer) -> None:
        """What stands in the report's fields."""
        texts = {key: text for key, text in self.words.items() if key != "scores" and text}
        scores = self.words.get("scores") or _scores(self.row)
        texts |= {f"{ALIGNMENT}{key}": str(score) for key, score in zip(ALIGNMENT_KEYS, scores, strict=True)}
        self.report.answers.all().delete()
        ReportAnswer.objects.bulk_create(
            ReportAnswer(report=self.report, key=key, text=text, updated_by_id=signer.user_id)
            for key, text in texts.items()
        )

    def answer_as_partners(self) -> None:
        """The organisations of neither reviewing side answer for themselves."""
        at = moment(PARTNER_ANSWERED_ON, *STARTED)
        for row in _answers():
            organization = self.world.organizations.get(row["organization"])
            if organization is not None and organization not in self._reviewing():
                signer = Signer(organization_id=organization.pk)
                self._align(Side.COMPANY, _question(row), int(row["score"]), signer, at)

    def _reviewing(self) -> list[Any]:
        return [self.world.posts[post].organization for post in REVIEWERS.values()]

    def begin(self, side: Side) -> None:
        review = self.report.reviews.get(side=side)
        review.state = State.REVIEWING
        review.save()
        on = self.on("municipal_reviewed_on") + timedelta(days=1)
        signer = self.world.signer(REVIEWERS[side], on)
        self.move(Kind.REVIEW_STARTED, ProgressReport.State.REVIEWING, signer, moment(on, *OPENED), side=side)

    def decide(self, side: Side, state: str, on: date) -> None:
        at = moment(on, *(SETTLED if state == State.RETURNED else REVIEWED))
        version = self.report.versions.get()
        proxy = self.row["municipal_review_proxy"] if side == Side.MUNICIPALITY else ""
        signer = self._signer(side, on, is_proxy=bool(proxy))
        told = self._note(side, version, signer, at) if state == State.RETURNED else ""
        condition = self.row["condition"] if state == State.CONDITIONAL else ""
        self._save_review(
            side,
            state=state,
            version=version,
            decided_at=at,
            user_id=signer.user_id,
            user_name=signer.name,
            is_proxy=bool(proxy),
            proxy_note=proxy,
            is_same_organization=signer.organization_id == version.organization_id,
            note=told,
            condition=condition,
            condition_due_on=CONDITION_DUE_ON if condition else None,
        )
        self._answer_as_side(side, signer, at)
        kind, reached = DECIDED[State(state)]
        due_on = day_or_none(self.row["resubmit_due_on"]) if state == State.RETURNED else None
        self.move(
            kind,
            reached,
            signer,
            at,
            side=side,
            note=told or condition,
            is_proxy=bool(proxy),
            resubmit_due_on=due_on,
        )

    def _signer(self, side: Side, on: date, *, is_proxy: bool) -> Signer:
        post = REVIEWERS[side]
        if not is_proxy:
            return self.world.signer(post, on)
        words = next(row["deputy_words"] for row in table("posts") if row["id"] == post)
        held = self.world.posts[post]
        return Signer(None, words.partition("（")[0], held.organization_id, held.pk)

    def _note(self, side: Side, version: ReportVersion, signer: Signer, at: datetime) -> str:
        """The words on the figure that is to be mended."""
        told = next(
            row
            for row in table("report_returns")
            if (row["round"], row["project"]) == (self.row["round"], self.row["project"])
        )
        figure = Measurement.objects.get(
            submission__bundle=self.report.bundle_key,
            indicator=self.world.indicators[told["indicator"]],
            period=period(told["period"]),
        )
        ReviewNote.objects.create(
            report=self.report,
            version=version,
            side=side,
            key=f"figure.{figure.public_id}",
            text=told["text"],
            user_id=signer.user_id,
            user_name=signer.name,
            organization_id=signer.organization_id,
            at=at,
        )
        return told["text"]

    def _answer_as_side(self, side: Side, signer: Signer, at: datetime) -> None:
        for row in _answers():
            is_same = (row["round"], row["project"]) == (self.row["round"], self.row["project"])
            organization = self.world.organizations.get(row["organization"])
            if is_same and organization is not None and organization.pk == signer.organization_id:
                self._align(side, _question(row), int(row["score"]), signer, at)

    def _align(self, side: Side, question: str, score: int, signer: Signer, at: datetime) -> None:
        AlignmentAnswer.objects.create(
            report=self.report,
            side=side,
            organization_id=signer.organization_id,
            question=question,
            score=score,
            user_id=signer.user_id,
            user_name=signer.name,
            at=at,
        )

    def approve(self) -> None:
        at = moment(self.on("approved_on"), *SETTLED)
        signer = self._signer(Side.UNIVERSITY, at.date(), is_proxy=False)
        self.move(Kind.APPROVED, ProgressReport.State.APPROVED, signer, at, approved_at=at)

    def meet_conditions(self) -> None:
        at = moment(CONDITION_MET_ON, *REVIEWED)
        for side in REVIEWERS:
            self._save_review(side, condition_met_on=CONDITION_MET_ON, condition_met_note=CONDITION_MET)
            signer = self._signer(side, CONDITION_MET_ON, is_proxy=False)
            self.move(Kind.CONDITION_MET, "", signer, at, side=side, note=CONDITION_MET)

    def _save_review(self, side: Side, **fields: Any) -> None:
        review = self.report.reviews.get(side=side)
        for name, value in fields.items():
            setattr(review, name, value)
        review.full_clean(exclude=["user"])
        review.save()

    def move(
        self,
        kind: str,
        to_state: str,
        signer: Signer,
        at: datetime,
        *,
        side: str = "",
        note: str = "",
        is_proxy: bool = False,
        **fields: Any,
    ) -> None:
        """As the services do, at a moment of the past; an empty `to_state` leaves the report where it is."""
        before = self.report.state
        self.report.state = to_state or before
        for name, value in fields.items():
            setattr(self.report, name, value)
        self.report.revision += 1
        self.report.save()
        ReportEvent.objects.create(
            report=self.report,
            kind=kind,
            side=side,
            at=at,
            from_state="" if kind == Kind.REQUESTED else before,
            to_state=self.report.state,
            note=note,
            user_id=signer.user_id,
            user_name=signer.name,
            organization_id=signer.organization_id,
            post_id=signer.post_id,
            is_proxy=is_proxy,
        )


def _answers() -> tuple[Row, ...]:
    return table("alignment_answers")


def _question(row: Row) -> str:
    return ALIGNMENT_KEYS[int(row["question_no"]) - 1]


def _scores(report: Row) -> list[int]:
    """The project's own answers where the table has them."""
    rows = [
        row
        for row in _answers()
        if (row["round"], row["project"], row["answered_by"])
        == (report["round"], report["project"], "プロジェクト")
    ]
    return [int(row["score"]) for row in sorted(rows, key=lambda row: row["question_no"])]
