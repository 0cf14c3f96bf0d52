"""What a model looks at: its most important inputs, and a scorecard's points to add by hand."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pandas as pd

from truerisk.models.scorecard import OFFSET
from truerisk.problem.spec import Problem, Scorecard
from truerisk.reports.kit.blocks import Bars, Block, Table, Text
from truerisk.wording.dollars import MINUS

MOST = 12


def unit(candidate: str, is_scorecard: bool) -> str:
    """What a candidate's importance counts."""
    if candidate == "single_feature":
        return "percent Gini (2·AUC − 1) of each input by itself; only the first one decides"
    if is_scorecard:
        return "points between an input's best and worst bin"
    return "percent of all the movement that the inputs give to the score"


def importance(values: Mapping[str, float]) -> list[Block]:
    """The most important inputs as bars, and how many have none."""
    ranked = sorted(((n, v) for n, v in values.items() if v > 0), key=lambda x: (-x[1], x[0]))
    if not ranked:
        return [Text("This model uses no input.")]
    rows = [(name, value, f"{value:,.1f}".removesuffix(".0")) for name, value in ranked[:MOST]]
    rest = len(values) - len(rows)
    note = f"{rest} more inputs weigh less or nothing." if rest > 0 else ""
    return [Bars(rows), Text(note, "note")] if note else [Bars(rows)]


def scorecard(problem: Problem, card: Mapping[str, Mapping[str, Any]]) -> list[Block]:
    """A scorecard to add by hand: the points of every bin of every input."""
    params = problem.candidates.scorecard or Scorecard()
    double = f"{params.points_to_double_odds} points more double the odds against the event."
    rows = []
    order = sorted(card, key=lambda name: (-_range(card[name]), name))
    for name in order:
        for i, (when, points) in enumerate(_bins(card[name])):
            rows.append({"Input": name if i == 0 else "", "Value": when, "Points": _signed(points)})
    return [
        Text(f"The score is {OFFSET} plus the points below; more points mean less risk. {double}"),
        Table(pd.DataFrame(rows)),
    ]


def _bins(entry: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Every bin in words with its points; intervals hold their upper edge."""
    if "levels" in entry:
        return [
            *entry["levels"].items(),
            ("any other", entry["other"]),
            ("missing", entry["missing"]),
        ]
    edges = [_edge(e) for e in entry["edges"]]
    words = ["any value"]
    if edges:
        middle = [f"{a} to {b}" for a, b in pairwise(edges)]
        words = [f"up to {edges[0]}", *(f"over {m}" for m in middle), f"over {edges[-1]}"]
    return [*zip(words, entry["points"]), ("missing", entry["missing"])]


def _edge(value: float) -> str:
    text = f"{value:,.0f}" if abs(value) >= 1_000 or float(value).is_integer() else f"{value:.4g}"
    return text.replace("-", MINUS)


def _signed(points: int) -> str:
    return f"{points:+,d}".replace("-", MINUS) if points else "0"


def _range(entry: Mapping[str, Any]) -> int:
    points = [p for _, p in _bins(entry)]
    return max(points) - min(points)
