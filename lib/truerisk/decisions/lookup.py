"""One decision by its id, the problem file that made it, and who has looked at it."""

from typing import Any

from truerisk.errors import RegistryError
from truerisk.lake.lake import Lake
from truerisk.lake.one import rows_where
from truerisk.lake.problem_files import kept_problem
from truerisk.lake.tables import LEDGER_KEY, ledger
from truerisk.problem.spec import Problem

TOLD = ("notice", "contest")  # sections for those whom a decision went against


def decision_of(problem: Problem, lake: Lake, decision_id: str) -> dict[str, Any]:
    """The ledger's row of a decision, column → value; RegistryError where there is none."""
    rows = rows_where(lake, ledger(problem.name), LEDGER_KEY, str(decision_id))
    if not rows:
        raise RegistryError(
            f"The ledger of {problem.name} in the lake at {lake.root} has no decision of that id; "
            "`truerisk decisions` with an application's key says the id of its decision."
        )
    return rows[0]


def decided_by(problem: Problem, lake: Lake, row: dict[str, Any]) -> Problem:
    """The problem as it was when it made a decision, ``row`` of the ledger.

    A ``[notice]`` or ``[contest]`` that the file did not have then is today's. So is the whole file
    of a row that is older than kept files.
    """
    version = row.get("problem_version")
    if version is None:
        return problem
    then = kept_problem(lake, problem.name, version)
    unsaid = [told for told in TOLD if not getattr(then, told)]
    then = then.model_copy(update={told: getattr(problem, told) for told in unsaid})
    then._file = problem.where  # what is still missing is to be written there
    return then


def persons_of(problem: Problem, lake: Lake, decision_id: str) -> list[str]:
    """Who gave a verdict on a decision that was in review."""
    verdicts = rows_where(lake, f"verdicts/{problem.name}", LEDGER_KEY, decision_id)
    return [str(row["by"]) for row in verdicts]
