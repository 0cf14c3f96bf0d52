"""What exploration will cost and teach, said before anything runs, for each design side by side."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from truerisk.decisions.batch import Batch
from truerisk.decisions.capacity.seated import seated
from truerisk.decisions.exploration.budget import Spent
from truerisk.decisions.exploration.daily import daily
from truerisk.decisions.exploration.designs import DESIGNS
from truerisk.decisions.exploration.explorable import Explorable, expected_widths, explorable
from truerisk.decisions.exploration.explore import design_rates
from truerisk.decisions.policy import choose, dollars, scores
from truerisk.errors import ProblemError, TrueriskError
from truerisk.problem.spec import Problem
from truerisk.statistics.threads import one_thread

ENOUGH = 30  # effective explored labels below which no estimate for everyone is printed
DAY = pd.Timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Design:
    """One design's expectation; dollars at the recalibrated scores.

    ``cost`` Σπc, ``share_of_profit`` of the expected profit (null where that is not above 0),
    ``labels`` Σπ, ``effective_labels`` N²/Σ(1/π) over the N rows that may be explored,
    ``largest_weight`` 1/π, ``below_floor`` and ``without_chance`` row counts, ``width_…`` of 95%
    intervals once all has matured (null without a chance for everyone; profit in dollars per
    application, of what a challenger near the cutoff gains), ``enough_on`` the day when 30
    effective explored labels have matured at this rate of arrival.
    """

    design: str
    cost: float
    share_of_profit: float | None
    labels: float
    effective_labels: float
    dollars_per_label: float | None
    largest_weight: float | None
    below_floor: int
    without_chance: int
    width_event_rate: float | None
    width_auc: float | None
    width_profit: float | None
    enough_on: pd.Timestamp | None


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """A batch and what each design would do with it for one entry of the problem's exploration.

    ``entry`` takes ``action`` at random where the policy takes one of ``sources``; ``chosen`` is
    its own design.
    """

    entry: int
    action: str
    sources: tuple[str, ...]
    applications: int
    explorable: int
    first: pd.Timestamp
    last: pd.Timestamp
    applications_per_day: float
    profit: float
    matured_on: pd.Timestamp
    chosen: str
    designs: list[Design]


@one_thread
def outlook(
    problem: Problem,
    scored: pd.DataFrame,
    batch: Batch,
) -> list[Outlook]:
    """What exploring these applications will cost and teach, by every entry of the problem's
    exploration; ``scored`` and ``batch`` as ``decide`` takes them.

    Who finds no seat of a limited action is explored from where the policy sends it instead.

    Raises ProblemError where the problem does not explore, TrueriskError without an application.
    """
    if not problem.exploration:
        raise ProblemError(
            f"{problem.where}: has no [[exploration]], so nothing can be planned; add one with an "
            "action and a budget (docs/exploration.md)."
        )
    if scored.empty:
        raise TrueriskError(
            f"{problem.where}: no application to plan exploration for; give other bounds."
        )
    scored = scored.sort_values(["as_of", problem.key], ignore_index=True)
    money = dollars(problem, scored)
    choice = choose(problem, scored, scores(problem, scored), money)
    seats = seated(problem, scored, choice, batch)
    if seats is not None:
        choice = replace(choice, action=seats.priced.action)
    seen = explorable(
        problem, scored, choice, money, batch.calibration, batch.recent, batch.chances
    )
    spent = batch.spent or [{} for _ in seen]
    return [_of_entry(problem, i, scored["as_of"], seen[i], spent[i]) for i in range(len(seen))]


def _of_entry(
    problem: Problem, i: int, as_of: pd.Series, every: Explorable, spent: Mapping[str, Spent]
) -> Outlook:
    entry, rows = problem.exploration[i], every.batch()
    first, last = as_of.iloc[0], as_of.iloc[-1]
    days = max((last - first) / DAY, 1.0)
    horizon = problem.maturing
    designs = []
    for name in DESIGNS if entry.share is None else [entry.design]:
        chosen = entry.model_copy(update={"design": name})
        found = design_rates(chosen, every, spent, daily(problem, entry, rows.day))
        floor = entry.floor if entry.share is None else entry.share
        designs.append(_design(name, found.pi, rows, floor, first + horizon, days))
    return Outlook(
        entry=i,
        action=entry.action,
        sources=problem.explored_from(entry),
        applications=len(as_of),
        explorable=int(rows.open.sum()),
        first=first,
        last=last,
        applications_per_day=len(as_of) / days,
        profit=rows.profit,
        matured_on=last + horizon,
        chosen=entry.design,
        designs=designs,
    )


def _design(
    name: str, pi: np.ndarray, rows: Explorable, floor: float, first: pd.Timestamp, days: float
) -> Design:
    cost, labels = float(pi @ rows.cost[rows.open]), float(pi.sum())
    some = pi > 0
    effective = float(some.sum() ** 2 / (1 / pi[some]).sum()) if some.any() else 0.0
    everyone = np.zeros(len(rows.p))
    everyone[rows.open] = pi
    widths = expected_widths(rows, everyone) if rows.eligible.any() else {}
    known = {name: width if np.isfinite(width) else None for name, width in widths.items()}
    return Design(
        design=name,
        cost=cost,
        share_of_profit=cost / rows.profit if rows.profit > 0 else None,
        labels=labels,
        effective_labels=effective,
        dollars_per_label=cost / labels if labels else None,
        largest_weight=float(1 / pi[some].min()) if some.any() else None,
        below_floor=int((pi < floor * rows.r[rows.open]).sum()),
        without_chance=int((~some).sum()),
        width_event_rate=known.get("event_rate"),
        width_auc=known.get("auc"),
        width_profit=known.get("profit"),
        enough_on=first + ENOUGH / effective * days * DAY if effective else None,
    )
