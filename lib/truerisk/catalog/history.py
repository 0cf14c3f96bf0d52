"""What ingests recorded about a lake table: batches, profiles of their columns, changes."""

import pandas as pd

from truerisk.catalog.entries import Batch, Change, Point
from truerisk.lake.duck import session
from truerisk.lake.ingest import quality
from truerisk.lake.lake import Lake
from truerisk.lake.tables import QUARANTINE


def batches(lake: Lake, table: str) -> tuple[list[Batch], dict[str, list[Point]]]:
    """The ingests of a table, oldest first, and each column's profile at every one of them."""
    figures: dict[tuple[str, str, str], dict[str, float]] = {}
    for row in quality.quality_history(lake, table).to_dict("records"):
        about = (_moment(row["at"]), row["file"], row["column"])
        figures.setdefault(about, {})[row["statistic"]] = row["value"]
    made: list[Batch] = []
    points: dict[str, list[Point]] = {}
    for (at, file, column), said in figures.items():
        if column == quality.WHOLE:
            made.append(
                Batch(at=at, file=file, **{name: int(said[name]) for name in quality.COUNTS})
            )
    rows = {(batch.at, batch.file): batch.accepted for batch in made}
    for (at, file, column), said in figures.items():
        if column != quality.WHOLE:
            nulls, psi, critical = map(said.get, ("null_share", "psi", "psi_critical"))
            point = Point(
                at=at,
                rows=rows.get((at, file), 0),
                nulls=nulls,
                file=file,
                psi=psi,
                critical=critical,
            )
            points.setdefault(column, []).append(point)
    return made, points


def changes(lake: Lake, table: str) -> list[Change]:
    """Everything that was not so before, newest first."""
    return [
        Change(
            at=_moment(row["at"]),
            file=row["file"],
            column=row["column"],
            kind=row["kind"],
            sentence=row["sentence"],
        )
        for row in quality.changes(lake, table).to_dict("records")
    ]


def quarantined(lake: Lake, table: str) -> int:
    """Rows that ingest put aside."""
    if lake.version(QUARANTINE) is None:
        return 0
    with session() as con:
        lake.scan(con, QUARANTINE).create_view("held")
        sql = 'SELECT count(*) FROM held WHERE "table" = ?'
        return int(con.execute(sql, [table]).fetchall()[0][0])


def _moment(at: pd.Timestamp) -> str:
    return f"{at:%Y-%m-%d %H:%M}"
