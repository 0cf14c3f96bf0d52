"""The Qini curve: what acting on the people whom a score puts first adds, share by share."""

from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np
import pandas as pd

from truerisk.columns import SIDES
from truerisk.errors import LogError
from truerisk.measurement.estimate import Metric, eligible_estimates
from truerisk.measurement.evidence.alike import rank_of
from truerisk.measurement.evidence.evidence import Evidence, evidence_of
from truerisk.measurement.evidence.outcomes import refuse
from truerisk.measurement.evidence.pseudo import Pseudo, dr
from truerisk.measurement.evidence.rows import Rows
from truerisk.measurement.evidence.source import Log
from truerisk.measurement.metrics.cutoff import Flags, at_share
from truerisk.measurement.metrics.policies import Of, gain
from truerisk.measurement.options import ALLOWED
from truerisk.measurement.uplift.contrast import DOLLARS, EVENTS, Contrast, contrast
from truerisk.statistics.band import simultaneous
from truerisk.statistics.influence import Value
from truerisk.statistics.interval import Z
from truerisk.statistics.ranking import ranking
from truerisk.statistics.threads import one_thread

SHARES = tuple(round(k / 20, 2) for k in range(1, 21))
ADDED = {EVENTS: "incremental_response", DOLLARS: "incremental_dollars"}
QINI, AREA = "qini", "qini_area"
NUMBERS = ("share", "value", "low", "high", "band_low", "band_high")


@one_thread
def qini(
    log: Log | Evidence,
    scores: Mapping[str, np.ndarray | pd.Series],
    shares: Sequence[float] = SHARES,
    action: str | None = None,
    instead: str | None = None,
    against: str | None = None,
    features: Sequence[str] = (),
) -> pd.DataFrame:
    """What ``action`` adds to ``instead`` among the highest of some scores, per application.

    ``log`` is a decision log whose actions show outcomes of their own: ``p_<action>`` of both, and
    ``event`` after the one that was taken; ``m_<action>`` are taken as outcome models, which are
    cross-fitted on ``score_<action>`` (or ``score``) and ``features`` otherwise. ``scores``: name →
    a number per row, highest first, any scale. Rows are those with a chance of both actions.

    At each share q: incremental_response, Q = mean f·τ̃, events that acting on the highest q adds;
    qini, Q − q·mean τ̃, what the score adds to acting on as many at random; incremental_dollars
    where the log has dollars. f flags the share, τ̃ = ỹ_action − ỹ_instead.
    IF = fτ̃ − Q − τ_t(f − q), for qini also − q(τ̃ − mean τ̃); τ_t is the mean at the cutoff.
    qini_area is the area under the curve of the shares. With ``against`` (a score's name) also
    what every other score has more, as ``<figure>_gain``, paired.

    Returns a tidy frame: score, figure, share, value, low, high (95% at that share), band_low,
    band_high (95% for all shares at once), population, n, share_not_identified, status. Raises
    LogError for what cannot be measured, a share outside (0, 1], a score of other rows.
    """
    _, fine, allowed = ALLOWED["shares"]
    wrong = [q for q in shares if not fine(q)]
    if wrong or not len(shares):
        said = f"A share is {wrong[0]:g}" if wrong else "No share is asked for"
        raise LogError(f"{said}; allowed is a number {allowed}.")
    if against is not None and against not in scores:
        raise LogError(f'There is no score "{against}" among {", ".join(scores)}.')
    known = evidence_of(log, features)
    made = contrast(known, action, instead, features)
    ranks = {name: _score(known, score, name) for name, score in scores.items()}
    both = np.tile(made.identified, 2)
    rows = made.rows.adding({name: np.tile(score, 2) for name, score in ranks.items()})
    part = Contrast(
        action=made.action,
        instead=made.instead,
        rows=rows.where(both),
        guess=made.guess.where(both),
    )
    q = sorted(set(map(float, shares)))
    pseudo = dr(part.rows, part.guess)
    about = {
        "population": "all" if both.all() else "eligible",
        "n": len(part),
        "share_not_identified": float(1 - both.mean()),
    }
    found: list[dict] = []
    for name in ranks:
        for figure, of in _figures(part, name, q).items():
            found += _curve(part, pseudo, name, figure, of, q)
            if against is not None and name != against:
                other = _figures(part, against, q)[figure]
                more = [gain(new, old) for new, old in zip(of, other, strict=True)]
                found += _curve(part, pseudo, name, f"{figure}_gain", more, q)
    return pd.DataFrame([row | about for row in found]).astype(dict.fromkeys(NUMBERS, "Float64"))


