"""The grid: who opens it, what it shows, how typing is kept, and the way to the submission."""

from __future__ import annotations

import re
from datetime import date
from urllib.parse import quote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from kpis.models import DraftEntry, Evidence, Measurement, Submission
from kpis.periods import Period
from kpis.services import entering, reviewing
from kpis.services.entering import Typed, mark_of
from tests.factories.kpis import approved, make_indicator, make_rolled_up, report

pytestmark = pytest.mark.django_db
Q1 = Period.parse("FY2026-Q1")
BLANK = mark_of(("", "", ""))
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture(autouse=True)
def _november(time_machine):
    time_machine.move_to(date(2026, 11, 20))


@pytest.fixture
def indicator(people):
    return make_indicator(people.scorecard)


@pytest.fixture
def sign_in(people, client):
    def signed_in(who: str = "reporter") -> Client:
        client.force_login(getattr(people, who))
        return client

    return signed_in


def entry_url(people, year: str = "FY2026") -> str:
    return reverse("kpis:entry", args=[people.scorecard.public_id]) + f"?fy={year}"


def cell_url(people, indicator, code: str = "FY2026-Q1") -> str:
    address = reverse("kpis:entry_cell", args=[people.scorecard.public_id])
    return f"{address}?cell={indicator.public_id.hex}.{code}"


def fields(indicator, code: str = "FY2026-Q1", *, seen: str = BLANK, **texts: str) -> dict[str, str]:
    start = f"{indicator.public_id.hex}.{code}"
    return {f"{start}.{name}": text for name, text in {**texts, "seen": seen}.items()}


def cell_html(page: str, indicator, code: str = "FY2026-Q1") -> str:
    """The part of the page that shows one cell."""
    found = re.search(
        rf'<td class="p-entry__cell" data-cell="{indicator.public_id.hex}\.{code}".*?</td>', page, re.S
    )
    assert found is not None
    return found.group()


# --- who -------------------------------------------------------------------------------------------------------------


def test_a_visitor_is_led_to_the_sign_in_and_back(people, client):
    response = client.get(entry_url(people))
    assert response.status_code == 302
    assert quote(reverse("kpis:entry", args=[people.scorecard.public_id])) in response["Location"]


@pytest.mark.parametrize(
    ("who", "status"), [("reporter", 200), ("secretary", 200), ("member", 403), ("stranger", 404)]
)
def test_who_may_open_the_grid(people, indicator, sign_in, who, status):
    assert sign_in(who).get(entry_url(people)).status_code == status
    assert (
        sign_in(who).post(cell_url(people, indicator), fields(indicator, value="5"), **HTMX).status_code
        == status
    )


def test_a_cell_of_a_rolled_up_indicator_does_not_exist(people, sign_in):
    parent = make_rolled_up(people.scorecard)
    assert sign_in().post(cell_url(people, parent), fields(parent, value="5")).status_code == 404


@pytest.mark.parametrize("cell", ["", "x.FY2026-Q1", "00.FY2026", "‮.‮"])
def test_a_cell_that_makes_no_sense_does_not_exist(people, sign_in, cell):
    address = reverse("kpis:entry_cell", args=[people.scorecard.public_id])
    assert sign_in().get(address, {"cell": cell}).status_code == 404


# --- what it shows ---------------------------------------------------------------------------------------------------


def test_rows_are_gathered_by_grain_with_their_periods_as_headings(people, indicator, sign_in):
    make_indicator(people.scorecard, grain=1, first_period=Period.parse("2025-04"))
    make_indicator(people.scorecard, grain=12, first_period=Period.parse("FY2025"))
    page = sign_in().get(entry_url(people)).content.decode()
    assert re.findall(r'data-grain="(\w+)"', page) == ["month", "quarter", "year"]
    assert "令和8年度 第1四半期" in page
    assert "令和9年3月" in page


def test_only_periods_between_the_first_and_the_last_can_be_typed(people, sign_in):
    indicator = make_indicator(people.scorecard, first_period=Period.parse("FY2026-Q3"))
    page = sign_in().get(entry_url(people)).content.decode()
    assert page.count("p-entry__outside") == 2
    assert cell_html(page, indicator, "FY2026-Q3")


def test_zero_is_written_and_differs_from_unreported_and_early(people, indicator, sign_in):
    approved(indicator, "FY2026-Q1", "0")
    page = sign_in().get(entry_url(people)).content.decode()
    assert 'value="0"' in cell_html(page, indicator)
    assert "承認済み" in cell_html(page, indicator)
    assert 'value=""' in cell_html(page, indicator, "FY2026-Q2")
    assert "未報告" in cell_html(page, indicator, "FY2026-Q2")
    assert "期限前" in cell_html(page, indicator, "FY2026-Q3")


