"""Judge candidates of several outcomes and offer the best for approval, in one step."""

from truerisk.evaluation.outcomes import judged
from truerisk.features.dataset import Dataset
from truerisk.jobs.submit import Attachments, Submission, offer, packaged, told
from truerisk.lake.lake import Lake
from truerisk.models.outcomes import FittedOutcomes
from truerisk.problem.spec import Problem
from truerisk.reports.model.outcomes import outcomes_train_page


def submit_outcomes(
    problem: Problem,
    lake: Lake,
    dataset: Dataset,
    fitted: list[FittedOutcomes],
    champion: str | None = None,
    attached: Attachments | None = None,
) -> Submission:
    """Keep the candidate that adds most dollars and its report in the lake, offered for approval.

    ``champion`` is the version that decides now, None without one.
    """
    attached = attached or Attachments()
    found = judged(problem, dataset, fitted, champion)
    model = next(f for f in fitted if f.name == found.chosen).model
    made = packaged(problem, lake, model, dataset, attached)
    page = outcomes_train_page(problem, found, made.about | {"fingerprint": dataset.fingerprint})
    new = offer(problem, lake, made, page, found.summary(), champion, attached)
    notes = [*dataset.notes, str(found.verdict)]
    return Submission(made.version, page, new, told(problem, dataset, made, new, notes, found.gate))
