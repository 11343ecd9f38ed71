"""A first reading of a workbook's XML that only counts and looks for what must not be taken in.

The reader that follows is fast but trusting: it lays out the whole area up to the last cell, and gives an empty cell
for an error value or for a formula without a result. So those are found here, with their sheet and cell. Formulas
with a result are fine (their result is read); macros, links to other files and embedded objects are refused.
"""

from __future__ import annotations

import posixpath
import zipfile
from collections import deque

from django.utils.translation import gettext as _

from foundation.sheets import archive as zipped
from foundation.sheets.errors import SheetError
from foundation.sheets.limits import ReadLimits
from foundation.sheets.parts import Part, Scanner, cell_name

_LINKED_PARTS = ("xl/externallinks/", "xl/connections.xml", "xl/querytables/")
_EMBEDDED_PARTS = ("xl/embeddings/", "xl/activex/", "xl/macrosheets/", "xl/dialogsheets/")


def scan(archive: zipfile.ZipFile, inflater: zipped.Inflater, limits: ReadLimits) -> None:
    """Read every part once. Raises `SheetError` for the first thing that forbids taking the workbook in."""
    budget = [limits.elements]
    parts: dict[str, Part] = {}
    for entry in archive.infolist():
        content = inflater.chunks(entry)
        name = entry.filename.lstrip("/")
        if name.lower().endswith((".xml", ".rels")):
            parts[name] = Scanner(limits, budget).feed(content)
        else:
            deque(content, maxlen=0)  # pictures and the like are inflated for their size alone
    if not any(part.root == "workbook" for part in parts.values()):
        raise zipped.broken()
    _refuse_hidden_parts(parts)
    _judge(parts, archive.namelist(), limits)


def _refuse_hidden_parts(parts: dict[str, Part]) -> None:
    """A sheet that the workbook names must be a part that was scanned, whatever it calls itself."""
    for name, part in parts.items():
        targets = part.relations.values() if name.lower().endswith("workbook.xml.rels") else ()
        if not all(target.lower().endswith(".xml") for target in targets):
            raise zipped.broken()


def _judge(parts: dict[str, Part], paths: list[str], limits: ReadLimits) -> None:
    names = _sheet_names(parts)
    _refuse_outside(parts, names)
    _refuse_named_parts(paths)
    sheets = {name: part for name, part in parts.items() if part.root == "worksheet"}
    if len(sheets) > limits.sheets:
        raise zipped.too_big()
    _refuse_sizes(sheets, names, limits)
    for name, part in sheets.items():
        _refuse_lost_values(part, names.get(name, ""))


def _sheet_names(parts: dict[str, Part]) -> dict[str, str]:
    """Path of the part → the name on the tab."""
    named: dict[str, str] = {}
    for path, part in parts.items():
        if part.root != "workbook":
            continue
        folder, file = posixpath.split(path)
        relations = parts.get(posixpath.join(folder, "_rels", f"{file}.rels"), Part()).relations
        for name, relation in part.sheets:
            target = relations.get(relation, "")
            full = target.lstrip("/") if target.startswith("/") else posixpath.join(folder, target)
            named[posixpath.normpath(full)] = name
    return named


def _refuse_outside(parts: dict[str, Part], names: dict[str, str]) -> None:
    for path, part in parts.items():
        if part.outside:
            raise _external_link(names.get(path, ""), part.outside)
    if any(part.leads_outside for part in parts.values()):
        raise _external_link()


def _refuse_named_parts(paths: list[str]) -> None:
    """What the name of a part alone gives away. Asked last, since formulas can tell the cell."""
    lowered = [path.lstrip("/").lower() for path in paths]
    if any(path.startswith(_LINKED_PARTS) for path in lowered):
        raise _external_link()
    if any(path.startswith(_EMBEDDED_PARTS) for path in lowered):
        raise SheetError("embedded", _("埋め込みのオブジェクトやマクロを含むファイルは読み込めません。"))


def _external_link(sheet: str = "", cell: str = "") -> SheetError:
    message = _(
        "ほかのファイルや外部データへのリンクがあります。値に置き換えて（リンクを解除して）保存し直してください。"
    )
    return SheetError("external_link", message, sheet=sheet, cell=cell)


def _refuse_sizes(sheets: dict[str, Part], names: dict[str, str], limits: ReadLimits) -> None:
    area = 0
    for name, part in sheets.items():
        last = cell_name(part.rows, part.columns)
        if part.rows > limits.rows or part.columns > limits.columns:
            raise SheetError(*_too_wide(limits), sheet=names.get(name, ""), cell=last)
        area += part.rows * part.columns
        if area > limits.cells:
            raise SheetError(*_too_wide(limits), sheet=names.get(name, ""), cell=last)


def _too_wide(limits: ReadLimits) -> tuple[str, str]:
    message = _(
        "使われている範囲が広すぎます（上限は%(rows)s行・%(columns)s列、全体で%(cells)sセル）。"
        "離れた場所に残った値や書式を消してください。"
    )
    return "too_wide", message % {
        "rows": f"{limits.rows:,}",
        "columns": f"{limits.columns:,}",
        "cells": f"{limits.cells:,}",
    }


def _refuse_lost_values(part: Part, sheet: str) -> None:
    if part.errors:
        raise SheetError(
            "error_value",
            _("セルがエラー値（#REF! など）です。値を直してください。"),
            sheet=sheet,
            cell=_listed(part.errors),
        )
    if part.unsolved:
        raise SheetError(
            "formula_without_result",
            _("計算式に計算結果がありません。Excelで開いて保存し直すか、値に置き換えてください。"),
            sheet=sheet,
            cell=_listed(part.unsolved),
        )


def _listed(cells: list[str]) -> str:
    """At most five cells by name."""
    return "、".join(cells[:5]) + (_(" ほか") if len(cells) > 5 else "")
