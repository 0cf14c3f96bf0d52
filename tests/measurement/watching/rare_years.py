"""Years of weekly looks in worlds of few events: how often nothing changed and watch() rings.

``python tests/measurement/watching/rare_years.py 200`` prints docs/watching.md's table.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

import numpy as np
import pandas as pd

from tests.measurement import few
from truerisk.measurement.watching.watch import watch

SERIES = ("event_rate", "calibration_error", "brier", "policy_value")
BEGIN = pd.Timestamp("2025-12-29", tz="UTC")


def year(seed: int, rate: float, labels: int, draws: str = "even") -> pd.DataFrame:
    """3,000 applications over 52 weeks; the outcome model is the score, as watch() begins."""
    log = few.draw(seed, rate, labels, few.DRAWS[draws], "true")
    seconds = np.sort(np.random.default_rng(seed).integers(0, 52 * 7 * 86_400, len(log)))
    as_of = BEGIN + pd.to_timedelta(seconds, unit="s")
    return log.assign(as_of=as_of, m=log["score"]).drop(columns=["x", "risk"])


def promised(rate: float) -> dict[str, float]:
    """What is true, with no tolerance; of dollars those of the policy that ran, on average."""
    true = few.truth(rate)
    return {name: true[name] for name in ("event_rate", "calibration_error", "brier")}


def rings(seed: int, rate: float, labels: int, draws: str = "even") -> pd.Series:
    """Which series alert at any look of the year, and whether any sequence was shown."""
    found = watch(year(seed, rate, labels, draws), promised(rate))
    by = found.groupby("series")
    return pd.concat([by["alert"].any(), pd.Series({"shown": found["value"].notna().any()})])


def cell(rate: float, labels: int, years: int, draws: str = "even") -> pd.Series:
    return pd.DataFrame([rings(seed, rate, labels, draws) for seed in range(years)]).mean()


def main(years: int) -> None:
    print("| events | labels a year | event rate | calibration error | Brier | shown |")
    print("|---|---|---|---|---|---|")
    for rate in few.RATES:
        for labels in few.LABELS:
            seen = cell(rate, labels, years)
            shares = [f"{seen[s]:.1%}" for s in ("event_rate", "calibration_error", "brier")]
            print(f"| {rate:.1%} | {labels} | {' | '.join(shares)} | {seen['shown']:.0%} |")


if __name__ == "__main__":
    main(int(sys.argv[1]))
