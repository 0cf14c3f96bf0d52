"""What is there to ingest: the files of each source whose content its table has not seen yet."""

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from truerisk.errors import ProblemError, SourceError, masked
from truerisk.lake import objects
from truerisk.lake.duck import session
from truerisk.lake.environment import resolved
from truerisk.lake.ingest.read_file import sha256_of
from truerisk.lake.lake import Lake
from truerisk.lake.reader.listing import File, find, is_pattern
from truerisk.lake.sources.versions import view_names
from truerisk.lake.tables import INGESTS
from truerisk.problem.source import Ingest, Source
from truerisk.problem.spec import Problem
from truerisk.wording.counted import counted
from truerisk.wording.lists import one_of

QUERY = "query"


@dataclass(frozen=True)
class NewFile:
    """A batch of rows for a source; a query's hash is known only when it is read."""

    source: str
    file: str
    sha256: str


@dataclass(frozen=True)
class Arrivals:
    """``groups``: files in the order to ingest them; different groups may run at the same time.

    Sources that refer to each other are in one group. ``said``: the sources with nothing new.
    """

    groups: list[list[NewFile]]
    said: list[str]


def find_new_files(
    problem: Problem, lake: Lake, given: Mapping[str, list[str]] | None = None
) -> Arrivals:
    """The files of every source with ``ingest`` that were not ingested yet, by their sha256.

    ``given`` (source → paths or patterns) replaces what the problem file declares. Raises
    SourceError for a path without a file, ProblemError where there is nothing to ingest from.
    """
    wanted = _wanted(problem, given)
    said, new = [], {}
    for name, places in wanted.items():
        known = known_files(lake, problem.sources[name].table or "")
        where = f'{problem.where}: source "{name}"'
        ingest = problem.sources[name].ingest
        found: list[NewFile] = []
        if not places and ingest is not None and ingest.query is not None:
            found.append(NewFile(name, QUERY, ""))
        listed = [file for place in places for file in _files(place, where)]
        seen = set(known)
        for file in dict.fromkeys(listed):
            digest = sha256_of(file.local, where)
            if digest not in seen:
                found.append(NewFile(name, masked(file.name), digest))
                seen.add(digest)
        if found:
            new[name] = found
        else:
            said.append(f"{name}: nothing new, {counted(len(listed), 'file')} known.")
    groups = [[f for name in group for f in new.get(name, [])] for group in _groups(problem, new)]
    return Arrivals(groups, said)


def known_files(lake: Lake, table: str) -> set[str]:
    """The sha256 of everything that was ingested into a table and is still there."""
    return {sha256 for sha256, there in _records(lake, table) if there}


def ingest_id(lake: Lake, table: str, sha256: str) -> str:
    """The name of one content in one table: the same however often it comes.

    Content that a restore of the table took out comes again under another name.
    """
    lost = sum(s == sha256 and not there for s, there in _records(lake, table))
    named = f"{table}\n{sha256}" + (f"\nlost {lost}" if lost else "")
    return hashlib.sha256(named.encode()).hexdigest()[:32]


def _records(lake: Lake, table: str) -> list[tuple[str, bool]]:
    """(sha256, are its rows in the table) of every ingest into a table.

    Where no row was new, what they were held against must still be there.
    """
    if lake.version(INGESTS) is None:
        return []
    with session() as con:
        lake.scan(con, INGESTS).create_view("ingests")
        sql = 'SELECT sha256, table_version, judged_against FROM ingests WHERE "table" = ?'
        found = con.execute(sql, [table]).fetchall()
    past = lake.past(table) if found else None
    held = [(s, against if version is None else version) for s, version, against in found]
    return [(s, v is None or (past is not None and past.counts(v))) for s, v in held]


def with_query(problem: Problem, name: str) -> Problem:
    """The problem with a source's place replaced by the query it is filled from."""
    query = (problem.sources[name].ingest or Ingest()).query or ""
    # Without key and time: what cannot be read as one rejects its row, not the whole query.
    asked = Source(query=query)
    staged = problem.model_copy(update={"sources": {**problem.sources, name: asked}})
    staged._file = problem._file
    return staged


def _wanted(problem: Problem, given: Mapping[str, list[str]] | None) -> dict[str, list[str]]:
    """Source → paths and patterns; empty where a query gives the rows."""
    tables = {n for n, s in problem.sources.items() if s.table is not None}
    for name in given or {}:
        if name not in problem.sources:
            raise ProblemError(
                f'{problem.where}: --source names "{name}"; its sources are '
                f"{one_of(problem.sources)}."
            )
        if name not in tables:
            raise ProblemError(
                f'{problem.where}: source "{name}" is no lake table, so nothing can be ingested '
                f"into it; those that are: {one_of(tables)}."
            )
    declared = {n: s.ingest for n, s in problem.sources.items() if s.ingest is not None}
    wanted = {
        n: [resolved(i.path, f"{problem.where}: sources.{n}.ingest")] if i.path else []
        for n, i in declared.items()
        if i.path or i.query
    }
    wanted = dict(given) if given else wanted
    if not wanted:
        raise ProblemError(
            f"{problem.where}: no source says where new rows come from; add [sources.NAME.ingest] "
            "with path or query to a source with a table, or pass --source NAME=FILE."
        )
    for name in wanted:
        for needed in ("key", "time"):
            if not getattr(problem.sources[name], needed):
                raise ProblemError(
                    f"{problem.where}: sources.{name}.{needed} is missing, and ingest needs it."
                )
    return wanted


def _files(place: str, where: str) -> list[File]:
    """The files of a path, folder or pattern, in name order; a pattern may match none."""
    if not objects.is_remote(place):
        place = os.path.abspath(os.path.expanduser(place))
    found = find(place, f"{where}: what is to be ingested")
    if not found and not is_pattern(place):
        raise SourceError(
            f"{where} is to be filled from {place}, and there is no such file; correct the path."
        )
    return found


def _groups(problem: Problem, names: Iterable[str]) -> list[list[str]]:
    """Sources that refer to each other together, the referred first; others apart."""
    names = list(names)
    refers = {name: _refers(problem, name) & set(names) - {name} for name in names}
    groups: list[set[str]] = []
    for name in names:
        joined = {name, *refers[name]}
        for group in [g for g in groups if g & joined]:
            joined |= group
            groups.remove(group)
        groups.append(joined)
    return [_ordered([n for n in names if n in group], refers) for group in groups]


def _ordered(names: list[str], refers: Mapping[str, set[str]]) -> list[str]:
    done: list[str] = []
    while len(done) < len(names):
        left = [n for n in names if n not in done]
        # Two that refer to each other have no order: the first declared goes first.
        done.append(next((n for n in left if refers[n] <= set(done)), left[0]))
    return done


def _refers(problem: Problem, name: str) -> set[str]:
    """The sources that a source's foreign keys and ingest query read."""
    source = problem.sources[name]
    found = {r.references.partition(".")[0] for r in source.contract.values() if r.references}
    if source.ingest is not None and source.ingest.query is not None:
        found |= set(view_names(name, with_query(problem, name)))
    return found
