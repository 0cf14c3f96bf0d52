"""Capacities of a changed policy: the logged batches again, in order, each with its own prices.

A batch sees what a batch of that day would have seen: the seats that the changed policy left, and
as arrivals to come those that it decided in the 28 days before. What exploration drew stays drawn.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from truerisk.decisions.batch import Batch
from truerisk.decisions.capacity.arrivals import PERIOD
from truerisk.decisions.capacity.calendar import moments
from truerisk.decisions.capacity.claims import Claimed, Claims, claims
from truerisk.decisions.capacity.price import Arrivals
from truerisk.decisions.capacity.seated import seated
from truerisk.decisions.policy import Choice
from truerisk.problem.spec import Problem


def with_seats(
    changed: Problem, log: pd.DataFrame, frame: pd.DataFrame, choice: Choice
) -> np.ndarray:
    """The action of each row, (n,), where ``choice`` is what the policy takes without limits.

    ``frame`` has the key and the columns of the log. Before the first 28 days of the log are over
    there is less to expect arrivals from.
    """
    names, taken = np.array(list(changed.actions), dtype=object), choice.action.copy()
    held: Claims = {}
    at = moments(log["as_of"], changed.calendar.zone)
    sent = np.where(pd.isna(choice.rule), -1, choice.action)
    for rows, before in _batches(log, at.day):
        some = frame.iloc[rows].reset_index(drop=True)
        known = Arrivals(at=at[before], worth=choice.expected[before], sent=sent[before])
        batch = Batch(
            id="",
            model_version="",
            features=[],
            spine=some,
            claims=held,
            arrivals=known if len(before) else None,
        )
        made = seated(changed, some, _at(choice, rows), batch)
        if made is not None:
            taken[rows] = made.priced.action
        own = log.iloc[rows][["action", "explored", "as_of"]].assign(own_action=names[taken[rows]])
        _claim(held, claims(changed, own))
    return taken


def _batches(log: pd.DataFrame, day: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The places of each logged batch, in the order of the ledger's commits, and those of earlier
    batches that its day may expect arrivals from."""
    first = log.groupby("batch")["decided_at"].transform("min")
    ranked = pd.DataFrame({"first": first, "batch": log["batch"], "as_of": log["as_of"]})
    order = ranked.sort_values(["first", "batch", "as_of"], kind="stable").index.to_numpy()
    batch = log["batch"].to_numpy()[order]
    starts = np.flatnonzero(np.append(True, batch[1:] != batch[:-1]))
    newest = np.maximum.accumulate(day[order])
    for start, end in zip(starts, [*starts[1:], len(order)], strict=True):
        since = day[order[start:end]].max() - PERIOD
        earlier = order[np.searchsorted(newest, since) : start]
        yield order[start:end], earlier[day[earlier] >= since]


def _at(choice: Choice, rows: np.ndarray) -> Choice:
    return replace(choice, **{name: values[rows] for name, values in vars(choice).items()})


def _claim(held: Claims, more: Claims) -> None:
    for action, days in more.items():
        mine = held.setdefault(action, {})
        for day, new in days.items():
            old = mine.get(day, Claimed())
            mine[day] = Claimed(old.own + new.own, old.explored + new.explored)