def test_each_state_stands_in_words(people, indicator, sign_in):
    report(indicator, "FY2026-Q1", "-1560", nature="preliminary")
    row = report(indicator, "FY2026-Q2", "302")
    reviewing.return_(actor=people.actor("reviewer"), measurements=[row], note="乗降記録と照合してください")
    report(indicator, "FY2026-Q3", "68", nature="outlook")
    report(indicator, "FY2026-Q4", missing="not_applicable", note="隔年調査")
    page = sign_in().get(entry_url(people)).content.decode()
    first = cell_html(page, indicator)
    assert "▲1,560" in first
    assert "提出済み" in first
    assert "速報値" in first
    assert "差戻し" in cell_html(page, indicator, "FY2026-Q2")
    assert "302件" in cell_html(page, indicator, "FY2026-Q2")
    assert "乗降記録と照合してください" in page
    assert "見込値 68件" in cell_html(page, indicator, "FY2026-Q3")
    assert "対象外" in cell_html(page, indicator, "FY2026-Q4")


def test_a_ratio_has_two_rows_of_fields(people, sign_in):
    ratio = make_indicator(people.scorecard, unit="percent", scale="ratio")
    approved(ratio, "FY2026-Q1", ratio=("488", "1300"))
    page = sign_in().get(entry_url(people)).content.decode()
    assert f'name="{ratio.public_id.hex}.FY2026-Q1.numerator" value="488"' in page
    assert f'name="{ratio.public_id.hex}.FY2026-Q1.denominator" value="1,300"' in page


def test_steps_and_yes_no_are_chosen_by_name(people, sign_in):
    steps = make_indicator(
        people.scorecard, unit="level", scale="level", accrual="stock", steps=["未着手", "試験連携"]
    )
    approved(steps, "FY2026-Q1", "1")
    page = sign_in().get(entry_url(people)).content.decode()
    assert '<option value="1" selected>1 試験連携</option>' in cell_html(page, steps)


def test_a_colleague_sees_the_draft_and_who_typed_it(people, indicator, sign_in):
    sign_in().post(cell_url(people, indicator), fields(indicator, value="12"), **HTMX)
    page = sign_in("secretary").get(entry_url(people)).content.decode()
    assert 'value="12"' in cell_html(page, indicator)
    assert "報告 花子（架空）" in cell_html(page, indicator)


def test_nothing_to_enter_says_what_would_stand_here(people, sign_in):
    assert "この年度に入力するKPIがありません" in sign_in().get(entry_url(people)).content.decode()


def test_the_page_is_safe_under_the_strict_policy(people, indicator, sign_in):
    page = sign_in().get(entry_url(people)).content.decode()
    assert not re.search(r"\sstyle=|<style|\son\w+=|<script>", page)


@pytest.mark.parametrize("count", [1, 20])
def test_the_grid_costs_the_same_for_one_row_and_twenty(
    people, sign_in, django_assert_max_num_queries, count
):
    indicators = [make_indicator(people.scorecard) for _ in range(count)]
    actor = people.actor("reporter")
    draft = entering.open_draft(actor=actor, scorecard=people.scorecard)
    for indicator in indicators:
        approved(indicator, "FY2026-Q1", "5")
        entering.save_entry(actor=actor, draft=draft, typed=Typed(indicator, Period.parse("FY2026-Q2"), "6"))
    client = sign_in()
    with django_assert_max_num_queries(10):
        assert client.get(entry_url(people)).status_code == 200


# --- typing ----------------------------------------------------------------------------------------------------------


def test_typing_is_kept_and_answered_with_the_state_alone(people, indicator, sign_in):
    response = sign_in().post(cell_url(people, indicator), fields(indicator, value="17.4"), **HTMX)
    answer = response.content.decode()
    assert "下書き" in answer
    assert "<input name=" not in answer
    assert DraftEntry.objects.get().value == "17.4"


@pytest.mark.parametrize(
    ("text", "words"), [("abc", "数値として読めません"), ("－", "対象外"), ("1,23", "桁区切り")]
)
def test_what_is_no_figure_is_kept_with_the_sentence_that_says_why(people, indicator, sign_in, text, words):
    response = sign_in().post(cell_url(people, indicator), fields(indicator, value=text), **HTMX)
    assert words in response.content.decode()
    assert DraftEntry.objects.get().value == text
    page = sign_in().get(entry_url(people)).content.decode()
    assert f'value="{text}"' in cell_html(page, indicator)
    assert 'aria-invalid="true"' in cell_html(page, indicator)


