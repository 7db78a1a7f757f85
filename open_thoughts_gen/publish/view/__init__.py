"""Rows to look at in a browser: a server on loopback over Parquet (`server`), and self-contained pages (`report`)."""
