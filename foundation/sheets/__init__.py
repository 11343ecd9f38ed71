"""Workbooks and CSV files, in and out.

Out: `write_xlsx` and `write_csv` (or `csv_chunks`, to stream) print columns of rows; a text that begins like a
formula stays a text. In: `read_workbook` takes what a person uploads, refuses what is dangerous or would be read
wrongly, and says in which sheet and cell.
"""

from foundation.sheets.cells import CellValue, as_decimal, safe_cell, undo_quote
from foundation.sheets.columns import DATE, DATETIME, INTEGER, TEXT, Column, Sheet, decimals
from foundation.sheets.errors import SheetError
from foundation.sheets.limits import ReadLimits
from foundation.sheets.read import SheetData, read_workbook
from foundation.sheets.write_csv import Unwritable, csv_chunks, unwritable, write_csv
from foundation.sheets.write_xlsx import safe_sheet_name, write_xlsx, xlsx_workbook

__all__ = [
    "DATE",
    "DATETIME",
    "INTEGER",
    "TEXT",
    "CellValue",
    "Column",
    "ReadLimits",
    "Sheet",
    "SheetData",
    "SheetError",
    "Unwritable",
    "as_decimal",
    "csv_chunks",
    "decimals",
    "read_workbook",
    "safe_cell",
    "safe_sheet_name",
    "undo_quote",
    "unwritable",
    "write_csv",
    "write_xlsx",
    "xlsx_workbook",
]
