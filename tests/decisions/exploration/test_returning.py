"""Who applies again has a fresh draw: Σ(R − π) is noise for everybody, also within a batch."""

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from truerisk.decisions.decide import decide
from truerisk.decisions.exploration import explore
from truerisk.decisions.exploration.recent import recent
from truerisk.decisions.exploration.returning import PERIOD, Chances, chances, earlier, share
from truerisk.models.calibration import Calibration
from truerisk.problem.spec import Problem

Make = Callable[..., Any]
AS_SCORED = Calibration(0.0, 1.0)
START = pd.Timestamp("2025-03-01", tz="UTC")


def by_hand(frame: pd.DataFrame, ledger: pd.DataFrame) -> list[int]:
    """n of each row, one pair at a time."""
    found = []
    for i, row in enumerate(frame.itertuples()):
        above = frame.iloc[:i]
        above = above[above["open"] & (above["subject"] == row.subject)]
        held = ledger[ledger["subject"] == str(row.subject)]
        near = [(other["as_of"] - row.as_of).abs() <= PERIOD for other in (above, held)]
        found.append(int(near[0].sum() + near[1].sum()))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_earlier_chances_are_those_of_ninety_days_in_the_ledger_and_above(seed: int) -> None:
    rng = np.random.default_rng(seed)

    def some(n: int) -> pd.DataFrame:
        days = rng.integers(0, 60, n) * 4.5  # exactly 90 days apart is common
        frame = pd.DataFrame({"subject": rng.integers(0, 5, n), "days": days})
        frame["as_of"] = START.as_unit("us") + pd.to_timedelta(frame["days"], unit="D")
        return frame.assign(open=rng.random(n) < 0.7)

    frame = some(70).sort_values("as_of", kind="stable", ignore_index=True)
    ledger = some(50).assign(subject=lambda f: f["subject"].astype(str))
    open_ = frame["open"].to_numpy()
    before = Chances(ledger["subject"], ledger["as_of"])
    n = earlier(frame["subject"], frame["as_of"], open_, before)
    assert n.tolist() == by_hand(frame, ledger)
    assert n.max() > 8
    alone = earlier(frame["subject"], frame["as_of"], open_, None)
    assert alone.tolist() == by_hand(frame, ledger.iloc[:0])
    assert share(np.array([0, 7, 8, 50])).tolist() == [1, 1, 0.25, 0.25]


def test_a_subject_that_is_a_number_is_one_however_its_file_was_read() -> None:
    held = pd.DataFrame(
        {"subject": ["7.0", "7", "8", "x"], "as_of": START, "exploration_rate": 0.1}
    )
    held.loc[2, "exploration_rate"] = 0.0
    for now in (pd.Series([7]), pd.Series([7.0])):
        assert len(chances(held, now).subject) == 2
    assert len(chances(held, pd.Series(["7"])).subject) == 1, "a text is what it says"
    assert len(chances(held, pd.Series([8, 9])).subject) == 0, "it had no chance"


def stuck(salt: str, scored: pd.DataFrame) -> np.ndarray:
    """The older rule: one draw for all applications of a subject in 90 days."""
    hashed = (hashlib.sha256(f"{salt}|{s}".encode()).digest()[:8] for s in scored["subject"])
    return np.array([int.from_bytes(h, "big") / 2**64 for h in hashed])


def season(lender: Make, make_scored: Make, make_batch: Make, salt: str) -> Iterator[pd.DataFrame]:
    """Two batches: in the first a third apply twice, then half of the declined come again."""
    problem: Problem = lender({"dollars_per_day": 60_000, "cap": 0.3, "salt": salt})
    scored = make_scored(600, seed=1).assign(age=40.0)
    scored["subject"] = [f"C{i % 450}" for i in range(600)]
    first = decide(problem, scored, make_batch())
    yield first.assign(which=np.where(first.duplicated("subject"), "same batch", "first"))
    back = first["action"].eq("decline") & (np.arange(600) % 2 == 0)
    again = scored.set_index("application_id").loc[first["application_id"][back]].reset_index()
    again["application_id"] += "-2"
    again["as_of"] += pd.Timedelta(days=12)
    batch = make_batch(
        recent=recent(problem, first, again["as_of"].max(), "m1", AS_SCORED),
        chances=chances(first, again["subject"]),
    )
    yield decide(problem, again, batch).assign(which="returning")


def off(made: list[pd.DataFrame]) -> pd.Series:
    """Σ(R − π) over its standard deviation, by kind of application."""
    rows = pd.concat(made)
    rows = rows[rows["exploration_rate"] > 0]
    rate = rows["exploration_rate"]
    rows = rows.assign(miss=rows["explored"] - rate, variance=rate * (1 - rate))
    sums = rows.groupby("which")[["miss", "variance"]].sum()
    return sums["miss"] / np.sqrt(sums["variance"])


def is_noise(z: pd.DataFrame, chance: float) -> bool:
    """Whether the columns are standard normal in mean and variance."""
    n = len(z)
    mean = 2 * stats.norm.sf((z.mean() * np.sqrt(n)).abs())
    spread = stats.chi2(n - 1).cdf((n - 1) * z.var())
    return bool((mean > chance).all() and (2 * np.minimum(spread, 1 - spread) > chance).all())


@pytest.mark.parametrize("salts", [
    pytest.param(8, marks=pytest.mark.slow), pytest.param(200, marks=pytest.mark.thorough),
])  # fmt: skip
def test_draws_and_chances_agree_for_first_returning_and_same_batch(
    lender: Make, make_scored: Make, make_batch: Make, salts: int
) -> None:
    z = pd.DataFrame(
        [off(list(season(lender, make_scored, make_batch, f"s{i}"))) for i in range(salts)]
    )
    assert sorted(z) == ["first", "returning", "same batch"]
    assert is_noise(z, 1e-3)


@pytest.mark.slow
def test_a_draw_that_sticks_to_the_subject_fails(
    lender: Make, make_scored: Make, make_batch: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mutant, with π logged as if the draw were fresh."""
    of = {}

    def draw(salt: str, word: str, application: pd.Series) -> np.ndarray:
        return stuck(salt, pd.DataFrame({"subject": [of[a] for a in application.str[:6]]}))

    of |= {f"A{i:05d}": f"C{i % 450}" for i in range(600)}
    monkeypatch.setattr(explore, "draw", draw)
    z = pd.DataFrame(
        [off(list(season(lender, make_scored, make_batch, f"s{i}"))) for i in range(6)]
    )
    assert not is_noise(z[["returning"]], 1e-6)
    assert z["returning"].mean() < -3


def test_a_returning_subject_pays_from_the_same_budget(
    lender: Make, make_scored: Make, make_batch: Make
) -> None:
    """Everyone's ninth chance: π is what the budget affords, not a quarter of it."""
    problem = lender({"dollars_per_day": 900, "cap": 0.5, "floor": 0.0})
    scored = make_scored(400).assign(age=40.0)
    plain = decide(problem, scored, make_batch())
    many = pd.concat([scored] * 8, ignore_index=True)
    had = Chances(many["subject"], many["as_of"] - pd.Timedelta(days=30))
    often = decide(problem, scored, make_batch(chances=had))
    assert (often["exploration_r"] == 0.25).all() and (often["exploration_n"] == 8).all()
    for made in (plain, often):
        spent = made["exploration_rate"] @ made["exploration_cost"]
        assert spent == pytest.approx(10 * 900)