def test_an_untouched_figure_is_no_draft(people, indicator, sign_in):
    approved(indicator, "FY2026-Q1", "5")
    posted = fields(indicator, value="5", seen=mark_of(("5", "", "")))
    sign_in().post(entry_url(people), {**posted, "next": "stay"})
    assert not Submission.objects.exists()


def test_emptying_the_field_of_an_approved_figure_changes_nothing(people, indicator, sign_in):
    approved(indicator, "FY2026-Q1", "5")
    posted = fields(indicator, value="", seen=mark_of(("5", "", "")))
    answer = sign_in().post(cell_url(people, indicator), posted, **HTMX).content.decode()
    assert "承認済み" in answer
    assert not Submission.objects.exists()


def test_changing_an_approved_figure_asks_for_the_reason_at_once(people, indicator, sign_in):
    approved(indicator, "FY2026-Q1", "5")
    posted = fields(indicator, value="6", seen=mark_of(("5", "", "")))
    answer = sign_in().post(cell_url(people, indicator), posted, **HTMX).content.decode()
    assert "訂正の理由" in answer
    posted = fields(indicator, value="6", note="精算", seen=mark_of(("6", "", "")))
    answer = sign_in().post(cell_url(people, indicator), posted, **HTMX).content.decode()
    assert "備考：精算" in answer
    assert DraftEntry.objects.get().note == "精算"


def test_choosing_a_gap_takes_the_shown_figure_away(people, indicator, sign_in):
    report(indicator, "FY2026-Q1", "5")
    posted = fields(indicator, value="5", missing="never", note="計量器の故障", seen=mark_of(("5", "", "")))
    sign_in().post(cell_url(people, indicator), posted, **HTMX)
    entry = DraftEntry.objects.get()
    assert (entry.value, entry.missing) == ("", "never")


def test_changing_the_nature_keeps_the_shown_figure(people, indicator, sign_in):
    report(indicator, "FY2026-Q1", "3900", nature="preliminary")
    posted = fields(indicator, value="3,900", nature="final", seen=mark_of(("3,900", "", "")))
    sign_in().post(cell_url(people, indicator), posted, **HTMX)
    entry = DraftEntry.objects.get()
    assert (entry.value, entry.nature) == ("3,900", "final")


def test_a_colleague_s_typing_is_not_overwritten_unseen(people, indicator, sign_in):
    sign_in("secretary").post(cell_url(people, indicator), fields(indicator, value="12"), **HTMX)
    response = sign_in().post(cell_url(people, indicator), fields(indicator, value="15"), **HTMX)
    assert response.status_code == 409
    answer = response.content.decode()
    assert "事務 四郎（架空）さんが先に「12」と入力しています。" in answer
    assert "自分の値にする" in answer
    posted = fields(indicator, value="15", seen=mark_of(("12", "", "")))
    assert sign_in().post(cell_url(people, indicator), posted, **HTMX).status_code == 200
    assert DraftEntry.objects.get().value == "15"


def test_after_the_session_ended_a_cell_says_so_and_shows_no_sign_in_page(people, indicator, client):
    response = client.post(cell_url(people, indicator), fields(indicator, value="5"), **HTMX)
    assert response.status_code == 401
    answer = response.content.decode()
    assert "サインインし直す" in answer
    assert quote(reverse("kpis:entry", args=[people.scorecard.public_id])) in answer
    assert "<html" not in answer


def test_without_script_the_whole_page_is_saved(people, indicator, sign_in):
    other = make_indicator(people.scorecard)
    posted = {**fields(indicator, value="5"), **fields(other, value="abc"), "next": "stay"}
    response = sign_in().post(entry_url(people), posted)
    assert response.status_code == 302
    assert sorted(DraftEntry.objects.values_list("value", flat=True)) == ["5", "abc"]


def test_without_script_one_cell_has_a_page_of_its_own(people, indicator, sign_in):
    page = sign_in().get(cell_url(people, indicator)).content.decode()
    assert "数値の性質" in page
    posted = fields(indicator, value="5", nature="preliminary", note="速報", missing="")
    response = sign_in().post(cell_url(people, indicator), posted)
    assert response["Location"].endswith(f"#c-{indicator.public_id.hex}-FY2026-Q1")
    assert DraftEntry.objects.get().nature == "preliminary"


