"""What an alert means, in a sentence and in dollars."""

from dataclasses import dataclass

import pandas as pd

from truerisk.statistics.threads import one_thread
from truerisk.wording.dollars import dollars

SINCE_APPROVAL = "since approval"
FROM_ZERO = ("calibration_error", "calibration_error_approved", "value_error")
CALM = {"alert": False, "dollars_a_week": None, "dollars_at_least": None, "means": ""}

Interval = tuple[float, float, float]  # value, low, high


@dataclass(frozen=True, kw_only=True)
class Departure:
    """One look of a series that excludes what was promised.

    ``low`` to ``high`` is the sequence, ``reference`` the promised interval, ``applications`` how
    many a week it is about. ``unforeseen`` is value_error there with its own sequence: the dollars
    an application that outcomes brought beyond what the scores said (null without dollars, and
    where the series is not one of events).
    """

    series: str
    scope: str
    value: float
    low: float
    high: float
    reference: tuple[float, float]
    applications: float
    unforeseen: Interval | None

    @property
    def up(self) -> bool:
        return self.low > self.reference[1]

    @property
    def base(self) -> float:
        """What the difference is counted from: no error, or the middle of what was promised."""
        return 0.0 if self.series in FROM_ZERO else sum(self.reference) / 2

    @property
    def by(self) -> float:
        return self.value - self.base

    @property
    def least(self) -> float:
        """The part of the difference that the sequence leaves no doubt about."""
        if self.series in FROM_ZERO:
            return self.low if self.up else self.high
        return self.low - self.reference[1] if self.up else self.high - self.reference[0]

    @property
    def dollars(self) -> tuple[float, float] | None:
        """Dollars an application (negative: costs), and what of them is sure; 0 where none is."""
        if self.series in ("policy_value", "value_error"):
            return self.by, self.least
        if self.unforeseen is None:
            return None
        value, low, high = self.unforeseen
        return value, max(low, 0.0) if value > 0 else min(high, 0.0)

    def as_row(self) -> dict:
        each, sure = self.dollars or (None, None)
        return {
            "alert": True,
            "dollars_a_week": None if each is None else each * self.applications,
            "dollars_at_least": None if sure is None else sure * self.applications,
            "means": self.sentence(),
        }

    def sentence(self) -> str:
        """Which series, by how much, at least how much, and what that is in dollars."""
        scope = "Since approval" if self.scope == SINCE_APPROVAL else f"In {self.scope}"
        return f"{scope}, {self._what()}{self._in_dollars()}."

    def _what(self) -> str:
        by, least = abs(self.by), abs(self.least)
        way = "above" if self.up else "below"
        if self.series == "value_error":
            way = "more" if self.up else "less"
            return f"decisions bring {dollars(by)} an application {way} than their scores say"
        if self.series in FROM_ZERO:
            of = " of those approved outright" if self.series != "calibration_error" else ""
            way = "exceed" if self.up else "fall short of"
            return f"events{of} {way} the scores by {_points(by)} (at least {_points(least)})"
        if self.series == "event_rate":
            return (
                f"{self.value:.1%} have the event, {_points(by)} {way} the promised "
                f"{self.base:.1%} (at least {_points(least)})"
            )
        if self.series == "policy_value":
            return (
                f"decisions bring {dollars(self.value)} an application, {dollars(by)} {way} the "
                f"promised {dollars(self.base)}"
            )
        name = {"auc": "AUC", "brier": "the Brier score"}[self.series]
        return (
            f"{name} is {self.value:.3f}, {by:.3f} {way} the promised {self.base:.3f} (at least "
            f"{least:.3f})"
        )

    def _in_dollars(self) -> str:
        if self.dollars is None:
            return ""
        each, sure = self.dollars
        a_week = dollars(abs(each * self.applications))
        least = f"at least {dollars(abs(sure * self.applications))}" if sure else "not yet sure"
        if self.series in ("policy_value", "value_error"):
            return f": {a_week} a week ({least})"
        verb = "costs" if each < 0 else "brings"
        return (
            f": at the amounts decided what the scores did not predict {verb} {dollars(abs(each))} "
            f"an application, {a_week} a week ({least})"
        )


@one_thread
def alerts(watched: pd.DataFrame) -> pd.DataFrame:
    """The series in alert at their latest look, one row each, the dearest first.

    A series is in alert while its sequence since approval, or that of its latest quarter with
    numbers, excludes what was promised. Columns: series, scope (the quarter where it alerts, as
    it says what holds now), since (the first week of the unbroken run of alerts of either), week,
    value, low, high, reference_low, reference_high, dollars_a_week, dollars_at_least, means.
    """
    columns = ["series", "scope", "since", "week", "value", "low", "high"]
    columns += ["reference_low", "reference_high", "dollars_a_week", "dollars_at_least", "means"]
    shown = watched[watched["value"].notna()].sort_values("week", kind="stable")
    found = []
    for _, rows in shown.groupby("series", sort=False):
        long = rows[rows["scope"] == SINCE_APPROVAL]
        short = rows[rows["scope"] != SINCE_APPROVAL]
        short = short[short["scope"] == short["scope"].iloc[-1]] if len(short) else short
        live = [part for part in (short, long) if len(part) and part["alert"].iloc[-1]]
        if live:
            since = min(_since(part) for part in live)
            found.append(live[0].iloc[-1].to_dict() | {"since": since})
    if not found:
        return watched.iloc[:0].assign(since=watched["week"].iloc[:0])[columns]
    frame = pd.DataFrame(found)[columns]
    order = frame["dollars_at_least"].astype("Float64").abs().sort_values(ascending=False)
    return frame.loc[order.index].reset_index(drop=True)


def _since(part: pd.DataFrame) -> pd.Timestamp:
    """The first week of the run of alerts that the last row ends."""
    calm = part.loc[~part["alert"], "week"]
    return part["week"].iloc[0] if calm.empty else part.loc[part["week"] > calm.max(), "week"].min()


def _points(share: float) -> str:
    return f"{100 * share:.1f} points"
