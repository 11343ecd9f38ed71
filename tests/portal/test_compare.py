"""Comparing two forums: the same rows for both, KPIs beside each other only where they measure the same, and nothing
of what the reader may not see."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from ecosystems import comparing
from ecosystems.models import Forum, Membership
from foundation import lanes
from foundation.dates import fiscal_year
from foundation.models import Export
from kpis.models import GradeScheme
from kpis.periods import Period
from kpis.schemes import PRESETS
from kpis.services.targets import TargetInput, set_targets
from tests.factories.actors import make_organization
from tests.factories.ecosystems import decide, join, make_forum
from tests.factories.kpis import SYSTEM, approved, make_indicator, make_scorecard
from tests.factories.projects import make_project
from tests.factories.visions import make_theme, make_vision

PAGE, EXPORT = "/forums/compare/", "/forums/compare/export/"
ENDED = fiscal_year(timezone.localdate()) - 1


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Path) -> None:
    settings.FILES_ROOT = tmp_path


@pytest.fixture
def two(people) -> tuple[Forum, Forum]:
    """Two open forums; the company belongs to the first."""
    one = make_forum(name="一の場（架空）", founded_on=date(2023, 7, 3))
    join(one, people.company)
    return one, make_forum(name="二の場（架空）")


def asked(two: tuple[Forum, Forum], **more: str) -> dict[str, str]:
    return {"a": str(two[0].public_id), "b": str(two[1].public_id), **more}


def row(response: Any, label: str) -> list[Any]:
    """What the two forums say in the row of that label: a number, or text."""
    found = [
        cells
        for _section, rows in response.context["compared"].tables
        for each, cells in rows
        if each.label == label
    ]
    assert len(found) == 1, label
    return [cell.number if cell.number is not None else cell.text for cell in found[0]]


def add_kpi(forum: Forum, name: str, figure: str | None = None, *, target: str = "", **more: Any) -> Any:
    """A yearly KPI on a vision's public scorecard, with an approved figure of the year that ended last."""
    vision = make_vision(forum)
    fields = {"name": name, "visibility": more.pop("visibility", "public")}
    more.setdefault("grain", 12)
    more.setdefault("definition", f"{name}の数")
    indicator = make_indicator(vision.scorecard, fields=fields, first_period=Period.year(ENDED - 2), **more)
    if target:
        set_targets(
            actor=SYSTEM, indicator=indicator, targets=[TargetInput(Period.year(ENDED), Decimal(target))]
        )
    if figure is not None:
        approved(indicator, f"FY{ENDED}", figure)
        lanes.drain_all()
    return indicator


# --- choosing --------------------------------------------------------------------------------------------------------


def test_without_a_choice_the_page_asks_for_one(client, people, two):
    response = client.get(PAGE)
    assert response.status_code == 200
    assert "比べる場を二つ選んでください" in response.text


def test_from_a_forum_the_first_is_chosen_already(client, people, two):
    url = reverse("ecosystems:forum_detail", args=[two[0].public_id])
    assert f"{PAGE}?a={two[0].public_id}" in client.get(url).text
    response = client.get(PAGE, {"a": str(two[0].public_id)})
    assert f'<option value="{two[0].public_id}" selected>' in response.text
    assert "比べる場を二つ選んでください" in response.text


def test_the_same_forum_twice_is_told_in_words(client, people, two):
    response = client.get(PAGE, asked((two[0], two[0])))
    assert "一つ目と同じ場です。別の場を選んでください。" in response.text
    assert response.context["compared"] is None


@pytest.mark.parametrize("other", ["00000000-0000-4000-8000-000000000000", "no-id", "1' OR 1=1", "\x00"])
def test_an_unknown_forum_is_not_found(client, people, two, other):
    assert client.get(PAGE, {"a": str(two[0].public_id), "b": other}).status_code == 404


def test_an_invisible_forum_is_not_found_and_no_choice(client, people, two):
    response = client.get(PAGE, asked((two[0], people.forum)))
    assert response.status_code == 404
    assert people.forum.name not in client.get(PAGE).text
    client.force_login(people.member)
    assert client.get(PAGE, asked((two[0], people.forum))).status_code == 200


