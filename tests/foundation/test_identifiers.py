"""Known numbers of each kind, and what a person does to them on the way into a form."""

import csv
import os
from pathlib import Path

import pytest

from foundation import identifiers as ids

PUBLISHED_CODES = [
    "011002",
    "131016",
    "131130",
    "271004",
    "141003",
    "473821",
    "010006",
    "130001",
    "470007",
    "232033",
    "401307",
    "221309",
]


@pytest.mark.parametrize("number", ["7123456789012", "4011001098993", "7000012050002"])
def test_known_corporate_numbers_are_valid(number: str) -> None:
    assert ids.is_valid_corporate_number(number)


@pytest.mark.parametrize(
    "number", ["8123456789012", "7123456789021", "712345678901", "", "７１２３４５６７８９０１２"]
)
def test_other_corporate_numbers_are_not(number: str) -> None:
    assert not ids.is_valid_corporate_number(number)


@pytest.mark.parametrize(
    "typed", ["７１２３４５６７８９０１２", "7-1234-5678-9012", " 7 1234 5678 9012\n", "7ー1234−5678‐9012"]
)
def test_a_corporate_number_is_cleaned_from_what_people_type(typed: str) -> None:
    assert ids.clean_corporate_number(typed) == "7123456789012"


@pytest.mark.parametrize(
    ("typed", "said"), [("123", "13桁"), ("1234567890123", "検査用数字"), ("七一二三", "13桁")]
)
def test_a_wrong_corporate_number_is_refused_with_the_reason(typed: str, said: str) -> None:
    with pytest.raises(ids.IdentifierError, match=said):
        ids.clean_corporate_number(typed)


@pytest.mark.parametrize("code", PUBLISHED_CODES)
def test_known_municipality_codes_are_valid(code: str) -> None:
    assert ids.is_valid_municipality_code(code)


@pytest.mark.parametrize("code", ["011003", "11002", "000000", "481009", "1310160"])
def test_other_municipality_codes_are_not(code: str) -> None:
    assert not ids.is_valid_municipality_code(code)


@pytest.mark.parametrize("read", ["10006", "010006", 10006, 10006.0, "10006.0", "１０００６"])
def test_a_lost_leading_zero_is_mended_on_reading(read: str | int | float) -> None:
    assert ids.mend_municipality_code(read) == "010006"


def test_five_digits_that_are_no_code_without_its_zero_are_refused() -> None:
    with pytest.raises(ids.IdentifierError, match="6桁"):
        ids.mend_municipality_code("13101")


def test_five_digits_are_refused_on_a_form() -> None:
    with pytest.raises(ids.IdentifierError, match="6桁"):
        ids.clean_municipality_code("10006")


def _municipality_file() -> Path | None:
    beside = Path(__file__).resolve().parents[3] / "shared/data/localgovjp-utf8.csv"
    named = Path(os.environ.get("MUNICIPALITIES_CSV") or beside)
    return named if named.is_file() else None


@pytest.mark.skipif(_municipality_file() is None, reason="MUNICIPALITIES_CSV names no list of all codes")
def test_every_code_in_the_national_list_is_valid() -> None:
    path = _municipality_file()
    assert path is not None
    with path.open(encoding="utf-8-sig", newline="") as lines:
        codes = [row["lgcode"] for row in csv.DictReader(lines)]
    assert len(codes) > 1700
    assert [
        code for code in codes if not ids.is_valid_municipality_code(ids.mend_municipality_code(code))
    ] == []


@pytest.mark.parametrize("identifier", ["057zh3y96", "02kpeqv85", "035t8zc32"])
def test_known_ror_ids_are_valid(identifier: str) -> None:
    assert ids.is_valid_ror(identifier)


@pytest.mark.parametrize("identifier", ["057zh3y97", "157zh3y96", "05izh3y96", "057zh3y9", "057zh3y96\n"])
def test_other_ror_ids_are_not(identifier: str) -> None:
    assert not ids.is_valid_ror(identifier)


@pytest.mark.parametrize("typed", ["https://ror.org/057zh3y96", "ror.org/057ZH3Y96/", " ０５７ｚｈ３ｙ９６ "])
def test_a_ror_id_is_taken_from_its_address(typed: str) -> None:
    assert ids.clean_ror(typed) == "057zh3y96"


def test_a_wrong_ror_id_is_refused() -> None:
    with pytest.raises(ids.IdentifierError, match="ROR"):
        ids.clean_ror("057zh3y97")


@pytest.mark.parametrize(
    "typed",
    ["0000-0002-1825-0097", "https://orcid.org/0000-0002-1825-0097", "０００００００２１８２５００９７"],
)
def test_an_orcid_is_cleaned_to_its_form_with_hyphens(typed: str) -> None:
    assert ids.clean_orcid(typed) == "0000-0002-1825-0097"


def test_an_orcid_may_end_with_x() -> None:
    assert ids.clean_orcid("0000-0002-1694-233x") == "0000-0002-1694-233X"


@pytest.mark.parametrize("typed", ["0000-0002-1825-0098", "0000-0002-1825", "", "X000-0002-1825-0097"])
def test_a_wrong_orcid_is_refused(typed: str) -> None:
    with pytest.raises(ids.IdentifierError, match="ORCID"):
        ids.clean_orcid(typed)


def test_a_known_researcher_number_earns_no_warning() -> None:
    assert ids.researcher_number_warning("90050426") == ""


@pytest.mark.parametrize(("number", "said"), [("90050427", "入力誤り"), ("9005042", "8桁")])
def test_an_odd_researcher_number_is_kept_with_a_warning(number: str, said: str) -> None:
    assert ids.clean_researcher_number(number) == number
    assert said in ids.researcher_number_warning(number)


def test_no_researcher_number_earns_no_warning() -> None:
    assert ids.researcher_number_warning("") == ""
