"""The sample files hold together: references resolve, figures add up, inventions are marked.

Nothing of the product is imported here. The arithmetic is a second, much smaller computation of the
rules of the KPI core (sum, ratio of sums, last, 千円→百万円) on `Fraction`, so that the figures which
other tests compare against do not rest on the code under test.
"""

import csv
import json
import re
from collections import Counter
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

DATA = Path(__file__).resolve().parents[2] / "portal" / "sample" / "data"
FORUM = DATA / "shionagi"
RECORD = DATA / "public_record"
TODAY = "2026-11-20"
FICTITIOUS = "（架空）"
GRAIN_MONTHS = {"月": 1, "四半期": 3, "半期": 6, "年度": 12}
UNIT_IN_MILLIONS = {"千円": Fraction(1, 1000), "百万円": Fraction(1)}
COMPUTED = ("V-K01", "V-K02", "V-K03", "V-K05", "V-K06", "V-K08", "V-K09")

Row = dict[str, str]


@cache
def table(name: str, room: Path = FORUM) -> tuple[Row, ...]:
    """Every row of a CSV file as written, blanks as empty strings."""
    with (room / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file, strict=True))


@cache
def document(name: str) -> Any:
    """A JSON file of the fictitious forum."""
    return json.loads((FORUM / f"{name}.json").read_text(encoding="utf-8"))


def ids(name: str, column: str = "id") -> set[str]:
    """The identifiers that a table gives out."""
    return {row[column] for row in table(name)}


def split(cell: str) -> list[str]:
    """A cell with several references: `O01;O02`."""
    return [part for part in cell.split(";") if part]


# --- periods -----------------------------------------------------------------------------------


class Span(NamedTuple):
    """A period as the index of its first month and its length in months."""

    first: int
    months: int

    @property
    def end(self) -> int:
        """The index of the month after the last one."""
        return self.first + self.months


def parse(code: str) -> Span:
    """Read `2025-04`, `FY2025-Q1`, `FY2025-H2` or `FY2025`; anything else fails the test."""
    if month := re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", code):
        return Span(int(month[1]) * 12 + int(month[2]) - 1, 1)
    match = re.fullmatch(r"FY(\d{4})(?:-(Q[1-4]|H[12]))?", code)
    assert match, f"not a period: {code}"
    start, part = int(match[1]) * 12 + 3, match[2]
    if not part:
        return Span(start, 12)
    months = 3 if part[0] == "Q" else 6
    return Span(start + (int(part[1]) - 1) * months, months)


def within(inner: Span, outer: Span) -> bool:
    """Whether `inner` lies in `outer` whole."""
    return outer.first <= inner.first and inner.end <= outer.end


# --- a second, small computation of the roll-up ---------------------------------------------------


class Figure(NamedTuple):
    """A rolled-up figure in the parent's unit; numerator and denominator for ratios only."""

    value: Fraction | None
    numerator: Fraction | None
    denominator: Fraction | None
    reported: int
    expected: int


def counts(row: Row, basis: str, as_of: str) -> bool:
    """Whether a measurement stands on this basis at the end of that day."""
    if basis == "承認済み":
        return bool(row["approved_on"]) and row["approved_on"] <= as_of
    returned = bool(row["returned_on"]) and row["returned_on"] <= as_of
    return bool(row["submitted_on"]) and row["submitted_on"] <= as_of and not returned


def cells(code: str, basis: str, as_of: str) -> dict[Span, Row]:
    """The newest standing measurement of each period; the ledger's order is the order of entry."""
    rows = (row for row in table("measurements") if row["indicator"] == code)
    return {parse(row["period"]): row for row in rows if counts(row, basis, as_of)}


