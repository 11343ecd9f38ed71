"""Opportunities: who sees them, what is found and counted, how they are written and published."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.test import Client
from django.urls import reverse

from actors.models import Organization
from ecosystems.models import Membership
from foundation.errors import DomainError, LostEdit, MultipleErrors, StateError
from foundation.models import AuditEntry
from projects.models import Opportunity
from projects.partnering.services import posting
from projects.partnering.services.answering import go_round
from projects.partnering.services.posting import Audience
from tests.factories.actors import actor_of, make_holder, make_organization, make_post
from tests.factories.ecosystems import give_duty, join
from tests.factories.partnering import make_opportunity

pytestmark = pytest.mark.django_db
LIST = "/opportunities/"
EVERYONE = ("anonymous", "member", "reviewer", "stranger", "bank", "owner", "coordinator", "poster")


@pytest.fixture(autouse=True)
def _november(time_machine):
    time_machine.move_to(date(2026, 11, 20), tick=True)


@pytest.fixture
def crowd(people):
    """Clients by name: a bank, an owner municipality, the coordinator and the poster beside the usual people."""
    people.bank_of, people.town = (
        make_organization("あ信金（架空）", kind=Organization.Kind.FINANCE),
        make_organization("あ町（架空）"),
    )
    people.poster_of = make_organization("岬（架空）", kind=Organization.Kind.COMPANY)
    join(people.forum, people.bank_of)
    join(people.forum, people.town, Membership.Role.OWNER)
    join(people.forum, people.poster_of)
    support = make_post(make_organization("支援（架空）"))
    give_duty(people.forum, support, "coordinator")
    people.desk = make_post(people.poster_of, name="営業")
    people.bank = make_holder(make_post(people.bank_of), "信金 一郎（架空）")
    people.owner = make_holder(make_post(people.town), "町 二郎（架空）")
    people.coordinator = make_holder(support, "調整 三郎（架空）")
    people.poster = make_holder(people.desk, "岬 四郎（架空）")
    return people


def client_of(people, name: str) -> Client:
    client = Client()
    if name != "anonymous":
        client.force_login(getattr(people, name))
    return client


def restricted(people, **fields) -> Opportunity:
    """As the sample's sixth: members of a kind, and owner municipalities."""
    audiences = [("", "finance"), ("owner", "")]
    fields = {"title": "秘密の設備資金", "kind": "money", "direction": "wanted", **fields}
    return make_opportunity(
        people.forum, people.poster_of, visibility="selected", audiences=audiences, **fields
    )


def detail(opportunity: Opportunity) -> str:
    return reverse("projects:opportunity_detail", args=[opportunity.public_id])


def titles(client: Client, query: str = "") -> list[str]:
    page = client.get(LIST + query).content.decode()
    return re.findall(r'p-offer__title"><a[^>]*>([^<]+)<', page)


# --- who sees what ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "sees"),
    list(zip(EVERYONE, (False, False, False, False, True, True, True, True), strict=True)),
)
def test_a_restricted_opportunity_is_for_those_it_names(crowd, name, sees):
    opportunity = restricted(crowd)
    client = client_of(crowd, name)
    assert (opportunity.title in titles(client)) == sees
    assert client.get(detail(opportunity)).status_code == (200 if sees else 404)
    assert client.get(detail(opportunity) + "apply/").status_code == (200 if sees else 404)


def test_a_bank_of_another_forum_does_not_see_it(crowd):
    elsewhere = make_organization("い信金（架空）", kind=Organization.Kind.FINANCE)
    rival = make_holder(make_post(elsewhere))
    client = Client()
    client.force_login(rival)
    assert client.get(detail(restricted(crowd))).status_code == 404


def test_without_any_audience_a_restricted_one_is_seen_by_nobody_else(crowd):
    opportunity = make_opportunity(crowd.forum, crowd.poster_of, visibility="selected")
    assert client_of(crowd, "bank").get(detail(opportunity)).status_code == 404
    assert client_of(crowd, "poster").get(detail(opportunity)).status_code == 200


@pytest.mark.parametrize("state", ["draft", "withdrawn"])
def test_what_is_not_published_is_seen_by_its_own_organisation(crowd, state):
    opportunity = make_opportunity(
        crowd.forum, crowd.poster_of, state=state, published_at="2026-10-01T00:00Z"
    )
    assert client_of(crowd, "anonymous").get(detail(opportunity)).status_code == 404
    assert client_of(crowd, "coordinator").get(detail(opportunity)).status_code == 404
    assert client_of(crowd, "poster").get(detail(opportunity)).status_code == 200


