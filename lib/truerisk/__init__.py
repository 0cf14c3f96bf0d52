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
    "approve": "truerisk.registry.approval:approve",
    "build_dataset": "truerisk.features.dataset:build_dataset",
    "build_features": "truerisk.features.build:build_features",
    "champion": "truerisk.registry.events:champion",
    "champion_of": "truerisk.registry.approval:champion_of",
    "commit": "truerisk.decisions.ledger:commit",
    "decide": "truerisk.decisions.decide:decide",
    "decision_log": "truerisk.decisions.ledger:decision_log",
    "read_ledger": "truerisk.decisions.ledger:read_ledger",
    "describe": "truerisk.decisions.decide:describe",
    "fit": "truerisk.models.training:fit",
    "headline": "truerisk.reports.headline:headline",
    "history": "truerisk.registry.events:history",
    "load_model": "truerisk.models.package:load",
    "load_problem": "truerisk.problem.parse:load_problem",
    "measure": "truerisk.measurement.measure:measure",
    "measure_ledger": "truerisk.workflow:measure_ledger",
    "list_models": "truerisk.registry.approval:list_models",
    "open_lake": "truerisk.lake.lake:open_lake",
    "plan_batch": "truerisk.decisions.batch:plan_batch",
    "reject": "truerisk.registry.approval:reject",
    "review": "truerisk.registry.review:review",
    "rollback": "truerisk.registry.approval:rollback",
    "score": "truerisk.decisions.batch:score",
    "split": "truerisk.models.training:split",
    "submit": "truerisk.workflow:submit",
}
__all__ = list(PUBLIC)


def __getattr__(name: str) -> Any:
    if name not in PUBLIC:
        raise AttributeError(f"module 'truerisk' has no attribute {name!r}")
    module, _, attribute = PUBLIC[name].partition(":")
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted(PUBLIC)