def test_a_year_that_is_not_offered_is_told(client, people, two):
    response = client.get(PAGE, asked(two, fy="FY1850"))
    assert response.status_code == 200
    assert response.context["compared"] is None


# --- rows ------------------------------------------------------------------------------------------------------------


def test_facts_and_members_stand_side_by_side(client, people, two):
    outside = make_organization()
    Membership.objects.create(
        forum=two[1], organization=outside, sector="academia", is_local=False, joined_on=date(2024, 4, 1)
    )
    left = join(two[1], make_organization())
    left.left_on = date(2024, 3, 31)
    left.save()
    response = client.get(PAGE, asked(two))
    assert row(response, "設立日") == ["2023年7月3日（令和5年）", "記録がありません"]
    assert row(response, "構成員") == [1, 1]
    assert row(response, "学") == [0, 1]
    assert row(response, "地域外") == [0, 1]


def test_visions_themes_and_projects_are_counted_by_kind_and_state(client, people, two):
    vision = make_vision(two[0], name="めざす海（架空）")
    make_theme(vision, name="捨てない海")
    make_project(two[0])
    make_project(two[0], kind="demonstration", state="stopped")
    response = client.get(PAGE, asked(two))
    assert row(response, "ビジョン") == ["めざす海（架空）", "記録がありません"]
    assert row(response, "テーマ") == ["捨てない海", "記録がありません"]
    assert row(response, "プロジェクト") == [2, 0]
    assert row(response, "種別：実証") == [1, 0]
    assert row(response, "状態：中止") == [1, 0]


def test_decisions_are_for_members_and_overdue_ones_are_told(client, people, two):
    decide(two[0], "D1", state="done")
    decide(two[0], "D2", due_on=timezone.localdate() - timedelta(days=1))
    decide(two[1], "D3")
    visitor = client.get(PAGE, asked(two))
    assert row(visitor, "期限超過") == ["構成員だけが見られます", "構成員だけが見られます"]
    client.force_login(people.member)
    response = client.get(PAGE, asked(two))
    assert row(response, "決定事項") == [2, "構成員だけが見られます"]
    assert row(response, "実施済み") == [1, "構成員だけが見られます"]
    assert row(response, "期限超過") == [1, "構成員だけが見られます"]


def test_kpis_are_counted_by_level_and_value(client, people, two):
    add_kpi(two[0], "売上", level="outcome", value="economic")
    response = client.get(PAGE, asked(two))
    assert row(response, "KPI") == [1, 0]
    assert row(response, "段階：アウトカム") == [1, 0]
    assert row(response, "価値：経済的価値") == [1, 0]


def test_grades_are_each_forum_s_own_and_said_not_to_be_comparable(client, people, two):
    scheme = PRESETS["sabc"]
    GradeScheme.objects.create(
        forum=two[1], name=scheme.name, definition=scheme.to_dict(), recorded_at=timezone.now()
    )
    for forum in two:
        add_kpi(forum, "売上", "12", target="10")
    response = client.get(PAGE, asked(two))
    assert row(response, "評価の内訳") == ["◎ 順調 1件", "S 目標値を達成 1件"]
    assert "件数を見比べないでください" in response.text
    assert row(response, "評価区分の方式")[0].startswith("登録がないため")
    assert row(response, "報告状況") == ["1／1件", "1／1件"]


def test_a_floor_adds_its_rows_by_registering(client, people, two, monkeypatch):
    def provider(forums, actor, today):
        return [comparing.Section("期限内の報告", [comparing.counted("期限内", {}, forums, "件")])]

    monkeypatch.setitem(comparing._providers, "test", (50, provider))
    assert row(client.get(PAGE, asked(two)), "期限内") == [0, 0]


# --- KPIs that measure the same --------------------------------------------------------------------------------------


def compared(client, two, **more):
    return client.get(PAGE, asked(two, **more)).context["compared"].kpis


def test_same_name_and_family_stand_side_by_side_each_in_its_own_unit(client, people, two):
    add_kpi(two[0], "商品の売上高（架空）", "1200", unit="yen_thousand", scale="currency", definition="税抜")
    add_kpi(two[1], "商品の 売上高", "3", unit="yen_million", scale="currency", definition="税込み")
    (pair,) = compared(client, two).same
    assert [(stand.text, stand.unit) for stand in pair.sides] == [("1,200", "千円"), ("3", "百万円")]
    assert pair.reason == "名称・単位が同じ（定義の文は下のとおり）"
    text = client.get(PAGE, asked(two)).text
    assert "税抜" in text
    assert "税込み" in text


