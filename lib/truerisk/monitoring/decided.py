"""The decisions of one model, made ready once for everything that is looked at."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from truerisk.columns import chance_of
from truerisk.isolated import Lost, isolated
from truerisk.measurement.evidence.evidence import Evidence, evidence_of
from truerisk.measurement.evidence.outcome_model import cross_fit
from truerisk.measurement.evidence.source import Log
from truerisk.measurement.worth.action_values import ActionValues, action_values


@dataclass(frozen=True, eq=False)
class Decided:
    """``evidence`` of one model's log, with its outcome model ``m`` that may use ``features``."""

    evidence: Evidence
    features: Sequence[str]

    @cached_property
    def values(self) -> ActionValues | Lost:
        """The dollars of every action, or why there are none."""
        return isolated(lambda: action_values(self.evidence))

    @cached_property
    def flag(self) -> str:
        """The action that a capacity limits, gaining most where the event happens, or ''."""
        return "" if isinstance(self.values, Lost) else self.values.action(None, True)

    @cached_property
    def capacity(self) -> float | None:
        """How many ``flag`` a day as run: the capacity that review figures are given at.

        A whole number, over the UTC days on which mature applications came; None where the log has
        no dollars to tell the action by, or where no day would exceed it.
        """
        if not self.flag:
            return None
        log = self.evidence.log
        mature = log.loc[self.evidence.mature, ["as_of", chance_of(self.flag)]]
        day = mature["as_of"].dt.floor("D")
        a_day = float(round(mature[chance_of(self.flag)].sum() / day.nunique()))
        return a_day if 1 <= a_day < day.value_counts().max() and day.nunique() > 1 else None


def decided(log: Log | Evidence, features: Sequence[str]) -> Decided:
    """The decisions with ``m``, P(event | score, features) of every row, immature ones too.

    Cross-fitted by subject on the mature outcomes: an immature row's outcome is in no fit.
    """
    known = evidence_of(log, features)
    every, mature = known.every, known.mature
    so_far = known.as_if_mature(
        every["revealed"].to_numpy() & mature, np.where(mature, every["event"].to_numpy(), np.nan)
    )
    return Decided(known.with_m(cross_fit(so_far.frame, so_far.rows, features)), features)
