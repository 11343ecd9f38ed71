"""`rollup rebuild | drain | verify` as somebody types it."""

from __future__ import annotations

from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from kpis.models import Cell, DirtyMark
from tests.factories.kpis import approved, contribute, make_indicator, make_rolled_up, make_scorecard

pytestmark = pytest.mark.django_db


def run(step: str) -> str:
    out = StringIO()
    call_command("rollup", step, stdout=out)
    return out.getvalue()


@pytest.fixture
def parent():
    card = make_scorecard()
    parent, child = make_rolled_up(card), make_indicator(card)
    contribute(child, parent)
    approved(child, "FY2025-Q1", "3")
    return parent


def test_drain_settles_what_waits(parent):
    assert "印" in run("drain")
    assert not DirtyMark.objects.exists()
    assert Cell.objects.filter(indicator=parent, value=Decimal(3)).count() == 2


def test_rebuild_makes_every_cell_anew(parent):
    run("drain")
    count = Cell.objects.count()
    Cell.objects.filter(indicator=parent).update(value=Decimal(9))
    assert f"集計値 {count} 件" in run("rebuild")
    assert "一致しています" in run("verify")


def test_verify_prints_each_difference_in_japanese_and_fails(parent):
    run("drain")
    Cell.objects.filter(indicator=parent, value=Decimal(3)).update(value=Decimal(9))
    out = StringIO()
    with pytest.raises(CommandError, match="2 件"):
        call_command("rollup", "verify", stdout=out)
    assert out.getvalue().count("保存値 9.000000 ≠ 計算値 3") == 2


def test_verify_waits_for_the_drain(parent):
    with pytest.raises(CommandError, match="rollup drain"):
        run("verify")
