"""Fairness: what the policy does to the groups of each protected attribute, for everyone."""

import pandas as pd

from truerisk.monitoring.monitor import Monitor
from truerisk.problem.spec import Problem
from truerisk.reports.kit.blocks import Block, Cell, Table, Text
from truerisk.wording.dollars import dollars
from truerisk.wording.numbers import decimal, interval, percent, points, whole
from truerisk.wording.past import past

FORMS = {
    "approval_rate": percent,
    "approval_ratio": decimal,
    "score_smd": decimal,
    "false_positive_rate": percent,
    "false_positive_rate_gap": points,
    "false_negative_rate": percent,
    "false_negative_rate_gap": points,
    "observed_to_expected": decimal,
    "exploration_rate": percent,
    "explored_event_rate": percent,
    "explored_dollars": dollars,
}


def fair(problem: Problem, monitor: Monitor) -> list[Block]:
    """A table for each attribute: approval, errors among all, exploration and its harm."""
    rows = monitor.fairness
    if isinstance(rows, str):
        return [Text(rows)]
    d = past(problem.offer)
    names = {
        "approval_rate": f"Chance to be {d}",
        "approval_ratio": "Ratio to the reference",
        "score_smd": "Score, standardised difference",
        "false_positive_rate": f"Not {d}, without the event",
        "false_positive_rate_gap": "Gap of that",
        "false_negative_rate": f"{d.capitalize()}, with the event",
        "false_negative_rate_gap": "Gap of these",
        "observed_to_expected": "Events over expected",
        "exploration_rate": "Chance to be explored",
        "explored_event_rate": "Events among explored",
        "explored_dollars": "Explored, dollars each",
    }
    blocks: list[Block] = [
        Text(
            "By the probabilities of the policy that ran, never by the draw. Error rates are about "
            f"everyone who had a chance to be {d}, those turned away included; among the {d} alone "
            "nobody was turned away. A ratio below 0.8 is the usual cause for a closer look."
        )
    ]
    for attribute, own in rows.groupby("group_by", sort=False):
        reference = own["reference"].iloc[0]
        caption = f"{attribute}: groups compared with “{reference}”"
        blocks.append(Table(_table(own, names), caption))
    return blocks


def _table(rows: pd.DataFrame, names: dict[str, str]) -> pd.DataFrame:
    lines = []
    for group, own in rows.groupby("group", sort=False):
        line: dict[str, object] = {"Group": str(group)}
        line["Decisions"] = whole(own.loc[own["metric"].eq("approval_rate"), "n"].max())
        for metric, said in names.items():
            line[said] = _cell(own, metric, str(group) == str(own["reference"].iloc[0]))
        line["Explored labels, effective"] = whole(own["explored_effective_n"].max())
        lines.append(line)
    return pd.DataFrame(lines)


def _cell(own: pd.DataFrame, metric: str, reference: bool) -> Cell:
    rows = own[own["metric"].eq(metric)]
    told = rows[~rows["estimator"].isin(["naive", "ipw"])]
    for population in ("all", "eligible"):
        some = told[told["population"].eq(population) & told["value"].notna()]
        if len(some):
            told = some
            break
    if told.empty:
        return Cell("reference" if reference else "–", muted=True)
    row, form = told.iloc[0], FORMS[metric]
    if pd.isna(row["value"]):
        return Cell(str(row["status"]).partition(":")[0], muted=True)
    return Cell(form(row["value"]), interval(row["low"], row["high"], form))
