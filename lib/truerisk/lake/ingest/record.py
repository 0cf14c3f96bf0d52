"""What is kept about an ingest beside its rows: quarantine, profiles, and the record, last."""

import json
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from truerisk.lake.ingest.judge import Verdict
from truerisk.lake.ingest.limits import Flag
from truerisk.lake.lake import Lake
from truerisk.lake.tables import (
    INGESTS,
    INGESTS_SCHEMA,
    PROFILES,
    PROFILES_SCHEMA,
    QUARANTINE,
    QUARANTINE_SCHEMA,
)
from truerisk.wording.counted import counted

SHIFT = 0.1  # PSI below which a significant change is counted and not spelled out
SAID = 8  # changes that are spelled out


@dataclass(frozen=True, kw_only=True)
class Record:
    """One row of ``ingests``, with the quarantined rows and the profiles that belong to it."""

    ingest_id: str
    at: pd.Timestamp
    problem: str
    source: str
    table: str
    file: str
    sha256: str
    verdict: Verdict
    judged_against: int | None
    table_version: int | None
    new_columns: list[str]
    median_rows: float | None
    newest: pd.Timestamp | None
    flags: list[Flag]
    run: str
    quarantine: pa.Table
    profiles: list[dict[str, Any]]


def write(lake: Lake, record: Record) -> None:
    """Write what the lake does not hold of it yet, in the order that lets a kill be repeated."""
    own = {n: getattr(record, n) for n in ("ingest_id", "at", "source", "table", "file")}
    rejected = record.quarantine
    if rejected.num_rows:
        for name, value in own.items():
            kind = QUARANTINE_SCHEMA.field(name).type
            rejected = rejected.append_column(
                name, pa.repeat(pa.scalar(value, kind), len(rejected))
            )
        ids = pc.binary_join_element_wise(
            rejected["ingest_id"], rejected["row"].cast(pa.string()), ":"
        )
        rejected = rejected.append_column("row_id", ids)
        lake.append(QUARANTINE, rejected.select(QUARANTINE_SCHEMA.names), "row_id")
    if record.profiles:
        profiles = [
            {
                **profile,
                **own,
                "profile_id": f"{record.ingest_id}:{profile['column']}",
                "reference_version": record.judged_against,
            }
            for profile in record.profiles
        ]
        lake.append(PROFILES, pa.Table.from_pylist(profiles, PROFILES_SCHEMA), "profile_id")
    verdict = record.verdict
    row = {
        **own,
        "problem": record.problem,
        "sha256": record.sha256,
        "rows": verdict.rows,
        "accepted": verdict.accepted,
        "rejected": verdict.rejected,
        "already_held": verdict.already_held,
        "judged_against": record.judged_against,
        "table_version": record.table_version,
        "new_columns": json.dumps(record.new_columns),
        "median_rows": record.median_rows,
        "newest": record.newest,
        "flags": json.dumps(record.flags),
        "run": record.run,
    }
    lake.append(INGESTS, pa.Table.from_pylist([row], schema=INGESTS_SCHEMA), "ingest_id")


def describe(record: Record) -> list[str]:
    """What a person reads: one line for the file, one for each reason and each change."""
    v = record.verdict
    lines = [
        f"{record.source}: {record.file}: {counted(v.rows, 'row')}, {v.accepted:,} accepted, "
        f"{v.rejected:,} rejected, {v.already_held:,} held already."
    ]
    lines += [f"- rejected: {reason.said}" for reason in v.reasons]
    lines += [f"- {flag['sentence']}" for flag in record.flags]
    said, small = [], 0
    for p in sorted(record.profiles, key=lambda p: -(p.get("psi") or 0)):
        for change in json.loads(p["changes"]):
            if change["kind"] == "psi" and p["psi"] < SHIFT:
                small += 1
            else:
                said.append(f'- column "{p["column"]}": {change["sentence"]}')
    lines += said[:SAID]
    if len(said) > SAID:
        lines.append(f"- and {len(said) - SAID} more changes of columns")
    if small:
        lines.append(f"- {small} columns moved by more than chance, with PSI below {SHIFT}")
    return lines
