"""Which entity of a table is an application's: the types of both were agreed on (``keys``)."""

import re
from typing import Any

from truerisk.features.kinds import TEXT
from truerisk.features.online.store import Kept
from truerisk.features.online.types import UnfitError, as_declared, scale


def entity(table: Kept, value: Any) -> Any:
    """The entity as the table keeps it; None where it can have none that equals ``value``."""
    kind = table.types[table.rows.by]
    if value is None or (type(value) is str and re.fullmatch(TEXT, kind)):
        return value
    try:
        held = as_declared(value, kind)
    except UnfitError:
        return None
    return int(held.scaleb(scale(kind))) if kind.startswith("DECIMAL") else held
