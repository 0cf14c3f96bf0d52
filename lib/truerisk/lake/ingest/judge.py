"""Every row of a new file judged once: accepted, rejected with its first broken rule, or held.

In this order: cells that cannot be read, keys and times that are missing, the contract's rules and
foreign keys; then, among the rows that passed, keys that the table holds (an identical row is held
already, any other is rejected); then keys that repeat in the file (identical rows count once; rows
that differ are all rejected, because nothing says which one is right); then values that must be
unique, in the same way. So rows = accepted + rejected + already held, always. Judged against one
version of the table, a file gets the same verdict however often it is judged.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from truerisk.lake.contract import INTEGER, Check, literal, row_checks
from truerisk.lake.duck import quote
from truerisk.lake.ingest.read_file import ROW
from truerisk.lake.reader.cells import Cell, family
from truerisk.problem.source import Source
from truerisk.wording.counted import counted

EXAMPLES = 3  # row numbers that a message names
OPEN = "__rule IS NULL AND NOT __met"
READABLE = {"number": "a number", "boolean": "true or false", "time": "a time"}
WHOLE = "a whole number"


@dataclass(frozen=True)
class Reason:
    """Why rows were rejected: how many, and the numbers of the first of them in the file."""

    check: Check
    count: int
    first: list[int]

    @property
    def said(self) -> str:
        rows = ", ".join(f"{n:,}" for n in self.first) + (", …" if self.count > EXAMPLES else "")
        return f"{sentence(self.check)} in {counted(self.count, 'row')} (row {rows})"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Counts of one file's rows; ``reasons`` by count, ``checks`` in the order of judging."""

    rows: int
    accepted: int
    rejected: int
    already_held: int
    reasons: list[Reason]
    checks: list[Check]


def sentence(check: Check) -> str:
    return f'column "{check.column}" {check.sentence}'


def judge(
    con: duckdb.DuckDBPyConnection,
    view: str,
    found: list[Cell],
    source: Source,
    held: Mapping[str, str],
    references: Mapping[str, str],
) -> Verdict:
    """Judge the rows of ``view``; leaves the table ``__typed`` with its verdict on ``con``.

    ``held`` are the columns of the view ``__held``, empty where there is no such table yet;
    ``references`` gives, for a column with a foreign key, a query of the values it may take.
    """
    cells = _cells(found, source, references)
    unique = [c for c, rule in source.contract.items() if rule.unique and c != source.key]
    checks = [
        *cells,
        Check("key_held", source.key, "", "is held by the table already with other values"),
        Check("key_repeated", source.key, "", "repeats in the file with other values"),
        *(Check("unique", c, "", "is not unique") for c in unique),
    ]
    columns = ", ".join(f"{r.sql} AS {quote(r.column)}" for r in found)
    faults = "".join(f", {r.fault} AS __fault_{i}" for i, r in enumerate(found) if r.fault)
    first = " ".join(f"WHEN {c.condition} THEN {i}" for i, c in enumerate(cells))
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE __typed AS SELECT *, CASE {first} END AS __rule, "
        f"false AS __met FROM (SELECT {ROW}, {columns}{faults} FROM {quote(view)})"
    )
    n = len(cells)
    if held:
        _meet(con, [r.column for r in found], source.key, held, n)
    _repeats(con, [r.column for r in found], source.key, n + 1)
    for i, column in enumerate(unique):
        c = quote(column)
        taken = f"OR {c} IN (SELECT {c} FROM __held)" if column in held else ""
        con.execute(
            f"UPDATE __typed SET __rule = {n + 2 + i} WHERE {OPEN} AND ({c} IN (SELECT {c} FROM "
            f"__typed WHERE {OPEN} AND {c} IS NOT NULL GROUP BY {c} HAVING count(*) > 1) {taken})"
        )
    return _count(con, checks)


def accepted_rows(con: duckdb.DuckDBPyConnection, found: list[Cell]) -> pa.Table:
    """The accepted rows as the lake stores them, in the file's order."""
    columns = ", ".join(quote(r.column) for r in found)
    sql = f"SELECT {columns} FROM __typed WHERE {OPEN} ORDER BY {ROW}"
    return con.sql(sql).to_arrow_table()


def rejected_rows(con: duckdb.DuckDBPyConnection, view: str, verdict: Verdict) -> pa.Table:
    """``row`` (its number), ``rule``, ``column``, ``reason`` (all that is wrong), ``content``.

    ``content`` is the row as it came, as JSON text.
    """
    checks = verdict.checks
    rule = " ".join(f"WHEN {i} THEN {literal(c.rule)}" for i, c in enumerate(checks))
    column = " ".join(f"WHEN {i} THEN {literal(c.column)}" for i, c in enumerate(checks))
    broken = ", ".join(
        f"CASE WHEN {c.condition or f'__rule = {i}'} THEN {literal(sentence(c))} END"
        for i, c in enumerate(checks)
    )
    came = ", ".join(f"{c} := {c}" for c in map(quote, con.table(view).columns) if c != quote(ROW))
    return con.sql(
        f"SELECT t.{ROW} AS row, CASE __rule {rule} END AS rule, CASE __rule {column} END AS "
        f'"column", t.reason, a.content FROM (SELECT {ROW}, __rule, '
        f"concat_ws('; ', {broken}) AS reason FROM __typed WHERE __rule IS NOT NULL) t "
        f"JOIN (SELECT {ROW}, CAST(to_json(struct_pack({came})) AS VARCHAR) AS content "
        f"FROM {quote(view)}) a ON a.{ROW} = t.{ROW} ORDER BY 1"
    ).to_arrow_table()


