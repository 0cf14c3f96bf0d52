"""The quality of a lake table over time, and what changed: read from the records of ingests."""

import json
from collections.abc import Iterator
from typing import Any

import pandas as pd

from truerisk.lake.duck import session
from truerisk.lake.lake import Lake
from truerisk.lake.tables import INGESTS, PROFILES
from truerisk.wording.counted import counted

TIME = "datetime64[us, UTC]"
WHOLE = ""  # the column of what is about the whole file
COUNTS = ("rows", "accepted", "rejected", "already_held")
MEASURES = ("nulls", "distinct", "mean", "psi", "psi_critical")
HISTORY = ["at", "source", "file", "column", "statistic", "value"]
CHANGES = ["at", "source", "file", "column", "kind", "sentence", "psi", "psi_critical"]
QUANTILES = {0.0: "min", 1.0: "max"}


def quality_history(lake: Lake, table: str) -> pd.DataFrame:
    """The statistics of every ingest into ``table``, oldest first; one row per figure.

    ``at`` (UTC, when it was ingested), ``source``, ``file``, ``column``, ``statistic``, ``value``
    (float). With column "" the file's ``rows``, ``accepted``, ``rejected`` and ``already_held``.
    With a column's name, over the accepted rows: ``nulls`` (rows), ``null_share`` (0 to 1),
    ``distinct``, ``mean``, ``min``, ``q05``, ``q25``, ``q50``, ``q75``, ``q95``, ``max`` (numbers),
    ``first`` and ``last`` (times, seconds since 1970 UTC), ``psi`` and ``psi_critical`` against the
    table as it was before. A statistic that a column does not have is left out. Empty, with these
    columns, where nothing was ingested.
    """
    found = []
    for row in _rows(lake, INGESTS, table):
        found += [(_about(row, WHOLE), name, row[name]) for name in COUNTS]
    for row in _rows(lake, PROFILES, table):
        found += [(_about(row, row["column"]), name, v) for name, v in _figures(row)]
    frame = pd.DataFrame(
        [(*about, name, float(value)) for about, name, value in found], columns=HISTORY
    ).astype({"at": TIME, "value": float})
    return frame.sort_values("at", kind="stable", ignore_index=True)


def changes(lake: Lake, table: str) -> pd.DataFrame:
    """What changed in ``table``, when, and by which file; the newest first.

    ``at`` (UTC), ``source``, ``file``, ``column`` ("" for the whole file), ``kind``, ``sentence``
    (such as ``share of nulls 1.0% -> 14.0%``, ``PSI 0.31 against critical 0.02``), ``psi`` and
    ``psi_critical`` (floats, null where the kind is not about one column). Kinds: ``nulls``,
    ``psi``, ``new_category`` (columns); ``rejected``, ``volume``, ``stale``, ``new_column``,
    ``missing_column``, ``open_line`` (files). Empty, with these columns, where nothing did.
    """
    found = []
    for row in _rows(lake, INGESTS, table):
        flags = json.loads(row["flags"])
        if row["rejected"]:
            share = row["rejected"] / row["rows"]
            said = f"{row['rejected']:,} of {counted(row['rows'], 'row')} rejected ({share:.1%})"
            flags.insert(0, {"kind": "rejected", "sentence": said})
        found += [(*_about(row, WHOLE), f["kind"], f["sentence"], None, None) for f in flags]
    for row in _rows(lake, PROFILES, table):
        found += [
            (*_about(row, row["column"]), c["kind"], c["sentence"], row["psi"], row["psi_critical"])
            for c in json.loads(row["changes"])
        ]
    frame = pd.DataFrame(found, columns=CHANGES).astype(
        {"at": TIME, "psi": float, "psi_critical": float}
    )
    return frame.sort_values("at", kind="stable", ascending=False, ignore_index=True)


def _rows(lake: Lake, records: str, table: str) -> list[dict[str, Any]]:
    if lake.version(records) is None:
        return []
    with session() as con:
        lake.scan(con, records).create_view("records")
        sql = 'SELECT * FROM records WHERE "table" = ? ORDER BY ALL'
        return con.sql(sql, params=[table]).to_arrow_table().to_pylist()


def _about(row: dict[str, Any], column: str) -> tuple[pd.Timestamp, str, str, str]:
    return pd.Timestamp(row["at"]).tz_convert("UTC"), row["source"], row["file"], column


def _figures(row: dict[str, Any]) -> Iterator[tuple[str, float]]:
    yield from ((name, row[name]) for name in MEASURES if row[name] is not None)
    if row["rows"]:
        yield "null_share", row["nulls"] / row["rows"]
    for name in ("first", "last"):
        if row[name] is not None:
            yield name, pd.Timestamp(row[name]).timestamp()
    for at, value in json.loads(row["quantiles"] or "[]"):
        yield QUANTILES.get(at, f"q{100 * at:02.0f}"), value
