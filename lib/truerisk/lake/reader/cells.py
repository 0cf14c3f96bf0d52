"""How one column becomes what the contract says: SQL for its values, and for what cannot be read.

One place for every reader: files, lake tables, queries and ingest. NaN is null; what the contract
calls null is null; a cell that cannot be read as its type is a fault, never another value.
"""

import re
from dataclasses import dataclass

from truerisk.lake.contract import INTEGER, literal
from truerisk.lake.duck import quote
from truerisk.problem.source import NUMBER, NUMBERS, Column
from truerisk.problem.time_format import DOUBTFUL, EPOCHS, PIVOT, shape, width

STORED = {
    "float": "DOUBLE",
    "money": "DOUBLE",
    "integer": "BIGINT",
    "text": "VARCHAR",
    "boolean": "BOOLEAN",
    "time": "TIMESTAMP WITH TIME ZONE",
}
FAMILIES = {
    "number": r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DOUBLE|FLOAT|DECIMAL.*",
    "text": r"VARCHAR|ENUM.*|UUID|TIME|INTERVAL",
    "boolean": "BOOLEAN",
    "time": "TIMESTAMP.*|DATE",
}
FLOATS = ("DOUBLE", "FLOAT")
ISO = (
    r"^\s*\d{4}[-/]\d{1,2}[-/]\d{1,2}([ T]\d{1,2}:\d{2}(:\d{2}([.]\d+)?)?"
    r"( ?(Z|UTC|[+-]\d{2}(:?\d{2})?))?)?\s*$"
)
PLAIN = ("____-__-_____:__:__", "____-__-__")  # LIKE: times without an offset
WHOLE = r"^\s*[+-]?\d+(\.0*)?\s*$"
SPACES = "[ \u00a0\u202f]"  # what may stand between thousands: plain, hard and narrow space


@dataclass(frozen=True)
class Cell:
    """A column: ``sql`` gives it as ``stored``; ``fault`` is true for a cell it cannot read."""

    column: str
    stored: str
    sql: str
    fault: str | None = None

    @property
    def as_it_is(self) -> bool:
        return self.sql == quote(self.column)


def family(kind: str) -> str:
    """number, text, boolean, time; any other type is its own family."""
    return next((f for f, shape_ in FAMILIES.items() if re.fullmatch(shape_, kind)), kind)


def readable(kind: str, stored: str) -> bool:
    """True where cells of a DuckDB type can be read as ``stored``, one by one."""
    here, there = family(kind), family(stored)
    if here == there or here == "text":
        return True
    return here == "number" and (there in ("boolean", "time"))


def cell(column: str, kind: str, stored: str, rule: Column) -> Cell:
    """The column, held as ``kind``, read as ``stored`` by what the contract says of it."""
    c = quote(column)
    value = _without_nulls(c, kind, rule)
    here, there = family(kind), family(stored)
    if here == "text" and there != "text":
        sql = _from_text(value, stored, rule)
    elif here == "number" and there == "time":
        sql = _time(_digits(value, rule), stored, rule)
    elif here == "number" and there == "boolean":
        sql = f"CASE WHEN {value} IN (0, 1) THEN {value} = 1 END"
    elif kind in FLOATS and re.fullmatch(INTEGER, stored):
        sql = f"CASE WHEN {value} = trunc({value}) THEN TRY_CAST({value} AS {stored}) END"
        value = _finite(value, rule)
    elif kind in FLOATS:
        sql = _finite(value, rule)
        sql = sql if kind == stored else f"CAST({sql} AS {stored})"
        return Cell(column, stored, sql)
    else:
        return Cell(column, stored, value if kind == stored else f"CAST({value} AS {stored})")
    filled = _filled(value, kind, rule)
    fault = f"CASE WHEN {c} IS NOT NULL AND ({sql}) IS NULL THEN {filled} ELSE false END"
    return Cell(column, stored, sql, fault)


def infinite(column: str, kind: str, rule: Column) -> str | None:
    """SQL that is true for an infinity that the contract does not declare; None for other types."""
    return f"isinf({quote(column)})" if kind in FLOATS and rule.infinite is None else None


def zoned(c: str) -> str:
    """SQL, true for a text of a time with an offset."""
    none = " ".join(f"WHEN {c} LIKE '{plain}' THEN false" for plain in PLAIN)
    offset = f"length({c}) > 10 AND regexp_matches({c}, '(Z|[+-]\\d{{2}}(:?\\d{{2}})?|UTC)\\s*$')"
    return f"(CASE {none} ELSE {offset} END)"


def iso_time(c: str) -> str:
    """SQL for a text that is a date, or a date and a time of day, the year first; else null.

    A cast alone would take more (the year 24, ``epoch``), and is slow where there is no offset.
    """
    plain = f"make_timestamptz(epoch_us(TRY_CAST({c} AS TIMESTAMP)))"
    fast = " ".join(f"WHEN {c} LIKE '{form}' AND {c} >= '1' THEN {plain}" for form in PLAIN)
    slow = f"WHEN regexp_matches({c}, '{ISO}') THEN TRY_CAST({c} AS TIMESTAMPTZ)"
    return f"CASE {fast} {slow} END"


def _without_nulls(c: str, kind: str, rule: Column) -> str:
    if not rule.null_values:
        return c
    texts = [v if isinstance(v, str) else f"{v:.15g}" for v in rule.null_values]
    if family(kind) == "text":
        listed = ", ".join(map(literal, texts))
        return f"CASE WHEN trim({c}) NOT IN ({listed}) THEN {c} END"
    if family(kind) == "number":
        listed = ", ".join(t for t in texts if re.fullmatch(r"[+-]?\d+\.?\d*(e[+-]?\d+)?", t))
        return f"CASE WHEN {c} NOT IN ({listed}) THEN {c} END" if listed else c
    return c


