"""Reasons: what a decision says about itself, for the ledger alone, never for a log.

``reasons`` is JSON text, a list of at most four: ``{"capacity": action}`` where the action had no
seat left, ``{"rule": reason}`` where a rule decided, else what speaks against the application
(docs/people.md): ``{"factor": name, "side": s, "dollars": d}``, d < 0, or
``"factors": [[name, s], …]`` where one sentence speaks of several or only several together weigh;
with ``"unsaid": true`` where nothing that the file has a sentence for does. ``{"terms": action}``
where no value of anything would have done. Null for what was approved by dollars, and for every
explored application: luck is no reason.
"""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from truerisk.decisions.factors import (
    Parts,
    Unrevealed,
    cost_of,
    costs,
    every_part,
    parts,
    unrevealed,
)
from truerisk.decisions.policy import choose, dollars, scores
from truerisk.models.package import Model
from truerisk.models.reference import Usual
from truerisk.problem.notice import MOST_REASONS
from truerisk.problem.spec import Problem
from truerisk.wording.coded import coded
from truerisk.wording.dollars import dollars as said
from truerisk.wording.lists import listed

LEAST = 0.05  # of the worst: what weighs less explains nothing
ALIKE = 0.4  # of the worst: from here on the order is the file's, so that no retraining swaps two
UNSAID, TERMS = "unsaid", "terms"  # keys of what no sentence says, and of what nothing changes
BEST = "best"  # what the dollars compare with, where not with the usual value

Said = dict[str, Any]


def factors(problem: Problem, model: Model, scored: pd.DataFrame) -> pd.Series:
    """The dollars' own reasons as JSON text, null where they reveal or a rule decides; (n,)."""
    problem = problem.typed(model.definition)
    money = dollars(problem, scored)
    choice = choose(problem, scored, scores(problem, scored), money)
    rows = unrevealed(problem, model, scored, money, choice)
    told = pd.Series(None, index=scored.index, dtype="str")
    for index, reasons in _explained(rows):
        told[index] = reasons
    return told


def _explained(rows: Unrevealed) -> Iterator[tuple[pd.Index, list[str]]]:
    """Rows with their reasons: against the usual, and only where that is no better, the best.

    First what the file has sentences for; only of whom none of it is true, what it has none for.
    """
    usual = {c: v for c, v in (rows.model.reference or {}).items() if c in rows.moves}
    order = {c: v for c, v in (rows.model.dependence or {}).items() if c in rows.moves}
    ways: list[tuple[dict[str, Usual], str]] = [
        (usual, ""),
        ({c: v[0] for c, v in order.items()}, BEST),
        ({c: v[-1] for c, v in order.items()}, BEST),
    ]
    for unsaid in (False, True):
        for i, (to, than) in enumerate(ways):
            own = np.ones(len(rows.frame), dtype=bool)
            if i:  # the best value is that of the lowest score where events cost money
                own = (rows.slope < 0) == (i == 1)
            found = _compared(rows.only(own), to, than, unsaid)
            some = pd.Series(found, dtype="object").notna().to_numpy()
            if some.any():
                yield rows.frame.index[own][some], [text for text in found if text is not None]
            own[own] = some
            rows = rows.only(~own)
            if rows.frame.empty:
                return
    if rows.model.dependence is None:
        return  # nobody knows the best values
    vain = ~np.logical_or.reduce([_helps(rows, to) for to, _ in ways])
    yield rows.frame.index[vain], [json.dumps([{TERMS: rows.problem.offer}])] * int(vain.sum())


def _helps(rows: Unrevealed, to: dict[str, Usual]) -> np.ndarray:
    """Whether any factor's value in ``to``, or all of them at once, would be better, (n,)."""
    each = every_part(rows, to)
    every = [part for own in each.values() for part in own]
    alone = costs(rows, to, each).to_numpy() < 0
    return alone.any(axis=1) | (cost_of(rows, to, every) < 0)


def _compared(rows: Unrevealed, to: dict[str, Usual], than: str, unsaid: bool) -> list[str | None]:
    """The reasons of each row compared with ``to``, None where it speaks against none."""
    each = parts(rows, to, unsaid)
    more: Said = {"than": than} if than else {}
    more |= {UNSAID: True} if unsaid else {}
    cost = costs(rows, to, each)
    values = {str(name): cost[name].to_numpy() for name in cost}
    told: list[str | None] = []
    for i, chosen in enumerate(worst(cost)):
        reasons = [_one(each, [name], i, values[name][i]) | more for name in chosen]
        told.append(json.dumps(reasons) if reasons else None)
    silent = [i for i, text in enumerate(told) if text is None]
    for place, names, dollars_ in _together(rows, to, each, silent) if each else ():
        told[place] = json.dumps([_one(each, names, place, dollars_) | more])
    return told


