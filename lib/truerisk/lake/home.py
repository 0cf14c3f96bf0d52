"""Where things lie that are no lake: the repository, and what work on a lake leaves beside it."""

import os
from pathlib import Path

from truerisk.lake import objects

RUNS = "METAFLOW_DATASTORE_SYSROOT_LOCAL"  # where Metaflow keeps its runs


def repository() -> Path:
    """The folder that holds lib/, flows/ and problems/."""
    return Path(__file__).resolve().parents[3]


def default_root() -> str:
    """The lake where none is named: TRUERISK_LAKE, else ``.truerisk/lake`` in the repository."""
    return os.environ.get("TRUERISK_LAKE") or str(_own() / "lake")


def home(root: str | os.PathLike[str] | None = None) -> Path:
    """Where a lake's logs, online stores and runs are kept; no two lakes have one home.

    Beside it, as ``<root>.home``; of the repository's own lake ``.truerisk``, and of one on S3
    ``~/.truerisk/<bucket>/<path>``. It is not made here.
    """
    place = os.fspath(root or default_root())
    if objects.is_remote(place):
        return Path.home() / ".truerisk" / place.removeprefix("s3://").rstrip("/")
    place = os.path.abspath(place)
    return _own() if place == str(_own() / "lake") else Path(f"{place}.home")


def kept() -> Path:
    """Where what is slow to make and the same for every lake is kept; all of it may be deleted."""
    return _own() / "kept"


def _own() -> Path:
    return repository() / ".truerisk"
