"""Two models of several outcomes on the same rows: dollars of both policies, and their rankings."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from truerisk.columns import CHANCE, VALUE, chance_of, score_of
from truerisk.decisions.policy import by_action, dollars
from truerisk.evaluation.judging import Compared, policy_of
from truerisk.evaluation.outcomes_log import OutcomesLog, outcomes_log
from truerisk.features.dataset import Dataset
from truerisk.measurement.measure import measure
from truerisk.measurement.options import Changes, Flagging
from truerisk.problem.spec import Problem


@dataclass(frozen=True, kw_only=True)
class OutcomesJudging:
    """Rows of a data set with what every judgement of several outcomes on them needs."""

    problem: Problem
    frame: pd.DataFrame
    money: tuple[np.ndarray, np.ndarray]
    came: pd.Series
    log: OutcomesLog

    @classmethod
    def of(cls, problem: Problem, dataset: Dataset, rows: np.ndarray, features: list[str]) -> Self:
        """``rows`` (n,) of a data set."""
        frame = dataset.frame[rows].reset_index(drop=True)
        money = dollars(problem, frame)
        log = outcomes_log(problem, frame, money, features)
        return cls(problem=problem, frame=frame, money=money, came=dataset.frame["as_of"], log=log)

    def policy(self, scores: np.ndarray) -> pd.DataFrame:
        """What a model would do by its scores, (n, outcomes), within the capacities."""
        return policy_of(self.problem, self.frame, scores, self.money, self.came)

    def compare(
        self, name: str, champion: np.ndarray, challenger: np.ndarray, groups: list[np.ndarray]
    ) -> tuple[list[Compared | None], pd.DataFrame, np.ndarray]:
        """Per group of rows its comparison, None where it has no row; the rows; dollars at stake.

        Beside dollars and each outcome's AUC stands what the rankings add, over all shares and
        among as many as the champion acts on.
        """
        old, new = self.policy(champion), self.policy(challenger)
        rival = pd.DataFrame(
            {score_of(o): challenger[:, k] for k, o in enumerate(self.problem.outcomes)}
        )
        made: list[Compared | None] = []
        for rows in groups:
            if not rows.any():
                made.append(None)
                continue
            before = old[rows].reset_index(drop=True)
            changes = Changes(
                policies={name: new[rows].reset_index(drop=True)},
                rivals={name: rival[rows].reset_index(drop=True)},
                against=before,
            )
            seats = Flagging(shares=acted_on(self.problem, before))
            known = self.log.scored(champion, rows)
            made.append(
                Compared(
                    rows=int(rows.sum()),
                    estimates=measure(known, flagging=seats, changes=changes),
                )
            )
        p, sides = by_action(self.problem, champion), [np.abs(m) for m in self.money]
        stake = (old.to_numpy() * (p * sides[0] + (1 - p) * sides[1])).sum(axis=1)
        dollars_ = [c for c in self.log.rows if str(c).startswith(VALUE)]
        judged = self.log.rows[[self.problem.key, "as_of", *dollars_]]
        chances = [old.add_prefix(CHANCE), new.add_prefix(f"chosen_{CHANCE}")]
        return made, pd.concat([judged, *chances], axis=1), stake


def acted_on(problem: Problem, policy: pd.DataFrame) -> list[float]:
    """The shares of applications that a policy does each of the actions to that show an outcome,
    but the last, which is what is done instead; ``policy`` by action or p_<action>."""
    shares = []
    for outcome in list(problem.outcomes)[:-1]:
        actions = problem.outcomes[outcome]
        own = [c for a in actions for c in (a, chance_of(a)) if c in policy]
        share = round(float(policy[own].sum(axis=1).mean()), 3)
        if share > 0:
            shares.append(min(share, 1.0))
    return shares
