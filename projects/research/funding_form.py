"""財源 as it is typed: sources, each with one amount and its step for every fiscal year, in 千円."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from foundation.dates import fiscal_year, fiscal_year_label
from foundation.errors import DomainError
from foundation.figures import show_figure
from kpis.figures import FigureError, parse_figure
from projects.research.funding import STEPS, THOUSAND, FundingCell
from projects.research.models import FundingAmount, FundingSource, Project
from projects.research.services.funding import Amount, Source

Nature = FundingAmount.Nature
MOST_YEARS = 15
MOST_ROWS = 40
MORE_LINES = 2


def in_thousands(yen: int | None) -> str:
    """11,700,000 → 「11700」; what is not whole in 千円 keeps its decimals."""
    if yen is None:
        return ""
    text = format(Decimal(yen) / THOUSAND, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _shown(yen: int) -> str:
    return show_figure(Decimal(yen) / THOUSAND, 3 if yen % THOUSAND else 0)


def yen_of(text: str) -> int | None:
    """What was typed in 千円, in yen; None for blank. DomainError (amount) where it is no amount."""
    if not text.strip():
        return None
    try:
        yen = parse_figure(text) * THOUSAND
    except FigureError as error:
        raise DomainError("amount", str(error), field="amount") from error
    if yen != int(yen):
        raise DomainError("amount", _("1円より細かい額は入力できません。"), field="amount")
    return int(yen)


def years_of(project: Project, sources: Iterable[FundingSource]) -> list[int]:
    """The fiscal years of the project's period, and those in which amounts stand."""
    first = fiscal_year(project.starts_on)
    last = fiscal_year(project.ends_on) if project.ends_on else first + 2
    years = set(range(first, min(last, first + MOST_YEARS - 1) + 1))
    return sorted(years | {row.fiscal_year for source in sources for row in source.amounts.all()})


@dataclass
class YearField:
    """One year of a source: the amount as typed, its step, and what stands beside it."""

    year: int
    name: str
    text: str = ""
    nature: str = Nature.PLANNED
    told: list[FundingAmount] = field(default_factory=list)
    error: str = ""
    main: FundingAmount | None = None

    @property
    def label(self) -> str:
        return fiscal_year_label(self.year)

    @property
    def told_texts(self) -> list[str]:
        return [
            _("%(nature)s %(amount)s千円")
            % {"nature": row.get_nature_display(), "amount": _shown(row.amount)}
            for row in self.told
        ]

    def amounts(self, is_rate_changed: bool) -> list[Amount]:
        """What to write: nothing where nothing was changed."""
        yen, main = yen_of(self.text), self.main
        if main is None:
            return [] if yen is None else [Amount(self.year, self.nature, yen)]
        is_same = yen == main.amount and self.nature == main.nature
        if is_same and not is_rate_changed:
            return []
        taken = Amount(self.year, main.nature, None)
        if yen is None:
            return [taken]
        steps = [each.value for each in STEPS]
        goes_back = steps.index(self.nature) > steps.index(main.nature)
        return [*([taken] if goes_back else []), Amount(self.year, self.nature, yen)]


@dataclass
class SourceField:
    """One source as typed; `row` is what stands, None for a new one."""

    prefix: str
    row: FundingSource | None
    years: list[YearField]
    name: str = ""
    kind: str = FundingSource.Kind.COMPANY
    rate: str = ""
    note: str = ""
    is_removed: bool = False
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def is_blank(self) -> bool:
        return self.row is None and not (self.name.strip() or any(year.text.strip() for year in self.years))

    def source(self) -> Source:
        rate = self._rate()
        is_rate_changed = self.row is not None and rate != self.row.indirect_rate
        amounts: list[Amount] = []
        for year in self.years:
            try:
                amounts += year.amounts(is_rate_changed)
            except DomainError as error:
                year.error = error.message
        return Source(
            name=self.name,
            kind=self.kind,
            indirect_rate=rate,
            note=self.note[:300],
            amounts=amounts,
            id=self.row.public_id if self.row else None,
        )

    def _rate(self) -> int | None:
        if not self.rate.strip():
            return None
        try:
            rate = parse_figure(self.rate)
        except FigureError as error:
            self.errors["rate"] = str(error)
            return None
        if rate != int(rate) or not 0 <= rate <= 100:
            self.errors["rate"] = _("0から100までの整数で入れてください。")
            return None
        return int(rate)


