"""What an alert means, in a sentence and in dollars."""

from dataclasses import dataclass

import pandas as pd

SINCE_APPROVAL = "since approval"
POINTS = ("event_rate", "calibration_error", "calibration_error_approved")
FROM_ZERO = ("calibration_error", "calibration_error_approved")
CALM = {"alert": False, "dollars_a_week": None, "dollars_at_least": None, "means": ""}


@dataclass(frozen=True)
class Departure:
    """One look of a series that excludes what was promised.

    ``low`` to ``high`` is the sequence, ``reference`` the promised interval. ``stake`` is the
    dollars an application loses if its event turns from no to yes, at the policy that ran (null
    without dollars), ``applications`` how many a week it is about.
    """

    series: str
    scope: str
    value: float
    low: float
    high: float
    reference: tuple[float, float]
    stake: float | None
    applications: float

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

    def dollars(self, difference: float) -> float | None:
        """Dollars an application that such a difference brings (negative: costs)."""
        if self.series == "policy_value":
            return difference
        if self.series not in POINTS or self.stake is None:
            return None
        return -difference * self.stake

    def dollars_a_week(self, difference: float) -> float | None:
        each = self.dollars(difference)
        return None if each is None else each * self.applications

    def as_row(self) -> dict:
        return {
            "alert": True,
            "dollars_a_week": self.dollars_a_week(self.by),
            "dollars_at_least": self.dollars_a_week(self.least),
            "means": self.sentence(),
        }

    def sentence(self) -> str:
        """Which series, by how much, at least how much, and what that is in dollars."""
        scope = "Since approval" if self.scope == SINCE_APPROVAL else f"In {self.scope}"
        return f"{scope}, {self._what()}{self._in_dollars()}."

    def _what(self) -> str:
        by, least = abs(self.by), abs(self.least)
        if self.series in FROM_ZERO:
            of = " of those approved outright" if self.series != "calibration_error" else ""
            way = "exceed" if self.up else "fall short of"
            return f"events{of} {way} the scores by {_points(by)} (at least {_points(least)})"
        way = "above" if self.up else "below"
        if self.series == "event_rate":
            return (
                f"{self.value:.1%} have the event, {_points(by)} {way} the promised "
                f"{self.base:.1%} (at least {_points(least)})"
            )
        if self.series == "policy_value":
            return (
                f"decisions bring {_money(self.value)} an application, {_money(by)} {way} the "
                f"promised {_money(self.base)} (at least {_money(least)})"
            )
        name = {"auc": "AUC", "brier": "the Brier score"}[self.series]
        return (
            f"{name} is {self.value:.3f}, {by:.3f} {way} the promised {self.base:.3f} (at least "
            f"{least:.3f})"
        )

    def _in_dollars(self) -> str:
        week, sure = self.dollars_a_week(self.by), self.dollars_a_week(self.least)
        each = self.dollars(self.by)
        if each is None or week is None or sure is None:
            return ""
        verb = "costs" if week < 0 else "brings"
        if self.series == "policy_value":
            return f": that {verb} {_money(abs(week))} a week (at least {_money(abs(sure))})"
        return (
            f": at the amounts decided that {verb} {_money(abs(each))} an application, "
            f"{_money(abs(week))} a week (at least {_money(abs(sure))})"
        )


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


def _money(dollars: float) -> str:
    sign, size = ("−" if dollars < 0 else ""), abs(dollars)
    return f"{sign}${size:,.2f}" if size < 10 else f"{sign}${size:,.0f}"
