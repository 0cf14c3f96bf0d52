"""What a query reads: other sources by name, and files by every argument that names one.

The query is read as a syntax tree. Names of files are resolved where they stand: alone, in lists,
or put together from constants. Whatever else a query could read from has no version, and is
refused. The files are loaded first, by the one reader, and the query then reads those rows:
DuckDB would otherwise push casts and column choices into the reading of a CSV.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb

from truerisk.errors import SourceError, told
from truerisk.lake.reader.listing import ENDINGS, format_of
from truerisk.problem.expression import parse_sql, query_tree, sandbox
from truerisk.wording.lists import one_of

GENERATORS = ("range", "generate_series", "unnest")
READERS = {
    "read_parquet": "parquet",
    "parquet_scan": "parquet",
    "read_csv": "csv",
    "read_csv_auto": "csv",
    "read_json": "json",
    "read_json_auto": "json",
    "read_ndjson": "json",
    "read_ndjson_auto": "json",
}
CONSTANT = {"||", "concat", "list_value", "array_value", "struct_pack"}
LAYOUT = {"delim", "sep", "union_by_name", "hive_partitioning"}
DROPS = {"ignore_errors", "store_rejects", "rejects_table", "rejects_scan", "null_padding"}


@dataclass(frozen=True)
class Read:
    """One place in a query that reads files: their names or patterns, and the options given."""

    node: dict[str, Any]
    paths: tuple[str, ...]
    options: dict[str, Any]

    @property
    def named(self) -> str | None:
        """The file's name as the query writes it, where it stands alone, without a function."""
        return self.paths[0] if self.node["type"] == "BASE_TABLE" else None

    @property
    def separator(self) -> str | None:
        return self.options.get("delim") or self.options.get("sep")

    @property
    def own_way(self) -> bool:
        """True where the query itself says how its cells are read: then it is left to it."""
        plain = {"header": True, "auto_detect": True, "all_varchar": False}
        return any(k not in LAYOUT and plain.get(k) != v for k, v in self.options.items())


@dataclass
class Query:
    """A query, its tree, the sources it names, and the places where it reads files."""

    sql: str
    statements: list[dict[str, Any]]
    sources: list[str]
    reads: list[Read]

    @property
    def paths(self) -> list[str]:
        return sorted({path for read in self.reads for path in read.paths})

    def over(self, views: list[str]) -> str:
        """The query's text, reading ``views[i]`` in place of the i-th read of files.

        A query that names its files without functions stays as it is written: its views have the
        names of the files.
        """
        if all(read.named for read in self.reads):
            return self.sql
        for read, view in zip(self.reads, views):
            node = read.node
            called = read.named or node["function"]["function_name"]
            kept = ("sample", "query_location", "query_location_length", "column_name_alias")
            place = {k: node[k] for k in kept}
            alias = node["alias"] or os.path.basename(called).partition(".")[0]
            node.clear()
            node |= {"type": "BASE_TABLE", "alias": alias, **place, "at_clause": None}
            node |= {"schema_name": "", "catalog_name": "", "table_name": view}
            node["qualified_name"] = {"path": [view]}
        tree = json.dumps({"error": False, "statements": self.statements})
        with sandbox() as con:
            return str(con.execute("SELECT json_deserialize_sql(?)", [tree]).fetchall()[0][0])


def parse_query(sql: str, where: str, sources: set[str]) -> Query:
    """SourceError, beginning with ``where``, for what is not one SELECT over sources and files."""
    try:
        statements = [query_tree(sql)]
    except ValueError as error:
        raise SourceError(f"{where} is not one SELECT ({error}).") from error
    named: set[str] = set()
    reads: list[Read] = []
    for node in _tables(statements, frozenset()):
        if node["type"] == "BASE_TABLE":
            name = node["table_name"]
            elsewhere = node.get("schema_name") or node.get("catalog_name")
            if name.lower() in sources and not elsewhere:
                named.add(name.lower())
                continue
            if elsewhere or not format_of(name):
                full = ".".join(p for p in (node.get("schema_name"), name) if p)
                raise SourceError(
                    f'{where} reads "{full}", which is neither a source ({one_of(sources)}) nor a '
                    f"file that ends in {one_of(ENDINGS)}."
                )
            reads.append(Read(node, (name,), {}))
        elif node["type"] == "TABLE_FUNCTION":
            read = _call(node, where)
            reads += [read] if read else []
        else:
            raise SourceError(f"{where} reads the catalogue of tables; name a source or a file.")
    return Query(sql, statements, sorted(named), reads)


