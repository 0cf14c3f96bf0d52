"""What the catalogue holds: one dataclass per kind of thing, each with an id that pages link to.

An id is ``kind/problem.name``, such as ``column/credit.applications.amount``.
"""

from dataclasses import dataclass, field

import pandas as pd

LIVE = ("champion", "challenger", "shadow")


@dataclass(frozen=True, kw_only=True)
class Point:
    """A column at one moment of its history: one ingest, or one month of event times.

    ``nulls`` is a share of ``rows``; ``psi`` compares the ingest with the rows before it.
    """

    at: str
    rows: int
    nulls: float | None = None
    file: str = ""
    psi: float | None = None
    critical: float | None = None


@dataclass(frozen=True, kw_only=True)
class Change:
    """Something that was not so before: when it came, with which file, and what it is."""

    at: str
    file: str
    column: str
    kind: str
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Batch:
    """One ingest: ``rows`` = accepted + rejected + already_held."""

    at: str
    file: str
    rows: int
    accepted: int
    rejected: int
    already_held: int


@dataclass(kw_only=True)
class ColumnEntry:
    """A column of a source. ``nulls`` is a share; ``distinct`` is approximate.

    ``quantiles`` are the 5th, 25th, 50th, 75th and 95th percentile; ``values`` the frequent values
    with their rows, never of a column that names somebody.
    """

    id: str
    problem: str
    source: str
    name: str
    type: str = ""
    contract: str = ""
    names_somebody: bool = False
    nulls: float | None = None
    distinct: int | None = None
    mean: float | None = None
    quantiles: list[float] = field(default_factory=list)
    first: str = ""
    last: str = ""
    values: list[tuple[str, int]] = field(default_factory=list)
    history: list[Point] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    used: bool = True


@dataclass(kw_only=True)
class SourceEntry:
    """A source of a problem. ``trouble`` says why it could not be opened; then counts are None.

    ``behind`` and ``limit`` are seconds; ``place`` is the same for two problems that read the same
    rows.
    """

    id: str
    problem: str
    name: str
    roles: list[str]
    owner: str
    description: str
    place: str
    query: str = ""
    key: str = ""
    time: str = ""
    available: str = ""
    version: str = ""
    trouble: str = ""
    rows: int | None = None
    untimed: int = 0
    ahead: int = 0
    oldest: pd.Timestamp | None = None
    newest: pd.Timestamp | None = None
    limit: float | None = None
    behind: float | None = None
    status: str = ""
    seen: str = ""
    history: list[Point] = field(default_factory=list)
    ingests: list[Batch] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    quarantined: int = 0


@dataclass(kw_only=True)
class FeatureEntry:
    """A feature of a problem file or of a model. ``toml`` is what makes it, ready to copy.

    ``coverage`` is the share of non-null values in what ``covered`` names; ``in_file`` is false
    for a feature that only a model still knows. ``trouble`` says why it could not be built.
    """

    id: str
    problem: str
    name: str
    kind: str
    words: str
    toml: str
    version: int
    hash: str
    sources: list[str]
    in_file: bool = True
    coverage: float | None = None
    covered: str = ""
    trouble: str = ""


@dataclass(frozen=True)
class ModelInput:
    """A feature as a model uses it; ``current`` is false where the problem file changed it since.

    ``rank`` counts from 1 by importance, in the unit of its candidate; None where it has none.
    """

    feature: str
    importance: float | None
    rank: int | None
    current: bool


@dataclass(kw_only=True)
class ModelEntry:
    """A submitted model with its state, its inputs and what it decided."""

    id: str
    problem: str
    version: str
    candidate: str
    status: str
    known_at: str
    submitted: str
    gate: str
    auc: float | None
    last: str
    inputs: list[ModelInput]
    decisions: dict[str, int]
    first: str = ""
    latest: str = ""
    trouble: str = ""
    run: str = ""
    versions: dict[str, int | str] = field(default_factory=dict)
    definition: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Edge:
    """``down`` reads ``up``; ``how`` is value, filter, matched by, time, key, or another use."""

    up: str
    down: str
    how: str


def node(kind: str, problem: str, name: str) -> str:
    return f"{kind}/{problem}.{name}"
