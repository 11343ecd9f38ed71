"""報告依頼: the list, and one round: its request for those who are asked, its board for those who run it."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from actors.pages import crumb
from ecosystems.access import Duty, duty_forums
from foundation.pages import ListPage, ObjectPage, StaffPage
from projects.reporting.access import takes_part
from projects.reporting.forms_rounds import BoardForm, RemindForm
from projects.reporting.models import ProgressReport, ReportingRound
from projects.reporting.notices_rounds import report_url
from projects.reporting.selectors.board import (
    SYMBOLS,
    TONES,
    board_rows,
    counts_of,
    late_words,
    leads_of,
    overview,
    reports_of,
    with_board,
)
from projects.reporting.services.request import contact_lines

State = ReportingRound.State
PER_PAGE = 50
ROUND_TONES = {State.PREPARING: "none", State.OPEN: "positive", State.CLOSED: "neutral"}


class RoundListPage(StaffPage, ListPage):
    """Newest first, with how many came in for those who run it, and the own reports for everybody else."""

    model = ReportingRound
    template_name = "projects/round_list.html"
    context_object_name = "rounds"
    section = "rounds"
    title = gettext_lazy("報告依頼")

    def scoped(self) -> QuerySet[Any]:
        rows = ReportingRound.objects.visible_to(self.actor).with_can(self.actor, "board")
        found: QuerySet[Any] = overview(rows.select_related("forum").order_by("-requested_on", "-id"))
        return found

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        now, rounds = timezone.now(), list(context["page_obj"])
        own = own_reports(self.actor, rounds)
        for each in rounds:
            each.words = each.state_words(now)
            each.tone = "caution" if each.words == _("受付中（期限後）") else ROUND_TONES[each.state]
            each.own = own.get(each.pk, [])
        may_prepare = self.actor.is_administrator or duty_forums(self.actor, Duty.SECRETARIAT)
        actions = [
            {"label": _("報告依頼を準備する"), "url": reverse("projects:round_new"), "kind": "primary"}
        ]
        crumbs = [crumb(_("ホーム"), reverse("portal:home")), crumb(self.title)]
        return {**context, "rounds": rounds, "actions": actions if may_prepare else [], "crumbs": crumbs}


def own_reports(actor: Any, rounds: list[Any]) -> dict[int, list[ProgressReport]]:
    """{round: the reports of projects in which the actor's organisation takes part}. One query."""
    rows = ProgressReport.objects.visible_to(actor).filter(takes_part("project").condition(actor))
    found: dict[int, list[ProgressReport]] = {}
    by_pk = {each.pk: each for each in rounds}
    today = timezone.localdate()
    for report in rows.filter(round__in=rounds).select_related("project").order_by("project__code", "pk"):
        row: Any = report
        row.url = report_url(report)
        row.tone = TONES.get(report.state, "neutral")
        row.symbol = SYMBOLS.get(report.state, "")
        row.late = late_words(by_pk[report.round_id], report, today)
        found.setdefault(report.round_id, []).append(row)
    return found


class RoundPage(StaffPage, ObjectPage):
    """One round. The board is for the secretariat and the reviewers; everybody else reads the request."""

    model = ReportingRound
    context_object_name = "round"
    section = "rounds"

    def scoped(self) -> QuerySet[Any]:
        rows = ReportingRound.objects.visible_to(self.actor).with_can(self.actor, "board", "change")
        found: QuerySet[Any] = rows.select_related("forum", "post__organization")
        return found

    @property
    def has_board(self) -> bool:
        return bool(self.object.can_board) and self.object.state != State.PREPARING

    def get_template_names(self) -> list[str]:
        return ["projects/round_board.html" if self.has_board else "projects/round_request.html"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        round_ = self.object
        now = timezone.now()
        context = super().get_context_data(
            words=round_.state_words(now),
            crumbs=[
                crumb(_("ホーム"), reverse("portal:home")),
                crumb(_("報告依頼"), reverse("projects:round_list")),
                crumb(round_.name),
            ],
            actions=[*(self._actions() if round_.can_change else []), *self._outcomes()],
            **kwargs,
        )
        context["title"] = round_.name
        return context | (self._board() if self.has_board else self._request())

    def _actions(self) -> list[dict[str, Any]]:
        """What the secretariat can do next."""
        steps = {
            State.PREPARING: [
                ("round_edit", _("内容を直す"), "secondary"),
                ("round_open", _("依頼先を確かめて始める"), "primary"),
            ],
            State.OPEN: [
                ("round_dates", _("日付を延ばす"), "secondary"),
                ("round_close", _("受付を終える"), "secondary"),
            ],
            State.CLOSED: [],
        }
        return [
            {"url": reverse(f"projects:{name}", args=[self.object.public_id]), "label": label, "kind": kind}
            for name, label, kind in steps[State(self.object.state)]
        ]

    def _outcomes(self) -> list[dict[str, Any]]:
        """Where what came in can be read as a whole, and taken along."""
        if self.object.state == State.PREPARING:
            return []
        places = [("compiled_list", _("とりまとめ報告")), ("round_export", _("書き出す"))]
        return [
            {
                "url": reverse(f"projects:{name}", args=[self.object.public_id]),
                "label": label,
                "kind": "secondary",
            }
            for name, label in places
        ]

    def _request(self) -> dict[str, Any]:
        own = own_reports(self.actor, [self.object]).get(self.object.pk, [])
        return {"reports": own, "contact": contact_lines(self.object.post)}

    def _board(self) -> dict[str, Any]:
        round_ = self.object
        form = BoardForm(self.request.GET, leads=leads_of(round_))
        wanted = form.wanted()
        page = Paginator(with_board(reports_of(round_, wanted)), PER_PAGE).get_page(
            self.request.GET.get("page")
        )
        query = self.request.GET.copy()
        query.pop("page", None)
        return {
            "form": form,
            "wanted": wanted,
            "counts": counts_of(round_),
            "page_obj": page,
            "query": f"{query.urlencode()}&" if query else "",
            "rows": board_rows(round_, page.object_list, timezone.localdate()),
            "remind_form": RemindForm() if round_.can_change and round_.state == State.OPEN else None,
        }
