"""A new store is made beside its place and becomes the store when it is whole."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from glob import escape
from pathlib import Path

from truerisk.errors import LakeError, told
from truerisk.features.online.store import damage, make_folder

PARTS = ("", "-wal", "-shm")  # of a store


def aside(path: str) -> str:
    """What a damaged store is kept as."""
    return f"{path}.damaged"


@contextmanager
def anew(path: str) -> Iterator[str]:
    """A name beside ``path`` for a new store, which becomes ``path`` when it is whole.

    A damaged one is moved out of the way then. Whatever is raised before leaves all as it was; what
    a killed process left beside is removed. Raises FileExistsError where a whole store has come
    meanwhile.
    """
    beside = f"{path}.{os.getpid()}.new"
    folders = [f for f in Path(path).parents if not f.exists()]
    try:
        make_folder(path)
        _remove_left_over(path)
        with _at_work(beside):
            yield beside
            if damage(path):
                _move(path, aside(path))
            os.link(beside, path)
    except BaseException:
        _remove(beside)
        for folder in folders:
            with suppress(OSError):
                folder.rmdir()
        raise
    _remove(beside)


def _remove_left_over(path: str) -> None:
    """Remove the new stores beside ``path`` that no process is at work on."""
    for left in Path(path).parent.glob(f"{escape(Path(path).name)}.*.new"):
        with suppress(OSError), open(left, "rb") as file:
            flock(file, LOCK_EX | LOCK_NB)
            _remove(str(left))


def _move(path: str, to: str) -> None:
    for suffix in PARTS:
        if os.path.exists(path + suffix):
            os.replace(path + suffix, to + suffix)


def _remove(path: str) -> None:
    for suffix in PARTS:
        Path(path + suffix).unlink(missing_ok=True)


@contextmanager
def _at_work(path: str) -> Iterator[None]:
    """Says to other processes that ``path``, which is made here, is being written."""
    try:
        file = open(path, "ab")  # noqa: SIM115  closed below
    except OSError as error:
        raise LakeError(f"The online store at {path} cannot be made ({told(error)}).") from error
    with file:
        flock(file, LOCK_EX)
        yield
