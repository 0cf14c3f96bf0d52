"""Estimates of one group of rows: every metric by every estimator for every population."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from truerisk.measurement.evidence.pseudo import ESTIMATORS, Guess, Pseudo, weights
from truerisk.measurement.evidence.rows import Rows
from truerisk.measurement.gamma import Labels, gamma_interval, too_few
from truerisk.measurement.one_pass import Spread, one_pass
from truerisk.measurement.status import OK, Reason
from truerisk.statistics.influence import Value
from truerisk.statistics.interval import (
    LEVEL,
    Z,
    bootstrap_t,
    cluster_sums,
    quantile,
    share_interval,
    two_way_se,
    wald,
    wilson,
)

AS_RUN = "as run"
WEIGHTED = ("ipw", "dr")
LEAST_EXPLORED = 30  # fewer effective explored labels: no number
SMALL = 60  # fewer: bootstrap-t
SAYS_NOTHING = 0.5  # a share's interval wider than this


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A metric over the rows of one group.

    ``policy`` names the policy or model it speaks of, ``at`` where it is taken. ``share``: it
    lies in [0, 1]. ``bounded``: worst cases over unknown outcomes say something. ``needs``:
    of which outcomes, 1 events and 0 others, it needs five. ``daily``: days vary too, not only
    clusters. ``level`` is the chance that the interval misses.
    """

    name: str
    of: Callable[[Rows, Pseudo], Value]
    share: bool = False
    bounded: bool = True
    policy: str | None = None
    at: object = None
    needs: Sequence[int] = ()
    daily: bool = False
    level: float = LEVEL


def estimates(
    rows: Rows, guess: Guess, wanted: Sequence[Metric], outcomes: int = 1
) -> Iterator[dict]:
    """The rows of measure()'s result, metric by metric, each naive, IPW and DR.

    Of several ``outcomes`` the rows of each stand below those of the one before; who had no chance
    to show one of them is not eligible.
    """
    eligible = _eligible(rows, outcomes)
    naive = _Part(rows, guess, rows.seen, "revealed").estimates(wanted, "naive")
    part = _Part(rows, guess, eligible, "eligible", outcomes)
    some = [part.estimates(wanted, name) for name in WEIGHTED]
    if eligible.all():
        every = [[row | {"population": "all"} for row in found] for found in some]
    else:
        part = _Part(rows, guess, np.ones(len(rows), bool), "all", outcomes)
        every = [part.estimates(wanted, name) for name in WEIGHTED]
    for found in zip(naive, some[0], every[0], some[1], every[1], strict=True):
        yield from found


def eligible_estimates(
    rows: Rows, guess: Guess, wanted: Sequence[Metric], outcomes: int = 1
) -> list[dict]:
    """Of those rows only the doubly robust ones of who had a chance to be revealed."""
    kept = _eligible(rows, outcomes)
    return _Part(rows, guess, kept, "eligible", outcomes).estimates(wanted, "dr")


def _eligible(rows: Rows, outcomes: int) -> np.ndarray:
    """Who had a chance to show each of the outcomes, (n,)."""
    chance = rows.pi > 0
    return chance if outcomes == 1 else np.tile(chance.reshape(outcomes, -1).all(0), outcomes)


