"""Read the catalogue of a lake's problems: what is there, who uses it, what nobody uses."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from os import PathLike

import pandas as pd

from truerisk.catalog.entries import (
    LIVE,
    ColumnEntry,
    Edge,
    FeatureEntry,
    ModelEntry,
    SourceEntry,
    node,
)
from truerisk.catalog.features import add_coverage, describe_features
from truerisk.catalog.lineage import feature_edges, query_edges, reach, use_edges, used
from truerisk.catalog.models import describe_models
from truerisk.catalog.sources import describe_sources
from truerisk.errors import LakeError, ProblemError
from truerisk.features.definitions import with_features_of
from truerisk.lake.home import repository
from truerisk.lake.lake import Lake, open_lake
from truerisk.problem.instant import instant
from truerisk.problem.load import load_problem
from truerisk.problem.spec import Problem

SAMPLE = 5_000  # applications that a feature's coverage is counted on where none was decided


@dataclass(kw_only=True)
class Catalog:
    """What was found in a lake. ``.sources``, ``.columns``, ``.features``, ``.models`` and
    ``.lineage`` are frames with one row each; ``.unused`` are the columns nobody uses."""

    as_of: pd.Timestamp
    root: str
    problems: list[Problem]
    troubles: list[str]
    source_entries: list[SourceEntry] = field(default_factory=list)
    column_entries: list[ColumnEntry] = field(default_factory=list)
    feature_entries: list[FeatureEntry] = field(default_factory=list)
    model_entries: list[ModelEntry] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)

    @property
    def sources(self) -> pd.DataFrame:
        return pd.DataFrame([asdict(e) for e in self.source_entries])

    @property
    def columns(self) -> pd.DataFrame:
        return pd.DataFrame([asdict(e) for e in self.column_entries])

    @property
    def features(self) -> pd.DataFrame:
        return pd.DataFrame([asdict(e) for e in self.feature_entries])

    @property
    def models(self) -> pd.DataFrame:
        return pd.DataFrame([asdict(e) for e in self.model_entries])

    @property
    def lineage(self) -> pd.DataFrame:
        """``up``, ``down`` and ``how``: data flow from up to down."""
        return pd.DataFrame([asdict(e) for e in self.edges], columns=["up", "down", "how"])

    @property
    def unused(self) -> pd.DataFrame:
        """The columns that no problem file and no live model reads."""
        columns = self.columns
        return columns[~columns["used"]] if len(columns) else columns

    def upstream(self, name: str) -> dict[str, int]:
        """Every node that ``name`` (an id) is made of → steps away."""
        return reach(self.edges, name, up=True)

    def downstream(self, name: str) -> dict[str, int]:
        """Every node that ``name`` (an id) flows into → steps away."""
        return reach(self.edges, name)


def read_catalog(
    problems: Sequence[Problem | str | PathLike[str]] | None = None,
    lake: Lake | None = None,
    as_of: object = None,
    sample: int = SAMPLE,
) -> Catalog:
    """The catalogue of ``problems`` (default: all of the repository's problems/) over a lake.

    Freshness is judged at ``as_of`` (UTC, default now). A problem file that cannot be read is named
    in ``troubles``, a source that cannot be opened in its own ``trouble``; neither stops the rest.
    """
    at = instant(as_of)  # type: ignore[arg-type]
    lake = lake or open_lake()
    named = problems or sorted((repository() / "problems").glob("*.toml"))
    found, troubles = [], []
    for one in named:
        try:
            found.append(one if isinstance(one, Problem) else load_problem(one))
        except ProblemError as error:
            troubles.append(str(error))
    catalog = Catalog(as_of=at, root=lake.root, problems=found, troubles=troubles)
    for problem in found:
        _add(catalog, problem, lake, sample)
    _mark_unused(catalog)
    return catalog


def _add(catalog: Catalog, problem: Problem, lake: Lake, sample: int) -> None:
    sources, columns = describe_sources(problem, lake, catalog.as_of)
    models: list[ModelEntry] = []
    with _told(catalog):
        models = describe_models(problem, lake)
    features = describe_features(problem, models)
    with _told(catalog):
        add_coverage(problem, lake, features, models, catalog.as_of, sample)
    held = {
        s.name: [c.name for c in columns if c.source == s.name] for s in sources if not s.trouble
    }
    edges = [
        *query_edges(problem, held),
        *feature_edges(problem, held),
        *use_edges(problem, held),
        *_model_edges(problem, models, held),
    ]
    catalog.edges += list(dict.fromkeys(edges))
    catalog.source_entries += sources
    catalog.column_entries += _with_read_ones(problem, columns, edges)
    catalog.feature_entries += features
    catalog.model_entries += models


@contextmanager
def _told(catalog: Catalog) -> Iterator[None]:
    """A registry or a ledger that is damaged is named, and does not hide the sources."""
    try:
        yield
    except LakeError as error:
        if str(error) not in catalog.troubles:
            catalog.troubles.append(str(error))


def _model_edges(
    problem: Problem, models: list[ModelEntry], held: dict[str, list[str]]
) -> list[Edge]:
    """Features into models, models into decisions; what the file changed since as it was then."""
    edges: list[Edge] = []
    for model in models:
        old = {node("feature", problem.name, i.feature) for i in model.inputs if not i.current}
        if old:
            then = with_features_of(problem, model.definition)
            edges += [
                Edge(e.up, e.down, f"{e.how}, in model {model.version}")
                for e in feature_edges(then, held)
                if e.down in old
            ]
        for i in model.inputs:
            weight = "no weight" if not i.rank else f"no. {i.rank} of {len(model.inputs)}"
            edges.append(Edge(node("feature", problem.name, i.feature), model.id, weight))
        if model.decisions:
            edges.append(Edge(model.id, node("decisions", problem.name, model.version), "decided"))
    return edges


def _with_read_ones(
    problem: Problem, columns: list[ColumnEntry], edges: list[Edge]
) -> list[ColumnEntry]:
    """The columns with those that a source which could not be opened is said to have."""
    known = {c.id for c in columns}
    prefix = f"column/{problem.name}."
    for name in dict.fromkeys(n for e in edges for n in (e.up, e.down)):
        if name.startswith(prefix) and name not in known:
            source, _, column = name.removeprefix(prefix).partition(".")
            columns.append(ColumnEntry(id=name, problem=problem.name, source=source, name=column))
            known.add(name)
    return columns


def _mark_unused(catalog: Catalog) -> None:
    """A column is used when any problem that reads the same rows uses it."""
    live = {f.id for f in catalog.feature_entries if f.in_file}
    for model in catalog.model_entries:
        if model.status in LIVE:
            live |= {node("feature", model.problem, i.feature) for i in model.inputs}
    reached = used(catalog.edges, live)
    sources = {(s.problem, s.name): s for s in catalog.source_entries}
    whole = {e.up for e in catalog.edges}
    places = set()
    for column in catalog.column_entries:
        source = sources[column.problem, column.source]
        column.used = column.id in reached or source.id in whole or bool(source.trouble)
        if column.used:
            places.add((source.place, column.name))
    for column in catalog.column_entries:
        place = sources[column.problem, column.source].place
        column.used = column.used or (place, column.name) in places
