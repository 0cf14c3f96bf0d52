"""Where a source's rows lie and their version: lake table, files, or a query over both."""

import hashlib
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from truerisk.errors import SourceError, TrueriskError
from truerisk.lake import objects
from truerisk.lake.environment import resolved
from truerisk.lake.lake import Lake
from truerisk.lake.reader.listing import COPIES, File, find, is_pattern, plain, sha256
from truerisk.lake.sources.queries import Query, parse_query
from truerisk.problem.spec import Problem

Version = int | str


def version_of(
    problem: Problem, lake: Lake, name: str, pinned: Mapping[str, Version] = MappingProxyType({})
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
        return sha256(files_of(source.path, name, problem))
    query = query_of(name, problem)
    parts = [
        source.query or "",
        *(str(pinned[t] if t in pinned else version_of(problem, lake, t)) for t in query.sources),
    ]
    parts += [sha256(files_of(path, name, problem)) for path in query.paths]
    return "sha256:" + hashlib.sha256("\n".join(parts).encode()).hexdigest()


def check_unchanged(problem: Problem, lake: Lake, name: str, pinned: Mapping[str, Version]) -> None:
    """SourceError where files, or what a query reads, are no longer those that were pinned."""
    version, now = str(pinned[name]), str(version_of(problem, lake, name, pinned))
    if now != version:
        raise SourceError(
            f'{problem.where}: the files of source "{name}" changed since they were pinned '
            f"({version[7:19]} then, {now[7:19]} now); start again."
        )


def query_of(name: str, problem: Problem) -> Query:
    """The query of a source, read: the other sources and the files that it names."""
    where = f"{problem.where}: sources.{name}.query"
    query = resolved(problem.sources[name].query or "", *_asked(name, problem))
    return parse_query(query, where, set(problem.sources))


def files_of(path: str, name: str, problem: Problem) -> list[File]:
    """The files of a source's path, on this machine; SourceError where there is none."""
    where, path = f'{problem.where}: source "{name}"', resolved(path, *_asked(name, problem))
    found = find(path, where)
    if not found:
        none = "which matches no file" if is_pattern(path) else "and there is no such file"
        raise SourceError(
            f"{where} is {path}, {none}; correct the path or pass --source {name}=PATH."
        )
    return found


def reach(problem: Problem, lake: Lake) -> tuple[list[str], list[str]]:
    """The files and folders that a problem's sources name; what is not there is left out."""
    paths, folders = [], [COPIES]
    for name, source in problem.sources.items():
        if source.table is not None and not objects.is_remote(lake.root):
            folders.append(f"{lake.root}/{source.table}")
        try:
            named = [source.path] if source.path else []
            named += query_of(name, problem).paths if source.query else []
            named = [resolved(p, *_asked(name, problem)) for p in named]
            local = [p for p in named if not objects.is_remote(p)]
            found = [f.local for p in local for f in files_of(p, name, problem)]
        except TrueriskError:
            continue  # whoever opens it is told
        paths += [p for f in found for p in (f, plain(f))]
    return paths, folders


def _asked(name: str, problem: Problem) -> tuple[str, str]:
    """Who asks the environment for ``${NAME}``, and what may be given instead."""
    return f"{problem.where}: sources.{name}", f"{name}=PATH"


def where_is(name: str, problem: Problem) -> str:
    """How messages name a source: the problem's file, its own name, and where its rows lie."""
    source = problem.sources[name]
    place = (source.table and f'lake table "{source.table}"') or source.path or "a query"
    return f'{problem.where}: source "{name}" ({place})'


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
        for other in query_of(name, problem).sources:
            yield from view_names(other, problem, (*above, name))
    yield name
