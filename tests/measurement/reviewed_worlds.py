"""Worlds in which people review, and err: ``python tests/measurement/reviewed_worlds.py 500``
prints the tables of docs/review.md.

Low risks pass, the middle is reviewed, high risks are declined and explored, most of them into
review. An analyst declines a share ``kappa`` of the events, less of the hard ones, and a tenth of
the others; hard cases are late, and lateness declines. ``audit`` is the share of what a verdict
keeps hidden that passes all the same.
"""

import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from functools import cache
from multiprocessing import Pool
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
import pandas as pd
from scipy import stats

from tests.measurement.worlds import sigmoid
from truerisk.measurement.estimate import Metric, estimates
from truerisk.measurement.evidence.evidence import evidence_of
from truerisk.measurement.evidence.outcome_model import guesses
from truerisk.measurement.evidence.outcomes import Outcome
from truerisk.measurement.evidence.pseudo import Pseudo
from truerisk.measurement.evidence.rows import Rows
from truerisk.measurement.gamma import FEW
from truerisk.measurement.metrics import policies, requested_metrics
from truerisk.measurement.options import Flagging

KAPPAS = (0.5, 0.85, 1.0)
ACTIONS = ("pass", "review", "decline")
REVEALS = ("pass", "review")
REVIEWED_FROM, DECLINED_FROM = 0.14, 0.35
PASSED, SENT, FLOOR = 0.03, 0.09, 0.02  # of the declined explored, and what πq is not below
SHARE = 0.15
NAMES = ("event_rate", "auc", "recall", "policy_value")
Change = Callable[[pd.DataFrame], pd.DataFrame]


def draw(seed: int, kappa: float, n: int = 6_000, audit: float = 0.05) -> pd.DataFrame:
    """A log, and beside it what no log holds: ``p`` and ``y``, the ``hard`` cases, ``u`` of the
    exploration's draw."""
    rng = np.random.default_rng([seed, int(100 * kappa)])
    x, seen_by_people = rng.normal(size=(2, n))
    amount = rng.lognormal(0, 0.6, n)
    score, p = sigmoid(-2.0 + 1.1 * x), sigmoid(-2.0 + 1.1 * x + 0.8 * seen_by_people)
    y, hard = rng.random(n) < p, seen_by_people > 0.5
    reviewed = (score >= REVIEWED_FROM) & (score < DECLINED_FROM)
    declined = score >= DECLINED_FROM
    p_pass = np.select([reviewed, declined], [0.0, PASSED], 1.0)
    p_review = np.select([reviewed, declined], [1.0, SENT], 0.0)
    u = rng.random(n)
    action = np.select([u < p_pass, u < p_pass + p_review], REVEALS, "decline")
    pi = p_pass + p_review
    q = np.maximum(audit, np.minimum(1, FLOOR / pi))
    catch = np.where(hard, 2 * kappa - min(1, 1.2 * kappa), min(1, 1.2 * kappa))
    stops = rng.random(n) < np.where(y, catch, 0.1)
    late = rng.random(n) < np.where(hard, 0.5, 0.05)
    log = pd.DataFrame(
        {
            "subject": np.arange(n),
            "mature": True,
            "score": score,
            "m": score,
            "p_reveal": pi,
            "p_pass": p_pass,
            "p_review": p_review,
            "p_decline": 1 - pi,
            "action": action,
            "verdict": pd.Series(
                np.select([action != "review", late, stops], [None, "late", "decline"], "pass"),
                dtype=object,
            ),
            "reviewer": pd.Series(np.where(late | (action != "review"), None, "ann"), dtype=object),
            "audit_q": np.where(action == "review", q, np.nan),
            "audited": (action == "review") & (rng.random(n) < q),
            "value_pass_if_event": -0.65 * amount,
            "value_pass_if_no_event": 0.13 * amount,
            "value_review_if_event": -0.01 - 0.1 * amount,
            "value_review_if_no_event": -0.01 + 0.12 * amount,
            "value_decline_if_event": 0.0,
            "value_decline_if_no_event": 0.0,
            "p": p,
            "y": y.astype(float),
            "hard": hard,
            "u": u,
        }
    )
    return decided(log)


