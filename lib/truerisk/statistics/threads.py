"""Threads: those that boosting may use, and one for linear algebra, whatever the machine's cores.

A product of two matrices is added up in another order by every number of threads, and the threads
wait by spinning, which costs more than they save where most products are small.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from threading import Lock
from typing import ParamSpec, TypeVar

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

P = ParamSpec("P")
R = TypeVar("R")


def one_thread(verb: Callable[P, R]) -> Callable[P, R]:
    """A public verb in which BLAS has one thread; afterwards it has those it had before."""

    @wraps(verb)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with _LIMIT.held():
            return verb(*args, **kwargs)

    return run


class _Limit:
    """One thread for BLAS while any verb runs, within another or beside it in another thread: the
    first one sets it and the last one lets go, as looking through the libraries takes
    milliseconds."""

    def __init__(self) -> None:
        self.lock, self.verbs = Lock(), 0

    @contextmanager
    def held(self) -> Iterator[None]:
        with self.lock:
            if not self.verbs:
                self.limits = threadpool_limits(1, "blas")
            self.verbs += 1
        try:
            yield
        finally:
            with self.lock:
                self.verbs -= 1
                if not self.verbs:
                    self.limits.restore_original_limits()


_LIMIT = _Limit()


def available() -> int:
    """The cores that this process may run on at once."""
    allowed = getattr(os, "sched_getaffinity", None)  # not on macOS
    return len(allowed(0)) if allowed else os.cpu_count() or 1
