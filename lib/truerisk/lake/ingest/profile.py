"""What the accepted rows of one ingest look like, column by column, against the rows before them.

The reference is the table as it was just before the ingest (a sample by key of about half a
million rows where it is larger); the first ingest has none. Values are never kept for columns that
name somebody or something: keys, subjects, entities, foreign keys, unique columns, and texts with
more than 50 different values, or whose values hardly ever come again.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from truerisk.lake.duck import quote
from truerisk.lake.ingest.judge import OPEN
from truerisk.lake.reader.cells import Cell, family
from truerisk.problem.spec import Problem
from truerisk.statistics.psi import Stability, category_bins, number_bins, stability

QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
LISTED = 50  # a text column with more different values is not listed
REPEATED = 5  # nor one whose values do not come again so often: those are names or free text
SHOWN = 3  # new categories that a sentence names
EXACT = 1_000_000  # rows up to which different values are counted exactly
SAMPLE = 500_000  # rows of the reference that are enough


@dataclass(frozen=True, kw_only=True)
class Column:
    """One side of a column: counts, and for a time its first and last (µs since 1970)."""

    rows: int
    nulls: int
    distinct: int
    first: int | None
    last: int | None


def profile(
    con: duckdb.DuckDBPyConnection,
    found: list[Cell],
    problem: Problem,
    name: str,
    held: Mapping[str, str],
) -> list[dict[str, Any]]:
    """One record per column of the judged rows on ``con``, without the fields of the ingest.

    ``held`` are the columns of the view ``__held``, the reference; empty where there is none.
    """
    key = quote(problem.sources[name].key)
    con.execute(f"CREATE OR REPLACE TEMP VIEW __batch AS SELECT * FROM __typed WHERE {OPEN}")
    held_rows = con.sql("SELECT count(*) FROM __held").fetchall()[0][0] if held else 0
    step = max(1, -(-held_rows // SAMPLE))
    con.execute(
        "CREATE OR REPLACE TEMP VIEW __reference AS SELECT * FROM "
        + (f"__held WHERE hash({key}) % {step} = 0" if held_rows else "__batch WHERE false")
    )
    both = [r for r in found if held_rows and r.column in held]
    batch, reference = _count(con, "__batch", found), _count(con, "__reference", both)
    named = names_somebody(problem, name)
    return [
        _record(con, r, batch[r.column], reference.get(r.column), r.column in named) for r in found
    ]


def names_somebody(problem: Problem, name: str) -> set[str]:
    """Columns of a source whose values point to a person or a thing."""
    source, features = problem.sources[name], problem.features
    entities = {problem.application.subject, problem.key, source.key}
    entities |= {f.by for f in features.latest} | {f.by for f in features.window}
    return entities | {c for c, r in source.contract.items() if r.references or r.unique}


def _record(
    con: duckdb.DuckDBPyConnection,
    reading: Cell,
    now: Column,
    before: Column | None,
    named: bool,
) -> dict[str, Any]:
    kind = "identifier" if named else family(reading.stored)
    record: dict[str, Any] = {
        "column": reading.column,
        "kind": kind,
        "rows": now.rows,
        "nulls": now.nulls,
        "distinct": now.distinct,
        "reference_rows": before.rows if before else 0,
        "reference_nulls": before.nulls if before else None,
    }
    compared, changes = None, []
    if kind == "number":
        values = _numbers(con, "__batch", reading.column)
        known = values[np.isfinite(values)]
        if len(known):
            spread = np.quantile(known, QUANTILES, method="inverted_cdf")
            record["mean"] = float(known.mean())
            record["quantiles"] = json.dumps([[q, float(v)] for q, v in zip(QUANTILES, spread)])
        if before:
            reference = _numbers(con, "__reference", reading.column)
            compared = stability(*number_bins(reference, values))
    elif kind in ("text", "boolean"):
        listed = _categories(con, "__batch", reading.column)
        if _few(now, before):
            record["categories"] = json.dumps(_known(listed))
        if before:
            earlier = _categories(con, "__reference", reading.column)
            compared = stability(*category_bins(earlier, listed))
            if _few(now, before):
                new = sorted(set(_known(listed)) - set(_known(earlier)))
                record["new_categories"] = json.dumps(new)
                changes += [("new_category", _new(new))] if new else []
    elif kind == "time" and now.first is not None and now.last is not None:
        record["first"], record["last"] = (
            pd.Timestamp(us, unit="us", tz="UTC") for us in (now.first, now.last)
        )
    if before and now.rows and _nulls(before, now):
        shares = (before.nulls / before.rows, now.nulls / now.rows)
        changes.insert(0, ("nulls", "share of nulls {:.1%} -> {:.1%}".format(*shares)))
    if compared:
        record |= {"psi": compared.psi, "psi_critical": compared.critical}
        record["psi_bins"] = compared.bins
        if compared.changed:
            said = f"PSI {compared.psi:.2g} against critical {compared.critical:.2g}"
            changes.append(("psi", said))
    record["changes"] = json.dumps([{"kind": k, "sentence": s} for k, s in changes])
    return record


def _new(values: list[str]) -> str:
    listed = ", ".join(f'"{value}"' for value in values[:SHOWN])
    more = f" and {len(values) - SHOWN} more" if len(values) > SHOWN else ""
    return f"new categor{'y' if len(values) == 1 else 'ies'} {listed}{more}"


def _few(now: Column, before: Column | None) -> bool:
    """True where the values of a text column are categories, which may be kept."""
    sides = [now, before] if before else [now]
    most = max(side.distinct for side in sides)
    return most <= LISTED and most * REPEATED <= sum(side.rows - side.nulls for side in sides)


def _nulls(before: Column, now: Column) -> bool:
    """True when the share of nulls moved by more than chance: PSI of two bins."""
    reference = np.array([before.rows - before.nulls, before.nulls])
    seen: Stability | None = stability(reference, np.array([now.rows - now.nulls, now.nulls]))
    return seen is not None and seen.changed


def _count(con: duckdb.DuckDBPyConnection, view: str, found: list[Cell]) -> dict[str, Column]:
    if not found:
        return {}
    rows = con.sql(f"SELECT count(*) FROM {view}").fetchall()[0][0]
    different = "count(DISTINCT {})" if rows <= EXACT else "approx_count_distinct({})"
    sql = ", ".join(
        f"count({c}), {different.format(c)}, "
        + (f"epoch_us(min({c})), epoch_us(max({c}))" if timed else "NULL, NULL")
        for r in found
        for c, timed in [(quote(r.column), family(r.stored) == "time")]
    )
    row = con.sql(f"SELECT {sql} FROM {view}").fetchall()[0]
    return {
        r.column: Column(rows=rows, nulls=rows - held, distinct=distinct, first=first, last=last)
        for r, (held, distinct, first, last) in zip(found, zip(*[iter(row)] * 4), strict=True)
    }


def _numbers(con: duckdb.DuckDBPyConnection, view: str, column: str) -> np.ndarray:
    sql = f"SELECT CAST({quote(column)} AS DOUBLE) AS v FROM {view}"
    return con.sql(sql).to_arrow_table()["v"].to_numpy(zero_copy_only=False).astype(float)


def _categories(
    con: duckdb.DuckDBPyConnection, view: str, column: str
) -> list[tuple[str | None, int]]:
    """Value → rows, the most frequent first; null is a value."""
    sql = f"SELECT CAST({quote(column)} AS VARCHAR) AS v, count(*) AS n FROM {view} GROUP BY 1"
    return con.sql(f"{sql} ORDER BY n DESC, v").fetchall()


def _known(listed: list[tuple[str | None, int]]) -> dict[str, int]:
    return {value: n for value, n in listed if value is not None}
