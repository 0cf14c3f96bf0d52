#!/usr/bin/env bash
# DuckDB 2.0.0: isnan is false for a NaN that a Parquet file holds, when its statistics leave NaN out.
#
# The Parquet format tells writers to leave NaN out of a column's least and greatest value, and pyarrow
# does. DuckDB takes these bounds for all values and answers isnan(x), x = 'NaN' and nullif(x, 'NaN')
# without looking at a row, so a NaN cannot be found or replaced; sum(x) meets it all the same. isfinite(x)
# and IS DISTINCT FROM are computed, and so is all in a table loaded from the file or in a file that DuckDB wrote.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv venv && venv/bin/pip install -q duckdb==2.0.0 pyarrow==26.0.1 numpy
venv/bin/python - <<'PY'
import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

pq.write_table(pa.table({"x": pa.array(np.array([np.nan, 20.0, 1.0]), from_pandas=False)}), "x.parquet")


def column(sql):
    return [row[0] for row in duckdb.sql(sql).fetchall()]


seen = {
    what: column(f"SELECT {what} FROM 'x.parquet'")
    for what in ("isnan(x)", "x = 'NaN'::DOUBLE", "nullif(x, 'NaN'::DOUBLE)", "isfinite(x)", "x IS DISTINCT FROM 'NaN'::DOUBLE", "sum(x)")
}
duckdb.sql("CREATE TABLE loaded AS FROM 'x.parquet'")
seen["isnan(x), loaded"] = column("SELECT isnan(x) FROM loaded")
duckdb.sql("COPY loaded TO 'own.parquet'")
seen["isnan(x), DuckDB's file"] = column("SELECT isnan(x) FROM 'own.parquet'")
for what, values in seen.items():
    print(f"{what:26} {values}")
assert not any(seen["isnan(x)"]) and not any(seen["x = 'NaN'::DOUBLE"]), "changed"
assert np.isnan(seen["nullif(x, 'NaN'::DOUBLE)"][0]) and np.isnan(seen["sum(x)"][0]), "changed"
assert seen["isfinite(x)"] == [False, True, True] == seen["x IS DISTINCT FROM 'NaN'::DOUBLE"], "changed"
assert seen["isnan(x), loaded"][0] and seen["isnan(x), DuckDB's file"][0], "changed"
PY
