"""Names as people read them: a, b or c; a, b and c; did you mean."""

from collections.abc import Iterable
from difflib import get_close_matches


def one_of(names: Iterable[str]) -> str:
    """The allowed names as they are listed in every message: ``a, b or c``."""
    listed = sorted(names)
    if not listed:
        return "nothing"
    return listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} or {listed[-1]}"


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """A hint for a misspelt name, then all that exist: ``did you mean "x"? It has a, b, c``."""
    names = list(names)
    close = get_close_matches(name, names, n=1)
    hint = f'did you mean "{close[0]}"? It' if close else "it"
    return f"{hint} has {', '.join(names) or 'no columns'}"


def listed(words: list[str]) -> str:
    """a, b and c"""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
