"""Evidence as a folder or one archive: written whole or not at all, read without trusting a name.

An archive packs its files as they are, in the order of their names, without times: equal evidence
has equal bytes, so that packing again what was read shows a changed byte between the files too.
"""

import io
import os
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from truerisk.errors import LakeError, told

ARCHIVE = ".zip"
THEN = (1980, 1, 1, 0, 0, 0)
MOST = 2**30  # bytes of an archive's files
PACKED_ANEW = "the archive is not packed as it was written"
Files = dict[str, bytes]  # a path below the evidence, with /, → what it holds


def write(files: Mapping[str, bytes], place: str) -> None:
    """Write a new folder, or one archive where the name ends with .zip.

    Raises LakeError where something is there already, or nothing can be written; then nothing is.
    """
    place = os.path.abspath(place)
    if os.path.lexists(place):
        raise LakeError(f"{place} is there already; evidence is never overwritten, name another.")
    beside = ""
    try:
        os.makedirs(os.path.dirname(place), exist_ok=True)
        beside = tempfile.mkdtemp(prefix=".evidence-", dir=os.path.dirname(place))
        whole = os.path.join(beside, "whole")
        if place.endswith(ARCHIVE):
            Path(whole).write_bytes(packed(files))
        else:
            for name, content in files.items():
                path = Path(whole, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
        os.rename(whole, place)
    except (OSError, ValueError) as error:  # a name that no system takes is the latter
        raise LakeError(f"{place} cannot be written ({told(error)}).") from error
    finally:
        if beside:
            shutil.rmtree(beside, ignore_errors=True)


def packed(files: Mapping[str, bytes]) -> bytes:
    """The files as one archive."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name, THEN), files[name])
    return made.getvalue()


def read(place: str) -> tuple[Files, list[str]]:
    """The files of a folder or archive, and what is wrong with how they lie there.

    Raises LakeError where there is no evidence, and for an archive with a name that points out of
    it: nothing of it is written anywhere.
    """
    if not os.path.isdir(place):
        return _of_archive(place)
    try:
        return _of_folder(Path(place))
    except OSError as error:
        raise LakeError(f"{place} cannot be read ({told(error)}).") from error


def _of_folder(folder: Path) -> tuple[Files, list[str]]:
    files, faults = {}, []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            faults.append(f"{name} is no file of its own")
        elif path.is_dir():
            if not any(path.iterdir()):
                faults.append(f"{name} was added, an empty folder")
        else:
            files[name] = path.read_bytes()
    return files, faults


def _of_archive(place: str) -> tuple[Files, list[str]]:
    files: Files = {}
    faults = []
    try:
        content = Path(place).read_bytes()
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if sum(entry.file_size for entry in entries) > MOST:
                raise LakeError(f"{place} unpacks to more than evidence ever is, and is refused.")
            for entry in entries:
                name = _inside(place, entry.filename)
                if name in files:
                    faults.append(f"{name} is there twice")
                try:
                    files[name] = archive.read(entry)
                except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError):
                    files[name] = b""
                    faults.append(f"{name} was changed")
    except (OSError, zipfile.BadZipFile, EOFError, NotImplementedError, ValueError) as error:
        raise LakeError(
            f"{place} is no evidence: neither a folder nor a whole archive ({told(error)})."
        ) from error
    if packed(files) != content:
        faults.append(PACKED_ANEW)
    return files, faults


def _inside(place: str, name: str) -> str:
    """The name of a file in an archive; LakeError for one that points out of it."""
    parts = PurePosixPath(name).parts
    plain = name and "\\" not in name and ":" not in name and name == "/".join(parts)
    if not plain or ".." in parts or PurePosixPath(name).is_absolute() or not name.isprintable():
        raise LakeError(
            f"{place} has a file whose name points out of it or is no plain name; it was not "
            "written by truerisk and is refused whole."
        )
    return name
