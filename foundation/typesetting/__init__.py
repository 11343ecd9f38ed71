"""What sets a page: the typst sheet, the fonts, and the process in which it happens. Used by `foundation.documents`."""