def _cells(found: list[Cell], source: Source, references: Mapping[str, str]) -> list[Check]:
    """What one row can break alone, in the order in which it is asked."""
    stored = {r.column: r.stored for r in found}
    faults = {r.column: f"__fault_{i}" for i, r in enumerate(found) if r.fault}
    checks = [
        Check("type", c, f, f"cannot be read as {_readable(stored[c])}") for c, f in faults.items()
    ]
    for name in dict.fromkeys((source.key, source.time)):
        rule = "key" if name == source.key else "time"
        checks.append(Check(rule, name, f"{quote(name)} IS NULL", f"is null, and it is the {rule}"))
    for name, column in source.contract.items():
        for check in row_checks(name, column, stored[name]):
            if check.rule != "nullable" or name not in (source.key, source.time):
                checks.append(check)
        if name in references:
            c = quote(name)
            values = (
                f"SELECT TRY_CAST(v AS {stored[name]}) FROM ({references[name]}) AS known(v) "
                "WHERE v IS NOT NULL"
            )
            condition = f"{c} IS NOT NULL AND {c} NOT IN ({values})"
            checks.append(
                Check("references", name, condition, f"has no match in {column.references}")
            )
    return [
        Check(c.rule, c.column, f"({c.condition}) AND NOT {faults[c.column]}", c.sentence)
        if c.column in faults and c.condition != faults[c.column]
        else c  # an unreadable cell is read as null, and is not missing too
        for c in checks
    ]


def _readable(stored: str) -> str:
    whole = re.fullmatch(INTEGER, stored)
    return WHOLE if whole else READABLE.get(family(stored), stored)


def _meet(
    con: duckdb.DuckDBPyConnection,
    columns: list[str],
    key: str,
    held: Mapping[str, str],
    differs: int,
) -> None:
    """Rows whose key the table holds: identical in every column of the file, or rejected."""
    same = " AND ".join(
        f"t.{c} IS NOT DISTINCT FROM h.{c}" if name in held else f"t.{c} IS NULL"
        for name in columns
        for c in [quote(name)]
    )
    k = quote(key)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE __same AS SELECT t.{ROW}, bool_or({same}) AS same "
        f"FROM __typed t JOIN __held h ON t.{k} = h.{k} WHERE {OPEN} GROUP BY t.{ROW}"
    )
    con.execute(
        "UPDATE __typed SET __met = s.same, "
        f"__rule = CASE WHEN NOT s.same THEN {differs} END "
        f"FROM __same s WHERE __typed.{ROW} = s.{ROW}"
    )


def _repeats(con: duckdb.DuckDBPyConnection, columns: list[str], key: str, differs: int) -> None:
    """Rows whose key repeats in the file: the first of identical ones, or none."""
    k = quote(key)
    whole = ", ".join(f"{quote(c)} := {quote(c)}" for c in columns)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE __several AS SELECT {k} AS k, min({ROW}) AS first "
        f"FROM __typed WHERE {OPEN} GROUP BY {k} HAVING count(*) > 1"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE __repeated AS SELECT k, first, kinds FROM __several JOIN "
        f"(SELECT {k} AS k, count(DISTINCT struct_pack({whole})) AS kinds FROM __typed "
        f"WHERE {OPEN} AND {k} IN (SELECT k FROM __several) GROUP BY {k}) USING (k)"
    )
    con.execute(
        "UPDATE __typed SET __met = r.kinds = 1, "
        f"__rule = CASE WHEN r.kinds > 1 THEN {differs} END "
        f"FROM __repeated r WHERE __typed.{k} = r.k AND {OPEN} "
        f"AND NOT (r.kinds = 1 AND {ROW} = r.first)"
    )


def _count(con: duckdb.DuckDBPyConnection, checks: list[Check]) -> Verdict:
    found = con.sql(
        f"SELECT __rule, __met, count(*), min({ROW}, {EXAMPLES}) FROM __typed GROUP BY ALL"
    ).fetchall()
    counts = {(rule, met): n for rule, met, n, _ in found}
    reasons = [Reason(checks[rule], n, first) for rule, _, n, first in found if rule is not None]
    verdict = Verdict(
        rows=con.sql("SELECT count(*) FROM __typed").fetchall()[0][0],
        accepted=counts.get((None, False), 0),
        rejected=sum(r.count for r in reasons),
        already_held=counts.get((None, True), 0),
        reasons=sorted(reasons, key=lambda r: (-r.count, r.first)),
        checks=checks,
    )
    assert verdict.rows == verdict.accepted + verdict.rejected + verdict.already_held
    return verdict
