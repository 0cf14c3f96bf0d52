"""The spine: which applications, each as of its own time, with the columns features read."""

import duckdb
import pandas as pd
import pyarrow as pa

from truerisk.errors import SourceError, told
from truerisk.features.keys import agree
from truerisk.features.sql.names import AS_OF, ROW
from truerisk.lake.duck import quote
from truerisk.lake.sources.declared import brought
from truerisk.lake.sources.sources import Sources
from truerisk.problem.frames import as_array
from truerisk.wording.counted import counted


def application_columns(
    sources: Sources, spine: pd.DataFrame, columns: list[str], known_at: pd.Timestamp | None = None
) -> pd.DataFrame:
    """The spine's key, its time and ``columns``, each from the spine where it has it.

    One row per spine row, in its order; the time (AS_OF) is UTC without a zone, in µs. Raises
    SourceError for a repeated key, for a missing time, and for a key that the application source
    does not hold, or did not by ``known_at``, when something must come from there.
    """
    problem = sources.problem
    key, time = problem.key, problem.applications.time
    if key not in spine:
        raise SourceError(f'The spine has no column "{key}", the key of the applications.')
    repeated = int(spine[key].duplicated().sum())
    if repeated:
        raise SourceError(
            f'The spine repeats "{key}" in {repeated:,} of {counted(len(spine), "row")}; '
            "each application has one row."
        )
    columns = list(dict.fromkeys([key, *columns]))
    given = as_declared(sources, spine[[c for c in columns if c in spine and c != time]])
    lacking = [c for c in [time, *columns] if c not in spine]
    found = _from_source(sources, given[key], lacking, known_at) if lacking else given
    as_of = spine[time].reset_index(drop=True) if time in spine else found["__time"]
    untimed = int(as_of.isna().sum())
    if untimed:
        raise SourceError(
            f'The spine has no "{time}" in {untimed:,} of {counted(len(spine), "row")}; '
            "every application needs its time."
        )
    try:
        base = pd.DataFrame({AS_OF: to_naive_utc(as_of)})
    except ValueError as error:
        raise SourceError(
            f'The spine\'s "{time}" cannot be read as times ({told(error)}).'
        ) from error
    for column in columns:
        if column != time:
            base[column] = (given if column in given else found)[column].array
    if time in columns:
        base[time] = base[AS_OF]
    return base


def as_declared(sources: Sources, given: pd.DataFrame) -> pd.DataFrame:
    """The caller's columns of applications in the types of the application source's, by name.

    What that source lacks keeps the type it has. Raises SourceError, with counts, for values that
    cannot have the type.
    """
    source = sources.problem.application.source
    types = agree(sources) | sources.columns(source)
    where = f"{sources.problem.where}: the spine"
    made = brought(given, types, where, f'that of source "{source}" holds')
    return made.reset_index(drop=True)


def spine_table(base: pd.DataFrame, entities: list[str]) -> pa.Table:
    """What feature SQL calls the spine: row number, as_of (µs since 1970), the entities."""
    made = {entity: as_array(base[entity]) for entity in entities}
    own = {
        ROW: pa.array(range(len(base)), pa.int64()),
        AS_OF: pa.array(base[AS_OF].astype("int64")),
    }
    return pa.table({**made, **own})


def to_naive_utc(times: pd.Series) -> pd.Series:
    """Times as DuckDB TIMESTAMP wants them: UTC without a zone, microseconds."""
    times = pd.to_datetime(times, format="ISO8601")
    if times.dt.tz is not None:
        times = times.dt.tz_convert("UTC").dt.tz_localize(None)
    return times.astype("datetime64[us]")


def _from_source(
    sources: Sources, keys: pd.Series, lacking: list[str], known_at: pd.Timestamp | None
) -> pd.DataFrame:
    """``__time`` and the lacking columns of these applications, in the order of ``keys``."""
    problem = sources.problem
    name, time = problem.application.source, problem.applications.time
    view = sources.view(name, lacking)
    wanted = pa.table({ROW: range(len(keys)), "__wanted": as_array(keys)})
    sources.con.register("__wanted", wanted)
    listed = "".join(f", a.{quote(c)}" for c in lacking if c != time)
    bound = ""
    if known_at is not None:
        bound = f" AND a.__available <= TIMESTAMP '{known_at:%Y-%m-%d %H:%M:%S.%f}'"
    try:
        found = sources.frame(
            f"SELECT w.{ROW}, a.__time, a.__key IS NOT NULL AS __found{listed} "
            f"FROM __wanted w LEFT JOIN {view} a ON a.__key = w.__wanted{bound} ORDER BY {ROW}"
        )
    except duckdb.Error as error:
        raise SourceError(
            f'{sources.where(name)}: its key "{problem.key}" cannot be compared with that of the '
            f"spine ({told(error)})."
        ) from error
    finally:
        sources.con.unregister("__wanted")
    unknown = int((~found["__found"]).sum())
    if unknown:
        then = f" as known at {known_at:%Y-%m-%d}" if known_at is not None else ""
        raise SourceError(
            f"{problem.where}: {unknown:,} of {counted(len(keys), 'application')} in the spine "
            "are not in "
            f'source "{name}"{then}, which must give {", ".join(lacking)}.'
        )
    return found