class FundingForm:
    """All sources of the page. Nothing typed is lost: what cannot be read stays in its field with the reason."""

    def __init__(
        self, project: Project, sources: Sequence[FundingSource], data: Mapping[str, Any] | None = None
    ) -> None:
        self.project, self.stored, self.data = project, sources, data
        self.years = years_of(project, sources)
        self.sources = [self._field(number, row) for number, row in enumerate(self._rows())]
        self.more = [self._more(number) for number in range(MORE_LINES)]

    def _rows(self) -> list[FundingSource | None]:
        """What stands behind each source of the page, in its order; None: a new one.

        A posted source is found by its id, not by its place; one that somebody added meanwhile comes last.
        """
        stored = list(self.stored)
        if self.data is None:
            return [*stored, None] if stored else [None, None]
        by_id = {str(row.public_id): row for row in stored}
        rows: list[FundingSource | None] = []
        while f"s{len(rows)}-name" in self.data and len(rows) < MOST_ROWS:
            row = by_id.pop(str(self.data.get(f"s{len(rows)}-id", "")), None)
            rows.append(row)
        return [*rows, *by_id.values()]

    def _get(self, name: str, default: str) -> str:
        return default if self.data is None else str(self.data.get(name, default))

    def _field(self, number: int, row: FundingSource | None) -> SourceField:
        prefix = f"s{number}"
        cells = {year: FundingCell() for year in self.years}
        for amount in row.amounts.all() if row else ():
            cells[amount.fiscal_year].rows.append(amount)
        rate = "" if row is None or row.indirect_rate is None else str(row.indirect_rate)
        return SourceField(
            prefix,
            row,
            [self._year(prefix, year, cell) for year, cell in cells.items()],
            name=self._get(f"{prefix}-name", row.name if row else "")[:200],
            kind=self._kind(prefix, row),
            rate=self._get(f"{prefix}-rate", rate)[:20],
            note=self._get(f"{prefix}-note", row.note if row else "")[:300],
            is_removed=self.data is not None and f"{prefix}-remove" in self.data,
        )

    def _kind(self, prefix: str, row: FundingSource | None) -> str:
        kind = self._get(f"{prefix}-kind", row.kind if row else FundingSource.Kind.COMPANY)
        return kind if kind in FundingSource.Kind.values else FundingSource.Kind.OWN

    def _year(self, prefix: str, year: int, cell: FundingCell) -> YearField:
        main, name = cell.main, f"{prefix}-{year}"
        nature = self._get(f"{name}-nature", main.nature if main else Nature.PLANNED)
        return YearField(
            year,
            name,
            text=self._get(f"{name}-amount", in_thousands(main.amount) if main else "")[:40],
            nature=nature if nature in STEPS else Nature.PLANNED,
            told=cell.told,
            main=main,
        )

    def _more(self, number: int) -> dict[str, str]:
        """A line for a further amount of a year: 返還, 繰越, an earlier step."""
        names = ("source", "year", "nature", "amount")
        return {name: self._get(f"more{number}-{name}", "") for name in names} | {
            "prefix": f"more{number}",
            "error": "",
        }

    # --- what was typed, as the service takes it --------------------------------------------------------------------

    @property
    def natures(self) -> list[tuple[str, str]]:
        return [(each.value, str(each.label)) for each in reversed(STEPS)]

    @property
    def further_natures(self) -> list[tuple[str, str]]:
        first = (Nature.REFUND, Nature.CARRIED)
        return [(each.value, str(each.label)) for each in (*first, *(n for n in Nature if n not in first))]

    @property
    def kinds(self) -> list[tuple[str, str]]:
        return [(code, str(label)) for code, label in FundingSource.Kind.choices]

    @property
    def year_choices(self) -> list[tuple[int, str]]:
        return [(year, fiscal_year_label(year)) for year in self.years]

    def read(self) -> list[Source]:
        """The sources that stay; afterwards `has_errors` says whether all of it could be read."""
        self.kept = [each for each in self.sources if not (each.is_blank or each.is_removed)]
        sources = [each.source() for each in self.kept]
        for line in self.more:
            self._add(line, sources)
        return sources

    def _add(self, line: dict[str, str], sources: list[Source]) -> None:
        if not line["source"]:
            if line["amount"].strip():
                line["error"] = _("どの財源の額かを選んでください。")
            return
        try:
            yen = yen_of(line["amount"])
            target = next(each for each in sources if each.id == UUID(line["source"]))
            year, nature = int(line["year"]), Nature(line["nature"])
            if year not in self.years:
                raise ValueError(line["year"])
        except DomainError as error:
            line["error"] = error.message
            return
        except (StopIteration, ValueError):
            line["error"] = _("財源・年度・区分を選んでください。")
            return
        place = sources.index(target)
        added = [*target.amounts, Amount(year, nature, yen)]
        sources[place] = Source(**{**target.__dict__, "amounts": added})

    @property
    def has_errors(self) -> bool:
        fields = any(each.errors or any(year.error for year in each.years) for each in self.sources)
        return fields or any(line["error"] for line in self.more)

    def put(self, error: DomainError) -> bool:
        """Put a refusal beside its field; False where it belongs to none."""
        row, year = error.details.get("row"), error.details.get("year")
        if row is None or row >= len(self.kept):
            return False
        source = self.kept[row]
        cell = next((each for each in source.years if each.year == year), None)
        if cell is not None:
            cell.error = error.message
        else:
            source.errors[error.field or "name"] = error.message
        return True

    def wrong(self) -> list[tuple[str, str, str]]:
        """(id of the field, its name, the reason) of everything that could not be read."""
        found = []
        for each in self.sources:
            name = each.name or _("新しい財源")
            found += [(f"{each.prefix}-{field}", name, text) for field, text in each.errors.items()]
            found += [
                (f"{year.name}-amount", f"{name} {year.label}", year.error)
                for year in each.years
                if year.error
            ]
        lines = [line for line in self.more if line["error"]]
        return found + [(f"{line['prefix']}-amount", _("そのほかの額"), line["error"]) for line in lines]