def test_same_definition_under_another_name_stands_side_by_side(client, people, two):
    add_kpi(two[0], "参加した人", definition="講座を修了した人の数。")
    add_kpi(two[1], "修了者数", definition="講座を修了した人の数")
    assert [pair.reason for pair in compared(client, two).same] == ["定義・単位が同じ"]


def test_same_name_in_another_kind_of_unit_is_told_apart_with_both_definitions(client, people, two):
    add_kpi(two[0], "共同研究", definition="契約の件数", unit="count")
    add_kpi(two[1], "共同研究", definition="契約した会社の数", unit="company")
    found = compared(client, two)
    assert found.same == []
    assert [pair.one.definition for pair in found.alike] == ["契約の件数"]
    text = client.get(PAGE, asked(two)).text
    assert "契約の件数" in text
    assert "契約した会社の数" in text


def test_a_name_that_is_merely_alike_is_not_compared(client, people, two):
    add_kpi(two[0], "共同研究の件数")
    add_kpi(two[1], "共同研究の契約件数")
    found = compared(client, two)
    assert (found.same, found.alike) == ([], [])
    assert [len(side) for side in found.rest] == [1, 1]
    assert "定義が異なるため並べないKPI" in client.get(PAGE, asked(two)).text


def test_a_nil_figure_is_0_and_none_is_told_in_words(client, people, two):
    add_kpi(two[0], "利用者", "0")
    add_kpi(two[1], "利用者")
    (pair,) = compared(client, two).same
    assert (pair.one.text, pair.other.text, pair.other.word) == ("0", "", "未報告")


def test_without_a_year_each_kpi_shows_the_newest_that_ended(client, people, two):
    older = add_kpi(two[0], "利用者")
    approved(older, f"FY{ENDED - 1}", "7")
    approved(older, f"FY{ENDED + 1}", "9")  # the year is still under way
    lanes.drain_all()
    ((stand,), _other) = compared(client, two).rest
    assert (stand.text, stand.year.fiscal_year) == ("7", ENDED - 1)
    ((stand,), _other) = compared(client, two, fy=f"FY{ENDED}").rest
    assert (stand.text, stand.word) == ("", "未報告")


# --- rights ----------------------------------------------------------------------------------------------------------


def test_what_is_hidden_changes_no_byte_of_page_and_file(client, people, two):
    """Two worlds: the same requests with and without what the reader may not see."""
    add_kpi(two[0], "売上", "5")
    vision = make_vision(two[1])  # the open one stands in both worlds
    client.force_login(people.member)
    assert vision.name in client.get(PAGE, asked(two)).text
    before = [_without_moment(client.get(PAGE, asked(two))), _table(client, two)]
    make_project(two[1], name="秘の研究（架空）", visibility="participants", lead=people.city)
    make_indicator(vision.scorecard, fields={"name": "秘の指標", "visibility": "participants"})
    make_vision(two[1], name="秘のビジョン（架空）", visibility="draft")
    decide(two[1], "D-秘")
    after = [_without_moment(client.get(PAGE, asked(two))), _table(client, two)]
    assert after == before
    client.force_login(people.administrator)
    assert "秘の指標" in client.get(PAGE, asked(two)).text


def _without_moment(response: Any) -> list[str]:
    return [
        line
        for line in response.text.splitlines()
        if "csrf" not in line and 'name="once"' not in line and "現在。" not in line
    ]


def _table(client, two) -> list[list[str]]:
    """The CSV file without the columns of its moment."""
    return [line[:-2] for line in read_csv(client, two)]


@pytest.mark.parametrize("rows", [1, 20])
def test_comparison_costs_the_same_for_one_of_each_and_for_many(client, people, two, rows):
    for forum in two:
        for number in range(rows):
            join(forum, make_organization())
            make_theme(make_vision(forum))
            make_project(forum)
            decide(forum, f"D{number}")
            card = make_scorecard(forum, visibility="public")
            make_indicator(card, fields={"visibility": "public"})
    client.force_login(people.administrator)
    client.get(PAGE, asked(two))
    with CaptureQueriesContext(connection) as captured:
        response = client.get(PAGE, asked(two))
    assert row(response, "KPI") == [rows, rows]
    assert len(captured) == 21


