"""Which column of somebody's file is what: key, time, event, subject, amount. Guesses, said so."""

import re
from dataclasses import dataclass
from functools import cache

import duckdb

from truerisk.errors import SourceError
from truerisk.profiling.columns import Column
from truerisk.wording.lists import one_of

KEY = (r"(^|_)(id|key|no|nr|num|number|code|uuid|guid)$", r"id$", r"nr_", r"_id_")
APPLIED = ("appl", "creat", "submit", "signup", "sign_up", "request", "open", "issue", "orig",
           "start", "contact", "approv", "date", "time")  # fmt: skip
SEEN = ("observ", "seen", "clos", "charg", "default", "outcome", "end", "paid", "event", "report",
        "purchas", "respon", "date", "time")  # fmt: skip
EVENT = (
    "^(y|target|label|event|bad|outcome|response|churn)$", "default", "fraud", "charged?_?off",
    "bad", "delinq", "target", "label", "event", "respon", "conver", "purchase", "subscri",
    "^class$", "status", "visit", "class",
)  # fmt: skip
SUBJECT = ("customer", "client", "member", "user", "borrower", "person", "applicant", "account")
AMOUNT = ("amount", "amnt", "amt", "loan", "principal", "disburs", "exposure", "appv", "limit",
          "value", "spend")  # fmt: skip
YES = {
    "1", "y", "yes", "true", "t", "bad", "default", "defaulted", "fraud", "charged off",
    "chgoff", "charge off", "event", "positive", "late", "churned",
}  # fmt: skip


@dataclass(frozen=True)
class Event:
    """The event as SQL over its column; ``guessed`` where the rarer level was taken for it."""

    column: str
    sql: str
    guessed: bool = False


def key_of(left: list[Column], right: list[Column] | None) -> tuple[str, str] | None:
    """The columns that name an application in both files, or in the one; None where none does."""
    mine = [c for c in left if c.unique and c.kind in ("number", "text") and _names(c)]
    if right is None:
        own = _first(mine, KEY)
        return None if own is None else (own.name, own.name)
    theirs = {c.name.lower(): c for c in right if c.unique}
    both = [c for c in mine if c.name.lower() in theirs]
    found = _first(both, KEY) or (both[0] if both else None)
    return None if found is None else (found.name, theirs[found.name.lower()].name)


def _names(column: Column) -> bool:
    """False for fractions; whole numbers that a file holds as floats are read as whole."""
    return column.stored not in ("DOUBLE", "FLOAT") or {"type": "integer"} in column.rules


def time_of(columns: list[Column], words: tuple[str, ...]) -> Column | None:
    """A column of times (typed, or by its proposal) that no row lacks, the likeliest name first."""
    times = [c for c in columns if is_time(c) and c.nulls == 0]
    ranked = sorted(times, key=lambda c: _rank(c.name, words))
    return ranked[0] if ranked else None


def is_time(column: Column) -> bool:
    return column.kind == "time" or any(rule.get("type") == "time" for rule in column.rules)


def event_of(columns: list[Column], taken: set[str]) -> Event | None:
    """A column of two levels, the likeliest name first, else the only one; or a status."""
    two = [c for c in columns if c.levels == 2 and c.name not in taken and not is_time(c)]
    two = [c for c in two if c.kind in ("boolean", "number", "text")]
    named = [c for c in two if _named(c, EVENT)]
    if not named:
        return _of_many(columns, taken) or (_of_two(two[0], True) if len(two) == 1 else None)
    return _of_two(min(named, key=lambda c: _rank(c.name, EVENT)), False)


def _of_many(columns: list[Column], taken: set[str]) -> Event | None:
    """A status of several levels, one of which is a word for the event."""
    for c in columns:
        if c.name in taken or not _named(c, EVENT):
            continue
        yes = [level for level, _ in c.frequent if level.strip().lower() in YES]
        if len(yes) == 1:
            return Event(c.name, f"{quoted(c.name)} = {literal(yes[0])}", guessed=True)
    return None


def _of_two(column: Column, guessed: bool) -> Event | None:
    name = quoted(column.name)
    if column.kind == "boolean" or (column.low, column.high) == (0, 1):
        return Event(column.name, name, guessed)
    if column.kind == "number":
        return Event(column.name, f"{name} = {column.high}", guessed=True)
    levels = [level for level, _ in column.frequent]
    if len(levels) < 2:
        return None
    yes = [level for level in levels if level.strip().lower() in YES]
    level = yes[0] if len(yes) == 1 else levels[-1]
    return Event(column.name, f"{name} = {literal(level)}", guessed=len(yes) != 1)


def subject_of(columns: list[Column], key: str) -> str:
    """Who applied: a column whose name says so and in which people return; else the key."""
    found = [
        c
        for c in columns
        if c.name != key and c.nulls == 0 and c.levels > 1 and _named(c, SUBJECT)
        and _named(c, KEY) and c.kind in ("number", "text")
    ]  # fmt: skip
    return found[0].name if found else key


def amount_of(columns: list[Column]) -> str | None:
    """A positive number that names what is at stake."""
    found = [
        c for c in columns
        if c.kind == "number" and _named(c, AMOUNT) and c.nulls == 0
        and c.low is not None and c.low >= 0 and c.levels > 10
    ]  # fmt: skip
    return found[0].name if found else None


def needs(what: str, file: str, columns: list[Column]) -> SourceError:
    """One sentence for a file that lacks what a problem cannot do without."""
    return SourceError(f"{file}: {what}; its columns are {one_of(c.name for c in columns)}.")


def quoted(name: str) -> str:
    """A column name in an expression: in double quotes where it is no plain word."""
    plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) and name.lower() not in _reserved()
    return name if plain else '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _first(columns: list[Column], words: tuple[str, ...]) -> Column | None:
    return next((c for c in columns if _named(c, words)), None)


def _named(column: Column, words: tuple[str, ...]) -> bool:
    return _rank(column.name, words) < len(words)


def _rank(name: str, words: tuple[str, ...]) -> int:
    """The place of the first of the words that a name holds."""
    return next((i for i, w in enumerate(words) if re.search(w, name.lower())), len(words))


@cache
def _reserved() -> frozenset[str]:
    words = "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category <> 'unreserved'"
    with duckdb.connect() as con:
        return frozenset(word for (word,) in con.execute(words).fetchall())
