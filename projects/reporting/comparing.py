"""What changed between two texts, in words: unchanged, added and removed pieces. Pure, and bounded in its cost."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

_SENTENCE = re.compile(r"[^。．！？\n]*(?:[。．！？]+|\n+|$)")
_WORD = re.compile(r"[一-龠々〆ヶ]+|[ぁ-ん]+|[ァ-ヴー]+|[A-Za-z]+|[0-9０-９.,，．]+|\s+|.", re.DOTALL)
_MOST_STEPS = 40_000  # words before × words after: beyond it a passage is shown as replaced whole


@dataclass(frozen=True)
class Piece:
    """kind: same · added · removed."""

    kind: str
    text: str


def compare(before: str, after: str) -> list[Piece]:
    """Sentence by sentence, and word by word inside the sentences that were rewritten."""
    return _merged(_pieces(_split(_SENTENCE, before), _split(_SENTENCE, after)))


def _split(pattern: re.Pattern[str], text: str) -> list[str]:
    return [found for found in pattern.findall(text) if found]


def _pieces(before: Sequence[str], after: Sequence[str]) -> Iterator[Piece]:
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        old, new = "".join(before[a:b]), "".join(after[c:d])
        if tag == "equal":
            yield Piece("same", new)
        elif tag == "replace":
            yield from _words(old, new)
        else:
            yield from _replaced(old, new)


def _words(old: str, new: str) -> Iterator[Piece]:
    before, after = _split(_WORD, old), _split(_WORD, new)
    if len(before) * len(after) > _MOST_STEPS:
        yield from _replaced(old, new)
        return
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    if matcher.ratio() < 0.4:
        yield from _replaced(old, new)
        return
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            yield Piece("same", "".join(after[c:d]))
        else:
            yield from _replaced("".join(before[a:b]), "".join(after[c:d]))


def _replaced(old: str, new: str) -> Iterator[Piece]:
    if old:
        yield Piece("removed", old)
    if new:
        yield Piece("added", new)


def _merged(pieces: Iterator[Piece]) -> list[Piece]:
    """Neighbours of one kind as one piece."""
    found: list[Piece] = []
    for piece in pieces:
        if found and found[-1].kind == piece.kind:
            found[-1] = Piece(piece.kind, found[-1].text + piece.text)
        else:
            found.append(piece)
    return found
