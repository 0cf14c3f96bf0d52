"""What each factor of an application costs it, in dollars of the decision's own margin.

Margin = expected dollars of the best action that reveals − those of the action the policy takes.
What factors cost is the margin as it is − the margin had they other values, scored by the model
that decides and priced by the problem's own money: amount moves both. Where score and money are
linear the costs add up; where they are not, each says exactly what its own change would do.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from truerisk.decisions.policy import (
    Choice,
    dollars,
    expected_dollars,
    model_scores,
    of_action,
    scores,
)
from truerisk.errors import ProblemError
from truerisk.features.definitions import with_features_of
from truerisk.models.moved import moved
from truerisk.models.package import Model
from truerisk.models.reference import Usual, money_columns
from truerisk.problem.notice import ALONE, SIDES, Reason
from truerisk.problem.reasons import beside, factors, line_of, said_of
from truerisk.problem.spec import Problem

Money = tuple[np.ndarray, np.ndarray]
NOWHERE = -1  # no side: the factor has the value that it is compared with, or a better one


@dataclass(frozen=True)
class Part:
    """A factor on one side of what it is compared with, in the ``rows`` (n,) where it is there."""

    factor: str
    side: str
    rows: np.ndarray


Parts = dict[str, list[Part]]  # what is said of them → the factors that it is said of


@dataclass(frozen=True, kw_only=True)
class Unrevealed:
    """The rows of a batch that dollars, not a rule, keep from revealing.

    ``frame`` has a row for each, with ``money`` (n, actions), the index ``taken`` of its action and
    its ``margin`` ≤ 0, all (n,). ``moves`` has the factors of the model and of the money, with what
    is derived from them; ``defined`` their definitions.
    """

    problem: Problem
    model: Model
    defined: Problem
    moves: dict[str, list[str]]
    frame: pd.DataFrame
    money: Money
    taken: np.ndarray
    margin: np.ndarray

    def only(self, rows: np.ndarray) -> "Unrevealed":
        """Some of the rows, ``rows`` (n,) of truth values."""
        return Unrevealed(
            problem=self.problem,
            model=self.model,
            defined=self.defined,
            moves=self.moves,
            frame=self.frame[rows],
            money=(self.money[0][rows], self.money[1][rows]),
            taken=self.taken[rows],
            margin=self.margin[rows],
        )

    @property
    def slope(self) -> np.ndarray:
        """Dollars of the margin for each unit of score, (n,): below 0 where events cost money."""
        expected = expected_dollars(scores(self.problem, self.frame), self.money)
        reveals, each = _reveals(self.problem), np.arange(len(self.frame))
        best = np.where(reveals, expected, -np.inf).argmax(axis=1)
        by_event = self.money[0] - self.money[1]
        return by_event[each, best] - by_event[each, self.taken]


def unrevealed(
    problem: Problem, model: Model, scored: pd.DataFrame, money: Money, choice: Choice
) -> Unrevealed:
    """The rows of ``scored`` to explain; none for a model without a reference."""
    reveals = _reveals(problem)
    kept = ~reveals[choice.action] & pd.isna(choice.rule)
    if not model.reference:
        kept[:] = False
    frame, taken = scored[kept], choice.action[kept]
    money = (money[0][kept], money[1][kept])
    defined = with_features_of(problem, model.definition)
    known = {c for c in model.reference or {} if c in frame}
    priced = [c for c in known if c.lower() in money_columns(problem)]
    return Unrevealed(
        problem=problem,
        model=model,
        defined=defined,
        moves=factors(defined.features, priced, known),
        frame=frame,
        money=money,
        taken=taken,
        margin=_margin(scores(problem, frame), money, taken, reveals),
    )


def parts(rows: Unrevealed, to: dict[str, Usual], unsaid: bool = False) -> Parts:
    """What can be said of the rows' factors, compared with their values in ``to``.

    In the order of the file's ``[reasons]``; without them each factor is said by its own name. A
    side that the file has no sentence for is left out, unless ``unsaid``: then it is called by
    factor and side. So is, where the file does not say which side is the worse, one that goes with
    better scores on the whole. A sentence that speaks of other factors too gives way to ``alone``
    where one of those is missing.
    """
    own: dict[str, list[tuple[int, str, Part]]] = {}
    order = {key: i for i, key in enumerate(rows.problem.reasons)}
    for factor in rows.moves:
        if factor not in to:
            continue
        said = _said(rows.problem, factor)
        place = next((order[k] for k in order if rows.problem.reasons[k] is said), len(order))
        sides = _sides(rows.frame[factor], to[factor])
        worse = _may_be_worse(rows, factor, to[factor])
        for at, side in enumerate(SIDES):
            here = sides == at
            if said is None or not said.is_declared(side):
                here &= worse
            sentence = factor if said is None else said.at(side)
            lone = here & _others_missing(rows, factor, side, sentence)
            alone = None if said is None else said.alone
            for name, told, where in ((sentence, side, here & ~lone), (alone, ALONE, lone)):
                called = f"{factor}.{told}" if name is None and unsaid else name
                if called is not None and where.any():
                    own.setdefault(called, []).append((place, factor, Part(factor, told, where)))
    ordered = sorted(own, key=lambda sentence: min(place for place, *_ in own[sentence]))
    return {sentence: [part for *_, part in own[sentence]] for sentence in ordered}


def every_part(rows: Unrevealed, to: dict[str, Usual]) -> Parts:
    """Every factor that differs from ``to``, whatever can be said of it."""
    sides = {f: _sides(rows.frame[f], to[f]) != NOWHERE for f in rows.moves if f in to}
    return {f: [Part(f, "", here)] for f, here in sides.items() if here.any()}


def costs(rows: Unrevealed, to: dict[str, Usual], each: Parts) -> pd.DataFrame:
    """Dollars of what is said, (n, sentences): negative ones speak against the application.

    All that is said in one sentence moves at once to its value in ``to``.
    """
    found = {name: cost_of(rows, to, own) for name, own in each.items()}
    return pd.DataFrame(found, index=rows.frame.index)


def cost_of(rows: Unrevealed, to: dict[str, Usual], own: list[Part]) -> np.ndarray:
    """The margin as it is − the margin with all of ``own`` at their values in ``to``, (n,)."""
    cost = np.zeros(len(rows.frame))
    where: dict[str, np.ndarray] = {}
    for part in own:
        where[part.factor] = where.get(part.factor, False) | part.rows
    some = np.logical_or.reduce(list(where.values())) if where else cost > 0
    if not some.any():
        return cost
    derived = {name for factor in where for name in rows.moves[factor]}
    then = moved(
        rows.defined,
        rows.frame[some],
        {factor: to[factor] for factor in where},
        derived,
        {factor: here[some] for factor, here in where.items()},
    )
    touched = {*where, *derived}
    worth = (rows.money[0][some], rows.money[1][some])
    if {c.lower() for c in touched} & money_columns(rows.problem):
        worth = dollars(rows.problem, then)
    if touched & set(rows.model.features):
        then = then.assign(**model_scores(rows.problem, rows.model, then))
    seen = scores(rows.problem, then)
    there = _margin(seen, worth, rows.taken[some], _reveals(rows.problem))
    cost[some] = rows.margin[some] - there
    return cost


def _said(problem: Problem, factor: str) -> Reason | None:
    said = said_of(problem.reasons, factor)
    if said is None and problem.reasons:
        raise ProblemError(
            f"{problem.where}: the model that decides uses {factor}, and an applicant who is "
            f"declined for it is to be told so; write under [reasons] {line_of(factor)}."
        )
    return said


def _others_missing(rows: Unrevealed, factor: str, side: str, sentence: str | None) -> np.ndarray:
    """Where a sentence of what is there speaks of another factor too, which is missing; (n,)."""
    others = beside(rows.problem.reasons, factor, sentence) if sentence else []
    missing = np.zeros(len(rows.frame), dtype=bool)
    for other in others if side != "missing" else ():
        if other in rows.frame:
            missing |= rows.frame[other].isna().to_numpy(dtype=bool)
    return missing


def _sides(values: pd.Series, usual: Usual) -> np.ndarray:
    """The side of its usual value that each value lies on, as an index into SIDES; (n,)."""
    missing = values.isna().to_numpy(dtype=bool)
    side = np.full(len(values), NOWHERE)
    if usual is None:
        side[~missing] = SIDES.index("other")
        return side
    side[missing] = SIDES.index("missing")
    if isinstance(usual, str):
        other = values.ne(usual).fillna(False).to_numpy(dtype=bool)
        side[other & ~missing] = SIDES.index("other")
        return side
    numbers = values.astype("float64").to_numpy()
    side[numbers < float(usual)] = SIDES.index("low")
    side[numbers > float(usual)] = SIDES.index("high")
    return side


def _may_be_worse(rows: Unrevealed, factor: str, usual: Usual) -> np.ndarray:
    """False where the model's scores go the other way on the whole, (n,).

    What the dollars read is true everywhere: what it costs is not the score's to say alone.
    """
    worse = np.ones(len(rows.frame), dtype=bool)
    order = (rows.model.dependence or {}).get(factor)
    moves = {c.lower() for c in (factor, *rows.moves[factor])}
    if order is None or usual is None or moves & money_columns(rows.problem):
        return worse
    values, slope = rows.frame[factor], rows.slope
    if isinstance(usual, str):
        if usual not in order:
            return worse
        rank = values.map({level: i for i, level in enumerate(order)}).astype("float64")
        higher = np.sign(rank.to_numpy() - order.index(usual))  # by the score that goes with it
    else:
        up = 1.0 if order[0] < order[-1] else -1.0
        higher = np.sign(values.astype("float64").to_numpy() - float(usual)) * up
    return ~(higher * slope > 0)  # a null compares with nothing, and stays


def _reveals(problem: Problem) -> np.ndarray:
    return np.array([action.reveals for action in problem.actions.values()])


def _margin(score: np.ndarray, money: Money, taken: np.ndarray, reveals: np.ndarray) -> np.ndarray:
    expected = expected_dollars(score, money)
    return expected[:, reveals].max(axis=1) - of_action(expected, taken)
