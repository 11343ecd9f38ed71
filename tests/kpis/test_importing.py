"""Figures by the thousand: the same rows, events, cells and marks as one by one, or nothing at all."""

from __future__ import annotations

from decimal import Decimal
from io import StringIO

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command

from foundation import lanes
from foundation.errors import MultipleErrors
from foundation.models import AuditEntry
from kpis.models import Cell, DirtyMark, IndicatorSheet, Measurement, MeasurementEvent
from kpis.periods import Period
from kpis.rollup.verify import verify
from kpis.services.importing import import_figures
from tests.factories.kpis import (
    SYSTEM,
    approved,
    contribute,
    make_indicator,
    make_rolled_up,
    make_scorecard,
)

QUARTER = Period.parse("FY2025-Q1")
pytestmark = pytest.mark.django_db


@pytest.fixture
def tree():
    """Two children in two units and a rate beside them, under a parent."""
    card = make_scorecard()
    parent = make_rolled_up(card, unit="yen_million", scale="currency")
    thousand = make_indicator(card, unit="yen_thousand", scale="currency")
    million = make_indicator(card, unit="yen_million", scale="currency")
    rate = make_indicator(card, unit="percent", scale="ratio")
    for child in (thousand, million):
        contribute(child, parent)
    return parent, thousand, million, rate


def line(indicator, period="FY2025-Q1", value="", **others):
    return {"kpi": str(indicator.public_id), "period": period, "value": value, **others}


def imported(*lines, **options):
    options = {"source": "旧システム", "is_approved": True, **options}
    return import_figures(actor=SYSTEM, lines=lines, **options)


def figure(indicator, basis="official"):
    return Cell.objects.get(indicator=indicator, basis=basis, part_id=0, period=QUARTER).value


def test_imported_figures_reach_the_top_and_verify_finds_nothing(tree):
    parent, thousand, million, rate = tree
    assert (
        imported(
            line(thousand, value="1250"),
            line(million, value="▲3.5"),
            line(rate, numerator="1", denominator="3"),
            line(thousand, "FY2025-Q2", missing="not_applicable", note="休止"),
        )
        == 4
    )
    assert DirtyMark.objects.filter(indicator=thousand).count() == 2
    lanes.drain("rollup")
    assert [str(each) for each in verify()] == []
    assert figure(parent) == Decimal("-2.25")
    assert figure(rate) == Decimal("33.333333")


def test_correction_by_import_leaves_the_earlier_row(tree):
    _parent, thousand, *_rest = tree
    approved(thousand, "FY2025-Q1", "1")
    imported(line(thousand, value="2"))
    assert Measurement.objects.filter(indicator=thousand).count() == 2
    assert figure(thousand) == 2


def test_figures_to_be_reviewed_wait_for_approval(tree):
    parent, thousand, *_rest = tree
    imported(line(thousand, value="5000"), is_approved=False)
    lanes.drain("rollup")
    assert figure(parent) is None
    assert figure(parent, "provisional") == 5


def test_every_row_belongs_to_a_submission_and_bears_its_source(tree):
    _parent, thousand, *_rest = tree
    imported(line(thousand, value="5"))
    row = Measurement.objects.get()
    assert row.submission.scorecard_id == thousand.scorecard_id
    assert row.reporter_name == "旧システム"
    assert list(MeasurementEvent.objects.values_list("kind", flat=True)) == ["submitted", "approved"]
    assert AuditEntry.objects.filter(action="kpis.import_figures").count() == 1


def test_figure_below_zero_shows_that_it_may_be_negative(tree):
    _parent, thousand, *_rest = tree
    imported(line(thousand, value="-1"))
    assert IndicatorSheet.objects.get(indicator=thousand).may_be_negative


def test_rows_recorded_one_by_one_follow_in_order(tree):
    _parent, thousand, million, _rate = tree
    imported(line(thousand, value="1"), line(million, value="1"))
    approved(thousand, "FY2025-Q2", "7")
    assert Measurement.objects.order_by("id").last().value == 7


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ({"value": "1e400"}, "value"),
        ({"value": "NaN"}, "value"),
        ({"value": "1234567890123456"}, "value"),
        ({"value": "0.1234567"}, "value"),
        ({"value": ""}, "value"),
        ({"value": "1", "period": "2025-04"}, "period"),
        ({"value": "1", "period": "FY2024-Q4"}, "period"),
        ({"value": "1", "period": "いつか"}, "period"),
        ({"value": "1", "nature": "guess"}, "nature"),
        ({"value": "1", "kpi": "no such"}, "kpi"),
        ({"missing": "never"}, "note"),
    ],
)
def test_wrong_line_is_named_and_nothing_is_stored(tree, bad, field):
    _parent, thousand, *_rest = tree
    good = line(thousand, "FY2025-Q3", "1")
    with pytest.raises(MultipleErrors) as raised:
        imported(good, {**line(thousand), **bad})
    (error,) = raised.value.errors
    assert (error.details["line"], error.field) == (2, field)
    assert not Measurement.objects.exists()
    assert not DirtyMark.objects.filter(indicator=thousand).exists()


def test_one_cell_twice_is_refused(tree):
    _parent, thousand, *_rest = tree
    with pytest.raises(MultipleErrors):
        imported(line(thousand, value="1"), line(thousand, value="2"))


def test_rolled_up_indicator_takes_no_figures(tree):
    parent, *_rest = tree
    with pytest.raises(MultipleErrors):
        imported(line(parent, value="1"))


def test_only_the_system_imports(people):
    with pytest.raises(PermissionDenied):
        import_figures(actor=people.actor("secretary"), lines=[], source="x", is_approved=True)


def test_command_reads_a_csv_file(tree, tmp_path):
    _parent, thousand, *_rest = tree
    file = tmp_path / "figures.csv"
    file.write_text(f'kpi,period,value\n{thousand.public_id},FY2025-Q1,"1,234"\n', encoding="utf-8-sig")
    out = StringIO()
    call_command("import_figures", str(file), "--approved", "--at", "2025-08-01T09:00", stdout=out)
    assert "1 件" in out.getvalue()
    row = Measurement.objects.get()
    assert (row.value, row.recorded_at.isoformat()) == (1234, "2025-08-01T00:00:00+00:00")


def test_command_names_the_line_of_the_file(tree, tmp_path):
    _parent, thousand, *_rest = tree
    file = tmp_path / "figures.csv"
    file.write_text(f"kpi,period,value\n{thousand.public_id},FY2025-Q1,x\n")
    err = StringIO()
    with pytest.raises(CommandError):
        call_command("import_figures", str(file), stderr=err)
    assert err.getvalue().startswith("2行目 value")
