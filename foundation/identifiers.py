"""Numbers that others have given to organisations, places and people, with their check digits.

Pure: no Django. Every number is kept as text, since a leading zero is part of it. `clean_…` takes what a
person typed or pasted (full width, hyphens, blanks, the address of the register) and returns the one form
that is stored, or raises `IdentifierError` with a sentence for the screen.

Only the 研究者番号 is never refused: the rule of its check digit is not published in full, so a number that
does not fit earns a warning and is kept as typed.
"""

from __future__ import annotations

import re
import unicodedata

_HYPHENS_AND_BLANKS = re.compile(r"[\s\-‐‑‒–—―−ーｰ]+")
_CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"
_ROR_ADDRESS = re.compile(r"^(?:https?://)?(?:www\.)?ror\.org/", re.IGNORECASE)
_ORCID_ADDRESS = re.compile(r"^(?:https?://)?(?:www\.)?orcid\.org/", re.IGNORECASE)
_MUNICIPALITY_WEIGHTS = (6, 5, 4, 3, 2)
_LAST_PREFECTURE = 47


class IdentifierError(ValueError):
    """A number that cannot be right. The message is a Japanese sentence that may be shown as it stands."""


def _squeezed(text: str) -> str:
    """The text in half width, without hyphens and blanks."""
    return _HYPHENS_AND_BLANKS.sub("", unicodedata.normalize("NFKC", text))


def _is_digits(text: str, length: int) -> bool:
    return len(text) == length and text.isascii() and text.isdigit()


# 法人番号 -----------------------------------------------------------------------------------------------


def corporate_number_check_digit(base: str) -> int:
    """The check digit (1–9) that stands before the twelve digits `base` (国税庁, 法人番号の検査用数字)."""
    weighted = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(base)))
    return 9 - sum(weighted) % 9


def is_valid_corporate_number(number: str) -> bool:
    """True of 13 half-width digits whose first is the check digit. A swap of 0 and 9 cannot be noticed."""
    return _is_digits(number, 13) and int(number[0]) == corporate_number_check_digit(number[1:])


def clean_corporate_number(text: str) -> str:
    number = _squeezed(text)
    if not _is_digits(number, 13):
        raise IdentifierError("法人番号は13桁の数字で入力してください。")
    if not is_valid_corporate_number(number):
        raise IdentifierError("法人番号の検査用数字が合いません。番号をもう一度お確かめください。")
    return number


# 全国地方公共団体コード --------------------------------------------------------------------------------------


def municipality_check_digit(base: str) -> int:
    """The sixth digit that follows the five digits `base` (総務省, 検査数字の算出方法)."""
    total = sum(int(digit) * weight for digit, weight in zip(base, _MUNICIPALITY_WEIGHTS, strict=True))
    return (11 - total % 11) % 10


def is_valid_municipality_code(code: str) -> bool:
    """True of six half-width digits: prefecture 01–47, three digits of the body, check digit."""
    if not _is_digits(code, 6) or not 1 <= int(code[:2]) <= _LAST_PREFECTURE:
        return False
    return int(code[5]) == municipality_check_digit(code[:5])


def clean_municipality_code(text: str) -> str:
    code = _squeezed(text)
    if not _is_digits(code, 6):
        raise IdentifierError("全国地方公共団体コードは検査数字を含む6桁の数字で入力してください。")
    if not is_valid_municipality_code(code):
        raise IdentifierError(
            "全国地方公共団体コードの検査数字が合いません。コードをもう一度お確かめください。"
        )
    return code


def mend_municipality_code(value: str | int | float) -> str:
    """A code as it comes out of a spreadsheet: 010006 that has become 10006 or 10006.0 gets its zero back.

    Only for reading files. On a form five digits are refused, since they may as well be the code of the
    行政区域 (the same without its check digit).
    """
    text = str(int(value)) if isinstance(value, (int, float)) else _squeezed(value).removesuffix(".0")
    if _is_digits(text, 5) and is_valid_municipality_code(f"0{text}"):
        return f"0{text}"
    return clean_municipality_code(text)


# ROR ----------------------------------------------------------------------------------------------------


def is_valid_ror(identifier: str) -> bool:
    """True of the nine characters of a ROR id: 0, six of Crockford's base 32, two check digits (ISO 7064)."""
    if not re.fullmatch(rf"0[{_CROCKFORD}]{{6}}[0-9]{{2}}", identifier, re.ASCII):
        return False
    number = 0
    for character in identifier[1:7]:
        number = number * 32 + _CROCKFORD.index(character)
    return int(identifier[7:]) == 98 - number * 100 % 97


def clean_ror(text: str) -> str:
    """The nine characters alone, also out of https://ror.org/… ."""
    identifier = _ROR_ADDRESS.sub("", _squeezed(text)).rstrip("/").lower()
    if not is_valid_ror(identifier):
        raise IdentifierError(
            "ROR ID の形式が正しくありません。「https://ror.org/」に続く9文字をお確かめください。"
        )
    return identifier


# ORCID --------------------------------------------------------------------------------------------------


def orcid_check_character(base: str) -> str:
    """The sixteenth character (0–9 or X) after the fifteen digits `base` (ISO 7064 mod 11-2)."""
    total = 0
    for digit in base:
        total = (total + int(digit)) * 2
    result = (12 - total % 11) % 11
    return "X" if result == 10 else str(result)


def is_valid_orcid(identifier: str) -> bool:
    """True of the form with hyphens, 0000-0002-1825-0097."""
    if not re.fullmatch(r"(?:[0-9]{4}-){3}[0-9]{3}[0-9X]", identifier, re.ASCII):
        return False
    digits = identifier.replace("-", "")
    return digits[15] == orcid_check_character(digits[:15])


def clean_orcid(text: str) -> str:
    """The form with hyphens, also out of https://orcid.org/… ."""
    digits = _ORCID_ADDRESS.sub("", _squeezed(text)).rstrip("/").upper()
    identifier = "-".join(digits[start : start + 4] for start in range(0, len(digits), 4))
    if not is_valid_orcid(identifier):
        raise IdentifierError(
            "ORCID iD が正しくありません。16桁の番号（末尾は X のことがあります）をお確かめください。"
        )
    return identifier


# e-Rad 研究者番号 ------------------------------------------------------------------------------------------


def is_valid_researcher_number(number: str) -> bool:
    """True where the first of eight digits fits as a check digit. The weights are inferred from known numbers."""
    if not _is_digits(number, 8):
        return False
    weighted = (int(digit) * (1 + place % 2) for place, digit in enumerate(number[1:]))
    return int(number[0]) == sum(weighted) % 10


def clean_researcher_number(text: str) -> str:
    """Half width, without hyphens and blanks. Never refused; ask `researcher_number_warning` afterwards."""
    return _squeezed(text)


def researcher_number_warning(number: str) -> str:
    """A sentence to show beside the field, or an empty string where the number looks right or is absent."""
    if not number or is_valid_researcher_number(number):
        return ""
    if not _is_digits(number, 8):
        return "研究者番号は8桁の数字です。このまま保存できますが、番号をお確かめください。"
    return "研究者番号に入力誤りがあるかもしれません。このまま保存できますが、番号をお確かめください。"
