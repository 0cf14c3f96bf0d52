"""Which columns of which sources each column of a query is made of.

The query's own syntax tree says it: select lists, joins, subqueries, common table expressions and
unions are followed. What only filters, joins or groups rows is kept apart from what gives values.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from truerisk.problem.expression import parse_sql

Reads = frozenset[tuple[str, str]]  # (source, column)
SELECT, UNION = "SELECT_NODE", "SET_OPERATION_NODE"


class UnresolvedError(ValueError):
    """The query does something whose columns cannot be told apart."""


@dataclass
class Made:
    """Output column → what its values are made of; ``filters`` decide which rows there are."""

    columns: dict[str, Reads] = field(default_factory=dict)
    filters: Reads = frozenset()


def column_lineage(query: str, columns: Mapping[str, list[str]]) -> Made:
    """The columns of a query by the sources they come from.

    ``columns`` gives the columns of every source (empty where they are not known). Raises
    UnresolvedError where a source's columns would be needed and are not known, or for a form of
    query that is not followed.
    """
    try:
        statement = parse_sql(query)
    except ValueError as error:
        raise UnresolvedError(str(error)) from error
    return _node(statement["node"], columns, {})


def _node(part: dict, sources: Mapping[str, list[str]], named: Mapping[str, Made]) -> Made:
    named = dict(named)
    for entry in part.get("cte_map", {}).get("map", []):
        made = _node(_query(entry["value"]), sources, named)
        named[entry["key"].lower()] = made
    if part["type"] == UNION:
        return _union([_node(child, sources, named) for child in part["children"]])
    if part["type"] != SELECT:
        raise UnresolvedError(f"a {part['type'].lower()} is not followed")
    tables: dict[str, Made] = {}
    filters = _from(part["from_table"], sources, named, tables)
    made = Made()
    for item in part["select_list"]:
        made.columns |= _selected(item, tables)
    around = {k: v for k, v in part.items() if k not in ("select_list", "from_table", "cte_map")}
    filters |= _values(around, tables, set(made.columns))
    made.filters = filters.union(*(t.filters for t in tables.values()))
    return made


def _query(value: dict) -> dict:
    """The node of a subquery, however deep this version of DuckDB wraps it."""
    for key in ("query_node", "query", "node"):
        if isinstance(value.get(key), dict):
            inner = value[key]
            return inner if "type" in inner and inner["type"].endswith("_NODE") else _query(inner)
    raise UnresolvedError("a subquery is not followed")


def _union(parts: list[Made]) -> Made:
    names = list(parts[0].columns)
    filters: Reads = frozenset().union(*(p.filters for p in parts))
    if any(len(p.columns) != len(names) for p in parts):
        raise UnresolvedError("a union of different columns is not followed")
    sides = zip(*(p.columns.values() for p in parts))
    columns = {n: frozenset().union(*side) for n, side in zip(names, sides)}
    return Made(columns, filters)


def _from(
    part: dict, sources: Mapping[str, list[str]], named: Mapping[str, Made], tables: dict[str, Made]
) -> Reads:
    """Fill ``tables`` (alias → columns); the columns that join them."""
    kind, alias = part["type"], (part.get("alias") or "").lower()
    if kind == "EMPTY":
        return frozenset()
    if kind == "BASE_TABLE":
        name = part["table_name"]
        made = named.get(name.lower()) or _source(name, sources)
        tables[alias or name.lower()] = made
        return frozenset()
    if kind == "SUBQUERY":
        tables[alias or f"__{len(tables)}"] = _node(_query(part["subquery"]), sources, named)
        return frozenset()
    if kind == "JOIN":
        joined = _from(part["left"], sources, named, tables)
        joined |= _from(part["right"], sources, named, tables)
        using = [c for c in part.get("using_columns") or [] if isinstance(c, str)]
        joined |= _values(part.get("condition"), tables, set())
        both = (t.columns.get(c) for c in using for t in tables.values())
        return joined.union(*(reads for reads in both if reads))
    raise UnresolvedError(f"reading from a {kind.lower().replace('_', ' ')} is not followed")


def _source(name: str, sources: Mapping[str, list[str]]) -> Made:
    held = next((n for n in sources if n.lower() == name.lower()), None)
    if held is None:
        return Made()  # a file: its columns belong to no source
    return _Source(held, {c: frozenset({(held, c)}) for c in sources[held]})


class _Source(Made):
    """A source's own columns; one whose columns are not known takes any name it is asked for."""

    def __init__(self, name: str, columns: dict[str, Reads]) -> None:
        super().__init__(columns)
        self.name = name


def _selected(item: dict, tables: Mapping[str, Made]) -> dict[str, Reads]:
    if item.get("class") == "STAR":
        return _star(item, tables)
    name = item.get("alias") or (item["column_names"][-1] if "column_names" in item else "")
    return {name or f"__{id(item)}": _values(item, tables, set())}


def _star(item: dict, tables: Mapping[str, Made]) -> dict[str, Reads]:
    wanted = (item.get("relation_name") or "").lower()
    made: dict[str, Reads] = {}
    for alias, table in tables.items():
        if wanted in ("", alias):
            if not table.columns:
                raise UnresolvedError("* over a table whose columns are not known")
            made |= table.columns
    left = {str(e).lower() for e in item.get("exclude_list") or [] if isinstance(e, str)}
    return {name: reads for name, reads in made.items() if name.lower() not in left}


def _values(part: Any, tables: Mapping[str, Made], own: set[str]) -> Reads:
    """All columns that an expression reads; ``own`` are names that the select list made."""
    found: Reads = frozenset()
    for reference in _references(part):
        found |= _resolve([str(n).lower() for n in reference], tables, {n.lower() for n in own})
    return found


def _resolve(path: list[str], tables: Mapping[str, Made], own: set[str]) -> Reads:
    if len(path) > 1 and path[-2] in tables:
        return _column(tables[path[-2]], path[-1])
    held = [t for t in tables.values() if path[-1] in {c.lower() for c in t.columns}]
    if held:
        return frozenset().union(*(_column(t, path[-1]) for t in held))
    if path[-1] in own:
        return frozenset()
    unknown = [t for t in tables.values() if isinstance(t, _Source) and not t.columns]
    if len(unknown) > 1 or (unknown and len(tables) > 1):
        raise UnresolvedError(f"{path[-1]} may come from several tables")
    return _column(unknown[0], path[-1]) if unknown else frozenset()


def _column(table: Made, name: str) -> Reads:
    held = next((c for c in table.columns if c.lower() == name), None)
    if held is not None:
        return table.columns[held]
    if isinstance(table, _Source) and not table.columns:
        return frozenset({(table.name, name)})
    return frozenset()


def _references(part: Any) -> Iterator[list[str]]:
    if isinstance(part, dict):
        if part.get("class") == "COLUMN_REF":
            yield part["column_names"]
        if part.get("class") == "SUBQUERY" or part.get("type") == "SUBQUERY":
            raise UnresolvedError("a subquery inside an expression is not followed")
        for child in part.values():
            yield from _references(child)
    elif isinstance(part, list):
        for child in part:
            yield from _references(child)