def expected_count(child: Row, period: Span) -> int:
    """How many periods of the child's own grain the period should hold."""
    months = GRAIN_MONTHS[child["grain"]]
    first = max(parse(child["first_period"]).first, period.first)
    end = min(parse(child["last_period"]).end, period.end) if child["last_period"] else period.end
    return max(0, (end - first) // months)


def present(child: Row, period: Span, basis: str, as_of: str) -> list[Row]:
    """The child's standing measurements inside the period."""
    return [row for span, row in cells(child["code"], basis, as_of).items() if within(span, period)]


def children_of(parent: str) -> list[tuple[Row, Row]]:
    """Each contribution into the parent, with its child."""
    by_code = {row["code"]: row for row in table("child_indicators")}
    return [(row, by_code[row["child"]]) for row in table("contributions") if row["parent"] == parent]


def conversion(link: Row) -> Fraction:
    """From the child's unit to the parent's, times the factor."""
    if link["unit_from"] == link["unit_to"]:
        return Fraction(link["factor"])
    return Fraction(link["factor"]) * UNIT_IN_MILLIONS[link["unit_from"]] / UNIT_IN_MILLIONS[link["unit_to"]]


def summed(parent: str, period: Span, basis: str, as_of: str) -> Figure:
    """Sum of the children's sums."""
    total, reported, expected = Fraction(0), 0, 0
    for link, child in children_of(parent):
        rows = present(child, period, basis, as_of)
        total += sum((Fraction(row["value"]) for row in rows), Fraction(0)) * conversion(link)
        reported += len(rows)
        expected += expected_count(child, period)
    return Figure(total if reported else None, None, None, reported, expected)


def ratio_of_sums(parent: str, period: Span, basis: str, as_of: str) -> Figure:
    """Numerators and denominators added up, then divided, in percent."""
    rows, expected = [], 0
    for _, child in children_of(parent):
        rows += present(child, period, basis, as_of)
        expected += expected_count(child, period)
    if not rows:
        return Figure(None, None, None, 0, expected)
    over = sum((Fraction(row["numerator"]) for row in rows), Fraction(0))
    under = sum((Fraction(row["denominator"]) for row in rows), Fraction(0))
    return Figure(100 * over / under, over, under, len(rows), expected)


def running(parent: Row, period: Span, basis: str, as_of: str) -> Figure:
    """The sum since the base period; the coverage is that of the period itself."""
    base = parse(parent["base_period"]).first
    since = summed(parent["code"], Span(base, period.end - base), basis, as_of)
    own = summed(parent["code"], period, basis, as_of)
    return Figure(since.value, None, None, own.reported, own.expected)


def rolled_up(code: str, period: str, basis: str, as_of: str) -> Figure:
    """The figure of a rolled-up indicator by its own tree rule."""
    parent = next(row for row in table("indicators") if row["code"] == code)
    if parent["running_total"] == "1":
        return running(parent, parse(period), basis, as_of)
    rule = {"合計": summed, "分子・分母の合計": ratio_of_sums}[parent["tree_rule"]]
    return rule(code, parse(period), basis, as_of)


def shown(value: Fraction, like: str) -> str:
    """Rounded half up to as many decimals as `like` is written with."""
    places = len(like.partition(".")[2])
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return str(exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))


def check_rows(codes: tuple[str, ...] = COMPUTED) -> list[Row]:
    """The rows of the 検算表 for these indicators."""
    return [row for row in table("check_table") if row["kpi"] in codes]


def name_of(row: Row) -> str:
    """A readable test id."""
    return "-".join(row[key] for key in ("kpi", "period", "basis", "as_of"))


# --- the 検算表 ---------------------------------------------------------------------------------


@pytest.mark.parametrize("row", check_rows(), ids=name_of)
def test_value_of_the_check_table_follows_from_the_ledger(row: Row) -> None:
    figure = rolled_up(row["kpi"], row["period"], row["basis"], row["as_of"])
    assert (shown(figure.value, row["value"]) if figure.value is not None else "") == row["value"]


@pytest.mark.parametrize("row", check_rows(), ids=name_of)
def test_coverage_of_the_check_table_follows_from_the_ledger(row: Row) -> None:
    figure = rolled_up(row["kpi"], row["period"], row["basis"], row["as_of"])
    assert (str(figure.reported), str(figure.expected)) == (row["reported"], row["expected"])


