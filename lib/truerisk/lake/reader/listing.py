"""The files that a path names: one file, a folder, or a pattern, with what their folders say.

``**`` goes through folders. A folder named ``key=value`` (Hive's way to part a table) gives its
files a column. Hidden files, and those whose name or folder begins with ``_``, are not data.
"""

import glob
import hashlib
import os
import re
import tempfile
from dataclasses import dataclass
from urllib.parse import unquote

from truerisk.errors import SourceError
from truerisk.lake import objects
from truerisk.wording.lists import one_of

FORMATS = {
    ".parquet": "parquet",
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "json",
    ".ndjson": "json",
    ".xlsx": "xlsx",
}
PACKED = ".gz"  # of a text format
ENDINGS = (*FORMATS, *(f"{e}{PACKED}" for e, f in FORMATS.items() if f in ("csv", "json")))
NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
COPIES = os.path.join(tempfile.gettempdir(), "truerisk-s3")


@dataclass(frozen=True)
class File:
    """A file as it is called, where this machine has it, and the columns that its folders give."""

    name: str
    local: str
    partition: tuple[tuple[str, str | None], ...] = ()

    @property
    def format(self) -> str:
        return format_of(self.name) or ""


def format_of(path: str) -> str | None:
    """parquet, csv, json or xlsx by the name's ending, capitals aside; None for any other."""
    lower = path.lower()
    ending = next((e for e in sorted(ENDINGS, key=len) if lower.endswith(e)), None)
    return ending and FORMATS[ending.removesuffix(PACKED)]


def is_pattern(path: str) -> bool:
    return bool(glob.has_magic(path)) and not (not objects.is_remote(path) and os.path.exists(path))


def find(path: str, where: str) -> list[File]:
    """The files of a path, folder or pattern in name order; none where a pattern matches none.

    Raises SourceError, beginning with ``where``, for a name that says no format, for a mixture of
    formats, and for files that belong to a Delta table, whose log says which of them count.
    """
    names = sorted(n for n in _names(path, where) if _is_data(n, path))
    kinds = {format_of(n) for n in names}
    if len(kinds) > 1:
        raise SourceError(
            f"{where} is {path}, which mixes {one_of(map(str, kinds)).replace(' or ', ' and ')} "
            "files; name those of one format, such as *.csv."
        )
    root = None if objects.is_remote(path) else _delta(names)
    if root:
        raise SourceError(
            f"{where} is {path}, and {root} is a Delta table, whose log says which of its files "
            "count; name it as a table of the lake, or write its rows to a file."
        )
    return [File(n, fetch(n) if objects.is_remote(n) else n, partition_of(n)) for n in names]


def partition_of(path: str) -> tuple[tuple[str, str | None], ...]:
    """``(key, value)`` of every folder of a path that is named ``key=value``."""
    found = [re.fullmatch(r"(\w+)=(.*)", folder) for folder in path.split("/")[:-1]]
    return tuple((m[1], None if m[2] == NO_VALUE else unquote(m[2])) for m in found if m)


def fetch(path: str) -> str:
    """A local copy of an S3 object, named by its content so that it is fetched and kept once."""
    content = objects.read_bytes(path) or b""
    digest = hashlib.sha256(content).hexdigest()
    local = os.path.join(COPIES, digest, os.path.basename(path))
    if not os.path.exists(local):
        objects.write_bytes(local, content)
    return local


def plain(path: str) -> str:
    """A path that DuckDB takes as it is, not as a pattern."""
    return re.sub(r"([\[*?])", r"[\1]", path)


def sha256(found: list[File]) -> str:
    """One hash over the content of all files, and over the columns that their folders give."""
    digest = hashlib.sha256()
    for file in found:
        with open(file.local, "rb") as content:
            digest.update(hashlib.file_digest(content, "sha256").digest())
        if file.partition:
            digest.update(repr(file.partition).encode())
    return "sha256:" + digest.hexdigest()


def _names(path: str, where: str) -> list[str]:
    if objects.is_remote(path):
        folder = path.endswith("/")
        found = objects.list_keys(f"{path}**" if folder else path)
        _asks_for_format(path, folder or bool(found), where)
        return found
    if os.path.isdir(path):
        inside = os.path.join(glob.escape(path), "**", "*")
        return [n for n in glob.glob(inside, recursive=True) if format_of(n) and os.path.isfile(n)]
    if os.path.exists(path):
        _asks_for_format(path, False, where)
        if not os.path.isfile(path):  # reading a pipe would wait for ever
            raise SourceError(f"{where} is {path}, a pipe or a device; write its rows to a file.")
        return [path]
    found = [n for n in glob.glob(path, recursive=True) if os.path.isfile(n)]
    _asks_for_format(path, any(map(format_of, found)), where)
    return [n for n in found if format_of(n)]


def _asks_for_format(path: str, known: bool, where: str) -> None:
    if not known and not format_of(path):
        raise SourceError(f"{where} is {path}; its name must end in {one_of(ENDINGS)}.")


def _is_data(name: str, path: str) -> bool:
    """Asked below the folder that the path names without a pattern."""
    fixed = re.split(r"[*?\[]", path)[0] if path != name else name
    below = name[len(fixed.rpartition("/")[0]) :] if name.startswith(fixed) else name
    return not any(part.startswith(("_", ".")) and "=" not in part for part in below.split("/"))


def _delta(names: list[str]) -> str | None:
    """The Delta table that one of the files lies in."""
    for folder in sorted({os.path.dirname(n) for n in names}):
        while folder and folder != os.path.dirname(folder):
            if os.path.isdir(os.path.join(folder, "_delta_log")):
                return folder
            folder = os.path.dirname(folder)
    return None
