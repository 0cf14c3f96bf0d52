"""How a problem's features are computed: each step's form, the reason for it, and its SQL."""

import pandas as pd

from truerisk.errors import ProblemError
from truerisk.features.engines import engine
from truerisk.features.engines.render import render
from truerisk.features.inputs import check_inputs, read_columns
from truerisk.features.plan import TOTALS
from truerisk.features.spine import application_columns, spine_table
from truerisk.features.steps import Step, entities, steps
from truerisk.lake.duck import quote
from truerisk.lake.lake import Lake, open_lake
from truerisk.lake.sources.sources import Sources
from truerisk.problem.spec import Problem
from truerisk.wording.counted import counted

INDENT = " " * 4
IN_PROCESS = "then in this process: running totals per entity, read at each window's two edges"


def explain(
    problem: Problem,
    lake: Lake | None = None,
    spine: pd.DataFrame | None = None,
    sample: int | None = None,
    sql: bool = True,
) -> str:
    """A text with one part per step, as the problem's engine would run it over ``spine``.

    ``spine`` is all applications when it is not given, or ``sample`` of them (the first by a hash
    of their keys). The choice of forms depends on how many rows there are: this counts them.
    """
    with Sources(problem, lake or open_lake()) as sources:
        check_inputs(sources)
        spine = _applications(sources, sample) if spine is None else spine
        base = application_columns(sources, spine, read_columns(problem))
        runner = engine(sources)
        runner.spine(spine_table(base, entities(problem)))
        parts = [
            _part(i, step, problem, sql) for i, step in enumerate(steps(sources, runner, None))
        ]
    many = counted(len(base), "application")
    head = f"{problem.where}: features of {many}, computed by {problem.compute.engine}."
    return "\n\n".join([head, *_without_sql(problem), *parts])


def _applications(sources: Sources, sample: int | None) -> pd.DataFrame:
    view = sources.view(sources.problem.application.source)
    some = f" ORDER BY hash(__key) LIMIT {sample}" if sample is not None else ""
    return sources.frame(f"SELECT __key AS {quote(sources.problem.key)} FROM {view}{some}")


def _without_sql(problem: Problem) -> list[str]:
    """What needs no query: the application's own columns, and what is derived row by row."""
    said = []
    if problem.features.columns:
        said.append(f"Columns of the application: {', '.join(problem.features.columns)}.")
    derived = [f"{name} = {d.sql}" for name, d in problem.features.derived.items()]
    if derived:
        said.append("\n".join(["Derived, row by row:", *(INDENT + line for line in derived)]))
    return said


def _part(i: int, step: Step, problem: Problem, sql: bool) -> str:
    lines = [
        f'{i + 1}. Source "{step.source}" by {step.by}: {step.formulation} ({step.because})',
        *(INDENT + name for name in step.names),
    ]
    if sql:
        lines += ["", *(INDENT + line for line in _readable(step.queries[0], problem).splitlines())]
        if len(step.queries) > 1:
            lines.append(f"{INDENT}-- and the same for each of {len(step.queries)} chunks")
        if step.formulation == TOTALS:
            lines.append(f"{INDENT}-- {IN_PROCESS}")
    return "\n".join(lines)


def _readable(query: str, problem: Problem) -> str:
    """The query as it runs, laid out; DuckDB's as it was written where sqlglot is missing."""
    try:
        return render(query, problem.compute.engine)
    except ProblemError:
        return query
