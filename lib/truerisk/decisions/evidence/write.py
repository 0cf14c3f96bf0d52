"""The evidence of one decision as files: path → bytes, with a manifest of their hashes.

inputs.json     features and what money and rules read, by source, with pinned versions
decision.json   the ledger's row, every column
reasons.json    what the ledger gives as reasons, with their sentences
policy.json     the problem file with its policy version; the decision's own, λ and chances
people.json     registry events of the model, verdicts and contests, each row with its chain
models/…        the package of the model that decided
It holds data of nobody but the one who applied.
"""

import hashlib
import io
import json
import os
import zipfile
from typing import Any

import duckdb
import pyarrow as pa

from truerisk.columns import FEATURE
from truerisk.decisions.evidence.rows import as_json, plain, text
from truerisk.decisions.lookup import decision_of
from truerisk.decisions.notice import name_of, source_of
from truerisk.decisions.policy import policy_version
from truerisk.decisions.reasons import factors_in, read
from truerisk.errors import LakeError
from truerisk.lake import chain, objects
from truerisk.lake.duck import session
from truerisk.lake.lake import Lake
from truerisk.lake.tables import (
    CONTEST_KEY,
    LEDGER_KEY,
    REGISTRY,
    REGISTRY_KEY,
    contests_of,
    ledger,
    verdicts_of,
)
from truerisk.models.package import load, read_manifest
from truerisk.problem.load import as_config
from truerisk.problem.reasons import said_of
from truerisk.problem.spec import Problem

FORMAT = 1
MANIFEST = "manifest.json"
ARCHIVE = ".zip"
THEN = (1980, 1, 1, 0, 0, 0)  # of every file in an archive: equal evidence has equal bytes


def evidence(problem: Problem, lake: Lake, decision_id: str) -> dict[str, bytes]:
    """The files of one decision; RegistryError where it is unknown, ModelError where its package is
    not whole."""
    row = decision_of(problem, lake, decision_id)
    version = str(row["model_version"])
    people = {
        "registry": (REGISTRY, "version", version, REGISTRY_KEY),
        "verdicts": (verdicts_of(problem.name), LEDGER_KEY, decision_id, LEDGER_KEY),
        "contests": (contests_of(problem.name), LEDGER_KEY, decision_id, CONTEST_KEY),
    }
    own = _rows(lake, ledger(problem.name), LEDGER_KEY, decision_id)
    files = {
        "decision.json": text(as_json(own, LEDGER_KEY)),
        "inputs.json": text(_inputs(problem, row)),
        "reasons.json": text(_reasons(problem, row)),
        "policy.json": text(_policy(problem, row)),
        "people.json": text(
            {
                name: as_json(_rows(lake, table, column, value), key)
                for name, (table, column, value, key) in people.items()
            }
        ),
        **_package(problem, lake, version),
    }
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "problem": problem.name,
        "decision_id": decision_id,
        "model_version": version,
        "files": hashes,
    }
    return {MANIFEST: text({**manifest, "sha256": seal(manifest)}), **files}


def seal(manifest: dict[str, Any]) -> str:
    """sha256 of a manifest without its own seal."""
    rest = {k: v for k, v in manifest.items() if k != "sha256"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def write_evidence(files: dict[str, bytes], place: str) -> None:
    """Write the files into a new folder, or into one archive where the name ends with .zip.

    Raises LakeError where something is there already: evidence is never overwritten.
    """
    if os.path.exists(place):
        raise LakeError(f"{place} is there already; evidence is never overwritten, name another.")
    if place.endswith(ARCHIVE):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(zipfile.ZipInfo(name, THEN), content, zipfile.ZIP_DEFLATED)
        files, place = {os.path.basename(place): packed.getvalue()}, os.path.dirname(place) or "."
    for name, content in files.items():
        objects.write_bytes(os.path.join(os.path.abspath(place), name), content)


def _rows(lake: Lake, table: str, column: str, value: str) -> pa.Table:
    if lake.version(table) is None:
        return pa.table({column: pa.array([], pa.string())})
    with session() as con:
        wanted = duckdb.ColumnExpression(column) == duckdb.ConstantExpression(value)
        rows = lake.scan(con, table).filter(wanted).to_arrow_table()
    return rows.sort_by(chain.AT) if chain.AT in rows.column_names else rows


def _inputs(problem: Problem, row: dict[str, Any]) -> dict[str, Any]:
    """Source → its name, owner, pinned version and the features that came from it."""
    pinned = json.loads(row["source_versions"])
    found: dict[str, Any] = {}
    for name, version in pinned.items():
        source = problem.sources.get(name)
        called = {} if source is None else {"called": name_of(problem, name), "owner": source.owner}
        found[name] = {**called, "version": version, "features": {}}
    for column, value in row.items():
        if column.startswith(FEATURE):
            factor = column.removeprefix(FEATURE)
            own = found.setdefault(source_of(problem, factor), {"version": None, "features": {}})
            own["features"][factor] = plain(value)
    return found


def _reasons(problem: Problem, row: dict[str, Any]) -> list[dict[str, Any]]:
    told = []
    for reason in read(row["reasons"]) if row["reasons"] else []:
        said = []
        for factor, side in factors_in(reason):
            own = said_of(problem.reasons, factor)
            said.append(own and (own.at(side) if side else own.text))  # type: ignore[arg-type]
        sentences = [s for s in dict.fromkeys(said) if s]
        told.append({**reason, "said": sentences or [reason[k] for k in ("rule",) if k in reason]})
    return told


def _policy(problem: Problem, row: dict[str, Any]) -> dict[str, Any]:
    now = policy_version(problem)
    beginnings = ("p_", "propensity", "value_", "exploration_", "seat_", "audit")
    return {
        "policy_version": row["policy_version"],
        "policy_version_of_this_file": now,
        "as_decided": now == row["policy_version"],
        "logged": {k: plain(v) for k, v in row.items() if k.startswith(beginnings)},
        "problem": as_config(problem),
    }


def _package(problem: Problem, lake: Lake, version: str) -> dict[str, bytes]:
    """The package's manifest and files but the keys of whom it learned from, at the places that
    they have in a lake."""
    load(problem.name, lake, version)  # refuses what was changed
    folder = f"models/{problem.name}/{version}"
    names = ["manifest.json", *read_manifest(problem.name, lake, version)["files"]]
    found = {f"{folder}/{n}": objects.read_bytes(f"{lake.root}/{folder}/{n}") for n in names}
    return {n: c for n, c in found.items() if c is not None and not n.endswith("fitted_keys.bin")}
