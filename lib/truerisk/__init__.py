"""truerisk: from applications to decisions, to truth for everyone who applied, to the next model.

``import truerisk as tr`` offers the verbs of the loop; each is documented where it is defined, and
imported when first used, so that a flow's small steps start in no time.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

PUBLIC = {
    "Batch": "truerisk.decisions.batch:Batch",
    "Dataset": "truerisk.features.dataset:Dataset",
    "Lake": "truerisk.lake.lake:Lake",
    "Problem": "truerisk.problem.spec:Problem",
    "TrueriskError": "truerisk.errors:TrueriskError",
    "alerts": "truerisk.measurement.watching.alert:alerts",
    "drift": "truerisk.measurement.drift:drift",
    "exploration_spend": "truerisk.decisions.exploration.spend:exploration_spend",
    "fairness": "truerisk.measurement.fairness:fairness",
    "vintages": "truerisk.measurement.vintages.vintages:vintages",
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
    "read_catalog": "truerisk.catalog.catalog:read_catalog",
    "read_ledger": "truerisk.decisions.ledger:read_ledger",
    "describe": "truerisk.decisions.decide:describe",
    "features_for": "truerisk.features.online.features_for:features_for",
    "find_new_files": "truerisk.lake.ingest.new_files:find_new_files",
    "fit": "truerisk.models.training:fit",
    "headline": "truerisk.reports.monitor.headline:headline",
    "history": "truerisk.registry.events:history",
    "ingest": "truerisk.lake.ingest.ingest:ingest",
    "load_model": "truerisk.models.package:load",
    "load_problem": "truerisk.problem.load:load_problem",
    "measure": "truerisk.measurement.measure:measure",
    "measure_ledger": "truerisk.jobs.measure_ledger:measure_ledger",
    "list_models": "truerisk.registry.approval:list_models",
    "open_lake": "truerisk.lake.lake:open_lake",
    "plan_batch": "truerisk.decisions.batch:plan_batch",
    "predictability": "truerisk.evaluation.predictability.predictability:predictability",
    "reject": "truerisk.registry.approval:reject",
    "review": "truerisk.evaluation.review:review",
    "rollback": "truerisk.registry.approval:rollback",
    "score": "truerisk.decisions.batch:score",
    "split": "truerisk.models.training:split",
    "submit": "truerisk.jobs.submit:submit",
    "sync_online": "truerisk.features.online.sync:sync_online",
}
__all__ = list(PUBLIC)

if TYPE_CHECKING:  # what an editor and a type checker see: the same names, a test says so
    from truerisk.catalog.catalog import read_catalog as read_catalog
    from truerisk.decisions.batch import Batch as Batch
    from truerisk.decisions.batch import plan_batch as plan_batch
    from truerisk.decisions.batch import score as score
    from truerisk.decisions.decide import decide as decide
    from truerisk.decisions.decide import describe as describe
    from truerisk.decisions.exploration.spend import exploration_spend as exploration_spend
    from truerisk.decisions.ledger import commit as commit
    from truerisk.decisions.ledger import decision_log as decision_log
    from truerisk.decisions.ledger import read_ledger as read_ledger
    from truerisk.errors import TrueriskError as TrueriskError
    from truerisk.evaluation.predictability.predictability import predictability as predictability
    from truerisk.evaluation.review import review as review
    from truerisk.features.build import build_features as build_features
    from truerisk.features.dataset import Dataset as Dataset
    from truerisk.features.dataset import build_dataset as build_dataset
    from truerisk.features.online.add import add_events as add_events
    from truerisk.features.online.features_for import features_for as features_for
    from truerisk.features.online.sync import sync_online as sync_online
    from truerisk.features.register import check_definitions as check_definitions
    from truerisk.jobs.measure_ledger import measure_ledger as measure_ledger
    from truerisk.jobs.submit import submit as submit
    from truerisk.lake.ingest.ingest import ingest as ingest
    from truerisk.lake.ingest.new_files import find_new_files as find_new_files
    from truerisk.lake.lake import Lake as Lake
    from truerisk.lake.lake import open_lake as open_lake
    from truerisk.measurement import worth as worth
    from truerisk.measurement.drift import drift as drift
    from truerisk.measurement.fairness import fairness as fairness
    from truerisk.measurement.measure import measure as measure
    from truerisk.measurement.vintages.vintages import vintages as vintages
    from truerisk.measurement.watching.alert import alerts as alerts
    from truerisk.measurement.watching.watch import watch as watch
    from truerisk.models.package import load as load_model  # noqa: F401, as its name is not its own
    from truerisk.models.training import fit as fit
    from truerisk.models.training import split as split
    from truerisk.problem.load import load_problem as load_problem
    from truerisk.problem.spec import Problem as Problem
    from truerisk.registry.approval import approve as approve
    from truerisk.registry.approval import champion_of as champion_of
    from truerisk.registry.approval import list_models as list_models
    from truerisk.registry.approval import reject as reject
    from truerisk.registry.approval import rollback as rollback
    from truerisk.registry.events import champion as champion
    from truerisk.registry.events import history as history
    from truerisk.reports.monitor.headline import headline as headline
else:

    def __getattr__(name: str) -> Any:
        if name not in PUBLIC:
            raise AttributeError(f"module 'truerisk' has no attribute {name!r}")
        module, _, attribute = PUBLIC[name].partition(":")
        found = import_module(module)
        return getattr(found, attribute) if attribute else found


def __dir__() -> list[str]:
    return sorted(PUBLIC)