def test_one_refused_cell_does_not_take_the_others_with_it(people, indicator, sign_in):
    other = make_indicator(people.scorecard)
    posted = {**fields(indicator, value="1" * 70), **fields(other, value="7"), "next": "stay"}
    response = sign_in().post(entry_url(people), posted)
    assert response.status_code == 422
    assert "1" * 70 in response.content.decode()
    assert DraftEntry.objects.get().value == "7"


def test_what_a_dash_means_is_asked_and_answered_for_all(people, indicator, sign_in):
    sign_in().post(cell_url(people, indicator), fields(indicator, value="－"), **HTMX)
    assert "「－」が1か所あります" in sign_in().get(entry_url(people)).content.decode()
    sign_in().post(entry_url(people), {"dash": "zero"})
    assert DraftEntry.objects.get().value == "0"


# --- on to the submission --------------------------------------------------------------------------------------------


def test_going_on_with_something_wrong_lists_it_with_links_to_the_cells(people, indicator, sign_in):
    posted = {**fields(indicator, value="abc"), "next": "confirm"}
    response = sign_in().post(entry_url(people), posted)
    assert response.status_code == 422
    page = response.content.decode()
    assert "直すところが1か所あります" in page
    assert f'href="#c-{indicator.public_id.hex}-FY2026-Q1"' in page
    assert 'value="abc"' in cell_html(page, indicator)


def test_going_on_with_everything_right_leads_to_the_confirmation(people, indicator, sign_in):
    response = sign_in().post(entry_url(people), {**fields(indicator, value="5"), "next": "confirm"})
    assert response["Location"] == reverse("kpis:submission", args=[Submission.objects.get().public_id])


@pytest.fixture
def draft(people, indicator):
    actor = people.actor("reporter")
    draft = entering.open_draft(actor=actor, scorecard=people.scorecard)
    entering.save_entry(actor=actor, draft=draft, typed=Typed(indicator, Q1, "17.4"))
    draft.refresh_from_db()
    return draft


def submission_url(draft, name: str = "submission") -> str:
    return reverse(f"kpis:{name}", args=[draft.public_id])


def test_the_confirmation_tells_new_changed_and_unchanged_apart(people, draft, indicator, sign_in):
    changed, same = make_indicator(people.scorecard), make_indicator(people.scorecard)
    for each in (changed, same):
        approved(each, "FY2026-Q1", "5")
    actor = people.actor("reporter")
    entering.save_entry(actor=actor, draft=draft, typed=Typed(changed, Q1, "6", note="誤記"))
    entering.save_entry(actor=actor, draft=draft, typed=Typed(same, Q1, "5"))
    page = sign_in().get(submission_url(draft)).content.decode()
    assert "新規 1件・変更 1件・変更なし 1件" in page
    assert "17.4件" in page


@pytest.mark.parametrize("who", ["reviewer", "member", "stranger"])
def test_a_draft_is_not_seen_outside_its_organisation(draft, sign_in, who):
    assert sign_in(who).get(submission_url(draft)).status_code == 404


def test_submitting_twice_with_one_token_submits_once(draft, sign_in):
    client, posted = sign_in(), {"once": "token-1", "revision": draft.revision, "note": ""}
    first = client.post(submission_url(draft, "submission_submit"), posted)
    second = client.post(submission_url(draft, "submission_submit"), posted)
    assert first["Location"] == second["Location"] == submission_url(draft)
    assert Measurement.objects.count() == 1


def test_a_draft_changed_meanwhile_is_shown_again_before_it_goes(people, draft, indicator, sign_in):
    posted = {"revision": draft.revision, "note": "よろしく"}
    entering.save_entry(actor=people.actor("secretary"), draft=draft, typed=Typed(indicator, Q1, "18"))
    response = sign_in().post(submission_url(draft, "submission_submit"), posted)
    assert response.status_code == 409
    page = response.content.decode()
    assert "18件" in page
    assert "よろしく" in page
    draft.refresh_from_db()
    assert f'name="revision" value="{draft.revision}"' in page


def test_a_refusal_at_the_last_step_stands_beside_its_row(people, draft, indicator, sign_in):
    approved(indicator, "FY2026-Q1", "5")
    response = sign_in().post(submission_url(draft, "submission_submit"), {"revision": draft.revision})
    assert response.status_code == 422
    assert "訂正する理由を備考に入れてください" in response.content.decode()
    assert Measurement.objects.count() == 1


