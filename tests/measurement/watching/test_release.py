"""What is shown of a week never changes, and rests on nothing that came later."""

import numpy as np
import pandas as pd
import pytest

from tests.measurement import worlds
from tests.measurement.watching.weeks import BEGIN, a_log, dated, last
from truerisk.measurement.watching.release import release
from truerisk.measurement.watching.watch import watch


@pytest.mark.slow
def test_a_week_is_shown_once_all_of_it_is_mature_and_never_changes() -> None:
    """Also with a fitted outcome model, and with a category that is first met later."""
    log = a_log().drop(columns="m")
    log["branch"] = np.where(log["as_of"] < BEGIN + pd.Timedelta(weeks=24), "north", "east")
    whole = watch(log, {"event_rate": 0.1}, ["branch"])
    young = log.assign(mature=log["as_of"] < BEGIN + pd.Timedelta(weeks=20, days=3))
    found = watch(young, {"event_rate": 0.1}, ["branch"])
    assert found["week"].max() == BEGIN + pd.Timedelta(weeks=19), "half of week 20 is mature"
    same = whole[whole["week"] <= found["week"].max()].reset_index(drop=True)
    pd.testing.assert_frame_equal(found, same)


@pytest.mark.slow
def test_the_outcome_model_knows_earlier_quarters_only() -> None:
    log = a_log().drop(columns="m")
    m = release(log, ["u"]).m
    early = (log["as_of"] < BEGIN + pd.Timedelta(weeks=13)).to_numpy()
    np.testing.assert_array_equal(m[early], log["score"][early])
    assert not np.allclose(m[~early], log["score"][~early])
    other = log.assign(event=log["event"].where(early, 1 - log["event"]))
    np.testing.assert_array_equal(release(other, ["u"]).m, m)
    other = log.assign(event=(1 - log["event"]).where(early, log["event"]))
    assert not np.allclose(release(other, ["u"]).m[~early], m[~early])


@pytest.mark.slow
def test_a_subjects_own_earlier_rows_do_not_teach_its_later_ones() -> None:
    log = a_log().drop(columns="m")
    half = len(log) // 2
    log["subject"] = np.tile(np.arange(half), 2)
    one = log["subject"].isin(log.loc[log["revealed"], "subject"].head(10))
    other = log.assign(event=log["event"].mask(one & (log.index < half), 1 - log["event"]))
    log, other = (part.assign(cluster=part["subject"].mask(one, -1)) for part in (log, other))
    m, changed = release(log, []).m, release(other, []).m
    np.testing.assert_array_equal(m[one], changed[one])
    assert not np.array_equal(m, changed)


@pytest.mark.slow
def test_rows_before_the_start_teach_and_are_not_shown() -> None:
    log, start = a_log().drop(columns="m"), BEGIN + pd.Timedelta(weeks=13)
    found = watch(log, {}, start=start)
    assert found["week"].min() == start
    assert last(found, "event_rate")["n"] == (log["as_of"] >= start).sum()
    same = last(watch(log, {}), "event_rate", "2026Q2")
    assert last(found, "event_rate", "2026Q2")["value"] == same["value"]


@pytest.mark.slow
def test_only_an_outcome_model_fixed_before_holds_the_truth() -> None:
    """Each outcome predicted by a model that has seen it, refitted as outcomes come."""
    truth, held, held_by_heart = worlds.truth(0.8), 0, 0
    for seed in range(4):
        log = dated(worlds.draw(seed, n=6_000, hidden=0.8)).drop(columns="m")
        seen = log["revealed"]
        order = np.argsort(log["score"][seen].to_numpy())
        scores, y = log["score"][seen].to_numpy()[order], log["y"][seen].to_numpy()[order]
        at = np.searchsorted(scores, log["score"]).clip(0, len(y) - 1)
        promised = {s: truth[s] for s in ("event_rate", "auc", "calibration_error")}
        held += not watch(log, promised, ["u"])["alert"].any()
        held_by_heart += not watch(log.assign(m=y[at]), promised)["alert"].any()
    assert held >= 3
    assert held_by_heart <= 1
