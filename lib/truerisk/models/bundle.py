"""Several models in one file: a zip whose bytes depend on nothing but theirs."""

import io
import zipfile
from collections.abc import Mapping

BEFORE_ALL = (1980, 1, 1, 0, 0, 0)  # the first time that a zip can say


def bundle(parts: Mapping[str, bytes]) -> bytes:
    """Name → content as one file; the same parts in the same order give the same bytes."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as file:
        for name, content in parts.items():
            file.writestr(zipfile.ZipInfo(name, BEFORE_ALL), content)
    return made.getvalue()


def unbundle(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return {name: file.read(name) for name in file.namelist()}