@pytest.mark.parametrize("row", [r for r in check_rows() if r["numerator"]], ids=name_of)
def test_ratio_of_the_check_table_is_a_ratio_of_sums(row: Row) -> None:
    figure = rolled_up(row["kpi"], row["period"], row["basis"], row["as_of"])
    assert (figure.numerator, figure.denominator) == (
        Fraction(row["numerator"]),
        Fraction(row["denominator"]),
    )


def exact_value(row: Row) -> Fraction:
    """The unrounded figure behind a row of the 検算表."""
    if row["numerator"]:
        return Fraction(int(row["numerator"]) * 100, int(row["denominator"]))
    return Fraction(row["value"])


def baseline(code: str) -> Fraction:
    """The 基準値, exact where numerator and denominator are known."""
    row = next(r for r in table("baselines_targets") if r["indicator"] == code and r["kind"] == "基準値")
    return exact_value(row)


@pytest.mark.parametrize("row", [r for r in table("check_table") if r["rate"]], ids=name_of)
def test_rate_of_the_check_table_follows_from_value_target_and_baseline(row: Row) -> None:
    value, target = exact_value(row), Fraction(row["target"])
    rate = value / target
    if row["rate_kind"] == "進捗率":
        base = baseline(row["kpi"])
        rate = (value - base) / (target - base)
    assert shown(100 * rate, row["rate"]) == row["rate"]


def grade(row: Row) -> str:
    """三段階 without 評価不能 and 判定保留, neither of which follows from the row alone."""
    if row["met"] == "達成":
        return "順調"
    return "おおむね順調" if row["rate"] and Fraction(row["rate"]) >= 80 else "課題あり"


@pytest.mark.parametrize(
    "row", [r for r in table("check_table") if r["grade"] not in ("", "判定保留")], ids=name_of
)
def test_grade_of_the_check_table_follows_the_forums_scheme(row: Row) -> None:
    assert grade(row) == row["grade"]


def test_missing_quarter_decides_whether_the_burnt_tonnage_of_fy2024_meets_its_target() -> None:
    figure = rolled_up("V-K02", "FY2024", "承認済み", TODAY)
    assert figure.value is not None
    assert figure.value + 120 <= 4600 < figure.value + 140


@pytest.mark.parametrize("row", [r for r in table("check_table") if r["table"] == "検算表"], ids=name_of)
def test_target_of_the_check_table_is_the_agreed_one(row: Row) -> None:
    agreed = [
        (r["value"], r["lower"], r["upper"])
        for r in table("baselines_targets")
        if (r["indicator"], r["kind"], r["period"]) == (row["kpi"], "目標値", row["period"])
        and not r["superseded_on"]
    ]
    expected = [(row["target"], row["target_lower"], row["target_upper"])]
    assert (agreed or [("", "", "")]) == expected


# --- the ledger --------------------------------------------------------------------------------


def test_ledger_has_146_numbered_rows() -> None:
    assert [int(row["no"]) for row in table("measurements")] == list(range(1, 147))


def test_every_period_is_of_its_indicators_grain_and_lifetime() -> None:
    known = {row["code"]: row for row in (*table("indicators"), *table("child_indicators"))}
    for row in table("measurements"):
        indicator, period = known[row["indicator"]], parse(row["period"])
        assert period.months == GRAIN_MONTHS[indicator["grain"]], row["no"]
        assert parse(indicator["first_period"]).first <= period.first, row["no"]
        assert not indicator["last_period"] or period.end <= parse(indicator["last_period"]).end, row["no"]


def test_only_directly_entered_indicators_have_measurements() -> None:
    entry = {row["code"]: row["entry"] for row in (*table("indicators"), *table("child_indicators"))}
    assert {entry[row["indicator"]] for row in table("measurements")} == {"直接入力"}


