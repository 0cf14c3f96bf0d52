"""A source "visits" that is a lake table, filled from files."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from truerisk.lake.ingest.ingest import Ingested, ingest
from truerisk.lake.ingest.new_files import find_new_files
from truerisk.lake.lake import Lake


@pytest.fixture
def put(tmp_path: Path) -> Callable[..., Path]:
    """Write rows, a text or bytes as a file of this name."""

    def write(name: str, rows: Any) -> Path:
        file = tmp_path / name
        if isinstance(rows, bytes):
            file.write_bytes(rows)
        elif isinstance(rows, str):
            file.write_text(rows)
        elif name.endswith(".csv"):
            rows.to_csv(file, index=False)
        else:
            table = rows if isinstance(rows, pa.Table) else pa.Table.from_pandas(rows)
            pq.write_table(table, file)
        return file

    return write


@pytest.fixture
def bring(
    lake: Lake, make_problem: Callable[..., Any], put: Callable[..., Path]
) -> Callable[..., Ingested]:
    """Ingest rows into the table of ``visits`` as a file of this name; what became of it."""

    def bring_(
        rows: Any, name: str = "visits.csv", contract: Any = None, rules: Any = None, **source: Any
    ) -> Ingested:
        file = put(name, rows)
        visits = {"table": "visits", "key": "visit", "time": "at_", "contract": contract or {}}
        problem = make_problem(sources={"visits": {**visits, "ingest": rules or {}, **source}})
        found = find_new_files(problem, lake, {"visits": [str(file)]})
        done = [d for group in found.groups for d in ingest(problem, lake, group)]
        return done[0] if done else Ingested(file=None, said=found.said)  # type: ignore[arg-type]

    return bring_
