"""What no reader may let pass in silence: infinities, and numbers that would pass for texts."""

from collections.abc import Callable, Mapping
from typing import Any

import duckdb

from truerisk.lake.duck import quote
from truerisk.lake.reader.cells import FLOATS
from truerisk.lake.reader.explain import explain_column
from truerisk.lake.reader.guess import TEXT
from truerisk.problem.source import Source
from truerisk.wording.counted import counted


def infinities(
    source: Source,
    types: Mapping[str, str],
    columns: list[str],
    view: str,
    fetch: Callable[[str], tuple[Any, ...]],
) -> str:
    """A sentence on the first of ``columns`` that holds infinities; "" where none does."""
    floats = [c for c in columns if types[c] in FLOATS]
    if not floats:
        return ""
    # Plain SQL: other engines have no isinf.
    limit = "CAST('Infinity' AS DOUBLE)"
    counts = (f"count(CASE WHEN ABS({quote(c)}) = {limit} THEN 1 END)" for c in floats)
    rows, *found = fetch(f"SELECT count(*), {', '.join(counts)} FROM {view}")
    for column, n in zip(floats, found):
        if n:
            line = f'{column} = {{ type = "float", infinite = "null" }}'
            return (
                f'column "{column}" is infinite in {n:,} of {counted(rows, "row")}; write '
                f"{line} in its contract, or mend the rows."
            )
    return ""


def passing_for_texts(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    types: Mapping[str, str],
    columns: list[str],
    view: str,
) -> str:
    """A sentence on the first of ``columns`` that is text only by how its numbers are written."""
    for column in columns:
        declared = column in source.contract and source.contract[column].type is not None
        if types[column] != TEXT or declared:
            continue
        found = explain_column(con, quote(view), column)
        if found.suspicious:
            return f'column "{column}" {found.said}; write {found.advice}.'
    return ""