def test_a_row_holds_a_value_or_a_fraction_or_says_why_not() -> None:
    for row in table("measurements"):
        empty = row["state"] in ("未報告", "欠測", "対象外")
        fraction = bool(row["numerator"]) and bool(row["denominator"])
        assert (bool(row["value"]) + fraction) == (0 if empty else 1), row["no"]
        assert not (empty and not row["note"]), row["no"]


def test_states_agree_with_the_dates() -> None:
    for row in table("measurements"):
        assert bool(row["approved_on"]) == (row["state"] == "承認済み"), row["no"]
        assert bool(row["returned_on"]) == (row["state"] == "差戻し"), row["no"]
        assert row["submitted_on"] <= (row["approved_on"] or TODAY) <= TODAY, row["no"]


def test_the_single_correction_is_the_only_cell_with_two_rows() -> None:
    cell_counts = Counter((row["indicator"], row["period"]) for row in table("measurements"))
    (correction,) = table("value_corrections")
    twice = [cell for cell, count in cell_counts.items() if count == 2]
    assert twice == [(correction["indicator"], correction["period"])]
    values = {row["no"]: row["value"] for row in table("measurements")}
    assert values[correction["old_measurement_no"]] == correction["old_value"]
    assert values[correction["new_measurement_no"]] == correction["new_value"]


def test_parts_differ_from_their_total_by_what_is_written() -> None:
    totals = {(r["indicator"], r["period"]): r["value"] for r in table("measurements")}
    for check in table("measurement_parts_check"):
        cell = (check["indicator"], check["period"])
        parts = [int(p["value"]) for p in table("measurement_parts") if (p["indicator"], p["period"]) == cell]
        assert totals[cell] == check["total"]
        assert int(check["total"]) - sum(parts) == int(check["difference"])


@pytest.mark.parametrize(
    ("project", "year"),
    [
        (p, y)
        for p in ("P1", "P3", "P5")
        for y in ("FY2023", "FY2024", "FY2025")
        if (p, y) not in {("P3", "FY2023"), ("P5", "FY2023")}
    ],
)
def test_research_money_of_a_finished_year_equals_the_ledger(project: str, year: str) -> None:
    paid = [
        int(r["amount"])
        for r in table("project_funding")
        if (r["project"], r["fiscal_year"], r["source_kind"]) == (project, year, "共同研究費")
    ]
    standing = cells(f"{project}-2", "承認済み", TODAY)
    booked = sum(int(row["value"]) for span, row in standing.items() if within(span, parse(year)))
    assert paid == [booked]


def test_indirect_cost_is_thirty_percent_of_the_direct_cost() -> None:
    for row in table("project_funding"):
        if row["direct_cost"]:
            direct, indirect = int(row["direct_cost"]), int(row["indirect_cost"])
            assert direct + indirect == int(row["amount"])
            assert 10 * indirect == 3 * direct


# --- references --------------------------------------------------------------------------------

