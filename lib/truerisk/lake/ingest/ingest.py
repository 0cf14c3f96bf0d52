"""New rows into the lake table of a source: each file once, each row accounted for.

The order of commits makes a kill harmless: the accepted rows go in one commit that carries the
ingest's mark, then the quarantine, then the profiles, and the record in ``ingests`` last. Whoever
ingests the file again finds the mark, judges the rows against the version before that commit,
which gives the same verdict, and writes only what is missing.
"""

from dataclasses import dataclass, field

import duckdb
import pandas as pd
import pyarrow as pa
from deltalake import DeltaTable

from truerisk.errors import SourceError, TrueriskError, told
from truerisk.lake.duck import quote
from truerisk.lake.environment import resolved
from truerisk.lake.history import marked_in
from truerisk.lake.ingest.column_types import Arrived, line_for, passing_for_texts, readings
from truerisk.lake.ingest.judge import Verdict, accepted_rows, judge, rejected_rows
from truerisk.lake.ingest.limits import OPEN_LINE, Flag, flags_of, median_rows, refuse_batch
from truerisk.lake.ingest.new_files import QUERY, NewFile, ingest_id, known_files, with_query
from truerisk.lake.ingest.profile import profile
from truerisk.lake.ingest.read_file import read_file, sha256_of
from truerisk.lake.ingest.record import Record, describe, write
from truerisk.lake.ingest.untyped import said_of_empty, said_of_numbers, without_values
from truerisk.lake.lake import Lake
from truerisk.lake.reader.cells import Cell
from truerisk.lake.reader.listing import File, find, plain
from truerisk.lake.reader.texts import last_line_is_open
from truerisk.lake.sources.sources import Sources
from truerisk.lake.sources.versions import times_of
from truerisk.problem.reads import columns_read
from truerisk.problem.source import Ingest
from truerisk.problem.spec import Problem
from truerisk.wording.lists import did_you_mean

ARRIVED = "__arrived"


@dataclass(frozen=True, kw_only=True)
class Ingested:
    """What became of one file: rows = accepted + rejected + already_held; ``said`` in words."""

    file: NewFile
    rows: int = 0
    accepted: int = 0
    rejected: int = 0
    already_held: int = 0
    said: list[str] = field(default_factory=list)


def ingest(problem: Problem, lake: Lake, files: list[NewFile], run: str = "") -> list[Ingested]:
    """Ingest the files one after the other; each is whole in the lake or not at all.

    Raises SourceError for a file that is refused; those before it are in the lake, and it says so.
    """
    done: list[Ingested] = []
    for file in files:
        try:
            done.append(_ingest(problem, lake, file, run))
        except TrueriskError as error:
            before = ", ".join(d.file.file for d in done)
            said = str(error).rstrip(".")
            raise type(error)(f"{said}{before and f'; ingested before it: {before}'}.") from error
    return done


@dataclass(kw_only=True)
class Assessed:
    """A file judged against one version of its table (None: there is no table yet)."""

    mark: str
    version: int | None
    held: dict[str, str]
    found: list[Cell]
    verdict: Verdict
    said: list[Flag]


def _ingest(problem: Problem, lake: Lake, file: NewFile, run: str) -> Ingested:
    name = file.source
    source = problem.sources[name]
    table, rules = source.table or "", source.ingest or Ingest()
    where = f'{problem.where}: source "{name}", {_called(file)}'
    asked = file.file == QUERY
    path = None if asked else find(resolved(file.file, where), where)[0]
    reads = [path.local, plain(path.local)] if path else [f"{lake.root}/{table}"]  # what it holds
    with Sources(with_query(problem, name) if asked else problem, lake, reads=reads) as sources:
        read = columns_read(problem, name)
        needed = {source.key, source.time, source.available_at, *source.contract, *read}
        file, arrived, left_out, open_line = _arrive(sources, file, path, where, needed)
        if file.sha256 in known_files(lake, table):
            return Ingested(file=file, said=[f"{name}: nothing new, {_called(file)} was ingested."])
        _check_columns(problem, name, arrived, where)
        mark = ingest_id(lake, table, file.sha256)
        usual = median_rows(lake, table, mark)
        is_text = path is not None and path.format != "parquet"
        came = Arrived(view=ARRIVED, columns=arrived, from_text=is_text)

        def assess(version: int | None, final: bool) -> Assessed:
            held: dict[str, str] = {}
            if version is not None:
                before = lake.scan(sources.con, table, version)
                before.create_view("__held")
                held = dict(zip(before.columns, map(str, before.types)))
            found = readings(
                sources.con, came, held, source.contract, times_of(name, problem), where
            )
            odd = passing_for_texts(sources.con, ARRIVED, found, held, source.contract)
            said = left_out + said_of_numbers(odd if is_text else [], read, where, final)
            if is_text:
                empty = without_values(sources.con, ARRIVED, found, held, source.contract)
                said += said_of_empty(empty, needed)
                found = [c for c in found if c.column not in empty or c.column in needed]
            known = _references(sources, problem, name, found, held)
            try:
                verdict = judge(sources.con, ARRIVED, found, source, held, known)
            except duckdb.Error as error:
                raise SourceError(
                    f"{where} cannot be held against its contract "
                    f"({told(error)}); nothing was ingested; correct the contract."
                ) from error
            if not final:
                line = line_for(sources.con, ARRIVED, verdict, found)
                refuse_batch(verdict, rules, usual, name, where, line)
            return Assessed(
                mark=mark, version=version, held=held, found=found, verdict=verdict, said=said
            )

        done = lake.marked(table, mark)
        rows = pa.table({})
        assessed = assess(lake.version(table) if done is None else done - 1, done is not None)

        def decide(handle: DeltaTable | None) -> pa.Table:
            nonlocal assessed, rows
            if handle is None:
                return rows
            committed = marked_in(handle, mark)
            version = handle.version() if committed is None else committed - 1
            if version != (assessed.version or 0):  # no table yet is as good as an empty one
                assessed = assess(version, committed is not None)
                rows = accepted_rows(sources.con, assessed.found)
            return rows if committed is None else rows.schema.empty_table()

        if done is None and assessed.verdict.accepted:
            rows = accepted_rows(sources.con, assessed.found)
            lake.commit(table, rows.schema, decide, mark)
        record = _record(sources, problem, file, assessed, run, usual, open_line)
        write(lake, record)
    verdict = assessed.verdict
    return Ingested(
        file=file,
        rows=verdict.rows,
        accepted=verdict.accepted,
        rejected=verdict.rejected,
        already_held=verdict.already_held,
        said=describe(record),
    )