def worst(cost: pd.DataFrame) -> list[list[str]]:
    """The at most four names that cost each row most; none where none costs anything.

    Those that weigh at least 40% of the worst come in the order of the columns, the rest
    by weight: which of two like weights is the heavier is chance, and another model's would differ.
    """
    names, values = np.array(cost.columns, dtype=object), cost.to_numpy()
    if not len(names):
        return [[] for _ in range(len(cost))]
    least = np.minimum(values.min(axis=1, keepdims=True), 0)
    weight = np.where(values <= ALIKE * least, 2.0, values / np.where(least < 0, least, -1))
    order = np.argsort(-weight, axis=1, kind="stable")[:, :MOST_REASONS]
    weighs = np.take_along_axis((values < 0) & (values <= LEAST * least), order, axis=1)
    return [names[o][w].tolist() for o, w in zip(order, weighs)]


def _together(
    rows: Unrevealed, to: dict[str, Usual], each: Parts, places: list[int]
) -> Iterator[tuple[int, list[str], float]]:
    """(row, names, dollars) where no single one weighs and several at once do.

    From all that can be said of a row the one is taken out without which the most is left, while
    more than four are in or taking it out loses little.
    """
    for place in places:
        row = rows.only(np.arange(len(rows.frame)) == place)
        own = {n: [p for p in ps if p.rows[place]] for n, ps in each.items()}
        own = {n: [type(p)(p.factor, p.side, p.rows[[place]]) for p in ps] for n, ps in own.items()}
        names = [n for n, ps in own.items() if ps]

        def cost(chosen: list[str], row: Unrevealed = row, own: Parts = own) -> float:
            return float(cost_of(row, to, [p for n in chosen for p in own[n]])[0])

        now = cost(names) if len(names) > 1 else 0.0
        while now < 0 and len(names) > 1:
            without = {n: cost([m for m in names if m != n]) for n in names}
            name = min(without, key=without.__getitem__)
            if len(names) <= MOST_REASONS and without[name] > (1 - LEAST) * now:
                break
            names, now = [n for n in names if n != name], without[name]
        if now < 0 and len(names) <= MOST_REASONS:
            yield place, names, now


def _one(each: Parts, names: list[str], row: int, cost: float) -> Said:
    """What the ledger keeps of one reason."""
    own = [(p.factor, p.side) for n in names for p in each[n] if p.rows[row]]
    amount = round(float(cost), 2) or float(f"{cost:.2g}")
    who: Said = {"factors": [list(f) for f in own]}
    if len(own) == 1:
        who = {"factor": own[0][0], "side": own[0][1]}
    return {**who, "dollars": amount}


def stated(
    scored: pd.DataFrame, rule: np.ndarray, none: np.ndarray, full: np.ndarray | None = None
) -> pd.Series:
    """The ledger's reasons: the rule that decided, else the factors, and none for luck; (n,).

    ``none`` are the rows that luck decided or that need no reason, ``full`` the action that had no
    seat left for a row, else None: there no rule and no factor decided.
    """
    texts: list[str] = []
    code = np.full(len(scored), -1)
    for what, of in (("rule", rule), ("capacity", full)):
        found, each = pd.factorize(np.full(len(scored), None) if of is None else of)
        code = np.where(found < 0, code, len(texts) + found)
        texts += [json.dumps([{what: text}]) for text in each]
    told = coded(texts, np.where(none, -1, code))
    if "factors" in scored:
        own = scored["factors"].astype("str").reset_index(drop=True)
        told = own.mask(none | (code >= 0), told)
    return told.set_axis(scored.index)


def read(reasons: str) -> list[Said]:
    """The reasons as the ledger keeps them."""
    return list(json.loads(reasons))


def factors_in(reason: Said) -> list[tuple[str, str | None]]:
    """(factor, side) of one stored reason; older ones do not say the side."""
    if "factors" in reason:
        return [(factor, side) for factor, side in reason["factors"]]
    return [(reason["factor"], reason.get("side"))] if "factor" in reason else []


def in_words(reasons: str) -> str:
    """``amount −$2,130; utilisation −$410``, or the rule, for people."""
    return "; ".join(_words(reason) for reason in read(reasons))


def _words(reason: Said) -> str:
    if "rule" in reason:
        return f"rule: {reason['rule']}"
    if "capacity" in reason:
        return f"no seat left for {reason['capacity']}"
    if TERMS in reason:
        return f"no value of anything would have led to {reason[TERMS]}"
    if "margin" in reason:  # of before reasons were always specific
        return f"no single factor; {said(reason['margin'])}"
    names = list(dict.fromkeys(factor for factor, _ in factors_in(reason)))
    return f"{listed(names)} {said(reason['dollars'])}"
