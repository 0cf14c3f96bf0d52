"""Build features for a spine: its rows, in its order, each as of its own time."""

from collections.abc import Mapping
from datetime import date

import duckdb
import pandas as pd
import pyarrow as pa

from truerisk.errors import ProblemError, SourceError
from truerisk.features import sql
from truerisk.features.definitions import aggregates, derived_order, names
from truerisk.lake.connection import quote
from truerisk.lake.lake import Lake, open_lake
from truerisk.lake.place import Version
from truerisk.lake.sources import Sources
from truerisk.problem.expression import columns_of, evaluate
from truerisk.problem.instant import instant
from truerisk.problem.spec import Problem


def build_features(
    problem: Problem,
    spine: pd.DataFrame,
    lake: Lake | None = None,
    known_at: object = None,
    versions: Mapping[str, Version] | None = None,
) -> pd.DataFrame:
    """The application key and one column per feature: the spine's rows, order and index.

    ``spine`` (n rows) holds the application key and, optionally, its time (as_of, UTC) and entity
    columns; what it lacks comes from the application source. ``known_at`` bounds every source row;
    ``versions`` pins sources. Numbers are float64, anything else is text. Raises SourceError for a
    repeated or unknown key and for what the sources lack.
    """
    with Sources(problem, lake or open_lake(), versions) as sources:
        return build(sources, spine, known_at)


def build(sources: Sources, spine: pd.DataFrame, known_at: object = None) -> pd.DataFrame:
    """build_features over sources that are open already."""
    problem = sources.problem
    wanted = names(problem)
    order = derived_order(problem)
    known = _literal(known_at)
    base = application_columns(sources, spine, _read_columns(problem), known)
    base["row_id"] = range(len(base))
    sources.con.register("spine", pa.Table.from_pandas(base, preserve_index=False))
    parts = [base.drop(columns=["row_id", "as_of"])]
    for latest in problem.features.latest:
        view = sources.view(latest.source, [latest.by, *latest.columns])
        source = problem.sources[latest.source]
        parts.append(_run(sources, sql.latest(view, source, latest, known), latest.source))
    for window in problem.features.window:
        made = aggregates(window.source, window.over, window.compute)
        used = [a.column for a in made if a.column]
        view = sources.view(window.source, [window.by, *used])
        types = sources.columns(window.source)
        _refuse_text(problem, window.source, made, types)
        query = sql.windows(view, problem.sources[window.source], window.by, made, types, known)
        parts.append(_run(sources, query, window.source))
    sources.con.unregister("spine")
    frame = pd.concat(parts, axis=1)
    for name in order:
        try:
            frame[name] = evaluate(frame, {name: problem.features.derived[name]})[name].to_numpy()
        except ValueError as error:
            raise ProblemError(f"{problem.where}: features.derived.{name}: {error}.") from error
    assert len(frame) == len(spine)
    built = frame[[problem.key, *wanted]].set_axis(spine.index)
    return built.assign(**{name: _plain(problem, name, built[name]) for name in wanted})


