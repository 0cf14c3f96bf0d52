"""The contract of a source as SQL conditions, the same when it is read and when it is filled.

A condition is true for a row that breaks the rule; null is broken only by ``nullable = false``.
The SQL is plain, so that another engine can run it after sqlglot has rendered it.
"""

import re
from dataclasses import dataclass

from truerisk.lake.duck import quote
from truerisk.problem.source import Column

INTEGER = r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?"
NUMBER = rf"{INTEGER}|DOUBLE|FLOAT|DECIMAL.*"
KINDS = {
    "float": NUMBER,
    "money": NUMBER,
    "integer": INTEGER,
    "text": "VARCHAR|ENUM.*",
    "boolean": "BOOLEAN",
    "time": "TIMESTAMP.*|DATE",
}
SHOWN = 6  # allowed values that a sentence lists
DENSE = 64  # the range of dense integers, in integers
WIDEST = 2**62


@dataclass(frozen=True)
class Check:
    """One rule over the rows of a column: ``sentence`` follows ``column "x"`` in a message."""

    rule: str
    column: str
    condition: str
    sentence: str

    @property
    def broken(self) -> str:
        """SQL for the number of rows that break the rule."""
        return f"sum(CASE WHEN {self.condition} THEN 1 ELSE 0 END)"


def holds(rule: Column, kind: str) -> bool:
    """True when a column of this DuckDB type can be what the contract says."""
    return rule.type is None or re.fullmatch(KINDS[rule.type], kind) is not None


def row_checks(column: str, rule: Column, kind: str) -> list[Check]:
    """The rules that one row can break alone: nullable, min, max, allowed, regex.

    ``regex`` must match the whole value. ``kind`` is the column's DuckDB type.
    """
    c = quote(column)
    found = []
    if not rule.nullable:
        found.append(("nullable", f"{c} IS NULL", "is null"))
    if rule.min is not None:
        found.append(("min", f"{c} < {rule.min}", f"is below {rule.min:g}"))
    if rule.max is not None:
        found.append(("max", f"{c} > {rule.max}", f"is above {rule.max:g}"))
    if rule.allowed is not None:
        listed = ", ".join(_value(v, kind) for v in rule.allowed)
        shown = ", ".join(map(_shown, rule.allowed[:SHOWN]))
        more = f" and {len(rule.allowed) - SHOWN} more" if len(rule.allowed) > SHOWN else ""
        found.append(("allowed", f"{c} NOT IN ({listed})", f"is not one of {shown}{more}"))
    if rule.regex is not None:
        whole = literal(f"^(?:{rule.regex})$")
        found.append(
            (
                "regex",
                f"NOT regexp_matches(CAST({c} AS VARCHAR), {whole})",
                f"does not match {rule.regex}",
            )
        )
    return [Check(name, column, condition, sentence) for name, condition, sentence in found]


def repeats(column: str) -> str:
    """SQL for how many values of a column that must be unique are not new; null never counts."""
    return f"count({quote(column)}) - count(DISTINCT {quote(column)})"


def literal(text: str) -> str:
    """A text as a SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def _value(value: str | float, kind: str) -> str:
    """An allowed value in the column's own type: a text column compares with texts."""
    return literal(_shown(value)) if isinstance(value, str) or kind == "VARCHAR" else repr(value)


def _shown(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.15g}"


def different_integers(column: str, low: int | None, high: int | None, n: int) -> str:
    """SQL for how many different values an integer column has between ``low`` and ``high``.

    Exact: dense ones by a bit each, which takes a seventh of the time of hashing, and 12 MB for a
    hundred million.
    """
    if low is None or high is None or high - low >= DENSE * n or max(abs(low), abs(high)) >= WIDEST:
        return f"count(DISTINCT {column})"
    return f"bit_count(bitstring_agg({column}, {low}, {high}))"