ORGANIZATION_COLUMNS = {
    "memberships": ["organization"],
    "posts": ["organization"],
    "people": ["organization"],
    "stances": ["organization"],
    "themes": ["lead_organizations", "supporting_organizations"],
    "publication_consents": ["organization"],
    "measurement_parts": ["organization"],
    "projects": ["lead_organization", "partner_organizations", "cooperating_organizations"],
    "project_funding": ["organization"],
    "project_team": ["organizations"],
    "alignment_answers": ["organization"],
    "agenda_items": ["proposer_organizations"],
    "decisions": ["owner_organizations"],
    "policy_links": ["organization"],
    "decision_stances": ["organization"],
    "pledges": ["organization", "beneficiary_organization"],
    "opportunities": ["organization"],
    "interests": ["organization", "introduced_by_organization"],
}
POST_COLUMNS = {
    "assignments": ["post"],
    "duties": ["post"],
    "indicators": ["keeper_post"],
    "child_indicators": ["keeper_post"],
    "contributions": ["accepted_by_post"],
    "measurements": ["reporter_post"],
    "outlooks": ["registered_by_post"],
    "reports": ["exempt_approved_by_post"],
    "report_returns": ["by_post"],
    "decisions": ["owner_posts"],
    "interests": ["post", "introduced_by_post", "escalated_to_post"],
    "handover": ["post"],
}
INDICATOR_COLUMNS = {
    "baselines_targets": ["indicator"],
    "indicator_levels": ["indicator"],
    "measurements": ["indicator"],
    "measurement_parts": ["indicator"],
    "contributions": ["parent", "child"],
    "check_table": ["kpi"],
    "outlooks": ["indicator"],
    "publication_consents": ["indicator"],
    "report_returns": ["indicator"],
    "corrections": ["indicator"],
    "value_corrections": ["indicator"],
    "pledges": ["indicator"],
}
OTHER_COLUMNS = [
    ("projects", "id", {"project_funding": "project", "project_team": "project", "reports": "project",
                        "report_returns": "project", "report_reminders": "project",
                        "alignment_answers": "project", "corrections": "project", "pledges": "project",
                        "opportunities": "origin_project"}),
    ("themes", "id", {"steps": "theme", "indicators": "themes", "projects": "themes", "pledges": "theme"}),
    ("people", "id", {"assignments": "person", "report_returns": "by_person", "interests": "person",
                      "handover": "from_person"}),
    ("rounds", "id", {"reports": "round", "report_returns": "round", "report_reminders": "round",
                      "alignment_answers": "round"}),
    ("meetings", "id", {"agenda_items": "meeting", "decisions": "meeting"}),
    ("decisions", "id", {"baselines_targets": "decision", "policy_links": "decision",
                         "decision_stances": "decision", "corrections": "decision",
                         "agenda_items": "decision", "pledges": "decision"}),
    ("opportunities", "id", {"interests": "opportunity", "project_team": "opportunity"}),
    ("pledges", "id", {"opportunities": "origin_pledge"}),
    ("corrections", "id", {"corrections": "caused_by"}),
    ("measurements", "no", {"value_corrections": "new_measurement_no"}),
]  # fmt: skip


def unresolved(columns: dict[str, list[str]], known: set[str]) -> list[tuple[str, str, str]]:
    """Every reference in these columns that points at nothing."""
    return [
        (name, column, reference)
        for name, names in columns.items()
        for column in names
        for row in table(name)
        for reference in split(row[column])
        if reference not in known
    ]


def test_every_organization_named_exists() -> None:
    assert unresolved(ORGANIZATION_COLUMNS, ids("organizations")) == []


def test_every_post_named_exists() -> None:
    assert unresolved(POST_COLUMNS, ids("posts")) == []


def test_every_indicator_named_exists() -> None:
    known = ids("indicators", "code") | ids("child_indicators", "code")
    assert unresolved(INDICATOR_COLUMNS, known) == []


@pytest.mark.parametrize(
    ("target", "key", "columns"), OTHER_COLUMNS, ids=lambda v: v if isinstance(v, str) else ""
)
def test_every_other_reference_resolves(target: str, key: str, columns: dict[str, str]) -> None:
    assert unresolved({name: [column] for name, column in columns.items()}, ids(target, key)) == []


def test_every_scope_of_a_duty_exists() -> None:
    known = {"場": {"F1"}, "機関": ids("organizations"), "プロジェクト": ids("projects"), "全体": {""}}
    assert [row for row in table("duties") if row["scope_id"] not in known[row["scope"]]] == []


def test_every_scorecard_of_a_child_is_the_vision_or_a_project() -> None:
    owners = ids("projects") | {document("vision")["id"]}
    assert {row["scorecard"] for row in table("child_indicators")} <= owners


