"""The few pages that belong to no app above: files, exports and notices."""
