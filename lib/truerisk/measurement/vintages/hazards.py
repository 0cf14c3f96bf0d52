"""When events come: discrete-time hazards by decision stratum, closing as a competing end."""

from dataclasses import dataclass

import numpy as np

from truerisk.measurement.vintages.history import History

BINS = 120  # of the horizon
MOST_BANDS = 5
EVENTS_A_BAND = 50
LEAST_FOLLOWED = 30  # mature rows of a cell
STRATA = ("approved by the policy", "explored")
NEVER = 1e-9


@dataclass(frozen=True, kw_only=True)
class Hazards:
    """Hazards of each cell (a band of scores within a decision stratum) in each bin of age.

    h = Σw·d / Σw·r over followed rows, with w = R/π, d the ends in a bin and r those still open at
    its start; a row counts in the bins that it was old enough to be followed through, whatever
    ended it, so that no age is favoured. ``event``, ``close`` and ``at_risk`` are (cells, BINS);
    ``beyond`` (cells, BINS + 1) is P(event by the horizon | open at a bin's start), ``by`` of the
    same shape P(event by a bin's start). ``cell`` (n,) is −1 where nothing is followed, ``stop``
    (n,) the bins a row was followed for, ``bin`` (n,) the one of its end; ``known`` says which
    cells were followed to the horizon, ``stratum`` (cells,) where each lies.
    """

    event: np.ndarray
    close: np.ndarray
    at_risk: np.ndarray
    beyond: np.ndarray
    by: np.ndarray
    cell: np.ndarray
    stratum: np.ndarray
    known: np.ndarray
    stop: np.ndarray
    bin: np.ndarray
    ended: np.ndarray

    def times(self, factor: float) -> "Hazards":
        """As if events came ``factor`` times as fast, in every cell and bin."""
        event = np.minimum(self.event * factor, 1 - self.close)
        beyond, by = _outlook(event, self.close)
        return Hazards(**{**vars(self), "event": event, "beyond": beyond, "by": by})


def hazards(so_far: History) -> Hazards:
    """The hazards of a log's followed rows, weighted by R/π."""
    weight = so_far.weight
    cell, stratum = _cells(so_far, weight)
    count = len(stratum)
    bins = np.minimum((so_far.end * BINS + NEVER).clip(max=BINS - 1), BINS - 1).astype(int)
    over = (so_far.event | so_far.closed) & (cell >= 0)
    through = (so_far.age * BINS + NEVER).clip(max=BINS).astype(int)
    stop = np.where(over, np.minimum(through, bins + 1), through)
    ended = over & (bins < through)
    at_risk = above(cell, stop, weight, count)
    event, close = (
        np.divide(d, at_risk, out=np.zeros(d.shape), where=at_risk > 0)
        for d in (
            _ends(cell, bins, weight * (ended & so_far.event), count),
            _ends(cell, bins, weight * (ended & so_far.closed), count),
        )
    )
    beyond, by = _outlook(event, close)
    followed = np.bincount(cell[so_far.mature & (cell >= 0)], minlength=count)
    known = followed >= LEAST_FOLLOWED
    return Hazards(
        event=event,
        close=close,
        at_risk=at_risk,
        beyond=beyond,
        by=by,
        cell=cell,
        stratum=stratum,
        known=known,
        stop=stop,
        bin=bins,
        ended=ended,
    )


def above(cell: np.ndarray, stop: np.ndarray, weight: np.ndarray, count: int) -> np.ndarray:
    """Σw of the rows with stop > j, shape (cells, BINS)."""
    kept = cell >= 0
    at = cell[kept] * (BINS + 1) + stop[kept]
    stops = np.bincount(at, weights=weight[kept], minlength=count * (BINS + 1))
    stops = stops.reshape(count, BINS + 1)
    return np.cumsum(stops[:, ::-1], axis=1)[:, ::-1][:, 1:]


def _ends(cell: np.ndarray, bins: np.ndarray, weight: np.ndarray, count: int) -> np.ndarray:
    kept = cell >= 0
    at = cell[kept] * BINS + bins[kept]
    return np.bincount(at, weights=weight[kept], minlength=count * BINS).reshape(count, BINS)


def _outlook(event: np.ndarray, close: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """P(event by the horizon | open at t) and P(event by t), each (cells, BINS + 1)."""
    beyond, by = np.zeros((2, len(event), BINS + 1))
    still = np.ones(len(event))
    for j in range(BINS):
        by[:, j + 1] = by[:, j] + still * event[:, j]
        still = still * (1 - event[:, j] - close[:, j])
    for j in reversed(range(BINS)):
        beyond[:, j] = event[:, j] + (1 - event[:, j] - close[:, j]) * beyond[:, j + 1]
    return beyond, by


def _cells(so_far: History, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A code per row and the stratum of each code.

    Approved by the policy (π = 1) and explored (π < 1) default at different ages. Within each,
    scores are cut into bands of at least EVENTS_A_BAND mature events, so that a vintage of other
    risks is completed by rows like its own.
    """
    strata: list[int] = []
    cell = np.full(len(weight), -1)
    explored = so_far.rows.chance < 1
    for stratum, mask in enumerate((~explored, explored)):
        rows = mask & (weight > 0)
        events = int((rows & so_far.mature & so_far.event).sum())
        bands = min(max(events // EVENTS_A_BAND, 1), MOST_BANDS)
        score = so_far.rows.score[rows]
        cuts = np.quantile(score, np.arange(1, bands) / bands) if len(score) else []
        cell[rows] = len(strata) + np.searchsorted(cuts, score)
        strata += [stratum] * bands
    return cell, np.array(strata)
