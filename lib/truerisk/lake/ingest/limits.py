"""What stops a whole batch, and what is only worth saying about it."""

from collections.abc import Mapping
from statistics import median

import pandas as pd

from truerisk.errors import SourceError
from truerisk.lake.duck import session
from truerisk.lake.ingest.judge import Verdict
from truerisk.lake.lake import Lake
from truerisk.lake.tables import INGESTS
from truerisk.problem.duration import short
from truerisk.problem.source import Ingest, Source
from truerisk.wording.counted import counted

TOP_REASONS = 3
ENOUGH = 3  # earlier batches from which the usual number of rows is taken
VOLUME = 0.5  # how far from the usual a batch may lie before it is said
MICROSECONDS = 10**6

Flag = Mapping[str, str]
OPEN_LINE = {
    "kind": "open_line",
    "sentence": "its last line has no line end; it may have been cut short",
}


def median_rows(lake: Lake, table: str, ingest_id: str) -> float | None:
    """The median number of rows of the earlier batches; None until there are three of them."""
    if lake.version(INGESTS) is None:
        return None
    with session() as con:
        lake.scan(con, INGESTS).create_view("ingests")
        sql = 'SELECT rows FROM ingests WHERE "table" = ? AND ingest_id <> ?'
        rows = [n for (n,) in con.execute(sql, [table, ingest_id]).fetchall()]
    return float(median(rows)) if len(rows) >= ENOUGH else None


def refuse_batch(
    verdict: Verdict, ingest: Ingest, usual: float | None, name: str, where: str, line: str = ""
) -> None:
    """Raise SourceError where too many rows were rejected, or far too many or too few came.

    ``line`` is the contract's line that would read cells that nobody could read.
    """
    share = verdict.rejected / verdict.rows if verdict.rows else 0.0
    if share > ingest.max_rejected:
        reasons = "; ".join(r.said for r in verdict.reasons[:TOP_REASONS])
        more = len(verdict.reasons) - TOP_REASONS
        raise SourceError(
            f"{where}: {verdict.rejected:,} of {counted(verdict.rows, 'row')} break the contract, "
            f"{share:.1%} where max_rejected allows {ingest.max_rejected:.1%}: {reasons}"
            f"{f'; and {more} more rules' if more > 0 else ''}; nothing was ingested; correct the "
            f"file, {f'write {line} in its contract, ' if line else ''}or set "
            f"sources.{name}.ingest.max_rejected."
        )
    change = _change(verdict.rows, usual)
    if ingest.row_change is not None and change is not None and abs(change) > ingest.row_change:
        raise SourceError(
            f"{where}: has {counted(verdict.rows, 'row')} where earlier batches had "
            f"{usual:,.0f} (their "
            f"median), {change:+.0%} where row_change allows {ingest.row_change:.0%}; nothing was "
            f"ingested; complete the file, or raise sources.{name}.ingest.row_change if it is "
            "right."
        )


def flags_of(
    source: Source,
    rows: int,
    usual: float | None,
    newest: pd.Timestamp | None,
    at: pd.Timestamp,
    new_columns: list[str],
    missing: list[str],
) -> list[Flag]:
    """What is worth saying: kind and sentence each; ``newest`` is the table's newest event."""
    found = [("new_column", f'new column "{c}"') for c in new_columns]
    found += [("missing_column", f'column "{c}" is missing, its rows hold null') for c in missing]
    change = _change(rows, usual)
    if change is not None and abs(change) > VOLUME:
        found.append(
            ("volume", f"volume {change:+.0%}, {counted(rows, 'row')} against {usual:,.0f}")
        )
    if source.freshness is not None and newest is not None and newest < at - source.freshness:
        found.append(
            (
                "stale",
                f"stale: the newest {source.time} is {newest:%Y-%m-%d %H:%M}, and freshness is "
                f"{short(source.freshness)}",
            )
        )
    return [{"kind": kind, "sentence": sentence} for kind, sentence in found]


def _change(rows: int, usual: float | None) -> float | None:
    return rows / usual - 1 if usual else None
