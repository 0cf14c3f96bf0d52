"""Where a source's rows lie and their version: lake table, files, or a query over both."""

import glob
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from types import MappingProxyType

import duckdb

from truerisk.errors import SourceError, one_of, told
from truerisk.lake import files
from truerisk.lake.environment import resolved
from truerisk.lake.lake import Lake
from truerisk.problem.expression import query_nodes
from truerisk.problem.spec import Problem

READERS = {".parquet": "read_parquet", ".csv": "read_csv", ".csv.gz": "read_csv"}
GENERATORS = ("range", "generate_series", "unnest")

Version = int | str


def version_of(
    name: str, problem: Problem, lake: Lake, pinned: Mapping[str, Version] = MappingProxyType({})
) -> Version:
    """A table's newest version, or the sha256 of the files (and the text of the query).

    A query's version counts the sources it reads at the version they are ``pinned`` to.
    """
    source = problem.sources[name]
    if source.table is not None:
        version = lake.version(source.table)
        if version is None:
            raise SourceError(
                f'{problem.where}: source "{name}" is the lake table "{source.table}", which the '
                f"lake at {lake.root} does not have; its tables are "
                f"{', '.join(lake.tables()) or 'none yet'}."
            )
        return version
    if source.path is not None:
        return _sha256(_paths(source.path, name, problem))
    tables, literals = references(name, problem)
    parts = [
        source.query or "",
        *(str(pinned[t] if t in pinned else version_of(t, problem, lake)) for t in tables),
    ]
    parts += [_sha256(_paths(path, name, problem)) for path in literals]
    return "sha256:" + hashlib.sha256("\n".join(parts).encode()).hexdigest()


def rows_of(
    con: duckdb.DuckDBPyConnection,
    name: str,
    problem: Problem,
    lake: Lake,
    pinned: Mapping[str, Version],
    unchanged: bool = False,
) -> duckdb.DuckDBPyRelation:
    """The raw rows of a source as pinned; SourceError when they cannot be read or changed.

    ``unchanged`` spares reading files for their hash a second time, right after they were pinned.
    """
    source, version = problem.sources[name], pinned[name]
    if source.table is not None:
        return lake.scan(con, source.table, int(version))
    now = version if unchanged else version_of(name, problem, lake, pinned)
    if now != version:
        raise SourceError(
            f'{problem.where}: the files of source "{name}" changed since they were pinned '
            f"({version[7:19]} then, {now[7:19]} now); start again."  # type: ignore[index]
        )
    try:
        if source.path is not None:
            return _read_files(con, _paths(source.path, name, problem), times_of(name, problem))
        return con.sql(
            resolved(source.query or "", f"{problem.where}: sources.{name}", f"{name}=PATH")
        )
    except duckdb.Error as error:
        what = source.path or "its query"
        raise SourceError(
            f'{problem.where}: source "{name}" cannot be read from {what} ({told(error)}).'
        ) from error


def references(name: str, problem: Problem) -> tuple[list[str], list[str]]:
    """The other sources and the files that a query source names."""
    source = problem.sources[name]
    where = f"{problem.where}: sources.{name}.query"
    try:
        nodes = query_nodes(
            resolved(source.query or "", f"{problem.where}: sources.{name}", f"{name}=PATH")
        )
    except ValueError as error:
        raise SourceError(f"{where} is not one SELECT ({error}).") from error
    named = {e["key"] for n in nodes if "cte_map" in n for e in n["cte_map"]["map"]}
    read = {n["table_name"] for n in nodes if n.get("type") == "BASE_TABLE"} - named
    tables = read & set(problem.sources)
    literals = read - tables
    for call in (n for n in nodes if n.get("type") == "TABLE_FUNCTION"):
        function = call["function"]["function_name"]
        texts = re.findall(r'"kind": "STRING", "text": "([^"]+)"', json.dumps(call))
        files_read = {text for text in texts if text.endswith(tuple(READERS))}
        if function not in GENERATORS and not (function in READERS.values() and files_read):
            raise SourceError(
                f"{where} reads through {function}, whose input has no version; allowed are "
                f"{one_of({*READERS.values(), *GENERATORS})}, with file names that end in "
                f"{one_of(READERS)}."
            )
        literals |= files_read
    for literal in literals:
        if not literal.endswith(tuple(READERS)):
            raise SourceError(
                f'{where} reads "{literal}", which is neither a source ({one_of(problem.sources)}) '
                "nor a .parquet or .csv file."
            )
    return sorted(tables), sorted(literals)


def _read_files(
    con: duckdb.DuckDBPyConnection, paths: list[str], times: set[str]
) -> duckdb.DuckDBPyRelation:
    reader = next(r for ending, r in READERS.items() if paths[0].endswith(ending))
    options = "union_by_name = true"
    if reader == "read_csv":
        # Times stay text here: the sniffer would drop the offsets that tell zones apart. It also
        # takes the header of some files without rows for a row, unless told.
        options += ", header = true"
        names = con.sql(f"SELECT * FROM read_csv({paths!r}, {options}) LIMIT 0").columns
        typed = {c: "VARCHAR" for c in times if c in names}
        options += f", types = {typed!r}" if typed else ""
    return con.sql(f"SELECT * FROM {reader}({paths!r}, {options})")


def _paths(pattern: str, name: str, problem: Problem) -> list[str]:
    """The local files of a pattern, fetched first when they are on S3."""
    pattern = resolved(pattern, f"{problem.where}: sources.{name}", f"{name}=PATH")
    if not pattern.endswith(tuple(READERS)):
        raise SourceError(
            f'{problem.where}: source "{name}" is {pattern}; its name must end in '
            f"{one_of(READERS)}."
        )
    found = files.list_keys(pattern) if files.is_remote(pattern) else sorted(glob.glob(pattern))
    if not found and not files.is_remote(pattern) and os.path.exists(pattern):
        found = [pattern]
    if not found:
        raise SourceError(
            f'{problem.where}: source "{name}" is {pattern}, and there is no such file; '
            f"correct the path or pass --source {name}=PATH."
        )
    return [fetch(path) for path in found] if files.is_remote(pattern) else found


def fetch(path: str) -> str:
    """A local copy of an S3 object, named by its content so that it is fetched and kept once."""
    content = files.read_bytes(path) or b""
    digest = hashlib.sha256(content).hexdigest()
    local = os.path.join(tempfile.gettempdir(), "truerisk-s3", digest, os.path.basename(path))
    if not os.path.exists(local):
        files.write_bytes(local, content)
    return local


def _sha256(paths: list[str]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return "sha256:" + digest.hexdigest()


def times_of(name: str, problem: Problem) -> set[str]:
    """The columns of a source that are read as times."""
    source, outcome = problem.sources[name], problem.outcome
    times = {source.time, source.available_at}
    times |= {outcome.observed} if name == outcome.source else set()
    return {column for column in times if column}


def view_names(name: str, problem: Problem, above: tuple[str, ...] = ()) -> Iterator[str]:
    """A source and, first, every source its query reads; ``above`` are the queries that read it."""
    if name in above:
        cycle = " → ".join([*above[above.index(name) :], name])
        raise SourceError(f"{problem.where}: sources.{name}.query reads itself: {cycle}.")
    if problem.sources[name].query is not None:
        for other in references(name, problem)[0]:
            yield from view_names(other, problem, (*above, name))
    yield name
