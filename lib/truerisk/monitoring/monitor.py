"""What one look at a model's decisions found: the frames that the monitor page is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from truerisk.measurement.watching.alert import alerts

Found = pd.DataFrame | str  # a frame, or one sentence that says why there is none


@dataclass(frozen=True, kw_only=True)
class Monitor:
    """One model's decisions, looked at as known at ``known_at`` (UTC).

    ``log`` is its decision log and ``estimates`` measure()'s rows of it, by vintage, segment and
    score band. ``promised`` (series → low, high) is what the model was approved on, ``approved``
    says by whom and when. ``watched``, ``vintages``, ``spend``, ``drift`` and ``fairness`` are the
    frames of the functions of those names; ``bands`` has group, mean_score and share_revealed of
    every score band, ``curve`` review_curve()'s rows, ``worth`` those of the other figures in
    dollars, ``needle`` a sentence. ``flag`` is the action that a capacity limits, at ``capacity``
    a day; ``catch`` holds catch_rate()'s rows; ``then`` and ``now`` say which applications drift
    compares; ``doubts`` are sentences on draws that differ from their chances.
    """

    version: str
    known_at: pd.Timestamp
    log: pd.DataFrame
    estimates: pd.DataFrame
    promised: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    approved: str = ""
    watched: Found = "Not watched."
    vintages: Found = "Not computed."
    bands: pd.DataFrame = field(default_factory=pd.DataFrame)
    curve: Found = "Not computed."
    worth: Found = "Not computed."
    needle: str = ""
    flag: str = ""
    capacity: float | None = None
    spend: Found = "Not computed."
    drift: Found = "Not computed."
    then: str = ""
    now: str = ""
    fairness: Found = "Not computed."
    catch: Found = "Nobody reviews."
    contested: Found = "Nobody can contest: the problem file has no [contest]."
    doubts: tuple[str, ...] = ()
    compared: str = ""
    run: str = ""
    code: str = ""

    @property
    def overall(self) -> pd.DataFrame:
        """The estimates of the whole log."""
        return self.estimates[self.estimates["group_by"].eq("")]

    @property
    def alerts(self) -> pd.DataFrame | None:
        """The series in alert now; None where none that was promised anything can be shown yet."""
        if isinstance(self.watched, str) or not self.held:
            return None
        return alerts(self.watched)

    @property
    def held(self) -> list[str]:
        """The series that have labels enough to be shown, and are held to a promise."""
        if isinstance(self.watched, str):
            return []
        shown = self.watched.loc[self.watched["value"].notna(), "series"].unique()
        return [name for name in shown if name in self.promised]

    @property
    def last_week(self) -> pd.Timestamp:
        """The last week that a sequence shows; ``known_at`` where none does."""
        return self.known_at if isinstance(self.watched, str) else self.watched["week"].max()
