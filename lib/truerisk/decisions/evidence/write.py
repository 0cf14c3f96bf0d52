"""The evidence of one decision as files: path → bytes, with a manifest of their hashes.

README.txt           what the files are, for whoever opens them first
decision.json        the ledger's row, every column
inputs.json          features, by source, with pinned versions
reasons.json         what the ledger gives as reasons, with their sentences
policy.json          the problem file that decided; the decision's own λ, seats and chances
people.json          registry events of the model, verdicts and contests, each row with its chain
registry_chain.json  the hashes of all links of the registry, without what they say
models/…             the package of the model that decided
It holds data of nobody but the one who applied.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from typing import Any

import duckdb
import pyarrow as pa

from truerisk.columns import FEATURE
from truerisk.decisions.evidence import packing
from truerisk.decisions.evidence.rows import as_json, plain, text
from truerisk.decisions.lookup import decision_of
from truerisk.decisions.notice import name_of, sentence_of, source_of, told_in
from truerisk.decisions.policy import policy_version
from truerisk.decisions.reasons import factors_in, read
from truerisk.errors import ProblemError
from truerisk.lake import chain, objects
from truerisk.lake.duck import session
from truerisk.lake.lake import Lake
from truerisk.lake.problem_files import kept
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
from truerisk.problem.load import FILE, as_config, problem_from
from truerisk.problem.notice import Notice
from truerisk.problem.spec import Problem

FORMAT = 1
MANIFEST, README, CHAIN = "manifest.json", "README.txt", "registry_chain.json"
DECISION, INPUTS, REASONS = "decision.json", "inputs.json", "reasons.json"
POLICY, PEOPLE = "policy.json", "people.json"
NEEDED = (README, DECISION, INPUTS, REASONS, POLICY, PEOPLE, CHAIN)


WORDS = """Evidence of one decision

This is all that one automated decision rests on, as it was written when it was made. It holds
personal data of the person who applied, and of nobody else.

decision.json        the decision: what was done, when, by which model and policy, with every number
inputs.json          what was known of the application, by source, and which version of the source
reasons.json         the reasons that were given, with their sentences
policy.json          the rules, amounts and sentences that were in force
people.json          who approved the model, who reviewed or contested the decision, and why
registry_chain.json  fingerprints of the whole history of models, without what it says
models/              the model; reading it runs no program
manifest.json        a fingerprint (SHA-256) of every file above

To check it, install truerisk and run

    truerisk evidence --verify PATH

It needs no connection and no other data. It names every file that was changed, added or is
missing, computes the score again, and compares it with the decision.
"""


def evidence(problem: Problem, lake: Lake, decision_id: str) -> dict[str, bytes]:
    """The files of one decision, path → bytes.

    The problem file is the one that decided, as the lake kept it. Raises RegistryError where the
    decision is unknown, LakeError where that file, ModelError where the model's package is not
    whole; ProblemError where the decision is older than kept files and today's is another.
    """
    row = decision_of(problem, lake, decision_id)
    content = _file_of(problem, lake, row)
    then = problem_from(content)
    version = str(row["model_version"])
    people = {
        "registry": (REGISTRY, "version", version, REGISTRY_KEY),
        "verdicts": (verdicts_of(problem.name), LEDGER_KEY, decision_id, LEDGER_KEY),
        "contests": (contests_of(problem.name), LEDGER_KEY, decision_id, CONTEST_KEY),
    }
    own = _rows(lake, ledger(problem.name), LEDGER_KEY, decision_id)
    files = {
        README: WORDS.encode(),
        DECISION: text(as_json(own, LEDGER_KEY)),
        INPUTS: text(inputs_of(then, row)),
        REASONS: text(reasons_of(then, row)),
        POLICY: text(policy_of(content, row)),
        PEOPLE: text(
            {
                name: as_json(_rows(lake, table, column, value), key)
                for name, (table, column, value, key) in people.items()
            }
        ),
        CHAIN: text(_links(lake)),
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

    Raises LakeError where something is there already: evidence is never overwritten. What cannot be
    written whole is not there at all.
    """
    packing.write(files, place)


def _rows(lake: Lake, table: str, column: str, value: str) -> pa.Table:
    if lake.version(table) is None:
        return pa.table({column: pa.array([], pa.string())})
    with session() as con:
        wanted = duckdb.ColumnExpression(column) == duckdb.ConstantExpression(value)
        rows = lake.scan(con, table).filter(wanted).to_arrow_table()
    return rows.sort_by(chain.AT) if chain.AT in rows.column_names else rows


def inputs_of(problem: Problem, row: dict[str, Any]) -> dict[str, Any]:
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


def reasons_of(problem: Problem, row: dict[str, Any]) -> list[dict[str, Any]]:
    """Each as the ledger keeps it, and the sentences that say it (none without ``[reasons]``)."""
    words, told = problem.notice or Notice(creditor="-", address="-"), []
    for reason in read(row["reasons"]) if row["reasons"] else []:
        own = [sentence_of(problem, factor, side) for factor, side in factors_in(reason)]
        found = [*told_in(words, reason), *(sentence for sentence in own if sentence)]
        told.append({**reason, "said": list(dict.fromkeys(found))})
    return told


def policy_of(content: Mapping[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    """``content`` is the problem file that decided, as JSON has it."""
    beginnings = ("p_", "propensity", "value_", "exploration_", "seat_", "audit")
    return {
        "policy_version": row["policy_version"],
        "logged": {k: plain(v) for k, v in row.items() if k.startswith(beginnings)},
        "problem": dict(content),
    }


def _file_of(problem: Problem, lake: Lake, row: dict[str, Any]) -> dict[str, Any]:
    """The problem file that decided: as it was kept, or for rows older than that today's, if its
    policy is the one that decided."""
    if row.get("problem_version") is not None:
        return kept(lake, problem.name, row["problem_version"])
    now = policy_version(problem)
    if now != row["policy_version"]:
        raise ProblemError(
            f"{problem.where}: its actions, rules and exploration are policy {now}, and policy "
            f"{row['policy_version']} decided, before files were kept in the lake; give --problem "
            f"the file as it was at {row['decided_at']:%Y-%m-%d %H:%M} UTC."
        )
    return as_config(problem) | {FILE: os.path.basename(problem.where)}


def _links(lake: Lake) -> list[dict[str, Any]]:
    """The registry's chain from its first link on, by hashes alone; nothing older than it."""
    if lake.version(REGISTRY) is None:
        return []
    rows = lake.arrow(REGISTRY)
    if chain.AT not in rows.column_names:
        return []
    linked = rows.select(chain.SCHEMA.names).sort_by(chain.AT).to_pylist()
    return [link for link in linked if link[chain.AT] is not None]


def _package(problem: Problem, lake: Lake, version: str) -> dict[str, bytes]:
    """The package's manifest and files but the keys of whom it learned from, at the places that
    they have in a lake."""
    load(problem.name, lake, version)  # refuses what was changed
    folder = f"models/{problem.name}/{version}"
    names = ["manifest.json", *read_manifest(problem.name, lake, version)["files"]]
    found = {f"{folder}/{n}": objects.read_bytes(f"{lake.root}/{folder}/{n}") for n in names}
    return {n: c for n, c in found.items() if c is not None and not n.endswith("fitted_keys.bin")}
