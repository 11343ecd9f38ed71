"""Search keys, pairs of characters, and text that came from a clipboard."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation import text as t


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("カタカナ", "かたかな"),
        ("ｶﾞｲﾄﾞ", "がいど"),
        ("ＫＰＩ", "kpi"),
        ("㈱しおなぎ", "(株)しおなぎ"),
        ("ヴィジョン", "ゔぃじょん"),
        ("葛\U000e0100城", "葛城"),
        ("データ", "でーた"),
    ],
)
def test_search_key_folds_width_kana_case_and_variants(typed: str, key: str) -> None:
    assert t.search_key(typed) == key


def test_search_key_keeps_variant_kanji_apart() -> None:
    assert t.search_key("髙橋") != t.search_key("高橋")


@given(st.text())
def test_search_key_of_a_search_key_is_itself(text: str) -> None:
    assert t.search_key(t.search_key(text)) == t.search_key(text)


def test_bigrams_are_the_pairs_of_neighbours() -> None:
    assert t.bigrams("観光振興") == "観光 光振 振興"


def test_bigrams_do_not_reach_across_blanks_and_punctuation() -> None:
    assert t.bigrams("第2期・観光_防災 海") == "第2 2期  観光  防災  海"


@pytest.mark.parametrize("query", ["観光", "かんこう ネット", "観", "ﾈｯﾄﾜｰｸ", "dx", "ＤＸ 観光"])
def test_every_word_of_the_query_is_found(query: str) -> None:
    assert t.contains_all("カンコウ・観光ネットワークのDX推進", query)


@pytest.mark.parametrize("query", ["防災", "光観", "観光 防災", "観ネ", "推進D"])
def test_a_word_that_is_not_there_is_not_found(query: str) -> None:
    assert not t.contains_all("観光ネットワークのDX推進", query)


def test_a_term_is_not_found_across_two_words() -> None:
    assert not t.contains_all("観光 光振", "観光振")


@given(
    st.text(alphabet="観光振興海 ab・", max_size=12), st.text(alphabet="観光振興海ab", min_size=1, max_size=4)
)
def test_pairs_answer_as_plain_containment_does(text: str, term: str) -> None:
    assert t.contains_all(text, term) == (term in text)


def test_pasted_text_loses_control_characters_and_keeps_lines() -> None:
    assert t.clean_pasted("一\x00行\x07目\r\n二行目\r三\u2028四\t五\ufeff") == "一行目\n二行目\n三\n四\t五"


def test_pasted_text_loses_lone_surrogates_and_turned_writing() -> None:
    assert t.clean_pasted("a\ud83db\u202ec\U0001fffe") == "abc"


@pytest.mark.parametrize("kept", ["😀👨‍👩‍👧", "葛\U000e0100", "髙﨑𠮷鷗", "①㈱㋿", "か゛"])
def test_pasted_text_keeps_what_people_write(kept: str) -> None:
    assert t.clean_pasted(kept) == kept


@given(st.text(alphabet=st.characters()))
def test_pasted_text_can_always_be_stored(text: str) -> None:
    cleaned = t.clean_pasted(text)
    assert "\x00" not in cleaned
    assert cleaned.encode().decode() == t.clean_pasted(cleaned)


def test_a_line_has_no_line_ends() -> None:
    assert t.clean_line(" 一\r\n二\t三  四 ") == "一 二 三 四"


@pytest.mark.parametrize(
    ("given_name", "stored"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\a\\報告.xlsx", "報告.xlsx"),
        ("報告\u202excod.exe", "報告xcod.exe"),
        (".htaccess", "htaccess"),
        ("CON.txt", "_CON.txt"),
        ('a<b>"c"?.pdf', "a_b__c__.pdf"),
        ("か\u3099.pdf", "が.pdf"),
        (" . ", "ファイル"),
        ("", "ファイル"),
    ],
)
def test_file_names_are_made_safe(given_name: str, stored: str) -> None:
    assert t.safe_file_name(given_name) == stored


def test_a_long_file_name_keeps_its_extension() -> None:
    name = t.safe_file_name("長い名前" * 100 + ".xlsx")
    assert name.endswith(".xlsx")
    assert len(name.encode()) <= 200


@given(st.text(alphabet=st.characters()))
def test_a_file_name_is_never_empty_a_path_or_too_long(text: str) -> None:
    name = t.safe_file_name(text)
    assert name
    assert not set(name) & set('/\\:\n\x00"')
    assert name not in {".", ".."}
    assert len(name.encode()) <= 200
