"""Entering: drafts keep everything, the step into the ledger refuses what is no figure, nobody overwrites unseen."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404

from foundation.errors import DomainError, LostEdit, MultipleErrors, StateError
from foundation.models import AuditEntry, Message
from kpis.models import Cell, DirtyMark, DraftEntry, Measurement, MeasurementEvent, Submission
from kpis.periods import Period
from kpis.services import entering, reviewing
from kpis.services.entering import Typed, mark_of, mark_of_entry
from tests.factories.actors import actor_of, make_holder, make_post
from tests.factories.kpis import approved, event, make_indicator, make_rolled_up

pytestmark = pytest.mark.django_db
Q1, Q2 = Period.parse("FY2026-Q1"), Period.parse("FY2026-Q2")


@pytest.fixture
def indicator(people):
    return make_indicator(people.scorecard)


@pytest.fixture
def draft(people):
    return entering.open_draft(actor=people.actor("reporter"), scorecard=people.scorecard)


def save(people, draft, indicator, value=None, *, who="reporter", period=Q1, **fields):
    typed = Typed(indicator, period, value, **fields)
    return entering.save_entry(actor=people.actor(who), draft=draft, typed=typed)


def submit(people, draft, **fields):
    return entering.submit(actor=people.actor("reporter"), draft=draft, **fields)


def refusals(people, draft) -> list[tuple[str, str]]:
    with pytest.raises(MultipleErrors) as caught:
        submit(people, draft)
    return [(error.code, error.field) for error in caught.value.errors]


# --- drafts ----------------------------------------------------------------------------------------------------------


def test_an_organisation_has_one_open_draft_per_scorecard(people, draft):
    assert entering.open_draft(actor=people.actor("secretary"), scorecard=people.scorecard) == draft


def test_a_stranger_finds_no_scorecard_to_enter(people):
    with pytest.raises(Http404):
        entering.open_draft(actor=people.actor("stranger"), scorecard=people.scorecard)


def test_a_member_who_does_not_take_part_may_not_enter(people):
    with pytest.raises(PermissionDenied):
        entering.open_draft(actor=people.actor("member"), scorecard=people.scorecard)


@pytest.mark.parametrize("text", ["1,234", "０", "△5", "abc", "－", "1e3", "  7 "])
def test_what_is_typed_is_kept_right_or_wrong(people, draft, indicator, text):
    save(people, draft, indicator, text)
    assert DraftEntry.objects.get().value == text.strip()


def test_an_emptied_cell_leaves_the_draft(people, draft, indicator):
    save(people, draft, indicator, "5")
    assert save(people, draft, indicator, "") is None
    assert not DraftEntry.objects.exists()


def test_a_note_alone_is_kept(people, draft, indicator):
    save(people, draft, indicator, "", note="集計中")
    assert DraftEntry.objects.get().note == "集計中"


def test_a_field_that_was_not_on_the_page_stays_as_it_is(people, draft, indicator):
    save(people, draft, indicator, "5", note="理由", nature="preliminary")
    save(people, draft, indicator, "6")
    entry = DraftEntry.objects.get()
    assert (entry.value, entry.note, entry.nature) == ("6", "理由", "preliminary")


def test_too_long_a_text_is_refused_instead_of_cut(people, draft, indicator):
    with pytest.raises(DomainError) as caught:
        save(people, draft, indicator, "1" * 65)
    assert (caught.value.code, caught.value.field) == ("too_long", "value")


@pytest.mark.parametrize("period", ["2026-04", "FY2026", "FY2024-Q4"])
def test_a_period_that_is_no_cell_of_the_indicator_is_refused(people, draft, indicator, period):
    with pytest.raises(DomainError) as caught:
        save(people, draft, indicator, "5", period=Period.parse(period))
    assert caught.value.code == "period"


def test_a_rolled_up_indicator_takes_no_figures(people, draft):
    with pytest.raises(DomainError) as caught:
        save(people, draft, make_rolled_up(people.scorecard), "5")
    assert caught.value.code == "rolled_up"


def test_a_submitted_draft_takes_no_more_figures(people, draft, indicator):
    save(people, draft, indicator, "5")
    submit(people, draft)
    with pytest.raises(StateError):
        save(people, draft, indicator, "6")


def test_nobody_overwrites_what_a_colleague_typed_unseen(people, draft, indicator):
    shown = mark_of(("", "", ""))
    save(people, draft, indicator, "12", who="secretary", seen=shown)
    with pytest.raises(LostEdit) as caught:
        save(people, draft, indicator, "15", seen=shown)
    assert "事務 四郎（架空）" in caught.value.message
    assert "12" in caught.value.message
    assert DraftEntry.objects.get().value == "12"


def test_having_seen_it_a_colleague_may_replace_it(people, draft, indicator):
    entry = save(people, draft, indicator, "12", who="secretary")
    save(people, draft, indicator, "15", seen=mark_of_entry(entry))
    assert DraftEntry.objects.get().value == "15"


def test_one_s_own_earlier_typing_is_no_conflict(people, draft, indicator):
    shown = mark_of(("", "", ""))
    save(people, draft, indicator, "12", seen=shown)
    save(people, draft, indicator, "15", seen=shown)
    assert DraftEntry.objects.get().value == "15"


def test_two_who_typed_the_same_do_not_disagree(people, draft, indicator):
    shown = mark_of(("", "", ""))
    save(people, draft, indicator, "12", who="secretary", seen=shown)
    save(people, draft, indicator, "12", seen=shown)
    assert DraftEntry.objects.get().value == "12"


# --- from text to a figure -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "figure"),
    [("0", "0"), ("1,234.5", "1234.5"), ("▲1560", "-1560"), ("△5", "-5"), ("（3）", "-3"), ("１２", "12")],
)
def test_figures_are_read_as_they_are_written_in_japan(people, draft, indicator, text, figure):
    save(people, draft, indicator, text)
    assert submit(people, draft)[0].value == Decimal(figure)


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"value": "－"}, "ambiguous_dash", "value"),
        ({"value": "abc"}, "not_a_number", "value"),
        ({"value": "1.2345678"}, "too_many_decimals", "value"),
        ({"value": "1234567890123456"}, "too_many_digits", "value"),
        ({"value": "NaN"}, "not_finite", "value"),
        ({"note": "集計中"}, "blank", "value"),
        ({"missing": "never"}, "note_missing", "note"),
        ({"value": "5", "missing": "never", "note": "故障"}, "figure_and_missing", "value"),
    ],
)
def test_what_is_no_figure_is_refused_beside_its_field(people, draft, indicator, fields, code, field):
    save(people, draft, indicator, **fields)
    assert refusals(people, draft) == [(code, field)]
    assert not Measurement.objects.exists()


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"numerator": "1"}, "blank", "denominator"),
        ({"denominator": "3"}, "blank", "numerator"),
        ({"value": "33.3"}, "ratio_value", "value"),
        ({"numerator": "1", "denominator": "-3"}, "negative_denominator", "denominator"),
    ],
)
def test_a_ratio_needs_both_parts(people, draft, fields, code, field):
    ratio = make_indicator(people.scorecard, unit="percent", scale="ratio")
    save(people, draft, ratio, **fields)
    assert refusals(people, draft) == [(code, field)]


def test_a_ratio_over_zero_is_reported(people, draft):
    ratio = make_indicator(people.scorecard, unit="percent", scale="ratio")
    save(people, draft, ratio, numerator="0", denominator="0")
    row = submit(people, draft)[0]
    assert (row.numerator, row.denominator) == (Decimal(0), Decimal(0))


def test_every_refusal_is_told_at_once(people, draft, indicator):
    save(people, draft, indicator, "－")
    save(people, draft, indicator, "x", period=Q2)
    assert [code for code, _field in refusals(people, draft)] == ["ambiguous_dash", "not_a_number"]


def test_a_gap_with_its_reason_is_submitted(people, draft, indicator):
    save(people, draft, indicator, missing="never", note="計量器の故障")
    row = submit(people, draft)[0]
    assert (row.value, row.missing, row.note) == (None, "never", "計量器の故障")


# --- submitting ------------------------------------------------------------------------------------------------------


def test_submitting_writes_rows_events_cells_marks_audit_and_message(people, draft, indicator):
    save(people, draft, indicator, "0")
    submit(people, draft, note="よろしくお願いします")
    row = Measurement.objects.get()
    assert (row.value, row.reporter_name, row.organization) == (Decimal(0), "報告 花子（架空）", people.city)
    assert list(row.events.values_list("kind", flat=True)) == ["submitted"]
    assert Cell.objects.get(indicator=indicator).basis == "provisional"
    assert DirtyMark.objects.filter(indicator=indicator).exists()
    assert AuditEntry.objects.filter(action="kpis.submit").count() == 1
    assert Message.objects.filter(topic="kpis.submitted").count() == 1
    draft.refresh_from_db()
    assert (draft.state, draft.note) == (Submission.State.SUBMITTED, "よろしくお願いします")


def test_a_second_submit_changes_nothing(people, draft, indicator):
    save(people, draft, indicator, "5")
    submit(people, draft)
    with pytest.raises(StateError):
        submit(people, draft)
    assert Measurement.objects.count() == 1


def test_a_draft_is_submitted_as_it_was_confirmed(people, draft, indicator):
    save(people, draft, indicator, "5")
    draft.refresh_from_db()
    confirmed = draft.revision
    save(people, draft, indicator, "6", who="secretary")
    with pytest.raises(LostEdit):
        submit(people, draft, revision=confirmed)
    assert not Measurement.objects.exists()


def test_nothing_typed_is_nothing_to_submit(people, draft):
    with pytest.raises(DomainError) as caught:
        submit(people, draft)
    assert caught.value.code == "nothing_to_submit"


def test_an_unchanged_figure_is_not_submitted_again(people, draft, indicator):
    approved(indicator, "FY2026-Q1", "5")
    save(people, draft, indicator, "5.0")
    save(people, draft, indicator, "7", period=Q2)
    assert [row.period for row in submit(people, draft)] == [Q2]


def test_changing_an_approved_figure_needs_a_reason(people, draft, indicator):
    approved(indicator, "FY2026-Q1", "5")
    save(people, draft, indicator, "6")
    assert refusals(people, draft) == [("reason_missing", "note")]
    save(people, draft, indicator, note="減額精算を反映")
    assert submit(people, draft)[0].note == "減額精算を反映"


def test_an_outlook_beside_an_approved_figure_needs_no_reason(people, draft, indicator):
    approved(indicator, "FY2026-Q1", "5")
    save(people, draft, indicator, "6", nature="outlook")
    assert submit(people, draft)[0].nature == "outlook"


def test_a_figure_that_waits_may_be_changed_without_a_reason(people, draft, indicator):
    save(people, draft, indicator, "5")
    submit(people, draft)
    second = entering.open_draft(actor=people.actor("reporter"), scorecard=people.scorecard)
    save(people, second, indicator, "6")
    assert submit(people, second)[0].value == Decimal(6)


def test_a_withdrawn_participant_cannot_submit_an_old_draft(people, draft, indicator):
    outsider = make_holder(make_post(people.company), "会社 七郎（架空）")
    people.scorecard.participants.add(people.company)
    own = entering.open_draft(actor=actor_of(outsider), scorecard=people.scorecard)
    entering.save_entry(actor=actor_of(outsider), draft=own, typed=Typed(indicator, Q1, "5"))
    people.scorecard.participants.remove(people.company)
    with pytest.raises(PermissionDenied):
        entering.submit(actor=actor_of(outsider), draft=own)


def test_another_organisation_cannot_touch_the_draft(people, draft, indicator):
    with pytest.raises((Http404, PermissionDenied)):
        save(people, draft, indicator, "5", who="member")


# --- afterwards ------------------------------------------------------------------------------------------------------


def test_a_returned_figure_comes_back_as_a_draft(people, draft, indicator):
    save(people, draft, indicator, "302", note="速報")
    row = submit(people, draft)[0]
    reviewing.return_(actor=people.actor("reviewer"), measurements=[row], note="照合してください")
    entry = entering.redraft(actor=people.actor("reporter"), measurement=row)
    assert (entry.value, entry.note, entry.submission_id) != ("302", "速報", draft.pk)
    assert entry.value == "302"
    assert MeasurementEvent.objects.filter(measurement=row).count() == 2


def test_correcting_an_approved_figure_begins_as_a_corrected_value(people, indicator):
    row = approved(indicator, "FY2026-Q1", "1234.5")
    entry = entering.redraft(actor=people.actor("reporter"), measurement=row)
    assert (entry.value, entry.nature, entry.note) == ("1234.5", "corrected", "")


def test_mending_does_not_overwrite_what_a_colleague_has_begun(people, draft, indicator):
    row = approved(indicator, "FY2026-Q1", "5")
    save(people, draft, indicator, "9", who="secretary")
    assert entering.redraft(actor=people.actor("reporter"), measurement=row).value == "9"


def test_the_organisation_s_own_decision_is_noted_before_submitting(people, draft, indicator):
    save(people, draft, indicator, "5")
    entering.keep_in_house(actor=people.actor("reporter"), draft=draft, document_number="架・企R8-042")
    draft.refresh_from_db()
    assert (draft.state, draft.document_number) == (Submission.State.IN_HOUSE, "架・企R8-042")
    assert submit(people, draft)


def test_a_discarded_draft_reaches_no_ledger_and_makes_room(people, draft, indicator):
    save(people, draft, indicator, "5")
    entering.discard(actor=people.actor("reporter"), draft=draft)
    assert not Measurement.objects.exists()
    assert entering.open_draft(actor=people.actor("reporter"), scorecard=people.scorecard) != draft


def test_a_withdrawn_correction_leaves_the_older_figure_standing(people, draft, indicator):
    approved(indicator, "FY2026-Q1", "5")
    save(people, draft, indicator, "6", note="誤記")
    row = submit(people, draft)[0]
    event(row, "withdrawn", "やはり正しかった")
    assert Cell.objects.get(indicator=indicator, basis="provisional").value == Decimal(5)