PROBES = [
    LIST, f"{LIST}?q=秘密", f"{LIST}?q=資金", f"{LIST}?q=金", f"{LIST}?kind=money", f"{LIST}?direction=wanted",
    f"{LIST}?poster=company", f"{LIST}?state=", f"{LIST}?kind=money&q=設備", f"{LIST}?page=1",
    "/api/v1/opportunities/", "/api/v1/opportunities/?kind=money", "/api/v1/opportunities/?q=秘密",
    "/api/v1/opportunities/?ordering=closes_on", "/api/v1/opportunities/facets/",
    "/api/v1/opportunities/facets/?direction=wanted", "/api/v1/opportunities/facets/?q=設備&kind=money",
    "/home/", "/interests/", "/interests/inbox/", "/opportunities/own/",
]  # fmt: skip


@pytest.mark.parametrize("name", ["anonymous", "member", "stranger", "reviewer"])
def test_what_one_may_not_see_changes_no_byte(crowd, name):
    """Two worlds: with and without hidden opportunities, the same list, counts, search, facets and API."""
    make_opportunity(crowd.forum, crowd.poster_of, title="見える設備", kind="equipment")
    client = client_of(crowd, name)

    def answers() -> dict[str, tuple[int, str]]:
        found = {}
        for url in PROBES:
            response = client.get(url)
            found[url] = (
                response.status_code,
                re.sub(r'name="(csrf|once)[^>]*>|csrf-token[^>]*>', "", response.content.decode()),
            )
        return found

    before, again = answers(), answers()
    hidden = restricted(crowd)
    restricted(crowd, title="秘密の下書き", state="draft")
    make_opportunity(crowd.forum, crowd.poster_of, state="withdrawn", published_at="2026-10-01T00:00Z")
    after = answers()
    assert before == again, "noise"
    assert [url for url in PROBES if before[url] != after[url]] == []
    assert "money" in client_of(crowd, "bank").get("/api/v1/opportunities/facets/").content.decode()
    assert hidden.title in titles(client_of(crowd, "bank"), "?q=秘密")


# --- list, search, facets --------------------------------------------------------------------------------------------


def test_the_list_shows_what_is_open_newest_first(people):
    make_opportunity(people.forum, title="古い", published_at="2026-09-01T00:00Z")
    make_opportunity(people.forum, title="新しい", published_at="2026-11-01T00:00Z")
    make_opportunity(people.forum, title="終わった", state="closed")
    make_opportunity(people.forum, title="期限の過ぎた", closes_on=date(2026, 11, 19))
    make_opportunity(
        people.forum, title="今日まで", published_at="2026-08-01T00:00Z", closes_on=date(2026, 11, 20)
    )
    assert titles(Client()) == ["新しい", "古い", "今日まで"]
    assert set(titles(Client(), "?state=closed")) == {"終わった", "期限の過ぎた"}
    assert len(titles(Client(), "?state=")) == 5


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("乾燥", ["真空凍結乾燥機を使えます"]),
        ("におい", ["ゆで汁のにおいを減らしたい"]),
        ("ニオイ", ["ゆで汁のにおいを減らしたい"]),
        ("機", ["真空凍結乾燥機を使えます"]),
        ("乾燥 使え", ["真空凍結乾燥機を使えます"]),
        ("乾燥 におい", []),
        ("しおなぎ", ["真空凍結乾燥機を使えます"]),
        ("%", ["ゆで汁のにおいを減らしたい", "真空凍結乾燥機を使えます"]),
        ("燥真", []),
    ],
)
def test_words_of_any_length_are_found(people, words, found):
    poster = make_organization("汐凪社（架空）", name_kana="しおなぎしゃ")
    make_opportunity(people.forum, poster, title="真空凍結乾燥機を使えます", published_at="2026-09-01T00:00Z")
    make_opportunity(people.forum, title="ゆで汁のにおいを減らしたい", published_at="2026-10-01T00:00Z")
    assert titles(Client(), f"?q={words}") == found


def facet_counts(client: Client, query: str = "") -> dict[str, dict[str, int]]:
    body = client.get(f"/api/v1/opportunities/facets/{query}").json()
    return {
        name: {each["code"]: each["count"] for each in body[name]} for name in ("direction", "kind", "poster")
    }


