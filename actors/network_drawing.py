"""A network of actors as one SVG drawing: leaders in the middle, 地域内 around them, 地域外 beyond. Pure: no Django.

The same actors and ties give the same drawing to the last byte. No two names ever overlap: every ring has one name
per side and line, each line further out than what lies inside it; those from outside stand in rows above and below.
Looks come from CSS classes and `data-` marks; the table beside the drawing tells the same in words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import sqrt
from unicodedata import east_asian_width

LETTER = (
    15  # the size of the letters, which are as wide as high; half-width ones take a little more than half
)
LINE = 18
COLUMNS = 10  # full-width letters per line of a name
PAD_X, PAD_Y = 10, 7
STEP = 2 * LINE + 2 * PAD_Y + 10  # from one line of names to the next
REACH = COLUMNS * LETTER + 2 * PAD_X  # the widest name with its frame
GAP = 16
LEADER_X = (REACH + GAP) / 2
PER_ROW = 4
EDGE = 16
KINDS = 6  # as many kinds of lines are told apart; further ones are drawn like the last
WRAPPED = "（(・　 "
FICTITIOUS = "（架空）"


@dataclass(frozen=True)
class Actor:
    """Somebody in the drawing. `has_left`: was here once."""

    key: str
    name: str
    is_leader: bool = False
    is_local: bool = True
    has_left: bool = False


@dataclass(frozen=True)
class Line:
    """A tie between two actors; `kind` is its place in the legend, None for one that is only of the same place."""

    one: str
    other: str
    kind: int | None = None
    is_past: bool = False


@dataclass(frozen=True)
class Spot:
    """Where an actor's frame lies: its centre, and half its width and height."""

    x: float
    y: float
    half_width: float
    half_height: float

    def overlaps(self, other: Spot) -> bool:
        beside = abs(self.x - other.x) < self.half_width + other.half_width
        return beside and abs(self.y - other.y) < self.half_height + other.half_height


def width_of(text: str) -> float:
    """In letters: 1 for a full-width one, 0.6 for a half-width one."""
    return sum(1 if east_asian_width(each) in "WFA" else 0.6 for each in text)


def lines_of(name: str) -> list[str]:
    """A name on at most two lines, broken where it may be; … stands for what does not fit, and （架空） is never cut."""
    if width_of(name) <= COLUMNS:
        return [name]
    fits = _fitting(name)
    breaks = [place for place in range(2, fits + 1) if name[place] in WRAPPED]
    first = breaks[-1] if breaks else fits
    rest = name[first:].strip()
    if width_of(rest) > COLUMNS:
        kept = FICTITIOUS if rest.endswith(FICTITIOUS) else ""
        rest = rest[: _fitting(rest, COLUMNS - 1 - width_of(kept))] + "…" + kept
    return [name[:first].rstrip(), rest]


def _fitting(text: str, room: float = COLUMNS) -> int:
    """How many letters of a text fit into the room."""
    taken = 0.0
    for place, letter in enumerate(text):
        taken += width_of(letter)
        if taken > room:
            return place
    return len(text)


# --- where everybody stands ------------------------------------------------------------------------------------------


def layout(actors: Sequence[Actor]) -> dict[str, Spot]:
    """{key: spot}, around the middle (0, 0)."""
    leaders = [each for each in actors if each.is_leader]
    local = [each for each in actors if not each.is_leader and each.is_local]
    outside = [each for each in actors if not each.is_leader and not each.is_local]
    spots = _leaders(leaders) | _ring(local, _height(len(leaders)))
    return spots | _rows(outside, _top(spots))


def _spot(actor: Actor, x: float, y: float) -> Spot:
    lines = lines_of(actor.name)
    width = max(width_of(line) for line in lines) * LETTER + 2 * PAD_X
    return Spot(round(x, 1), round(y, 1), round(width / 2, 1), (len(lines) * LINE + 2 * PAD_Y) / 2)


def _height(count: int) -> float:
    return max(count - 1, 0) * STEP / 2


def _leaders(leaders: Sequence[Actor]) -> dict[str, Spot]:
    """One alone in the middle; more of them by turns left and right, so that no line hides behind a name."""
    top = -_height(len(leaders))
    side = LEADER_X if len(leaders) > 1 else 0
    return {
        each.key: _spot(each, -side if place % 2 else side, top + place * STEP)
        for place, each in enumerate(leaders)
    }


