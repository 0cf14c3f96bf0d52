"""Threads: those that boosting may use, and one for linear algebra, whatever the machine's cores.

A product of two matrices is added up in another order by every number of threads, and the threads
wait by spinning, which costs more than they save where most products are small.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import wraps
from threading import Lock
from typing import ParamSpec, TypeVar

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

P = ParamSpec("P")
R = TypeVar("R")


def one_thread(verb: Callable[P, R]) -> Callable[P, R]:
    """A public verb in which BLAS has one thread; afterwards it has those it had before.

    A caller whose own limit is in force, set by threadpoolctl, keeps it.
    """

    @wraps(verb)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with _LIMIT.held():
            return verb(*args, **kwargs)

    return run


class _Limit:
    """One thread for BLAS while any verb runs, within another or beside it in another thread.

    The libraries have one number for all threads, and threadpoolctl lets none but the thread that
    changed it change it back: a keeper does both, for the first verb that starts and the last one
    that ends.
    """

    def __init__(self) -> None:
        self.lock, self.verbs = Lock(), 0

    @contextmanager
    def held(self) -> Iterator[None]:
        with self.lock:
            if not self.verbs:
                self.keeper = ThreadPoolExecutor(1)
                self.limits = self.keeper.submit(threadpool_limits, 1, "blas").result()
            self.verbs += 1
        try:
            yield
        finally:
            with self.lock:
                self.verbs -= 1
                if not self.verbs:
                    self.keeper.submit(self.limits.restore_original_limits).result()
                    self.keeper.shutdown()


_LIMIT = _Limit()


def available() -> int:
    """The cores that this process may run on at once."""
    allowed = getattr(os, "sched_getaffinity", None)  # not on macOS
    return len(allowed(0)) if allowed else os.cpu_count() or 1
