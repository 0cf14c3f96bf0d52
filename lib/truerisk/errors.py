"""Everything that truerisk raises on purpose; each message is one sentence a user can act on.

TrueriskError
├── ProblemError     the problem file: file, path in it, what came, what is allowed
├── SourceError      the data of a source: source, column, rows
├── LakeError        a lake that cannot be opened, read or written
├── ModelError       a model package that is missing, changed or of another format
├── LogError         a decision log that cannot be measured
└── RegistryError    a registry event that is not allowed in the present state
"""

from collections.abc import Iterable
from difflib import get_close_matches


class TrueriskError(Exception):
    """Base of all errors whose message is meant for the user (exit code 2, no traceback)."""


class ProblemError(TrueriskError):
    """The problem file asks for something that does not exist."""


class SourceError(TrueriskError):
    """A source does not hold what the problem file says it holds."""


class LakeError(TrueriskError):
    """The lake cannot be opened, read or written."""


class ModelError(TrueriskError):
    """A model package is missing, was changed, or has another format."""


class LogError(TrueriskError):
    """A decision log lacks what an unbiased estimate needs."""


class RegistryError(TrueriskError):
    """The registry's state does not allow this event."""


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
