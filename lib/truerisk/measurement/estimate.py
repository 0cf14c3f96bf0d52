"""Estimates of one group of rows: every metric by every estimator for every population."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from truerisk.errors import LogError
from truerisk.measurement.interval import (
    LEVEL,
    Z,
    bootstrap_t,
    cluster_sums,
    se_of,
    share_interval,
    two_way_se,
    wald,
    wilson,
)
from truerisk.measurement.metrics import Value
from truerisk.measurement.pseudo import ESTIMATORS, Guess, Pseudo
from truerisk.measurement.rows import Rows

AS_RUN = "as run"
LEAST_EXPLORED = 30  # fewer effective explored labels: no number
SMALL = 60  # fewer: bootstrap-t
SAYS_NOTHING = 0.5  # a share's interval wider than this


@dataclass(frozen=True)
class Metric:
    """A metric over the rows of one group.

    ``policy`` names the policy or model it speaks of, ``at`` its threshold or capacity. ``share``:
    it lies in [0, 1]. ``bounded``: worst cases over unknown outcomes say something. ``classes``:
    it needs events and others. ``daily``: days vary too, not only clusters. ``level`` is the
    chance that the interval misses.
    """

    name: str
    of: Callable[[Rows, Pseudo], Value]
    share: bool = False
    bounded: bool = True
    policy: str | None = None
    at: str | None = None
    classes: bool = False
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


def booked(rows: Rows, realised: np.ndarray) -> dict:
    """Dollars per application as they came, Σ realised_value / n: exact, no estimator needed.

    The interval allows for other applications of the same kind, not for unknown outcomes.
    """
    unknown = int(np.isnan(realised).sum())
    if unknown:
        raise LogError(
            f"The log's realised_value is null in {unknown:,} of {len(realised):,} mature rows; "
            "every decision has booked something by then, a decline 0."
        )
    value = float(realised.mean())
    sums = cluster_sums(realised - value, rows.cluster, rows.alone)
    low, high = wald(value, se_of(sums, len(realised)))
    return {
        "metric": "realised_value",
        "policy": AS_RUN,
        "at": None,
        "estimator": "booked",
        "population": "all",
        "value": value,
        "low": low,
        "high": high,
        "lowest": None,
        "highest": None,
        "n": len(realised),
        "effective_n": float(len(realised)),
        "labels": len(realised),
        "explored_labels": 0,
        "largest_weight": 1.0,
        "share_not_identified": 0.0,
        "status": "ok",
    }


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
            "at": metric.at,
            "estimator": estimator,
            "population": self.population,
            **dict.fromkeys(("value", "low", "high", "lowest", "highest")),
            **self.about,
            "status": "ok",
        }
        trouble = self.trouble or (self._one_class() if metric.classes else "")
        if trouble:
            return found | {"status": trouble}
        base = metric.of(part, self.pseudo[estimator])
        if not np.isfinite(base.theta):
            return found | {
                "status": "withheld: undefined on these rows (no weight, scores of 0 or 1, or "
                "null dollars)"
            }
        if metric.share and base.theta in (0, 1) and not base.influence.any():
            low, high = wilson(base.theta, len(np.unique(part.cluster)))
        else:
            low, high = self._interval(metric, base, estimator)
        if metric.share and estimator != "naive" and high - low > SAYS_NOTHING:
            return found | {
                "status": f"withheld: the interval {low:.2f} … {high:.2f} says nothing; the "
                f"largest weight is {self.about['largest_weight']:,.0f}"
            }
        value: float | None = base.theta
        unknown = np.zeros(len(part), bool)
        if estimator != "naive":
            unknown = (part.unseen | (part.pi == 0)) & (base.slope != 0)
        blank = unknown & (part.pi == 0)
        if blank.any():
            found["status"] = f"not identified: {blank.mean():.1%} had no chance to be revealed"
            if not metric.bounded or estimator == "ipw":
                return found
            value = None
        elif unknown.any():
            found["status"] = f"bounded: {int(unknown.sum()):,} approved outcomes were not seen"
        if unknown.any():
            low, high = self._worst(metric, estimator, base, unknown, low, high)
        gone = part.lost & (base.slope != 0) & (estimator != "naive")
        if gone.any():
            if found["status"] == "ok":
                found["status"] = (
                    f"assumed: {int(gone.sum()):,} lost outcomes are like those followed; lowest "
                    "and highest hold the worst cases"
                )
            if metric.bounded:
                found["lowest"], found["highest"] = self._worst(
                    metric, estimator, base, unknown | gone, low, high
                )
        return found | {"value": value, "low": low, "high": high}

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
        for side, y in ((0, base.slope < 0), (1, base.slope > 0)):
            supposed = self.rows.supposing(unknown, y.astype(float))
            end = metric.of(supposed, ESTIMATORS[estimator](supposed, self.guess))
            reach = self._interval(metric, end, estimator)[side]
            low, high = (min(low, reach), high) if side == 0 else (low, max(high, reach))
        return low, high

    def _interval(self, metric: Metric, found: Value, estimator: str) -> tuple[float, float]:
        """By the influence function: bootstrap-t with few labels, else logit or Wald."""
        part = self.rows
        sums = cluster_sums(found.influence, part.cluster, part.alone)
        se = se_of(sums, len(part))
        if metric.daily:
            se = two_way_se(found.influence, part.cluster, part.day)
        elif self._small(estimator) or (metric.share and not 0 < found.theta < 1):
            return bootstrap_t(found.theta, sums, len(part), metric.level)
        z = Z if metric.level == LEVEL else _quantile(metric.level)
        return (share_interval if metric.share else wald)(found.theta, se, z)

    def _small(self, estimator: str) -> bool:
        weighted = estimator != "naive" and bool((self.rows.pi < 1).any())
        return weighted and self.explored < SMALL

    def _trouble(self) -> str:
        """Why no number may be printed, or '' when one may."""
        part = self.rows
        if self.population != "revealed" and not (part.pi > 0).any():
            return "not identified: no application had a logged chance to be revealed"
        labels = self.about["labels"]
        if labels < 2:
            return f"withheld: {labels} outcomes are seen"
        if (part.cluster == part.cluster[0]).all():
            return f"withheld: all {len(part)} applications are of one subject"
        whole = int(self.explored + 1e-9)
        weighted = self.population != "revealed" and (part.pi[part.pi > 0] < 1).any()
        if weighted and whole < LEAST_EXPLORED:
            return f"withheld: {whole} explored labels (effective), {LEAST_EXPLORED} are needed"
        return ""

    def _one_class(self) -> str:
        y = self.rows.y[self.rows.seen]
        if y.min() < y.max():
            return ""
        return f"withheld: all {self.about['labels']} seen outcomes are alike"


def effective(weight: np.ndarray) -> float:
    """Kish's effective number, (Σw)² / Σw², 0 for no weight."""
    total = float((weight**2).sum())
    return float(weight.sum() ** 2 / total) if total else 0.0


def _quantile(level: float) -> float:
    from scipy.stats import norm

    return float(norm.ppf(1 - level / 2))