def test_facets_count_under_the_other_conditions(people):
    university = make_organization("大学（架空）", kind=Organization.Kind.UNIVERSITY)
    make_opportunity(people.forum, university, kind="seed", direction="offered")
    make_opportunity(people.forum, university, kind="people", direction="wanted")
    make_opportunity(people.forum, kind="field", direction="offered")
    assert facet_counts(Client()) == {
        "direction": {"wanted": 1, "offered": 2},
        "kind": {"seed": 1, "field": 1, "people": 1},
        "poster": {"municipality": 1, "university": 2},
    }
    narrowed = facet_counts(Client(), "?direction=offered")
    assert narrowed["direction"] == {"wanted": 1, "offered": 2}
    assert narrowed["kind"] == {"seed": 1, "field": 1}
    assert narrowed["poster"] == {"municipality": 1, "university": 1}


def test_the_links_of_the_facets_work_without_a_script(people):
    make_opportunity(people.forum, title="貸す", kind="equipment")
    make_opportunity(people.forum, title="探す", kind="people", direction="wanted")
    page = Client().get(LIST).content.decode()
    assert 'href="?kind=people"' in page
    narrowed = Client().get(f"{LIST}?kind=people").content.decode()
    assert 'href="?kind=people&amp;direction=wanted"' in narrowed
    assert 'aria-current="true"' in narrowed
    assert titles(Client(), "?kind=people&direction=wanted") == ["探す"]


def test_an_empty_list_says_what_to_do(people):
    assert "いま募集中のものはありません" in Client().get(LIST).content.decode()
    page = Client().get(f"{LIST}?q=ない").content.decode()
    assert "条件に合う募集はありません" in page
    assert "条件をすべて消す" in page


@pytest.mark.parametrize("query", ["?kind=nonsense", "?q=%00", "?state=draft", "?direction=' OR 1=1"])
def test_strange_conditions_find_nothing_and_break_nothing(people, query):
    make_opportunity(people.forum)
    response = Client().get(LIST + query)
    assert response.status_code == 200
    assert titles(Client(), query) == []


@pytest.mark.parametrize("count", [1, 20])
def test_list_and_page_cost_the_same_for_one_and_twenty(crowd, django_assert_max_num_queries, count):
    for _number in range(count):
        last = restricted(crowd)
    for name, most in (("anonymous", 3), ("bank", 6)):
        client = client_of(crowd, name)
        with django_assert_max_num_queries(most):
            client.get(f"{LIST}?q=設備")
    client = client_of(crowd, "bank")
    with django_assert_max_num_queries(8):
        assert client.get(detail(last)).status_code == 200


# --- writing ---------------------------------------------------------------------------------------------------------


def fields(people, **more):
    return {
        "kind": "need", "direction": "wanted", "title": "においを減らしたい", "lead": "増産できない",
        "visibility": "public", "reply_days": 5, "post": people.desk, **more,
    }  # fmt: skip


def posted(crowd, **more) -> Opportunity:
    actor = actor_of(crowd.poster)
    return posting.post_opportunity(
        actor=actor, forum=crowd.forum, organization=crowd.poster_of, fields=fields(crowd, **more)
    )


def test_a_member_posts_publishes_closes_and_withdraws(crowd):
    opportunity, actor = posted(crowd), actor_of(crowd.poster)
    assert titles(Client()) == []
    for step, state in (
        ("publish", "open"),
        ("close", "closed"),
        ("publish", "open"),
        ("withdraw", "withdrawn"),
    ):
        moved = posting.move_opportunity(actor=actor, opportunity=opportunity, step=step)
        assert moved.state == state
        assert titles(Client()) == (["においを減らしたい"] if state == "open" else [])
    with pytest.raises(StateError):
        posting.move_opportunity(actor=actor, opportunity=opportunity, step="publish")
    assert AuditEntry.objects.filter(action="projects.publish_opportunity").count() == 2


def test_only_members_post_and_only_for_themselves(crowd):
    with pytest.raises(Http404):
        posting.post_opportunity(
            actor=crowd.actor("stranger"), forum=crowd.forum, organization=crowd.city, fields={}
        )
    with pytest.raises(DomainError, match="自分の機関"):
        posting.post_opportunity(
            actor=actor_of(crowd.poster), forum=crowd.forum, organization=crowd.city, fields=fields(crowd)
        )
    with pytest.raises(PermissionDenied):
        posting.edit_opportunity(
            actor=crowd.actor("member"), opportunity=published(crowd), fields={"title": "横取り"}
        )


def published(crowd, **more) -> Opportunity:
    return posting.move_opportunity(
        actor=actor_of(crowd.poster), opportunity=posted(crowd, **more), step="publish"
    )


