"""「この数値の根拠」 in words: the figure, how it is made, and the tree, as far as the reader may see it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from foundation.dates import wareki
from kpis.arithmetic import CellFigure, breakdown_gap, exact_sum
from kpis.explain import Node, periods_behind
from kpis.models import Evidence, IndicatorSheet, Measurement, MeasurementEvent, MeasurementPart
from kpis.periods import Grain
from kpis.rules import Missing, Nature, Scale, TimeRule, TreeRule, splits_add_up
from kpis.selectors.indicator import measurement_text
from kpis.selectors.why import Behind
from kpis.selectors.wording import (
    GAP_KINDS,
    address,
    figure_text,
    gap_word,
    plain_figure,
    post_text,
    step_name,
    unit_label,
    why_address,
)
from kpis.units import unit_of

Kind = MeasurementEvent.Kind
NAMED = 10  # children told in the sentence above the tree, which names them all


@dataclass
class Entered:
    """A measurement as it was entered, with who answers for it."""

    text: str
    nature: str
    reporter: str
    post: str
    organization: str
    submitted: MeasurementEvent | None
    approved: MeasurementEvent | None
    note: str
    evidence: list[Evidence]
    parts_note: str = ""

    @property
    def approver(self) -> str:
        """The name of who approved, unless it is the post's own."""
        event = self.approved
        return "" if event is None or (event.post and event.user_name == str(event.post)) else event.user_name


@dataclass
class Step:
    """One line of the tree, ready for print."""

    label: str
    url: str = ""
    figure: str = ""
    unit: str = ""
    gap: str = ""
    word: str = ""
    coverage: str = ""
    coverage_short: bool = False
    why: str = ""
    ratio: str = ""
    conversion: str = ""
    entered: Entered | None = None
    closed: str = ""
    reasons: list[str] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    hidden: int = 0
    left_out: list[str] = field(default_factory=list)


@dataclass
class Why:
    """The answer: the figure, how it is made in words, and the tree."""

    figure: CellFigure
    text: str
    step_name: str
    ratio: str
    root: Step
    sentences: list[str]
    natures: str
    differs: bool
    computed_at: datetime | None
    missing: str


