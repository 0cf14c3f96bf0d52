"""An analyst for tests: errs a little, and is late with every ninth case."""

import numpy as np
import pandas as pd


def judged(waiting: pd.DataFrame, bad: pd.Series, kappa: float, seed: int = 0) -> pd.DataFrame:
    """Verdicts on those who wait, half a day after they came; ``bad`` (application → truth)."""
    rng = np.random.default_rng(seed)
    event = waiting["application_id"].map(bad).to_numpy()
    stops = rng.random(len(waiting)) < np.where(event, kappa, 0.1)
    told = np.arange(len(waiting)) % 9 != 0
    made = pd.DataFrame(
        {
            "decision_id": waiting["decision_id"],
            "verdict": np.where(stops, "decline", "pass"),
            "because": "Called the employer",
            "by": np.where(np.arange(len(waiting)) % 2 == 0, "Ana Ruiz", "Tom Lee"),
            "at": waiting["as_of"] + pd.Timedelta("12h"),
        }
    )
    return made[told].reset_index(drop=True)