# --- files -----------------------------------------------------------------------------------------------------------


def produced(client, two, format: str, **more: str) -> bytes:
    """The file as its requester fetches it once the worker has made it."""
    response = client.post(EXPORT, asked(two, format=format, **more))
    assert response.status_code == 302
    lanes.drain_all()
    page = client.get(response["Location"])
    assert page.status_code == 200
    file = client.get(reverse("files:download", args=[page.context["object"].file.public_id]))
    assert file["Content-Disposition"].startswith("attachment;")
    return b"".join(file) if file.streaming else file.content


def read_csv(client, two, **more: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(produced(client, two, "csv", **more).decode("utf-8-sig"))))


def workbook(client, two) -> Any:
    return load_workbook(io.BytesIO(produced(client, two, "xlsx")))


def test_csv_says_unit_definition_basis_and_moments_in_every_line(client, people, two):
    add_kpi(two[0], "利用者", "0", definition="乗った人の延べ数", unit="person")
    client.force_login(people.member)
    head, *lines = read_csv(client, two)
    (line,) = [dict(zip(head, each, strict=True)) for each in lines if each[2] == "利用者"]
    assert (line["値"], line["単位"], line["定義"]) == ("0", "人", "乗った人の延べ数")
    assert line["集計の基準"] == "承認済み"
    assert line["基準時点"]
    assert line["取得日時"]


def test_formula_like_names_stay_words_in_both_files(client, people, two):
    add_kpi(two[0], "=HYPERLINK(1)", "3", definition="+1+1")
    client.force_login(people.member)
    cells = [cell for line in read_csv(client, two) for cell in line]
    assert "'=HYPERLINK(1)" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@"))]
    book = workbook(client, two)
    values = [cell for sheet in book for line in sheet.iter_rows() for cell in line]
    assert not [cell for cell in values if cell.data_type == "f"]
    assert "=HYPERLINK(1)" in [cell.value for cell in values]


def test_workbook_has_the_comparison_the_kpis_and_what_it_is(client, people, two):
    for forum, value in zip(two, ("5", "8"), strict=True):
        add_kpi(forum, "利用者", value)
    client.force_login(people.member)
    book = workbook(client, two)
    assert book.sheetnames == ["比較", "並べるKPI", "並べないKPI", "この資料について"]
    pair = dict(zip(*([cell.value for cell in line] for line in book["並べるKPI"].iter_rows()), strict=True))
    assert pair["一の場（架空） 値"] == 5
    assert pair["二の場（架空） 値"] == 8
    facts = dict(line for line in book["この資料について"].iter_rows(values_only=True))
    assert facts["集計の基準"] == "承認済みの値だけ"
    assert facts["取得した機関"] == people.company.name


@pytest.mark.parametrize("broken", [{"b": ""}, {"format": "exe"}, {"fy": "FY1850"}, {"b": "no-id"}])
def test_file_of_nothing_is_not_found(client, people, two, broken):
    client.force_login(people.member)
    assert client.post(EXPORT, asked(two, format="csv") | broken).status_code == 404
    assert not Export.objects.exists()


def test_file_is_for_signed_in_people_and_asked_for_once_by_a_double_click(client, people, two):
    assert client.post(EXPORT, asked(two, format="csv"))["Location"].startswith("/accounts/login/")
    client.force_login(people.member)
    for _click in range(2):
        client.post(EXPORT, asked(two, format="csv", once="once-1"))
    assert Export.objects.count() == 1


def test_file_is_given_out_no_more_after_the_right_is_gone(client, people, two):
    """Whoever saw decisions as a member and left fetches nothing that was made before."""
    client.force_login(people.member)
    response = client.post(EXPORT, asked(two, format="csv"))
    lanes.drain_all()
    file = client.get(response["Location"]).context["object"].file
    Membership.objects.filter(forum=two[0], organization=people.company).update(left_on=date(2024, 3, 31))
    assert client.get(reverse("files:download", args=[file.public_id])).status_code == 404
