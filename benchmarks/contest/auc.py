"""AUC with its influence function: how long, and is it the AUC that everybody else computes.

python auc.py ROWS FEW ROUNDS

Timed on ROWS in turns: truerisk's on doubly robust weights and on plain labels, scikit-learn's AUC
(a value without an error), DeLong's variance in the fast form of Sun and Xu (2014). On FEW rows
value and influence are compared with all n² pairs. Prints one line of JSON: seconds per contestant
and round, and the largest relative difference for each check.
"""

import json
import platform
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import numpy as np
from lender import World, log
from scipy.stats import rankdata
from sklearn.metrics import roc_auc_score

from truerisk.statistics.influence import Value, auc
from truerisk.statistics.interval import clustered_se

HIDDEN, EXPLORED = 0.8, 0.02
VERSIONS = ("numpy", "scikit-learn", "scipy", "truerisk")


def main(rows: int, few: int, rounds: int) -> None:
    a, score, _ = labels(rows, 1)
    y = np.random.default_rng(2).random(rows) < score  # everyone's outcome, for the plain AUC
    plain = y.astype(float)
    alone = np.arange(rows)
    contestants: dict[str, Callable[[], Any]] = {
        "truerisk, DR weights": lambda: with_se(auc(a, 1 - a, score), alone),
        "truerisk, plain labels": lambda: with_se(auc(plain, 1 - plain, score), alone),
        "scikit-learn, no error": lambda: roc_auc_score(y, score),
        "DeLong": lambda: delong(y, score),
    }
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for run in contestants.values():
        run()
    for _ in range(rounds):
        for name, run in contestants.items():
            started = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - started)
    found = auc(plain, 1 - plain, score)
    theta, se = delong(y, score)
    few_a, few_score, tied = labels(few, 3)
    print(
        json.dumps(
            {
                "seconds": seconds,
                "differences": {
                    "value, scikit-learn": off(found.theta, roc_auc_score(y, score)),
                    "value, DeLong": off(found.theta, theta),
                    "SE, DeLong": off(unbiased_se(found, y), se),
                    "value and influence, all pairs": brute(few_a, 1 - few_a, few_score),
                    "the same with ties": brute(few_a, 1 - few_a, tied),
                },
                "versions": {
                    "python": platform.python_version(),
                    **{name: version(name) for name in VERSIONS},
                },
            }
        )
    )


def labels(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """ỹ, the score, and the score rounded to two places."""
    made = log(World(HIDDEN), n, seed, EXPLORED)
    m, score = made["m"].to_numpy(), made["score"].to_numpy()
    weight = np.where(made["revealed"], 1 / made["p_reveal"], 0.0)
    return m + weight * (made["event"].fillna(0).to_numpy() - m), score, score.round(2)


def with_se(value: Value, cluster: np.ndarray) -> tuple[float, float]:
    return value.theta, clustered_se(value.influence, cluster)


def unbiased_se(value: Value, y: np.ndarray) -> float:
    """The influence function's SE with DeLong's divisors: each class has lost a degree of freedom.

    clustered_se divides by clusters less one instead, which at 60,000 rows is 4e-5 of it less.
    """
    sides = ((value.influence[y], y.sum()), (value.influence[~y], (~y).sum()))
    return float(np.sqrt(sum((i**2).sum() * k / (k - 1) for i, k in sides)) / len(y))


def delong(y: np.ndarray, score: np.ndarray) -> tuple[float, float]:
    """AUC and its SE from the placements of events among the others (DeLong et al. 1988)."""
    events, others = score[y], score[~y]
    m, n = len(events), len(others)
    together = rankdata(np.concatenate([events, others]))
    above = (together[:m] - rankdata(events)) / n
    below = 1 - (together[m:] - rankdata(others)) / m
    variance = above.var(ddof=1) / m + below.var(ddof=1) / n
    return float(above.mean()), float(np.sqrt(variance))


def brute(a: np.ndarray, b: np.ndarray, score: np.ndarray) -> float:
    """The largest difference to all n² pairs, in the value or in any row's influence."""
    n = len(score)
    k = (score[:, None] > score) + 0.5 * (score[:, None] == score)
    pairs = np.outer(a, b)
    np.fill_diagonal(pairs, 0)
    theta = (pairs * k).sum() / pairs.sum()
    up, down = k @ b / n - theta * b.mean(), a @ k / n - theta * a.mean()
    influence = (a * up + b * down) / (a.mean() * b.mean())
    found = auc(a, b, score)
    scale = np.abs(influence).max()
    return max(off(found.theta, theta), float(np.abs(found.influence - influence).max() / scale))


def off(found: float, wanted: float) -> float:
    return abs(found / wanted - 1)


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
