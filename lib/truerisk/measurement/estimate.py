"""Estimates of one group of rows: every metric by every estimator for every population."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from truerisk.measurement.evidence.pseudo import ESTIMATORS, Guess, Pseudo
from truerisk.measurement.evidence.rows import Rows
from truerisk.measurement.gamma import Labels, gamma_interval, too_few
from truerisk.measurement.status import OK, Reason
from truerisk.statistics.influence import Value
from truerisk.statistics.interval import (
    LEVEL,
    Z,
    bootstrap_t,
    cluster_sums,
    quantile,
    se_of,
    share_interval,
    two_way_se,
    wald,
    wilson,
)

AS_RUN = "as run"
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


def estimates(rows: Rows, guess: Guess, wanted: Sequence[Metric]) -> Iterator[dict]:
    """The rows of measure()'s result, metric by metric, each naive, IPW and DR."""
    eligible = rows.pi > 0
    parts = {
        "revealed": _Part(rows, guess, rows.seen, "revealed"),
        "eligible": _Part(rows, guess, eligible, "eligible"),
    }
    if not eligible.all():
        parts["all"] = _Part(rows, guess, np.ones(len(rows), bool), "all")
    for metric in wanted:
        for estimator in ESTIMATORS:
            if estimator == "naive":
                yield parts["revealed"].estimate(metric, estimator)
                continue
            found = parts["eligible"].estimate(metric, estimator)
            yield found
            if eligible.all():
                yield found | {"population": "all"}
            else:
                yield parts["all"].estimate(metric, estimator)


