"""A file of anybody's, opened as a source would be, before any problem names it."""

from collections.abc import Iterable, Mapping

import duckdb

from truerisk.errors import SourceError
from truerisk.lake.duck import quote
from truerisk.lake.reader.cells import FLOATS, without_nan
from truerisk.lake.reader.listing import File, find
from truerisk.lake.reader.load import Wanted, listed, load
from truerisk.lake.reader.parquet import parquet_rows
from truerisk.problem.source import Column


def open_file(
    con: duckdb.DuckDBPyConnection,
    path: str,
    view: str,
    contract: Mapping[str, Column] | None = None,
    times: Iterable[str] = (),
) -> list[File]:
    """Create ``view`` (a name) over the rows of a file, folder or pattern; the files read.

    Raises SourceError for what is not there or cannot be read as the contract says.
    """
    found = find(path, "The file")
    if not found:
        raise SourceError(f"There is no file {path}; correct the path.")
    wanted = Wanted(path, contract or {}, frozenset(times))
    if found[0].format == "parquet":
        rows = con.sql(f"SELECT * FROM {parquet_rows(found, path)}")
        shown = ", ".join(
            f"{without_nan(c)} AS {c}" if str(kind) in FLOATS else c
            for c, kind in zip(map(quote, rows.columns), rows.types)
        )
        rows.create_view(f"__{view}")
        con.execute(f"CREATE VIEW {quote(view)} AS SELECT {shown} FROM {quote(f'__{view}')}")
    else:
        shown = listed(load(con, found, f"__{view}", wanted))
        con.execute(f"CREATE VIEW {quote(view)} AS SELECT {shown} FROM {quote(f'__{view}')}")
    return found
