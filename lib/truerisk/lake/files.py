"""Whole files under the lake's root, on a local disk or on S3, behind four functions."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from truerisk.errors import LakeError


def is_remote(root: str) -> bool:
    return root.startswith("s3://")


def read_bytes(path: str) -> bytes | None:
    """The file's content, or None when there is no such file."""
    if not is_remote(path):
        try:
            return Path(path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
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
        raise LakeError(f"The lake cannot be written: {path} ({error.strerror}).") from error


def list_keys(pattern: str) -> list[str]:
    """All ``s3://`` files that match a prefix with at most one trailing ``*`` part."""
    prefix, _, suffix = pattern.partition("*")
    with _s3(prefix) as (client, bucket, key):
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key)
        keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
    exact = [k for k in keys if k == key] if "*" not in pattern else keys
    return sorted(f"s3://{bucket}/{k}" for k in exact if k.endswith(suffix))


@contextmanager
def _s3(path: str) -> Iterator[tuple]:
    """A client, bucket and key; every refusal by the server becomes one LakeError."""
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    bucket, _, key = path.removeprefix("s3://").partition("/")
    try:
        yield boto3.client("s3"), bucket, key
    except (BotoCoreError, ClientError) as error:
        raise LakeError(f"{path} cannot be reached on S3 ({error}).") from error
