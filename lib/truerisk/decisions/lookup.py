"""One decision by its id, and who has looked at it."""

from typing import Any

from truerisk.errors import RegistryError
from truerisk.lake.lake import Lake
from truerisk.lake.one import rows_where
from truerisk.lake.tables import LEDGER_KEY, ledger
from truerisk.problem.spec import Problem


def decision_of(problem: Problem, lake: Lake, decision_id: str) -> dict[str, Any]:
    """The ledger's row of a decision, column → value; RegistryError where there is none."""
    rows = rows_where(lake, ledger(problem.name), LEDGER_KEY, decision_id)
    if not rows:
        raise RegistryError(
            f"The ledger of {problem.name} in the lake at {lake.root} has no decision of that id; "
            "`truerisk decisions` with an application's key says the id of its decision."
        )
    return rows[0]


def persons_of(problem: Problem, lake: Lake, decision_id: str) -> list[str]:
    """Who gave a verdict on a decision that was in review."""
    verdicts = rows_where(lake, f"verdicts/{problem.name}", LEDGER_KEY, decision_id)
    return [str(row["by"]) for row in verdicts]
