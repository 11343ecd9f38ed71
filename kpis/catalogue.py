"""指標の型紙: ready-made indicators to start from, so that regions count the same thing in the same way. Pure data.

What the national strategies and regional programmes usually follow up: patents, commercialisation, joint research,
ventures, jobs, production, productivity, people. A definition says what is counted and what is not.
"""

from __future__ import annotations

from dataclasses import dataclass

from kpis.periods import Grain
from kpis.rules import Accrual, Direction, Scale, TreeRule, Value


@dataclass(frozen=True)
class Template:
    """One ready-made indicator; the fields bear the names of `kpis.models.IndicatorSheet`."""

    key: str
    name: str
    definition: str
    unit: str
    formula: str = ""
    data_source: str = ""
    scale: Scale = Scale.NUMBER
    direction: Direction = Direction.UP
    accrual: Accrual = Accrual.FLOW
    grain: Grain = Grain.YEAR
    tree_rule: TreeRule = TreeRule.SUM
    level: str = "output"
    value: Value = Value.INDUSTRIAL
    sdgs: tuple[int, ...] = (9,)
    decimals: int = 0
    is_running_total: bool = False


TEMPLATES: tuple[Template, ...] = (
    Template(
        "researchers",
        "参加研究者数",
        "当該年度に、ビジョンのテーマに位置付けたプロジェクトに参加した研究者の実人数。同じ人が複数のプロジェクトに参加しても1人と数える。学生は含めない。",
        "person",
        data_source="各機関の研究者名簿",
        level="input",
    ),
    Template(
        "joint_research",
        "共同研究の実施件数",
        "当該年度に研究期間がある共同研究契約の数。複数年度の契約は、実施した各年度に1件と数える。研究費0円の契約を含み、件数を注記する。年度をまたいで足さない。",
        "count",
        data_source="大学の契約台帳",
    ),
    Template(
        "joint_research_money",
        "共同研究費の受入額",
        "共同研究契約により当該期間に受け入れた研究費（直接経費と間接経費の合計）。返還は負の値で計上する。",
        "yen_million",
        data_source="大学の契約台帳",
        scale=Scale.CURRENCY,
        grain=Grain.QUARTER,
        level="input",
        decimals=1,
        sdgs=(17,),
    ),
    Template(
        "patents",
        "特許出願件数",
        "当該年度に、プロジェクトの成果として国内で出願した特許の数。同じ発明の外国出願と分割出願は数えない。",
        "count",
        data_source="各機関の知的財産台帳",
    ),
    Template(
        "licences",
        "特許等の実施許諾件数",
        "当該年度に新たに結んだ実施許諾契約（譲渡を含む）の数。更新は数えない。",
        "count",
        data_source="各機関の知的財産台帳",
        value=Value.ECONOMIC,
    ),
    Template(
        "commercialised",
        "事業化件数",
        "プロジェクトの成果を使った製品・サービスで、当該年度に初めて売上が立ったものの数。試験販売を含むときは注記する。",
        "count",
        data_source="参加企業への照会",
        level="outcome",
        value=Value.ECONOMIC,
    ),
    Template(
        "sales",
        "成果を使った製品・サービスの売上高",
        "プロジェクトの成果を使った製品・サービスの出荷額又は売上高（税抜）。",
        "yen_million",
        data_source="参加企業の販売管理",
        scale=Scale.CURRENCY,
        grain=Grain.QUARTER,
        level="outcome",
        value=Value.ECONOMIC,
        decimals=1,
    ),
    Template(
        "ventures",
        "大学発ベンチャーの設立数（累計）",
        "プロジェクトの成果を基に設立された法人の数の累計。設立の登記日が属する年度に数え、解散しても減らさない。",
        "company",
        data_source="大学の認定台帳",
        is_running_total=True,
        level="outcome",
        value=Value.ECONOMIC,
    ),
    Template(
        "jobs",
        "新たに生まれた雇用者数",
        "プロジェクトに係る事業のために、当該年度に地域内で新たに雇用された人の数（週20時間以上）。異動は数えない。",
        "person",
        data_source="参加企業への照会",
        level="outcome",
        value=Value.ECONOMIC,
        sdgs=(8,),
    ),
    Template(
        "production",
        "生産額等の増加額",
        "プロジェクトに係る事業の当該年度の生産額（サービスは売上高）から、基準年度の額を引いた額。減ったときは負の値とする。",
        "yen_million",
        data_source="参加企業への照会",
        scale=Scale.CURRENCY,
        level="impact",
        value=Value.ECONOMIC,
        sdgs=(8,),
        decimals=1,
    ),
    Template(
        "productivity",
        "労働生産性",
        "参加企業の付加価値額の合計 ÷ 従業者数の合計。付加価値額は、営業利益・人件費・減価償却費の合計とする。",
        "yen_million/person",
        formula="付加価値額（百万円）÷ 従業者数（人）",
        data_source="参加企業の決算書",
        scale=Scale.RATIO,
        tree_rule=TreeRule.RATIO_OF_SUMS,
        level="impact",
        value=Value.ECONOMIC,
        sdgs=(8,),
        decimals=2,
    ),
    Template(
        "local_careers",
        "専門人材の地元就職・起業者数",
        "人材育成プログラムの修了者のうち、修了した年度の末日までに地域内で就職又は起業した人の数。",
        "person",
        data_source="修了者調査",
        level="outcome",
        value=Value.HUMAN,
        sdgs=(8,),
    ),
    Template(
        "satisfaction",
        "暮らしに満足している住民の割合",
        "住民アンケートで「満足」「やや満足」と答えた人 ÷ 同じ問に答えた人 × 100。",
        "percent",
        formula="満足・やや満足と答えた人 ÷ 答えた人 × 100",
        data_source="住民アンケート",
        scale=Scale.RATIO,
        accrual=Accrual.STOCK,
        tree_rule=TreeRule.RATIO_OF_SUMS,
        level="impact",
        value=Value.SOCIAL,
        sdgs=(11,),
        decimals=1,
    ),
    Template(
        "own_money",
        "補助金によらない財源の割合",
        "プロジェクトの当該年度の財源のうち、国・県の補助金と交付金を除いた額 ÷ 財源の合計額 × 100。",
        "percent",
        formula="補助金・交付金以外の額 ÷ 財源の合計額 × 100",
        data_source="プロジェクトの収支",
        scale=Scale.RATIO,
        tree_rule=TreeRule.RATIO_OF_SUMS,
        level="outcome",
        value=Value.ECONOMIC,
        sdgs=(17,),
        decimals=1,
    ),
)
BY_KEY = {each.key: each for each in TEMPLATES}


def template(key: str) -> Template | None:
    return BY_KEY.get(key)
