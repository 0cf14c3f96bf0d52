#!/usr/bin/env bash
# deltalake 1.6.6: appending decimals to a column of whole numbers succeeds and cuts them off.
#
# One would expect a refusal, as for text into numbers, which is one ("Cannot cast field"). 6.5 and 7.9
# become 6 and 7, without an error or a warning. Only the writer knows the table's type, so it must cast
# and compare before it appends.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv venv && venv/bin/pip install -q deltalake==1.6.6 pyarrow==26.0.1
venv/bin/python - <<'PY'
import warnings

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable, write_deltalake

warnings.simplefilter("error")
write_deltalake("t", pa.table({"n": pa.array([1, 2], pa.int64())}))
write_deltalake("t", pa.table({"n": pa.array([6.5, 7.9], pa.float64())}), mode="append")
held = sorted(v for f in DeltaTable("t").file_uris() for v in pq.read_table(f.removeprefix("file://"))["n"].to_pylist())
print("appended 6.5 and 7.9 to whole numbers 1 and 2; the table holds", held)
assert held == [1, 2, 6, 7], "changed"
PY
