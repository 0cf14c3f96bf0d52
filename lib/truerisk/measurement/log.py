"""A decision log, checked: what an unbiased estimate needs, or one sentence on what is missing.

One row per application. Needed: ``subject``, ``mature``, ``score`` in [0, 1], ``p_reveal`` in
[0, 1] (null where no propensity was logged), ``revealed`` and ``event`` (0/1, null where not seen).
For dollars also ``p_<action>``, ``value_<action>_if_event`` and ``value_<action>_if_no_event``.
Optional: ``override`` (the action a person took instead, else null), ``cluster`` (else subject),
and ``m``, an outcome model's cross-fitted P(event), which measure() fits otherwise.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from truerisk.errors import LogError, did_you_mean

NEEDED = ("subject", "mature", "score", "p_reveal", "revealed", "event")


@dataclass(frozen=True)
class Rows:
    """What estimates need of a log's mature rows; arrays of shape (n,).

    ``pi`` is p_reveal (0 where none was logged), ``seen`` R, ``y`` the event where seen else 0,
    ``unseen`` a revealing action whose outcome nobody saw (overridden by hand, or lost),
    ``cluster`` a code per cluster.
    """

    score: np.ndarray
    pi: np.ndarray
    seen: np.ndarray
    y: np.ndarray
    unseen: np.ndarray
    cluster: np.ndarray

    def __len__(self) -> int:
        return len(self.score)

    def where(self, mask: np.ndarray) -> "Rows":
        arrays = (self.score, self.pi, self.seen, self.y, self.unseen, self.cluster)
        return Rows(*(a[mask] for a in arrays))


def mature_rows(log: pd.DataFrame) -> tuple[pd.DataFrame, Rows]:
    """The log's mature rows, as a frame and as arrays.

    Raises LogError naming what a log lacks or contradicts, with row counts.

    Immature rows leave before anything else is formed: coding them as not revealed, or dropping
    only the revealed ones, biases every estimate.
    """
    for column in NEEDED:
        if column not in log:
            raise LogError(
                f'The log has no column "{column}", without which no estimate is unbiased; '
                f"{did_you_mean(column, log.columns)}."
            )
    frame = log[log["mature"].astype(bool)].reset_index(drop=True)
    if frame.empty:
        raise LogError(
            f"The log has no mature row among its {len(log):,}: every horizon is still running; "
            "measure later."
        )
    score, logged, event = (_numbers(frame, c) for c in ("score", "p_reveal", "event"))
    revealed = frame["revealed"].to_numpy(dtype=bool)
    overridden = np.zeros(len(frame), dtype=bool)
    if "override" in frame:
        overridden = frame["override"].notna().to_numpy()
    _refuse("score lies outside [0, 1]", ~((score >= 0) & (score <= 1)))
    _refuse("p_reveal lies outside [0, 1]", (logged < 0) | (logged > 1))
    shown = revealed & ~overridden
    _refuse("p_reveal is 0 although the outcome was revealed", shown & (logged == 0))
    _refuse("event is neither 0 nor 1 nor null", ~np.isnan(event) & ~np.isin(event, (0, 1)))
    actions = action_names(frame)
    if actions:
        total = sum(_numbers(frame, f"p_{a}") for a in actions)
        _refuse("the p_<action> do not sum to 1", np.abs(total - 1) > 1e-6)
    pi = np.nan_to_num(logged)
    # A hand that intervenes after the draw hides the outcome, and one that approves what was
    # declined shows an outcome that no draw chose: neither may enter a pseudo-label.
    seen = shown & ~np.isnan(event)
    unseen = _drawn(frame, pi, shown, overridden) & ~seen & (pi > 0)
    by = "cluster" if "cluster" in frame else "subject"
    cluster = pd.factorize(frame[by])[0]
    _refuse(f"{by} is null", cluster < 0)
    y = np.where(seen, np.nan_to_num(event), 0.0)
    return frame, Rows(score, pi, seen, y, unseen, cluster)


def action_names(log: pd.DataFrame) -> list[str]:
    """The actions a log holds dollars for."""
    ending = "_if_no_event"
    return [
        c.removeprefix("value_").removesuffix(ending)
        for c in log.columns
        if c.startswith("value_") and c.endswith(ending)
    ]


def _drawn(
    frame: pd.DataFrame, pi: np.ndarray, shown: np.ndarray, overridden: np.ndarray
) -> np.ndarray:
    """Whether the draw took a revealing action, also where its outcome is hidden or lost.

    It did where π = 1, and wherever it took an action that shows outcomes when no hand intervenes.
    """
    drawn = shown | (pi == 1)
    if "action" not in frame:
        return drawn | overridden
    return drawn | frame["action"].isin(frame.loc[shown, "action"].unique()).to_numpy()


def _numbers(frame: pd.DataFrame, column: str) -> np.ndarray:
    try:
        return frame[column].to_numpy(dtype=float)
    except (TypeError, ValueError) as error:
        raise LogError(f'The log\'s column "{column}" does not hold numbers ({error}).') from error


def _refuse(what: str, rows: np.ndarray) -> None:
    count = int(rows.sum())
    if count:
        raise LogError(f"The log cannot be measured: {what} in {count:,} of {len(rows):,} rows.")
