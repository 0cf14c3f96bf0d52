"""The border that every column of a source passes once: what is read is of its declared type.

NaN is null. A column that came with another type than the contract, a model's manifest or an
entity's other columns declare is brought to it where each of its values can be, exactly; the rest
are faults, which the source counts and refuses. So a type is a definition, never the batch's.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import duckdb
import pandas as pd
import pyarrow as pa

from truerisk.errors import SourceError
from truerisk.lake.contract import INTEGER, NUMBER
from truerisk.lake.duck import quote
from truerisk.lake.reader.cells import FLOATS, STORED, family, without_nan
from truerisk.lake.reader.explain import VALUES
from truerisk.lake.reader.forms import propose
from truerisk.lake.sources.views import OURS
from truerisk.problem.evaluate import evaluate
from truerisk.problem.expression import columns_of, sandbox
from truerisk.problem.frames import as_array, as_frame
from truerisk.problem.source import Column
from truerisk.problem.spec import Problem
from truerisk.wording.counted import counted

ANY_NUMBER = "number"  # declared where no expression reads the column: any type of number will do
EXACT = 1 << 53  # up to here a double is one whole number
NUMERAL = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$"
TRUTH = r"^\s*(?i:true|false)\s*$"


@dataclass(frozen=True)
class Declared:
    """A type, and who says so: ``because`` ends the sentence that refuses another one."""

    type: str
    because: str


@dataclass(frozen=True)
class Border:
    """``sql`` gives a column as it is read; ``fault`` is true for a value that cannot become so.

    ``type`` is the DuckDB type of ``sql``; None where the column can never be what is declared.
    """

    sql: str
    type: str | None
    fault: str | None = None


def declared_in(
    problem: Problem, name: str, came: Mapping[str, str], times: Collection[str]
) -> dict[str, Declared]:
    """Column → its type by a source's contract, else by the manifest of a model.

    ``came`` are the columns as they came, ``times`` those that are read as times elsewhere.
    """
    found = {}
    for column, kind in problem.types.get(name, {}).items():
        found[column] = Declared(kind, f"the model was trained with {kind}")
    for column, rule in problem.sources[name].contract.items():
        told = _by_contract(rule, came[column]) if column in came else None
        if told and column not in times and column not in found:
            found[column] = Declared(told, f"its contract says {rule.type}")
    return found


def bordered(
    rows: duckdb.DuckDBPyRelation, declared: Mapping[str, Declared], where: str
) -> duckdb.DuckDBPyRelation:
    """The rows as they are read; columns that begin with __ are left out, as those are ours.

    Raises SourceError, beginning with ``where``, with counts, for values that cannot have the type
    of their column.
    """
    came = {c: str(k) for c, k in zip(rows.columns, rows.types) if not c.startswith(OURS)}
    made = {c: border(c, k, declared[c].type if c in declared else None) for c, k in came.items()}
    for column, at in made.items():
        if at.type is None:
            raise SourceError(
                f'{where}: column "{column}" holds {came[column]}, and {declared[column].because}.'
            )
    for column, many in _lost(rows, made).items():
        total = rows.aggregate("count(*)").fetchall()[0][0]
        raise SourceError(
            f'{where}: column "{column}" holds {came[column]}, and {declared[column].because}, '
            f"which {many:,} of {counted(total, 'value')} cannot be; correct them"
            f"{_dress(rows, column, came[column], made[column])}."
        )
    return rows.project(", ".join(f"{at.sql} AS {quote(c)}" for c, at in made.items()))


def _dress(rows: duckdb.DuckDBPyRelation, column: str, kind: str, at: Border) -> str:
    """The contract's line for texts that are what is declared in another dress."""
    if family(kind) != "text" or family(str(at.type)) not in ("number", "time"):
        return ""
    found = rows.project(f"CAST({quote(column)} AS VARCHAR) AS v").aggregate("v, count(*)", "v")
    values = {v: n for v, n in found.limit(VALUES).fetchall() if v is not None}
    proposal = propose(values, family(str(at.type)) == "time")
    if proposal is None or proposal.mixed or proposal.plain:
        return ""
    return f", or write {proposal.line(column)} in its contract"


def evaluated(
    frame: pd.DataFrame, expression: str, types: Mapping[str, str], where: str
) -> pd.Series:
    """An expression over the rows of a frame, whose columns are brought to ``types`` first.

    Raises ValueError as ``evaluate`` does, and SourceError as ``bordered`` does.
    """
    read = {c.lower() for c in columns_of(expression)}
    columns = frame[[c for c in frame if str(c).lower() in read]]
    known = brought(columns, types, where, "the model was trained with")
    return evaluate(known, {"value": expression})["value"]


def brought(frame: pd.DataFrame, types: Mapping[str, str], where: str, by: str) -> pd.DataFrame:
    """The frame's columns, each of the type that ``types`` has for it; the rest as they are.

    ``by`` says who declares the types. Raises SourceError as ``bordered`` does.
    """
    known = [c for c in frame if c in types]
    if not known:
        return frame
    table = pa.table({str(c): _arrow(frame[c], where) for c in known})
    with sandbox() as con:
        rows = con.from_arrow(table)
        if all(types[c] == kind for c, kind in zip(rows.columns, map(str, rows.types))):
            return frame
        declared = {c: Declared(types[c], f"{by} {types[c]}") for c in rows.columns}
        made = as_frame(bordered(rows, declared, where).to_arrow_table())
    return frame.assign(**made.set_axis(frame.index))


