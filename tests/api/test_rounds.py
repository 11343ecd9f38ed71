"""Rounds by API: the board for those who may, the secretariat's steps, nothing of either for others."""

from __future__ import annotations

import pytest

from projects.models import ProgressReport, Reminder, ReportingRound

pytestmark = pytest.mark.django_db


def path(world, step: str, kind: str = "round") -> str:
    return f"rounds/{world.own[kind].public_id}/{step}/"


def test_the_board_is_for_the_secretariat_and_the_reviewers(world, ask):
    for name in ("secretary", "reviewer", "university_reviewer", "administrator"):
        board = ask(name).get(path(world, "board")).json()
        assert board["total"] == len(board["results"])
        assert board["counts"]["unsubmitted"] == board["total"]
    assert ask("member").get(path(world, "board")).status_code == 403
    assert ask("stranger").get(path(world, "board")).status_code == 404


def test_the_secretariat_reminds_exempts_and_ends(world, ask):
    report = str(world.own["round_report"].public_id)
    sent = ask("secretary").post(path(world, "remind"), {"reports": [report]})
    assert sent.json() == {"reminded": 1, "skipped": []}
    again = ask("secretary").post(path(world, "remind"), {"reports": [report]}).json()
    assert again["skipped"] == [{"report": report, "reason": "今日すでに主担当へ督促しました"}]
    assert Reminder.objects.count() == 1

    reasonless = ask("secretary").post(path(world, "exempt"), {"report": report})
    assert reasonless.status_code == 400
    ask("secretary").post(path(world, "exempt"), {"report": report, "reason": "中止済み"})
    assert ProgressReport.objects.get(public_id=report).state == "exempt"

    assert ask("secretary").post(path(world, "close"), {}).json()["state"] == "closed"
    assert ask("secretary").post(path(world, "close"), {}).status_code == 409


def test_a_prepared_round_is_opened_once(world, ask):
    opened = ask("secretary").post(path(world, "open", "round_prepared"), {})
    assert opened.status_code == 200
    again = ask("secretary").post(path(world, "open", "round_prepared"), {})
    assert again.status_code == 409
    assert ReportingRound.objects.get(pk=world.own["round_prepared"].pk).reports.exists()


def test_a_report_of_another_forum_is_not_reached_through_ones_own_round(world, ask):
    foreign = str(world.foreign["round_report"].public_id)
    sent = ask("secretary").post(path(world, "remind"), {"reports": [foreign]})
    assert sent.status_code == 400
    refused = ask("secretary").post(path(world, "exempt"), {"report": foreign, "reason": "x"})
    assert refused.status_code == 404
    assert not Reminder.objects.exists()


def test_a_step_of_the_telephone_is_no_mail(world, ask):
    report = str(world.own["round_report"].public_id)
    refused = ask("secretary").post(path(world, "remind"), {"reports": [report], "step": 5})
    assert refused.status_code == 400
