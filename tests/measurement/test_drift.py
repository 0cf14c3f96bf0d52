"""Drift is flagged as rarely as promised where nothing moved, and found where something did."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from truerisk.errors import LogError
from truerisk.measurement.drift import drift

Rule = Callable[[pd.DataFrame], pd.Series]
COLUMNS = [f"f{i:02d}" for i in range(12)]


def population(rng: np.random.Generator, n: int, repeats: int = 1) -> pd.DataFrame:
    """12 features, every third a count, every fifth a text, some nulls; ``repeats`` rows of each
    subject are alike in everything."""
    people = n // repeats
    made = {}
    for i, name in enumerate(COLUMNS):
        values = rng.poisson(2, people) if i % 3 == 0 else rng.lognormal(0, 1, people)
        column = pd.Series(values.astype(float))
        if i % 5 == 0:
            column = pd.Series(
                rng.choice(list("abcdef"), people, p=[0.4, 0.3, 0.1, 0.1, 0.05, 0.05])
            )
        made[name] = column.mask(rng.random(people) < 0.03 * (i % 4))
    frame = pd.DataFrame(made).assign(score=rng.beta(2, 5, people), subject=np.arange(people))
    frame = frame.loc[np.repeat(np.arange(people), repeats)].reset_index(drop=True)
    return frame.assign(subject=frame["subject"] + rng.integers(1, 1 << 40))


def runs_with(
    runs: int, repeats: int = 1, subject: str | None = "subject", **rules: Rule
) -> dict[str, float]:
    """In which share of runs without any change each rule flags at least one column."""
    rng = np.random.default_rng(1)
    found = []
    for _ in range(runs):
        then, now = population(rng, 3_000, repeats), population(rng, 200 * repeats, repeats)
        made = drift(then, now, COLUMNS, subject=subject)
        found.append({name: rule(made).any() for name, rule in rules.items()})
    return pd.DataFrame(found).mean().to_dict()


@pytest.mark.slow
def test_nothing_moved_and_nothing_is_flagged_where_the_usual_rules_cry_wolf() -> None:
    """At a false discovery rate of 5% at most 5% of runs have any flag when all of it is false."""
    runs = 40
    found = runs_with(
        runs,
        ours=lambda made: made["flag"],
        fixed=lambda made: made["psi"] > 0.1,
        each=lambda made: made["p_value"] <= 0.05,
    )
    assert found["ours"] <= stats.binom.ppf(0.999, runs, 0.05) / runs
    assert found["fixed"] > 0.15 and found["each"] > 0.25


@pytest.mark.slow
def test_rows_of_one_subject_are_not_counted_as_many() -> None:
    flag: Rule = lambda made: made["flag"]  # noqa: E731
    assert runs_with(20, 5, ours=flag)["ours"] <= stats.binom.ppf(0.999, 20, 0.05) / 20
    assert runs_with(6, 5, subject=None, rows=flag)["rows"] > 0.8


def test_the_design_effect_of_rows_that_are_alike_is_their_number() -> None:
    rng = np.random.default_rng(3)
    then, now = population(rng, 12_000, repeats=4), population(rng, 6_000, repeats=4)
    made = drift(then, now, COLUMNS)
    assert made["design_effect"].mean() == pytest.approx(4, rel=0.03)
    once = drift(then[::4], now[::4], COLUMNS)
    assert (once["design_effect"] == 1).all()


@pytest.mark.slow
def test_by_chance_psi_has_the_mean_and_the_tail_it_is_compared_with() -> None:
    rng = np.random.default_rng(4)
    made = pd.concat(
        [drift(population(rng, 3_000), population(rng, 1_000), COLUMNS) for _ in range(15)]
    )
    unit = 1 / 3_000 + 1 / 1_000
    assert (made["by_chance"] / unit == made["bins"] - 1).all()
    assert made["effect"].mean() == pytest.approx(0, abs=0.0005)
    assert (made["psi"] > made["critical"]).mean() == pytest.approx(0.05, abs=0.03)
    row = made.iloc[0]
    assert row["p_value"] == pytest.approx(stats.chi2.sf(row["psi"] / unit, row["bins"] - 1))
    adjusted = stats.false_discovery_control(made["p_value"].iloc[:13].to_numpy(float))
    np.testing.assert_allclose(made["adjusted_p"].iloc[:13].to_numpy(float), adjusted)


def test_what_moved_is_found_named_and_put_first() -> None:
    rng = np.random.default_rng(5)
    then, now = population(rng, 5_000), population(rng, 2_000)
    now["f01"] *= 1.5
    now.loc[::10, "f04"] = np.nan
    now.loc[::50, "f10"] = "yacht"
    now["score"] = now["score"] ** 0.8
    made = drift(then, now, COLUMNS)
    assert set(made.loc[made["flag"], "column"]) == {"f01", "f04", "f10", "score"}
    assert made["flag"].is_monotonic_decreasing
    said = made.set_index("column")["sentence"]
    assert said["f01"].startswith("f01 moved: PSI 0.1")
    assert "; nulls 0.0% → 10" in said["f04"]
    assert said["f10"].endswith('; 1 new category in 2.0% of the rows, such as "yacht".')
    assert "no change beyond chance" in said["f02"]
    row = made.set_index("column").loc["f10"]
    assert (row["new_categories"], row["new_share"]) == (1, 0.02)


def test_what_is_certain_and_small_is_no_drift() -> None:
    rng = np.random.default_rng(6)
    then, now = (pd.DataFrame({"x": rng.normal(mean, 1, 100_000)}) for mean in (0, 0.05))
    made = drift(then, now, ["x"], score=None, subject=None).iloc[0]
    assert made["p_value"] < 1e-9
    assert not made["flag"]
    assert "moved by too little to matter" in made["sentence"]
    assert made["effect"] == pytest.approx(0.05**2, rel=0.3)
    assert drift(then, now, ["x"], None, None, least=0.001)["flag"].all()


def test_names_of_rare_new_categories_are_not_told() -> None:
    then = pd.DataFrame({"employer": ["bank", "shop"] * 100})
    now = pd.DataFrame({"employer": ["bank", "shop"] * 95 + [f"Person {i}" for i in range(10)]})
    said = drift(then, now, ["employer"], None, None)["sentence"].iloc[0]
    assert "10 new categories in 5.0% of the rows." in said
    assert "Person" not in said


def test_what_cannot_be_compared_is_withheld_and_what_is_wrong_is_refused() -> None:
    rng = np.random.default_rng(7)
    then, now = population(rng, 500), population(rng, 300)
    empty = drift(then.assign(f01=np.nan), now.assign(f01=np.nan), ["f01"], None).iloc[0]
    assert empty["status"].startswith("withheld: nothing to compare in 500 rows then and 300")
    assert pd.isna(empty["psi"]) and not empty["flag"]
    few = drift(then, now.assign(subject=1), ["f01"]).iloc[0]
    assert few["status"] == "withheld: 500 subjects then, 1 now; 30 are needed"
    gone = drift(then, now.assign(f01=None), ["f01"], None).iloc[0]
    assert gone["flag"] and gone["nulls_current"] == 1
    with pytest.raises(LogError, match='no column "f99"; did you mean "f'):
        drift(then, now, ["f99"])
    with pytest.raises(LogError, match='"f01" holds numbers on one side'):
        drift(then, now.assign(f01="many"), ["f01"])
    with pytest.raises(LogError, match="reference of drift has no rows"):
        drift(then.head(0), now, ["f01"])
    with pytest.raises(LogError, match="subject is null in 1 of 800"):
        drift(then, now.assign(subject=now["subject"].astype(float).where(now.index > 0)), ["f01"])
