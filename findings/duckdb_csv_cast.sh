#!/usr/bin/env bash
# DuckDB 2.0.0: what a cast over a CSV file gives depends on what else the query selects.
#
# The cast is pushed into the reader. Alone, the column is parsed from its text as the cast's type; beside
# the bare column it is parsed as the sniffed type first and cast then. The two differ for a time with an
# offset (the offset is dropped, here five hours) and for a whole number (2.5 rounds up from text, to even
# from a double). Seen with 2.0.0: 10:00 and 05:00; 3 and 2. Loading the file into a table first gives one
# answer, 05:00 and 2.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv venv && venv/bin/pip install -q duckdb==2.0.0 pyarrow==26.0.1
printf 'paid,ratio\n2026-01-01 10:00:00+05:00,2.5\n2026-01-01 12:00:00+05:00,3.5\n' > payments.csv
venv/bin/python - <<'PY'
import duckdb

con = duckdb.connect()
con.execute("SET TimeZone = 'UTC'")


def first(sql):
    row = con.sql(sql).to_arrow_table().to_pylist()[0]
    return str(row["value"])


seen = {
    "time alone": first("SELECT paid::TIMESTAMP AS value FROM 'payments.csv'"),
    "time beside its column": first("SELECT paid::TIMESTAMP AS value, paid FROM 'payments.csv'"),
    "whole alone": first("SELECT ratio::INTEGER AS value FROM 'payments.csv'"),
    "whole beside its column": first("SELECT ratio::INTEGER AS value, ratio FROM 'payments.csv'"),
}
con.execute("CREATE TABLE payments AS FROM 'payments.csv'")
seen["time, from a table"] = first("SELECT paid::TIMESTAMP AS value FROM payments")
seen["whole, from a table"] = first("SELECT ratio::INTEGER AS value FROM payments")
for what, value in seen.items():
    print(f"{what:24} {value}")
assert [v[11:16] if ":" in v else v for v in seen.values()] == ["10:00", "05:00", "3", "2", "05:00", "2"], "changed"
PY
