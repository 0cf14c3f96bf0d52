"""Threads: those that boosting may use, and one for linear algebra, whatever the machine's cores.

A product of two matrices is added up in another order by every number of threads, and the threads
wait by spinning, which costs more than they save where most products are small.
"""

import os
from collections.abc import Callable
from functools import wraps
from threading import local
from typing import ParamSpec, TypeVar

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

P = ParamSpec("P")
R = TypeVar("R")
THIS = local()  # its verb: whether this thread is inside one


def one_thread(verb: Callable[P, R]) -> Callable[P, R]:
    """A public verb in which BLAS has one thread; afterwards it has those it had before.

    The libraries have one number for all threads; threadpoolctl lets the thread that set it first
    set it, so that verbs of several threads do not undo each other's.
    """

    @wraps(verb)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if getattr(THIS, "verb", False):  # looking through the loaded libraries takes milliseconds
            return verb(*args, **kwargs)
        with threadpool_limits(1, "blas"):
            THIS.verb = True
            try:
                return verb(*args, **kwargs)
            finally:
                THIS.verb = False

    return run


def available() -> int:
    """The cores that this process may run on at once."""
    allowed = getattr(os, "sched_getaffinity", None)  # not on macOS
    return len(allowed(0)) if allowed else os.cpu_count() or 1
