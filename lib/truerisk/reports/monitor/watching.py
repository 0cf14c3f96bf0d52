"""Quality over time, watched: each series week by week beside what the model was approved on."""

from collections.abc import Callable

import altair as alt
import pandas as pd

from truerisk.measurement.estimate import AS_RUN
from truerisk.measurement.watching.alert import SINCE_APPROVAL
from truerisk.monitoring.monitor import Monitor
from truerisk.problem.spec import Problem
from truerisk.reports.charts import watching as watching_charts
from truerisk.reports.charts.style import dollar_axis
from truerisk.reports.kit.blocks import Beside, Block, Cell, Figure, Folded, Table, Text
from truerisk.reports.kit.estimate_tables import find
from truerisk.reports.kit.wording import Who
from truerisk.reports.monitor.verdict import when_watched
from truerisk.wording.dollars import NOTHING, dollars
from truerisk.wording.numbers import FORMS, change, day, interval, whole
from truerisk.wording.past import past

FORMATS = {
    "event_rate": "~%",
    "calibration_error": "+~f",
    "calibration_error_approved": "+~f",
    "auc": "~f",
}
CHARTED = [*FORMATS, "policy_value", "value_error"]
SERIES_FORMS = {**FORMS, "calibration_error_approved": change, "value_error": dollars}


def named(problem: Problem, series: str) -> str:
    """A watched series in words."""
    return {
        "event_rate": "Event rate",
        "calibration_error": "Calibration error: events minus scores, per application",
        "calibration_error_approved": f"Calibration error of those {past(problem.offer)} "
        "without a draw",
        "brier": "Brier score",
        "auc": "AUC",
        "policy_value": "Dollars per application, as run",
        "value_error": "Dollars per application that the scores did not predict",
    }[series]


def _axis(series: str) -> alt.Axis:
    form = FORMATS.get(series)
    return alt.Axis(format=form, tickCount=5) if form else dollar_axis(5)


def watching(problem: Problem, monitor: Monitor) -> list[Block]:
    """A chart for every series, the latest look of all, and what alerts mean in words."""
    if isinstance(monitor.watched, str):
        return [Text(when_watched(problem, monitor))]
    rows = monitor.watched
    shown = rows[rows["value"].notna()]
    ringing = monitor.alerts
    blocks: list[Block] = [
        Text(
            "Each line is the mean so far, week by week, of applications whose week is entirely "
            "mature. Its band is a confidence sequence: it holds at all looks at once, so it may "
            "be looked at every week, and only it raises an alert, when it leaves what was "
            "promised at approval (grey). A second sequence starts anew each quarter, so that a "
            "change is seen soon."
        )
    ]
    if ringing is not None and len(ringing):
        blocks.append(Table(_alerts(problem, ringing), "In alert now, the dearest first"))
    charts: list[Block] = [
        Figure(
            named(problem, name),
            watching_charts.watched(
                shown[shown["series"].eq(name)], SERIES_FORMS[name], _axis(name)
            ),
        )
        for name in CHARTED
        if shown["series"].eq(name).any()
    ]
    if charts:
        blocks.append(Beside(charts))
    else:
        blocks.append(Text(when_watched(problem, monitor)))
    table: list[Block] = [Table(_latest(problem, monitor, rows))]
    if shown["series"].nunique() < rows["series"].nunique():
        table.append(
            Text(
                "Before enough is known for a sequence, what one look says: its interval holds "
                "once, not week after week, so that no alert comes from it."
            )
        )
    return [*blocks, Folded("The latest look of every series", table)]


def _alerts(problem: Problem, ringing: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "Series": named(problem, row["series"]),
                "Sequence": row["scope"],
                "Since the week of": day(row["since"]),
                "Value": Cell(
                    (form := SERIES_FORMS[row["series"]])(row["value"]),
                    interval(row["low"], row["high"], form),
                ),
                "Promised": interval(row["reference_low"], row["reference_high"], form),
                "Dollars a week": Cell(
                    dollars(row["dollars_a_week"]), f"at least {dollars(row['dollars_at_least'])}"
                )
                if pd.notna(row["dollars_a_week"])
                else Cell(NOTHING, "none of its own", muted=True),
            }
            for row in ringing.to_dict("records")
        ]
    )


def _latest(problem: Problem, monitor: Monitor, rows: pd.DataFrame) -> pd.DataFrame:
    """A row per series: both its sequences as they stand now, beside what was promised.

    Before its burn-in a series shows measure()'s estimate of the same applications.
    """
    found = []
    for name, own in rows.groupby("series", sort=False):
        form = SERIES_FORMS[str(name)]
        long = own[own["scope"].eq(SINCE_APPROVAL)]
        quarters = own[own["scope"].ne(SINCE_APPROVAL)]
        quarter = quarters["scope"].iloc[-1]
        row = long.iloc[-1]
        policy = AS_RUN if name == "policy_value" else None
        once = find(monitor.overall, Who("dr", "eligible", ""), str(name), policy)
        promised = NOTHING
        if pd.notna(row["reference_low"]):
            promised = interval(row["reference_low"], row["reference_high"], form)
        found.append(
            {
                "Series": named(problem, str(name)),
                "Since approval": _now(long, form, once),
                f"In {quarter}": _now(quarters[quarters["scope"].eq(quarter)], form),
                "Promised": promised,
                "Applications": whole(row["n"]),
                "Explored labels": whole(row["explored_labels"]),
            }
        )
    return pd.DataFrame(found)


def _now(rows: pd.DataFrame, form: Callable[[float], str], once: pd.Series | None = None) -> Cell:
    row = rows.iloc[-1]
    if pd.isna(row["value"]):
        if once is None or pd.isna(once["value"]):
            return Cell("withheld", "too few labels", muted=True)
        once_only = f"{interval(once['low'], once['high'], form)} at one look"
        return Cell(form(once["value"]), once_only, muted=True)
    return Cell(form(row["value"]), interval(row["low"], row["high"], form))
