"""The grid as a workbook: downloaded, filled in offline, read back with a preview, applied to the draft whole."""
