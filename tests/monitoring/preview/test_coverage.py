"""The identified part's interval holds the truth; one number over all three parts does not."""

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
import pytest

from tests.monitoring.preview.conftest import sigmoid
from truerisk.monitoring.preview.identified import identified
from truerisk.monitoring.preview.redecided import Redecided
from truerisk.monitoring.preview.support import GROUNDS, Ground, grounds
from truerisk.monitoring.preview.worth import expected
from truerisk.problem.load import as_config, problem_from
from truerisk.problem.spec import Problem

PI = 0.15
ACTIONS = ("approve", "decline")


def drawn(seed: int, n: int) -> tuple[Redecided, np.ndarray]:
    """A world, and the true expected dollars of approving each row.

    The policy approves scores that pay; of the others those below .35 are explored, the rest is
    not, and a quarter of all is declined by an absolute rule. Hidden risk makes everyone the policy
    does not see worse than the score says. The change approves all that loses less than $1,500.
    """
    rng = np.random.default_rng(seed)
    x, u = rng.normal(size=(2, n))
    amount = rng.integers(10, 200, n) * 100.0
    kept_out = rng.random(n) < 0.25
    score = sigmoid(-1.5 + 1.3 * x)
    risk = sigmoid(-1.5 + 1.3 * x + 0.6 * u + 1.2 * (score > 0.2) + 2 * kept_out)
    y = rng.random(n) < risk
    worth = (-0.65 * score + 0.13 * (1 - score)) * amount
    pays = (worth > 0) & ~kept_out
    p = np.where(pays, 1.0, np.where((score < 0.35) & ~kept_out, PI, 0.0))
    revealed = rng.random(n) < p
    none = np.zeros(n)
    values = {"approve": (-0.65 * amount, 0.13 * amount), "decline": (none, none)}
    money = tuple(np.column_stack([values[a][side] for a in ACTIONS]) for side in (0, 1))
    log = pd.DataFrame(
        {
            "subject": np.arange(n),
            "mature": True,
            "score": score,
            "m": score,
            "p_reveal": p,
            "revealed": revealed,
            "event": np.where(revealed, y, np.nan),
            "action": np.where(revealed, "approve", "decline"),
            "rule": pd.Series(np.where(kept_out, "kept out", None), dtype="str"),
            **{f"p_{a}": p if a == "approve" else 1 - p for a in ACTIONS},
            **{
                f"value_{a}_{side}": values[a][k]
                for a in ACTIONS
                for k, side in enumerate(("if_event", "if_no_event"))
            },
        }
    )
    made = Redecided(
        log=log,
        actions=ACTIONS,
        was=np.where(pays, 0, 1),
        now=np.where(worth > -1_500, 0, 1),
        chance=np.column_stack([p, 1 - p]),
        logged=(money[0], money[1]),
        money=(money[0], money[1]),
        score=np.column_stack([score, score]),
    )
    return made, (-0.65 * risk + 0.13 * (1 - risk)) * amount


@pytest.fixture(scope="module")
def problem(file: Callable[..., Problem]) -> Problem:
    return file()


def worlds(problem: Problem, count: int, n: int) -> Iterator[dict[str, float]]:
    """Of each world: the part's interval, and the mutant's, which adds what scores say of
    the others."""
    for seed in range(count):
        made, _ = drawn(seed, n)
        ground = grounds(made, problem, {"kept out"}, False)
        known, _ = identified(made, ground, problem, [], False)
        assert known.status == "ok"
        others = (ground >= 0) & (ground != GROUNDS.index(Ground.EXPLORED))
        more = expected(made, others, problem, False).value
        by_score = expected(made, ground == GROUNDS.index(Ground.EXPLORED), problem, False).value
        yield {
            "low": known.low / n,
            "high": known.high / n,
            "all low": (known.low + more) / n,
            "all high": (known.high + more) / n,
            "by score": by_score / n,
        }


def truth(problem: Problem) -> tuple[float, float]:
    """Dollars per application of the identified part, and of all that changes."""
    made, worth = drawn(10_007, 1_000_000)
    ground = grounds(made, problem, {"kept out"}, False)
    gain = worth * made.mass
    return float((gain * (ground == GROUNDS.index(Ground.EXPLORED))).mean()), float(
        (gain * (ground >= 0)).mean()
    )


def covered(problem: Problem, count: int, n: int) -> tuple[float, float, float]:
    """How often the part's interval holds its truth, the sum's the whole truth, and how often it
    holds what the scores say of the part."""
    known, whole = truth(problem)
    held = pd.DataFrame(worlds(problem, count, n))
    return (
        held["low"].le(known).mul(held["high"].ge(known)).mean(),
        held["all low"].le(whole).mul(held["all high"].ge(whole)).mean(),
        held["low"].le(held["by score"]).mul(held["high"].ge(held["by score"])).mean(),
    )


