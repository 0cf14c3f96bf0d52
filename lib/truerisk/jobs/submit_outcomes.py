"""Judge candidates of several outcomes and offer the best for approval, in one step."""

from truerisk.evaluation.outcomes import judged
from truerisk.features.dataset import Dataset
from truerisk.features.register import register_definitions
from truerisk.jobs.submit import Attachments, Submission
from truerisk.lake.lake import Lake
from truerisk.models.outcomes import FittedOutcomes
from truerisk.models.package import read_manifest, save, save_report
from truerisk.problem.spec import Problem
from truerisk.registry import approval
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
    about = {
        "known_at": dataset.known_at.isoformat(),
        "versions": dataset.versions,
        "run": attached.run,
        "code": attached.code,
    }
    version = save(problem.name, lake, model, about)
    command = f"truerisk train --problem {problem.called} --known-at {about['known_at']}"
    said = {"version": version, "command": command, "fingerprint": dataset.fingerprint}
    page = outcomes_train_page(problem, found, {**about, **said})
    digest = save_report(problem.name, lake, version, page)
    register_definitions(problem, lake, version)
    payload = {
        **found.summary(),
        "known_at": about["known_at"],
        "run": attached.run,
        "submitter": attached.person,
        "second_person": problem.gate.second_person,
        "package": read_manifest(problem.name, lake, version)["sha256"],
    }
    new = approval.submit(problem.name, lake, version, attached.run, digest, champion, payload)
    offered = "Submitted" if new else "Known already, and left as it was:"
    told = [
        *dataset.notes,
        f"{found.verdict}",
        f"{offered} {version}: {found.gate}.",
        f"Read it: truerisk report --problem {problem.called} {version}",
    ]
    return Submission(version, page, new, told)
