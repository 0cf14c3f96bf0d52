"""Whether the evidence of a decision is as it was written and agrees with itself; needs no lake."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from truerisk.decisions.evidence.agreement import disagreements
from truerisk.decisions.evidence.packing import PACKED_ANEW, Files, read
from truerisk.decisions.evidence.rows import text
from truerisk.decisions.evidence.write import FORMAT, MANIFEST, NEEDED, seal
from truerisk.errors import LakeError, TrueriskError, told
from truerisk.problem.shown import shown


@dataclass(frozen=True)
class Checked:
    """``faults`` name what is not as it was, in sentences' parts; ``held`` what was found whole,
    ``beyond`` what only the lake can say."""

    faults: list[str]
    held: list[str]
    beyond: list[str]


def verify_evidence(place: str) -> Checked:
    """Check a folder or archive without a lake: hashes, score, chances, policy, reasons, chains.

    No code of the evidence is run. Raises LakeError where there is no evidence at the place.
    """
    files, faults = read(place)
    manifest = _manifest(files)
    if manifest.get("sha256") != seal(manifest) or files[MANIFEST] != text(manifest):
        faults.append(f"{MANIFEST} was changed")
    listed = manifest["files"]
    faults += [f"{name} is missing" for name in sorted(listed.keys() - files.keys())]
    faults += [f"{name} was added" for name in sorted(files.keys() - listed.keys() - {MANIFEST})]
    for name in sorted(listed.keys() & files.keys()):
        if hashlib.sha256(files[name]).hexdigest() != listed[name]:
            faults.append(f"{name} was changed")
    faults += [f"{name} is missing" for name in NEEDED if name not in listed]
    if faults:
        faults.sort(key=PACKED_ANEW.__eq__)  # what else was found says more
        return Checked(list(dict.fromkeys(faults)), [], [])
    held, beyond = [f"{len(files)} files are as written"], list[str]()
    try:
        faults += disagreements(files, manifest, held, beyond)
    except (TrueriskError, pa.ArrowException) as error:
        faults.append(f"it does not hold what evidence holds ({told(error)})")
    except (KeyError, ValueError, TypeError, IndexError, AttributeError, RecursionError) as error:
        faults.append(f"it does not hold what evidence holds ({type(error).__name__})")
    return Checked(faults, held, beyond)


def _manifest(files: Files) -> dict[str, Any]:
    try:
        manifest = json.loads(files.get(MANIFEST, b""))
    except (ValueError, RecursionError):
        manifest = None
    if isinstance(manifest, dict) and manifest.get("format", FORMAT) != FORMAT:
        came = shown(manifest["format"], 20)
        raise LakeError(f"This evidence has format {came}, and this version reads {FORMAT}.")
    if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), dict):
        raise LakeError(
            f"{MANIFEST} of this evidence is missing or damaged; it must hold the hash of every "
            "file."
        )
    return manifest
