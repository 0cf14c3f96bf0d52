"""The rows that a group's aggregates see: one entity's events, filtered, with their times."""

from truerisk.features.sql.group import Group
from truerisk.features.sql.names import SPINE
from truerisk.lake.duck import quote


def column(name: str) -> str:
    """A source's column under a name that cannot meet the ones added here."""
    return quote(unquoted(name))


def unquoted(name: str) -> str:
    """The same name as a query's result bears it."""
    return f"c_{name}"


def flag(where: str) -> str:
    """A filter as true, false or null: it may be written as a number or a text that says so."""
    return f"CAST(({where}) AS BOOLEAN)"


def events(group: Group, ordered: bool = False, extra: str = "", previous: bool = True) -> str:
    """SELECT of __k (the entity), __t (event time, µs), the columns, a flag per filter.

    With a delay of its own per row also ``__seen`` (availability, µs); where distinct values are
    counted by LAG (``previous``) the time of the same value's previous row; where ``ordered``
    the key.
    """
    selected = [f"{quote(group.by)} AS __k", "__time_us AS __t"]
    if group.delay is None:
        selected.append("__available_us AS __seen")
    if ordered:
        selected.append("__key AS __id")
    for name in group.columns:
        value = f"CAST({quote(name)} AS DECIMAL(18, 2))" if name in group.money else quote(name)
        selected.append(f"{value} AS {column(name)}")
    selected += [f"{flag(where)} AS __is_{i}" for i, where in enumerate(group.filters)]
    if group.delay is not None and previous:
        for i, (name, where) in enumerate(group.distinct):
            same = f"{quote(group.by)}, {quote(name)}" + (f", {flag(where)}" if where else "")
            lag = f"LAG(__time_us) OVER (PARTITION BY {same} ORDER BY __time_us)"
            selected.append(f"{lag} AS __previous_{i}")
    if extra:
        selected.append(extra)
    by = quote(group.by)
    kept = ["__time_us IS NOT NULL", f"{by} IN (SELECT {by} FROM {SPINE})"]
    if group.known_at is not None:
        kept.append(f"__available_us <= {group.known_at}")
    if group.chunk:
        which, of = group.chunk
        kept.append(f"hash({quote(group.by)}) % {of} = {which}")
    return f"SELECT {', '.join(selected)}\n  FROM {group.view}\n  WHERE {' AND '.join(kept)}"


def spine(group: Group) -> str:
    """The spine's rows that the group is built for."""
    if not group.chunk:
        return SPINE
    which, of = group.chunk
    entity = f"TRY_CAST({quote(group.by)} AS {group.types[group.by]})"
    return f"(SELECT * FROM {SPINE} WHERE hash({entity}) % {of} = {which})"


def visible(group: Group) -> str:
    """The join's condition that a row was available strictly before as_of."""
    if group.delay is None:
        return "e.__seen < s.__as_of AND e.__t < s.__as_of"
    return f"e.__t < s.__as_of - {group.delay}" if group.delay else "e.__t < s.__as_of"
