"""One condition per action: sets, single objects, flags on rows; undeclared actions are refused."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from time_machine import travel

from foundation.access import ANONYMOUS, may, require, rules, system_actor
from kpis.models import Indicator, Scorecard
from tests.factories.actors import actor_of, make_holder, make_post
from tests.factories.kpis import make_indicator


def test_undeclared_action_is_refused_to_everybody(people):
    assert not may(people.actor("administrator"), "kpis.burn_scorecard", people.scorecard)


def test_set_and_single_answer_agree(people):
    indicator = make_indicator(people.scorecard, fields={"visibility": "members"})
    for name in ("reporter", "reviewer", "secretary", "member", "stranger", "administrator"):
        actor = people.actor(name)
        listed = Indicator.objects.visible_to(actor).filter(pk=indicator.pk).exists()
        assert listed == may(actor, "view", indicator) == (name != "stranger")
    assert not may(ANONYMOUS, "view", indicator)


def test_flag_on_rows_costs_no_query_of_its_own(people, django_assert_num_queries):
    for _row in range(3):
        make_indicator(people.scorecard)
    actor = people.actor("reporter")
    with django_assert_num_queries(1):
        flags = [row.can_enter for row in Indicator.objects.visible_to(actor).with_can(actor, "enter")]
    assert flags == [True, True, True]


def test_stranger_gets_404_and_member_without_the_right_403(people):
    with pytest.raises(Http404):
        require(people.actor("stranger"), "enter", people.scorecard)
    with pytest.raises(PermissionDenied):
        require(people.actor("member"), "enter", people.scorecard)


def test_no_actor_is_a_programming_error(people):
    with pytest.raises(ValueError, match="actor"):
        require(None, "enter", people.scorecard)


def test_system_acts_under_a_name(people):
    require(system_actor("rollup"), "enter", people.scorecard)


def test_rights_end_at_midnight_in_tokyo(people):
    from datetime import date

    user = make_holder(make_post(people.city), to_on=date(2026, 11, 20))
    with travel("2026-11-20T14:59:59Z", tick=False):
        assert Scorecard.objects.visible_to(actor_of(user)).exists()
    with travel("2026-11-20T15:00:00Z", tick=False):
        assert not Scorecard.objects.visible_to(actor_of(user)).exists()


def test_rights_cost_one_query_a_request(people, django_assert_num_queries):
    with django_assert_num_queries(1):
        people_actor = actor_of(people.secretary)
        assert people_actor.post_ids


def test_every_rule_names_its_action_and_model():
    for rule in rules():
        app, name = rule.action.split(".")
        assert app in ("actors", "ecosystems", "foundation", "kpis", "visions", "projects")
        assert name.endswith(f"_{rule.model._meta.model_name}"), rule.action
        assert rule.label
        assert rule.grounds