def test_each_row_is_in_the_part_that_its_world_gave_it(problem: Problem) -> None:
    made, _ = drawn(1, 4_000)
    ground = grounds(made, problem, {"kept out"}, False)
    moved, chance = made.moved, made.chance[:, 0]
    for which, rows in (
        (Ground.EXPLORED, moved & (chance == PI)),
        (Ground.SCORE, moved & (chance == 0) & made.log["rule"].isna().to_numpy()),
        (Ground.RULE, moved & made.log["rule"].notna().to_numpy()),
    ):
        assert rows.sum() > 50
        np.testing.assert_array_equal(ground == GROUNDS.index(which), rows)


@pytest.mark.slow
def test_the_known_part_holds_its_truth_and_no_sum_of_parts_does(problem: Problem) -> None:
    part, added_up, by_score = covered(problem, 24, 3_000)
    assert part >= 0.9
    assert added_up <= 0.2 and by_score <= 0.5


@pytest.mark.thorough
def test_the_known_part_covers_in_a_thousand_worlds(problem: Problem) -> None:
    part, added_up, by_score = covered(problem, 1_000, 4_000)
    assert part >= 0.93
    assert added_up <= 0.05 and by_score <= 0.5


def campaign(seed: int, n: int) -> tuple[Redecided, np.ndarray]:
    """A world of contacts with outcomes of their own, and the true dollars that contact adds.

    Contact goes to scores that pay, a tenth of either side is drawn to the other, and hidden
    reluctance makes contact worth less than its score says. The change contacts more.
    """
    rng = np.random.default_rng(seed)
    x, u, z = rng.normal(size=(3, n))
    score = {"contact": sigmoid(-1.4 + x + 0.5 * z), "skip": sigmoid(-1.6 + x)}
    truly = {"contact": sigmoid(-1.7 + x + 0.5 * z + 0.7 * u), "skip": sigmoid(-1.6 + x + 0.7 * u)}
    adds = 40 * (score["contact"] - score["skip"]) - 1.2
    contacted = adds > 1.5
    p = np.where(contacted, 0.9, 0.1)
    p[rng.random(n) < 0.1] = 0.0  # who asked not to be called
    drawn_ = rng.random(n) < p
    y = rng.random(n) < np.where(drawn_, truly["contact"], truly["skip"])
    values = {"contact": (38.8, -1.2), "skip": (40.0, 0.0)}
    chance = {"contact": p, "skip": 1 - p}
    log = pd.DataFrame(
        {
            "subject": np.arange(n),
            "mature": True,
            "score": score["contact"],
            "p_reveal": 1.0,
            "revealed": True,
            "event": y.astype(float),
            "action": np.where(drawn_, "contact", "skip"),
            "rule": pd.Series([None] * n, dtype="str"),
            **{f"p_{a}": chance[a] for a in values},
            **{
                f"value_{a}_{side}": np.full(n, values[a][k])
                for a in values
                for k, side in enumerate(("if_event", "if_no_event"))
            },
        }
    )
    money = tuple(np.column_stack([log[f"value_{a}_{s}"] for a in values]) for s in
                  ("if_event", "if_no_event"))  # fmt: skip
    made = Redecided(
        log=log,
        actions=tuple(values),
        was=np.where(contacted & (p > 0), 0, 1),
        now=np.where(adds > 0.5, 0, 1),
        chance=np.column_stack(list(chance.values())),
        logged=(money[0], money[1]),
        money=(money[0], money[1]),
        score=np.column_stack(list(score.values())),
    )
    return made, 40 * (truly["contact"] - truly["skip"]) - 1.2


@pytest.fixture(scope="module")
def contacts(make_problem: Callable[..., Problem]) -> Problem:
    """Contact and skip, each with an outcome of its own."""
    both = {"reveals": True, "own_outcome": True}
    kept = as_config(make_problem()) | {
        "actions": {
            "contact": {**both, "if_event": "38.8", "if_no_event": "-1.2"},
            "skip": {**both, "if_event": "40", "if_no_event": "0"},
        },
        "exploration": [],
    }
    return problem_from(kept)


def contacts_covered(contacts: Problem, count: int, n: int) -> float:
    def part(made: Redecided) -> np.ndarray:
        ground = grounds(made, contacts, set(), False)
        assert {GROUNDS[k] for k in ground[ground >= 0]} == {Ground.EXPLORED, Ground.SCORE}
        return ground

    made, adds = campaign(10_007, 1_000_000)
    true = float((adds * made.mass)[part(made) == GROUNDS.index(Ground.EXPLORED)].sum() / 1e6)
    held = []
    for seed in range(count):
        made, _ = campaign(seed, n)
        known, _ = identified(made, part(made), contacts, [], False)
        held.append(known.low / n <= true <= known.high / n)
    return float(np.mean(held))


@pytest.mark.thorough
def test_what_contact_adds_is_covered_where_each_action_has_its_own_outcome(
    contacts: Problem,
) -> None:
    assert contacts_covered(contacts, 60, 2_500) >= 0.9
