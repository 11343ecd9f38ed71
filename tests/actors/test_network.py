"""What a network shows, against a brute force; and its drawing, in which no name ever hides another."""

from __future__ import annotations

import re
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from actors.network import groups, holding_together, isolated
from actors.network_drawing import COLUMNS, Actor, Line, draw, layout, lines_of, width_of


@st.composite
def networks(draw_one):
    count = draw_one(st.integers(0, 9))
    keys = list(range(count))
    pairs = list(combinations(keys, 2))
    return keys, draw_one(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []


def reached(keys, pairs):
    """How many parts, by merging sets until nothing changes."""
    parts = [{key} for key in keys]
    for one, other in pairs:
        if one in keys and other in keys:
            joined = [part for part in parts if one in part or other in part]
            parts = [part for part in parts if part not in joined] + [set().union(*joined)]
    return len(parts)


@given(networks())
def test_who_holds_a_network_together_is_found_as_by_taking_out_each(network):
    keys, pairs = network
    parted = []
    for key in keys:
        others = [each for each in keys if each != key]
        has_ties = any(key in pair for pair in pairs)
        if has_ties and reached(others, pairs) > reached(keys, pairs):
            parted.append(key)
    assert holding_together(keys, pairs) == parted


@given(networks())
def test_groups_are_those_that_reach_each_other(network):
    keys, pairs = network
    found = groups(keys, pairs)
    assert len(found) == reached(keys, pairs)
    assert sorted(key for group in found for key in group) == keys
    assert isolated(keys, pairs) == [key for key in keys if not any(key in pair for pair in pairs)]


def test_a_tie_to_somebody_outside_the_network_and_one_to_oneself_count_for_nothing():
    assert isolated(["a", "b"], [("a", "z"), ("b", "b")]) == ["a", "b"]
    assert holding_together(["a", "b"], [("a", "z"), ("b", "z")]) == []


def test_a_long_chain_is_walked_without_recursion():
    keys = list(range(5000))
    assert len(holding_together(keys, list(zip(keys, keys[1:], strict=False)))) == 4998


# --- the drawing -----------------------------------------------------------------------------------------------------

NAMES = st.text("浜漁協海信金AZ 社（架空）", min_size=1, max_size=40)


@st.composite
def casts(draw_one):
    """Up to 60 actors, of whatever side, with short and long names."""
    count = draw_one(st.integers(1, 60))
    return [
        Actor(
            f"k{number}",
            draw_one(NAMES),
            is_leader=number < draw_one(st.integers(0, 6)),
            is_local=draw_one(st.booleans()),
        )
        for number in range(count)
    ]


@given(casts())
def test_no_name_overlaps_another(actors):
    spots = layout(actors)
    assert set(spots) == {each.key for each in actors}
    for one, other in combinations(spots.values(), 2):
        assert not one.overlaps(other)


@given(NAMES)
def test_a_name_takes_two_lines_at_most_and_each_fits(name):
    lines = lines_of(name)
    assert 1 <= len(lines) <= 2
    assert all(width_of(line) <= COLUMNS for line in lines)


def test_a_name_that_is_cut_still_says_that_it_is_fictitious():
    lines = lines_of("公益財団法人架空県産業振興支援機構（架空）")
    assert lines == ["公益財団法人架空県産", "業振興支援…（架空）"]


@given(casts())
def test_everything_drawn_lies_within_the_drawing(actors):
    svg = draw(actors, [], "図", "説明", "地域内")
    left, top, width, height = map(float, re.search(r'viewBox="([^"]+)"', svg)[1].split())
    for spot in layout(actors).values():
        assert left <= spot.x - spot.half_width
        assert spot.x + spot.half_width <= left + width
        assert top <= spot.y - spot.half_height
        assert spot.y + spot.half_height <= top + height


def test_the_same_network_gives_the_same_drawing_to_the_last_byte():
    actors = [Actor("a", "あ市", is_leader=True), Actor("b", "い社"), Actor("c", "う社", is_local=False)]
    lines = [Line("a", "b", 0), Line("a", "c", None), Line("b", "c", 1, is_past=True)]
    assert draw(actors, lines, "図", "説明", "海") == draw(actors, lines, "図", "説明", "海")


def test_names_are_words_in_the_drawing_and_never_markup():
    svg = draw([Actor("a", "<script>"), Actor("b", 'x" y')], [Line("a", "b", 0)], "<b>", "&", "'")
    assert "<script>" not in svg
    assert "&lt;script&gt;" in svg
    assert "<b>" not in svg


def test_a_drawing_of_nobody_is_nothing():
    assert draw([], [], "図", "", "") == ""


def test_kinds_differ_by_more_than_colour_and_past_lies_under_present():
    actors = [Actor(key, key) for key in "abc"]
    svg = draw(actors, [Line("a", "b", 0), Line("b", "c", 1), Line("a", "c", 0, is_past=True)], "", "", "")
    assert re.findall(r'data-kind="([^"]+)"', svg) == ["past", "0", "1"]