def _ring(local: Sequence[Actor], inner: float) -> dict[str, Spot]:
    """Two names on each line, left and right, on an ellipse that keeps clear of the leaders."""
    rows = (len(local) + 1) // 2
    high = max(_height(rows), inner)
    step = 2 * high / (rows - 1) if rows > 1 else 0
    wide = max(2 * REACH, 0.9 * high)
    spots = {}
    for place, each in enumerate(local):
        y = -high + (place // 2) * step if rows > 1 else 0
        x = wide * sqrt(max(0.0, 1 - (y / (high + STEP)) ** 2))
        least = LEADER_X + REACH + GAP if abs(y) < inner + STEP else LEADER_X
        spots[each.key] = _spot(each, max(x, least) * (-1 if place % 2 else 1), y)
    return spots


def _top(spots: dict[str, Spot]) -> float:
    return max((abs(spot.y) for spot in spots.values()), default=0) + STEP


def _rows(outside: Sequence[Actor], top: float) -> dict[str, Spot]:
    """Rows by turns above and below the others."""
    rows = [outside[start : start + PER_ROW] for start in range(0, len(outside), PER_ROW)]
    spots = {}
    for number, row in enumerate(rows):
        y = (top + STEP * 0.6 + (number // 2) * STEP) * (1 if number % 2 else -1)
        for place, each in enumerate(row):
            spots[each.key] = _spot(each, (place - (len(row) - 1) / 2) * (REACH + GAP), y)
    return spots


# --- the drawing -----------------------------------------------------------------------------------------------------


def draw(actors: Sequence[Actor], lines: Sequence[Line], title: str, description: str, area: str) -> str:
    """The whole element, or nothing where there is nobody. `area` is written at the edge of what lies inside."""
    if not actors:
        return ""
    spots = layout(actors)
    frame = _frame(actors, spots)
    parts = [_ground(frame, area), *_ties(lines, spots), *(_name(each, spots[each.key]) for each in actors)]
    left, top, width, height = _view(spots, frame)
    return (
        f'<svg class="p-network__drawing" viewBox="{left:g} {top:g} {width:g} {height:g}" width="{width:g}"'
        f' height="{height:g}" role="img" aria-labelledby="network-title network-text">'
        f'<title id="network-title">{escape(title)}</title><desc id="network-text">{escape(description)}</desc>'
        f"{''.join(parts)}</svg>"
    )


Box = tuple[float, float, float, float]  # left, top, right, bottom


def _around(spots: Sequence[Spot], margin: float) -> Box:
    return (
        min(each.x - each.half_width for each in spots) - margin,
        min(each.y - each.half_height for each in spots) - margin,
        max(each.x + each.half_width for each in spots) + margin,
        max(each.y + each.half_height for each in spots) + margin,
    )


def _frame(actors: Sequence[Actor], spots: dict[str, Spot]) -> Box | None:
    """The ground of the area: around everybody but the rows of those from outside."""
    inside = [spots[each.key] for each in actors if each.is_leader or each.is_local]
    if not inside:
        return None
    left, top, right, bottom = _around(inside, EDGE)
    return left, top - LINE, right, bottom


def _view(spots: dict[str, Spot], frame: Box | None) -> Box:
    """(left, top, width, height) of all that is drawn."""
    left, top, right, bottom = _around(list(spots.values()), EDGE)
    if frame:
        left, top = min(left, frame[0] - 2), min(top, frame[1] - 2)
        right, bottom = max(right, frame[2] + 2), max(bottom, frame[3] + 2)
    return round(left, 1), round(top, 1), round(right - left, 1), round(bottom - top, 1)


def _ground(frame: Box | None, area: str) -> str:
    if frame is None:
        return ""
    left, top, right, bottom = frame
    return (
        f'<rect class="p-network__ground" x="{left:g}" y="{top:g}" width="{right - left:g}"'
        f' height="{bottom - top:g}" rx="24"/>'
        f'<text class="p-network__area" x="{left + 20:g}" y="{top + 22:g}">{escape(area)}</text>'
    )


def _ties(lines: Sequence[Line], spots: dict[str, Spot]) -> list[str]:
    """Weak and past ones first, so that the others lie over them."""
    drawn = [each for each in lines if each.one in spots and each.other in spots]
    return [_tie(each, spots) for each in sorted(drawn, key=_weight)]


def _weight(line: Line) -> int:
    if line.is_past:
        return 1
    return 0 if line.kind is None else 2


def _tie(line: Line, spots: dict[str, Spot]) -> str:
    one, other = spots[line.one], spots[line.other]
    return (
        f'<line class="p-network__tie" data-kind="{style_of(line)}" x1="{one.x:g}" y1="{one.y:g}"'
        f' x2="{other.x:g}" y2="{other.y:g}"/>'
    )


def style_of(line: Line) -> str:
    """The name of the line's look, shared with the legend."""
    if line.is_past:
        return "past"
    return "place" if line.kind is None else str(min(line.kind, KINDS - 1))


def _name(actor: Actor, spot: Spot) -> str:
    lines = lines_of(actor.name)
    marks = (
        ("data-leader", actor.is_leader),
        ("data-outside", not actor.is_local),
        ("data-left", actor.has_left),
    )
    first = spot.y - (len(lines) - 1) * LINE / 2 + LETTER * 0.36
    words = "".join(
        f'<tspan x="{spot.x:g}" y="{first + place * LINE:g}">{escape(line)}</tspan>'
        for place, line in enumerate(lines)
    )
    held = "".join(f' {mark}=""' for mark, holds in marks if holds)
    return (
        f'<g class="p-network__actor"{held}>'
        f'<rect x="{spot.x - spot.half_width:g}" y="{spot.y - spot.half_height:g}"'
        f' width="{2 * spot.half_width:g}" height="{2 * spot.half_height:g}" rx="6"/>'
        f'<text text-anchor="middle" font-size="{LETTER}">{words}</text></g>'
    )
