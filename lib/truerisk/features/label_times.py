"""When events come: just past the horizon, by clocks that do not agree, or nearly always."""

import numpy as np
import pandas as pd

from truerisk.errors import SourceError
from truerisk.problem.spec import Problem
from truerisk.wording.counted import counted

MOST = 0.95  # of labels that are events: more looks like outcomes of events alone
ENOUGH = 20  # labels that such a share is said of
DAY = 86_400.0  # seconds


def late_events(problem: Problem, frame: pd.DataFrame) -> list[str]:
    """What is to be said of events after the horizon, which count as none.

    ``frame`` has ``as_of``, ``mature`` and ``event_at`` (null where no event is known). Raises
    SourceError where most events lie after the horizon, unless the problem says that this is meant.
    """
    known = frame[frame["mature"] & frame["event_at"].notna()]
    lag = (known["event_at"] - known["as_of"]).dt.total_seconds()
    horizon = problem.outcome.horizon.total_seconds()
    late = lag[lag > horizon] - horizon
    if late.empty:
        return []
    said = (
        f"{len(late):,} of {counted(len(known), 'known event')} lie after the horizon of "
        f"{_span(horizon)} "
        f"and count as none: the nearest {_span(float(late.min()))} after it, half of them within "
        f"{_span(float(late.median()))}"
    )
    said += _dates_alone(frame, known, late)
    if 2 * len(late) > len(known) and not problem.outcome.later_events_are_none:
        reach = int(np.ceil((horizon + late.quantile(0.9)) / DAY))
        raise SourceError(
            f'{problem.where}: {said}; set outcome.horizon to cover them ("{reach}d" covers nine '
            "tenths), or write later_events_are_none = true under [outcome] if this is meant."
        )
    return [f"{said}."]


def nearly_all_events(problem: Problem, frame: pd.DataFrame) -> list[str]:
    """A warning where nearly every label is an event: outcomes of non-events may be missing."""
    labels = frame["event"].dropna()
    if len(labels) < ENOUGH or labels.mean() <= MOST:
        return []
    return [
        f"{int(labels.sum()):,} of {counted(len(labels), 'label')} are events: does source "
        f'"{problem.outcome.source}" hold a row for those followed without one?'
    ]


def _dates_alone(frame: pd.DataFrame, known: pd.DataFrame, late: pd.Series) -> str:
    """Where applications carry a date and outcomes a time of day, a day of the horizon is lost."""
    dates = (frame["as_of"] == frame["as_of"].dt.floor("D")).all()
    timed = (known["event_at"] != known["event_at"].dt.floor("D")).any()
    if not (dates and timed):
        return ""
    return (
        " (applications carry a date alone, read as 00:00, and events a time of day: "
        f"{int((late <= DAY).sum()):,} lie less than a day after it)"
    )


def _span(seconds: float) -> str:
    for name, size in (("day", DAY), ("hour", 3_600.0), ("minute", 60.0)):
        if seconds >= size:
            count = f"{seconds / size:.3g}"
            return f"{count} {name}" if count == "1" else f"{count} {name}s"
    return f"{seconds:.3g} seconds"
