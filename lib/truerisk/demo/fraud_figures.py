"""The end of the fraud demo: as usually reported, as truerisk reports it, and the truth."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from rich.console import Console

from truerisk.columns import DUE
from truerisk.demo.fraud_seats import (
    REVIEW,
    chances,
    priced,
    seats_a_day,
    waiting,
    with_one_more,
    worth,
)
from truerisk.measurement.catch_rate import catch_rate
from truerisk.measurement.evidence.evidence import evidence_of
from truerisk.measurement.measure import measure
from truerisk.measurement.metrics.policies import AS_RUN
from truerisk.measurement.options import Changes, Flagging
from truerisk.problem.spec import Problem
from truerisk.simulator.analysts import ANALYSTS
from truerisk.simulator.fraud import World
from truerisk.statistics import influence
from truerisk.wording.dollars import NOTHING, dollars
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
    form: str = ".1%"
    times: float = 1.0
    at: str | None = None
    policy: str | None = None

    def cells(self, found: pd.DataFrame) -> list[str]:
        naive, dr = (self._row(found, how) for how in ("naive", "dr"))
        usual = NOTHING if self.policy == MORE else self._said(naive["value"])
        return [self.what, usual, _interval(dr, self._said), self._said(self.truth)]

    def _row(self, found: pd.DataFrame, estimator: str) -> pd.Series:
        population = "revealed" if estimator == "naive" else "eligible"
        rows = found[(found["metric"] == self.metric) & (found["estimator"] == estimator)]
        rows = rows[(rows["population"] == population) & (rows["group_by"] == "")]
        for column, wanted in (("at", self.at), ("policy", self.policy)):
            rows = rows if wanted is None else rows[rows[column] == wanted]
        return rows.iloc[0]

    def _said(self, value: float) -> str:
        if pd.isna(value):
            return NOTHING
        if self.metric == "false_positives":  # no fewer than none, whatever an interval holds
            value = max(value, 0.0)
        each = value * self.times
        return dollars(each) if self.form == "$" else f"{each:{self.form}}"


@dataclass(frozen=True)
class Own:
    """What the flow does not measure: ``found``, false positives at recalls and what one more
    analyst adds, with an outcome model of the score alone; ``stopped``, the analysts' catch rate;
    ``more``, the policy with one more of them, a probability per action."""

    found: pd.DataFrame
    stopped: pd.Series
    more: pd.DataFrame


def measured_beside(problem: Problem, log: pd.DataFrame) -> Own:
    """``log`` is the decision log when all is known."""
    known, more = evidence_of(log, same=problem.same_outcome), with_one_more(problem, log)
    asked = Flagging(recalls=RECALLS)
    found = measure(known, flagging=asked, changes=Changes(policies={MORE: more}))
    return Own(found, catch_rate(known).iloc[0], more)


def conclude(
    out: Console,
    problem: Problem,
    estimates: pd.DataFrame,
    own: Own,
    world: World,
    log: pd.DataFrame,
    given: pd.DataFrame,
) -> None:
    """The table for everyone who applied, the queue, and what only the simulator knows.

    ``estimates`` are the flow's as the lake keeps them, ``given`` the verdicts with ``at`` (UTC).
    Dollars are those of the problem file for each action: under "the truth" at the true outcomes,
    and one more analyst's at the true probabilities, since those are few applications.
    """
    truth = world.truth.set_index("application_id").loc[log[problem.key]]
    event, score = truth["event"].to_numpy(dtype=float), log["score"].to_numpy()
    days = log["as_of"].dt.floor("D").nunique()
    a_day, p = len(log) / days, chances(problem, log)
    kept = estimates.rename(columns={"segment_by": "group_by"})
    rate, auc = event.mean(), influence.auc(event, 1 - event, score).theta
    lines = [
        Line(what="fraud among all who applied", metric="event_rate", truth=rate).cells(kept),
        Line(what="AUC", metric="auc", truth=auc, form=".3f").cells(kept),
        _stopped(own.stopped, log, truth),
    ]
    for recall in RECALLS:
        line = Line(
            what=f"false positives a day at recall {recall:.0%}",
            metric="false_positives",
            truth=_wrong_at(score, event, recall) / len(log),
            form=".1f",
            times=a_day,
            at=f"recall {recall:g}",
        )
        lines.append(line.cells(own.found))
    chance = truth["probability"].to_numpy()
    for what, metric, worth_, policy, where in (
        ("dollars a day", "policy_value", worth(problem, log, p, event), AS_RUN, kept),
        (
            f"{MORE}, dollars a day",
            "policy_gain",
            worth(problem, log, own.more - p, chance),
            MORE,
            own.found,
        ),
    ):
        line = Line(what=what, metric=metric, truth=worth_, form="$", times=a_day, policy=policy)
        lines.append(line.cells(where))
    out.print(f"\n{problem.name}: {len(log):,} applied in {days} days, {a_day:.0f} a day")
    show(out, table(HEADS, lines, right=HEADS[1:]))
    _tell_queue(out, problem, log, given)
    _tell_friction(out, world, log, truth)


def _wrong_at(score: np.ndarray, event: np.ndarray, recall: float) -> float:
    """Honest applications among the highest scores that hold such a share of the fraud."""
    order = np.argsort(-score, kind="stable")
    caught = np.cumsum(event[order])
    last = int(np.searchsorted(caught, recall * caught[-1]))
    return float((1 - event[order][: last + 1]).sum())


def _stopped(found: pd.Series, log: pd.DataFrame, truth: pd.DataFrame) -> list[str]:
    """Of the fraud that analysts decided on in time, the share that they stopped."""
    stopped = (log["verdict"] == "decline").to_numpy()
    event = (truth["event"] == 1).to_numpy()
    passed = ((log["verdict"] == "pass") & (log["event"] == 1)).to_numpy()
    usual = stopped.sum() / (stopped.sum() + passed.sum())
    real = (stopped & event).sum() / (event & log["verdict"].isin(["pass", "decline"])).sum()
    interval = _interval(found, "{:.0%}".format)
    return ["fraud in review that analysts stop", f"{usual:.0%}", interval, f"{real:.0%}"]


def _interval(row: pd.Series, said: Callable[[float], str]) -> str:
    """Value and 95% interval, or why there is none."""
    if pd.isna(row["value"]):
        return str(row["status"])
    return f"{said(row['value'])}  {said(row['low'])} … {said(row['high'])}"


def _tell_queue(out: Console, problem: Problem, log: pd.DataFrame, given: pd.DataFrame) -> None:
    rows = log[log["action"] == REVIEW].set_index("decision_id")
    said = given.set_index("decision_id")["at"]
    ended = rows.index.to_series().map(said).fillna(rows[DUE])
    late = 1 - rows.index.isin(said.index).mean()
    wait = waiting(pd.DatetimeIndex(rows["as_of"]), pd.DatetimeIndex(ended))
    price, more = priced(problem, log)
    most = seats_a_day(problem, log).max()
    out.print(
        f"\nThe queue: {len(rows):,} reviews, at most {most} a day by {len(ANALYSTS)} analysts; "
        f"{wait.mean():.0f} wait at noon on average, {wait.max()} at most; {late:.1%} were late "
        f"and so declined.\nThe price of a seat was {dollars(price)} on average, which is what the "
        f"last one brings: at that price one more analyst is worth {dollars(more)} a day."
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
        f"Only the simulator knows which good customers never came back: {gone.sum():,} whom a "
        f"decline drove away and {waited.sum():,} whom the wait did, {lost} of later business."
    )
