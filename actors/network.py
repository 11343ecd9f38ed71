"""What a network of actors shows: who stands alone, whose leaving would part the others. Pure: no Django.

Actors are known by a key, ties by a pair of keys; a tie to somebody who is not among the actors is no tie here.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)


def neighbours(keys: Sequence[Key], pairs: Iterable[tuple[Key, Key]]) -> dict[Key, list[Key]]:
    """{key: those it is tied to, each once, in the order of `keys`}; nobody is tied to themselves."""
    place = {key: number for number, key in enumerate(keys)}
    found: dict[Key, set[Key]] = {key: set() for key in keys}
    for one, other in pairs:
        if one != other and one in place and other in place:
            found[one].add(other)
            found[other].add(one)
    return {key: sorted(tied, key=lambda each: place[each]) for key, tied in found.items()}


def isolated(keys: Sequence[Key], pairs: Iterable[tuple[Key, Key]]) -> list[Key]:
    """Those without any tie, in order."""
    return [key for key, tied in neighbours(keys, pairs).items() if not tied]


def groups(keys: Sequence[Key], pairs: Iterable[tuple[Key, Key]]) -> list[list[Key]]:
    """The parts that hang together, those of one actor included; each part and the parts in the order of `keys`."""
    tied, seen = neighbours(keys, pairs), set[Key]()
    found: list[list[Key]] = []
    for key in keys:
        if key in seen:
            continue
        reached, waiting = {key}, [key]
        while waiting:
            for each in tied[waiting.pop()]:
                if each not in reached:
                    reached.add(each)
                    waiting.append(each)
        seen |= reached
        found.append([each for each in keys if each in reached])
    return found


def holding_together(keys: Sequence[Key], pairs: Iterable[tuple[Key, Key]]) -> list[Key]:
    """Those whose leaving would part others that hang together now (articulation points), in order.

    Hopcroft and Tarjan's low points, without recursion: one walk over every tie.
    """
    tied = neighbours(keys, pairs)
    entered: dict[Key, int] = {}
    low: dict[Key, int] = {}
    cuts: set[Key] = set()
    for root in keys:
        if root not in entered and _walk(root, tied, entered, low, cuts) > 1:
            cuts.add(root)
    return [key for key in keys if key in cuts]


def _walk(
    root: Key, tied: dict[Key, list[Key]], entered: dict[Key, int], low: dict[Key, int], cuts: set[Key]
) -> int:
    """One walk from a root, noting who cuts off those behind them; returns how many branches leave the root."""
    entered[root] = low[root] = len(entered)
    branches = 0
    path = [(root, root, iter(tied[root]))]
    while path:
        key, before, rest = path[-1]
        for each in rest:
            if each not in entered:
                entered[each] = low[each] = len(entered)
                path.append((each, key, iter(tied[each])))
                break
            if each != before:
                low[key] = min(low[key], entered[each])
        else:
            path.pop()
            if key != root:
                low[before] = min(low[before], low[key])
                if before == root:
                    branches += 1
                elif low[key] >= entered[before]:
                    cuts.add(before)
    return branches
