"""The section that says how predictable the event is, every figure an estimate with its limits."""

from collections.abc import Callable

import pandas as pd

from truerisk.evaluation.predictability.predictability import Predictability
from truerisk.isolated import Lost
from truerisk.problem.spec import Problem
from truerisk.reports.charts import predictability as figures
from truerisk.reports.kit.blocks import Block, Bullets, Cell, Figure, Table, Text, Tiles
from truerisk.reports.kit.wording import event, population
from truerisk.wording.dollars import dollars
from truerisk.wording.lists import listed
from truerisk.wording.numbers import change, decimal, interval, percent, whole
from truerisk.wording.past import past


def predictability(problem: Problem, found: Predictability | Lost, lost: float) -> list[Block]:
    """The section's blocks; ``lost`` is the share of applications that is not identified."""
    if isinstance(found, Lost):
        return [Text(found, "warning")]
    who = population(problem, found.population, lost)
    bounded = "" if found.status == "ok" else f" For the AUC the review adds: {found.status}."
    return [
        Text(
            f"Three estimates of how well “{event(problem)}” could be predicted at all. They rest "
            f"on different assumptions and fail in different ways, so they need not agree. All "
            f"are about {who}.{bounded}"
        ),
        *_ladder(problem, found),
        *_curve(found),
        *_neighbours(problem, found),
        Bullets(_assumptions(found)),
    ]


def _ladder(problem: Problem, found: Predictability) -> list[Block]:
    ladder = found.ladder
    value = {metric: rows.set_index("rung") for metric, rows in ladder.groupby("metric")}
    order = list(value["auc"].index)
    rows = []
    for name in order:
        gain, money = value.get("auc_gain"), value["policy_value"].loc[name]
        over = (
            Cell("the lowest rung", muted=True)
            if gain is None or name not in gain.index
            else _cell(gain.loc[name], change)
        )
        label = name.replace("_", " ")
        rows.append(
            {
                "Rung": f"{label}: {found.feature}" if name == "single_feature" else label,
                "AUC": _cell(value["auc"].loc[name], decimal),
                "Gain over the rung below": over,
                "Dollars per application at its best cutoff": _cell(money, dollars),
                f"Share {past(problem.offer)}": percent(money["share"]),
            }
        )
    return [
        Figure(
            "The ladder (estimates): AUC of each step up, with 95% interval",
            figures.rungs(ladder),
            "The same applications judge every rung. The dotted line is 0.5, no better than a "
            f"coin.{_alike(ladder)}",
        ),
        Table(pd.DataFrame(rows)),
    ]


def _alike(ladder: pd.DataFrame) -> str:
    """Which rungs the data cannot tell from the one below."""
    gains = ladder[ladder["metric"].eq("auc_gain")]
    names = [str(n).replace("_", " ") for n in gains.loc[gains["low"] <= 0, "rung"]]
    if not names:
        return " Every step up is a gain beyond chance."
    return f" Not surely better than the rung below it: {listed(names)}."


def _curve(found: Predictability) -> list[Block]:
    curve, end = found.curve, found.curve.ceiling
    if end.value is None or end.left is None or end.doubled is None:
        said = f"Estimate of the ceiling {end.status}."
    else:
        said = (
            f"Estimate: with ever more applications of this kind, {curve.model} on these features "
            f"would end at an AUC of {_ranged(end.value, decimal)}, "
            f"{_ranged(end.left, change)} from here. Twice as many outcomes would bring "
            f"{_ranged(end.doubled, change)}."
        )
    return [
        Figure(
            f"The learning curve of {curve.model} (estimate): AUC with 95% interval",
            figures.learning(curve),
            "Each dot is the same recipe fitted on a part of the earlier subjects; the last is "
            "the candidate itself. All dots are judged on the same rows, so the curve's shape is "
            f"known better than any one dot.{' Dashed: extrapolated.' * bool(end.value)}",
        ),
        Text(said),
    ]


def _neighbours(problem: Problem, found: Predictability) -> list[Block]:
    neighbours = found.neighbours
    if neighbours.noise is None or neighbours.largest_auc is None or neighbours.disagree is None:
        return [Text(f"Estimate of the noise floor by nearest neighbours {neighbours.status}.")]
    own = found.ladder.query("metric == 'auc'").set_index("rung")["value"][found.curve.model]
    blocks: list[Block] = [
        Text(
            "Nearest neighbours: each application is paired with the one of another subject whose "
            "features are most alike. Where neighbours end differently, no model of these features "
            "can be right about both."
        ),
        Tiles(
            {
                "Neighbours that end differently": (
                    percent(neighbours.disagree),
                    f"{percent(neighbours.chance or 0)} if paired at random; "
                    f"{whole(neighbours.pairs)} pairs",
                ),
                "Least Brier score (estimate)": (
                    decimal(neighbours.noise[0]),
                    interval(neighbours.noise[1], neighbours.noise[2], decimal),
                ),
                "Largest AUC (estimate)": (
                    decimal(neighbours.largest_auc[0]),
                    interval(neighbours.largest_auc[1], neighbours.largest_auc[2], decimal),
                ),
                "Distance of neighbours": (
                    decimal(neighbours.distance or 0.0),
                    "of that of two strangers; 0 is identical",
                ),
            }
        ),
    ]
    if own > neighbours.largest_auc[0]:
        blocks.append(
            Text(
                f"The AUC of {found.curve.model}, {decimal(own)}, is above the neighbours' "
                "largest: these neighbours are too far apart to say what is possible, and the "
                "model sees more than they do.",
                "note",
            )
        )
    return blocks


def _assumptions(found: Predictability) -> list[str]:
    chosen = "single feature" if found.curve.model == "single_feature" else found.curve.model
    return [
        "The ladder's dollars are those of the cutoff that earned most on the choosing half; "
        "the gains are paired. Rungs that the problem file does not ask for (prior, single "
        "feature) are fitted for this table only.",
        f"The ceiling assumes that the AUC of {chosen} follows c − a·n^−b, with b from 0.2 to "
        "1.5, and that later applications resemble the earlier ones. It is the ceiling of these "
        "features and this recipe: a new feature can lift it, more rows cannot.",
        "Neighbours are near, not identical, so their noise is too high, the more features the "
        "more, and the AUC made of it too low. That AUC assumes that the true probabilities follow "
        "a beta distribution.",
        "A rough floor and a rough ceiling: read them as an order of size, never as a target.",
    ]


def _cell(row: pd.Series, form: Callable[[float], str]) -> Cell:
    return Cell(form(row["value"]), interval(row["low"], row["high"], form))


def _ranged(found: tuple[float, float, float], form: Callable[[float], str]) -> str:
    return f"{form(found[0])} ({interval(found[1], found[2], form)})"
