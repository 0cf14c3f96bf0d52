"""DuckDB in process: the default engine, on the connection that opened the sources."""

import os
import re

import duckdb
import pyarrow as pa

from truerisk.errors import told
from truerisk.features.sql.names import SPINE
from truerisk.lake.sources.sources import Sources

UNITS = {"MB": 10**6, "GB": 10**9}
SHARE = 0.5  # of the machine's memory, where the problem sets no limit
QUERIES = 0.6  # of the limit; the frames that are built take the rest


class DuckDB:
    asof = True

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        limit = memory_limit(sources.problem.compute.memory_limit)
        self.memory: int | None = int(limit * QUERIES)
        sources.con.execute(f"SET memory_limit = '{self.memory // 10**6}MB'")

    def spine(self, table: pa.Table) -> None:
        self.sources.con.register(SPINE, table)

    def source(self, name: str, columns: list[str]) -> str:
        return self.sources.view(name, columns)

    def run(self, query: str) -> pa.Table:
        try:
            return self.sources.con.sql(query).to_arrow_table()
        except duckdb.Error as error:
            raise ValueError(told(error)) from error


def memory_limit(text: str | None) -> int:
    """``4GB`` in bytes; half of the machine when nothing is said."""
    if text is None:
        return int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * SHARE)
    found = re.fullmatch(r"(\d+)(MB|GB)", text)
    assert found, text  # the grammar admits nothing else
    return int(found[1]) * UNITS[found[2]]
