"""The columns of a view: type, nulls, levels, range, codes, and the contract's line to paste."""

import math
from dataclasses import dataclass
from typing import Any

import duckdb

from truerisk.lake.duck import quote
from truerisk.lake.reader.cells import FLOATS, family, iso_time
from truerisk.lake.reader.explain import explain_column
from truerisk.lake.reader.forms import contract_line
from truerisk.profiling.codes import DAYS, TIMES, is_word, number_codes

EXACT = 1_000_000  # rows up to which different values are counted exactly
FEW = 50  # levels of a text that are categories
AGAIN = 5  # rows a level, below which texts are names or free text
ENDS = 12  # values at each end that are looked at for codes
DAY = 10  # characters of a date
SHORT = 40  # characters of a number or a time
MANY = 20  # different whole numbers, below which they are no days
NEARLY_ALL = 0.99
LEGIBLE = 0.5  # share of texts that could be one, below which none is looked for


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column; ``low``, ``middle`` and ``high`` of numbers and times, ``frequent`` of levels.

    ``codes`` are values that may mean null, in ``coded`` of the rows (a share); ``means`` what its
    texts are, and ``rules`` how the contract would say so, the likeliest first.
    """

    name: str
    kind: str
    stored: str
    rows: int
    nulls: int
    levels: int
    low: Any = None
    middle: Any = None
    high: Any = None
    frequent: tuple[tuple[str, float], ...] = ()
    codes: tuple[Any, ...] = ()
    coded: float = 0.0
    means: str = ""
    rules: tuple[dict[str, Any], ...] = ()

    @property
    def line(self) -> str:
        """The contract's line to paste; two where the texts leave two readings open."""
        return " or ".join(contract_line(self.name, rule) for rule in self.rules)

    @property
    def unique(self) -> bool:
        """True where every row has its own value."""
        return self.nulls == 0 and self.levels == self.rows > 1

    @property
    def constant(self) -> bool:
        return self.levels <= 1

    @property
    def categorical(self) -> bool:
        """True for levels that come again and again, not names or free text."""
        return self.levels <= FEW and self.levels * AGAIN <= max(self.rows - self.nulls, 1)


def profile_columns(con: duckdb.DuckDBPyConnection, view: str) -> list[Column]:
    """One Column for each column of ``view`` (SQL), in its order."""
    table = con.table(view) if not view.startswith("(") else con.sql(f"SELECT * FROM {view}")
    kinds = dict(zip(table.columns, map(str, table.types)))
    rows = con.sql(f"SELECT count(*) FROM {view}").fetchall()[0][0]
    different = "count(DISTINCT {})" if rows <= EXACT else "approx_count_distinct({})"
    parts = []
    for name, kind in kinds.items():
        c, what = quote(name), family(kind)
        ends = f"min({c}), quantile_disc({c}, 0.5), max({c})"
        if what == "time":
            first, last = (f"strftime({f}({c}), '%Y-%m-%d %H:%M')" for f in ("min", "max"))
            ends = f"{first}, NULL, {last}"
        elif what == "text":
            ends = f"NULL, {_legible(c)}, NULL"
        elif what != "number":
            ends = "NULL, NULL, NULL"
        parts.append(f"count({c}), {different.format(c)}, {ends}")
    found = con.sql(f"SELECT {', '.join(parts)} FROM {view}").fetchall()[0] if parts else ()
    return [
        _column(con, view, name, kind, rows, found[5 * i : 5 * i + 5])
        for i, (name, kind) in enumerate(kinds.items())
    ]


def _column(
    con: duckdb.DuckDBPyConnection, view: str, name: str, kind: str, rows: int, found: tuple
) -> Column:
    filled, levels, low, middle, high = found
    what = family(kind)
    facts: dict[str, Any] = {"name": name, "kind": what, "stored": kind, "rows": rows}
    facts |= {"nulls": rows - filled, "levels": levels}
    if what == "number":
        facts |= {"low": _plain(low), "middle": _plain(middle), "high": _plain(high)}
        if levels < filled or levels < rows:
            facts |= _number(con, view, name, rows)
        if kind in FLOATS and levels == rows > 1 and _whole(con, view, name):
            facts |= {"means": "holds whole numbers as floats", "rules": ({"type": "integer"},)}
        if "rules" not in facts and kind not in FLOATS:
            facts |= _dated(con, view, name, levels)
    elif what == "time":
        facts |= {"low": _day(low), "high": _day(high)}
        facts |= _days(con, view, name, rows, {str(low)[:DAY], str(high)[:DAY]})
    elif what == "text" and filled:
        facts |= _text(con, view, name, rows, legible=(middle or 0) >= LEGIBLE)
    return Column(**facts)


def _whole(con: duckdb.DuckDBPyConnection, view: str, name: str) -> bool:
    c = quote(name)
    return not con.sql(f"SELECT count(*) FROM {view} WHERE {c} <> trunc({c})").fetchall()[0][0]