class _Part:
    """The rows of one population, with what all its estimates share."""

    def __init__(
        self, rows: Rows, guess: Guess, kept: np.ndarray, population: str, outcomes: int = 1
    ) -> None:
        self.population, self.outcomes = population, outcomes
        self.rows, self.guess = rows.where(kept), guess.where(kept)
        lost = 1 - _eligible(rows, outcomes).mean() if population == "all" else 0.0
        self.lost = float(lost)
        part = self.rows
        revealed = population == "revealed"
        weight = part.seen.astype(float) if revealed else weights(part, self.guess)
        self.explored = effective(weight[part.explored])
        self.about = {
            "n": len(part),
            "effective_n": effective(weight),
            "labels": int(part.seen.sum()),
            "explored_labels": len(part.explored),
            "largest_weight": float(weight.max(initial=0)),
            "share_not_identified": self.lost,
        }
        self.trouble = self._trouble()
        self.one_day = bool((part.day == part.day[0]).all()) if len(part) else True
        self.hidden = part.unseen | (part.pi == 0)
        self.weighted = not revealed and bool((part.chance < 1).any())

    def estimates(self, wanted: Sequence[Metric], estimator: str) -> list[dict]:
        """A row for each metric: the value with its interval, or why there is none."""
        pseudo = ESTIMATORS[estimator](self.rows, self.guess)
        labels = self._labels(pseudo, self.rows, estimator)
        found: list[dict] = []
        bases: dict[int, Value] = {}
        for metric in wanted:
            trouble = self.trouble or too_few(labels, metric.needs)
            if metric.daily and not trouble and self.one_day:
                trouble = Reason.ONE_DAY.status(n=len(self.rows))
            if not trouble:
                base = metric.of(self.rows, pseudo)
                if np.isfinite(base.theta):
                    bases[len(found)] = base
                else:
                    trouble = Reason.UNDEFINED.status()
            found.append(
                {
                    "metric": metric.name,
                    "policy": metric.policy,
                    "at": None if metric.at is None else str(metric.at),
                    "estimator": estimator,
                    "population": self.population,
                    **dict.fromkeys(("value", "low", "high", "lowest", "highest")),
                    **self.about,
                    "status": trouble or OK,
                }
            )
        spreads = one_pass(list(bases.values()), self.rows, labels)
        for (place, base), spread in zip(bases.items(), spreads, strict=True):
            ends = self._interval(wanted[place], base, spread, labels)
            found[place] |= self._told(wanted[place], estimator, base, *ends)
        return found

    def _told(self, metric: Metric, estimator: str, base: Value, low: float, high: float) -> dict:
        """A value with its interval, or why it is not shown.

        Outcomes that nobody could have seen (π = 0), or that an action should have shown and did
        not, are taken at their worst on both sides: low and high then hold all of them. Lost ones
        are weighted for by those alike; ``lowest`` and ``highest`` hold their worst cases.
        """
        part = self.rows
        told: dict = {}
        if metric.share and estimator != "naive" and high - low > SAYS_NOTHING:
            weight = self.about["largest_weight"]
            return {"status": Reason.TOO_WIDE.status(low=low, high=high, weight=weight)}
        value: float | None = base.theta
        unknown = self._moving(self.hidden, base, estimator)
        blank = unknown[part.pi[unknown] == 0]
        if len(blank):
            applications = len(part) // self.outcomes
            share = len(np.unique(blank % applications)) / applications
            told["status"] = Reason.SOME_WITHOUT_CHANCE.status(share=share)
            if not metric.bounded or estimator == "ipw":
                return told
            value = None
        elif len(unknown):
            told["status"] = Reason.UNSEEN.status(n=len(unknown))
        if len(unknown):
            low, high = self._worst(metric, estimator, base, unknown, low, high)
        gone = self._moving(part.lost, base, estimator)
        if len(gone):
            told.setdefault("status", Reason.LOST.status(n=len(gone)))
            if metric.bounded:
                both = np.union1d(unknown, gone)
                told["lowest"], told["highest"] = self._worst(
                    metric, estimator, base, both, low, high
                )
        return told | {"value": value, "low": low, "high": high}

    def _moving(self, rows: np.ndarray, base: Value, estimator: str) -> np.ndarray:
        """The places of those of the masked rows whose outcome moves an estimate for everyone."""
        places = np.flatnonzero(rows) if estimator != "naive" else np.zeros(0, dtype=np.intp)
        return places[base.slope[places] != 0] if len(places) else places

    def _worst(
        self,
        metric: Metric,
        estimator: str,
        base: Value,
        unknown: np.ndarray,
        low: float,
        high: float,
    ) -> tuple[float, float]:
        """Interval ends over the worst and the best that the unknown outcomes can be."""
        rows, slope = np.zeros(len(self.rows), dtype=bool), base.slope
        rows[unknown] = True
        for side, y in ((0, slope < 0), (1, slope > 0)):
            supposed = self.rows.supposing(rows, y.astype(float))
            pseudo = ESTIMATORS[estimator](supposed, self.guess)
            labels = self._labels(pseudo, supposed, estimator)
            found = metric.of(supposed, pseudo)
            [spread] = one_pass([found], supposed, labels)
            reach = self._interval(metric, found, spread, labels)[side]
            low, high = (min(low, reach), high) if side == 0 else (low, max(high, reach))
        return low, high

    def _labels(self, pseudo: Pseudo, rows: Rows, estimator: str) -> Labels:
        """What is seen of some rows' outcomes; as usually reported no label stands for others."""
        naive = estimator == "naive"
        return Labels(
            w=pseudo.w,
            y=rows.y,
            m=self.guess.last if pseudo.guessed else None,
            explored=rows.explored[:0] if naive else rows.explored,
            sure=np.flatnonzero(rows.seen) if naive else rows.sure,
            cluster=rows.cluster,
            largest=rows.largest,
        )

    def _interval(
        self, metric: Metric, found: Value, spread: Spread, labels: Labels
    ) -> tuple[float, float]:
        """By the influence function: few events by their counts, bootstrap-t with few labels, else
        logit or Wald."""
        part, z = self.rows, Z if metric.level == LEVEL else quantile(metric.level)

        def variance(rest: np.ndarray) -> float:
            if metric.daily:
                return (two_way_se(rest, part.cluster, part.day) * len(part)) ** 2
            sums = part.sums(rest)
            return float(sums @ sums)

        counted = None
        if not spread.plenty:
            counted = gamma_interval(
                found.theta, found.influence, found.slope, labels, metric.level, z, variance
            )
        if counted is not None:
            low, high = np.clip(counted, 0, 1) if metric.share else counted
            return float(low), float(high)
        if metric.share and found.theta in (0, 1) and not found.influence.any():
            count = min(labels.least(metric.needs), self.about["effective_n"])
            return wilson(found.theta, max(int(count), 1), z)
        if metric.daily:
            se = two_way_se(found.influence, part.cluster, part.day)
        elif (self.weighted and self.explored < SMALL) or (
            metric.share and not 0 < found.theta < 1
        ):
            sums = cluster_sums(found.influence, part.cluster)
            return bootstrap_t(found.theta, sums, len(part), metric.level)
        else:
            se = spread.deviation / len(part)
        return (share_interval if metric.share else wald)(found.theta, se, z)

    def _trouble(self) -> str:
        """Why no number may be printed, or '' when one may."""
        part = self.rows
        if self.population != "revealed" and not (part.pi > 0).any():
            return Reason.NO_CHANCE.status()
        labels = self.about["labels"]
        if labels < 2:
            return Reason.FEW_SEEN.status(n=labels)
        if (part.cluster == part.cluster[0]).all():
            return Reason.ONE_SUBJECT.status(n=len(part))
        whole = int(self.explored + 1e-9)
        weighted = self.population != "revealed" and (part.chance[part.pi > 0] < 1).any()
        if weighted and whole < LEAST_EXPLORED:
            return Reason.FEW_EXPLORED.status(n=whole, need=LEAST_EXPLORED)
        return ""


def effective(weight: np.ndarray) -> float:
    """Kish's effective number, (Σw)² / Σw², 0 for no weight."""
    total = float((weight**2).sum())
    return float(weight.sum() ** 2 / total) if total else 0.0
