"""A side figure, or a section of a page, that fails is one less, with its reason."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from traceback import extract_tb
from typing import TypeVar

from truerisk.errors import TrueriskError, from_outside

T = TypeVar("T")
HERE = Path(__file__).parent


class Lost(str):
    """The sentence that says why there is nothing, in the place of what would have been there."""


def isolated(make: Callable[[], T]) -> T | Lost:
    """What ``make`` gives, or why there is none.

    An error of ours says its own sentence. Any other is a mistake of this program: its kind and
    place are told and never its text, which may hold a value of somebody's row.
    """
    try:
        return make()
    except TrueriskError as error:
        return Lost(error)
    except Exception as error:
        known = from_outside(error)
        return Lost(known or f"This could not be made, {_where(error)}; all else is as it is.")


@contextmanager
def beside(make: Callable[[], T]) -> Iterator[Callable[[], T | Lost]]:
    """While the block runs, ``isolated(make)`` in a thread of its own; what is given waits for it.

    ``make`` may read what the block reads, and share nothing that either changes or keeps for
    later.
    """
    with ThreadPoolExecutor(1) as thread:
        yield thread.submit(isolated, make).result


def _where(error: Exception) -> str:
    kind = type(error).__name__
    own = [f for f in extract_tb(error.__traceback__) if HERE in Path(f.filename).parents]
    if len(own) < 2:  # the first is this file's
        return f"a mistake in truerisk ({kind})"
    place = Path(own[-1].filename).relative_to(HERE)
    return f"a mistake in truerisk ({kind} in {place}, line {own[-1].lineno})"
