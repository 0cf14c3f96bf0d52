"""Engines that can run the SQL of features: one file each, behind one small protocol."""

from collections.abc import Callable
from importlib import import_module
from typing import Protocol

import pyarrow as pa

from truerisk.errors import ProblemError
from truerisk.lake.sources.sources import Sources
from truerisk.problem.spec import Problem
from truerisk.wording.lists import one_of

ENGINES = {
    "duckdb": "truerisk.features.engines.duckdb:DuckDB",
    "spark": "truerisk.features.engines.spark:Spark",
}


class Engine(Protocol):
    """Runs feature queries over a spine and opened sources.

    ``asof`` says whether it has a native ASOF join, ``memory`` how many bytes one query may take
    (None where the engine looks after that itself and nothing is chunked).
    """

    asof: bool
    memory: int | None

    def spine(self, table: pa.Table) -> None:
        """Make the spine known: __row, __as_of (µs), the entity columns."""

    def source(self, name: str, columns: list[str]) -> str:
        """Open a source, checked as ``Sources.view`` says; its view's name as an identifier.

        The first of ``columns`` is the entity that it is joined to the spine by.
        """

    def run(self, query: str) -> pa.Table:
        """The rows of one query; ValueError with the engine's own words where it cannot be run."""


def engine(sources: Sources) -> Engine:
    """The engine that the problem's [compute] names."""
    name = _known(sources.problem.compute.engine)
    module, _, attribute = ENGINES[name].partition(":")
    make: Callable[[Sources], Engine] = getattr(import_module(module), attribute)
    return make(sources)


def with_engine(problem: Problem, name: str) -> Problem:
    """The problem computed by another engine: the same features, the same numbers.

    Raises ProblemError for an engine that does not exist.
    """
    compute = problem.compute.model_copy(update={"engine": _known(name)})
    return problem.model_copy(update={"compute": compute})


def _known(name: str) -> str:
    if name not in ENGINES:
        raise ProblemError(f"There is no engine {name!r}; the engines are {one_of(ENGINES)}.")
    return name