def decided(log: pd.DataFrame) -> pd.DataFrame:
    """The log with what its actions, verdicts and audits let be seen."""
    reviewed = log["verdict"].notna()
    passed = log["action"].eq("pass") | log["verdict"].eq("pass")
    shown = passed | (reviewed & log["audited"])
    q = log["audit_q"].where(log["verdict"].ne("pass"), 1.0).where(reviewed)
    return log.assign(q=q, revealed=shown, event=log["y"].where(shown))


def changed(log: pd.DataFrame) -> pd.DataFrame:
    """Another policy: more pass, fewer are reviewed."""
    passes, stops = log["score"] < 0.2, log["score"] >= 0.3
    made = {"pass": passes, "review": ~passes & ~stops, "decline": stops}
    return pd.DataFrame({name: mask.astype(float) for name, mask in made.items()})


def metrics() -> list[Metric]:
    every = [
        *requested_metrics.quality(),
        *requested_metrics.flagged(Flagging(shares=[SHARE])),
        *policies.values({policies.AS_RUN: None, "changed": None}),  # type: ignore[dict-item]
    ]
    return [m for m in every if m.name in NAMES and m.policy in (None, "changed")]


@cache
def truth() -> dict[str, float]:
    """Every metric with a million applications' risks in place of labels."""
    log = draw(999, 1.0, n=1_000_000)
    p, one, no = log["p"].to_numpy(), np.ones(len(log)), np.zeros(len(log), bool)
    rows = Rows(
        score=log["score"].to_numpy(), pi=one, seen=~no, y=p, walked=no, lost=no, unseen=no,
        cluster=np.arange(len(log)), day=0 * one,
    ).adding(columns(log))  # fmt: skip
    return {m.name: m.of(rows, Pseudo(p, 1 - p, one)).theta for m in metrics()}


def columns(log: pd.DataFrame) -> dict:
    offered = {**policies.offered(log, None), "changed": changed(log)}
    return policies.columns(log, offered, Outcome(), REVEALS)


def measured(log: pd.DataFrame) -> pd.DataFrame:
    """The doubly robust and the weighted estimates of everyone, and the fewest effective labels."""
    known = evidence_of(log, as_logged=False, same={"review": "pass"})
    rows = known.rows.adding(columns(known.frame))
    found = pd.DataFrame(estimates(rows, guesses(known.frame, rows, []), metrics()))
    found = found[found["population"] == "all"]
    return found.assign(fewest=_fewest(rows))


def _fewest(rows: Rows) -> float:
    """Effective events, or non-events if they are fewer, among the audited."""
    audited = rows.seen & (rows.audit < 1)
    w, y = 1 / rows.chance[audited], rows.y[audited]
    return float(min((w @ u) ** 2 / max((w**2) @ u, 1e-9) for u in (y, 1 - y)))


def _labels(log: pd.DataFrame) -> pd.DataFrame:
    """A verdict is taken for the outcome: what was declined was an event."""
    stopped = log["verdict"].isin(["decline", "late"])
    return log.assign(
        verdict=log["verdict"].mask(stopped, "pass"),
        q=log["q"].mask(stopped, 1.0),
        revealed=log["revealed"] | stopped,
        event=log["event"].mask(stopped, 1.0),
    )


def _shared(log: pd.DataFrame) -> pd.DataFrame:
    """The audit is drawn by the hash of the exploration."""
    return decided(log.assign(audited=log["verdict"].notna() & (log["u"] < log["audit_q"])))


def _one_stage(log: pd.DataFrame) -> pd.DataFrame:
    """Verdicts teach nothing: m stands for what they keep hidden as well."""
    return log.assign(m2=log["m"])


CHANGES: dict[str, Change] = {
    "as it is": lambda log: log,
    "m fitted": lambda log: log.drop(columns="m"),
    "verdicts teach nothing": _one_stage,
    "verdict as label": _labels,
    "late rows left out": lambda log: log[log["verdict"].ne("late")].reset_index(drop=True),
    "audit by exploration's hash": _shared,
}
# What each mutant is run in: a good m₂ absorbs in part what a shared hash does.
MUTANTS: dict[str, dict] = {
    "verdict as label": {"kappa": 0.85, "n": 20_000},
    "late rows left out": {"kappa": 0.85, "n": 20_000, "audit": 0.25},
    "audit by exploration's hash": {"kappa": 0.5, "n": 20_000},
}
LARGE = {"n": 10_000, "audit": 0.25}  # at least 20 effective audited events and non-events


