"""truerisk: from applications to decisions, to truth for everyone who applied, to the next model.

``import truerisk as tr`` offers the verbs of the loop; each is documented where it is defined, and
imported when first used, so that a flow's small steps start in no time. ``tr.online`` serves one
application's features, ``tr.registry`` says and changes which model decides, ``tr.worth`` tells
what a score is worth in dollars, ``tr.uplift`` what an action adds to none.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

PUBLIC = {
    "Answer": "truerisk.decisions.contests:Answer",
    "Attachments": "truerisk.jobs.submit:Attachments",
    "Changes": "truerisk.measurement.options:Changes",
    "Flagging": "truerisk.measurement.options:Flagging",
    "Lake": "truerisk.lake.lake:Lake",
    "Problem": "truerisk.problem.spec:Problem",
    "Reading": "truerisk.measurement.options:Reading",
    "TrueriskError": "truerisk.errors:TrueriskError",
    "acted": "truerisk.decisions.review.queue:acted",
    "approve": "truerisk.registry.approval:approve",
    "build_dataset": "truerisk.features.dataset:build_dataset",
    "build_features": "truerisk.features.build:build_features",
    "catch_rate": "truerisk.measurement.catch_rate:catch_rate",
    "commit": "truerisk.decisions.ledger:commit",
    "contested": "truerisk.measurement.contested:contested",
    "contests": "truerisk.decisions.contests:contests",
    "decide": "truerisk.decisions.decide:decide",
    "decide_and_commit": "truerisk.jobs.decide_batch:decide_and_commit",
    "decide_contest": "truerisk.decisions.contests:decide_contest",
    "decision_log": "truerisk.decisions.ledger:decision_log",
    "describe": "truerisk.decisions.decide:describe",
    "drift": "truerisk.measurement.drift:drift",
    "evidence": "truerisk.decisions.evidence.write:evidence",
    "fairness": "truerisk.measurement.fairness:fairness",
    "find_new_files": "truerisk.lake.ingest.new_files:find_new_files",
    "fit": "truerisk.models.training:fit",
    "give_verdict": "truerisk.decisions.review.verdicts:give_verdict",
    "give_verdicts": "truerisk.decisions.review.verdicts:give_verdicts",
    "ingest": "truerisk.lake.ingest.ingest:ingest",
    "load_problem": "truerisk.problem.load:load_problem",
    "measure": "truerisk.measurement.measure:measure",
    "measure_ledger": "truerisk.jobs.measure_ledger:measure_ledger",
    "notice": "truerisk.reports.letter:notice",
    "online": "truerisk.features.online",
    "open_contest": "truerisk.decisions.contests:open_contest",
    "open_lake": "truerisk.lake.lake:open_lake",
    "plan_batch": "truerisk.decisions.batch:plan_batch",
    "predictability": "truerisk.evaluation.predictability.predictability:predictability",
    "preview": "truerisk.monitoring.preview.preview:preview",
    "queue": "truerisk.decisions.review.queue:queue",
    "read_ledger": "truerisk.decisions.ledger:read_ledger",
    "registry": "truerisk.registry",
    "review": "truerisk.evaluation.review:review",
    "score": "truerisk.decisions.batch:score",
    "split": "truerisk.models.parts:split",
    "submit": "truerisk.jobs.submit:submit",
    "uplift": "truerisk.measurement.uplift",
    "verify_evidence": "truerisk.decisions.evidence.verify:verify_evidence",
    "vintages": "truerisk.measurement.vintages.vintages:vintages",
    "watch": "truerisk.measurement.watching.watch:watch",
    "worth": "truerisk.measurement.worth",
    "write_evidence": "truerisk.decisions.evidence.write:write_evidence",
}
__all__ = list(PUBLIC)

if TYPE_CHECKING:  # what an editor and a type checker see: the same names, a test says so
    from truerisk import registry as registry
    from truerisk.decisions.batch import plan_batch as plan_batch
    from truerisk.decisions.batch import score as score
    from truerisk.decisions.contests import Answer as Answer
    from truerisk.decisions.contests import contests as contests
    from truerisk.decisions.contests import decide_contest as decide_contest
    from truerisk.decisions.contests import open_contest as open_contest
    from truerisk.decisions.decide import decide as decide
    from truerisk.decisions.decide import describe as describe
    from truerisk.decisions.evidence.verify import verify_evidence as verify_evidence
    from truerisk.decisions.evidence.write import evidence as evidence
    from truerisk.decisions.evidence.write import write_evidence as write_evidence
    from truerisk.decisions.ledger import commit as commit
    from truerisk.decisions.ledger import decision_log as decision_log
    from truerisk.decisions.ledger import read_ledger as read_ledger
    from truerisk.decisions.review.queue import acted as acted
    from truerisk.decisions.review.queue import queue as queue
    from truerisk.decisions.review.verdicts import give_verdict as give_verdict
    from truerisk.decisions.review.verdicts import give_verdicts as give_verdicts
    from truerisk.errors import TrueriskError as TrueriskError
    from truerisk.evaluation.predictability.predictability import predictability as predictability
    from truerisk.evaluation.review import review as review
    from truerisk.features import online as online
    from truerisk.features.build import build_features as build_features
    from truerisk.features.dataset import build_dataset as build_dataset
    from truerisk.jobs.decide_batch import decide_and_commit as decide_and_commit
    from truerisk.jobs.measure_ledger import measure_ledger as measure_ledger
    from truerisk.jobs.submit import Attachments as Attachments
    from truerisk.jobs.submit import submit as submit
    from truerisk.lake.ingest.ingest import ingest as ingest
    from truerisk.lake.ingest.new_files import find_new_files as find_new_files
    from truerisk.lake.lake import Lake as Lake
    from truerisk.lake.lake import open_lake as open_lake
    from truerisk.measurement import uplift as uplift
    from truerisk.measurement import worth as worth
    from truerisk.measurement.catch_rate import catch_rate as catch_rate
    from truerisk.measurement.contested import contested as contested
    from truerisk.measurement.drift import drift as drift
    from truerisk.measurement.fairness import fairness as fairness
    from truerisk.measurement.measure import measure as measure
    from truerisk.measurement.options import Changes as Changes
    from truerisk.measurement.options import Flagging as Flagging
    from truerisk.measurement.options import Reading as Reading
    from truerisk.measurement.vintages.vintages import vintages as vintages
    from truerisk.measurement.watching.watch import watch as watch
    from truerisk.models.parts import split as split
    from truerisk.models.training import fit as fit
    from truerisk.monitoring.preview.preview import preview as preview
    from truerisk.problem.load import load_problem as load_problem
    from truerisk.problem.spec import Problem as Problem
    from truerisk.registry.approval import approve as approve
    from truerisk.reports.letter import notice as notice
else:

    def __getattr__(name: str) -> Any:
        if name not in PUBLIC:
            raise AttributeError(f"module 'truerisk' has no attribute {name!r}")
        module, _, attribute = PUBLIC[name].partition(":")
        found = import_module(module)
        return getattr(found, attribute) if attribute else found


def __dir__() -> list[str]:
    return sorted(PUBLIC)
