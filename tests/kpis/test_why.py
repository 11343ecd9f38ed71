"""「この数値の根拠」: from any figure down to measurement, reporter, approver and evidence; nothing hidden leaks."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from foundation import lanes
from kpis.explain import explain, figure_at
from kpis.models import Cell, Evidence, Indicator, Scorecard, Submission
from kpis.periods import Period
from kpis.rollup.clean import CleanLedger
from kpis.rules import Basis
from kpis.selectors.beneath import load_clean
from kpis.services.ledger import Signer
from tests.factories.kpis import (
    approved,
    contribute,
    event,
    make_indicator,
    make_rolled_up,
    make_scorecard,
    report,
)
from tests.kpis.test_scorecard_page import words

pytestmark = pytest.mark.django_db
FIRST = Period.parse("FY2022-Q1")
MILLION = {"unit": "yen_million", "scale": "currency", "decimals": 2, "first_period": FIRST}
THOUSAND = {"unit": "yen_thousand", "scale": "currency", "first_period": FIRST}


def ask(client, indicator: Indicator, query: str = "period=FY2022"):
    return client.get(f"{reverse('kpis:why', args=[indicator.public_id])}?{query}")


def reason(client, indicator: Indicator, query: str = "period=FY2022") -> str:
    answer = ask(client, indicator, query)
    assert answer.status_code == 200
    return words(answer.content.decode())


@pytest.fixture
def staff(client, people):
    client.force_login(people.reporter)
    return client


@pytest.fixture
def sales(people):
    """Sales in 百万円 of a child in 百万円 and one in 千円, whose third quarter was never reported."""
    card = people.scorecard
    total = make_rolled_up(card, fields={"code": "V-K01", "name": "売上高"}, **MILLION)
    main = make_indicator(card, fields={"code": "P1-1", "name": "出荷額"}, **MILLION)
    trial = make_indicator(card, fields={"code": "P3-1", "name": "試験販売額", "post": card.post}, **THOUSAND)
    contribute(main, total)
    contribute(trial, total, position=1)
    for quarter, value in enumerate(("8.1", "11.3", "18.6", "15.2"), 1):
        approved(main, f"FY2022-Q{quarter}", value)
    for quarter, value in ((1, "1240"), (2, "860"), (4, "0")):
        approved(trial, f"FY2022-Q{quarter}", value)
    lanes.drain("rollup")
    return total


def test_year_is_told_in_words_with_conversion_and_what_is_missing(staff, sales):
    seen = reason(staff, sales)
    assert "55.30 百万円" in seen
    assert "四半期の値4件分の合計です。" in seen
    assert "下位のKPI 2件の合計です。P1-1 は係数1、単位は百万円。P3-1 は係数1、単位は千円。" in seen
    assert "8件のうち7件" in seen
    assert "1,240千円 → 1.24百万円" in seen
    assert "未報告" in seen
    assert "報告する所管課" in seen


def test_factor_is_shown(staff, people):
    total = make_rolled_up(people.scorecard, **MILLION)
    child = make_indicator(people.scorecard, fields={"code": "C"}, **MILLION)
    contribute(child, total, factor=Decimal("0.5"))
    approved(child, "FY2022-Q1", "4")
    lanes.drain("rollup")
    seen = reason(staff, total, "period=FY2022-Q1")
    assert "2.00 百万円" in seen
    assert "係数 0.5 を掛ける、4百万円 → 2百万円" in seen


def test_measurement_names_reporter_approver_numbers_and_evidence(staff, people):
    one = make_indicator(people.scorecard, first_period=FIRST)
    sent = Submission.objects.create(scorecard=people.scorecard, organization=people.city, state="submitted")
    Evidence.objects.create(submission=sent, indicator=one, title="計量記録", url="https://example.jp/record")
    row = make_row(one, sent, people)
    first, last = row.events.values_list("pk", flat=True).order_by("pk")
    seen = reason(staff, one, "period=FY2022-Q1")
    assert "報告：あ市（架空）" in seen
    assert "報告 花子（架空）" in seen
    assert f"（記録番号 {first}）" in seen
    assert "承認：あ市（架空）" in seen
    assert f"（記録番号 {last}）" in seen
    assert "同じ機関の別の担当による承認" in seen
    assert "計量記録" in seen
    assert "備考：手集計" in seen


def make_row(indicator: Indicator, submission: Submission, people):
    from django.db import transaction

    from kpis.services import ledger
    from kpis.services.ledger import Entry

    reporter = Signer(name="報告 花子（架空）", organization_id=people.city.pk)
    entry = Entry(indicator, FIRST, "count", value=Decimal(7), note="手集計")
    with transaction.atomic():
        at = ledger.begin([indicator.pk])
        row = ledger.record([entry], reporter, submission, at)[0]
        ledger.write_events([row], "approved", Signer(name="確認", organization_id=people.city.pk), at)
    return row


def test_returned_figure_is_told_and_not_counted(staff, people):
    one = make_indicator(people.scorecard, grain=1, first_period=Period.parse("2022-04"))
    approved(one, "2022-04", "271")
    event(report(one, "2022-05", "302"), "returned", "付添いを数えた疑い")
    seen = reason(staff, one, "period=FY2022-Q1&basis=provisional")
    assert "271 件" in seen
    assert "差戻しになった値（302件）があります。数えていません。" in seen
    assert "付添いを数えた疑い" in seen


def test_figure_waiting_for_approval_is_told(staff, people):
    one = make_indicator(people.scorecard, first_period=FIRST)
    report(one, "FY2022-Q1", "5")
    assert "承認を待っている値（5件）があります" in reason(staff, one, "period=FY2022-Q1")


def test_figure_that_will_never_come_gives_its_reason(staff, people):
    one = make_indicator(people.scorecard, first_period=FIRST)
    approved(one, "FY2022-Q1", missing="never", note="計量器の故障")
    seen = reason(staff, one, "period=FY2022-Q1")
    assert "欠測" in seen
    assert "計量器の故障" in seen
    assert "承認を待っている" not in seen


def test_ratio_shows_its_parts(staff, people):
    one = make_indicator(people.scorecard, unit="percent", scale="ratio", decimals=1, first_period=FIRST)
    approved(one, "FY2022-Q1", ratio=("370", "1290"))
    seen = reason(staff, one, "period=FY2022-Q1")
    assert "28.7 ％" in seen
    assert "370／1,290" in seen


def test_running_total_names_its_base(staff, people):
    one = make_indicator(
        people.scorecard, unit="person", grain=12, is_running_total=True, first_period=Period.parse("FY2020")
    )
    for year, value in ((2020, "0"), (2021, "3"), (2022, "5")):
        approved(one, f"FY{year}", value)
    seen = reason(staff, one)
    assert "8 人" in seen
    assert "令和2年度からの累計です" in seen


def test_parts_that_do_not_add_up_are_told(staff, people):
    from kpis.models import Dimension, MeasurementPart, Part

    one = make_indicator(people.scorecard, first_period=FIRST)
    row = approved(one, "FY2022-Q1", "262")
    towns = Dimension.objects.create(forum=people.forum, name="市町")
    for name, value in (("汐凪市", 230), ("葦原野町", 30)):
        part = Part.objects.create(dimension=towns, name=name)
        MeasurementPart.objects.create(measurement=row, part=part, value=Decimal(value))
    assert "内訳不完全：差2" in reason(staff, one, "period=FY2022-Q1")


# --- moments and differences ----------------------------------------------------------------------------------------


def test_earlier_moment_is_answered_from_the_ledger(staff, sales):
    today = timezone.localdate().isoformat()
    seen = reason(staff, sales, f"period=FY2022&as_of={today}")
    assert f"基準時点 {today} の値です" in seen
    assert "55.30 百万円" in seen


def test_indicator_that_was_not_yet_on_record_is_not_found(staff, sales):
    assert ask(staff, sales, "period=FY2022&as_of=2001-01-01").status_code == 404


def test_stored_figure_that_differs_is_told(staff, sales):
    assert "集計を更新しています" not in reason(staff, sales)
    Cell.objects.filter(indicator=sales, period=FIRST, basis=Basis.OFFICIAL).update(handed=Decimal(1))
    assert "集計を更新しています" in reason(staff, sales)


def test_tree_adds_up_to_the_stored_figures(sales):
    ledger = load_clean([sales.pk], Basis.OFFICIAL)
    tree = explain(ledger, sales.pk, Period.parse("FY2022"))
    assert tree.figure == figure_at(ledger, sales.pk, Period.parse("FY2022"))
    assert tree.figure.value == Decimal("55300000")
    assert sum(node.handed.value or 0 for node in tree.walk() if node.handed) == tree.figure.value


def test_one_loader_reads_what_the_other_reads(sales):
    one, other = load_clean([sales.pk], Basis.OFFICIAL), CleanLedger.load([sales.pk], Basis.OFFICIAL)
    for period in (FIRST, Period.parse("FY2022-Q3"), Period.parse("FY2022")):
        assert one.folded(sales.pk, period) == other.folded(sales.pk, period)


# --- who may know ---------------------------------------------------------------------------------------------------


def test_children_the_reader_may_not_see_are_only_counted(client, people):
    Scorecard.objects.filter(pk=people.scorecard.pk).update(visibility="public")
    top = make_rolled_up(people.scorecard, fields={"visibility": "public"}, first_period=FIRST)
    closed = make_scorecard(people.forum, visibility="participants")
    for value in ("40", "2"):
        child = make_indicator(closed, fields={"name": "相手先の額"}, first_period=FIRST)
        contribute(child, top)
        approved(child, "FY2022-Q1", value)
    lanes.drain("rollup")
    seen = reason(client, top, "period=FY2022-Q1")
    assert "42 件" in seen
    assert "2件は非公開" in seen
    assert "相手先の額" not in seen
    assert "40" not in seen


def test_public_reads_the_figure_without_the_people(client, people):
    Scorecard.objects.filter(pk=people.scorecard.pk).update(visibility="public")
    one = make_indicator(people.scorecard, fields={"visibility": "public"}, first_period=FIRST)
    approved(one, "FY2022-Q1", "5", signer=Signer(name="報告 花子（架空）"))
    seen = reason(client, one, "period=FY2022-Q1")
    assert "5 件" in seen
    assert "報告 花子" not in seen
    assert "場の構成員だけが見られます" in seen


def test_figures_before_approval_are_not_for_the_public(client, people):
    Scorecard.objects.filter(pk=people.scorecard.pk).update(visibility="public")
    one = make_indicator(people.scorecard, fields={"visibility": "public"}, first_period=FIRST)
    assert ask(client, one, "period=FY2022-Q1&basis=provisional").status_code == 403


def test_stranger_learns_nothing(client, people, sales):
    client.force_login(people.stranger)
    assert ask(client, sales).status_code == 404


@pytest.mark.parametrize(
    "query", ["period=2022-04", "period=なに", "period=FY2022&basis=other", "period=FY2022&as_of=x"]
)
def test_question_that_has_no_answer_is_not_found(staff, sales, query):
    assert ask(staff, sales, query).status_code == 404


def test_without_a_period_the_newest_that_has_ended_is_meant(staff, sales):
    assert "元になった値" in reason(staff, sales, "")
