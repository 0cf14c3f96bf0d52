"""The rows of one vintage: matured, completed and early, each with its counts and its status."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from truerisk.measurement.estimate import Metric, eligible_estimates
from truerisk.measurement.evidence.pseudo import Guess, dr
from truerisk.measurement.evidence.rows import Rows
from truerisk.measurement.vintages.completion import completion, expected, influence
from truerisk.measurement.vintages.hazards import STRATA, Hazards, hazards
from truerisk.measurement.vintages.history import History
from truerisk.measurement.vintages.proxy import Proxy, proxy
from truerisk.measurement.vintages.timing import Timing, timing_of
from truerisk.statistics import influence as influences
from truerisk.statistics.interval import Z, cluster_sums

LEAST_COMPLETION = 0.3
SHIFTS = (0.7, 1.5)  # what the calendar may do to hazards from now on
EVENT_RATE = Metric(name="event_rate", of=lambda r, p: influences.event_rate(p.a, p.b), share=True)


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """Values of E[y | history] as hazards stand, slower and faster, and how far they are."""

    timing: Hazards
    y: np.ndarray
    shifted: tuple[np.ndarray, ...]
    by_now: np.ndarray
    by_horizon: np.ndarray
    moved: Timing


class Table:
    """What all vintages of a log share."""

    def __init__(self, so_far: History, horizon: pd.Timedelta, proxy_age: float) -> None:
        self.so_far = so_far
        self.forecast: Forecast | None = None
        self.proxy: Proxy | None = None
        self.proxy_days = horizon.total_seconds() / 86_400 * proxy_age
        if not so_far.missing:
            timing = hazards(so_far)
            by_now, by_horizon = completion(so_far, timing)
            self.forecast = Forecast(
                timing=timing,
                y=expected(so_far, timing),
                shifted=tuple(expected(so_far, timing.times(by)) for by in SHIFTS),
                by_now=by_now,
                by_horizon=by_horizon,
                moved=timing_of(so_far, timing, horizon.total_seconds() / 86_400),
            )
            self.proxy = proxy(so_far, proxy_age)

    def of(self, mask: np.ndarray) -> Iterator[dict]:
        so_far = self.so_far
        yield self._matured(mask)
        if not (mask & ~so_far.mature).any():
            if self.proxy:
                yield self._early(mask, self.proxy)
        elif self.forecast is None or self.proxy is None:
            why = (
                f'withheld: the log has no column "{so_far.missing}", which tells of immature rows'
            )
            for kind in ("completed", "early"):
                yield self._row(kind, mask) | {"status": why}
        else:
            yield self._completed(mask, self.forecast)
            yield self._early(mask, self.proxy)

    def _matured(self, mask: np.ndarray) -> dict:
        so_far, old = self.so_far, mask & self.so_far.mature
        if not old.any():
            return self._row("matured", old, mask) | {
                "status": f"withheld: none of {int(mask.sum()):,} is mature"
            }
        found = self._estimate(so_far.rows, so_far.guess, old)
        return self._row("matured", old, mask) | _part(found, mask, old, "are mature")

    def _completed(self, mask: np.ndarray, forecast: Forecast) -> dict:
        so_far, timing = self.so_far, forecast.timing
        row = self._row("completed", mask) | {
            "timing_moved": forecast.moved.moved,
            "timing": forecast.moved.words,
        }
        needed = timing.cell[mask & so_far.open]
        unknown = needed[~timing.known[needed]]
        if len(unknown):
            names = " or ".join(STRATA[s] for s in np.unique(timing.stratum[unknown]))
            return row | {
                "status": f"withheld: too few rows {names} were followed to the horizon to "
                f"forecast {len(unknown):,} of {int(mask.sum()):,}"
            }
        whole = float(forecast.by_horizon[mask].sum())
        done = float(forecast.by_now[mask].sum()) / whole if whole else 0.0
        row["completion"] = done
        if done < LEAST_COMPLETION:
            return row | {
                "status": f"withheld: completion is {done:.2f}, {LEAST_COMPLETION:.2f} is needed"
            }
        rows = replace(so_far.rows, y=forecast.y)
        found = self._estimate(rows, so_far.guess, mask)
        if found["value"] is None:
            return row | found
        return row | self._widened(found, mask, forecast)

    def _widened(self, found: dict, mask: np.ndarray, forecast: Forecast) -> dict:
        """The interval with the hazards' own error, and from slower to faster hazards.

        Variances add: each end moves to the root of its squared distance plus that of the hazards
        (Zou & Donner 2008), then by the difference that the shift makes.
        """
        own, extra = self.errors(mask, forecast)
        reach = Z * np.sqrt(max(extra**2 - own**2, 0.0))
        value = found["value"]
        ends = [self._value(mask, y) for y in forecast.shifted]
        low = value - np.hypot(value - found["low"], reach) + min(*ends, value) - value
        high = value + np.hypot(found["high"] - value, reach) + max(*ends, value) - value
        return found | {"low": max(low, 0.0) if value >= 0 else low, "high": high}

    def errors(self, mask: np.ndarray, forecast: Forecast) -> tuple[float, float]:
        """The standard error of a vintage's value with hazards as given, and with their error."""
        so_far = self.so_far
        rows = replace(so_far.rows, y=forecast.y)
        p = dr(rows, so_far.guess)
        kept = mask & (rows.pi > 0)
        total = (p.a + p.b)[kept].sum()
        theta = p.a[kept].sum() / total
        own = np.where(kept, (p.a - theta * (p.a + p.b)) / total, 0.0)
        through = influence(so_far, forecast.timing, np.where(kept, so_far.weight / total, 0.0))
        first, both = (
            float(np.sqrt((cluster_sums(i, rows.cluster) ** 2).sum())) for i in (own, own + through)
        )
        return first, both

    def _value(self, mask: np.ndarray, y: np.ndarray) -> float:
        kept = mask & (self.so_far.rows.pi > 0)
        p = dr(replace(self.so_far.rows, y=y).where(kept), self.so_far.guess.where(kept))
        return float(p.a.sum() / (p.a + p.b).sum())

    def _early(self, mask: np.ndarray, early: Proxy) -> dict:
        so_far = self.so_far
        old = mask & (so_far.age >= early.age)
        row = self._row("early", old, mask) | {"correlation": early.correlation}
        if not old.any():
            return row | {
                "status": f"withheld: none of {int(mask.sum()):,} is {self.proxy_days:.0f} days old"
            }
        rows = replace(so_far.rows, y=early.y)
        row["labels"], row["explored_labels"] = _labels(so_far, old & rows.seen)
        found = self._estimate(rows, replace(so_far.guess, event=early.m, after=None), old)
        found = _part(found, mask, old, f"are {self.proxy_days:.0f} days old")
        if early.correlation is None:
            found["status"] = _and(found["status"], early.status)
        return row | found

    def _estimate(self, rows: Rows, guess: Guess, mask: np.ndarray) -> dict:
        """The doubly robust event rate of those who had a chance to be revealed."""
        [found] = eligible_estimates(rows.where(mask), guess.where(mask), [EVENT_RATE])
        kept = {name: found[name] for name in ("value", "low", "high", "status")}
        lost = float((rows.pi[mask] == 0).mean())
        if 0 < lost < 1:
            kept["status"] = _and(
                kept["status"], f"without the {lost:.1%} that had no chance to be revealed"
            )
        return kept

    def _row(self, kind: str, mask: np.ndarray, whole: np.ndarray | None = None) -> dict:
        so_far = self.so_far
        whole = mask if whole is None else whole
        known = mask & so_far.rows.seen & ~so_far.open
        labels, explored = _labels(so_far, known)
        return {
            "kind": kind,
            "forecast": kind == "completed",
            **dict.fromkeys(("value", "low", "high")),
            "n": int((mask & (so_far.rows.pi > 0)).sum()),
            "immature": int((whole & ~so_far.mature).sum()),
            "labels": labels,
            "explored_labels": explored,
            "share_not_identified": float((so_far.rows.pi[whole] == 0).mean()),
            **dict.fromkeys(("completion", "timing_moved", "timing", "correlation")),
            "status": "ok",
        }


def _labels(so_far: History, known: np.ndarray) -> tuple[int, int]:
    """How many outcomes are known, and how many of them by exploration."""
    chance = so_far.rows.chance
    return int(known.sum()), int((known & (chance > 0) & (chance < 1)).sum())


def _part(found: dict, whole: np.ndarray, part: np.ndarray, what: str) -> dict:
    if part.sum() == whole.sum():
        return found
    words = f"partly: {int(part.sum()):,} of {int(whole.sum()):,} {what}"
    return found | {"status": _and(found["status"], words)}


def _and(status: str, words: str) -> str:
    return words if status == "ok" else f"{status}; {words}"
