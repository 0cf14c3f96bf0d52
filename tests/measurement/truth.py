"""How often intervals hold what is true: thousands of worlds, and mutants that must fail.

``python tests/measurement/truth.py [worlds]`` prints the table of docs/truth.md. What is asked
stands in TARGETS, fixed beforehand. The target of an interval is everyone who might have applied
(the superpopulation), not these applicants.
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

from tests.measurement import returning_worlds, worlds
from truerisk.measurement.estimate import Metric, estimates
from truerisk.measurement.evidence import outcome_model, pseudo
from truerisk.measurement.evidence.evidence import evidence_of
from truerisk.measurement.evidence.outcomes import Outcome
from truerisk.measurement.evidence.pseudo import ESTIMATORS, Pseudo
from truerisk.measurement.evidence.rows import Rows
from truerisk.measurement.metrics import policies, requested_metrics
from truerisk.measurement.options import Flagging
from truerisk.statistics.interval import Z

THRESHOLD, SHARE = 0.2, 0.15
RIVAL = "blurred"
# metric: least coverage, most coverage, most bias (absolute, or of the true value for dollars)
TARGETS = {
    "event_rate": (0.935, 0.965, 0.002),
    "auc": (0.935, 0.965, 0.002),
    "recall": (0.935, 0.965, None),
    "precision": (0.935, 0.965, None),
    "observed_expected": (0.935, 0.965, None),
    "policy_value": (0.92, 1.0, None),
}
SMALL = ("event_rate", "auc", "recall (score ≥ 0.2)", "calibration_error", "policy_value")
SMALL_NAMES = tuple(name.split(" (")[0] for name in SMALL)
Change = Callable[[pd.DataFrame], pd.DataFrame]


def metrics(only: tuple[str, ...] = ()) -> list[Metric]:
    """All that is measured in every world, or ``only`` some of it."""
    changed = dict.fromkeys((policies.AS_RUN, "wider"))
    found = [
        *requested_metrics.quality(),
        *requested_metrics.flagged(Flagging(thresholds=[THRESHOLD], shares=[SHARE])),
        *requested_metrics.rivals([RIVAL]),
        *policies.values(changed),  # type: ignore[arg-type]
        *policies.swaps(changed),  # type: ignore[arg-type]
    ]
    left_out = "ks", "swap_share"
    kept = [m for m in found if m.policy != policies.AS_RUN and m.name not in left_out]
    return [m for m in kept if not only or m.name in only]


def named(metric: str, at: str | None) -> str:
    return f"{metric} ({at})" if pd.notna(at) else metric


def columns(log: pd.DataFrame) -> dict[str, np.ndarray]:
    ran = log[["p_approve", "p_decline"]].set_axis(["approve", "decline"], axis=1)
    offered = {policies.AS_RUN: ran, **worlds.wider(log)}
    blurred = worlds.sigmoid(np.log(log["score"] / (1 - log["score"])) + 0.4 * log["u"])
    made = policies.columns(log, offered, Outcome(), ["approve"])
    return {**made, requested_metrics.rival(RIVAL): blurred.to_numpy()}


@cache
def truth(hidden: float, pi: float = worlds.PI, only: tuple[str, ...] = ()) -> dict[str, float]:
    """Every metric, or ``only`` some, with a million applications' risks in place of labels."""
    log = worlds.draw(999, n=1_000_000, hidden=hidden, pi=pi)
    p, one, no = log["p"].to_numpy(), np.ones(len(log)), np.zeros(len(log), bool)
    rows = Rows(
        score=log["score"].to_numpy(),
        pi=one,
        seen=~no,
        y=p,
        walked=no,
        lost=no,
        unseen=no,
        cluster=np.arange(len(log)),
        day=0 * one,
    )
    rows = rows.adding(columns(log))
    return {named(m.name, m.at): m.of(rows, Pseudo(p, 1 - p, one)).theta for m in metrics(only)}


def measured(log: pd.DataFrame, only: tuple[str, ...] = (), as_logged: bool = True) -> pd.DataFrame:
    """The estimates of one world for everyone, and naive ones; a log that is not ``as_logged`` is
    estimated from even where its draws contradict its chances."""
    known = evidence_of(log, as_logged=as_logged)
    frame, rows = known.frame, known.rows
    guess = outcome_model.guesses(frame, rows, [])
    found = pd.DataFrame(estimates(rows.adding(columns(frame)), guess, metrics(only)))
    return found[found["population"] != "eligible"]


def one(job: tuple) -> pd.DataFrame:
    seed, world, change, only = job
    found = measured(CHANGES[change](worlds.draw(seed, **world)), only, change == "as it is")
    names = [named(metric, at) for metric, at in zip(found["metric"], found["at"])]
    return found.assign(name=names)[["name", "estimator", "value", "low", "high", "status"]]


