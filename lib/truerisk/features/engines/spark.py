"""Spark: the same feature SQL, rendered, over rows read where they lie, for what one machine
cannot hold. Its numbers are DuckDB's, bit for bit."""

import shutil
import tempfile
import weakref
from collections.abc import Callable
from typing import Any

import pyarrow as pa

from truerisk.errors import SourceError
from truerisk.features.engines.portable import check_filters
from truerisk.features.engines.render import render
from truerisk.features.engines.spark_rows import (
    export,
    files_of,
    spark_types,
    utc_columns,
    without_nan,
)
from truerisk.features.engines.spark_session import spark_session
from truerisk.features.sql.names import SPINE
from truerisk.lake.reader.cells import family
from truerisk.lake.sources.sources import Fetch, Sources
from truerisk.lake.sources.views import checked, raw_view

KINDS: dict[str, Callable[[pa.DataType], bool]] = {
    "text": lambda t: pa.types.is_string(t) or pa.types.is_large_string(t),
    "boolean": pa.types.is_boolean,
    "time": lambda t: pa.types.is_timestamp(t) or pa.types.is_date(t),
    "number": lambda t: pa.types.is_integer(t) or pa.types.is_floating(t) or pa.types.is_decimal(t),
}


class Spark:
    """Temporary views of spine and sources in a session of its own, on one Spark per process.

    Chunks are left to Spark: ``memory`` is None. Raises ProblemError where Spark cannot be had.
    """

    asof = False
    memory: int | None = None

    def __init__(self, sources: Sources) -> None:
        check_filters(sources, "spark")
        self.sources = sources
        self.session = spark_session(sources.problem.compute.spark, sources.problem.where)
        self.entities: dict[str, pa.DataType] = {}
        self._read: set[str] = set()
        self._folder = tempfile.mkdtemp(prefix="truerisk-spark-")
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)

    def spine(self, table: pa.Table) -> None:
        table = plain(table)
        self.entities = dict(zip(table.column_names, table.schema.types))
        self.session.createDataFrame(table).createOrReplaceTempView(SPINE)

    def source(self, name: str, columns: list[str]) -> str:
        """Its checks run on Spark where Spark reads the rows itself, else on DuckDB."""
        straight = files_of(self.sources, name, columns)
        if straight and name not in self._read:
            self._read_straight(name, straight)
        view = self.sources.view(name, columns, self._fetch(name) if straight else None)
        if not straight and name not in self._read:
            path = export(self.sources, name, self._folder)
            self.session.read.parquet(path).createOrReplaceTempView(checked(name))
        self._read.add(name)
        self._same_kind(name, columns[0])
        return view

    def run(self, query: str) -> pa.Table:
        from py4j.protocol import Py4JJavaError
        from pyspark.errors import PySparkException

        try:
            return self.session.sql(render(query, "spark")).toArrow()
        except (PySparkException, Py4JJavaError) as error:
            raise ValueError(sentence(error)) from error

    def _read_straight(self, name: str, files: list[str]) -> None:
        types = spark_types(self.sources.columns(name))
        schema = ", ".join(f"`{c.replace('`', '``')}` {kind}" for c, kind in types.items())
        rows = self.session.read.schema(schema).parquet(*files)
        rows.createOrReplaceTempView(raw_view(name))
        added = utc_columns(self.sources.problem.sources[name])
        held = without_nan({c: self.sources.columns(name)[c] for c in types})
        self.session.sql(f"SELECT {held}, {added} FROM {raw_view(name)}").createOrReplaceTempView(
            checked(name)
        )

    def _fetch(self, name: str) -> Fetch:
        def fetch(sql: str) -> tuple[Any, ...]:
            try:
                row = self.run(sql)
            except ValueError as error:
                where = self.sources.where(name)
                raise SourceError(f"{where} cannot be read ({error}).") from error
            return tuple(column[0].as_py() for column in row.columns)

        return fetch

    def _same_kind(self, name: str, by: str) -> None:
        """Refuse to join numbers with texts, which engines do in ways of their own."""
        kind, held = self.entities[by], self.sources.columns(name)[by]
        of_spine = next((f for f, test in KINDS.items() if test(kind)), None)
        if of_spine and of_spine != family(held):
            raise SourceError(
                f'{self.sources.where(name)} holds {held} in column "{by}", and the spine holds '
                f"{kind}; give both the same type."
            )


def plain(table: pa.Table) -> pa.Table:
    """Without the types of columns that Spark has not: categories, unsigned numbers."""
    fields = []
    for field in table.schema:
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        if pa.types.is_unsigned_integer(kind):
            kind = pa.decimal128(20, 0) if kind == pa.uint64() else pa.int64()
        fields.append(pa.field(field.name, kind))
    return table.cast(pa.schema(fields))


def sentence(error: Exception) -> str:
    """The innermost cause in Spark's words, on one line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    causes = [line for line in lines if line.startswith("Caused by: ")]
    return causes[-1].removeprefix("Caused by: ") if causes else lines[0]