def test_an_observer_does_not_post(crowd):
    watcher = make_organization("県（架空）")
    join(crowd.forum, watcher, Membership.Role.OBSERVER)
    user = make_holder(make_post(watcher))
    with pytest.raises(PermissionDenied):
        posting.post_opportunity(actor=actor_of(user), forum=crowd.forum, organization=watcher, fields={})


def test_what_a_stranger_could_not_answer_is_not_published(crowd):
    opportunity = posted(crowd, lead="", post=None, visibility="selected", closes_on=date(2026, 11, 1))
    with pytest.raises(MultipleErrors) as caught:
        posting.move_opportunity(actor=actor_of(crowd.poster), opportunity=opportunity, step="publish")
    assert [each.field for each in caught.value.errors] == ["lead", "post", "closes_on", "audience"]


def test_a_post_of_another_organisation_answers_for_nobody(crowd):
    with pytest.raises(DomainError, match="自分の機関の担当"):
        posted(crowd, post=make_post(crowd.city))


def test_the_second_of_two_editors_loses_nothing(crowd):
    opportunity, actor = posted(crowd), actor_of(crowd.poster)
    shown = opportunity.revision
    posting.edit_opportunity(actor=actor, opportunity=opportunity, fields={"title": "先の人"}, revision=shown)
    with pytest.raises(LostEdit):
        posting.edit_opportunity(
            actor=actor, opportunity=opportunity, fields={"title": "後の人"}, revision=shown
        )
    client = client_of(crowd, "poster")
    data = {**form_data(crowd), "title": "後の人", "revision": shown}
    response = client.post(reverse("projects:opportunity_edit", args=[opportunity.public_id]), data)
    page = response.content.decode()
    assert response.status_code == 409
    assert "先の人" in page
    assert "後の人" in page
    assert Opportunity.objects.get().title == "先の人"


def form_data(crowd, **more):
    return {
        "forum": crowd.forum.public_id, "direction": "wanted", "kind": "need", "title": "題", "lead": "一文",
        "reply_days": 5, "visibility": "public", "post": crowd.desk.public_id, "once": "once-1", **more,
    }  # fmt: skip


def test_a_double_click_posts_once_and_can_publish_at_once(crowd):
    client = client_of(crowd, "poster")
    data = form_data(crowd, then="publish")
    answers = [client.post("/opportunities/new/", data) for _click in range(2)]
    assert [each.status_code for each in answers] == [302, 302]
    assert answers[0]["Location"] == answers[1]["Location"]
    assert Opportunity.objects.get().state == "open"


def test_a_form_that_is_refused_keeps_what_was_typed(crowd):
    response = client_of(crowd, "poster").post("/opportunities/new/", form_data(crowd, reply_days=99))
    assert response.status_code == 422
    assert 'value="一文"' in response.content.decode()
    assert not Opportunity.objects.exists()


def test_a_restricted_one_keeps_its_readers(crowd):
    client = client_of(crowd, "poster")
    data = form_data(crowd, visibility="selected", audience=["kind:finance", "role:owner"], then="publish")
    client.post("/opportunities/new/", data)
    opportunity = Opportunity.objects.get()
    assert [str(each) for each in opportunity.audiences.all()] == ["金融機関", "幹事自治体"]
    assert "金融機関・幹事自治体だけが見られます" in client.get(detail(opportunity)).content.decode()
    actor = actor_of(crowd.poster)
    posting.edit_opportunity(
        actor=actor,
        opportunity=opportunity,
        fields={"visibility": "public"},
        audiences=[Audience(role="owner")],
    )
    assert not opportunity.audiences.exists()


def test_need_form_offers_the_four_questions(crowd):
    page = client_of(crowd, "poster").get("/opportunities/new/?kind=need").content.decode()
    assert "市場の課題：\n技術要件：\n制約：\n期限：" in page


def test_hostile_words_are_shown_as_words(crowd):
    opportunity = published(
        crowd, title="<script>alert(1)</script>\r\nBcc: x@example.jp", body="<b>太</b>" * 100
    )
    page = Client().get(detail(opportunity)).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page
    assert opportunity.title == "<script>alert(1)</script> Bcc: x@example.jp"


def test_what_has_run_out_is_closed_by_itself(crowd):
    opportunity = make_opportunity(crowd.forum, closes_on=date(2026, 11, 19))
    assert go_round() == 1
    assert go_round() == 0
    opportunity.refresh_from_db()
    assert opportunity.state == "closed"
