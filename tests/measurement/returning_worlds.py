"""Half of the declined return: how often DR and IPW hold the truth, by rule of drawing.

Everyone's first application; half of those who were declined and not explored come again, riskier,
when exploration has more to spend. ``fresh`` draws for each application; ``sticky`` keeps the
subject's u and logs π all the same, a mutant; ``held`` is the sticky ledger as it is read today.
"""

from functools import cache

import numpy as np
import pandas as pd
from scipy import stats

from tests.measurement import worlds
from truerisk.lake.sticky import with_chances_held
from truerisk.measurement.estimate import Metric, estimates
from truerisk.measurement.evidence.evidence import evidence_of
from truerisk.measurement.evidence.outcome_model import guesses
from truerisk.statistics import influence

RULES = ("fresh", "sticky", "held")
BEGIN = pd.Timestamp("2025-03-14", tz="UTC")  # both applications lie in one window of 90 days
ASKED = (0.93, 0.97)
EVENT_RATE = Metric(name="event_rate", of=lambda r, p: influence.event_rate(p.a, p.b), share=True)


def draw(seed: int, rule: str = "fresh", subjects: int = 5_000) -> pd.DataFrame:
    """The log, with ``risk``, which no log holds. π is from .05 to .2, then half as much again."""
    rng = np.random.default_rng(seed)
    x, hidden, u = rng.normal(size=subjects), rng.normal(size=subjects), rng.random((2, subjects))
    back, visits = np.arange(subjects), []
    for visit in range(2):
        score = worlds.sigmoid(worlds.BASE + worlds.SLOPE * x[back])
        z = worlds.BASE + worlds.SLOPE * x[back] + 0.8 * hidden[back] + 0.7 * visit
        risk = worlds.sigmoid(z)
        declined = risk >= worlds.CUTOFF if not visit else np.ones(len(back), bool)
        rate = np.where(declined, (0.05 + 0.15 * score) * (1 + 0.5 * visit), 0.0)
        luck = u[0 if rule != "fresh" else visit][back]
        explored = luck < rate
        visits.append(_rows(back, visit, score, risk, rate, explored, rng.random(len(back)) < risk))
        back = back[declined & ~explored & (np.arange(len(back)) % 2 == 0)]
    log = pd.concat(visits, ignore_index=True)
    return with_chances_held(log) if rule == "held" else log


def _rows(
    who: np.ndarray, visit: int, score: np.ndarray, risk: np.ndarray, rate: np.ndarray,
    explored: np.ndarray, y: np.ndarray,
) -> pd.DataFrame:  # fmt: skip
    """One application of each as a ledger holds it."""
    reveal = np.where(rate > 0, rate, 1.0)
    shown = explored | (rate == 0)
    return pd.DataFrame(
        {
            "subject": who,
            "as_of": BEGIN + pd.Timedelta(days=30 * visit),
            "mature": True,
            "score": score,
            "action": np.where(shown, "approve", "decline"),
            "explored": explored,
            "exploration_rate": rate,
            "p_reveal": reveal,
            "p_approve": reveal,
            "p_decline": 1 - reveal,
            "propensity": np.where(shown, reveal, 1 - reveal),
            "revealed": shown,
            "event": np.where(shown, y, np.nan),
            "m": 0.1,
            "risk": risk,
        }
    )


@cache
def truth(rule: str) -> float:
    """The risk of all applications: who returns depends on the draws, so by rule."""
    return float(draw(999, rule, 1_000_000)["risk"].mean())


def held(rule: str, count: int) -> dict[str, tuple[int, float]]:
    """By estimator: in how many of ``count`` worlds the interval holds the truth; mean error."""
    true, hits = truth(rule), {"dr": 0, "ipw": 0}
    error = dict.fromkeys(hits, 0.0)
    for seed in range(count):
        known = evidence_of(draw(seed, rule), as_logged=False)
        frame, rows = known.frame, known.rows
        for row in estimates(rows, guesses(frame, rows, []), [EVENT_RATE]):
            if row["estimator"] in hits and row["population"] == "all":
                hits[row["estimator"]] += bool(row["low"] <= true <= row["high"])
                error[row["estimator"]] += (row["value"] - true) / count
    return {name: (hits[name], error[name]) for name in hits}


def fails(hits: int, count: int) -> bool:
    """So rarely that a 95% interval would do it once in ten million."""
    return bool(hits < stats.binom.ppf(1e-7, count, 0.95))


def table(count: int) -> str:
    """docs/truth.md's table."""
    lines = [
        f"\n### Where half of the declined return: the event rate, {count:,} worlds each\n",
        "| draws | DR holds | IPW holds | bias of DR | asked |",
        "|---|---|---|---|---|",
    ]
    asked = dict(zip(RULES, ("93% – 97%", "fails", "93% – 97%"), strict=True))
    for rule in RULES:
        found = held(rule, count)
        dr, ipw = (f"{found[name][0] / count:.1%}" for name in ("dr", "ipw"))
        lines.append(f"| {rule} | {dr} | {ipw} | {found['dr'][1]:+.4f} | {asked[rule]} |")
    return "\n".join(lines)
