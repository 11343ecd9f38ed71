"""Money by fiscal year: what counts of a year, how it is typed, and who may read it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from foundation.errors import DomainError
from portal.api import _router
from projects.models import FundingAmount, FundingSource, Project
from projects.research.funding import funding_table
from projects.research.services.funding import Amount, Source, set_funding, sources_of
from tests.factories.projects import correct, fund, make_project

SECRET, OTHER = 91_273_000, 45_618_000
PRINTED = ("91273", "91,273", "91273000", "91,273,000", "45618", "45,618")


def add(source: FundingSource, nature: str, amount: int, year: int = 2025) -> None:
    FundingAmount.objects.create(source=source, fiscal_year=year, nature=nature, amount=amount)


@pytest.fixture
def project(people) -> Project:
    return make_project(people.forum, lead=people.city, partners=[people.university])


def url_of(project: Project) -> str:
    return reverse("projects:project_funding", args=[project.public_id])


# --- what counts ------------------------------------------------------------------------------------------------------


def test_the_furthest_step_of_a_year_counts_once_less_what_went_back(project):
    source = fund(project, {2025: 4_000_000}, nature="granted")
    add(source, "actual", 3_900_000)
    add(source, "settled", 3_860_000)
    add(source, "refund", -1_560_000)
    add(source, "carried", 800_000)
    table = funding_table(sources_of(project))
    assert table.total == 2_300_000
    cell = table.shown_rows[0]["cells"][0]
    assert (cell["amount"], cell["nature"]) == ("2,300", "額の確定")
    assert cell["told"] == ["交付決定 4,000", "実績 3,900", "返還 ▲1,560", "繰越 800"]


def test_totals_stay_exact_where_amounts_are_not_whole_in_thousands(project):
    fund(project, {2025: 1_500, 2026: 500})
    table = funding_table(sources_of(project))
    assert (table.unit, table.total_text) == ("円", "2,000")


def test_a_year_without_an_amount_is_empty_and_nil_is_nil(project):
    fund(project, {2024: 0, 2026: 1_000})
    table = funding_table(sources_of(project), years=[2025])
    assert [cell["amount"] for cell in table.shown_rows[0]["cells"]] == ["0", "", "1"]


def test_direct_part_follows_the_rate_where_it_is_whole(people, project):
    source = Source("あ社", "company", indirect_rate=30, amounts=[Amount(2026, "planned", 13_000_000)])
    set_funding(actor=people.actor("reporter"), project=project, sources=[source])
    row = FundingAmount.objects.get()
    assert (row.direct, row.indirect) == (10_000_000, 3_000_000)


def test_a_refund_that_is_not_negative_and_a_name_twice_are_refused(people, project):
    actor = people.actor("reporter")
    wrong = Source("あ社", "company", amounts=[Amount(2026, "refund", 1)])
    for sources, field in (([wrong], "amount"), ([Source("あ", "own"), Source("あ ", "own")], "name")):
        with pytest.raises(DomainError) as caught:
            set_funding(actor=actor, project=project, sources=sources)
        assert caught.value.field == field
    assert not FundingSource.objects.exists()


# --- the page ---------------------------------------------------------------------------------------------------------


def opened(client: Client, project: Project) -> dict[str, Any]:
    """What the page sends when nothing is changed."""
    page = client.get(url_of(project))
    data = {"seen": page.context["seen"]}
    for source in page.context["form"].sources:
        data |= {f"{source.prefix}-name": source.name, f"{source.prefix}-kind": source.kind}
        data |= {f"{source.prefix}-rate": source.rate, f"{source.prefix}-note": source.note}
        if source.row:
            data[f"{source.prefix}-id"] = str(source.row.public_id)
        for year in source.years:
            data |= {f"{year.name}-amount": year.text, f"{year.name}-nature": year.nature}
    return data


def test_amounts_are_typed_in_thousands_and_kept_in_yen(client, people, project):
    client.force_login(people.reporter)
    data = opened(client, project)
    data |= {
        "s0-name": "あ社（共同研究費）",
        "s0-rate": "３０",
        "s0-2024-amount": "１,３００",
        "s0-2025-amount": "0",
    }
    assert client.post(url_of(project), data).status_code == 302
    rows = FundingAmount.objects.order_by("fiscal_year").values_list("fiscal_year", "nature", "amount")
    assert list(rows) == [(2024, "planned", 1_300_000), (2025, "planned", 0)]


def test_a_step_on_keeps_the_amount_before_it_and_saving_unchanged_changes_nothing(client, people, project):
    fund(project, {2024: 1_000_000}, nature="planned")
    client.force_login(people.reporter)
    data = opened(client, project)
    assert client.post(url_of(project), data).status_code == 302
    assert FundingAmount.objects.get().amount == 1_000_000
    data = opened(client, project) | {"s0-2024-amount": "980", "s0-2024-nature": "actual"}
    client.post(url_of(project), data)
    assert set(FundingAmount.objects.values_list("nature", "amount")) == {
        ("planned", 1_000_000), ("actual", 980_000),
    }  # fmt: skip
    data = opened(client, project) | {"s0-2024-amount": ""}
    client.post(url_of(project), data)
    assert FundingAmount.objects.get().nature == "planned"


def test_a_refund_is_added_beside_the_year_and_taken_back(client, people, project):
    source = fund(project, {2024: 5_200_000})
    client.force_login(people.reporter)
    line = {"more0-source": str(source.public_id), "more0-year": "2024", "more0-nature": "refund"}
    assert (
        client.post(url_of(project), opened(client, project) | line | {"more0-amount": "▲1560"}).status_code
        == 302
    )
    assert funding_table(sources_of(project)).total == 3_640_000
    client.post(url_of(project), opened(client, project) | line | {"more0-amount": ""})
    assert funding_table(sources_of(project)).total == 5_200_000


def test_what_cannot_be_read_stays_in_its_field_and_nothing_is_stored(client, people, project):
    client.force_login(people.reporter)
    data = opened(client, project) | {"s0-name": "あ社", "s0-2024-amount": "１２a", "s0-2025-amount": "100"}
    response = client.post(url_of(project), data)
    assert response.status_code == 422
    assert "「１２a」は数値として読めません" in response.text
    assert 'value="１２a"' in response.text
    assert not FundingSource.objects.exists()


def test_sources_are_found_by_their_id_when_a_colleague_took_one_out(client, people, project):
    first = fund(project, {2024: 1_000_000}, name="先の財源", position=1)
    second = fund(project, {2024: 2_000_000}, name="後の財源", position=2)
    client.force_login(people.reporter)
    data = opened(client, project) | {"s1-2024-amount": "2500"}
    first.delete()
    response = client.post(url_of(project), data)
    assert response.status_code == 409
    assert FundingAmount.objects.get().amount == 2_000_000
    data |= {"seen": response.context["seen"], "s0-remove": "on"}
    assert client.post(url_of(project), data).status_code == 302
    amount = FundingAmount.objects.get()
    assert (amount.source, amount.amount) == (second, 2_500_000)


def test_a_source_is_taken_out_with_its_amounts(client, people, project):
    fund(project, {2024: 1_000_000})
    client.force_login(people.reporter)
    client.post(url_of(project), opened(client, project) | {"s0-remove": "on"})
    assert not FundingSource.objects.exists()
    assert not FundingAmount.objects.exists()


# --- who may read it --------------------------------------------------------------------------------------------------


def everything_asked(client: Client, project: Project) -> dict[str, str]:
    """Every page and every row, filter and order of the API that may speak of the project."""
    found = {}
    detail = reverse("projects:project_detail", args=[project.public_id])
    organization = reverse("actors:organization_detail", args=[project.lead.public_id])
    for url in (detail, "/projects/", "/projects/?q=試験", organization, url_of(project)):
        found[url] = client.get(url).content.decode()
    for prefix, viewset, _name in _router().registry:
        if prefix in ("projects", "corrections"):
            base = f"/api/v1/{prefix}/"
            orders = [f"?ordering={sign}{name}" for name in viewset.ordering_fields for sign in ("", "-")]
            for query in ("", *orders):
                found[base + query] = client.get(base + query).content.decode()
    found["api detail"] = client.get(f"/api/v1/projects/{project.public_id}/").content.decode()
    return found


def client_of(people, name: str) -> Client:
    client = Client()
    if name != "anonymous":
        client.force_login(getattr(people, name))
    return client


def without_tokens(answers: dict[str, str]) -> dict[str, str]:
    import re

    return {
        url: re.sub(r'(csrf[^>]*(content|value)|name="once" value)="[^"]*"', "", text)
        for url, text in answers.items()
    }


@pytest.mark.parametrize("who", ["anonymous", "member", "stranger"])
def test_amounts_change_no_byte_of_what_somebody_outside_gets(people, project, who):
    """Two worlds: with the money, and with other money."""
    Project.objects.filter(pk=project.pk).update(discloses_amount="none", discloses_partner=True)
    correct(people.forum, project, procedure="未使用額の返還91273千円")
    client = client_of(people, who)
    source = fund(project, {2024: SECRET, 2025: 1_000}, note="うち91273千円", name="秘の財源91273")
    first = without_tokens(everything_asked(client, project))
    source.delete()
    fund(project, {2026: OTHER}, name="別の財源")
    second = without_tokens(everything_asked(client, project))
    assert [url for url in first if first[url] != second[url]] == []
    assert [text for text in PRINTED if text in str(first)] == []
    assert "財源" not in first[reverse("projects:project_detail", args=[project.public_id])]


@pytest.mark.parametrize("who", ["reporter", "reviewer", "university_reviewer", "secretary", "administrator"])
def test_those_who_take_part_review_or_run_the_forum_read_every_amount(people, project, who):
    fund(project, {2024: SECRET})
    client = client_of(people, who)
    page = client.get(reverse("projects:project_detail", args=[project.public_id])).text
    assert "91,273" in page
    body = client.get(f"/api/v1/projects/{project.public_id}/").json()
    assert body["funding"]["sources"][0]["amounts"][0]["amount"] == SECRET


def test_total_alone_is_told_where_that_was_agreed(people, project):
    Project.objects.filter(pk=project.pk).update(discloses_amount="total")
    fund(project, {2024: SECRET, 2025: OTHER}, name="秘の財源")
    answers = everything_asked(client_of(people, "member"), project)
    detail = answers[reverse("projects:project_detail", args=[project.public_id])]
    assert "136,891千円" in detail
    assert [text for text in PRINTED if text in str(answers)] == []
    assert "秘の財源" not in str(answers)
    body = client_of(people, "member").get(f"/api/v1/projects/{project.public_id}/").json()
    assert body["funding"] == {"total": SECRET + OTHER, "sources": []}


def test_all_amounts_are_told_where_that_was_agreed(people, project):
    Project.objects.filter(pk=project.pk).update(discloses_amount="all")
    fund(project, {2024: SECRET})
    detail = reverse("projects:project_detail", args=[project.public_id])
    assert "91,273" in client_of(people, "anonymous").get(detail).text


def test_partner_that_is_not_published_is_named_nowhere_outside(people, project):
    partner = people.university
    for who, is_told in (
        ("member", False),
        ("anonymous", False),
        ("secretary", True),
        ("university_reviewer", True),
    ):
        client = client_of(people, who)
        detail = client.get(reverse("projects:project_detail", args=[project.public_id])).text
        listed = client.get(reverse("actors:organization_detail", args=[partner.public_id])).text
        body = client.get(f"/api/v1/projects/{project.public_id}/").json()
        assert (partner.name in detail.split("<main")[1]) == is_told, who
        assert (project.name in listed) == is_told, who
        assert bool(body["participations"]) == is_told, who


def test_contract_and_title_are_terms(people, project):
    Project.objects.filter(pk=project.pk).update(contract_number="秘の契約1", contract_title="秘の題目2")
    member = client_of(people, "member")
    detail = reverse("projects:project_detail", args=[project.public_id])
    for text in (
        member.get(detail).text,
        member.get(f"/api/v1/projects/{project.public_id}/").content.decode(),
    ):
        assert "秘の契約1" not in text
        assert "秘の題目2" not in text
    Project.objects.filter(pk=project.pk).update(discloses_title=True)
    assert "秘の題目2" in member.get(detail).text
    assert "秘の契約1" in client_of(people, "reviewer").get(detail).text


def test_who_may_not_change_the_project_does_not_open_its_money(people, project):
    fund(project, {2024: SECRET})
    assert client_of(people, "member").get(url_of(project)).status_code == 403
    assert client_of(people, "stranger").get(url_of(project)).status_code == 403
    Project.objects.filter(pk=project.pk).update(visibility="members")
    assert client_of(people, "stranger").get(url_of(project)).status_code == 404
