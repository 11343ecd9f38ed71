"""Registering KPIs from the catalogue, revising a sheet in versions, agreeing on targets."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from foundation.access import system_actor
from foundation.errors import LostEdit
from kpis.catalogue import TEMPLATES
from kpis.models import Indicator, IndicatorSheet, Target
from kpis.periods import Period
from kpis.services import sheets
from kpis.sheet_forms import initial_of_template
from tests.conftest import People
from tests.factories.ecosystems import decide
from tests.factories.kpis import approved, make_indicator, make_scorecard

YEAR = Period.parse("FY2026")


@pytest.fixture
def indicator(people: People) -> Indicator:
    return make_indicator(people.scorecard, fields={"post": people.scorecard.post, "code": "K-1"})


def filled(client: Any, url: str, **changes: Any) -> dict[str, Any]:
    """What the page's form holds, as a browser would send it back, with changes."""
    form = client.get(url).context["form"]
    data = {name: form[name].value() for name in form.fields}
    sent = {name: value for name, value in data.items() if value is not None and value is not False}
    data = {name: getattr(value, "pk", value) for name, value in sent.items()}
    return {**data, **changes}


# --- the catalogue ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda each: each.key)
@pytest.mark.django_db
def test_every_ready_made_indicator_can_be_registered_as_it_is(template: Any) -> None:
    initial = initial_of_template(template, YEAR)
    first = Period.parse(initial.pop("first_period"))
    made = sheets.create_indicator(
        actor=system_actor("test"),
        scorecard=make_scorecard(),
        sheet={
            **{name: value for name, value in initial.items() if name != "name"},
            "first_period": first,
            "time_rule": "",
            "attainment_rule": "",
        },
        code=template.key,
        name=template.name,
    )
    assert made.sheets.get().definition == template.definition


def test_the_catalogue_holds_what_the_strategies_follow_up() -> None:
    names = "".join(each.name for each in TEMPLATES)
    for word in ("特許", "事業化", "共同研究", "ベンチャー", "雇用", "生産額", "労働生産性", "地元就職"):
        assert word in names
    assert len({each.key for each in TEMPLATES}) == len(TEMPLATES)


# --- registering -----------------------------------------------------------------------------------------------------


def test_a_kpi_is_registered_from_the_catalogue(people, client) -> None:
    client.force_login(people.secretary)
    address = reverse("kpis:indicator_new", args=[people.scorecard.public_id])
    assert "特許出願件数" in client.get(address).content.decode()
    chosen = f"{address}?from=patents"
    sent = client.post(chosen, filled(client, chosen, code="V-1"))
    made = Indicator.objects.get(code="V-1")
    assert sent.url == reverse("kpis:indicator", args=[made.public_id])
    assert (made.name, made.post) == ("特許出願件数", people.scorecard.post)
    assert made.sheets.get().first_period.code == Period.of(made.created_at.date(), YEAR.grain).code


def test_rules_that_do_not_go_together_are_refused_beside_their_field(people, client) -> None:
    client.force_login(people.secretary)
    address = f"{reverse('kpis:indicator_new', args=[people.scorecard.public_id])}?from=patents"
    page = client.post(address, filled(client, address, code="V-1", accrual="stock", time_rule="sum"))
    assert page.status_code == 422
    assert "重ねて数えます" in str(page.context["form"].errors["time_rule"])
    assert not Indicator.objects.filter(code="V-1").exists()


@pytest.mark.parametrize(
    ("field", "text"), [("first_period", "来年"), ("baseline_value", "約3"), ("decimals", "9"), ("unit", "x")]
)
def test_what_cannot_be_read_is_told_beside_its_field(people, client, field: str, text: str) -> None:
    client.force_login(people.secretary)
    address = f"{reverse('kpis:indicator_new', args=[people.scorecard.public_id])}?from=patents"
    page = client.post(address, filled(client, address, **{"code": "V-1", field: text}))
    assert field in page.context["form"].errors
    assert not Indicator.objects.filter(code="V-1").exists()


def test_only_posts_of_the_forum_can_keep_a_kpi(people, client) -> None:
    client.force_login(people.secretary)
    address = f"{reverse('kpis:indicator_new', args=[people.scorecard.public_id])}?from=patents"
    stranger = people.stranger.person.assignments.get().post
    page = client.post(address, filled(client, address, code="V-1", post=stranger.pk))
    assert "post" in page.context["form"].errors


def test_a_number_that_is_taken_is_told(people, indicator, client) -> None:
    client.force_login(people.secretary)
    address = f"{reverse('kpis:indicator_new', args=[people.scorecard.public_id])}?from=patents"
    page = client.post(address, filled(client, address, code="K-1"))
    assert page.status_code == 422
    assert Indicator.objects.filter(code="K-1").count() == 1