def test_voices_case_and_vision_point_at_things_that_exist() -> None:
    for voice in document("voices"):
        assert set(voice["owner_posts"]) <= ids("posts")
        assert voice["subject"] in ids("projects") | ids("themes")
    case = document("case")
    assert {case["project"], *(c["project"] for c in case["cited_by"])} <= ids("projects")
    assert {v["decision"] for v in document("vision")["versions"]} <= ids("decisions")
    assert {v["meeting"] for v in document("vision")["versions"]} <= ids("meetings")


def test_forum_names_owners_core_body_and_secretariat_that_exist() -> None:
    forum = document("forum")
    named = {forum["core_organization"], forum["deputy_core_organization"]}
    assert named | set(forum["owner_organizations"]) <= ids("organizations")
    assert set(forum["secretariat_posts"]) <= ids("posts")
    core = [row["organization"] for row in table("memberships") if row["is_core"] == "1"]
    assert core == [forum["core_organization"]]


def test_handover_items_refer_to_things_that_exist() -> None:
    known = ids("decisions") | ids("pledges") | ids("rounds") | ids("projects") | ids("organizations")
    known |= ids("indicators", "code")
    assert {row["reference"] for row in table("handover")} <= known


def test_changed_targets_carry_the_decision_that_changed_them() -> None:
    for change in document("vision")["versions"][1]["target_changes"]:
        rows = {
            (r["version"], r["decision"]): r["value"]
            for r in table("baselines_targets")
            if (r["indicator"], r["period"], r["kind"]) == (change["indicator"], change["period"], "目標値")
        }
        assert rows == {("v1.0", "D2-1"): change["from"], ("v1.1", "D5-2"): change["to"]}


def test_no_person_is_in_a_post_of_which_the_main_holder_overlaps() -> None:
    for post in ids("posts"):
        main = [r for r in table("assignments") if r["post"] == post and r["role"] == "主担当"]
        ends = [row["to"] for row in main][:-1]
        starts = [row["from"] for row in main][1:]
        assert all(end < start for end, start in zip(ends, starts, strict=True)), post


def test_cross_appointment_adds_up_to_a_whole() -> None:
    effort: Counter[str] = Counter()
    for row in table("assignments"):
        effort[row["person"]] += int(row["percent"] or 0)
    assert {person: total for person, total in effort.items() if total} == {"H11": 100}


def test_days_late_follow_from_the_dates() -> None:
    due = {row["id"]: date.fromisoformat(row["due_on"]) for row in table("rounds")}
    for row in table("reports"):
        if row["late_days"]:
            upto = date.fromisoformat(row["submitted_on"] or TODAY)
            assert (upto - due[row["round"]]).days == int(row["late_days"])


def test_spread_of_the_alignment_answers_is_largest_minus_smallest() -> None:
    for number in {row["question_no"] for row in table("alignment_answers")}:
        rows = [row for row in table("alignment_answers") if row["question_no"] == number]
        scores = [int(row["score"]) for row in rows]
        assert {int(row["spread"]) for row in rows} == {max(scores) - min(scores)}


# --- inventions and identifiers ------------------------------------------------------------------


@pytest.mark.parametrize("name", ["organizations", "people", "projects"])
def test_every_invented_name_is_marked_as_fictitious(name: str) -> None:
    assert [row["name"] for row in table(name) if not row["name"].endswith(FICTITIOUS)] == []


def test_forum_vision_and_case_are_marked_as_fictitious() -> None:
    assert all(document(name)["name"].endswith(FICTITIOUS) for name in ("forum", "vision", "case"))


def test_residents_who_ask_are_marked_as_fictitious() -> None:
    assert all(voice["asker"].endswith(FICTITIOUS) for voice in document("voices"))


def test_fictitious_bodies_carry_no_real_number() -> None:
    columns = ("corporate_number", "local_government_code", "erad_code")
    assert {row[column] for row in table("organizations") for column in columns} == {""}


