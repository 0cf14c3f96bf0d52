"""A problem's features as SQL for a warehouse: views of its sources, the spine, and the queries.

Written from the problem file alone; column types, which decide how sums are taken, come from the
lake or the files where they can be opened, else from the contract.
"""

from dataclasses import dataclass

import pyarrow as pa

from truerisk.errors import ProblemError, TrueriskError
from truerisk.features.engines.portable import check_filters
from truerisk.features.engines.render import DIALECTS, render
from truerisk.features.plan import Sizes
from truerisk.features.sql.names import AS_OF, ROW, SPINE
from truerisk.features.steps import entities, steps
from truerisk.features.warehouse.names import instant_us, name_in, raw_name_in
from truerisk.lake.duck import quote
from truerisk.lake.lake import Lake, open_lake
from truerisk.lake.reader.cells import STORED
from truerisk.lake.sources.sources import Sources
from truerisk.lake.sources.versions import view_names
from truerisk.lake.sources.views import checked
from truerisk.problem.spec import Problem
from truerisk.wording.lists import one_of

HEAD = """Features of {name}, for {dialect}. Run the statements in this order, in a session in UTC.
The tables named below hold the rows of the problem's sources. Every time is whole microseconds
since 1970 (UTC). Replace the view __spine by your own to build other applications or other times:
__row (0, 1, 2, …), __as_of (microseconds) and {entities}.
{sums}"""
SUMS = {
    "duckdb": "Sums of doubles are taken in the order of time and key.",
    "spark": "Sums of doubles are taken in the order of time and key, as DuckDB takes them.",
}
ANY_ORDER = """Sums of doubles are taken in any order: equal to truerisk's own up to the last bits.
Money is exact; what has fractions of a cent is rounded as the warehouse rounds."""


@dataclass(frozen=True)
class Statement:
    """One statement, and what it is in one sentence."""

    about: str
    sql: str


def feature_sql(problem: Problem, dialect: str, lake: Lake | None = None) -> str:
    """All statements as one text, each under its comment.

    Raises ProblemError for an unknown dialect, and for filters that need not mean the same there.
    """
    written = statements(problem, dialect, lake)
    return "\n\n".join(
        f"{_comment(s.about)}\n{s.sql};" if s.sql else _comment(s.about) for s in written
    )


def statements(problem: Problem, dialect: str, lake: Lake | None = None) -> list[Statement]:
    """A statement per view and per query, in the order in which they run; first a preface."""
    if dialect not in DIALECTS:
        raise ProblemError(f"There is no dialect {dialect!r}; the dialects are {one_of(DIALECTS)}.")
    with _Known(problem, lake or open_lake()) as sources:
        check_filters(sources, dialect)
        writer = _Writer(dialect)
        writer.source(problem.application.source, entities(problem))
        found = [
            Statement(
                f'Source "{step.source}" by {step.by}: {step.formulation} ({step.because}).'
                f"\nGives {', '.join(step.names)}.",
                render(step.queries[0], dialect),
            )
            for step in steps(sources, writer, None)
        ]
        views = [
            view
            for name, columns in writer.columns.items()
            for view in _views(sources, name, columns, dialect)
        ]
    joined = ", ".join(entities(problem)) or "no entity"
    sums = SUMS.get(dialect, ANY_ORDER)
    head = HEAD.format(name=problem.name, dialect=dialect, entities=joined, sums=sums)
    views = list(dict.fromkeys(views))  # two queries may read one source
    return [Statement(head, ""), *views, _spine(problem, dialect), *found, *_rest(problem)]


class _Known(Sources):
    """Sources whose column types are the contract's where they cannot be opened."""

    def columns(self, name: str) -> dict[str, str]:
        try:
            return super().columns(name)
        except TrueriskError:
            contract = self.problem.sources[name].contract
            return _Types({c: STORED[rule.type] for c, rule in contract.items() if rule.type})


class _Types(dict[str, str]):
    def __missing__(self, column: str) -> str:
        return "DOUBLE"  # right for any number: its sums are then taken in order


class _Writer:
    """An engine that only notes which columns it is asked for."""

    memory: int | None = None

    def __init__(self, dialect: str) -> None:
        self.asof = dialect == "duckdb"
        self.columns: dict[str, list[str]] = {}

    def spine(self, table: pa.Table) -> None:
        raise AssertionError("nothing runs here")

    def source(self, name: str, columns: list[str]) -> str:
        held = self.columns.get(name, [])
        self.columns[name] = list(dict.fromkeys([*held, *columns]))
        return quote(checked(name))

    def run(self, query: str) -> pa.Table:
        """Only sizes are asked for: as if nothing were known of them."""
        return pa.Table.from_pylist([vars(Sizes(spine=0, events=0, pairs=0, span=0))])


def _views(sources: Sources, name: str, columns: list[str], dialect: str) -> list[Statement]:
    """The view of a source that queries read, after those of the sources it is made from."""
    problem = sources.problem
    made = [_rows(problem, other, dialect) for other in view_names(name, problem)]
    source, types = problem.sources[name], sources.columns(name)
    named = {c: raw_name_in(c, dialect) for c in columns}
    time = instant_us(source.time, types.get(source.time), dialect)
    available = f"{time} + {int(source.delay.total_seconds()) * 10**6}"
    if source.available_at:
        available = instant_us(source.available_at, types.get(source.available_at), dialect)
    named |= {"__key": raw_name_in(source.key, dialect)}
    named |= {"__time_us": time, "__available_us": available}
    selected = ",\n  ".join(f"{sql} AS {name_in(c, dialect)}" for c, sql in named.items())
    view = name_in(checked(name), dialect)
    sql = f"CREATE VIEW {view} AS\nSELECT\n  {selected}\nFROM {raw_name_in(name, dialect)}"
    return [*(m for m in made if m), Statement(f'Source "{name}", with its times.', sql)]


def _rows(problem: Problem, name: str, dialect: str) -> Statement | None:
    """The view under a source's own name; none where a table has that name."""
    source, view = problem.sources[name], raw_name_in(name, dialect)
    if source.query is not None:
        about = f'The rows of source "{name}", from its query.'
        return Statement(about, f"CREATE VIEW {view} AS\n{render(source.query, dialect, False)}")
    if source.table is not None and source.table != name:
        table = raw_name_in(source.table, dialect)
        about = f'The rows of source "{name}", from the table {source.table}.'
        return Statement(about, f"CREATE VIEW {view} AS\nSELECT * FROM {table}")
    return None


def _spine(problem: Problem, dialect: str) -> Statement:
    named = "".join(f", {quote(c)}" for c in entities(problem) if c != problem.key)
    sql = f"""CREATE VIEW {SPINE} AS
SELECT ROW_NUMBER() OVER (ORDER BY __time_us, __key) - 1 AS {ROW}, __time_us AS {AS_OF},
  __key AS {quote(problem.key)}{named}
FROM {quote(checked(problem.application.source))}"""
    return Statement("All applications, each as of its own time.", render(sql, dialect))


def _rest(problem: Problem) -> list[Statement]:
    features = problem.features
    said = [f"{name} = {d.sql}" for name, d in features.derived.items()]
    if features.columns:
        said.insert(0, f"columns of the application: {', '.join(features.columns)}")
    return [Statement("\n".join(["No query of their own have:", *said]), "")] if said else []


def _comment(text: str) -> str:
    return "\n".join(f"-- {line}" for line in text.splitlines())
