"""measure(): every estimate beside its naive twin, with intervals, counts and populations."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from truerisk.errors import LogError
from truerisk.measurement import wanted
from truerisk.measurement.estimate import Metric, estimates
from truerisk.measurement.log import mature_frame, rows_of
from truerisk.measurement.outcome_model import guesses
from truerisk.measurement.outcomes import action_names, outcomes_of
from truerisk.measurement.rows import Rows
from truerisk.measurement.wanted import AS_RUN

BAND = "score band"
FLOATS = ("value", "low", "high", "lowest", "highest", "effective_n", "largest_weight")


def measure(
    log: pd.DataFrame,
    features: Sequence[str] | None = None,
    policies: Mapping[str, pd.DataFrame] | None = None,
    rivals: Mapping[str, np.ndarray] | None = None,
    thresholds: Sequence[float] = (),
    by: Sequence[str] = (),
    shares: Sequence[float] = (),
    capacities: Sequence[float] = (),
    bands: int = 0,
    same_outcome: Mapping[str, str] | None = None,
    cluster: Sequence[str] = (),
    against: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Quality, calibration and dollars, of what ran and of changes to it, for everyone.

    ``log`` has a row per application: ``subject``, ``mature``, ``score``, ``p_reveal``,
    ``revealed``, ``event`` (0/1, null where not seen); for dollars also ``p_<action>`` and
    ``value_<action>_if_event``, ``value_<action>_if_no_event`` (log.py says more). ``features``
    names columns of it that the outcome model may use beside the score. ``policies`` holds changed
    policies: name → frame of one probability per action, rows as in the log (their gain is over
    what ran, or over ``against``, another such frame); ``rivals`` other
    scores of the same rows, compared pairwise. ``thresholds``, ``shares`` (of all, highest scores
    first) and ``capacities`` (a UTC day, needs ``as_of``) add recall, precision and false
    positives of whom they flag; ``bands`` that many score bands; ``by`` names columns whose groups
    are measured as well. ``same_outcome`` (action → action) pools actions that show one outcome.
    ``cluster`` names columns that connect rows that are alike (default: the subject).

    Returns a tidy frame: group_by, group, action (where actions show different outcomes), metric,
    policy, at, estimator (naive, ipw, dr; "booked" for realised dollars), population (revealed,
    eligible, all), value, low, high (95%), lowest, highest (worst cases of lost outcomes), n,
    effective_n, labels, explored_labels, largest_weight, share_not_identified, status. Quote
    estimator "dr", population "all", or "eligible" where some could not be revealed. Dollars are
    per application. Where status is not "ok" it says why a value is missing or only bounded.
    Raises LogError for a log that cannot be measured.
    """
    frame = mature_frame(log)
    mature = log["mature"].to_numpy(dtype=bool)
    if capacities and "as_of" not in frame:
        raise LogError('The log has no column "as_of", which a capacity per day needs.')
    if policies and not action_names(frame):
        raise LogError(
            "The log holds no dollars, so no policy can be valued; add value_<action>_if_event "
            "and value_<action>_if_no_event."
        )
    offered = {**_offered(frame, against), **(policies or {})}
    offered = {
        n: p.loc[mature].reset_index(drop=True) if len(p) == len(log) else p
        for n, p in offered.items()
    }
    columns = {f"rival {n}": np.asarray(s, float)[mature] for n, s in (rivals or {}).items()}
    parts = {}
    for outcome in outcomes_of(frame, same_outcome):
        rows = rows_of(frame, outcome, cluster)
        guess = guesses(frame, rows, features or [])
        worth = _worth(frame, offered)
        parts[outcome.name] = rows.adding(columns | worth), guess
    quality = [
        *wanted.quality(),
        *wanted.flagged(thresholds, shares, capacities),
        *wanted.rivals(list(rivals or {})),
    ]
    found = []
    for name, (rows, guess) in parts.items():
        for metric_set, column, group, mask in _groups(frame, rows, quality, by, bands):
            about = {"group_by": column, "group": group, "action": name or None}
            part, own = rows.where(mask), guess.where(mask)
            if len(parts) == 1:
                metric_set = [*metric_set, *(wanted.values(offered) if column != BAND else [])]
            found += [about | row for row in estimates(part, own, metric_set)]
    return pd.DataFrame(found).astype(dict.fromkeys(FLOATS, "Float64"))


def _offered(frame: pd.DataFrame, against: pd.DataFrame | None) -> dict[str, pd.DataFrame]:
    """The policy to compare with: the log's own, from its p_<action>, or another."""
    actions = action_names(frame)
    if not actions:
        return {}
    if against is None:
        for a in actions:
            if f"p_{a}" not in frame:
                raise LogError(
                    f'The log holds dollars of the action "{a}" and no column "p_{a}", its '
                    "probability before the draw."
                )
        against = frame[[f"p_{a}" for a in actions]].set_axis(actions, axis=1)
    return {AS_RUN: against}


def _groups(
    frame: pd.DataFrame, rows: Rows, quality: list[Metric], by: Sequence[str], bands: int
) -> Iterator[tuple[list[Metric], str, str, np.ndarray]]:
    """What is measured on which rows: all of them, those of each group, those of each band."""
    yield quality, "", "", np.ones(len(rows), bool)
    plain = [m for m in quality if m.at is None and m.policy is None]
    for column in by:
        for group in sorted(frame[column].dropna().unique(), key=str):
            yield plain, column, str(group), frame[column].eq(group).to_numpy()
    if bands:
        edges = np.unique(np.quantile(rows.score, np.linspace(0, 1, bands + 1)[1:-1]))
        code = np.searchsorted(edges, rows.score, "right")
        for k in np.unique(code):
            mask = code == k
            low, high = rows.score[mask].min(), rows.score[mask].max()
            yield wanted.band(len(edges) + 1), BAND, f"{low:.4f} to {high:.4f}", mask


def _worth(frame: pd.DataFrame, offered: Mapping[str, pd.DataFrame]) -> dict[str, np.ndarray]:
    """Each policy's expected dollars per row if the event happens (1) and if not (0), each (n,).

    Σ_a d_a·v_a with d_a the policy's probability of action a, never the draw.
    """
    made = {}
    for name, policy in offered.items():
        for side, ending in ((1, "if_event"), (0, "if_no_event")):
            total = np.zeros(len(frame))
            for action in action_names(frame):
                total += (
                    policy[action].to_numpy(float) * frame[f"value_{action}_{ending}"].to_numpy()
                )
            made[f"{name} {side}"] = total
    return made