class _Part:
    """The rows of one population, with what all its estimates share."""

    def __init__(self, rows: Rows, guess: Guess, kept: np.ndarray, population: str) -> None:
        self.population = population
        self.rows, self.guess = rows.where(kept), guess.where(kept)
        self.lost = float(1 - (rows.pi > 0).mean()) if population == "all" else 0.0
        self.pseudo = {
            name: ESTIMATORS[name](self.rows, self.guess)
            for name in (["naive"] if population == "revealed" else ["ipw", "dr"])
        }
        part = self.rows
        weight = part.seen.astype(float)
        if population != "revealed":
            weight = self.pseudo["dr"].w
        explored = part.seen & (part.pi > 0) & (part.pi < 1)
        self.explored = effective(weight[explored])
        self.about = {
            "n": len(part),
            "effective_n": effective(weight),
            "labels": int(part.seen.sum()),
            "explored_labels": int(explored.sum()),
            "largest_weight": float(weight.max(initial=0)),
            "share_not_identified": self.lost,
        }
        self.trouble = self._trouble()
        self.labels = {name: self._labels(p, part, name) for name, p in self.pseudo.items()}
        self.one_day = bool((part.day == part.day[0]).all()) if len(part) else True
        self.hidden = part.unseen | (part.pi == 0)

    def estimate(self, metric: Metric, estimator: str) -> dict:
        """One row: the value with its interval, or why there is none.

        Outcomes that nobody could have seen (π = 0), or that an action should have shown and did
        not, are taken at their worst on both sides: low and high then hold all of them. Lost ones
        are weighted for by those alike; ``lowest`` and ``highest`` hold their worst cases.
        """
        part = self.rows
        found: dict = {
            "metric": metric.name,
            "policy": metric.policy,
            "at": None if metric.at is None else str(metric.at),
            "estimator": estimator,
            "population": self.population,
            **dict.fromkeys(("value", "low", "high", "lowest", "highest")),
            **self.about,
            "status": OK,
        }
        labels = self.labels[estimator]
        trouble = self.trouble or too_few(labels, metric.needs)
        if metric.daily and not trouble and self.one_day:
            trouble = Reason.ONE_DAY.status(n=len(part))
        if trouble:
            return found | {"status": trouble}
        base = metric.of(part, self.pseudo[estimator])
        if not np.isfinite(base.theta):
            return found | {"status": Reason.UNDEFINED.status()}
        low, high = self._interval(metric, base, estimator, labels)
        if metric.share and estimator != "naive" and high - low > SAYS_NOTHING:
            weight = self.about["largest_weight"]
            return found | {"status": Reason.TOO_WIDE.status(low=low, high=high, weight=weight)}
        value: float | None = base.theta
        unknown = self._moving(self.hidden, base, estimator)
        blank = unknown[part.pi[unknown] == 0]
        if len(blank):
            share = len(blank) / len(part)
            found["status"] = Reason.SOME_WITHOUT_CHANCE.status(share=share)
            if not metric.bounded or estimator == "ipw":
                return found
            value = None
        elif len(unknown):
            found["status"] = Reason.UNSEEN.status(n=len(unknown))
        if len(unknown):
            low, high = self._worst(metric, estimator, base, unknown, low, high)
        gone = self._moving(part.lost, base, estimator)
        if len(gone):
            if found["status"] == OK:
                found["status"] = Reason.LOST.status(n=len(gone))
            if metric.bounded:
                both = np.union1d(unknown, gone)
                found["lowest"], found["highest"] = self._worst(
                    metric, estimator, base, both, low, high
                )
        return found | {"value": value, "low": low, "high": high}

    def _moving(self, rows: np.ndarray, base: Value, estimator: str) -> np.ndarray:
        """The places of those of the masked rows whose outcome moves an estimate for everyone."""
        places = np.flatnonzero(rows) if estimator != "naive" else np.zeros(0, dtype=np.intp)
        return places[base.slope[places] != 0]

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
            reach = self._interval(metric, metric.of(supposed, pseudo), estimator, labels)[side]
            low, high = (min(low, reach), high) if side == 0 else (low, max(high, reach))
        return low, high

    def _labels(self, pseudo: Pseudo, rows: Rows, estimator: str) -> Labels:
        """What is seen of some rows' outcomes; as usually reported no label stands for others."""
        plain, seen = estimator == "naive", rows.seen & (rows.pi > 0)
        explored = seen & (rows.pi < 1) & (not plain)
        return Labels(
            w=pseudo.w,
            y=rows.y,
            m=self.guess.event if pseudo.guessed else None,
            explored=np.flatnonzero(explored),
            sure=np.flatnonzero((rows.seen if plain else seen) & ~explored),
            cluster=rows.cluster,
            largest=rows.largest,
        )

    def _interval(
        self, metric: Metric, found: Value, estimator: str, labels: Labels
    ) -> tuple[float, float]:
        """By the influence function: few events by their counts, bootstrap-t with few labels, else
        logit or Wald."""
        part, z = self.rows, Z if metric.level == LEVEL else quantile(metric.level)

        def variance(rest: np.ndarray) -> float:
            if metric.daily:
                return (two_way_se(rest, part.cluster, part.day) * len(part)) ** 2
            sums = part.sums(rest)
            return float(sums @ sums)

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
        elif self._small(estimator) or (metric.share and not 0 < found.theta < 1):
            sums = cluster_sums(found.influence, part.cluster)
            return bootstrap_t(found.theta, sums, len(part), metric.level)
        else:
            se = se_of(part.sums(found.influence), len(part))
        return (share_interval if metric.share else wald)(found.theta, se, z)

    def _small(self, estimator: str) -> bool:
        weighted = estimator != "naive" and bool((self.rows.pi < 1).any())
        return weighted and self.explored < SMALL

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
        weighted = self.population != "revealed" and (part.pi[part.pi > 0] < 1).any()
        if weighted and whole < LEAST_EXPLORED:
            return Reason.FEW_EXPLORED.status(n=whole, need=LEAST_EXPLORED)
        return ""


def effective(weight: np.ndarray) -> float:
    """Kish's effective number, (Σw)² / Σw², 0 for no weight."""
    total = float((weight**2).sum())
    return float(weight.sum() ** 2 / total) if total else 0.0
