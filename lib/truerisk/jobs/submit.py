"""What a flow does in one step across layers: submit a judged model for approval."""

from dataclasses import dataclass
from typing import Any

from truerisk.evaluation.predictability.predictability import Predictability
from truerisk.evaluation.review import Review
from truerisk.features.dataset import Dataset
from truerisk.features.register import register_definitions
from truerisk.isolated import Lost
from truerisk.lake.lake import Lake
from truerisk.models.package import read_manifest, save, save_report
from truerisk.models.scorecard import ScorecardModel
from truerisk.models.single_feature import SingleFeatureModel
from truerisk.models.training import Fitted, Split
from truerisk.problem.spec import Problem
from truerisk.registry import approval
from truerisk.reports.model.page import train_page


@dataclass(frozen=True, kw_only=True)
class Attachments:
    """What goes with an offer beside the review: the run, the revision of the code, the person that
    started it, and how predictable the event is (``found``)."""

    run: str = ""
    code: str = ""
    person: str = ""
    found: Predictability | Lost | None = None


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
    review: Review,
    attached: Attachments | None = None,
) -> Submission:
    """Keep the chosen model and its report in the lake and offer it for approval."""
    attached = attached or Attachments()
    chosen = next(f for f in fitted if f.name == review.chosen)
    model = chosen.model.fitted
    card = model.card if isinstance(model, SingleFeatureModel) else model
    about: dict[str, Any] = {
        "known_at": dataset.known_at.isoformat(),
        "versions": dataset.versions,
        "run": attached.run,
        "code": attached.code,
    }
    version = save(problem.name, lake, chosen.model, about)
    page = train_page(
        problem,
        dataset,
        parts,
        review,
        {
            **about,
            "version": version,
            "champion": review.champion,
            "command": f"truerisk train --problem {problem.called} --known-at {about['known_at']}",
            "importance": {f.name: f.importance for f in fitted},
            "scorecard": card.card if isinstance(card, ScorecardModel) else None,
        },
        attached.found,
    )
    digest = save_report(problem.name, lake, version, page)
    register_definitions(problem, lake, version)
    payload = {
        **review.summary(),
        "known_at": about["known_at"],
        "run": attached.run,
        "submitter": attached.person,
        "second_person": problem.gate.second_person,
        "package": read_manifest(problem.name, lake, version)["sha256"],
    }
    new = approval.submit(
        problem.name, lake, version, attached.run, digest, review.champion, payload
    )
    return Submission(version, page, new, _told(problem, dataset, review, version, new))


def _told(problem: Problem, dataset: Dataset, review: Review, version: str, new: bool) -> list[str]:
    offered = "Submitted" if new else "Known already, and left as it was:"
    return [
        *(f"{match}." for match in dataset.matches),
        *(f"Source {name}: {files}." for name, files in dataset.read.items()),
        *dataset.notes,
        *review.notes,
        f"{offered} {version}: {review.verdict}.",
        f"Read it: truerisk report --problem {problem.called} {version}",
    ]
