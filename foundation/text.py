"""Japanese text: what is compared, what is searched, and what is taken out of pasted words.

What a person typed is stored as typed (㈱, 髙, variation selectors and all). Only for comparing and searching a
key is made beside it: NFKC, katakana as hiragana, lower case, without variation selectors.

Search works on pairs of neighbouring characters, since two-character words (観光, 防災) are the usual query and the
trigram indexes of both databases find none of them. The column holds `bigrams(text)`; a term is found where
`bigrams_pattern(term)` is part of it. The same on SQLite and PostgreSQL, without an extension.
"""

from __future__ import annotations

import re
import unicodedata

_KATAKANA_TO_HIRAGANA = {code: code - 0x60 for code in (*range(0x30A1, 0x30F7), 0x30FD, 0x30FE)}
_VARIATION_SELECTORS = dict.fromkeys((*range(65024, 65040), *range(917760, 918000)))
_RUN = re.compile(r"[^\W_]+")
_LINE_ENDS = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
_BIDI_CONTROLS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_NEVER_IN_TEXT = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ufeff\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]")
_NEVER_IN_FILE_NAMES = re.compile(r'[<>:"/\\|?*\n\t]')
_RESERVED_FILE_NAMES = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)")
_MAX_NAME_BYTES = 200


def search_key(text: str) -> str:
    """The form in which two texts are compared. For comparing alone: it rewrites names (㈱ → (株))."""
    folded = unicodedata.normalize("NFKC", text).translate(_VARIATION_SELECTORS)
    folded = unicodedata.normalize("NFKC", folded.translate(_KATAKANA_TO_HIRAGANA).lower())
    return folded.translate(_KATAKANA_TO_HIRAGANA)


def bigrams(text: str) -> str:
    """The pairs of neighbouring characters of each run of letters and digits: 観光振興 → 「観光 光振 振興」.

    Runs (words between blanks and punctuation) stand two blanks apart, so that no pair reaches from one into the
    next and no term is found across them. A run of one character stands alone.
    """
    return "  ".join(_pairs(run) for run in _RUN.findall(search_key(text)))


def _pairs(run: str) -> str:
    if len(run) == 1:
        return run
    return " ".join(run[start : start + 2] for start in range(len(run) - 1))


def search_terms(query: str) -> list[str]:
    """The words of a query, each once, as search keys; all of them must be found."""
    return list(dict.fromkeys(_RUN.findall(search_key(query))))


def bigrams_pattern(term: str) -> str:
    """What a `bigrams` column must contain (`__contains`) where the text contains the term.

    A single character is found inside the pairs themselves, so no second column is needed.
    """
    return bigrams(term)


def contains_all(text: str, query: str) -> bool:
    """Whether the text holds every word of the query; the same answer as the column gives, for lists in memory."""
    pairs = bigrams(text)
    return all(bigrams_pattern(term) in pairs for term in search_terms(query))


def clean_pasted(text: str) -> str:
    r"""Text without what no page, workbook or database can carry; line ends become \n, tabs stay.

    Removed: control characters, NUL, lone surrogates, byte order marks, code points that are no characters, and the
    marks that turn the direction of writing (they disguise names). Nothing is normalised: variants stay as typed.
    """
    text = _LINE_ENDS.sub("\n", text)
    text = _BIDI_CONTROLS.sub("", _NEVER_IN_TEXT.sub("", text))
    return "".join(character for character in text if not _is_noncharacter(character))


def _is_noncharacter(character: str) -> bool:
    return ord(character) > 0xFFFF and ord(character) & 0xFFFE == 0xFFFE


def clean_line(text: str) -> str:
    """A single line out of pasted text: line ends and tabs become one blank, blanks at the ends go."""
    return re.sub(r"[\n\t ]+", " ", clean_pasted(text)).strip()


def safe_file_name(name: str, fallback: str = "ファイル") -> str:
    """A name that every system can store and none takes for a path; its extension is kept when it is cut.

    At most 200 bytes of UTF-8, without folders, control characters, turned writing or reserved names.
    """
    last = re.split(r"[/\\]", clean_pasted(unicodedata.normalize("NFC", name)))[-1]
    plain = _NEVER_IN_FILE_NAMES.sub("_", last).strip(" .　")
    if not plain:
        return fallback
    if _RESERVED_FILE_NAMES.match(plain):
        plain = f"_{plain}"
    return _cut_name(plain)


def _cut_name(name: str) -> str:
    if len(name.encode()) <= _MAX_NAME_BYTES:
        return name
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension.encode()) > 16:
        stem, dot, extension = name, "", ""
    room = _MAX_NAME_BYTES - len(f"{dot}{extension}".encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip(" .") + dot + extension