def run(
    count: int,
    change: str = "as it is",
    only: tuple[str, ...] = (),
    processes: int = 1,
    **world: object,
) -> pd.DataFrame:
    """Per metric and estimator over ``count`` worlds: how often the interval holds the truth, the
    bias and its Monte Carlo error, and the median width; ``only`` some metrics."""
    true = truth(float(world.get("hidden", 0.0)), float(world.get("pi", worlds.PI)), only)  # type: ignore[arg-type]
    jobs = [(seed, world, change, only) for seed in range(count)]
    if processes == 1:
        every = pd.concat(map(one, jobs))
    else:
        with Pool(processes) as pool:
            every = pd.concat(pool.imap_unordered(one, jobs, chunksize=8))
    every = every.dropna(subset=["low"])
    every["truth"] = every["name"].map(true)
    every["held"] = (every["low"] <= every["truth"]) & (every["truth"] <= every["high"])
    every["error"] = (every["value"] - every["truth"]).astype(float)
    every["width"] = (every["high"] - every["low"]).astype(float)
    by = every.groupby(["name", "estimator"], sort=False)
    return pd.DataFrame(
        {
            "truth": by["truth"].first(),
            "worlds": by.size(),
            "held": by["held"].sum(),
            "bias": by["error"].mean(),
            "noise": by["error"].std() / np.sqrt(by.size()),
            "width": by["width"].median(),
            "status": by["status"].first(),
        }
    )


def _in_sample(log: pd.DataFrame) -> pd.DataFrame:
    """A deep tree knows every revealed outcome by heart, so that nothing is left to correct."""
    from sklearn.tree import DecisionTreeClassifier

    seen, X = log["revealed"], log[["score", "u"]].to_numpy()
    tree = DecisionTreeClassifier(random_state=0).fit(X[seen], log["event"][seen])
    return log.assign(m=tree.predict_proba(X)[:, 1])


def _immature(log: pd.DataFrame) -> pd.DataFrame:
    """Half of the horizons still run; their approvals count as approvals without an event."""
    young = log["subject"] % 2 == 0
    return log.assign(event=log["event"].mask(young & log["revealed"], 0.0))


def _capped(log: pd.DataFrame) -> pd.DataFrame:
    """Weights above 4 are cut to 4, as a propensity of at least a quarter."""
    return log.assign(
        p_reveal=log["p_reveal"].clip(lower=0.25),
        p_approve=log["p_approve"].clip(lower=0.25),
        p_decline=log["p_decline"].clip(upper=0.75),
    )


def _stopped(log: pd.DataFrame) -> pd.DataFrame:
    """After a hundred explored applications nobody is, and the log keeps its nominal π."""
    explored = log["revealed"] & (log["p_reveal"] < 1)
    late = explored & (explored.cumsum() > 60)
    return worlds.reveal(log, log["revealed"] & ~late)


def _single(log: pd.DataFrame) -> pd.DataFrame:
    return log.assign(cluster=np.arange(len(log)))


def _dropped(log: pd.DataFrame) -> pd.DataFrame:
    """People decline by hand whom they distrust among the approved, and their rows are dropped."""
    return log[~(log["revealed"] & (log["u"] > 0.5))].reset_index(drop=True)


def _half_left_out(log: pd.DataFrame) -> pd.DataFrame:
    return log[~((log["subject"] % 2 == 0) & log["revealed"])].reset_index(drop=True)


CHANGES: dict[str, Change] = {
    "as it is": lambda log: log,
    "no correction term": lambda log: log,
    "weights capped at 4": _capped,
    "nominal π under a cap": _stopped,
    "in-sample m": _in_sample,
    "immature as no event": _immature,
    "no clustering": _single,
    "overrides dropped": _dropped,
    "immature left out": lambda log: log.assign(mature=log["subject"] % 2 == 1),
    "immature revealed left out": _half_left_out,
    "m fitted": lambda log: log.drop(columns="m"),
}
# What each mutant is run in: a poor m shows what a good one hides.
WORLD_OF: dict[str, dict] = {
    "no correction term": {"m": "constant"},
    "weights capped at 4": {"m": "constant"},
    "nominal π under a cap": {"m": "constant"},
    "in-sample m": {"hidden": 0.8},
    "immature as no event": {"m": "constant"},
    "no clustering": {"n": 6_400, "repeats": 32, "pi": 0.6, "m": "constant"},
    "overrides dropped": {"m": "constant", "hidden": 0.8},
}


def mutant(name: str, count: int, processes: int = 1) -> pd.Series:
    """The mutant's DR event rate."""
    kept = pseudo.ESTIMATORS["dr"]
    if name == "no correction term":
        pseudo.ESTIMATORS["dr"] = lambda rows, guess: Pseudo(
            guess.event, 1 - guess.event, pseudo.weights(rows, guess), guessed=True
        )
    try:
        found = run(count, name, ("event_rate",), processes, **WORLD_OF[name])
    finally:
        pseudo.ESTIMATORS["dr"] = kept
    return found.loc["event_rate", "dr"]