# --- revising --------------------------------------------------------------------------------------------------------


def test_a_revision_is_a_new_version_beside_the_old(people, indicator, client) -> None:
    client.force_login(people.secretary)
    approved(indicator, "FY2025-Q1", "5")
    address = reverse("kpis:sheet", args=[indicator.public_id])
    client.post(address, filled(client, address, definition="延べ人数。付添いを除く。", name="延べ利用者数"))
    indicator.refresh_from_db()
    assert indicator.name == "延べ利用者数"
    assert [each.version for each in indicator.sheets.order_by("version")] == [1, 2]
    assert indicator.sheets.get(superseded_at=None).definition == "延べ人数。付添いを除く。"


def test_a_new_name_alone_is_no_new_version(people, indicator, client) -> None:
    client.force_login(people.secretary)
    address = reverse("kpis:sheet", args=[indicator.public_id])
    client.post(address, filled(client, address, name="新しい名称"))
    assert indicator.sheets.count() == 1


def test_what_figures_mean_does_not_change_beneath_them(people, indicator, client) -> None:
    client.force_login(people.secretary)
    approved(indicator, "FY2025-Q1", "5")
    address = reverse("kpis:sheet", args=[indicator.public_id])
    page = client.post(address, filled(client, address, grain="12", first_period="令和7年度"))
    assert page.status_code == 422
    assert "新しいKPIを作ってください" in str(page.context["form"].errors)


def test_somebody_elses_version_meanwhile_is_not_overwritten(people, indicator) -> None:
    sheet = IndicatorSheet.objects.get(indicator=indicator)
    with pytest.raises(LostEdit):
        sheets.revise_indicator(
            actor=people.actor("secretary"),
            indicator=indicator,
            own={"name": "x"},
            sheet={"definition": "x"},
            version=sheet.version + 1,
        )


# --- targets ---------------------------------------------------------------------------------------------------------


def posted_targets(client: Any, url: str, lines: dict[int, dict[str, str]], **more: Any) -> Any:
    formset = client.get(url).context["formset"]
    data = {"t-TOTAL_FORMS": len(formset.forms), "t-INITIAL_FORMS": len(formset.forms), **more}
    for form in formset.forms:
        given = {**form.initial, **lines.get(form.initial["year"], {})}
        data |= {f"{form.prefix}-{name}": value for name, value in given.items() if value}
    return client.post(url, data)


def test_targets_are_agreed_year_by_year(people, indicator, client) -> None:
    client.force_login(people.secretary)
    address = reverse("kpis:targets", args=[indicator.public_id])
    posted_targets(client, address, {2026: {"value": "１，２００"}, 2027: {"is_none": "on"}})
    rows = {row.period.code: row for row in Target.objects.filter(indicator=indicator)}
    assert int(rows["FY2026"].value) == 1200
    assert rows["FY2027"].is_none
    assert set(rows) == {"FY2026", "FY2027"}


def test_an_agreed_target_changes_only_with_a_decision(people, indicator, client) -> None:
    client.force_login(people.secretary)
    address = reverse("kpis:targets", args=[indicator.public_id])
    posted_targets(client, address, {2026: {"value": "90"}})
    refused = posted_targets(client, address, {2026: {"value": "75"}})
    assert refused.status_code == 422
    assert "決定事項" in str(refused.context["decision_form"].errors)
    decision = decide(people.forum, "D5-2")
    posted_targets(client, address, {2026: {"value": "75"}}, decision=decision.pk)
    rows = Target.objects.filter(indicator=indicator).order_by("id")
    assert [(int(row.value), row.superseded_at is None) for row in rows] == [(90, False), (75, True)]
    assert rows[1].decision == decision


def test_an_agreed_target_is_not_emptied(people, indicator, client) -> None:
    client.force_login(people.secretary)
    address = reverse("kpis:targets", args=[indicator.public_id])
    posted_targets(client, address, {2026: {"value": "90"}})
    refused = posted_targets(client, address, {2026: {"value": ""}})
    assert refused.status_code == 422
    assert Target.objects.filter(indicator=indicator, superseded_at=None).count() == 1


def test_others_are_shown_no_way_to_change_a_kpi(people, indicator, client) -> None:
    for name in ("reporter", "member", "reviewer"):
        client.force_login(getattr(people, name))
        page = client.get(reverse("kpis:indicator", args=[indicator.public_id])).content.decode()
        assert "KPIシートを見直す" not in page
        assert client.get(reverse("kpis:sheet", args=[indicator.public_id])).status_code == 403
