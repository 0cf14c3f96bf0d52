"""truerisk: from applications to decisions, to truth for everyone who applied, to the next model.

``import truerisk as tr`` offers the verbs of the loop; each is documented where it is defined, and
imported when first used, so that a flow's small steps start in no time.
"""

from importlib import import_module
from typing import Any

PUBLIC = {
    "Batch": "truerisk.decisions.batch:Batch",
    "Dataset": "truerisk.features.dataset:Dataset",
    "Lake": "truerisk.lake.lake:Lake",
    "Problem": "truerisk.problem.spec:Problem",
    "TrueriskError": "truerisk.errors:TrueriskError",
    "alerts": "truerisk.measurement.watching.alert:alerts",
    "drift": "truerisk.measurement.drift:drift",
    "exploration_spend": "truerisk.decisions.spend:exploration_spend",
    "fairness": "truerisk.measurement.fairness:fairness",
    "vintages": "truerisk.measurement.delay.vintages:vintages",
    "watch": "truerisk.measurement.watching.watch:watch",
    "worth": "truerisk.measurement.worth",
    "add_events": "truerisk.features.online.add:add_events",
    "approve": "truerisk.registry.approval:approve",
    "build_dataset": "truerisk.features.dataset:build_dataset",
    "build_features": "truerisk.features.build:build_features",
    "champion": "truerisk.registry.events:champion",
    "champion_of": "truerisk.registry.approval:champion_of",
    "check_definitions": "truerisk.features.register:check_definitions",
    "commit": "truerisk.decisions.ledger:commit",
    "decide": "truerisk.decisions.decide:decide",
    "decision_log": "truerisk.decisions.ledger:decision_log",
    "read_catalog": "truerisk.catalog.read:read_catalog",
    "read_ledger": "truerisk.decisions.ledger:read_ledger",
    "describe": "truerisk.decisions.decide:describe",
    "features_for": "truerisk.features.online.lookup:features_for",
    "find_new_files": "truerisk.lake.new_files:find_new_files",
    "fit": "truerisk.models.training:fit",
    "headline": "truerisk.reports.headline:headline",
    "history": "truerisk.registry.events:history",
    "ingest": "truerisk.lake.ingest:ingest",
    "load_model": "truerisk.models.package:load",
    "load_problem": "truerisk.problem.parse:load_problem",
    "measure": "truerisk.measurement.measure:measure",
    "measure_ledger": "truerisk.monitoring.ledger:measure_ledger",
    "list_models": "truerisk.registry.approval:list_models",
    "open_lake": "truerisk.lake.lake:open_lake",
    "plan_batch": "truerisk.decisions.batch:plan_batch",
    "predictability": "truerisk.predictability.predictability:predictability",
    "reject": "truerisk.registry.approval:reject",
    "review": "truerisk.registry.review:review",
    "rollback": "truerisk.registry.approval:rollback",
    "score": "truerisk.decisions.batch:score",
    "split": "truerisk.models.training:split",
    "submit": "truerisk.workflow:submit",
    "sync_online": "truerisk.features.online.sync:sync_online",
}
__all__ = list(PUBLIC)


def __getattr__(name: str) -> Any:
    if name not in PUBLIC:
        raise AttributeError(f"module 'truerisk' has no attribute {name!r}")
    module, _, attribute = PUBLIC[name].partition(":")
    found = import_module(module)
    return getattr(found, attribute) if attribute else found


def __dir__() -> list[str]:
    return sorted(PUBLIC)
