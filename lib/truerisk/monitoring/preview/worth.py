"""What a change is worth, each part by itself: estimated, guessed, or only bounded; never together.

Dollars are of the changed decisions in the period, all of them, new minus old.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from truerisk.columns import SIDES, value_of
from truerisk.measurement.estimate import AS_RUN, Metric, estimates
from truerisk.measurement.evidence.evidence import evidence_of
from truerisk.measurement.evidence.rows import Rows
from truerisk.measurement.measure import together
from truerisk.measurement.measured_rows import measured_rows
from truerisk.measurement.metrics import policies as of_policies
from truerisk.measurement.options import Changes, Flagging, Reading
from truerisk.measurement.status import OK
from truerisk.monitoring.preview.redecided import Redecided
from truerisk.monitoring.preview.support import GROUNDS, Ground, Support, as_logged, sides
from truerisk.problem.spec import Problem

CHANGED, MARK = "changed", "__identified"
SHOWN = (Ground.RAN, Ground.EXPLORED)


@dataclass(frozen=True, kw_only=True)
class Dollars:
    """Dollars of some changed decisions: ``value`` with its ends, each None where it is not known.

    Of what is identified the ends are a 95% interval, of what nobody can know the worst and the
    best case; a guess has none. ``status`` says why something is missing, else "ok".
    """

    value: float | None = None
    low: float | None = None
    high: float | None = None
    status: str = OK


def identified(
    made: Redecided, ground: np.ndarray, decided_by: Problem, features: Sequence[str], terms: bool
) -> Dollars:
    """Dollars of the matured decisions whose outcomes the log shows, doubly robust and paired.

    The estimate is of everyone who applied and matured; all that is not identified stays as it
    ran, so that no outcome of it counts. What needs no outcome is added: it is exact.
    """
    mature = made.log["mature"].to_numpy(bool)
    old, new = sides(made, decided_by, terms)
    exact = mature & (ground == GROUNDS.index(Ground.NO_OUTCOME))
    # Neither side hangs on the outcome, or both do alike: the difference is the same in both.
    certain = float((made.mass * (new[1] - old[1]))[exact].sum())
    mark = np.isin(ground, [GROUNDS.index(g) for g in SHOWN])
    if not (mark & mature).any():
        return Dollars(value=certain, low=certain, high=certain)
    row = _gain(made, mark, decided_by, features, terms)
    n = int(mature.sum())
    value, low, high = (None if v is None else v * n + certain for v in row["ends"])
    return Dollars(value=value, low=low, high=high, status=row["status"])


def expected(made: Redecided, rows: np.ndarray, decided_by: Problem, terms: bool) -> Dollars:
    """What the logged scores say of some rows: no outcome was seen, so there is no interval."""
    old, new = sides(made, decided_by, terms)
    total = 0.0
    for dollars, action, sign in ((new, made.now, 1), (old, made.was, -1)):
        s = made.of(made.score, action)
        known = np.where(
            dollars[0] == dollars[1], dollars[1], s * dollars[0] + (1 - s) * dollars[1]
        )
        total += sign * float((made.mass * known)[rows].sum())
    return Dollars(value=total)


def bounds(made: Redecided, rows: np.ndarray, decided_by: Problem, terms: bool) -> Dollars:
    """The worst and the best that could have come of some rows, whatever their outcomes.

    An offer on other terms may also not be taken, and then earns nothing.
    """
    old, new = sides(made, decided_by, terms)
    walks = np.zeros_like(new[:1])
    new = np.concatenate([new, walks])
    low, high = new.min(axis=0) - old.max(axis=0), new.max(axis=0) - old.min(axis=0)
    low, high = ((made.mass * side)[rows].sum() for side in (low, high))
    return Dollars(low=float(low), high=float(high))


def _gain(
    made: Redecided, mark: np.ndarray, decided_by: Problem, features: Sequence[str], terms: bool
) -> dict:
    """The gain per matured application of moving the marked rows alone, with its ends."""
    moved = np.eye(len(made.actions), dtype=bool)
    ran = np.where(made.chance.sum(axis=1, keepdims=True) > 0, made.chance, moved[made.was] * 1.0)
    after = ran.copy()
    rows = np.flatnonzero(mark)
    after[rows, made.now[rows]] += after[rows, made.was[rows]]
    after[rows, made.was[rows]] = 0.0
    log = made.log.assign(**{MARK: mark}, **_money(made, decided_by, terms))
    offered = (pd.DataFrame(p, columns=list(made.actions), index=log.index) for p in (ran, after))
    against, policy = offered
    same = {a: outcome for outcome, some in decided_by.outcomes.items() for a in some}
    measured = measured_rows(
        evidence_of(log, [*features, MARK]),
        features,
        [MARK],
        Flagging(),
        Changes(policies={CHANGED: policy}, against=against),
        Reading(same_outcome=same),
    )
    kept = measured.groups[MARK] == "True"
    outcomes = [(o, _only(some, kept), guess) for o, some, guess in measured.outcomes]
    count = len(outcomes)
    of = of_policies.gain(of_policies.dollars(CHANGED, count), of_policies.dollars(AS_RUN, count))
    # Under a capacity the rows of a day hang together.
    wanted = [Metric(name="policy_gain", of=of, policy=CHANGED, daily=bool(decided_by.limited))]
    [row] = [
        r
        for r in estimates(*together(outcomes), wanted)
        if r["estimator"] == "dr" and r["population"] == "all"
    ]
    ends = [None if row[c] is None else float(row[c]) for c in ("value", "low", "high")]
    return {"ends": ends, "status": row["status"]}


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


def worth_of(
    made: Redecided,
    ground: np.ndarray,
    support: Support,
    decided_by: Problem,
    features: Sequence[str],
    terms: bool,
) -> tuple[Dollars, Dollars]:
    """Of one part: dollars of what has matured, and of what has not, where that is another kind."""
    mature = made.log["mature"].to_numpy(bool)
    mine = np.isin(ground, [i for i, g in enumerate(GROUNDS) if g.support is support])
    if support is Support.IDENTIFIED:
        known = identified(made, ground, decided_by, features, terms)
        return known, expected(made, mine & ~mature, decided_by, terms)
    whole = expected if support is Support.GUESSED else bounds
    return (
        whole(made, mine & mature, decided_by, terms),
        whole(made, mine & ~mature, decided_by, terms),
    )
