"""What a flow does in one step across layers: submit a judged model for approval."""

from dataclasses import dataclass
from typing import Any

from truerisk.evaluation.outcomes import OutcomesReview
from truerisk.evaluation.predictability.outcomes import OutcomesPredictability
from truerisk.evaluation.predictability.predictability import Predictability
from truerisk.evaluation.review import Review
from truerisk.features.dataset import Dataset
from truerisk.features.matching import unmatched
from truerisk.features.register import register_definitions
from truerisk.isolated import Lost
from truerisk.lake.lake import Lake
from truerisk.models.package import Model, read_manifest, save, save_report
from truerisk.models.parts import Split
from truerisk.models.scorecard import ScorecardModel
from truerisk.models.single_feature import SingleFeatureModel
from truerisk.models.training import Fitted
from truerisk.problem.spec import Problem
from truerisk.registry import approval
from truerisk.reports.model.outcomes import page_of


@dataclass(frozen=True, kw_only=True)
class Attachments:
    """What goes with an offer beside the review: the run, the revision of the code, the person that
    started it, and how predictable the event is (``found``)."""

    run: str = ""
    code: str = ""
    person: str = ""
    found: Predictability | OutcomesPredictability | Lost | None = None


@dataclass(frozen=True)
class Submission:
    """What was offered; ``new`` is false where an equal model was decided on or waits already.
    ``told`` are sentences: what it could not see, and what a person does next."""

    version: str
    page: str
    new: bool
    told: list[str]


def submit(
    problem: Problem,
    lake: Lake,
    dataset: Dataset,
    parts: Split,
    fitted: list[Fitted],
    review: Review | OutcomesReview,
    attached: Attachments | None = None,
) -> Submission:
    """Keep the chosen model and its report in the lake and offer it for approval."""
    attached = attached or Attachments()
    chosen = next(f for f in fitted if f.name == review.chosen)
    model = chosen.model.fitted
    card = model.card if isinstance(model, SingleFeatureModel) else model
    made = packaged(problem, lake, chosen.model, dataset, attached)
    about = made.about
    shown = {
        **about,
        "champion": review.champion,
        "importance": {f.name: f.importance for f in fitted},
        "scorecard": card.card if isinstance(card, ScorecardModel) else None,
    }
    page = page_of(problem, dataset, parts, review, shown, attached.found)
    new = offer(problem, lake, made, page, review.summary(), review.champion, attached)
    said = [review.said] if isinstance(review, OutcomesReview) else []
    notes = [*dataset.notes, *review.notes, *said]
    return Submission(
        made.version, page, new, told(problem, dataset, made, new, notes, review.verdict)
    )


@dataclass(frozen=True)
class Packaged:
    """A model that is in the lake, and what its report says it was made from."""

    version: str
    about: dict[str, Any]


def packaged(
    problem: Problem, lake: Lake, model: Model, dataset: Dataset, attached: Attachments
) -> Packaged:
    """Keep a model in the lake."""
    known_at = dataset.known_at.isoformat()
    about: dict[str, Any] = {
        "known_at": known_at,
        "versions": dataset.versions,
        "run": attached.run,
        "code": attached.code,
    }
    version = save(problem.name, lake, model, about)
    command = f"truerisk train --problem {problem.called} --known-at {known_at}"
    return Packaged(version, about | {"version": version, "command": command})


def offer(
    problem: Problem,
    lake: Lake,
    made: Packaged,
    page: str,
    summary: dict[str, Any],
    champion: str | None,
    attached: Attachments,
) -> bool:
    """Keep the report and offer the model for approval; False where it was offered before."""
    digest = save_report(problem.name, lake, made.version, page)
    register_definitions(problem, lake, made.version)
    payload = {
        **summary,
        "known_at": made.about["known_at"],
        "run": attached.run,
        "submitter": attached.person,
        "second_person": problem.gate.second_person,
        "package": read_manifest(problem.name, lake, made.version)["sha256"],
    }
    return approval.submit(
        problem.name, lake, made.version, attached.run, digest, champion, payload
    )


def told(
    problem: Problem, dataset: Dataset, made: Packaged, new: bool, notes: list[str], verdict: str
) -> list[str]:
    """What a training could not see, what it offered, and what a person does next."""
    offered = "Submitted" if new else "Known already, and left as it was:"
    return [
        *unmatched(dataset.matches),
        *(f"Source {name}: {files}." for name, files in dataset.read.items()),
        *notes,
        f"{offered} {made.version}: {verdict}.",
        f"Read it: truerisk report --problem {problem.called} {made.version}",
    ]
