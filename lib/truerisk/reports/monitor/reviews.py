"""Review: who waits, what people said, what share they stop, and whether audits were a secret."""

import pandas as pd

from truerisk.measurement.evidence.audits import LIMIT, audits
from truerisk.monitoring.monitor import Monitor
from truerisk.problem.actions import LATE
from truerisk.problem.spec import Problem
from truerisk.reports.kit.blocks import Block, Cell, Table, Text
from truerisk.wording.counted import counted
from truerisk.wording.lists import listed
from truerisk.wording.numbers import deviation, interval, percent, rough, whole


def reviews(problem: Problem, monitor: Monitor) -> list[Block]:
    """Queue, verdicts, catch rate by person, and the audits against their chances."""
    log = monitor.log
    own = log[log["action"].isin(problem.reviews)]
    if own.empty:
        return [Text("No application was sent to review.")]
    over = own[own["verdict"].notna()]
    late = int(over["verdict"].eq(LATE).sum())
    waiting = len(own) - len(over)
    verdicts = over.loc[over["verdict"].ne(LATE), "verdict"].value_counts()
    said = listed([f"{whole(n)} {verdict}" for verdict, n in verdicts.items()])
    wait = "waits" if waiting == 1 else "wait"
    text = f"{counted(len(own), 'application')} went to review; {whole(waiting)} still {wait}."
    if len(over):
        text += (
            f" Of {whole(len(over))} that are over, {whole(late)} were late "
            f"({percent(late / len(over))}), for whom the default acted."
        )
        text += f" People said: {said}." if said else ""
    blocks: list[Block] = [Text(text)]
    if isinstance(monitor.catch, str):
        return [*blocks, Text(monitor.catch)]
    blocks.append(Table(_caught(monitor.catch)))
    found = audits(log)
    if found:
        lines = [
            {
                "Rows of": f"{a.group[0]} {a.group[1]}",
                "Rows": whole(a.rows),
                "Audited": Cell(whole(a.audited), f"{rough(a.expected)} expected"),
                "Deviation": Cell(deviation(a.z)),
            }
            for a in found
        ]
        why = (
            "Audits are drawn before anybody looks. Beyond "
            f"{LIMIT:.0f} standard deviations somebody knew, and nothing is estimated."
        )
        blocks += [Text(why), Table(pd.DataFrame(lines))]
    return blocks


def _caught(catch: pd.DataFrame) -> pd.DataFrame:
    lines = []
    for row in catch.to_dict("records"):
        cell = Cell("–", str(row["status"]), muted=True)
        if pd.notna(row["value"]):
            cell = Cell(percent(row["value"]), interval(row["low"], row["high"], percent))
        lines.append(
            {
                "Reviewer": "All" if pd.isna(row["reviewer"]) else row["reviewer"],
                "Reviewed": whole(row["reviewed"]),
                "Stopped": whole(row["stopped"]),
                "Audited": whole(row["audited"]),
                "Events they stop": cell,
            }
        )
    return pd.DataFrame(lines)
