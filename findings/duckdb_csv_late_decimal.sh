#!/usr/bin/env bash
# DuckDB 2.0.0: a decimal that first comes after the CSV sniffer's sample is rounded, without an error.
#
# read_csv decides a column's type on its first 20,480 rows. A text that comes later in a column of whole
# numbers is an error, as one expects. A decimal is not: 1234.56 becomes 1235, and 007 becomes 7. Only
# sample_size = -1, or a declared type, keeps the values.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv venv && venv/bin/pip install -q duckdb==2.0.0
venv/bin/python - <<'PY'
import duckdb

with open("late.csv", "w") as file:
    file.write("amount,branch\n" + "100,12\n" * 30_000 + "1234.56,007\n")
last = "SELECT amount, branch FROM read_csv('late.csv'{}) ORDER BY amount DESC LIMIT 1"
sampled = duckdb.sql(last.format("")).fetchall()[0]
whole = duckdb.sql(last.format(", sample_size = -1")).fetchall()[0]
print("written 1234.56, 007; read", *sampled, "| with the whole file sampled", *whole)
with open("text.csv", "w") as file:
    file.write("amount,branch\n" + "100,12\n" * 30_000 + "none,007\n")
try:
    duckdb.sql("SELECT max(amount) FROM read_csv('text.csv')").fetchall()
    refused = False
except duckdb.ConversionException:
    refused = True
print("a late text is refused:", refused)
assert (sampled, whole[0], refused) == ((1235, 7), 1234.56, True), "changed"
PY
