"""A value of the file as messages quote it, and texts that are what they look like."""

import unicodedata
from typing import Any

SHOWN = 120
HIDDEN = ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp")  # controls, and what shows nothing or reorders


def shown(value: Any, most: int = SHOWN) -> str:
    """On one line, without characters that are not seen, and its beginning where it is long."""
    if isinstance(value, str):
        return repr(value if len(value) <= most else f"{value[: most - 1]}…")
    if isinstance(value, bool):
        return str(value).lower()  # as the file writes it
    try:
        said = repr(value)
    except ValueError:  # a whole number of thousands of digits
        return f"a {type(value).__name__} that is too long to be shown"
    return said if len(said) <= most else f"{said[: most - 1]}…"


def visible(value: str) -> str:
    """``value``; ValueError where it holds characters that are not seen."""
    if any(unicodedata.category(c) in HIDDEN for c in value):
        raise ValueError(f"{shown(value)} holds a line break or another character that is not seen")
    return value
