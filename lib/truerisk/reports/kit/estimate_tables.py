"""Tables of estimates: naive beside what holds for everyone, interval under value."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from truerisk.problem.spec import Problem
from truerisk.reports.kit.blocks import Cell
from truerisk.reports.kit.wording import ESTIMATORS, METRICS, Who, not_identified, population, whos
from truerisk.wording.dollars import NOTHING, dollars
from truerisk.wording.numbers import FORMS, interval, percent, whole


def cell(row: pd.Series | None) -> Cell:
    """An estimate as a cell; without a value its bounds, or the first word of its status."""
    if row is None:
        return Cell(NOTHING, muted=True)
    form = FORMS.get(str(row["metric"]), dollars)
    status = str(row["status"])
    if pd.isna(row["low"]):
        return Cell(status.partition(":")[0], muted=True)
    low_high = interval(row["low"], row["high"], form)
    if pd.isna(row["value"]):
        return Cell(low_high, "bounds, no value", muted=True)
    return Cell(form(row["value"]), low_high + ("" if status == "ok" else " (bounded)"))


def find(
    estimates: pd.DataFrame, who: Who, metric: str, policy: str | None = None
) -> pd.Series | None:
    """The one row of a metric about them, or None."""
    kept = estimates["metric"].eq(metric) & estimates["estimator"].eq(who.estimator)
    kept &= estimates["population"].eq(who.population)
    if policy is not None:
        kept &= estimates["policy"].eq(policy)
    at = np.flatnonzero(kept)
    return estimates.iloc[at[0]] if len(at) else None


def side_by_side(problem: Problem, estimates: pd.DataFrame) -> pd.DataFrame:
    """Metric by metric: naive of its own population, then IPW and DR of each other population."""
    lost = not_identified(estimates)
    usual = f"{population(problem, 'revealed')}\n{ESTIMATORS['naive']}"
    columns = [Who("naive", "revealed", usual)]
    names = ["all"] if lost in (0, 1) else ["eligible", "all"]
    for name in names:
        label = population(problem, name, lost)
        columns += [Who(e, name, f"{label}\n{ESTIMATORS[e]}") for e in ("ipw", "dr")]
    whole_log = estimates[estimates["group_by"].eq("")]
    gained = whole_log["metric"].isin(["auc_gain", "brier_gain", "policy_gain"])
    shown = whole_log[~gained & whole_log["at"].isna()]
    rows = []
    for metric, policy in shown[["metric", "policy"]].drop_duplicates().itertuples(index=False):
        named = None if pd.isna(policy) else str(policy)
        label = METRICS.get(str(metric), str(metric)) + (f", {named}" if named else "")
        found = {w.label: cell(find(whole_log, w, str(metric), named)) for w in columns}
        rows.append({"Metric": label, **found, "Not identified": percent(lost)})
    return pd.DataFrame(rows)


def by_model(
    problem: Problem, estimates: pd.DataFrame, gap: dict[str, float], chosen: str
) -> pd.DataFrame:
    """One row per candidate: AUC and calibration error for each population, AUC with the gap."""
    rows = []
    for model, own in estimates.groupby("model", sort=False):
        row: dict[str, object] = {
            "Candidate": f"{model!s} (chosen)" if model == chosen else str(model)
        }
        for metric in ("auc", "calibration_error"):
            for who in whos(problem, estimates):
                row[f"{METRICS[metric]}\n{who.label}"] = cell(find(own, who, metric))
            if metric == "auc" and gap:
                usual = whos(problem, estimates)[0].label
                value = gap.get(str(model))
                text = NOTHING if value is None else FORMS["auc"](value)
                row[f"AUC with a gap\n{usual}"] = text
        rows.append(row)
    return pd.DataFrame(rows)


def by_group(
    estimates: pd.DataFrame, there: Sequence[Who], first: str, metrics: Sequence[str]
) -> pd.DataFrame:
    """One row per group: how many applied and were seen, and each metric for each population."""
    rows = []
    for group, own in estimates.groupby("group", sort=False):
        everyone = own[own["population"].eq("all")]
        row: dict[str, object] = {first: str(group)}
        row["Applications"] = whole(everyone["n"].max())
        row["Outcomes seen"] = whole(own["labels"].max())
        for metric in metrics:
            policy = "as run" if metric.startswith("policy") else None
            for who in there:
                found = cell(find(own, who, metric, policy))
                row[f"{METRICS[metric]}\n{who.label}"] = found
        rows.append(row)
    return pd.DataFrame(rows)


def gains(problem: Problem, estimates: pd.DataFrame) -> pd.DataFrame:
    """One row per changed policy or rival score, per application and per 1,000 applications."""
    rows = []
    wanted = estimates["metric"].isin(["policy_value", "policy_gain", "auc_gain", "brier_gain"])
    kept = estimates[wanted & estimates["group_by"].eq("")]
    for metric, policy in kept[["metric", "policy"]].drop_duplicates().itertuples(index=False):
        row: dict[str, object] = {
            "Policy or model": str(policy),
            "Measure": METRICS[str(metric)].removesuffix(" per application"),
        }
        for who in whos(problem, estimates):
            found = find(kept, who, str(metric), str(policy))
            row[f"{who.label}\neach"] = cell(found)
            row[f"{who.label}\nper 1,000"] = (
                NOTHING if metric.endswith(("auc_gain", "brier_gain")) else per_thousand(found)
            )
        rows.append(row)
    return pd.DataFrame(rows)


def per_thousand(row: pd.Series | None) -> Cell:
    """The same dollars for 1,000 applications."""
    if row is None or pd.isna(row["low"]):
        return cell(row)
    larger = row.copy()
    for column in ("value", "low", "high"):
        larger[column] = row[column] * 1_000
    return cell(larger)
