#!/usr/bin/env bash
# sqlglot 30.30.0: four DuckDB functions are rendered for Spark as calls that give another number.
#
# transpile(read="duckdb", write="spark") keeps the name where the two engines mean different things: log is
# the decimal logarithm in DuckDB and the natural one in Spark; dayofweek begins with 0 and with 1; substr
# from position 0 counts the place before the text in DuckDB and not in Spark. isodow is translated, and a
# Sunday becomes 2 where DuckDB says 7. Nothing warns. So a definition that is to run on both may use only
# functions that were run on both. Needs a Java runtime.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv venv && venv/bin/pip install -q 'setuptools<81' duckdb==2.0.0 sqlglot==30.30.0 pyspark==4.3.0
venv/bin/python - 2>/dev/null <<'PY'
import duckdb
import sqlglot
from pyspark.sql import SparkSession

spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
different = []
for expression in ("log(100)", "dayofweek(DATE '2026-11-29')", "isodow(DATE '2026-11-29')", "substr('abc', 0, 2)", "ln(100)"):
    one = duckdb.sql(f"SELECT {expression}").fetchall()[0][0]
    rendered = sqlglot.transpile(f"SELECT {expression}", read="duckdb", write="spark")[0]
    other = spark.sql(rendered).collect()[0][0]
    print(f"{expression:30} DuckDB {one!s:18} {rendered[7:]:55} Spark {other}")
    different.append(str(one) != str(other))
spark.stop()
assert different == [True, True, True, True, False], "changed"
PY