def test_mail_addresses_and_telephone_numbers_reach_nobody() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in sorted(FORUM.iterdir()))
    assert {m.rpartition(".example.jp")[1] for m in re.findall(r"[\w.-]+@[\w.-]+", text)} == {".example.jp"}
    assert set(re.findall(r"\d{2,4}-\d{2,4}-\d{4}", text)) == {"000-000-0000"}


@pytest.mark.parametrize("path", sorted(DATA.glob("*/*.csv")), ids=lambda path: path.stem)
def test_every_table_is_rectangular_with_a_snake_case_header(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file, strict=True)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", column) for column in header)
    assert len(set(header)) == len(header)
    assert rows
    assert {len(row) for row in rows} == {len(header)}


# --- the public record ---------------------------------------------------------------------------


def check_digit(five: str) -> str:
    """The sixth digit of a 全国地方公共団体コード."""
    weighted = sum(int(digit) * weight for digit, weight in zip(five, (6, 5, 4, 3, 2), strict=True))
    return str((11 - weighted % 11) % 10)


def test_local_government_codes_have_six_digits_and_the_right_check_digit() -> None:
    codes = [
        r["local_government_code"] for r in table("organizations", RECORD) if r["kind"].startswith("自治体")
    ]
    assert len(codes) == 7
    assert [
        code for code in codes if not re.fullmatch(r"\d{6}", code) or check_digit(code[:5]) != code[5]
    ] == []


@pytest.mark.parametrize("name", ["series", "roadmap", "cases", "organizations"])
def test_every_public_row_names_a_source_that_is_listed(name: str) -> None:
    listed = {row["id"] for row in table("sources", RECORD)}
    assert [row for row in table(name, RECORD) if row["source"] not in listed] == []


def test_every_source_has_title_and_publisher() -> None:
    assert all(row["title"] and row["publisher"] for row in table("sources", RECORD))


def test_every_quotation_of_a_figure_contains_the_figure() -> None:
    narrow = str.maketrans("０１２３４５６７８９，", "0123456789,")
    for row in table("series", RECORD):
        if row["quote"]:
            quote = row["quote"].translate(narrow).replace(",", "")
            assert (row["actual"] or row["target"]) in quote, row["code"]


def test_public_series_have_at_most_one_row_per_period() -> None:
    repeated = Counter((row["code"], row["period"]) for row in table("series", RECORD))
    assert max(repeated.values()) == 1
    assert all(not row["period"] or parse(row["period"]) for row in table("series", RECORD))


def test_years_that_were_not_published_stay_a_gap() -> None:
    years = [row["period"] for row in table("series", RECORD) if row["code"] == "JR-NUM"]
    assert years == ["FY2011", "FY2012", "FY2013", "FY2014", "FY2015", "FY2020", "FY2021"]


@pytest.mark.parametrize(
    ("code", "rates"), [("UA-PAT", ["59.2", "75.5", "74.4"]), ("UA-BIZ", ["197.2", "145.9", "121.1"])]
)
def test_attainment_of_the_city_area_programme(code: str, rates: list[str]) -> None:
    rows = [row for row in table("series", RECORD) if row["code"] == code]
    assert [shown(Fraction(100 * int(r["actual"]), int(r["target"])), "0.0") for r in rows] == rates


def test_roadmap_has_its_31_rows_complete_and_in_order() -> None:
    rows = table("roadmap", RECORD)
    assert [int(row["position"]) for row in rows] == list(range(1, 32))
    assert len({row["issue"] for row in rows}) == 8
    assert all(row["direction"] and row["timing"] and row["ministries"] for row in rows)
    assert all(row["reform"].endswith("。") for row in rows)


def test_six_regional_cases_have_features_and_issues() -> None:
    rows = table("cases", RECORD)
    assert len(rows) == 6
    assert all(row["features"].startswith("・") and row["issues"].startswith("・") for row in rows)


def test_every_case_names_a_region_and_a_body_that_are_listed() -> None:
    named = {row["name"] for row in table("organizations", RECORD)}
    assert {row[key] for row in table("cases", RECORD) for key in ("region", "organizations")} <= named
