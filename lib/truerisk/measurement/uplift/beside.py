"""What policies add, beside acting on everyone, on nobody, and on the highest response."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from truerisk.columns import chance_of, score_of, valued_actions
from truerisk.errors import LogError
from truerisk.measurement.estimate import estimates
from truerisk.measurement.evidence.evidence import Evidence, evidence_of
from truerisk.measurement.evidence.outcomes import outcomes_of
from truerisk.measurement.evidence.source import Log
from truerisk.measurement.measured_rows import measured_rows, together
from truerisk.measurement.metrics.cutoff import at_share
from truerisk.measurement.metrics.policies import responses, values
from truerisk.measurement.options import Changes, Flagging, Reading
from truerisk.measurement.uplift.contrast import pair
from truerisk.statistics.threads import one_thread

RAN, ALL, NONE, HIGHEST = "what ran", "all", "none", "highest response"
FIGURES = {"policy_event_gain": "incremental_response", "policy_gain": "incremental_dollars"}
NUMBERS = ("share", "value", "low", "high", "share_not_identified")


@one_thread
def policies(
    log: Log | Evidence,
    changed: Mapping[str, pd.DataFrame] | None = None,
    action: str | None = None,
    instead: str | None = None,
    features: Sequence[str] = (),
) -> pd.DataFrame:
    """Events and dollars per application that policies add to ``instead`` for everyone.

    ``log`` as ``qini`` takes it, with the dollars of every action. Policies are what ran; the
    ``changed`` ones, name → frame of one probability per action, rows as in the log; "all"; and,
    where the log has ``score_<action>``, "highest response": as many as the first changed policy
    (else what ran) acts on, those likeliest to have the event after the action. "none" adds 0 by
    definition.

    Returns a tidy frame: policy, share (of applications that it acts on), figure
    (incremental_response, incremental_dollars), population, value, low, high (95%), n,
    share_not_identified, status. A policy that acts on people who had no chance of one of the two
    actions is not identified for these: share_not_identified says how many they are, low and high
    hold the worst cases, and rows of population "eligible" speak of all others.
    """
    known = evidence_of(log, features)
    mature, actions = known.frame, valued_actions(known.frame.columns)
    changed = changed or {}
    if taken := sorted({RAN, ALL, NONE, HIGHEST} & set(changed)):
        raise LogError(f'A changed policy cannot be called "{taken[0]}"; name it otherwise.')
    if not actions:
        raise LogError(
            "The log holds no dollars, so no policy can be valued; add value_<action>_if_event "
            "and value_<action>_if_no_event."
        )
    acting, resting = pair(mature, outcomes_of(mature, known.same), action, instead)

    def acts_on(chance: np.ndarray | float) -> pd.DataFrame:
        made = pd.DataFrame(0.0, index=known.log.index, columns=actions)
        made.loc[known.mature, acting.name] = chance
        return made.assign(**{resting.name: 1 - made[acting.name]})

    ran = known.log[[chance_of(a) for a in actions]].set_axis(actions, axis=1)
    offered = {RAN: ran, **changed, ALL: acts_on(1.0)}
    if (own := score_of(acting.name)) in mature:
        most = next(iter(changed.values()), ran)[acting.name][known.mature].mean()
        if most > 0:
            offered[HIGHEST] = acts_on(at_share(mature[own].to_numpy(), float(most)).f)
    none = acts_on(0.0)
    changes = Changes(policies=offered, against=none)
    measured = measured_rows(known, features, (), Flagging(), changes, Reading())
    rows, guess = together(measured.outcomes)
    outcomes = len(measured.outcomes)
    wanted = [*responses(offered, outcomes), *values(offered, outcomes)]
    found = [
        {
            "policy": row["policy"],
            "share": float(offered[row["policy"]][acting.name][known.mature].mean()),
            "figure": FIGURES[row["metric"]],
            "population": row["population"],
            **{k: row[k] for k in ("value", "low", "high")},
            "n": row["n"] // outcomes,
            "share_not_identified": _unknown(known, offered[row["policy"]], none),
            "status": row["status"],
        }
        for row in estimates(rows, guess, [m for m in wanted if m.name in FIGURES], outcomes)
        if row["estimator"] == "dr"
    ]
    return pd.DataFrame(found).astype(dict.fromkeys(NUMBERS, "Float64"))


def _unknown(known: Evidence, policy: pd.DataFrame, none: pd.DataFrame) -> float:
    """The share of the mature rows where the policy gives another chance to an action that the log
    gave none."""
    moved = np.zeros(len(known.frame), dtype=bool)
    for a in policy:
        other = policy[a].to_numpy() != none[a].to_numpy()
        moved |= other[known.mature] & (known.frame[chance_of(str(a))].to_numpy() == 0)
    return float(moved.mean())