def _arrow(values: pd.Series, where: str) -> pa.Array:
    try:
        return as_array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise SourceError(
            f'{where}: column "{values.name}" holds values of several types; give it one.'
        ) from error


def border(column: str, kind: str, declared: str | None = None) -> Border:
    """How a column of a DuckDB type is read."""
    c = quote(column)
    if declared is None:  # the reader has looked at it
        return Border(c, kind)
    wanted = declared
    if wanted == ANY_NUMBER:
        wanted = kind if re.fullmatch(NUMBER, kind) else "DOUBLE"
    if wanted == kind:
        return Border(c, kind)
    value = without_nan(c) if kind in FLOATS else c
    if kind == '"NULL"':
        return Border(f"CAST({c} AS {wanted})", wanted)
    made = _BETWEEN.get((family(kind), family(wanted)))
    if made is None:
        return Border(c, None)
    sql, fits = made(value, kind, wanted)
    lost = f"({value}) IS NOT NULL AND NOT coalesce({fits}, false)" if fits else None
    return Border(sql, wanted, lost)


def _lost(rows: duckdb.DuckDBPyRelation, borders: Mapping[str, Border]) -> dict[str, int]:
    """Column → how many of its values cannot be what is declared; those with none are left out."""
    faulty = [c for c, made in borders.items() if made.fault]
    if not faulty:
        return {}
    counts = ", ".join(f"count(CASE WHEN {borders[c].fault} THEN 1 END)" for c in faulty)
    found = rows.aggregate(counts).fetchall()[0]
    return {column: many for column, many in zip(faulty, found) if many}


def _by_contract(rule: Column, kind: str) -> str | None:
    """The type that a contract declares for a column that came as ``kind``, None for any.

    Money stays a decimal where it is one; integers keep their width; times are read elsewhere.
    """
    if rule.type is None or rule.type == "time":
        return None
    if rule.type == "money" and kind.startswith("DECIMAL"):
        return kind
    if rule.type == "integer" and re.fullmatch(INTEGER, kind):
        return kind
    return STORED[rule.type]


def _number(c: str, kind: str, wanted: str) -> tuple[str, str | None]:
    """Kept exactly, but for the digits that a double has not: those of a decimal or its own."""
    cast = f"TRY_CAST({c} AS {wanted})"
    if wanted in FLOATS and not re.fullmatch(INTEGER, kind):
        return cast, f"{cast} IS NOT NULL"
    kept = f"TRY_CAST({cast} AS {kind}) = {c}"
    double = c if kind in FLOATS else cast if wanted in FLOATS else None
    return cast, f"{kept} AND abs({double}) < {EXACT}" if double else kept


def _text_of_number(c: str, kind: str, wanted: str) -> tuple[str, str | None]:
    """A whole number is its digits; a fraction could have been written in many ways."""
    if re.fullmatch(INTEGER, kind):
        return f"CAST({c} AS {wanted})", None
    whole = f"TRY_CAST({c} AS HUGEINT)"
    fits = f"TRY_CAST({whole} AS {kind}) = {c}"
    return (
        f"CAST({whole} AS {wanted})",
        f"{fits} AND abs({c}) < {EXACT}" if kind in FLOATS else fits,
    )


def _number_of_text(c: str, kind: str, wanted: str) -> tuple[str, str | None]:
    numeral = f"CASE WHEN regexp_matches({c}, '{NUMERAL}') THEN CAST({c} AS VARCHAR) END"
    cast = f"TRY_CAST({numeral} AS {wanted})"
    if wanted in FLOATS:
        return cast, f"isfinite({cast})"
    return cast, f"CAST({cast} AS DOUBLE) = TRY_CAST({numeral} AS DOUBLE)"


def _truth_of_text(c: str, kind: str, wanted: str) -> tuple[str, str | None]:
    return f"TRY_CAST(trim({c}) AS BOOLEAN)", f"regexp_matches({c}, '{TRUTH}')"


def _truth_of_number(c: str, kind: str, wanted: str) -> tuple[str, str | None]:
    return f"({c}) = 1", f"({c}) IN (0, 1)"


def _time(c: str, kind: str, wanted: str) -> tuple[str, str | None]:
    cast = f"TRY_CAST({c} AS {wanted})"
    return cast, f"CAST({cast} AS {kind}) = {c}"


def _same(c: str, kind: str, wanted: str) -> tuple[str, str | None]:
    return f"CAST({c} AS {wanted})", None


def _time_of_text(c: str, kind: str, wanted: str) -> tuple[str, str | None]:
    cast = f"TRY_CAST({c} AS {wanted})"
    return cast, f"{cast} IS NOT NULL"


_BETWEEN = {
    ("number", "number"): _number,
    ("number", "text"): _text_of_number,
    ("text", "number"): _number_of_text,
    ("text", "boolean"): _truth_of_text,
    ("text", "text"): _same,
    ("text", "time"): _time_of_text,
    ("time", "time"): _time,
    ("time", "text"): _same,
    ("number", "boolean"): _truth_of_number,
}
