"""Fairness: what a policy does to the groups of a protected attribute, for all who applied.

Among the approved nobody was declined, so error rates measured there say nothing about who is
turned away; pseudo-labels count everyone. An attribute is measured by and never decides.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from truerisk.errors import LogError
from truerisk.measurement.counted import counted, exploration_dollars, plainly, too_few
from truerisk.measurement.estimate import Metric, effective, estimates
from truerisk.measurement.evidence.evidence import Evidence, evidence_of
from truerisk.measurement.evidence.pseudo import Guess, Pseudo, dr
from truerisk.measurement.evidence.rows import Rows
from truerisk.measurement.evidence.source import Log
from truerisk.measurement.groups import UNKNOWN, groups
from truerisk.measurement.metrics import group_gaps
from truerisk.statistics.influence import Value
from truerisk.statistics.threads import one_thread
from truerisk.wording.lists import did_you_mean, one_of

MINE = "mine"  # key of the column that marks one of two groups
MOST = 20  # groups of an attribute

RATES = {
    "false_positive_rate": group_gaps.false_positive_rate,
    "false_negative_rate": group_gaps.false_negative_rate,
    "observed_to_expected": group_gaps.observed_to_expected,
}
NEEDS = {"false_positive_rate": (0,), "false_negative_rate": (1,)}  # outcomes, of both shares
RESULTS = ("value", "low", "high", "lowest", "highest")
COUNTS = (
    "n", "effective_n", "labels", "explored_labels", "largest_weight", "share_not_identified",
)  # fmt: skip
NUMBERS = (*RESULTS, "effective_n", "largest_weight", "explored_effective_n")


@one_thread
def fairness(
    log: Log | Evidence,
    by: str | Sequence[str],
    features: Sequence[str] = (),
    reference: str | None = None,
) -> pd.DataFrame:
    """Approval, errors, scores and exploration by group of each attribute in ``by``.

    ``log`` as ``measure`` takes it, with the attributes as columns; a null is a group of its own,
    "not known". Every group but the ``reference`` (the largest one) is compared with it. The
    policy is what ran, exploration included, by its probabilities and never the draw. Metrics:

    - over all decisions with a logged propensity, mature or not, estimator "counted":
      ``approval_rate`` mean π; ``approval_ratio``, the rate over the reference's (adverse impact
      ratio); ``score_smd``, standardised mean difference of scores; ``exploration_rate``, mean π
      of those that could be explored (0 < π < 1);
    - over mature decisions by naive, IPW and DR as in ``measure``: ``false_positive_rate``
      (declined among those without the event), ``false_negative_rate`` (approved among those with
      it), ``observed_to_expected`` (events over the sum of scores), each also as ``…_gap``, the
      group's minus the reference's;
    - over explored decisions with a known outcome: ``explored_event_rate``, and
      ``explored_dollars`` a decision, what revealing brought minus what the policy's own action
      would have.

    Returns measure()'s columns with ``reference`` and ``explored_effective_n`` (of the group's
    mature explored labels). 95% intervals clustered by subject; a group of fewer than 30 subjects
    is withheld with its counts, and so is a gap where either side is. Raises LogError for a
    missing attribute, one group, more than 20, or an unknown reference.
    """
    names = [by] if isinstance(by, str) else list(by)
    known = evidence_of(log, [*names, *features])
    for name in names:
        if name not in known.log:
            raise LogError(
                f'The log has no column "{name}" to measure fairness by; '
                f"{did_you_mean(name, known.log.columns)}."
            )
    frame, rows = known.frame, known.rows
    # Every decision, as if all were mature and none revealed: approvals need no outcome.
    unseen, unknown = np.zeros(len(known), dtype=bool), np.full(len(known), np.nan)
    decided = known.as_if_mature(revealed=unseen, event=unknown)
    logged = decided.frame["p_reveal"].notna().to_numpy()
    mature = _Mature(rows, known.guess(features), exploration_dollars(frame, rows))
    found = []
    for name in names:
        of_all = groups(decided.frame[name])
        of_mature = of_all[known.mature]
        first, *others = _ordered(name, of_all, reference)
        for group in (first, *others):
            mine = of_mature == group
            about = {
                "group_by": name,
                "group": group,
                "reference": first,
                "explored_effective_n": mature.explored_effective_n(mine),
            }
            levels = mature.levels(mine)
            found += [about | row for row in _decided(decided.rows, logged, of_all, group, first)]
            found += [about | row for row in levels.values()]
            if group == first:
                base, against = mine, levels
            else:
                found += [about | row for row in mature.gaps(mine, base, levels, against)]
            found += [about | row for row in mature.harm(mine)]
    return pd.DataFrame(found).astype(dict.fromkeys(NUMBERS, "Float64"))


def _decided(
    every: Rows, logged: np.ndarray, groups: np.ndarray, group: str, first: str
) -> Iterator[dict]:
    """What needs no outcome: approval, scores and the chance of being explored."""
    lost = float(1 - logged[groups == group].mean())
    rows, groups = every.where(logged), groups[logged]
    mine = groups == group
    about = counted(int(mine.sum()), lost)
    trouble = too_few(rows, mine)
    rate = group_gaps.mean(rows.pi, mine)
    yield {"metric": "approval_rate", **about, **plainly(rate, rows, mine, "share", trouble)}
    could = mine & (rows.pi > 0) & (rows.pi < 1)
    some, few = about | {"n": int(could.sum())}, trouble or too_few(rows, could)
    rate = group_gaps.mean(rows.pi, could)
    yield {"metric": "exploration_rate", **some, **plainly(rate, rows, could, "share", few)}
    if group == first:
        return
    both = mine | (groups == first)
    pair, mine = rows.where(both), mine[both]
    trouble = trouble or too_few(pair, ~mine)
    difference = group_gaps.standardised_difference(pair.score, mine)
    ratio = group_gaps.log_ratio(pair.pi, mine)
    yield {"metric": "score_smd", **about, **plainly(difference, pair, mine, "plain", trouble)}
    yield {"metric": "approval_ratio", **about, **plainly(ratio, pair, mine, "log", trouble)}


@dataclass(frozen=True)
class _Mature:
    """The mature decisions, what stands for their outcomes, and what exploring each brought."""

    rows: Rows
    guess: Guess
    dollars: np.ndarray | None

    def explored(self, mine: np.ndarray) -> np.ndarray:
        return mine & self.rows.seen & (self.rows.pi > 0) & (self.rows.pi < 1)

    def explored_effective_n(self, mine: np.ndarray) -> float:
        return effective(dr(self.rows, self.guess).w[self.explored(mine)])

    def harm(self, mine: np.ndarray) -> Iterator[dict]:
        """What exploring the group brought: events, and dollars."""
        rows, explored = self.rows, self.explored(mine)
        about = counted(int(explored.sum()), 0.0) | {"population": "explored"}
        few = too_few(rows, explored)
        rate = plainly(group_gaps.mean(rows.y, explored), rows, explored, "share", few)
        yield {"metric": "explored_event_rate", **about, **rate}
        if self.dollars is not None:
            value = group_gaps.mean(self.dollars, explored)
            brought = plainly(value, rows, explored, "plain", few)
            yield {"metric": "explored_dollars", **about, **brought}

    def levels(self, mine: np.ndarray) -> dict[tuple, dict]:
        """Each rate of one group, by metric, estimator and population."""
        part, guess = self.rows.where(mine), self.guess.where(mine)
        trouble = too_few(self.rows, mine)
        wanted = [_metric(name, own=True) for name in RATES]
        found = [
            row | ({"value": None, "low": None, "high": None, "status": trouble} if trouble else {})
            for row in estimates(part, guess, wanted)
        ]
        return {(row["metric"], row["estimator"], row["population"]): row for row in found}

    def gaps(
        self,
        mine: np.ndarray,
        base: np.ndarray,
        levels: dict[tuple, dict],
        against: dict[tuple, dict],
    ) -> Iterator[dict]:
        """The same as differences to ``base``; what either side withholds has none."""
        both = mine | base
        part = self.rows.where(both).adding({MINE: mine[both]})
        wanted = [_metric(name, own=False) for name in RATES]
        for row in estimates(part, self.guess.where(both), wanted):
            which = (row["metric"].removesuffix("_gap"), row["estimator"], row["population"])
            level = levels[which]
            row |= {name: level[name] for name in COUNTS}
            for side in (level, against[which]):
                if side["low"] is None:
                    row |= dict.fromkeys(RESULTS) | {"status": side["status"]}
            yield row


def _metric(name: str, own: bool) -> Metric:
    """The rate over all rows, or its gap between those that are ``mine`` and the others."""
    rate = RATES[name]

    def level(rows: Rows, p: Pseudo) -> Value:
        return rate(rows, p, np.ones(len(rows), bool))

    def difference(rows: Rows, p: Pseudo) -> Value:
        return group_gaps.gap(rate, rows, p, rows.also[MINE])

    return Metric(
        name=name if own else f"{name}_gap",
        of=level if own else difference,
        share=own and name in NEEDS,
        needs=NEEDS.get(name, ()),
    )


def _ordered(name: str, groups: np.ndarray, reference: str | None) -> list[str]:
    """The groups, the one that the others are compared with first, then from the largest."""
    rows = pd.Series(groups).value_counts(sort=False).sort_index()
    found = list(rows.sort_values(ascending=False, kind="stable").index)
    if not 2 <= len(found) <= MOST:
        raise LogError(
            f'Attribute "{name}" has {len(found)} group{"s" if len(found) > 1 else ""}; fairness '
            f"compares 2 to {MOST}, so put it into bands in its source."
        )
    if reference is None:
        reference = next(g for g in found if g != UNKNOWN)
    if reference not in found:
        raise LogError(f'Attribute "{name}" has no group "{reference}"; it has {one_of(found)}.')
    return [reference, *(g for g in found if g != reference)]
