"""Whether the evidence of a decision is as it was written and the model agrees; without a lake."""

import hashlib
import json
import os
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from truerisk.columns import CHANCE, FEATURE
from truerisk.decisions.evidence.rows import broken_links, from_json, plain
from truerisk.decisions.evidence.write import FORMAT, MANIFEST, seal
from truerisk.errors import LakeError, ModelError, told
from truerisk.lake.lake import Lake
from truerisk.models.package import Model, load
from truerisk.problem.load import problem_from

CLOSE = 1e-9  # of chances that sum to one


@dataclass(frozen=True)
class Checked:
    """``faults`` name what is not as it was, in sentences' parts; ``held`` what was found whole."""

    faults: list[str]
    held: list[str]


def verify_evidence(place: str) -> Checked:
    """Check a folder or archive without a lake: hashes, score, chances, chains.

    Raises LakeError where there is no evidence at the place.
    """
    with _opened(place) as folder:
        return _checked(folder)


def _checked(folder: Path) -> Checked:
    manifest = _manifest(folder)
    faults = [] if manifest.get("sha256") == seal(manifest) else [f"{MANIFEST} was changed"]
    listed = dict(manifest.get("files", {}))
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    for name in sorted(listed.keys() - there):
        faults.append(f"{name} is missing")
    for name in sorted(there - listed.keys() - {MANIFEST}):
        faults.append(f"{name} was added")
    changed = [n for n in sorted(listed.keys() & there) if _sha256(folder / n) != listed[n]]
    faults += [f"{name} was changed" for name in changed]
    if faults:
        return Checked(faults, [])
    held = [f"{len(listed) + 1} files are as written"]
    try:
        faults += _said(folder, manifest, held)
    except (KeyError, ValueError, TypeError, IndexError, pa.ArrowException) as error:
        faults.append(f"it does not hold what evidence holds ({told(error)})")
    return Checked(faults, held)


def _said(folder: Path, manifest: dict[str, Any], held: list[str]) -> Iterator[str]:
    """What the files say of each other, once each is as it was written."""
    decision = json.loads((folder / "decision.json").read_bytes())
    rows = from_json(decision)
    row = rows.to_pylist()[0]
    if row["decision_id"] != manifest["decision_id"]:
        yield "decision.json is another decision"
    try:
        model = load(manifest["problem"], Lake(str(folder)), str(row["model_version"]))
    except ModelError as error:
        yield f"the model's package is not whole ({told(error)})"
    else:
        yield from _scores(model, row, held)
    chances = {k: v for k, v in row.items() if k.startswith(CHANCE) and k != "p_reveal"}
    policy = json.loads((folder / "policy.json").read_bytes())
    problem = problem_from(policy["problem"])
    total = sum(v for v in chances.values() if v is not None)
    if abs(total - 1) > CLOSE:
        yield f"the chances of the actions sum to {total:.12g}"
    elif row["propensity"] != chances.get(f"{CHANCE}{row['action']}"):
        yield "propensity is not the chance of the action that was taken"
    elif abs(row["p_reveal"] - sum(chances[f"{CHANCE}{a}"] for a in problem.revealing)) > CLOSE:
        yield "p_reveal is not the chance of what reveals"
    else:
        held.append("the chances sum to one and are those of the action")
    if any(v != plain(row.get(k)) for k, v in policy["logged"].items()):
        yield "policy.json and decision.json differ"
    people = json.loads((folder / "people.json").read_bytes())
    tables = {name: (from_json(said), said["key"]) for name, said in people.items()}
    for name, (own, key) in {"decision": (rows, decision["key"]), **tables}.items():
        broken = broken_links(own, key)
        for at in broken:
            yield f"link {at} of {name} does not have its hash"
        if own.num_rows and not broken and name != "decision":
            held.append(f"{name}: {own.num_rows} rows have the hashes of their links")
    if rows.num_rows and row.get("chain_rows") == 1:
        held.append("the decision has the hash of its link")
    elif row.get("chain_hash"):
        held.append(
            f"the decision is one of {row['chain_rows']} of link {row['chain_at']}, "
            f"{row['chain_hash'][:12]}…: `truerisk verify --head` finds it in the lake"
        )


def _scores(model: Model, row: dict[str, Any], held: list[str]) -> Iterator[str]:
    frame = pd.DataFrame({f: _column(model, f, row.get(FEATURE + f)) for f in model.features})
    score = float(model.score(frame)[0])
    if score != row["score"]:
        yield f"the model scores the features {score!r}, and the decision has {row['score']!r}"
    else:
        held.append("the model scores the logged features to the logged score, bit for bit")


def _column(model: Model, name: str, value: Any) -> pd.Series:
    is_text = model.kinds.get(name) == "text" or isinstance(value, str)
    return pd.Series([value], dtype="str" if is_text else "float64")


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        number = manifest["format"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LakeError(
            f"{MANIFEST} of this evidence is missing or damaged ({told(error)}); it must hold the "
            "hash of every file."
        ) from error
    if number != FORMAT:
        raise LakeError(f"This evidence has format {number}, and this version reads {FORMAT}.")
    return dict(manifest)


@contextmanager
def _opened(place: str) -> Iterator[Path]:
    """The evidence as a folder; an archive is unpacked beside nothing that exists."""
    if os.path.isdir(place):
        yield Path(place)
        return
    with tempfile.TemporaryDirectory() as folder:
        try:
            with zipfile.ZipFile(place) as archive:
                damaged = archive.testzip()
                if damaged is None:
                    archive.extractall(folder)
        except (OSError, zipfile.BadZipFile, EOFError, NotImplementedError) as error:
            raise LakeError(
                f"{place} is no evidence: neither a folder nor a whole archive ({told(error)})."
            ) from error
        if damaged is not None:
            raise LakeError(f"{place}: {damaged} was changed; its bytes are not what was packed.")
        yield Path(folder)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
