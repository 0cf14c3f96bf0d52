"""The Lending Club proof, repeated: over 100 salts, how often do the intervals hold the truth?

LENDING_CLUB=loans.parquet python benchmarks/lending_club.py [salts]

Everyone in this file was funded, so the truth about the whole population is known. A model is
trained as known at 2012-06-30, it decides the loans issued after 2010-07-01, exploring a little,
and the outcomes of what it declines are masked. The salt is the only thing that changes.
"""

import os
import platform
import sys
import time
from pathlib import Path

import pandas as pd

import truerisk as tr
from truerisk.columns import FEATURE
from truerisk.decisions.batch import Batch
from truerisk.models.package import save
from truerisk.statistics.influence import auc

KNOWN_AT, MEASURED_AT = "2012-06-30", "2014-06-30"
CANDIDATE = "boosting"


def main(salts: int) -> int:
    if "LENDING_CLUB" not in os.environ:
        print("Set LENDING_CLUB to the loan file; see README.md.", file=sys.stderr)
        return 2
    started = time.perf_counter()
    home = Path(__file__).resolve().parents[1]
    problem = tr.load_problem(home / "problems" / "lending_club.toml")
    lake = tr.open_lake(home / ".truerisk" / "benchmarks" / "lending_club")
    dataset = tr.build_dataset(problem, lake, KNOWN_AT)
    fitted = tr.fit(problem, dataset, CANDIDATE)
    version = save(problem.name, lake, fitted.model, {"known_at": KNOWN_AT})
    batch = tr.plan_batch(problem, lake, version)
    scored = tr.score(problem, lake, batch)
    later = tr.build_dataset(problem, lake, MEASURED_AT).frame.set_index(problem.key)
    event = scored[problem.key].map(later["event"]).to_numpy()
    truth = {
        "event_rate": float(event.mean()),
        "auc": auc(event, 1 - event, scored["score"].to_numpy()).theta,
    }
    print(
        f"{len(scored):,} loans decided by {CANDIDATE} {version}, trained on "
        f"{dataset.counts['followed']:,} loans ({dataset.counts['events']:,} charged off); "
        f"truth: event rate {truth['event_rate']:.4f}, AUC {truth['auc']:.4f}"
    )
    outcome = pd.Series(event, index=scored[problem.key])
    runs = pd.concat(_one(problem, batch, scored, outcome, f"salt {i}") for i in range(salts))
    runs["truth"] = runs["metric"].map(truth)
    runs["covers"] = (runs["low"] <= runs["truth"]) & (runs["truth"] <= runs["high"])
    runs["width"], runs["error"] = runs["high"] - runs["low"], runs["value"] - runs["truth"]
    print(f"\n{salts} salts, {runs['explored'].mean():.0f} explored loans on average\n")
    print(f"{'metric':12}{'estimator':12}{'covers':>8}{'mean error':>12}{'mean width':>12}")
    for (metric, estimator), rows in runs.groupby(["metric", "estimator"]):
        print(
            f"{metric:12}{estimator:12}{int(rows['covers'].sum()):>8}"
            f"{rows['error'].mean():>+12.4f}{rows['width'].mean():>12.4f}"
        )
    print(
        f"\n{pd.Timestamp.now('UTC'):%Y-%m-%d}, Python {platform.python_version()}, "
        f"{os.cpu_count()} cores, {time.perf_counter() - started:.0f} s"
    )
    good = runs[runs["estimator"] == "dr"].groupby("metric")["covers"].mean().min() >= 0.90
    bad = runs[runs["estimator"] == "naive"].groupby("metric")["covers"].mean().max() <= 0.20
    return 0 if good and bad else 1


def _one(
    problem: tr.Problem, batch: Batch, scored: pd.DataFrame, event: pd.Series, salt: str
) -> pd.DataFrame:
    """Decide with a salt, mask what was declined, measure."""
    entries = [entry.model_copy(update={"salt": salt}) for entry in problem.exploration]
    salted = problem.model_copy(update={"exploration": entries})
    log = tr.decide(salted, scored, batch)
    revealed = log["action"].isin(problem.revealing)
    seen = log[problem.key].map(event).where(revealed)
    log = log.assign(mature=True, revealed=revealed, event=seen)
    found = tr.measure(log, [c for c in log if c.startswith(FEATURE)])
    wanted = found["population"].isin(["revealed", "all"])
    wanted &= found["metric"].isin(["event_rate", "auc"])
    return found[wanted].assign(salt=salt, explored=int(log["explored"].sum()))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100))