def _record(
    sources: Sources,
    problem: Problem,
    file: NewFile,
    assessed: Assessed,
    run: str,
    usual: float | None,
    open_line: bool,
) -> Record:
    """Everything that is kept about the ingest beside its rows."""
    con, source, lake = sources.con, problem.sources[file.source], sources.lake
    table, verdict, held = source.table or "", assessed.verdict, assessed.held
    columns = [r.column for r in assessed.found]
    mark = assessed.mark
    at = pd.Timestamp.now("UTC").as_unit("us")
    new_columns = [c for c in columns if c not in held] if assessed.version else []
    return Record(
        ingest_id=mark,
        at=at,
        problem=problem.name,
        source=file.source,
        table=table,
        file=file.file,
        sha256=file.sha256,
        verdict=verdict,
        judged_against=assessed.version or None,  # version 0 is empty
        table_version=lake.marked(table, mark),
        new_columns=new_columns,
        median_rows=usual,
        newest=(newest := _newest(sources, source.time, held)),
        flags=flags_of(
            source,
            verdict.rows,
            usual,
            newest,
            at,
            new_columns,
            [c for c in held if c not in columns] if assessed.version else [],
        )
        + ([OPEN_LINE] if open_line else [])
        + assessed.said,
        run=run,
        quarantine=rejected_rows(con, ARRIVED, verdict),
        profiles=profile(con, assessed.found, problem, file.source, held),
    )


def _arrive(
    sources: Sources, file: NewFile, path: File | None, where: str, asked: set[str | None]
) -> tuple[NewFile, dict[str, str], list[Flag], bool]:
    """Load the file's rows as they are.

    The file with its hash, its columns, what is said of those left out, an open last line.
    """
    if path is None:
        view = sources.raw(file.source)
        sources.con.execute(
            f"CREATE TABLE {ARRIVED} AS SELECT row_number() OVER () AS __row, * FROM {quote(view)}"
        )
        digest = str(sources.versions[file.source])
        return NewFile(file.source, QUERY, digest), sources.columns(file.source), [], False
    arrived, unnamed = read_file(sources.con, path, ARRIVED, where, asked)
    if sha256_of(path.local, where) != file.sha256:
        raise SourceError(f"{where} changed while it was read; nothing was ingested; run it again.")
    said = f"left out, having no name or one that begins with __: {', '.join(unnamed)}"
    flags = [{"kind": "left_out", "sentence": said}] if unnamed else []
    return file, arrived, list(flags), last_line_is_open(path)


def _check_columns(problem: Problem, name: str, arrived: dict[str, str], where: str) -> None:
    source = problem.sources[name]
    contract = [c for c in source.contract if c not in (source.key, source.time)]
    for column in [source.key, source.time, *filter(None, [source.available_at]), *contract]:
        if column not in arrived:
            raise SourceError(
                f'{where} has no column "{column}"; {did_you_mean(column, arrived)}; nothing was '
                "ingested; add the column to the file, or take it out of the problem file."
            )


def _references(
    sources: Sources, problem: Problem, name: str, found: list[Cell], held: dict[str, str]
) -> dict[str, str]:
    """Column → query of the values its foreign key may take, now."""
    queries = {}
    for column, rule in problem.sources[name].contract.items():
        if not rule.references:
            continue
        other, _, wanted = rule.references.partition(".")
        c = quote(wanted)
        if other == name:  # a row may refer to another of the same file
            reading = next((r for r in found if r.column == wanted), None)
            has = reading is not None
            queries[column] = f"SELECT {reading.sql if reading else 'NULL'} FROM {ARRIVED}"
            queries[column] += f" UNION ALL SELECT {c} FROM __held" if wanted in held else ""
        else:
            has = wanted in sources.columns(other)
            queries[column] = f"SELECT {c} FROM {quote(sources.raw(other))}"
        if not has:
            raise SourceError(
                f"{problem.where}: sources.{name}.contract.{column}.references is "
                f'"{rule.references}", and source "{other}" has no column "{wanted}".'
            )
    return queries


def _newest(sources: Sources, time: str, held: dict[str, str]) -> pd.Timestamp | None:
    """The newest event in the table once the accepted rows are in it."""
    t = quote(time)
    sql = f"SELECT {t} FROM __typed WHERE __rule IS NULL"
    sql += f" UNION ALL SELECT {t} FROM __held" if time in held else ""
    found = sources.con.sql(f"SELECT epoch_us(max({t})) FROM ({sql})").fetchall()[0][0]
    return None if found is None else pd.Timestamp(found, unit="us", tz="UTC")


def _called(file: NewFile) -> str:
    return "its query" if file.file == QUERY else f"file {file.file}"
