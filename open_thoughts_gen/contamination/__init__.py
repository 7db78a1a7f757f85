"""Contamination: which questions repeat a benchmark's, by which check, and where.

`words`, `grams` and `indel` find pairs, `matching` judges them, `registry` knows the benchmarks and keeps what was
fetched of them. Nothing here fetches but `fetch`, and that only when asked to: a run uses what is kept, and is
the same with a network as without. This file imports nothing, since every recipe names the filter that uses the others.
"""
