"""Quality now: every metric as usually reported and for everyone, and calibration by score band."""

import pandas as pd

from truerisk.measurement.groups import BAND
from truerisk.monitoring.monitor import Monitor
from truerisk.problem.spec import Problem
from truerisk.reports.charts import estimates as estimate_charts
from truerisk.reports.kit.blocks import Block, Figure, Folded, Table, Text
from truerisk.reports.kit.estimate_tables import cell, find, side_by_side
from truerisk.reports.kit.wording import (
    AUC,
    CALIBRATION,
    approved_only,
    event,
    not_identified,
    whos,
)
from truerisk.wording.lists import one_of
from truerisk.wording.numbers import percent, whole
from truerisk.wording.past import past

NOT_HERE = ("swap_", "realised_value")  # they stand under dollars


def quality(problem: Problem, monitor: Monitor) -> list[Block]:
    """The metrics side by side, those at the present capacity, and the score bands."""
    overall = monitor.overall
    lost, d = not_identified(overall), past(problem.offer)
    unknown = (
        f"Not identified: {percent(lost)} of those who applied had no chance to be {d}, so no data "
        "can say what would have become of them. Figures about everyone then have bounds instead "
        "of a value, or none. "
    ) * (lost > 0)
    shows = one_of(f"“{action}”" for action in problem.revealing)
    return [
        Text(
            f"The event is: {event(problem)}. An outcome is seen only when the action was "
            f"{shows}. The usual figure averages over {approved_only(problem)}. "
            f"DR and IPW speak for all who had a chance to be {d}, because a few were {d} at "
            "random with a known probability: IPW (inverse propensity weighting) counts each of "
            "those for the many like it; DR (doubly robust) starts from an outcome model's "
            "prediction and corrects it by them, and is the one to quote. Where the two disagree "
            "beyond their intervals, ask why."
        ),
        Table(side_by_side(problem, overall[~overall["metric"].str.startswith(NOT_HERE)])),
        *_at_capacity(problem, monitor),
        Text(f"{unknown}{AUC} {CALIBRATION}", "note"),
        *_bands(problem, monitor),
    ]


def _at_capacity(problem: Problem, monitor: Monitor) -> list[Block]:
    rows = monitor.overall
    rows = rows[rows["at"].notna() & rows["policy"].isna()]
    if rows.empty:
        return []
    at = ", ".join(rows["at"].unique())
    table = side_by_side(problem, rows.assign(at=None))
    caption = f"If the highest scores are given “{monitor.flag}”, {at}, as many as now"
    return [Table(table, caption)]


def _bands(problem: Problem, monitor: Monitor) -> list[Block]:
    rows = monitor.estimates[monitor.estimates["group_by"].eq(BAND)]
    if rows.empty or monitor.bands.empty:
        return [Text("Calibration by score band was not measured.")]
    there = whos(problem, monitor.overall)
    beside = monitor.bands.set_index("group")
    rows = rows.assign(mean_score=rows["group"].map(beside["mean_score"]))
    blocks: list[Block] = []
    if estimate_charts.can_draw(rows, there, "event_rate"):
        blocks.append(
            Figure(
                "Calibration: event rate of each score band over its mean score",
                estimate_charts.calibration(rows, there),
                "On the dotted line scores are right. The high bands are the declined side: only "
                "exploration shows them, and the usual figure sees those few who were let "
                "through. Intervals hold for all bands at once.",
            )
        )
    return [
        *blocks,
        Folded("Every score band in figures", [Table(_band_table(rows, beside, there))]),
    ]


def _band_table(rows: pd.DataFrame, beside: pd.DataFrame, there: list) -> pd.DataFrame:
    found = []
    for group, about in beside.iterrows():
        own = rows[rows["group"].eq(str(group))]
        line: dict[str, object] = {
            "Scores": f"{about['low']:.3g} to {about['high']:.3g}",
            "Applications": whole(own["n"].max()),
            "Chance to be seen": percent(about["share_revealed"]),
            "Mean score": percent(about["mean_score"]),
        }
        for metric, name in (("event_rate", "Event rate"), ("observed_expected", "Over expected")):
            for who in there:
                line[f"{name}\n{who.label}"] = cell(find(own, who, metric))
        found.append(line)
    return pd.DataFrame(found)
