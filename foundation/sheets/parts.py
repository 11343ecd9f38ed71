"""One XML part of a workbook, walked through once: what it is, how far it reaches, what in it would be lost."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from xml.parsers import expat

from foundation.sheets import archive as zipped
from foundation.sheets.limits import ReadLimits

_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_ROW = re.compile(r"[1-9][0-9]{0,6}")
# [1]Sheet!A1, '[1]My sheet'!A1, a path with a book in it, DDE, WEBSERVICE; not the column [2026] of a table.
_OUTSIDE = re.compile(r"'\[[0-9]+\]|(?<![\w\]])\[[0-9]+\][\w.]*!|\[[^\[\]]+\.xl\w+\]|\|'|(?i:\bWEBSERVICE\()")
_MAX_FORMULA = 8_192
_MAX_TOKEN = 1024 * 1024
_MAX_NAMED = 6
_MAX_COUNT_DIGITS = 10


@dataclass
class Part:
    """What one XML part showed."""

    root: str = ""
    rows: int = 0
    columns: int = 0
    texts: int = 0
    outside: str = ""  # the first cell whose formula reaches into another file
    errors: list[str] = field(default_factory=list)  # cells with an error value
    unsolved: list[str] = field(default_factory=list)  # cells with a formula and no result
    sheets: list[tuple[str, str]] = field(default_factory=list)  # of the workbook: (name, relation id)
    relations: dict[str, str] = field(default_factory=dict)  # of a .rels part: id → target
    leads_outside: bool = False


def column_number(letters: str) -> int:
    """A → 1, Z → 26, AA → 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def column_letters(number: int) -> str:
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def cell_name(row: int, column: int) -> str:
    """The name of a cell from its row and column, both counted from 1."""
    return f"{column_letters(column)}{row}"


class Scanner:
    """Walks through one XML part. Document types are refused, so no entity is ever expanded."""

    def __init__(self, limits: ReadLimits, budget: list[int]) -> None:
        self.part = Part()
        self._limits = limits
        self._budget = budget
        self._row = self._column = 0
        self._cell_type = ""
        self._reading = ""
        self._formula: list[str] | None = None
        self._has_value = False
        self._fed = 0
        self._parser = expat.ParserCreate()
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.XmlDeclHandler = self._declared
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text

    def feed(self, chunks: Iterable[bytes]) -> Part:
        try:
            for chunk in chunks:
                self._feed_one(chunk)
            self._parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise zipped.broken() from error
        return self.part

    def _feed_one(self, chunk: bytes) -> None:
        """Parse one piece. A tag or comment of more than a megabyte would be read again with every piece."""
        if self._fed == 0 and (b"\x00" in chunk or chunk[:2] in (b"\xff\xfe", b"\xfe\xff")):
            raise zipped.broken()
        self._parser.Parse(chunk, False)
        self._fed += len(chunk)
        if self._fed - max(self._parser.CurrentByteIndex, 0) > _MAX_TOKEN:
            raise zipped.too_big()

    def _refuse(self, *_args: object) -> None:
        raise zipped.broken()

    def _declared(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if (encoding or "utf-8").lower() not in ("utf-8", "us-ascii"):
            raise zipped.broken()

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._budget[0] -= 1
        if self._budget[0] < 0:
            raise zipped.too_big()
        self._refuse_forged_count(attributes)
        local = name.rpartition(":")[2]
        if not self.part.root:
            self.part.root = local
        elif self.part.root == "worksheet":
            self._start_in_sheet(local, attributes)
        elif self.part.root == "sst" and local == "si":
            self._count_text()
        elif self.part.root == "workbook" and local == "sheet":
            self._name_sheet(attributes)
        elif self.part.root == "Relationships" and local == "Relationship":
            self._relate(attributes)

    def _refuse_forged_count(self, attributes: dict[str, str]) -> None:
        """The reader reserves memory for as many as `count` says."""
        for name in ("count", "uniqueCount"):
            claimed = attributes.get(name, "0")
            if len(claimed) > _MAX_COUNT_DIGITS or (
                claimed.isdigit() and int(claimed) > self._limits.elements
            ):
                raise zipped.broken()

    def _count_text(self) -> None:
        self.part.texts += 1
        if self.part.texts > self._limits.texts:
            raise zipped.too_big()

    def _name_sheet(self, attributes: dict[str, str]) -> None:
        relation = next((value for key, value in attributes.items() if key.endswith(":id")), "")
        self.part.sheets.append((attributes.get("name", ""), relation))

    def _relate(self, attributes: dict[str, str]) -> None:
        """A hyperlink may lead outside; a picture, an object or a template may not."""
        kind = attributes.get("Type", "").rpartition("/")[2]
        if attributes.get("TargetMode", "").lower() == "external" and kind != "hyperlink":
            self.part.leads_outside = True
        self.part.relations[attributes.get("Id", "")] = attributes.get("Target", "")

    def _start_in_sheet(self, local: str, attributes: dict[str, str]) -> None:
        if local == "row":
            self._start_row(attributes.get("r"))
        elif local == "c":
            self._start_cell(attributes)
        elif local == "f":
            self._formula = []
            self._reading = "f"
        elif local in ("v", "t"):
            self._reading = "v"

    def _start_row(self, given: str | None) -> None:
        if given is not None and not _ROW.fullmatch(given):
            raise zipped.broken()
        self._row = self._row + 1 if given is None else int(given)
        self._column = 0

    def _place_cell(self, given: str | None) -> None:
        """A cell without a name follows the one before; a name the reader might take otherwise is refused."""
        if given is None:
            self._column += 1
            return
        reference = _REFERENCE.fullmatch(given.upper())
        if not reference:
            raise zipped.broken()
        self._column, self._row = column_number(reference[1]), int(reference[2])

    def _start_cell(self, attributes: dict[str, str]) -> None:
        self._place_cell(attributes.get("r"))
        self._cell_type = attributes.get("t", "")
        self._formula, self._has_value, self._reading = None, False, ""
        self.part.rows = max(self.part.rows, self._row)
        self.part.columns = max(self.part.columns, self._column)

    def _text(self, text: str) -> None:
        if self._reading == "v":
            self._has_value = True
        elif self._reading == "f" and self._formula is not None:
            self._formula.append(text)

    def _end(self, name: str) -> None:
        local = name.rpartition(":")[2]
        if local in ("f", "v", "t"):
            self._reading = ""
        elif local == "c" and self.part.root == "worksheet":
            self._end_cell()

    def _end_cell(self) -> None:
        if self._cell_type == "e":
            self._note(self.part.errors)
        # An empty text is a result: Excel writes t="str" for it, and leaves the type out where it never calculated.
        elif self._formula is not None and not self._has_value and self._cell_type != "str":
            self._note(self.part.unsolved)
        formula = "".join(self._formula or ())[:_MAX_FORMULA]
        if not self.part.outside and _OUTSIDE.search(formula):
            self.part.outside = cell_name(self._row, self._column)
        self._formula = None

    def _note(self, cells: list[str]) -> None:
        if len(cells) < _MAX_NAMED:
            cells.append(cell_name(self._row, self._column))
