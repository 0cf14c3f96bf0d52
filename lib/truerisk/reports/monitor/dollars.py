"""Dollars: what decisions earned, what another model would, and where the money lies."""

import pandas as pd

from truerisk.measurement.best import best
from truerisk.measurement.worth.policy_dollars import BOOKED
from truerisk.monitoring.monitor import Monitor
from truerisk.problem.spec import Problem
from truerisk.reports.kit.blocks import Block, Cell, Table, Text
from truerisk.reports.kit.estimate_tables import cell, find, gains
from truerisk.reports.kit.wording import not_identified, population, whos
from truerisk.reports.monitor.review_curve import review
from truerisk.wording.counted import counted
from truerisk.wording.dollars import dollars
from truerisk.wording.numbers import interval, percent, whole
from truerisk.wording.past import past

SENSITIVITY = {
    "policy_dollars": "As the problem file says",
    "losses_down": "Every loss 20% smaller",
    "losses_up": "Every loss 20% larger",
    "margins_down": "Every margin 20% smaller",
    "margins_up": "Every margin 20% larger",
}


def in_dollars(problem: Problem, monitor: Monitor) -> list[Block]:
    """As run with its sensitivity, the compared model with its swap set, and the review curve."""
    if isinstance(monitor.worth, str):
        return [Text(monitor.worth)]
    return [
        *_as_run(monitor.worth),
        *_compared(problem, monitor),
        *review(monitor, monitor.worth),
    ]


def _as_run(worth: pd.DataFrame) -> list[Block]:
    rows = worth.set_index("figure").to_dict("index")
    row = rows["policy_dollars"]
    if row["status"] == BOOKED:
        return [
            Text(
                f"Decisions earned {dollars(row['value'])} an application, over everyone who "
                "applied: booked, not estimated."
            )
        ]
    if pd.isna(row["value"]):
        return [Text(f"What decisions earned: {row['status']}.")]
    lines = [
        {
            "Dollars": said,
            "An application": Cell(
                dollars(rows[name]["value"]),
                interval(rows[name]["low"], rows[name]["high"], dollars),
            ),
        }
        for name, said in SENSITIVITY.items()
    ]
    return [
        Text(
            "No realised dollars are in the log. What decisions earned is therefore the dollars "
            "that the problem file assumes, at the outcomes of everyone; below, how much hangs on "
            "those assumptions."
        ),
        Table(pd.DataFrame(lines), "The policy that ran, exploration included"),
    ]


def _compared(problem: Problem, monitor: Monitor) -> list[Block]:
    overall, name = monitor.overall, monitor.compared
    gain = overall[overall["metric"].eq("policy_gain") & overall["policy"].eq(name)]
    if not name or gain.empty:
        return [Text("No other policy was valued; name a model to compare to see its gain.")]
    row = best(gain, "policy_gain")
    who = population(problem, str(row["population"]), not_identified(overall))
    shown = cell(row)
    said = f"Had model {name} decided instead, the difference would have been "
    said += f"{shown.main} ({shown.beside or row['status']}) per application, about {who}, on the "
    said += f"{whole(row['n'])} applications whose outcomes it never saw."
    if row["estimator"] == "naive":
        why = gain.loc[gain["estimator"].eq("dr"), "status"].iloc[0]
        said += f" For everyone nothing can be said: {why}."
    if pd.notna(row["low"]) and row["low"] <= 0 <= row["high"]:
        said += " Zero is inside: the data cannot tell which of the two earns more."
    note = (
        "“as run” is the policy that decided all, exploration included; the model is valued on "
        "fewer. A gain is paired with what ran on the same applications."
    )
    return [
        Text(said),
        Table(gains(problem, overall)),
        Text(note, "note"),
        *_swaps(problem, overall, name),
    ]


def _swaps(problem: Problem, overall: pd.DataFrame, name: str) -> list[Block]:
    """Whom the compared model would treat otherwise, in applications and dollars."""
    rows = overall[overall["metric"].str.startswith("swap_") & overall["policy"].eq(name)]
    *_, who = whos(problem, overall)
    if rows.empty or who.estimator == "naive":
        return []
    d = past(problem.offer)
    cells = {
        "in-in": f"{d} by both",
        "in-out": f"{d} now, not by {name}",
        "out-in": f"not {d} now, but by {name}",
        "out-out": f"{d} by neither",
    }
    applied, lines = int(rows["n"].max()), []
    for at, said in cells.items():
        own = rows[rows["at"].eq(at)]
        share = find(own, who, "swap_share")
        known = share is not None and pd.notna(share["value"])
        moved = float(share["value"]) if share is not None and known else 0.0
        lines.append(
            {
                "Whom": said[0].upper() + said[1:],
                "Share": Cell(percent(moved), counted(moved * applied, "application"))
                if known
                else Cell("–", muted=True),
                "Event rate": cell(find(own, who, "swap_event_rate")),
                "Gain, all": _times(find(own, who, "swap_gain"), applied),
                "Gain per application of all": cell(find(own, who, "swap_gain")),
            }
        )
    return [Table(pd.DataFrame(lines), f"The swap set, about {who.label}")]


def _times(row: pd.Series | None, count: int) -> Cell:
    if row is None or pd.isna(row["low"]):
        return cell(row)
    larger = row.copy()
    for column in ("value", "low", "high"):
        larger[column] = row[column] * count
    return cell(larger)
