"""Reasons: what a decision says about itself, for the ledger alone, never for a log.

``reasons`` is JSON text, a list of at most four: ``{"rule": reason}`` where a rule decided,
``{"factor": name, "dollars": d}`` (d < 0) for what speaks against the application, the worst
first, or ``{"margin": d}`` where no factor alone does. Null for what was approved by dollars, and
for every explored application: luck is no reason.
"""

import json

import numpy as np
import pandas as pd

from truerisk.decisions.factors import contributions
from truerisk.decisions.policy import choose, dollars
from truerisk.models.package import Model
from truerisk.problem.spec import Problem
from truerisk.wording.dollars import dollars as said

MOST = 4
LEAST = 0.05  # of the worst factor: what weighs less explains nothing


def factors(problem: Problem, model: Model, scored: pd.DataFrame) -> pd.Series:
    """The dollars' own reasons as JSON text, null where they reveal or a rule decides; (n,)."""
    problem = problem.typed(model.definition)
    money = dollars(problem, scored)
    choice = choose(problem, scored, scored["score"].to_numpy(dtype=float), money)
    cost, margin = contributions(problem, model, scored, money, choice)
    said = pd.Series(None, index=scored.index, dtype="str")
    if len(cost):
        said[cost.index] = worst(cost, margin)
    return said


def worst(cost: pd.DataFrame, margin: np.ndarray) -> list[str]:
    """The at most four factors that cost each row most, as JSON text; see ``contributions``."""
    names, values = np.array(cost.columns, dtype=object), cost.to_numpy()
    # Stable, so that ties keep the order of the problem file.
    order = np.argsort(values, axis=1, kind="stable")[:, :MOST]
    top = np.take_along_axis(values, order, axis=1)
    weighs = (top < 0) & (top <= LEAST * top[:, :1])
    return [
        json.dumps(
            [{"factor": n, "dollars": round(d, 2)} for n, d in zip(names[o][w], v[w].tolist())]
            or [{"margin": round(m, 2)}]
        )
        for o, v, w, m in zip(order, top, weighs, margin.tolist())
    ]


def stated(scored: pd.DataFrame, rule: np.ndarray, drawn: np.ndarray) -> pd.Series:
    """The ledger's reasons: the rule that decided, else the factors, and none for luck; (n,)."""
    blank = pd.Series(None, index=scored.index, dtype="str")
    cited = pd.Series(rule, index=scored.index, dtype="object").map(
        lambda reason: json.dumps([{"rule": reason}]), na_action="ignore"
    )
    found = scored["factors"].astype("str") if "factors" in scored else blank
    return cited.astype("str").fillna(found).mask(drawn)


def in_words(reasons: str) -> str:
    """``amount −$2,130; utilisation −$410``, or the rule, for people."""
    return "; ".join(_words(reason) for reason in json.loads(reasons))


def _words(reason: dict) -> str:
    if "rule" in reason:
        return f"rule: {reason['rule']}"
    amount = reason["dollars"] if "factor" in reason else reason["margin"]
    shown = said(amount)
    return f"{reason['factor']} {shown}" if "factor" in reason else f"no single factor; {shown}"
