"""truerisk: from applications to decisions, to truth for everyone who applied, to the next model."""

from truerisk.decisions.batch import Batch, plan_batch, score
from truerisk.decisions.decide import decide
from truerisk.decisions.ledger import commit, decision_log, decisions
from truerisk.errors import TrueriskError
from truerisk.features.build import build_features
from truerisk.features.dataset import Dataset, build_dataset
from truerisk.lake.lake import Lake, open_lake
from truerisk.measurement.measure import measure
from truerisk.models.package import load as load_model
from truerisk.models.training import fit, split
from truerisk.problem.parse import load_problem
from truerisk.problem.spec import Problem
