"""A lender's decision log whose truth is known, where a trait that no column holds decided too.

python lender.py log FOLDER ROWS LOGS SEED HIDDEN EXPLORED
python lender.py truth HIDDEN

An officer sees three features and, with weight HIDDEN, a trait of the applicant, and declines the
riskiest 27%; of these the share EXPLORED is approved all the same. The score is a logistic
regression trained on the outcomes of an earlier year's approved, as scores are. One application in
five is a subject's second. ``truth`` prints what holds for everyone who applies, from the risks of
two million, no draw of outcomes in it. ``log`` writes the folders ``full``, of so
many logs, and ``tiny``, of one of 2,000.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

FEATURES = ["income", "debt", "tenure"]
WEIGHTS = np.array([1.0, 0.7, 0.4])
BASE = -2.3
DECLINED = 0.27
AGAIN = 0.2  # of the applications are by a subject that applied before
FLAG = 0.15  # scores from here on are flagged
TINY, EARLIER, EVERYONE = 2_000, 200_000, 2_000_000
GAIN, LOSS = 0.13, 0.65  # of the amount
SECOND = np.timedelta64(1, "s")


class World:
    """The officer's cutoff and the score, both from an earlier year."""

    def __init__(self, hidden: float) -> None:
        self.hidden = hidden
        rng = np.random.default_rng(11)
        x, risk = self.applicants(rng, EARLIER)
        self.cutoff = float(np.quantile(risk, 1 - DECLINED))
        known = risk < self.cutoff
        event = rng.random(EARLIER) < risk
        self.model = LogisticRegression().fit(x[known], event[known])

    def applicants(self, rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Features (n, 3) and P(event) (n,)."""
        x = rng.normal(size=(n, len(WEIGHTS)))
        z = BASE + x @ WEIGHTS + self.hidden * rng.normal(size=n)
        return x, 1 / (1 + np.exp(-z))

    def score(self, x: np.ndarray) -> np.ndarray:
        return self.model.predict_proba(x)[:, 1]


def log(world: World, n: int, seed: int, explored: float) -> pd.DataFrame:
    """A row per application; ``m`` is what the features alone say of the event, the score not."""
    rng = np.random.default_rng(seed)
    subjects = n - int(AGAIN * n)
    who = np.concatenate([np.arange(subjects), rng.integers(0, subjects, n - subjects)])
    x, risk = (part[who] for part in world.applicants(rng, subjects))
    p_reveal = np.where(risk < world.cutoff, 1.0, explored)
    revealed = rng.random(subjects)[who] < p_reveal  # the draw is the subject's
    event = (rng.random(n) < risk).astype(float)
    amount = rng.lognormal(9, 0.6, n)
    z = (BASE + x @ WEIGHTS) / np.sqrt(1 + 0.35 * world.hidden**2)
    return pd.DataFrame(
        {
            "subject": who,
            "as_of": np.datetime64("2026-01-01") + rng.integers(0, 90 * 86_400, n) * SECOND,
            "mature": True,
            **dict(zip(FEATURES, x.T)),
            "score": world.score(x),
            "m": 1 / (1 + np.exp(-z)),
            "p_reveal": p_reveal,
            "revealed": revealed,
            "event": np.where(revealed, event, np.nan),
            "p_approve": p_reveal,
            "p_decline": 1 - p_reveal,
            "value_approve_if_event": -LOSS * amount,
            "value_approve_if_no_event": GAIN * amount,
            "value_decline_if_event": 0.0,
            "value_decline_if_no_event": 0.0,
        }
    )


def labelled_at_random(world: World, n: int, seed: int) -> pd.DataFrame:
    """Applications whose outcomes are all known, which no lender has."""
    rng = np.random.default_rng(seed + 1_000_000)
    x, risk = world.applicants(rng, n)
    event = (rng.random(n) < risk).astype(int)
    return pd.DataFrame({"score": world.score(x), "event": event})


def truth(world: World) -> dict[str, float]:
    x, risk = world.applicants(np.random.default_rng(12), EVERYONE)
    score = world.score(x)
    flagged = score >= FLAG
    weight = np.append(risk, 1 - risk)
    return {
        "auc": roc_auc_score(np.repeat([1, 0], EVERYONE), np.tile(score, 2), sample_weight=weight),
        "event_rate": risk.mean(),
        "recall": risk[flagged].sum() / risk.sum(),
        "precision": risk[flagged].mean(),
    }


def write(folder: Path, world: World, rows: int, seed: int, explored: float) -> None:
    """log.parquet, and random.parquet with as many outcomes as the log reveals."""
    folder.mkdir(parents=True)
    made = log(world, rows, seed, explored)
    made.to_parquet(folder / "log.parquet")
    known = int(made["revealed"].sum())
    labelled_at_random(world, known, seed).to_parquet(folder / "random.parquet")


def main(what: str, *words: str) -> None:
    if what == "truth":
        print(json.dumps(truth(World(float(words[0])))))
        return
    folder, rows, logs, seed, hidden, explored = Path(words[0]), *words[1:]
    world = World(float(hidden))
    write(folder / "tiny" / "0", world, TINY, int(seed), float(explored))
    for k in range(int(logs)):
        write(folder / "full" / str(k), world, int(rows), int(seed) + k, float(explored))


if __name__ == "__main__":
    main(*sys.argv[1:])
