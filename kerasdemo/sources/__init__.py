"""Where digits come from: files in the IDX format, downloads, and what `digits[...]` accepts."""