def _one(job: tuple) -> pd.DataFrame:
    seed, change, world = job
    return measured(CHANGES[change](draw(seed, **world))).assign(seed=seed)


def worlds(
    count: int, change: str = "as it is", processes: int = 1, **world: float
) -> pd.DataFrame:
    """Every estimate of ``count`` worlds with whether its interval holds the truth."""
    jobs = [(seed, change, world) for seed in range(count)]
    if processes == 1:
        every = pd.concat(map(_one, jobs))
    else:
        with Pool(processes) as pool:
            every = pd.concat(pool.imap_unordered(_one, jobs, chunksize=8))
    every = every.dropna(subset=["low"])
    true = every["metric"].map(truth())
    every["held"] = (every["low"] <= true) & (true <= every["high"])
    every["error"] = (every["value"] - true).astype(float)
    every["width"] = (every["high"] - every["low"]).astype(float)
    return every


def run(count: int, change: str = "as it is", processes: int = 1, **world: float) -> pd.DataFrame:
    """Per metric and estimator: worlds with a number, in how many of them the interval holds the
    truth, the bias and its Monte Carlo error, the median width, and in how many labels were few."""
    every = worlds(count, change, processes, **world)
    by = every.groupby(["metric", "estimator"])
    return pd.DataFrame(
        {
            "worlds": by.size(),
            "held": by["held"].sum(),
            "bias": by["error"].mean(),
            "noise": by["error"].std() / np.sqrt(by.size()),
            "width": by["width"].median(),
            "few": by["fewest"].agg(lambda k: (k < FEW).mean()),
        }
    )


def fails(row: pd.Series) -> bool:
    """Holds the truth so rarely that a 95% interval would do it once in ten million, or is off by
    six times its Monte Carlo error."""
    seldom = row["held"] < stats.binom.ppf(1e-7, row["worlds"], 0.95)
    return bool(seldom or abs(row["bias"]) > 6 * row["noise"])


def tables(count: int, processes: int) -> Iterator[str]:
    yield "| κ | audited | " + " | ".join(NAMES) + " | IPW: event rate | fewer than 20 |"
    yield "|---|---|" + "---|" * (len(NAMES) + 2)
    for kappa in KAPPAS:
        for what, world in (("few", {}), ("many", LARGE)):
            seen = run(count, processes=processes, kappa=kappa, **world)
            held = seen["held"] / seen["worlds"]
            shares = " | ".join(f"{held[name, 'dr']:.1%}" for name in NAMES)
            few = seen.loc[("event_rate", "dr"), "few"]
            yield f"| {kappa} | {what} | {shares} | {held['event_rate', 'ipw']:.1%} | {few:.0%} |"
    yield "\n| mutant | holds the event rate | bias | ± | fails |\n|---|---|---|---|---|"
    for name, world in MUTANTS.items():
        row = run(count // 4, name, processes, **world).loc["event_rate", "dr"]
        held_ = row["held"] / row["worlds"]
        yield (
            f"| {name} | {held_:.0%} | {row['bias']:+.4f} | {row['noise']:.4f} "
            f"| {'yes' if fails(row) else 'NO'} |"
        )
    yield "\n| κ | width with verdicts | m₂ = m | narrower |\n|---|---|---|---|"
    for kappa in KAPPAS:
        widths = [
            run(count // 4, change, processes, kappa=kappa, **LARGE).loc[
                ("event_rate", "dr"), "width"
            ]
            for change in ("as it is", "verdicts teach nothing")
        ]
        yield f"| {kappa} | {widths[0]:.4f} | {widths[1]:.4f} | {1 - widths[0] / widths[1]:.0%} |"


if __name__ == "__main__":
    begun = time.perf_counter()
    for line in tables(int(sys.argv[1]) if len(sys.argv) > 1 else 500, os.cpu_count() or 1):
        print(line, flush=True)
    print(
        f"\n{pd.Timestamp.now('UTC'):%Y-%m-%d}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, numpy {np.__version__}, "
        f"{time.perf_counter() - begun:,.0f} s"
    )