def _finite(value: str, rule: Column) -> str:
    """NaN is no value; an infinity is none where the contract says so."""
    kept = without_nan(value)
    return f"CASE WHEN NOT isinf({value}) THEN {kept} END" if rule.infinite else kept


def without_nan(value: str) -> str:
    """SQL for a number, null where it is NaN.

    Not by isnan: least and greatest of a Parquet file leave NaN out, and DuckDB (2.0) concludes
    from them that isnan is false of every row. Whether it is distinct from NaN it does compute;
    asked so that few rows take the branch, it costs least.
    """
    return (
        f"CASE WHEN {value} IS NOT DISTINCT FROM CAST('NaN' AS DOUBLE) THEN NULL ELSE {value} END"
    )


def _filled(value: str, kind: str, rule: Column) -> str:
    """SQL, true for a cell that holds something to be read: not null, not blank, not NaN."""
    if family(kind) != "text":
        return f"({value}) IS NOT NULL"
    if rule.type in NUMBERS or rule.type is None:
        none = ["''", "'nan'", *(["'inf'", "'-inf'", "'infinity'"] if rule.infinite else [])]
        return f"lower(trim({value})) NOT IN ({', '.join(none)})"
    return f"trim({value}) <> ''"


def _from_text(value: str, stored: str, rule: Column) -> str:
    there = family(stored)
    if there == "time":
        return _time(value if rule.format is None else f"trim({value})", stored, rule)
    if there == "boolean":
        return f"TRY_CAST(trim({value}) AS BOOLEAN)"
    text = _number_text(value, rule)
    if re.fullmatch(INTEGER, stored):
        return f"CASE WHEN regexp_matches({text}, '{WHOLE}') THEN TRY_CAST({text} AS {stored}) END"
    if stored.startswith("DECIMAL"):  # a cast alone would round
        return (
            f"CASE WHEN CAST(TRY_CAST({text} AS {stored}) AS DOUBLE) = TRY_CAST({text} AS DOUBLE) "
            f"THEN TRY_CAST({text} AS {stored}) END"
        )
    read = f"TRY_CAST({text} AS {stored})"
    return f"CASE WHEN isfinite({read}) AND NOT contains({text}, '_') THEN {read} END"


def number_shape(rule: Column) -> str:
    """A regular expression for a number as the contract writes it: sign, digits, exponent."""
    point = re.escape(rule.decimal)
    whole = r"\d+"
    if rule.thousands:
        mark = SPACES if rule.thousands == " " else re.escape(rule.thousands)
        whole = rf"(?:\d{{1,3}}(?:{mark}\d{{2,3}})*{mark}\d{{3}}|\d+)"
    number = rf"(?:{whole}(?:{point}\d*)?|{point}\d+)(?:[eE][+-]?\d+)?"
    before, _, after = (rule.format or NUMBER).partition(NUMBER)
    before, after = (re.escape(part.strip()) for part in (before, after))
    inside = rf"{before}\s*([+-]?{number})\s*{after}"
    return rf"^\s*([+-]?)\s*(?:{inside}|\({inside}\))\s*$"


def _number_text(value: str, rule: Column) -> str:
    """The number as SQL writes it; null where the cell is not written as the contract says."""
    if rule.decimal == "." and not rule.thousands and rule.format is None:
        return value
    found = f"regexp_extract({value}, {literal(number_shape(rule))}, ['sign', 'plain', 'owed'])"
    number = f"concat({found}.plain, {found}.owed)"
    if rule.thousands == " ":
        number = f"regexp_replace({number}, '{SPACES}', '', 'g')"
    elif rule.thousands:
        number = f"replace({number}, {literal(rule.thousands)}, '')"
    if rule.decimal != ".":
        number = f"replace({number}, {literal(rule.decimal)}, '.')"
    minus = f"CASE WHEN {found}.owed <> '' THEN '-' ELSE {found}.sign END"
    return f"concat({minus}, {number})"


def _digits(value: str, rule: Column) -> str:
    """A whole number as the text that its format reads, with the zeros that a number loses."""
    text = f"CASE WHEN {value} = trunc({value}) THEN CAST(CAST({value} AS BIGINT) AS VARCHAR) END"
    wide = width(rule.format or "")
    return f"lpad({text}, CAST(greatest({wide}, length({text})) AS INTEGER), '0')" if wide else text


def _time(text: str, stored: str, rule: Column) -> str:
    if rule.format is None:
        read = iso_time(text)
    elif rule.format in EPOCHS:
        number = f"TRY_CAST({text} AS DOUBLE)"
        micros = 1_000_000 // EPOCHS[rule.format]
        read = f"make_timestamptz(CAST(round({number} * {micros}) AS BIGINT))"
    else:
        read = f"TRY_STRPTIME({text}, {literal(rule.format)})"
        if "%y" in rule.format:
            read = _century(read, rule.first_year)
        matches = f"regexp_matches({text}, {literal(shape(rule.format))})"
        read = f"CAST(CASE WHEN {matches} THEN {read} END AS TIMESTAMPTZ)"
    return read if stored == STORED["time"] else f"CAST({read} AS {stored})"


def _century(read: str, first_year: int | None) -> str:
    """A two-digit year within the hundred that begins with ``first_year``; null where unsaid."""
    if first_year is None:
        return f"CASE WHEN year({read}) < {DOUBTFUL} THEN {read} END"
    after = f"((year({read}) - {first_year}) % 100 + 100) % 100"
    return f"({read} + to_years(CAST({first_year} + {after} - year({read}) AS INTEGER)))"


assert PIVOT + 100 > DOUBTFUL
