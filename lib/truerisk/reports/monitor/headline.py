"""The measured result as a small table for a terminal: as usually reported, and for everyone."""

from typing import Any

import pandas as pd

from truerisk.measurement.best import best
from truerisk.problem.spec import Problem
from truerisk.wording.counted import counted
from truerisk.wording.table import lines, table

# How a metric is named and written.
SHOWN = {
    "event_rate": ("event rate", ".3f"),
    "auc": ("AUC", ".3f"),
    "calibration_error": ("events minus scores", "+.3f"),
    "policy_value": ("dollars an application", ",.0f"),
    "policy_gain": ("dollars gained", "+,.0f"),
    "auc_gain": ("AUC gained", "+.3f"),
}
HEADS = ("estimate", "as usually reported", "everyone who applied, 95%")


def headline(problem: Problem, estimates: pd.DataFrame) -> str:
    """The latest model's estimates over its whole log, naive beside those for everyone.

    ``estimates`` are measure()'s rows with ``model_version``; dollars are per application.
    """
    version = estimates["model_version"].iloc[-1]
    rows = estimates[(estimates["model_version"] == version) & (estimates["group_by"] == "")]
    shown = rows[rows["estimator"].eq("naive") & rows["metric"].isin(SHOWN)].to_dict("records")
    measured = []
    for usual in shown:
        name, form = SHOWN[usual["metric"]]
        of = rows["metric"] == usual["metric"]
        if pd.notna(usual["policy"]):
            of &= rows["policy"] == usual["policy"]
        if "dollars" in name:
            form = form.replace(".0f", f".{_places(rows.loc[of, 'value'])}f")
        what = name + _policy(usual)
        measured.append([what, _said(usual, form), _everyone(rows[of], form)])
    said = [
        f"{problem.name}, model {version}: {int(rows['n'].max()):,} matured applications, "
        f"{counted(int(rows['labels'].max()), 'outcome')} seen, "
        f"{int(rows['explored_labels'].max()):,} of them by exploration",
        lines(table(HEADS, measured, right=HEADS[1:])),
    ]
    left = float(rows["share_not_identified"].max())
    if left > 0:
        said.append(f"Not identified: {left:.1%} of the applications had no chance to be revealed.")
    return "\n".join(said)


def _places(dollars: pd.Series) -> int:
    """Decimals that show the smallest of these: a letter is worth cents, a loan hundreds."""
    sizes = dollars.astype(float).abs()
    least = sizes[sizes > 0].min()
    return 0 if not least < 100 else 2 if least >= 0.1 else 4


def _policy(row: dict[Any, Any]) -> str:
    return "" if pd.isna(row["policy"]) else f", {row['policy']}"


def _everyone(rows: pd.DataFrame, form: str) -> str:
    dr = best(rows, str(rows["metric"].iloc[0])).to_dict()
    if dr["estimator"] != "dr":
        return "not identified"
    return f"{_said(dr, form)}  ({dr['low']:{form}} … {dr['high']:{form}})"


def _said(row: dict[Any, Any], form: str) -> str:
    return "withheld" if pd.isna(row["value"]) else f"{row['value']:{form}}"
