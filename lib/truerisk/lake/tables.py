"""The tables that truerisk itself writes: their names, and the types that never change."""

import pyarrow as pa

from truerisk.columns import RESERVED

REGISTRY = "registry"
ESTIMATES = "estimates"
FEATURES = "features"
INGESTS = "ingests"
QUARANTINE = "quarantine"
PROFILES = "profiles"
TIME = pa.timestamp("us", tz="UTC")
REGISTRY_KEY, LEDGER_KEY = "seq", "decision_id"  # what orders their rows
CONTEST_KEY = "event_id"


def ledger(problem: str) -> str:
    """The table with one row per decision of a problem."""
    return f"decisions/{problem}"


def contests_of(problem: str) -> str:
    """The table of what applicants said against decisions of a problem, and what was answered."""
    return f"contests/{problem}"


def verdicts_of(problem: str) -> str:
    """The table of what people said of the applications of a problem that they reviewed."""
    return f"verdicts/{problem}"


def arrivals(problem: str) -> str:
    """The table with one row per application that a model scored only to price seats."""
    return f"arrivals/{problem}"


DECISIONS_SCHEMA = pa.schema(
    {
        "decision_id": pa.string(),
        "subject": pa.string(),
        "as_of": TIME,
        "decided_at": TIME,
        "action": pa.string(),
        "own_action": pa.string(),
        "score": pa.float64(),
        "propensity": pa.float64(),
        "p_reveal": pa.float64(),
        "explored": pa.bool_(),
        "rule": pa.string(),
        "reasons": pa.string(),
        "expected_value": pa.float64(),
        "model_version": pa.string(),
        "policy_version": pa.string(),
        "problem_version": pa.string(),
        "role": pa.string(),
        "batch": pa.string(),
        "exploration_rate": pa.float64(),
        "exploration_cost": pa.float64(),
        "exploration_p": pa.float64(),
        "exploration_u": pa.float64(),
        "exploration_n": pa.int64(),
        "exploration_r": pa.float64(),
        "run": pa.string(),
        "source_versions": pa.string(),
    }
)

# What a decision log adds to the ledger's columns, or an estimate to a log's.
LOGGED = (
    "event", "event_at", "followed_until", "mature", "revealed", "status", "override", "closed",
    "cluster", "m", "realised_value", "vintage", "experiment", "arm", "arm_share", "entry",
    "exploration_entry", "verdict", "q", "audited", "audit_q", "reviewer", "review_due", "m2",
    "factors", "shard", "chain_at", "chain_rows", "chain_previous",
    "chain_hash",
)  # fmt: skip


def is_ours(column: str) -> bool:
    """Whether a ledger or log uses this name for its own; letter case counts for nothing."""
    name = column.lower()
    return name in DECISIONS_SCHEMA.names or name in LOGGED or name.startswith(RESERVED)


ESTIMATES_SCHEMA = pa.schema(
    {
        "estimate_id": pa.string(),
        "measured_at": TIME,
        "known_at": TIME,
        "problem": pa.string(),
        "model_version": pa.string(),
        "segment_by": pa.string(),
        "segment": pa.string(),
        "policy": pa.string(),
        "at": pa.string(),
        "action": pa.string(),
        "metric": pa.string(),
        "estimator": pa.string(),
        "population": pa.string(),
        "value": pa.float64(),
        "low": pa.float64(),
        "high": pa.float64(),
        "lowest": pa.float64(),
        "highest": pa.float64(),
        "n": pa.int64(),
        "effective_n": pa.float64(),
        "labels": pa.int64(),
        "explored_labels": pa.int64(),
        "largest_weight": pa.float64(),
        "share_not_identified": pa.float64(),
        "status": pa.string(),
        "run": pa.string(),
    }
)

VERDICTS_SCHEMA = pa.schema(
    {
        "decision_id": pa.string(),
        "verdict": pa.string(),
        "action": pa.string(),  # what it became
        "by": pa.string(),
        "because": pa.string(),
        "at": TIME,
    }
)

REGISTRY_SCHEMA = pa.schema(
    {
        "seq": pa.int64(),
        "problem": pa.string(),
        "version": pa.string(),
        "event": pa.string(),
        "by": pa.string(),
        "at": TIME,
        "because": pa.string(),
        "report_hash": pa.string(),
        "expected_champion": pa.string(),
        "payload": pa.string(),
    }
)

CONTESTS_SCHEMA = pa.schema(
    {
        "event_id": pa.string(),
        "contest_id": pa.string(),
        "decision_id": pa.string(),
        "event": pa.string(),
        "at": TIME,
        "by": pa.string(),
        "view": pa.string(),
        "facts": pa.string(),
        "due": TIME,
        "outcome": pa.string(),
        "was": pa.string(),  # the action that held when it was decided
        "action": pa.string(),  # the one it was changed to
        "because": pa.string(),
    }
)

INGESTS_SCHEMA = pa.schema(
    {
        "ingest_id": pa.string(),
        "at": TIME,
        "problem": pa.string(),
        "source": pa.string(),
        "table": pa.string(),
        "file": pa.string(),
        "sha256": pa.string(),
        "rows": pa.int64(),
        "accepted": pa.int64(),
        "rejected": pa.int64(),
        "already_held": pa.int64(),
        "judged_against": pa.int64(),
        "table_version": pa.int64(),
        "new_columns": pa.string(),
        "median_rows": pa.float64(),
        "newest": TIME,
        "flags": pa.string(),
        "run": pa.string(),
    }
)

QUARANTINE_SCHEMA = pa.schema(
    {
        "row_id": pa.string(),
        "ingest_id": pa.string(),
        "at": TIME,
        "source": pa.string(),
        "table": pa.string(),
        "file": pa.string(),
        "row": pa.int64(),
        "rule": pa.string(),
        "column": pa.string(),
        "reason": pa.string(),
        "content": pa.string(),
    }
)

PROFILES_SCHEMA = pa.schema(
    {
        "profile_id": pa.string(),
        "ingest_id": pa.string(),
        "at": TIME,
        "source": pa.string(),
        "table": pa.string(),
        "file": pa.string(),
        "column": pa.string(),
        "kind": pa.string(),
        "rows": pa.int64(),
        "nulls": pa.int64(),
        "distinct": pa.int64(),
        "mean": pa.float64(),
        "first": TIME,
        "last": TIME,
        "quantiles": pa.string(),
        "categories": pa.string(),
        "new_categories": pa.string(),
        "reference_version": pa.int64(),
        "reference_rows": pa.int64(),
        "reference_nulls": pa.int64(),
        "psi": pa.float64(),
        "psi_critical": pa.float64(),
        "psi_bins": pa.int64(),
        "changes": pa.string(),
    }
)