def _number(con: duckdb.DuckDBPyConnection, view: str, name: str, rows: int) -> dict[str, Any]:
    c = quote(name)
    lowest, highest = (
        con.sql(
            f"SELECT CAST({c} AS DOUBLE) AS v, count(*) FROM {view} WHERE {c} IS NOT NULL "
            f"GROUP BY 1 ORDER BY 1 {order} LIMIT {ENDS}"
        ).fetchall()
        for order in ("ASC", "DESC")
    )
    codes = number_codes(lowest, highest, rows)
    counts = dict(lowest) | dict(highest)
    return _coded([_plain(v) for v in codes], sum(counts[v] for v in codes) / max(rows, 1))


def _legible(c: str) -> str:
    """SQL for the share of filled texts that could be numbers or times: short, and with a digit."""
    short = f"CASE WHEN length({c}) <= {SHORT} AND regexp_matches({c}, '[0-9]') THEN 1.0 ELSE 0 END"
    return f"avg({short}) FILTER (WHERE trim({c}) <> '')"


def _days(
    con: duckdb.DuckDBPyConnection, view: str, name: str, rows: int, ends: set[str]
) -> dict[str, Any]:
    """Days that stand for none, where they are the first or the last of a column."""
    c = quote(name)
    listed = ", ".join(f"'{d}'" for d in ends.intersection(DAYS))
    if not listed:
        return {}
    found = con.sql(
        f"SELECT strftime({c}, '%Y-%m-%d') AS v, count(*) FROM {view} "
        f"WHERE strftime({c}, '%Y-%m-%d') IN ({listed}) GROUP BY 1 ORDER BY 1"
    ).fetchall()
    codes = [v for v, n in found if n >= TIMES]
    return _coded(codes, sum(n for v, n in found if v in codes) / max(rows, 1))


def _text(
    con: duckdb.DuckDBPyConnection, view: str, name: str, rows: int, legible: bool
) -> dict[str, Any]:
    c = quote(name)
    found = explain_column(con, view, name) if legible else None
    if found and found.proposal:
        said = found.said if found.suspicious else "holds numbers as texts"
        return {"means": said, "rules": found.proposal.rules}
    if legible and _iso(con, view, c) >= NEARLY_ALL:
        return {"means": "holds times as texts", "rules": ({"type": "time"},)}
    levels = con.sql(
        f"SELECT CAST({c} AS VARCHAR) AS v, count(*) AS n FROM {view} WHERE {c} IS NOT NULL "
        f"GROUP BY 1 ORDER BY n DESC, v LIMIT {FEW + 1}"
    ).fetchall()
    shown: dict[str, Any] = {}
    filled = sum(n for _, n in levels)
    if len(levels) <= FEW and len(levels) * AGAIN <= filled:
        shown["frequent"] = tuple((v, n / rows) for v, n in levels)
    codes = [v for v, n in levels if is_word(v) and n >= TIMES]
    share = sum(n for v, n in levels if v in codes) / max(rows, 1)
    return shown | _coded(codes, share)


def _iso(con: duckdb.DuckDBPyConnection, view: str, c: str) -> float:
    """The share of filled texts that are times with the year first."""
    share = f"avg(CASE WHEN {iso_time(c)} IS NOT NULL THEN 1.0 ELSE 0 END)"
    found = con.sql(f"SELECT {share} FROM {view} WHERE trim({c}) <> ''").fetchall()[0][0]
    return float(found or 0)


def _dated(con: duckdb.DuckDBPyConnection, view: str, name: str, levels: int) -> dict[str, Any]:
    """Whole numbers that are days, such as 930102: nearly every one of many would have to be."""
    v = quote(name)
    days = f"({v} // 100) % 100 BETWEEN 1 AND 12 AND {v} % 100 BETWEEN 1 AND 31"
    look = f"SELECT avg(CASE WHEN {days} THEN 1.0 ELSE 0 END) FROM {view} WHERE {v} IS NOT NULL"
    if levels < MANY or con.sql(look).fetchall()[0][0] < NEARLY_ALL:
        return {}
    found = explain_column(con, view, name, time=True)
    if found.proposal is None or found.proposal.read < NEARLY_ALL * found.proposal.cells:
        return {}
    return {"means": found.said, "rules": found.proposal.rules}


def _coded(codes: list[Any], share: float) -> dict[str, Any]:
    if not codes:
        return {}
    return {"codes": tuple(codes), "coded": share, "rules": ({"null_values": codes},)}


def _plain(value: Any) -> Any:
    if value is None:
        return None
    number = float(value)
    return int(number) if math.isfinite(number) and number == int(number) else number


def _day(text: str | None) -> str | None:
    return None if text is None else text.removesuffix(" 00:00")
