"""Month by month: what matured, what is forecast of the immature, and an early sign of it."""

import pandas as pd

from truerisk.monitoring.monitor import Monitor
from truerisk.problem.spec import Problem
from truerisk.reports.charts import estimates as estimate_charts
from truerisk.reports.charts.vintages import KINDS, vintage_rates
from truerisk.reports.kit.blocks import Beside, Block, Cell, Figure, Folded, Table, Text
from truerisk.reports.kit.estimate_tables import by_group
from truerisk.reports.kit.wording import population, whos
from truerisk.wording.counted import lasting
from truerisk.wording.dollars import NOTHING
from truerisk.wording.numbers import decimal, interval, percent, span, whole

SHOWN = ("event_rate", "auc", "policy_value")


def vintages(problem: Problem, monitor: Monitor) -> list[Block]:
    """The vintage chart and table, and quality by month beside the usual figures."""
    blocks: list[Block] = []
    if isinstance(monitor.vintages, str):
        blocks.append(Text(monitor.vintages))
    else:
        blocks += _delayed(problem, monitor, monitor.vintages)
    return [*blocks, *_quality(problem, monitor)]


def _delayed(problem: Problem, monitor: Monitor, rows: pd.DataFrame) -> list[Block]:
    who = population(problem, "eligible" if rows["share_not_identified"].gt(0).any() else "all")
    blocks: list[Block] = [
        Text(
            f"All figures are about {who}. Only what is {lasting(problem.outcome.horizon)} old "
            "counts as matured. “Completed” adds what the immature ones of a month are expected to "
            "come to, at the pace of those before them: a forecast, which raises no alert. The "
            "early sign is the share with the event by "
            f"{span(pd.Timedelta(0.3 * problem.outcome.horizon))}; it stands far below the "
            "outcome, and only its changes mean something."
        )
    ]
    moved = rows[rows["timing_moved"].fillna(False)]
    if len(moved):
        said = f"Timing moved: {moved['timing'].iloc[0]}. The forecast stands on a pace that no "
        blocks.append(Text(f"{said}longer holds.", "warning"))
    if rows["value"].notna().any():
        chart = vintage_rates(rows, monitor.promised.get("event_rate"))
        title = "Event rate by month of application, everyone"
        blocks.append(Figure(title, chart, "Grey: promised at approval." * _promised(monitor)))
    return [*blocks, Folded("Every month in figures", [Table(_table(rows))])]


def _promised(monitor: Monitor) -> bool:
    return "event_rate" in monitor.promised


def _table(rows: pd.DataFrame) -> pd.DataFrame:
    found = []
    for at, own in rows.groupby("vintage"):
        whole_month = own["n"].max()
        line: dict[str, object] = {"Month": f"{at:%Y-%m}", "Applications": whole(whole_month)}
        line["Immature"] = whole(own["immature"].max())
        kinds = own.set_index("kind")
        for kind, (label, *_) in KINDS.items():
            line[label[0].upper() + label[1:]] = _cell(kinds, kind)
        completion = own["completion"].dropna()
        line["Completion"] = percent(completion.iloc[0]) if len(completion) else NOTHING
        correlation = own["correlation"].dropna()
        line["Early sign’s correlation"] = (
            decimal(correlation.iloc[0]) if len(correlation) else NOTHING
        )
        found.append(line)
    return pd.DataFrame(found)


def _cell(kinds: pd.DataFrame, kind: str) -> Cell:
    if kind not in kinds.index:
        return Cell(NOTHING, muted=True)
    row = kinds.loc[kind]
    if pd.isna(row["value"]):
        return Cell(str(row["status"]).partition(":")[0], muted=True)
    return Cell(percent(row["value"]), interval(row["low"], row["high"], percent))


def _quality(problem: Problem, monitor: Monitor) -> list[Block]:
    rows = monitor.estimates[monitor.estimates["group_by"].eq("vintage")]
    if rows.empty:
        return [Text("Not measured by month.")]
    there = whos(problem, monitor.overall)
    charts: list[Block] = [
        Figure(title, estimate_charts.vintages(rows, there, metric))
        for metric, title in (
            ("event_rate", "Event rate by month, usual and for everyone"),
            ("auc", "AUC by month, usual and for everyone"),
        )
        if estimate_charts.can_draw(rows, there, metric)
    ]
    return [
        Text(
            "Beside what is usually reported: a month appears when its applications are old "
            "enough; one with too few explored outcomes has no figure for everyone yet."
        ),
        Beside(charts),
        Folded(
            "Usual and for everyone, in figures", [Table(by_group(rows, there, "Month", SHOWN))]
        ),
    ]