def test_a_draft_that_a_colleague_submitted_meanwhile_says_so(people, draft, sign_in):
    entering.submit(actor=people.actor("secretary"), draft=draft)
    response = sign_in().post(submission_url(draft, "submission_submit"), {"revision": draft.revision})
    assert response.status_code == 409
    assert "すでに提出されています" in response.content.decode()
    assert Measurement.objects.count() == 1


def test_a_figure_of_a_period_that_is_not_over_is_asked_about(people, indicator, sign_in):
    code = "FY2026-Q4"
    answer = sign_in().post(cell_url(people, indicator, code), fields(indicator, code, value="68"), **HTMX)
    assert "見込値" in answer.content.decode()
    posted = fields(indicator, code, value="68", nature="outlook", seen=mark_of(("68", "", "")))
    answer = sign_in().post(cell_url(people, indicator, code), posted, **HTMX)
    assert "期間の途中です" not in answer.content.decode()


def test_a_submitted_submission_tells_what_happened_to_each_figure(people, draft, sign_in):
    row = entering.submit(actor=people.actor("reporter"), draft=draft)[0]
    reviewing.return_(actor=people.actor("reviewer"), measurements=[row], note="照合してください")
    page = sign_in().get(submission_url(draft)).content.decode()
    assert "差戻し" in page
    assert "照合してください" in page
    assert "確認 次郎（架空）" in page
    assert "直して再提出" in page


def test_mending_a_returned_figure_opens_the_grid_with_it(people, draft, indicator, sign_in):
    row = entering.submit(actor=people.actor("reporter"), draft=draft)[0]
    reviewing.return_(actor=people.actor("reviewer"), measurements=[row], note="照合してください")
    response = sign_in().post(reverse("kpis:measurement_correct", args=[row.public_id]))
    page = sign_in().get(response["Location"]).content.decode()
    assert 'value="17.4"' in cell_html(page, indicator)
    assert "差戻し：17.4件" in cell_html(page, indicator)
    assert "照合してください" in page


def test_withdrawing_asks_for_the_reason(people, draft, sign_in):
    row = entering.submit(actor=people.actor("reporter"), draft=draft)[0]
    address = reverse("kpis:measurement_withdraw", args=[row.public_id])
    assert sign_in().post(address, {"note": ""}).status_code == 422
    assert sign_in().post(address, {"note": "誤り"}).status_code == 302
    assert row.events.filter(kind="withdrawn", note="誤り").exists()


@pytest.mark.parametrize(("who", "status"), [("reviewer", 403), ("stranger", 404)])
def test_who_may_not_withdraw(people, draft, sign_in, who, status):
    row = entering.submit(actor=people.actor("reporter"), draft=draft)[0]
    address = reverse("kpis:measurement_withdraw", args=[row.public_id])
    assert sign_in(who).get(address).status_code == status


def test_the_organisation_s_decision_is_kept_with_the_draft(draft, sign_in):
    posted = {"step": "in_house", "approved_on": "2026-11-18", "document_number": "架・企R8-042"}
    sign_in().post(submission_url(draft, "submission_in_house"), posted)
    draft.refresh_from_db()
    assert (draft.state, draft.approved_in_house_on) == ("in_house", date(2026, 11, 18))


def test_a_file_and_a_link_are_attached_and_read_through_the_portal(people, draft, indicator, sign_in):
    upload = SimpleUploadedFile("計量記録.csv", "月,量\n4,812\n".encode())
    sign_in().post(
        submission_url(draft, "submission_evidence"), {"file": upload, "indicator": indicator.public_id}
    )
    sign_in().post(
        submission_url(draft, "submission_evidence"),
        {"url": "https://example.jp/a", "title": "契約台帳", "page": "p.3"},
    )
    stored, link = Evidence.objects.order_by("id")
    assert (stored.title, stored.indicator) == ("計量記録.csv", indicator)
    assert (link.title, link.page) == ("契約台帳", "p.3")
    assert sign_in().get(reverse("files:download", args=[stored.file.public_id])).status_code == 200
    assert sign_in("stranger").get(reverse("files:download", args=[stored.file.public_id])).status_code == 404


def test_evidence_of_something_submitted_cannot_be_taken_away(people, draft, sign_in):
    sign_in().post(
        submission_url(draft, "submission_evidence"), {"url": "https://example.jp/a", "title": "契約台帳"}
    )
    entering.submit(actor=people.actor("reporter"), draft=draft)
    evidence = Evidence.objects.get()
    address = reverse("kpis:evidence_remove", args=[draft.public_id, evidence.public_id])
    assert sign_in().post(address).status_code == 409
    assert Evidence.objects.exists()
