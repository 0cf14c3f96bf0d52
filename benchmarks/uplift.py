"""A real randomised mailing: whom to contact, by truerisk, causalml and scikit-uplift.

    python benchmarks/uplift.py information_bureau_marketing.parquet [--share 0.2] [--without …]

The file (20,000 people, 67 credit-bureau variables) says whom a draw contacted and who bought. All
contestants fit on its ``split`` train and score valid; ``tr.uplift.qini`` judges every score by the
same pseudo-outcomes, whose outcome models know nothing but the purchase rate of each arm. For each
package the model that does best on the judging rows stands, in hindsight, with the paired
difference. The exit code is 1 where truerisk's uplift is below one of them beyond noise.

causalml and scikit-uplift share an environment of their own, in .truerisk/benchmarks.
"""

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from contestants import Contestant, measured

import truerisk as tr

CONTESTANTS = {
    "truerisk": Contestant("truerisk", "with_uplift", "candidates"),
    "causalml": Contestant("causalml", "with_causalml", "models", "uplift"),
    "scikit-uplift": Contestant("scikit-uplift", "with_sklift", "models", "uplift"),
}
OURS = "truerisk: uplift"
LABELS = ("TREATMENT", "PURCHASE", "UNIQUE_ID", "split")
TINY = 1_500


def main(words: list[str]) -> int:
    ask = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    ask.add_argument("file", help="information_bureau_marketing.parquet")
    ask.add_argument("--share", type=float, default=0.2, help="of people who can be contacted")
    ask.add_argument("--without", nargs="*", default=[], help="causalml, scikit-uplift")
    asked = ask.parse_args(words)
    people = pd.read_parquet(asked.file)
    parts = {name: people[people["split"] == name] for name in ("train", "valid")}
    with tempfile.TemporaryDirectory() as folder:
        for size, most in (("full", None), ("tiny", TINY)):
            _written(Path(folder) / size, parts, most)
        found = {
            package: measured(one, Path(folder) / "full", Path(folder) / "tiny")
            for package, one in CONTESTANTS.items()
            if package not in asked.without
        }
    scores = {
        f"{package}: {name}": np.array(score)
        for package, run in found.items()
        for name, score in run["figures"].items()
    }
    table = judged(parts["valid"], scores, asked.share)
    print("\n".join(shown(table, found, len(parts["valid"]), asked.share)))
    versions = {k: v for run in found.values() for k, v in run["versions"].items()}
    on = ", ".join(f"{name} {version}" for name, version in sorted(versions.items()))
    print(
        f"\n{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, {on}"
    )
    return 1 if (table["gain_high"] < 0).any() else 0


def _written(folder: Path, parts: dict[str, pd.DataFrame], most: int | None) -> None:
    """What every contestant reads: fitted rows with what was done and bought, judging rows."""
    folder.mkdir()
    for name, rows in (("train", parts["train"]), ("judge", parts["valid"])):
        made = rows.drop(columns=list(LABELS)).assign(key=rows["UNIQUE_ID"]).iloc[:most]
        if name == "train":
            made = made.assign(treated=rows["TREATMENT"], event=rows["PURCHASE"])
        made.to_parquet(folder / f"{name}.parquet", index=False)


def judged(valid: pd.DataFrame, scores: dict[str, np.ndarray], share: float) -> pd.DataFrame:
    """Per score what contacting its best share adds, in people, and by how much ours adds more."""
    treated = valid["TREATMENT"].to_numpy() == 1
    rates = [valid["PURCHASE"][treated == arm].mean() for arm in (True, False)]
    log = pd.DataFrame(
        {
            "subject": valid["UNIQUE_ID"].to_numpy(),
            "mature": True,
            "score": 0.5,
            "action": np.where(treated, "contact", "skip"),
            "p_contact": 0.5,
            "p_skip": 0.5,
            "p_reveal": 1.0,
            "revealed": True,
            "event": valid["PURCHASE"].to_numpy(),
            "m_contact": rates[0],
            "m_skip": rates[1],
        }
    )
    asked: dict[str, Any] = {"shares": [share], "action": "contact", "instead": "skip"}
    own = tr.uplift.qini(log, scores, **asked)
    own = own[own["figure"] == "incremental_response"].set_index("score")
    table = own[["value", "low", "high"]] * len(log)
    for name in scores:
        pair = {OURS: scores[OURS], name: scores[name]}
        more = tr.uplift.qini(log, pair, against=name, **asked)
        more = more[more["figure"] == "incremental_response_gain"].set_index("score")
        for column in ("value", "low", "high"):
            same = name == OURS
            table.loc[name, f"gain_{column}"] = 0 if same else more.loc[OURS, column] * len(log)
    return table.astype(float)


def shown(table: pd.DataFrame, found: dict, people: int, share: float) -> Iterator[str]:
    first = f"{share:.0%} of {people:,} people contacted, by"
    yield f"| {first} | purchases added | truerisk adds more |"
    yield "|---|---|---|"
    for name, row in table.iterrows():
        more = f"{row['gain_value']:+.0f} ({row['gain_low']:+.0f} … {row['gain_high']:+.0f})"
        yield (
            f"| {name} | {row['value']:.0f} ({row['low']:.0f} … {row['high']:.0f}) "
            f"| {'' if name == OURS else more} |"
        )
    for package, run in found.items():
        names = [name for name in table.index if name.startswith(f"{package}: ")]
        best = max(names, key=lambda name: table.loc[name, "value"])
        yield f"\n{package}: {run['seconds']:.0f} s; best on these people: {best.split(': ')[1]}."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