def _call(node: dict[str, Any], where: str) -> Read | None:
    function = node["function"]["function_name"].lower()
    if function in GENERATORS:
        return None
    if function not in READERS:
        raise SourceError(
            f"{where} reads through {function}, whose input has no version; allowed are "
            f"{one_of({*READERS, *GENERATORS})}."
        )
    given, options = [], {}
    for argument in (a["expression"] for a in node["function"]["arguments"]):
        left = argument.get("left", {})
        if argument["type"] == "COMPARE_EQUAL" and left.get("class") == "COLUMN_REF":
            options[left["column_names"][-1].lower()] = _value(argument["right"], where, function)
        else:
            given.append(_value(argument, where, function))
    paths = given[0] if given and isinstance(given[0], list) else given
    bad = [p for p in paths if not isinstance(p, str) or format_of(p) != READERS[function]]
    if bad or not paths:
        raise SourceError(
            f"{where} reads through {function}, whose files must be named by constants that end in "
            f"{one_of(e for e in ENDINGS if format_of(e) == READERS[function])}."
        )
    lost = sorted(set(options) & DROPS)
    if lost:
        raise SourceError(
            f"{where} reads through {function} with {lost[0]}, which drops or fills rows in "
            "silence; take it out, and mend the file."
        )
    return Read(node, tuple(paths), options)


def _value(node: dict[str, Any], where: str, function: str) -> Any:
    """A constant, or what is put together from constants; nothing else has one value."""
    for part in _expressions(node):
        plain = part["class"] in ("CONSTANT", "CAST") or part["type"] == "ARRAY_CONSTRUCTOR"
        if not plain and part.get("function_name") not in CONSTANT:
            raise SourceError(
                f"{where} reads through {function} with a name or option that is computed; write "
                "it out, as texts or a list of texts."
            )
    statements = [parse_sql("SELECT 1 AS v")]
    statements[0]["node"]["select_list"] = [node]
    tree = json.dumps({"error": False, "statements": statements})
    with sandbox() as con:
        try:
            text = con.execute("SELECT json_deserialize_sql(?)", [tree]).fetchall()[0][0]
            return con.execute(text).fetchall()[0][0]
        except duckdb.Error as error:
            raise SourceError(
                f"{where} reads through {function} with a name that cannot be put together "
                f"({told(error)})."
            ) from error


def _expressions(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        if "class" in part:
            yield part
        for child in part.values():
            yield from _expressions(child)
    elif isinstance(part, list):
        for child in part:
            yield from _expressions(child)


TABLES = ("BASE_TABLE", "TABLE_FUNCTION", "SHOW_REF")


def _tables(part: Any, hidden: frozenset[str]) -> Iterator[dict[str, Any]]:
    """Every node that reads rows; ``hidden`` are the names that the query itself defines there."""
    if isinstance(part, list):
        for child in part:
            yield from _tables(child, hidden)
        return
    if not isinstance(part, dict):
        return
    seen = hidden
    for entry in part.get("cte_map", {}).get("map", []) if "cte_map" in part else []:
        recursive = "RECURSIVE" in json.dumps(entry["value"])[:2000]
        own = seen | {entry["key"].lower()}
        yield from _tables(entry["value"], own if recursive else seen)
        seen = own
    kind = part.get("type")
    if kind in TABLES and not (kind == "BASE_TABLE" and _is_hidden(part, seen)):
        yield part
    for key, child in part.items():
        if key != "cte_map":
            yield from _tables(child, seen)


def _is_hidden(node: dict[str, Any], hidden: frozenset[str]) -> bool:
    plain = not node.get("schema_name") and not node.get("catalog_name")
    return plain and node["table_name"].lower() in hidden