def application_columns(
    sources: Sources, spine: pd.DataFrame, columns: list[str], known: str | None = None
) -> pd.DataFrame:
    """The spine's key, ``as_of`` and ``columns``, each from the spine where it has it.

    One row per spine row, in its order. Raises SourceError for a repeated key, for a missing time,
    and for a key that the application source does not hold, or did not by ``known``, when
    something must come from there.
    """
    problem = sources.problem
    key, time = problem.key, problem.applications.time
    if key not in spine:
        raise SourceError(f'The spine has no column "{key}", the key of the applications.')
    repeated = int(spine[key].duplicated().sum())
    if repeated:
        raise SourceError(
            f'The spine repeats "{key}" in {repeated:,} of {len(spine):,} rows; '
            "each application has one row."
        )
    columns = list(dict.fromkeys([key, *columns]))
    lacking = [c for c in [time, *columns] if c not in spine]
    view = sources.view(problem.application.source, [time, *columns])
    table = pa.table({"row_id": range(len(spine)), "__wanted": pa.array(spine[key])})
    sources.con.register("wanted", table)
    listed = "".join(f", a.{quote(c)}" for c in lacking if c != time)
    query = (
        f"SELECT w.row_id, a.__time, a.__key IS NOT NULL AS __found{listed} "
        f"FROM wanted w LEFT JOIN {view} a ON a.__key = w.__wanted"
        + (f" AND a.__available <= TIMESTAMP '{known}'" if known else "")
    )
    found = _run(sources, query, problem.application.source)
    sources.con.unregister("wanted")
    unknown = int((~found["__found"]).sum())
    if lacking and unknown:
        then = f" as known at {known[:10]}" if known else ""
        raise SourceError(
            f"{problem.where}: {unknown:,} of {len(spine):,} applications in the spine are not in "
            f'source "{problem.application.source}"{then}, '
            f"which must give {', '.join(lacking)}."
        )
    as_of = spine[time].reset_index(drop=True) if time in spine else found["__time"]
    untimed = int(as_of.isna().sum())
    if untimed:
        raise SourceError(
            f'The spine has no "{time}" in {untimed:,} of {len(spine):,} rows; '
            "every application needs its time."
        )
    try:
        base = pd.DataFrame({"as_of": to_naive_utc(as_of)})
    except ValueError as error:
        raise SourceError(f'The spine\'s "{time}" cannot be read as times ({error}).') from error
    for column in columns:
        if column != time:
            base[column] = (spine if column in spine else found)[column].array
    if time in columns:
        base[time] = base["as_of"]
    return base


def to_naive_utc(times: pd.Series) -> pd.Series:
    """Times as DuckDB TIMESTAMP wants them: UTC without a zone, microseconds."""
    times = pd.to_datetime(times, format="ISO8601")
    if times.dt.tz is not None:
        times = times.dt.tz_convert("UTC").dt.tz_localize(None)
    return times.astype("datetime64[us]")


def _read_columns(problem: Problem) -> list[str]:
    """The application columns that features read: column features, entities, derived inputs."""
    features = problem.features
    made = set(names(problem)) - set(features.columns)
    read = [*features.columns, *(f.by for f in features.latest), *(f.by for f in features.window)]
    for expression in features.derived.values():
        read += sorted(columns_of(expression) - made)
    return list(dict.fromkeys(read))


def _run(sources: Sources, query: str, name: str) -> pd.DataFrame:
    try:
        frame = sources.frame(f"SELECT * FROM ({query}) ORDER BY row_id")
    except duckdb.Error as error:
        raise SourceError(
            f'{sources.problem.where}: features over source "{name}" cannot be computed '
            f"({str(error).splitlines()[0]})."
        ) from error
    return frame.drop(columns="row_id")


def _refuse_text(problem: Problem, name: str, made: list, types: dict[str, str]) -> None:
    for a in made:
        if a.column and a.function in ("sum", "mean", "min", "max"):
            kind = types[a.column]
            if kind in ("VARCHAR", "BOOLEAN") or kind.startswith(("TIMESTAMP", "DATE")):
                raise ProblemError(
                    f"{problem.where}: features.window computes {a.function}({a.column}) of "
                    f'"{name}", and {a.column} holds {kind}; it needs a number.'
                )


def _plain(problem: Problem, name: str, values: pd.Series) -> pd.Series:
    """float64 for anything numeric, text for the rest; a time is no feature by itself."""
    held = set(map(type, values.dropna())) if values.dtype == object else set()
    if pd.api.types.is_datetime64_any_dtype(values) or any(issubclass(k, date) for k in held):
        raise ProblemError(
            f"{problem.where}: feature {name} is a time; derive a number from it, such as "
            f"\"date_diff('day', {name}, {problem.applications.time})\"."
        )
    # As Python objects come decimals, and booleans with nulls: numbers too.
    objects = values.dtype == object and str not in held
    number = pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values)
    return values.astype("float64" if number or objects else "str")


def _literal(known_at: object) -> str | None:
    if known_at is None:
        return None
    return instant(known_at).strftime("%Y-%m-%d %H:%M:%S.%f")  # type: ignore[arg-type]