def _figures(part: Contrast, name: str, shares: Sequence[float]) -> dict[str, list[Of]]:
    """Figure → what it is at each share; the area is one number."""
    made = {ADDED[unit]: [_added(name, unit, q) for q in shares] for unit in part.units}
    made[QINI] = [_added(name, EVENTS, q, beyond_chance=True) for q in shares]
    made[AREA] = [_area(name, shares)]
    return made


def _curve(
    part: Contrast,
    pseudo: Pseudo,
    name: str,
    figure: str,
    of: Sequence[Of],
    shares: Sequence[float],
) -> list[dict]:
    """A row for each point of a curve, its intervals widened to a band by one factor."""
    at: Sequence[float | None] = [None] if len(of) == 1 and AREA in figure else shares
    metrics = [Metric(name=figure, of=one, bounded=False) for one in of]
    told = eligible_estimates(part.rows, part.guess, metrics, 2)
    sums = np.column_stack([part.rows.sums(one(part.rows, pseudo).influence) for one in of])
    wider = simultaneous(sums) / Z
    return [
        {
            "score": name,
            "figure": figure,
            "share": q,
            **{k: row[k] for k in ("value", "low", "high")},
            "band_low": _reach(row["value"], row["low"], wider),
            "band_high": _reach(row["value"], row["high"], wider),
            "status": row["status"],
        }
        for q, row in zip(at, told, strict=True)
    ]


def _reach(value: float | None, end: float | None, wider: float) -> float | None:
    if value is None or end is None:
        return None
    return value + (end - value) * wider if end != value else value


def _added(name: str, unit: str, share: float, beyond_chance: bool = False) -> Of:
    def of(rows: Rows, p: Pseudo) -> Value:
        n = len(rows) // 2
        if_event, if_none = (rows.also[unit, side] for side in SIDES)
        worth = if_event * p.a + if_none * p.b
        tau = worth[:n] + worth[n:]
        flags = _flags(rows, name, share)
        f, near = flags.f, cast(np.ndarray, flags.near)
        total, local = float(np.mean(f * tau)), float(tau[near].mean())
        influence = f * tau - total - local * (f - share)
        if beyond_chance:
            mean = float(tau.mean())
            influence -= share * (tau - mean)
            total, f = total - share * mean, f - share
        return Value(total, np.tile(influence, 2), 2 * np.tile(f, 2) * (if_event - if_none))

    return of


def _area(name: str, shares: Sequence[float]) -> Of:
    """∫ of the Qini curve through its shares, 0 at both ends, by trapezoids."""
    ends = np.array([0.0, *[q for q in shares if q < 1], 1.0])
    weights = (ends[2:] - ends[:-2]) / 2

    def of(rows: Rows, p: Pseudo) -> Value:
        theta, influence, slope = 0.0, np.zeros(len(rows)), np.zeros(len(rows))
        for weight, share in zip(weights, ends[1:-1], strict=True):
            one = _added(name, EVENTS, share, beyond_chance=True)(rows, p)
            theta += weight * one.theta
            influence += weight * one.influence
            slope += weight * one.slope
        return Value(float(theta), influence, slope)

    return of


def _flags(rows: Rows, name: str, share: float) -> Flags:
    """Whom the highest share flags, found once for all figures."""
    if (name, share) not in rows.shared:
        n = len(rows) // 2
        ranked = rows.shared.setdefault(("ranking", name), ranking(rows.also[name][:n]))
        rows.shared[name, share] = at_share(ranked, share)
    return cast(Flags, rows.shared[name, share])


def _score(known: Evidence, score: np.ndarray | pd.Series, name: str) -> np.ndarray:
    """A score of the mature rows, on any scale; LogError where it is null or infinite."""
    what = f'The score "{name}"'
    values = rank_of(known.log, score, what, known.mature)
    refuse(f"{what} is null or infinite", ~np.isfinite(values))
    return values
