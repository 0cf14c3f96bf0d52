"""Whole files under the lake's root, on a local disk or on S3, behind a few functions."""

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from truerisk.errors import LakeError, told
from truerisk.problem.location import on_s3


def is_remote(place: str) -> bool:
    """True for ``s3://bucket…``, False for a local path; LakeError for any other kind of place."""
    try:
        return on_s3(place)
    except ValueError as error:
        raise LakeError(f"{place} {error}.") from error


def read_bytes(path: str) -> bytes | None:
    """The file's content, or None when there is no such file."""
    if not is_remote(path):
        try:
            return Path(path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise LakeError(f"{path} cannot be read ({told(error)}).") from error
    with _s3(path) as (client, bucket, key):
        try:
            return client.get_object(Bucket=bucket, Key=key)["Body"].read()
        except client.exceptions.NoSuchKey:
            return None


def write_bytes(path: str, content: bytes) -> None:
    """Write the whole file or nothing: a reader never sees half of it."""
    if is_remote(path):
        with _s3(path) as (client, bucket, key):
            client.put_object(Bucket=bucket, Key=key, Body=content)
        return
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=os.path.dirname(path))
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except OSError as error:
        raise LakeError(f"The lake cannot be written: {path} ({told(error)}).") from error


def is_empty(root: str) -> bool:
    """True when there is nothing at all under ``root``, which need not exist."""
    if not is_remote(root):
        try:
            with os.scandir(root) as found:
                return next(found, None) is None
        except FileNotFoundError:
            return True
        except OSError as error:
            raise LakeError(f"The lake at {root} cannot be read ({told(error)}).") from error
    with _s3(f"{root}/") as (client, bucket, key):
        return not client.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1)["KeyCount"]


def empty_file(folder: str) -> str | None:
    """The name of an empty file in a local folder, None where there is none.

    A file that somebody is writing has a # in its name and is nobody's yet; one that is gone by the
    time it is looked at is none.
    """
    with os.scandir(folder) as found:
        for file in found:
            with suppress(FileNotFoundError):
                if "#" not in file.name and not file.stat().st_size:
                    return file.name
    return None


def folders(root: str, holding: str) -> list[str]:
    """The names of the folders directly under ``root`` that hold a file under ``holding``."""
    if not is_remote(root):
        try:
            with os.scandir(root) as found:
                names = [e.name for e in found if e.is_dir()]
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise LakeError(f"The lake at {root} cannot be read ({told(error)}).") from error
        return sorted(n for n in names if _holds_any(f"{root}/{n}/{holding}"))
    with _s3(f"{root}/") as (client, bucket, key):
        pages = client.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Prefix=key, Delimiter="/"
        )
        prefixes = [p["Prefix"] for page in pages for p in page.get("CommonPrefixes", [])]
        held = [
            p.removeprefix(key).rstrip("/")
            for p in prefixes
            if client.list_objects_v2(Bucket=bucket, Prefix=f"{p}{holding}/", MaxKeys=1)["KeyCount"]
        ]
    return sorted(held)


def stems(folder: str, ending: str) -> set[str]:
    """The names, without ``ending``, of the files directly in a folder that end so."""
    if is_remote(folder):
        found = [key.removeprefix(f"{folder}/") for key in list_keys(f"{folder}/*{ending}")]
    else:
        found = os.listdir(folder) if os.path.isdir(folder) else []
    return {f.removesuffix(ending) for f in found if f.endswith(ending) and "/" not in f}


def _holds_any(folder: str) -> bool:
    return os.path.isdir(folder) and bool(os.listdir(folder))


def list_keys(pattern: str) -> list[str]:
    """All ``s3://`` files that match a pattern as on a disk: ``*`` in a folder, ``**`` through."""
    prefix = re.split(r"[*?\[]", pattern, maxsplit=1)[0]
    shape = re.compile(_shape(pattern.removeprefix("s3://").partition("/")[2]))
    with _s3(prefix) as (client, bucket, key):
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key)
        keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
    return sorted(f"s3://{bucket}/{k}" for k in keys if shape.fullmatch(k))


def _shape(pattern: str) -> str:
    """A pattern of names as a regular expression."""
    marks = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*/|\*\*|\*|\?|\[!?[^\]]+\])", pattern)
    return "".join(
        f"[{p[1:].replace('!', '^', 1)}"
        if p.startswith("[") and p.endswith("]") and len(p) > 2
        else marks.get(p) or re.escape(p)
        for p in parts
    )


@contextmanager
def _s3(path: str) -> Iterator[tuple]:
    """A client, bucket and key; every refusal by the server becomes one LakeError."""
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    bucket, _, key = path.removeprefix("s3://").partition("/")
    try:
        yield boto3.client("s3"), bucket, key
    except (BotoCoreError, ClientError) as error:
        raise LakeError(f"{path} cannot be reached on S3 ({told(error)}).") from error
