"""What the grammar refuses, as one sentence: path in the file, what came, what to write."""

from types import UnionType
from typing import Any, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from truerisk.problem.shown import shown
from truerisk.problem.spec import Problem
from truerisk.wording.lists import one_of

KEY = 63
# What begins so goes on from the path that is its subject.
GOES_ON = ("needs ", "has ", "is ", "does ", "hides ", "names ")
BOUNDS = {
    Gt: ("gt", "above"),
    Ge: ("ge", "of at least"),
    Lt: ("lt", "below"),
    Le: ("le", "at most"),
}
NUMBERS = ("int_", "float_", "finite_", "greater_", "less_")  # pydantic's kinds of error


def sentence(error: Any) -> str:
    """One pydantic error as: path, what came, what is allowed; without its last full stop."""
    loc, kind, came = error["loc"], error["type"], error.get("input")
    path = _path(loc)
    if kind == "extra_forbidden":
        return f"{path} is not a known key; allowed here: {one_of(_fields_at(loc[:-1]))}"
    if kind == "missing":
        return f"{path} is missing{_line(loc)}"
    if kind == "value_error":
        message = str(error["ctx"]["error"])
        return f"{path} {message}" if message.startswith(GOES_ON) else f"{path}: {message}"
    return f"{path} is {shown(came, 60)}; {_wanted(error, path)}"


def _wanted(error: Any, path: str) -> str:
    """What belongs there instead."""
    loc, kind, came = error["loc"], error["type"], error.get("input")
    if kind == "literal_error":
        return f"allowed: {error['ctx']['expected']}"
    if kind == "string_pattern_mismatch":
        if path.endswith("memory_limit"):
            return "allowed: a whole number and MB or GB, such as '4GB'"
        if path.endswith("references"):
            return "allowed: another source's column, such as 'customers.customer_id'"
        return "allowed: at most 63 lower-case letters, digits and _, a letter first"
    if kind == "list_type":
        if isinstance(came, dict) and _is_table(get_args(_kind_at(loc))[0]):
            return f"it must be a list: write [[{path}]]"
        written = isinstance(came, str) and len(loc) and isinstance(loc[-1], str)
        return "it must be a list" + (f": write {loc[-1]} = [{shown(came, 40)}]" * written)
    if kind in ("model_type", "dict_type"):
        return "it must be a table of settings"
    if kind == "string_type":
        return f"it must be a text in quotes{_line(loc)}"
    if kind.startswith("bool_"):
        return "it must be true or false"
    if kind.startswith("date_"):
        return "write a day as 2026-12-25"
    if kind.startswith(NUMBERS):
        return f"it must be {_number(loc)}"
    return str(error["msg"][0].lower() + error["msg"][1:])


def _line(loc: tuple[str | int, ...]) -> str:
    """The line to write at a key that holds a text, or true or false; else nothing."""
    kind, key = _kind_at(loc), loc[-1]
    if isinstance(key, int) or kind not in (bool, str):
        return ""
    name = _key(key)
    return f"; write {name} = true or {name} = false" if kind is bool else f'; write {name} = "…"'


def _number(loc: tuple[str | int, ...]) -> str:
    """Which numbers a field takes: ``a number above 0 and at most 1``."""
    field = _field(loc)
    limits = [m for m in field.metadata if type(m) in BOUNDS] if field else []
    said = [f"{word} {getattr(m, name):,}" for m in limits for name, word in [BOUNDS[type(m)]]]
    what = "a whole number" if _kind_at(loc) is int else "a number"
    return f"{what} {' and '.join(said)}".strip()


def _path(loc: tuple[str | int, ...]) -> str:
    parts = [f"[{p}]" if isinstance(p, int) else f".{_key(p)}" for p in loc if p != "[key]"]
    return "".join(parts).lstrip(".") or "the file"


def _key(key: str) -> str:
    return key if key.isprintable() and len(key) <= KEY else shown(key, KEY)


def _fields_at(loc: tuple[str | int, ...]) -> list[str]:
    """The keys that the grammar knows at a path of the file."""
    kind = _kind_at(loc)
    if not _is_table(kind):
        return []
    return sorted(field.alias or name for name, field in kind.model_fields.items())


def _kind_at(loc: tuple[str | int, ...]) -> Any:
    """The type that the grammar has at a path of the file, without None."""
    kind: Any = Problem
    for part in loc:
        if part == "[key]":
            return str
        field = _of_table(kind, part)
        if field is not None:
            kind = _plain(field.annotation)
        else:
            kind = _plain(get_args(kind)[0 if isinstance(part, int) else -1])
    return kind


def _field(loc: tuple[str | int, ...]) -> FieldInfo | None:
    """The key of a table at a path of the file; None for an item of a list or a free name."""
    return _of_table(_kind_at(loc[:-1]), loc[-1])


def _of_table(kind: Any, part: str | int) -> FieldInfo | None:
    if not _is_table(kind):
        return None
    fields = kind.model_fields
    return next((f for name, f in fields.items() if part in (f.alias, name)), None)


def _is_table(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _plain(kind: Any) -> Any:
    """``X`` of ``X | None`` and of ``Annotated[X, …]``."""
    while True:
        if get_origin(kind) in (Union, UnionType):
            kind = next(k for k in get_args(kind) if k is not type(None))
        elif hasattr(kind, "__metadata__"):
            kind = kind.__origin__
        else:
            return kind
