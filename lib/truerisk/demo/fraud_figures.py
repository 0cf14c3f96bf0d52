"""The end of the fraud demo: as usually reported, as truerisk reports it, and the truth."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from rich.console import Console

from truerisk.columns import DUE, FEATURE
from truerisk.demo.fraud_seats import (
    REVIEW,
    chances,
    price_of_a_seat,
    seats_a_day,
    waiting,
    with_one_more,
    worth,
)
from truerisk.measurement.catch_rate import catch_rate
from truerisk.measurement.evidence.evidence import Evidence, evidence_of
from truerisk.measurement.measure import measure
from truerisk.measurement.options import Changes, Flagging
from truerisk.problem.spec import Problem
from truerisk.simulator.analysts import ANALYSTS
from truerisk.simulator.fraud import World
from truerisk.statistics import influence
from truerisk.wording.dollars import dollars
from truerisk.wording.table import show, table

HEADS = ("", "usually reported", "truerisk, 95% interval", "the truth")
RECALLS = (0.5, 0.6, 0.7, 0.8)
MORE = "one more analyst"


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of the table: which estimate, how it is called and written, and what is true.

    ``times`` turns a figure an application into one a day.
    """

    what: str
    metric: str
    truth: float
    form: str
    times: float = 1.0
    at: str | None = None
    policy: str | None = None

    def cells(self, found: pd.DataFrame) -> list[str]:
        naive, dr = (self._row(found, how) for how in ("naive", "dr"))
        usual = "–" if self.policy == MORE else self._said(naive["value"])
        value, low, high = (self._said(dr[c]) for c in ("value", "low", "high"))
        return [self.what, usual, f"{value}  {low} … {high}", self._said(self.truth / self.times)]

    def _row(self, found: pd.DataFrame, estimator: str) -> pd.Series:
        population = "revealed" if estimator == "naive" else "eligible"
        rows = found[(found["metric"] == self.metric) & (found["estimator"] == estimator)]
        rows = rows[(rows["population"] == population) & (rows["group_by"] == "")]
        for column, wanted in (("at", self.at), ("policy", self.policy)):
            rows = rows if wanted is None else rows[rows[column] == wanted]
        return rows.iloc[0]

    def _said(self, value: float | None) -> str:
        if pd.isna(value):
            return "withheld"
        return dollars(value * self.times) if self.form == "$" else f"{value * self.times:{self.form}}"


def conclude(
    out: Console, problem: Problem, world: World, log: pd.DataFrame, given: pd.DataFrame
) -> None:
    """The table for everyone who applied, the queue, and what only the simulator knows.

    ``log`` is the decision log when all is known, ``given`` the verdicts with ``at`` (UTC). Dollars
    are those of the problem file for each action, under "the truth" at the true outcomes.
    """
    truth = world.truth.set_index("application_id").loc[log[problem.key]]
    event, score = truth["event"].to_numpy(dtype=float), log["score"].to_numpy()
    days = log["as_of"].dt.floor("D").nunique()
    a_day, more, inputs = len(log) / days, with_one_more(problem, log), _inputs(log)
    known = evidence_of(log, inputs)
    asked = Flagging(recalls=RECALLS)
    found = measure(known, inputs, flagging=asked, changes=Changes(policies={MORE: more}))
    auc = influence.auc(event, 1 - event, score).theta
    p = chances(problem, log)
    earned, gained = (worth(problem, log, q, event) * a_day for q in (p, more - p))
    first = [
        Line(what="fraud among all who applied", metric="event_rate", truth=event.mean(), form=".1%"),
        Line(what="AUC", metric="auc", truth=auc, form=".3f"),
    ]
    others = [
        Line(
            what=f"false positives a day at recall {r:.0%}",
            metric="false_positives",
            truth=_wrong_at(score, event, r) / days,
            form=".1f",
            times=a_day,
            at=f"recall {r:g}",
        )
        for r in RECALLS
    ]
    money = {"form": "$", "times": a_day}
    others += [
        Line(what="dollars a day", metric="policy_value", truth=earned, policy="as run", **money),
        Line(what=f"{MORE}, dollars a day", metric="policy_gain", truth=gained, policy=MORE, **money),
    ]
    lines = [line.cells(found) for line in first]
    lines += [_caught(known, log, truth), *(line.cells(found) for line in others)]
    show(out, table(HEADS, lines, right=HEADS[1:]))
    _tell_queue(out, problem, log, given)
    _tell_friction(out, world, log, truth)


def _inputs(log: pd.DataFrame) -> list[str]:
    return [c for c in log.columns if c.startswith(FEATURE)]


def _wrong_at(score: np.ndarray, event: np.ndarray, recall: float) -> float:
    """Honest applications among the highest scores that hold such a share of the fraud."""
    order = np.argsort(-score, kind="stable")
    caught = np.cumsum(event[order])
    last = int(np.searchsorted(caught, recall * caught[-1]))
    return float((1 - event[order][: last + 1]).sum())


def _caught(known: Evidence, log: pd.DataFrame, truth: pd.DataFrame) -> list[str]:
    """Of the fraud that analysts decided on in time, the share that they stopped."""
    found = catch_rate(known).iloc[0]
    stopped = (log["verdict"] == "decline").to_numpy()
    event = (truth["event"] == 1).to_numpy()
    passed = ((log["verdict"] == "pass") & (log["event"] == 1)).to_numpy()
    usual = stopped.sum() / (stopped.sum() + passed.sum())
    real = (stopped & event).sum() / (event & log["verdict"].isin(["pass", "decline"])).sum()
    interval = f"{found['value']:.0%}  {found['low']:.0%} … {found['high']:.0%}"
    return ["fraud in review that analysts stop", f"{usual:.0%}", interval, f"{real:.0%}"]


def _tell_queue(out: Console, problem: Problem, log: pd.DataFrame, given: pd.DataFrame) -> None:
    rows = log[log["action"] == REVIEW].set_index("decision_id")
    said = given.set_index("decision_id")["at"]
    ended = rows.index.to_series().map(said).fillna(rows[DUE])
    late = 1 - rows.index.isin(said.index).mean()
    wait = waiting(pd.DatetimeIndex(rows["as_of"]), pd.DatetimeIndex(ended))
    price, seats = price_of_a_seat(problem, log), seats_a_day(problem, log).max()
    out.print(
        f"\nThe queue: {len(rows):,} reviews, at most {seats} a day and {len(ANALYSTS)} analysts; at "
        f"noon {wait.mean():.0f} wait on average and {wait.max()} at most; {late:.1%} were late and "
        f"declined.\nThe price of a seat was {dollars(price)} on average: what the last one brought."
    )


def _tell_friction(out: Console, world: World, log: pd.DataFrame, truth: pd.DataFrame) -> None:
    """Honest customers who never came back, and what they would have brought."""
    value = world.applications.set_index("application_id")["lifetime_value"].loc[truth.index]
    reviewed = (log["action"] == REVIEW).to_numpy()
    declined = (log["action"] == "decline").to_numpy()
    stopped = reviewed & (log["verdict"].isin(["decline", "late"])).to_numpy()
    gone = np.where(declined | stopped, truth["leaves_if_declined"], False)
    waited = np.where(reviewed & ~stopped, truth["leaves_if_reviewed"], False)
    lost = dollars(float(value[gone | waited].sum()))
    out.print(
        f"Only the simulator knows of the good customers who never came back: {gone.sum():,} whom a "
        f"decline drove away and {waited.sum():,} whom the wait did, {lost} of later business."
    )
