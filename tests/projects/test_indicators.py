"""KPIs of a project: rules that suit, contributions that are possible, and what the pages say of them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from foundation.errors import DomainError
from kpis.models import Contribution, Indicator, IndicatorSheet
from kpis.periods import Period
from kpis.services.contributions import accept_contribution, decline_contribution
from projects.models import Correction, Project
from projects.research.services.indicators import NewIndicator, add_indicator
from projects.research.services.registering import Registration, register_project
from tests.factories.ecosystems import decide
from tests.factories.kpis import SYSTEM, make_rolled_up
from tests.factories.projects import correct
from tests.factories.visions import make_theme, make_vision


@pytest.fixture
def project(people) -> Project:
    given = Registration("研究（架空）", "joint_research", date(2026, 4, 1))
    return register_project(actor=people.actor("reporter"), forum=people.forum, given=given)


@pytest.fixture
def parent(people, project) -> Indicator:
    vision = make_vision(people.forum)
    total = make_rolled_up(
        vision.scorecard, unit="yen_million", scale="currency", fields={"visibility": "public"}
    )
    theme = make_theme(vision)
    theme.indicators.add(total)
    project.themes.add(theme)
    return total


def new(**fields: Any) -> NewIndicator:
    return NewIndicator(
        **{"name": "出荷額", "definition": "出荷した額", "unit": "yen_thousand", "grain": 3,
           "first_on": date(2026, 5, 1), **fields}
    )  # fmt: skip


def url_of(project: Project, place: str = "indicators") -> str:
    return reverse(f"projects:project_{place}", args=[project.public_id])


def sheet_of(indicator: Indicator) -> IndicatorSheet:
    return IndicatorSheet.objects.get(indicator=indicator)


def test_kpi_gets_its_number_its_keeper_and_rules_that_suit_its_unit(people, project):
    made = [
        add_indicator(actor=people.actor("reporter"), project=project, given=new(unit=unit))
        for unit in ("yen_thousand", "percent", "person", "yes_no")
    ]
    assert [each.code for each in made] == ["P1-1", "P1-2", "P1-3", "P1-4"]
    assert [sheet_of(each).scale for each in made] == ["currency", "ratio", "number", "yes_no"]
    assert [sheet_of(each).time_rule for each in made] == ["sum", "ratio_of_sums", "sum", "last"]
    assert made[0].post == project.post
    assert sheet_of(made[0]).first_period == Period.parse("FY2026-Q1")
    assert sheet_of(made[0]).last_period is None


def test_measuring_ends_with_the_period_of_its_last_day(people, project):
    actor = people.actor("reporter")
    made = add_indicator(actor=actor, project=project, given=new(last_on=date(2027, 3, 31)))
    assert sheet_of(made).last_period == Period.parse("FY2026-Q4")
    with pytest.raises(DomainError) as caught:
        add_indicator(actor=actor, project=project, given=new(last_on=date(2026, 4, 30)))
    assert caught.value.field == "last_on"


def test_contribution_is_proposed_and_counts_only_when_accepted(people, project, parent):
    child = add_indicator(actor=people.actor("reporter"), project=project, given=new(), parent=parent)
    link = Contribution.objects.get(child=child)
    assert (link.state, link.parent, link.proposed_by) == ("proposed", parent, people.reporter)


def test_what_could_never_feed_the_parent_is_refused_and_nothing_is_left(people, project, parent):
    for wrong in (new(unit="person"), new(grain=12)):
        with pytest.raises(DomainError) as caught:
            add_indicator(actor=people.actor("reporter"), project=project, given=wrong, parent=parent)
        assert caught.value.field == "parent"
    assert not Indicator.objects.filter(scorecard=project.scorecard).exists()


def test_partners_give_no_kpis(people, project):
    Project.objects.filter(pk=project.pk).update(visibility="public")
    with pytest.raises(PermissionDenied):
        add_indicator(actor=people.actor("member"), project=project, given=new())


def test_page_fills_in_what_the_parent_prescribes_and_proposes(client, people, project, parent):
    client.force_login(people.reporter)
    form = client.get(url_of(project), {"parent": str(parent.public_id)}).context["form"]
    assert (form["unit"].value(), form["grain"].value()) == ("yen_million", 3)
    data = {
        "parent": str(parent.public_id), "name": "出荷額", "definition": "出荷した額", "unit": "yen_million",
        "grain": "3", "direction": "up", "accrual": "flow", "first_on": "2026-04-01", "visibility": "members",
        "once": "one",
    }  # fmt: skip
    assert client.post(url_of(project), data).status_code == 302
    client.post(url_of(project), data)
    assert Indicator.objects.filter(scorecard=project.scorecard).count() == 1
    assert "申請中（まだ集計に入らない）" in client.get(url_of(project, "detail")).text
    refused = client.post(url_of(project), data | {"unit": "person", "once": "two"})
    assert refused.status_code == 422
    assert "換算することはできません" in refused.text


def test_project_page_tells_accepted_from_declined(client, people, project, parent):
    first, second = (
        add_indicator(actor=people.actor("reporter"), project=project, given=new(name=name), parent=parent)
        for name in ("入る", "入らない")
    )
    accept_contribution(actor=SYSTEM, contribution=Contribution.objects.get(child=first))
    decline_contribution(
        actor=SYSTEM, contribution=Contribution.objects.get(child=second), reason="重なるため"
    )
    client.force_login(people.reporter)
    page = client.get(url_of(project, "detail")).text
    assert "集計に入る" in page
    assert "見送り（集計に入らない）" in page
    assert "重なるため" in page


def test_proposals_are_not_told_to_strangers(client, people, project, parent):
    child = add_indicator(
        actor=people.actor("reporter"), project=project, given=new(visibility="public"), parent=parent
    )
    Project.objects.filter(pk=project.pk).update(visibility="public")
    type(project.scorecard).objects.filter(pk=project.scorecard_id).update(visibility="public")
    client.force_login(people.stranger)
    page = client.get(url_of(project, "detail")).text
    assert child.name in page
    assert "申請中" not in page


# --- corrections ------------------------------------------------------------------------------------------------------


def test_correction_demands_a_decision_of_the_forum(people, project):
    with pytest.raises(DomainError) as caught:
        correct(people.forum, project, decision=None)
    assert caught.value.field == "decision"
    other = decide(make_vision().forum, "X1")
    with pytest.raises(DomainError):
        correct(people.forum, project, decision=other)
    assert not Correction.objects.exists()


def test_stopping_ends_the_project_on_its_day(people, project):
    Project.objects.filter(pk=project.pk).update(planned_ends_on=date(2028, 3, 31))
    correct(people.forum, project, kind="stopped", effective_on=date(2026, 9, 30))
    project.refresh_from_db()
    assert (project.state, project.ends_on, project.planned_ends_on) == (
        "stopped", date(2026, 9, 30), date(2028, 3, 31),
    )  # fmt: skip
    later = register_project(
        actor=people.actor("reporter"),
        forum=people.forum,
        given=Registration("次の研究（架空）", "joint_research", date(2026, 4, 1)),
    )
    correct(people.forum, later, kind="stopped", effective_on=date(2099, 3, 31))
    later.refresh_from_db()
    assert (later.state, later.ends_on) == ("running", date(2099, 3, 31))


def test_correction_marks_the_chart_the_table_and_the_decision(client, people, project, parent):
    row = correct(people.forum, project, indicators=[parent], decision=decide(people.forum, "D9"))
    client.force_login(people.reporter)
    response = client.get(reverse("kpis:indicator", args=[parent.public_id]))
    marked = [mark for table in response.context["tables"] for mark in table.chart["marks"]]
    assert {mark["label"] for mark in marked} == {f"軌道修正 {row.code}"}
    assert f"内容の見直し：{project.name}" in response.text
    decisions = client.get(reverse("ecosystems:decision_list", args=[people.forum.public_id])).text
    assert f"軌道修正 {row.code}" in decisions


def test_correction_of_a_hidden_project_marks_nothing_for_others(client, people, project, parent):
    Project.objects.filter(pk=project.pk).update(visibility="participants")
    correct(people.forum, project, indicators=[parent])
    client.force_login(people.member)
    response = client.get(reverse("kpis:indicator", args=[parent.public_id]))
    assert "軌道修正" not in response.text
    assert project.name not in response.text


def test_page_records_a_correction_with_the_kpis_it_touches(client, people, project, parent):
    child = add_indicator(actor=people.actor("reporter"), project=project, given=new(), parent=parent)
    decision = decide(people.forum, "D9")
    client.force_login(people.reporter)
    url = url_of(project, "correction")
    data = {
        "kind": "reduced", "decision": "", "effective_on": "2026-10-01", "trigger": "不振", "change": "半分にする",
        "indicators": [str(child.public_id), str(parent.public_id)],
    }  # fmt: skip
    assert client.post(url, data).status_code == 422
    assert client.post(url, data | {"decision": str(decision.public_id)}).status_code == 302
    row = Correction.objects.get()
    assert (row.code, row.decided_on, row.post) == ("C1", decision.decided_on, project.post)
    assert set(row.indicators.all()) == {child, parent}
    assert "半分にする" in client.get(url_of(project, "detail")).text


def test_procedure_is_read_by_those_who_take_part_alone(client, people, project):
    Project.objects.filter(pk=project.pk).update(visibility="public")
    correct(people.forum, project, procedure="返還1560千円")
    for who, is_told in ((people.reporter, True), (people.secretary, True), (people.member, False)):
        client.force_login(who)
        assert ("返還1560千円" in client.get(url_of(project, "detail")).text) == is_told