class Explaining(Behind):
    """Writes the tree."""

    def answer(self) -> Why:
        sheet = self.ledger.sheets[self.indicator.pk]
        figure = self.tree.figure
        value = figure.stored(unit_of(sheet.unit))
        stored = self.stored() if self.as_of.moment is None else []
        root = self.step(self.tree, is_root=True)
        return Why(
            figure,
            "" if value is None else figure_text(value, sheet),
            step_name(value, sheet),
            ratio_text(figure, sheet),
            root,
            self.sentences(sheet),
            self.natures(),
            self.as_of.moment is None and self.differs(stored),
            max((row[4] for row in stored), default=None),
            root.word if value is None else "",
        )

    def natures(self) -> str:
        rows = [node.row for node in self.nodes if node.row is not None and not node.row.missing]
        found = {row.nature for row in rows}
        return "・".join(Nature(each).label for each in Nature if each in found)

    # --- words -----------------------------------------------------------------------------------------------------

    def sentences(self, sheet: IndicatorSheet) -> list[str]:
        """How the figure is made, in sentences."""
        found = [self._time_sentence(sheet), self._tree_sentence(sheet)]
        if self.tree.figure.reported < self.tree.figure.expected:
            found.append(
                _(
                    "届いている報告は%(expected)s件のうち%(reported)s件です。未報告は0とせず、除いて計算しています。"
                )
                % {"reported": self.tree.figure.reported, "expected": self.tree.figure.expected}
            )
        return [sentence for sentence in found if sentence]

    def _time_sentence(self, sheet: IndicatorSheet) -> str:
        own = periods_behind(self.ledger, self.indicator.pk, self.period)
        if sheet.is_running_total:
            return _("%(first)sからの累計です。期間ごとの値を足しています（基準値は足しません）。") % {
                "first": sheet.first_period.label
            }
        if own == [self.period] or not own:
            return ""
        rule = {
            TimeRule.SUM: _("%(grain)sの値%(count)s件分の合計です。"),
            TimeRule.LAST: _("%(grain)sの値のうち、最も新しいものです。"),
            TimeRule.MEAN: _("%(grain)sの値の平均です。"),
            TimeRule.MAX: _("%(grain)sの値のうち、最も大きいものです。"),
            TimeRule.MIN: _("%(grain)sの値のうち、最も小さいものです。"),
            TimeRule.RATIO_OF_SUMS: _(
                "%(grain)sの分子と分母をそれぞれ%(count)s件分合計し、割って計算しています。率の平均ではありません。"
            ),
        }[TimeRule(sheet.time_rule)]
        return rule % {"grain": Grain(sheet.grain).label, "count": len(own)}

    def _tree_sentence(self, sheet: IndicatorSheet) -> str:
        if not self.indicator.is_rolled_up:
            return _("担当が直接入力し、確認を受けた値です。")
        children = {
            node.indicator_id for node in self.nodes if node.link and node.link.parent_id == self.indicator.pk
        }
        rule = {
            TreeRule.SUM: _("下位のKPI %(count)s件の合計です。"),
            TreeRule.MEAN: _("下位のKPI %(count)s件の平均です。"),
            TreeRule.WEIGHTED_MEAN: _(
                "下位のKPI %(count)s件の加重平均です。値のあるものの重みだけで割っています。"
            ),
            TreeRule.MIN: _("下位のKPI %(count)s件のうち、最も小さい値です。"),
            TreeRule.MAX: _("下位のKPI %(count)s件のうち、最も大きい値です。"),
            TreeRule.LAST: _("下位のKPI %(count)s件のうち、最も新しい期間の値です。"),
            TreeRule.RATIO_OF_SUMS: _(
                "下位のKPI %(count)s件の分子と分母をそれぞれ合計し、割って計算しています。"
            ),
            TreeRule.COUNT_YES: _("下位のKPI %(count)s件のうち、「はい」の数です。"),
            TreeRule.SHARE_YES: _("下位のKPI %(count)s件のうち、「はい」の割合です。"),
        }[TreeRule(sheet.tree_rule)]
        return (rule % {"count": len(children)}) + self._joins(sheet)

    def _joins(self, sheet: IndicatorSheet) -> str:
        """「P1-1 は係数1、単位は百万円。」 for each child that may be named."""
        found = []
        for link in self.ledger.links.get(self.indicator.pk, []):
            child = self.visible.get(link.child_id)
            if child is None:
                continue
            words = {
                "code": child.code,
                "factor": plain_figure(link.factor),
                "unit": unit_label(self.ledger.sheets[child.pk]),
            }
            found.append(_("%(code)s は係数%(factor)s、単位は%(unit)s") % words)
        return "".join(f"{sentence}。" for sentence in found[:NAMED])

    # --- lines -----------------------------------------------------------------------------------------------------

    def step(self, node: Node, is_root: bool = False, parent: IndicatorSheet | None = None) -> Step:
        sheet = self.ledger.sheets[node.indicator_id]
        value = node.figure.stored(unit_of(sheet.unit))
        step = Step(
            self._label(node, is_root),
            figure="" if value is None else figure_text(value, sheet),
            unit=unit_label(sheet),
            coverage=f"{node.figure.reported}／{node.figure.expected}" if node.figure.expected else "",
            coverage_short=node.figure.reported < node.figure.expected,
            ratio=ratio_text(node.figure, sheet),
        )
        if node.link is not None:
            step.url = address("kpis:indicator", self.visible[node.indicator_id].public_id)
            step.conversion = self._conversion(node, sheet, parent)
        if not is_root and node.link is None and node.nodes:
            step.why = self._why(node)
        self._go_down(step, node, sheet)
        if value is None:
            self._missing(step, node)
        if node.row is not None:
            step.entered = self._entered(node.row, sheet)
            if step.entered is None and not node.row.missing:
                step.closed = _("報告者などの記録は、場の構成員だけが見られます。")
        return step

    def _go_down(self, step: Step, node: Node, sheet: IndicatorSheet) -> None:
        for child in node.nodes:
            if child.indicator_id in self.visible:
                step.steps.append(self.step(child, parent=sheet))
            else:
                step.hidden += 1
        if node.link is not None and len(step.steps) == 1 and node.nodes[0].period == node.period:
            only = step.steps[0]  # one own cell for one period: no line of its own
            step.steps, step.hidden, step.entered, step.closed = (
                only.steps,
                only.hidden,
                only.entered,
                only.closed,
            )
            step.gap, step.word, step.reasons, step.left_out = (
                only.gap,
                only.word,
                only.reasons,
                only.left_out,
            )
        step.left_out += [
            f"{self.visible[link.child_id].code} {self.visible[link.child_id].name}"
            for link in node.left_out
            if link.child_id in self.visible
        ]

    def _why(self, node: Node) -> str:
        public_id = self.ledger.indicators[node.indicator_id].public_id
        return why_address(public_id, node.period, self.basis, self.as_of.text)

    def _label(self, node: Node, is_root: bool) -> str:
        if node.link is not None or is_root:
            indicator = self.ledger.indicators[node.indicator_id]
            return f"{indicator.code} {indicator.name}"
        return node.period.label

    def _conversion(self, node: Node, sheet: IndicatorSheet, parent: IndicatorSheet | None) -> str:
        """「1,240千円 → 1.24百万円」, 「× 係数 0.5」; empty where nothing is converted."""
        link = node.link
        if parent is None or link is None or node.handed is None:
            return ""
        words = []
        if link.factor != 1:
            words.append(_("係数 %(factor)s を掛ける") % {"factor": plain_figure(link.factor)})
        if parent.tree_rule == TreeRule.WEIGHTED_MEAN:
            words.append(_("重み %(weight)s") % {"weight": plain_figure(link.weight)})
        value = node.handed.stored(unit_of(parent.unit))
        own = node.figure.stored(unit_of(sheet.unit))
        if value is not None and own is not None and (sheet.unit != parent.unit or link.factor != 1):
            words.append(
                f"{plain_figure(own)}{unit_label(sheet)} → {plain_figure(value)}{unit_label(parent)}"
            )
        return "、".join(words)

    def _missing(self, step: Step, node: Node) -> None:
        """Why there is no figure, and who is asked."""
        row = node.row
        code = row.missing if row is not None and row.missing else ""
        if not code and not node.nodes:
            ended = node.period.last_day < self.as_of.today
            code = Missing.NOT_REPORTED if ended else Missing.NOT_DUE
        if step.gap:
            return
        if not code and node.figure.reported:
            step.gap, step.word = "no_value", _("分母が0のため計算できません")
            return
        if not code:
            within = {each.gap for each in step.steps}
            code = Missing.NOT_APPLICABLE if node.figure.expected == 0 else Missing.NOT_REPORTED
            if within == {"early"}:
                code = Missing.NOT_DUE
        step.gap, step.word = GAP_KINDS[code], gap_word(code)
        if not node.nodes:
            step.reasons = list(self._reasons(node, row))

    def _reasons(self, node: Node, row: Measurement | None) -> list[str]:
        found = []
        keeper = self.visible.get(node.indicator_id)
        if row is None and keeper is not None and keeper.post is not None:
            found.append(
                _("報告する所管課：%(keeper)s") % {"keeper": post_text(keeper.post)} + self._vacant(keeper)
            )
        waiting = self.waiting.get((node.indicator_id, node.period))
        if waiting is not None and waiting.pk > (row.pk if row is not None else 0):
            found.append(self._waiting_words(waiting))
        return found

    def _vacant(self, keeper: Any) -> str:
        if keeper.holder or not self.actor.is_authenticated:
            return ""
        if keeper.last_held_on is None:
            return _("（主担当が空席です）")
        since = wareki(keeper.last_held_on + timedelta(days=1))
        return _("（主担当が空席です。%(since)sから）") % {"since": since}

    def _waiting_words(self, row: Any) -> str:
        figure = measurement_text(row, self.ledger.sheets[row.indicator_id])
        if row.last_kind == Kind.RETURNED:
            note = _("理由：%(note)s") % {"note": row.last_note} if row.last_note else ""
            return _("差戻しになった値（%(figure)s）があります。数えていません。") % {"figure": figure} + note
        if row.last_kind == Kind.WITHDRAWN:
            return _("取り下げられた値（%(figure)s）があります。数えていません。") % {"figure": figure}
        return _("承認を待っている値（%(figure)s）があります。承認済みの値には数えていません。") % {
            "figure": figure
        }

    def _entered(self, row: Measurement, sheet: IndicatorSheet) -> Entered | None:
        events = self.events.get(row.pk)
        if events is None:
            return None
        kept = {event.kind: event for event in events}
        seen = events[0].measurement
        evidence = [
            item
            for item in self.evidence.get(row.submission_id or 0, [])
            if item.indicator_id in (None, row.indicator_id)
        ]
        return Entered(
            measurement_text(row, sheet),
            "" if row.missing else Nature(row.nature).label,
            "" if seen.post and row.reporter_name == str(seen.post) else row.reporter_name,
            str(seen.post) if seen.post else "",
            seen.organization.name if seen.organization else "",
            kept.get(Kind.SUBMITTED),
            kept.get(Kind.APPROVED),
            row.note,
            evidence,
            self._parts_note(row, sheet),
        )

    def _parts_note(self, row: Measurement, sheet: IndicatorSheet) -> str:
        """The reported parts, and 内訳不完全 with the difference where they do not add up."""
        parts = self.parts.get(row.pk, [])
        if not parts or row.value is None:
            return ""
        words = "、".join(
            f"{part.part.name} {plain_figure(part.value)}" for part in parts if part.value is not None
        )
        tested = splits_add_up(Scale(sheet.scale), TimeRule(sheet.time_rule))
        gaps = [gap for gap in self._gaps(row, parts) if gap] if tested else []
        note = _("（内訳不完全：差%(gap)s）") % {"gap": plain_figure(exact_sum(gaps))} if gaps else ""
        return _("内訳：%(parts)s") % {"parts": words} + note

    def _gaps(self, row: Measurement, parts: list[MeasurementPart]) -> list[Any]:
        dimensions = {part.part.dimension_id for part in parts}
        found: list[Any] = []
        for dimension in dimensions:
            own = [CellFigure(part.value) for part in parts if part.part.dimension_id == dimension]
            found += breakdown_gap(CellFigure(row.value), own)
        return found


def ratio_text(figure: CellFigure, sheet: IndicatorSheet) -> str:
    """「1,832／6,019」 for a ratio, in the indicator's own unit."""
    if sheet.scale != Scale.RATIO or figure.numerator is None or figure.denominator is None:
        return ""
    numerator = unit_of(sheet.unit).from_smallest(figure.numerator)
    return f"{plain_figure(numerator)}／{plain_figure(figure.denominator)}"
