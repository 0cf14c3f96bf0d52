"""What measure() reads of a log: its mature rows, those of a cluster together, and nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from truerisk.columns import score_of as column_of
from truerisk.columns import valued_actions
from truerisk.errors import LogError
from truerisk.measurement.evidence.alike import policy_of, score_of
from truerisk.measurement.evidence.evidence import Evidence, evidence_of
from truerisk.measurement.evidence.outcome_model import expected_value, guesses
from truerisk.measurement.evidence.outcomes import Outcome, outcomes_of, revealing_actions
from truerisk.measurement.evidence.pseudo import Guess
from truerisk.measurement.evidence.rows import Rows
from truerisk.measurement.evidence.source import Log
from truerisk.measurement.groups import groups
from truerisk.measurement.metrics import policies as dollars
from truerisk.measurement.metrics import requested_metrics
from truerisk.measurement.options import Changes, Flagging, Reading
from truerisk.statistics.order import order_of
from truerisk.wording.lists import did_you_mean


@dataclass(frozen=True, kw_only=True)
class MeasuredRows:
    """The rows and guesses of each outcome, in one order; ``groups`` holds the name of each row's
    group, (n,), by column; ``policies`` those that are valued, what ran first; ``reveals`` whether
    it is known which actions do."""

    outcomes: Sequence[tuple[Outcome, Rows, Guess]]
    groups: dict[str, np.ndarray]
    policies: Sequence[str]
    reveals: bool

    def __len__(self) -> int:
        return len(self.outcomes[0][1])

    @property
    def realised(self) -> np.ndarray | None:
        """Dollars as they came, (n,), where the log has them."""
        return self.outcomes[0][1].also.get(dollars.REALISED)


def measured_rows(
    log: Log | Evidence,
    features: Sequence[str],
    by: Sequence[str],
    flagging: Flagging,
    changes: Changes,
    reading: Reading,
) -> MeasuredRows:
    """The log's mature rows with what ``changes`` offer; LogError for what cannot be measured.

    A log that was read for this is let go: of many rows its columns are more than these arrays.
    """
    known = evidence_of(log, [*features, *by, *reading.cluster])
    _check(known.frame, features, by, flagging)
    offered = _offered(known, changes)
    shows = list(reading.reveals) or revealing_actions(known.frame)
    made: list[tuple[Outcome, Rows, Guess]] = []
    for outcome in outcomes_of(known.frame, {**known.same, **reading.same_outcome}):
        rows = known.rows_of(outcome, reading.cluster)
        own: dict[Any, np.ndarray] = {
            **_rivals(known, changes, outcome),
            **dollars.columns(known.frame, offered, outcome, shows, first=not made),
        }
        if "realised_value" in known.frame:
            own[dollars.REALISED] = known.frame["realised_value"].to_numpy()
            own[dollars.EXPECTED] = expected_value(known.frame, rows, features)
        made.append((outcome, rows.adding(own), guesses(known.frame, rows, features, outcome.name)))
    groups_of = {column: groups(known.frame[column]) for column in dict.fromkeys(by)}
    policies = list(offered)
    del known, offered, own
    order = order_of(rows.cluster)  # every outcome's clusters are the same
    return MeasuredRows(
        outcomes=[(outcome, rows.at(order), guess.at(order)) for outcome, rows, guess in made],
        groups={column: names[order] for column, names in groups_of.items()},
        policies=policies,
        reveals=bool(shows),
    )


def together(made: Sequence[tuple[Outcome, Rows, Guess]]) -> tuple[Rows, Guess]:
    """The outcomes of one log one below the other: a policy's dollars come from all of them."""
    if len(made) == 1:
        return made[0][1:]
    return Rows.stacked([rows for _, rows, _ in made]), Guess.stacked([g for _, _, g in made])


def _offered(known: Evidence, changes: Changes) -> dict[str, pd.DataFrame]:
    """What ran, or what is to be compared with, and the changed policies."""
    actions, against = valued_actions(known.frame.columns), changes.against
    if (changes.policies or against is not None) and not actions:
        raise LogError(
            "The log holds no dollars, so no policy can be valued; add value_<action>_if_event "
            "and value_<action>_if_no_event."
        )
    if against is not None:
        against = policy_of(known.log, against, actions, "The policy to compare with", known.mature)
    return {
        **dollars.offered(known.frame, against),
        **{
            name: policy_of(known.log, policy, actions, f'The policy "{name}"', known.mature)
            for name, policy in changes.policies.items()
        },
    }


def _rivals(known: Evidence, changes: Changes, outcome: Outcome) -> dict[Any, np.ndarray]:
    """Other scores of an outcome: the one there is, or its own column of a frame."""
    found = {}
    for name, score in changes.rivals.items():
        what, own = f'The rival "{name}"', column_of(outcome.name)
        if isinstance(score, pd.DataFrame) and outcome.name:
            score = score[own]
        found[requested_metrics.rival(name)] = score_of(known.log, score, what, known.mature)
    return found


def _check(
    frame: pd.DataFrame, features: Sequence[str], by: Sequence[str], flagging: Flagging
) -> None:
    if flagging.capacities and "as_of" not in frame:
        raise LogError('The log has no column "as_of", which a capacity per day needs.')
    for name in (*features, *by):
        if name not in frame:
            raise LogError(
                f'The log has no column "{name}"; {did_you_mean(str(name), map(str, frame))}.'
            )
