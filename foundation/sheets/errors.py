"""What is wrong with an uploaded sheet, and where."""

from __future__ import annotations

from django.utils.translation import gettext as _

from foundation.errors import DomainError


class SheetError(DomainError):
    """A file that is not taken in. `sheet` and `cell` (e.g. "C12") are empty where the whole file is meant."""

    def __init__(self, code: str, message: str, *, sheet: str = "", cell: str = "") -> None:
        super().__init__(code, located(message, sheet, cell), details={"sheet": sheet, "cell": cell})
        self.sheet = sheet
        self.cell = cell


def located(message: str, sheet: str, cell: str) -> str:
    """The sentence with its place in front: シート「実績」C12：…"""
    if not sheet:
        return message
    place = _("シート「%(sheet)s」%(cell)s：") % {"sheet": sheet, "cell": cell}
    return place + message
