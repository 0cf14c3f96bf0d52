"""What a change is worth where outcomes were seen: doubly robust, paired, with an interval.

The estimate is of everyone who applied and matured; all that is not identified stays as it ran, so
that no outcome of it counts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from truerisk.columns import SIDES, value_of
from truerisk.measurement.estimate import AS_RUN, Metric, estimates
from truerisk.measurement.evidence.evidence import evidence_of
from truerisk.measurement.evidence.rows import Rows
from truerisk.measurement.measured_rows import measured_rows, together
from truerisk.measurement.metrics import policies as of_policies
from truerisk.measurement.options import Changes, Flagging, Reading
from truerisk.monitoring.preview.redecided import Redecided
from truerisk.monitoring.preview.support import GROUNDS, Ground, as_logged, sides
from truerisk.monitoring.preview.worth import Dollars
from truerisk.problem.spec import Problem

CHANGED, GROUND = "changed", "__ground"  # the policy of all that is identified; a column
SHOWN = (Ground.RAN, Ground.EXPLORED)


def identified(
    made: Redecided, ground: np.ndarray, decided_by: Problem, features: Sequence[str], terms: bool
) -> tuple[Dollars, dict[Ground, Dollars]]:
    """Dollars of the matured decisions whose outcomes the log shows, and of each ground of them.

    What needs no outcome is exact, and is added to the first.
    """
    mature = made.log["mature"].to_numpy(bool)
    old, new = sides(made, decided_by, terms)
    exact = mature & (ground == GROUNDS.index(Ground.NO_OUTCOME))
    # Neither side hangs on the outcome, or both do alike: the difference is the same in both.
    certain = float((made.mass * (new[1] - old[1]))[exact].sum())
    by_ground: dict[Ground, Dollars] = {}
    whole = sure = Dollars(value=certain, low=certain, high=certain)
    if exact.any():
        by_ground[Ground.NO_OUTCOME] = sure
    there = [g for g in SHOWN if (mature & (ground == GROUNDS.index(g))).any()]
    for grounds, gain in _gains(made, ground, there, decided_by, features, terms):
        if len(grounds) == 1:
            by_ground[grounds[0]] = gain
        if len(grounds) == len(there):
            ends = (None if v is None else v + certain for v in (gain.value, gain.low, gain.high))
            whole = Dollars(**dict(zip(("value", "low", "high"), ends)), status=gain.status)
    return whole, by_ground


def _gains(
    made: Redecided,
    ground: np.ndarray,
    there: Sequence[Ground],
    decided_by: Problem,
    features: Sequence[str],
    terms: bool,
) -> Iterator[tuple[Sequence[Ground], Dollars]]:
    """Dollars of moving all rows of these grounds, and those of each alone, on one evidence."""
    if not there:
        return
    asked = {g.value: [g] for g in there}
    if len(there) > 1:
        asked[CHANGED] = list(there)
    names = np.array([*(g.value for g in GROUNDS), ""], dtype=object)[ground]
    log = made.log.assign(**{GROUND: names}, **_money(made, decided_by, terms))
    ran = _ran(made)
    policies = {
        name: _moved(made, ran, np.isin(names, [g.value for g in grounds]))
        for name, grounds in asked.items()
    }
    frames = {
        name: pd.DataFrame(p, columns=list(made.actions), index=log.index)
        for name, p in {AS_RUN: ran, **policies}.items()
    }
    against = frames.pop(AS_RUN)
    measured = measured_rows(
        evidence_of(log, [*features, GROUND]),
        features,
        [GROUND],
        Flagging(),
        Changes(policies=frames, against=against),
        Reading(same_outcome={a: o for o, some in decided_by.outcomes.items() for a in some}),
    )
    count = len(measured.outcomes)
    for name, grounds in asked.items():
        kept = np.isin(measured.groups[GROUND], [g.value for g in grounds])
        only = [(o, _only(rows, kept), guess) for o, rows, guess in measured.outcomes]
        of = of_policies.gain(of_policies.dollars(name, count), of_policies.dollars(AS_RUN, count))
        # Under a capacity the rows of a day hang together.
        wanted = Metric(name="policy_gain", of=of, policy=name, daily=bool(decided_by.limited))
        [row] = [
            r
            for r in estimates(*together(only), [wanted])
            if r["estimator"] == "dr" and r["population"] == "all"
        ]
        value, low, high = (
            None if row[c] is None else float(row[c]) * len(measured)
            for c in ("value", "low", "high")
        )
        yield grounds, Dollars(value=value, low=low, high=high, status=row["status"])


def _ran(made: Redecided) -> np.ndarray:
    """The probability of each action as it ran, (n, actions); where none was logged, the action."""
    unlogged = made.chance.sum(axis=1, keepdims=True) == 0
    return np.where(unlogged, np.eye(len(made.actions))[made.was], made.chance)


def _moved(made: Redecided, ran: np.ndarray, which: np.ndarray) -> np.ndarray:
    """The same after some rows take their new action; exploration stays."""
    after, rows = ran.copy(), np.flatnonzero(which)
    after[rows, made.now[rows]] += after[rows, made.was[rows]]
    after[rows, made.was[rows]] = 0.0
    return after


def _only(rows: Rows, kept: np.ndarray) -> Rows:
    """The rows as if only the ``kept`` ones had had a chance: what stays needs no label."""
    return replace(
        rows,
        pi=np.where(kept, rows.pi, 0.0),
        seen=rows.seen & kept,
        y=np.where(kept, rows.y, 0.0),
        walked=rows.walked & kept,
        lost=rows.lost & kept,
        unseen=rows.unseen & kept,
    )


def _money(made: Redecided, decided_by: Problem, terms: bool) -> dict[str, np.ndarray]:
    """The dollars of each action: of the old one as ``sides`` has them, else the changed file's."""
    logged = as_logged(made, decided_by, terms)
    own = np.eye(len(made.actions), dtype=bool)[made.was] & logged[:, None]
    return {
        value_of(a, side): np.nan_to_num(np.where(own[:, i], then[:, i], now[:, i]))
        for side, then, now in zip(SIDES, made.logged, made.money, strict=True)
        for i, a in enumerate(made.actions)
    }
