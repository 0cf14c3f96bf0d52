"""Small worlds whose truth is known, drawn as decision logs in one vectorised stroke.

x is what the score sees, u what only the officer sees (``hidden`` is its weight). The policy
approves below a cutoff of the officer's risk; of the declined a share ``pi`` is explored.
"""

from functools import cache

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from truerisk.measurement.estimate import Metric, estimates
from truerisk.measurement.evidence.evidence import evidence_of
from truerisk.measurement.evidence.outcome_model import guesses
from truerisk.statistics import influence

BASE, SLOPE = -2.2, 1.3
CUTOFF = 0.13 / (0.13 + 0.65)  # where approving is worth nothing
WIDER = 0.25  # another policy approves below this score
PI = 0.12


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


def draw(
    seed: int,
    n: int = 3_000,
    m: str = "true",
    hidden: float = 0.0,
    repeats: int = 1,
    pi: float = PI,
) -> pd.DataFrame:
    """A log of ``n`` rows, and beside it ``p`` and ``y``, the truth that no log holds.

    ``repeats`` rows of each subject are alike in everything but the draw. ``m`` is the
    outcome model: ``true``, ``constant``, or ``overfit``, which is noise on any row it did not see.
    """
    rng = np.random.default_rng(seed)
    subjects = n // repeats
    x, u, noise = (np.repeat(rng.normal(size=subjects), repeats) for _ in range(3))
    luck = np.repeat(rng.random(subjects), repeats)
    chance = rng.random(subjects * repeats)
    amount = np.repeat(rng.lognormal(0, 0.6, subjects), repeats)
    score, risk = sigmoid(BASE + SLOPE * x), sigmoid(BASE + SLOPE * x + hidden * u)
    y = (luck < risk).astype(float)
    p_reveal = np.where(risk < CUTOFF, 1.0, pi)
    guess = {
        "true": risk,
        "constant": np.full(len(x), 0.1),
        "overfit": sigmoid(BASE + SLOPE * x + 2 * noise),
    }[m]
    log = pd.DataFrame(
        {
            "subject": np.repeat(np.arange(subjects), repeats),
            "mature": True,
            "score": score,
            "p_reveal": p_reveal,
            "p_approve": p_reveal,
            "p_decline": 1 - p_reveal,
            "value_approve_if_event": -0.65 * amount,
            "value_approve_if_no_event": 0.13 * amount,
            "value_decline_if_event": 0.0,
            "value_decline_if_no_event": 0.0,
            "m": guess,
            "p": risk,
            "y": y,
            "u": u,
        }
    )
    return reveal(log, chance < p_reveal)


def reveal(log: pd.DataFrame, revealed: np.ndarray) -> pd.DataFrame:
    """The log as it would be had the draw revealed these rows."""
    action = np.where(revealed, "approve", "decline")
    return log.assign(revealed=revealed, event=log["y"].where(revealed), action=action)


def wider(log: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """A changed policy: approve whoever scores below WIDER."""
    approve = (log["score"] < WIDER).astype(float)
    return {"wider": pd.DataFrame({"approve": approve, "decline": 1 - approve})}


def event_rate(log: pd.DataFrame) -> dict[str, dict]:
    """measure()'s event rate of everyone by estimator, and nothing else: quick."""
    known = evidence_of(log)
    frame, rows = known.frame, known.rows
    metric = Metric(name="event_rate", of=lambda r, p: influence.event_rate(p.a, p.b), share=True)
    found = estimates(rows, guesses(frame, rows, []), [metric])
    return {row["estimator"]: row for row in found if row["population"] != "eligible"}


@cache
def truth(hidden: float = 0.0, pi: float = PI) -> dict[str, float]:
    """What holds for everyone, from a million applications and their risks; AUC by scikit-learn."""
    log = draw(999, n=1_000_000, hidden=hidden, pi=pi)
    p, score = log["p"].to_numpy(), log["score"].to_numpy()
    value = log["value_approve_if_event"] * p + log["value_approve_if_no_event"] * (1 - p)
    return {
        "event_rate": p.mean(),
        "auc": roc_auc_score(
            np.repeat([1, 0], len(p)), np.tile(score, 2), sample_weight=np.append(p, 1 - p)
        ),
        "calibration_error": (p - score).mean(),
        "policy_value": (value * (score < WIDER)).mean(),
        "policy_gain": (value * ((score < WIDER) - log["p_approve"])).mean(),
    }
