"""What share of the events that people reviewed they stopped: estimated from the audited."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from truerisk.errors import LogError
from truerisk.measurement.evidence.evidence import Evidence, evidence_of
from truerisk.measurement.evidence.outcomes import Outcome
from truerisk.measurement.evidence.pseudo import Guess, dr
from truerisk.measurement.evidence.reviewed import LATE, rates
from truerisk.measurement.evidence.rows import Rows
from truerisk.measurement.evidence.source import Log
from truerisk.measurement.gamma import Labels, gamma_interval
from truerisk.measurement.status import OK, Reason
from truerisk.statistics.influence import ratio
from truerisk.statistics.interval import LEVEL, Z, clustered_se, share_interval
from truerisk.wording.counted import counted

LEAST_AUDITED = 30  # of one analyst


def catch_rate(log: Log | Evidence, stops: Sequence[str] = ()) -> pd.DataFrame:
    """κ, the share of the reviewed events that a person's verdict stopped: of all, and by analyst.

    ``log`` is a log of reviews (evidence/reviewed.py), ``stops`` the verdicts that keep an outcome
    hidden (default: those that an audit followed). κ = Σ ỹd / Σ ỹ over the mature rows that got a
    verdict in time, d whether it stopped the row, ỹ = m₂ + (R/q)(y − m₂) with m₂ the rate of the
    audited with that verdict; few audited outcomes decide the interval by their counts (gamma.py).

    A row for everybody (``reviewer`` null) and one per reviewer: reviewed, late (which no person
    decided), stopped, audited, value, low, high (95%), status. A reviewer has a number from 30
    audited on. Raises LogError for a log without reviews.
    """
    known = evidence_of(log)
    frame = known.frame
    if "verdict" not in frame:
        raise LogError('The log has no column "verdict"; a catch rate needs reviews and audits.')
    verdict, rows = frame["verdict"], known.rows_of(Outcome())
    late = verdict.eq(LATE).to_numpy()
    by_hand = verdict.notna().to_numpy() & ~late
    names = list(stops) or list(verdict[by_hand & (rows.audit < 1)].unique())
    stopped = verdict.isin(names).to_numpy()
    told = by_hand & (rows.seen | (stopped & (rows.audit < 1) & ~rows.unseen))
    if "reviewer" in frame:
        who = frame["reviewer"]
        people = [None, *sorted(who[by_hand].dropna().unique())]
    else:
        who, people = verdict, [None]
    made = []
    for person in people:
        mine = told if person is None else told & who.eq(person).to_numpy()
        row = {
            "reviewer": person,
            "reviewed": int(mine.sum()),
            "late": int(late.sum()) if person is None else 0,
            "stopped": int((mine & stopped).sum()),
            "audited": int((mine & stopped & rows.seen).sum()),
        }
        made.append(row | _estimate(rows, verdict, stopped, mine, person is not None))
    columns = ["value", "low", "high"]
    return pd.DataFrame(made).astype(dict.fromkeys(columns, "Float64"))


def _estimate(
    rows: Rows, verdict: pd.Series, stopped: np.ndarray, kept: np.ndarray, one: bool
) -> dict:
    blank = dict.fromkeys(("value", "low", "high"))
    audited = int((kept & stopped & rows.seen).sum())
    if one and audited < LEAST_AUDITED:
        need = f"{LEAST_AUDITED} are needed"
        return {**blank, "status": f"withheld: {counted(audited, 'audited row')}, {need}"}
    # Of the reviewed as they came: how they came to be reviewed is no matter of the analysts.
    part = replace(rows.where(kept), pi=np.ones(int(kept.sum())))
    d = stopped[kept].astype(float)
    seen = part.seen
    if not seen.any():
        return {**blank, "status": Reason.FEW_SEEN.status(n=0)}
    base = np.full(len(part), float(part.y[seen].mean()))
    guess = Guess(base, after=rates(verdict[kept], part, base) if part.q is not None else None)
    pseudo = dr(part, guess)
    whole = pseudo.a.mean()
    if whole <= 0:
        return {**blank, "status": Reason.ALIKE.status(n=int(seen.sum()))}
    found = ratio(pseudo.a * d, pseudo.a, d, np.ones(len(part)))
    labels = Labels(
        w=pseudo.w, y=part.y, m=guess.last, explored=part.explored, sure=part.sure,
        cluster=part.cluster, largest=part.largest,
    )  # fmt: skip

    def variance(rest: np.ndarray) -> float:
        sums = part.sums(rest)
        return float(sums @ sums)

    ends = gamma_interval(
        found.theta, found.influence, found.slope, labels, LEVEL, Z, variance
    )  # few of either
    if ends is None:
        se = clustered_se(found.influence, part.cluster)
        ends = share_interval(found.theta, se) if 0 < found.theta < 1 else (found.theta,) * 2
    low, high = np.clip(ends, 0, 1)
    value = float(np.clip(found.theta, 0, 1))
    return {"value": value, "low": float(low), "high": float(high), "status": OK}