def fails(row: pd.Series) -> bool:
    """Holds the truth so rarely that a 95% interval would do it once in ten million."""
    return bool(row["held"] < stats.binom.ppf(1e-7, row["worlds"], 0.95))


def tables(count: int, processes: int) -> Iterator[str]:
    """The page, table by table."""
    cells = [
        run(count, m=m, hidden=hidden, processes=processes)
        for hidden in (0.0, 0.8)
        for m in ("true", "constant", "overfit")
    ]
    yield f"### Coverage of 95% intervals and bias: six kinds of worlds, {count:,} of each\n"
    heads = (
        "metric | DR holds | IPW holds | naive holds | largest bias of DR | ± | naive bias | asked"
    )
    yield f"| {heads} |\n|---|---|---|---|---|---|---|---|"
    for name in cells[0].index.unique("name"):
        of = {e: [c.loc[name, e] for c in cells if (name, e) in c.index] for e in ESTIMATORS}
        held = {e: [r["held"] / r["worlds"] for r in rows] for e, rows in of.items()}
        worst = max(of["dr"], key=lambda r: abs(r["bias"]))
        naive = max(of["naive"], key=lambda r: abs(r["bias"]))
        least, most, bias = TARGETS.get(name.split(" (")[0], (None, None, None))
        asked = f"{least:.1%} – {most:.1%}" if least else ""
        asked += f", bias ≤ {bias:g}" if bias else ""
        ranges = [f"{min(h):.1%} – {max(h):.1%}" for h in held.values()]
        bias_of_dr = [f"{worst['bias']:+.4f}", f"{worst['noise']:.4f}"]
        shown = [ranges[2], ranges[1], ranges[0], *bias_of_dr, f"{naive['bias']:+.4f}", asked]
        yield f"| {name} | {' | '.join(shown)} |"
    yield f"\n### Mutants that must fail: the DR event rate, {count // 4:,} worlds each\n"
    yield "| mutant | holds the truth | bias | fails |"
    yield "|---|---|---|---|"
    for name in WORLD_OF:
        row = mutant(name, count // 4, processes)
        held_ = row["held"] / row["worlds"]
        yield f"| {name} | {held_:.1%} | {row['bias']:+.4f} | {'yes' if fails(row) else 'NO'} |"
    few = count // 4
    yield from _table("With about 45 explored labels: bootstrap-t", few, processes, pi=0.045)
    yield from _table("With m fitted by measure() itself", few, processes, "m fitted")
    yield returning_worlds.table(few)
    few = max(count // 20, 20)
    yield f"\n### At 60,000 applications, 27% declined, about 320 explored: {few} worlds\n"
    yield "| metric | median width | holds | bias | asked |"
    yield "|---|---|---|---|---|"
    large = run(few, processes=processes, n=60_000, pi=0.02, hidden=0.8)
    asked_width = {"auc": 0.03, "event_rate": 0.028, f"recall (score ≥ {THRESHOLD:g})": 0.05}
    for name, width in asked_width.items():
        row = large.loc[name, "dr"]
        share = row["held"] / row["worlds"]
        yield f"| {name} | {row['width']:.4f} | {share:.0%} | {row['bias']:+.4f} | ≤ {width:g} |"
    yield (
        f"\nSE of the paired AUC gain over that of two separate samples: {paired_ratio():.2f} "
        "(asked: ≤ 0.4)."
    )


def _table(
    title: str, count: int, processes: int, change: str = "as it is", pi: float = worlds.PI
) -> Iterator[str]:
    """Coverage of the metrics that most decisions rest on, with a hidden risk."""
    yield f"\n### {title}, {count:,} worlds\n"
    yield "| metric | DR holds | naive holds | bias of DR | ± | withheld |"
    yield "|---|---|---|---|---|---|"
    found = run(count, change, SMALL_NAMES, processes, pi=pi, hidden=0.8)
    for name in SMALL:
        dr, naive = (found.loc[name, e] for e in ("dr", "naive"))
        shares = [f"{r['held'] / r['worlds']:.1%}" for r in (dr, naive)]
        left = f"{1 - dr['worlds'] / count:.0%}"
        yield f"| {name} | {' | '.join(shares)} | {dr['bias']:+.4f} | {dr['noise']:.4f} | {left} |"


def paired_ratio(seed: int = 0) -> float:
    """SE of the paired AUC difference over that of two separate samples."""
    found = measured(worlds.draw(seed, n=60_000, pi=0.02, hidden=0.8))
    dr = found[found["estimator"] == "dr"].set_index("metric")
    half = (dr["high"] - dr["low"]).astype(float) / 2 / Z
    return float(half["auc_gain"] / (np.sqrt(2) * half["auc"]))


if __name__ == "__main__":
    begun = time.perf_counter()
    for line in tables(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000, os.cpu_count() or 1):
        print(line, flush=True)
    print(
        f"\n{pd.Timestamp.now('UTC'):%Y-%m-%d}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, {time.perf_counter() - begun:,.0f} s"
    )
