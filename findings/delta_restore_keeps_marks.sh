#!/usr/bin/env bash
# deltalake 1.6.6: restore brings the rows of an older version back, and keeps the newer application marks.
#
# A writer that marks each file it ingested by an application transaction (app id = file, version = 1) and
# skips what is marked, loses a file after a restore: version 0 had no mark, the restored table still shows
# version 1's, whose rows are gone. A mark proves a commit, not that its rows are there.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv venv && venv/bin/pip install -q deltalake==1.6.6 pyarrow==26.0.1
venv/bin/python - <<'PY'
import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake

marked = CommitProperties(app_transactions=[Transaction("payments.csv", 1)])
write_deltalake("t", pa.table({"n": [1]}))
write_deltalake("t", pa.table({"n": [2]}), mode="append", commit_properties=marked)
before = DeltaTable("t").transaction_version("payments.csv")
old = DeltaTable("t", version=0).transaction_version("payments.csv")
DeltaTable("t").restore(0)
table = DeltaTable("t")
after, files = table.transaction_version("payments.csv"), len(table.file_uris())
print(f"mark at version 0: {old}, at 1: {before}, after restore(0): {after}; files then: {files}")
assert (old, before, after, files) == (None, 1, 1, 1), "changed"
PY
