"""Immature rows never count as good, and what they will come to is forecast without bias."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from tests.measurement.vintages.delayed_worlds import HORIZON, KNOWN_AT, as_it_came, draw, truth
from truerisk.errors import LogError
from truerisk.measurement.measure import measure
from truerisk.measurement.vintages import hazards as hazards_module
from truerisk.measurement.vintages import table as module
from truerisk.measurement.vintages.history import History
from truerisk.measurement.vintages.vintages import vintages

Draws = list[pd.DataFrame]


def table(log: pd.DataFrame, kind: str, **how: object) -> pd.DataFrame:
    found = vintages(log, HORIZON, KNOWN_AT, **how)  # type: ignore[arg-type]
    return found[found["kind"] == kind].set_index("vintage")


def shown(log: pd.DataFrame) -> pd.DataFrame:
    found = table(log, "completed")
    return found[found["value"].notna()]


def came(log: pd.DataFrame) -> pd.Series:
    """Each vintage's estimate once everything has matured."""
    month = log["as_of"].dt.tz_localize(None).dt.to_period("M").dt.start_time.dt.tz_localize("UTC")
    return pd.Series(as_it_came(log)).groupby(month).mean()


def bias(logs: Draws, found: list[pd.DataFrame]) -> float:
    """Forecast minus what came, relative to it, over all vintages shown."""
    later = [came(log).reindex(f.index) for log, f in zip(logs, found)]
    off = np.concatenate([(f["value"].astype(float) - y) for f, y in zip(found, later)])
    return float(off.mean() / np.concatenate(later).mean())


@pytest.fixture(scope="module")
def log() -> pd.DataFrame:
    return draw(1, n=14_000)


@pytest.fixture(scope="module")
def riskier() -> Draws:
    """Worlds whose young vintages are riskier, so that more of them is explored."""
    return [draw(s, n=36_000, riskier=0.5) for s in range(5)]


@pytest.mark.thorough
@pytest.mark.slow
def test_completed_vintages_are_unbiased_cover_and_seldom_raise_the_flag(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "SHIFTS", (1.0, 1.0))  # the interval without the calendar's shift
    logs = [draw(s, n=14_000) for s in range(50)]
    found = [shown(log) for log in logs]
    assert abs(bias(logs, found)) < 0.01
    every = pd.concat(found)
    assert len(every) > 230
    covers = (every["low"] <= truth()) & (every["high"] >= truth())
    assert 0.92 < covers.mean() < 0.985
    assert sum(bool(f["timing_moved"].iloc[0]) for f in found) <= 5
    assert (every["completion"] >= 0.3).all()


@pytest.mark.slow
def test_a_riskier_vintage_is_completed_by_its_own_strata(riskier: Draws) -> None:
    assert abs(bias(riskier, [shown(log) for log in riskier])) < 0.025


@pytest.mark.slow
def test_pooled_strata_are_biased(riskier: Draws, monkeypatch: pytest.MonkeyPatch) -> None:
    def pooled(told: History, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.where(weight > 0, 0, -1), np.array([0])

    monkeypatch.setattr(hazards_module, "_cells", pooled)
    assert bias(riskier, [shown(log) for log in riskier]) < -0.05


@pytest.mark.slow
def test_the_young_counted_as_good_are_biased(
    riskier: Draws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "expected", lambda told, timing: told.rows.y)
    assert bias(riskier[:1], [shown(riskier[0])]) < -0.2


@pytest.mark.slow
@pytest.mark.parametrize("shift", [1.6, 0.6])
def test_hazards_that_moved_raise_the_flag_and_leave_the_band(shift: float) -> None:
    found = [shown(draw(s, n=12_000, shift=shift)) for s in range(12)]
    assert np.mean([bool(f["timing_moved"].iloc[0]) for f in found]) >= 0.8
    words = found[0]["timing"].iloc[0]
    assert words.startswith("hazards moved: in the last 45 days events came at ")


@pytest.mark.slow
def test_a_forecast_says_so_and_a_young_one_is_withheld(log: pd.DataFrame) -> None:
    found = vintages(log, HORIZON, KNOWN_AT)
    assert found.loc[found["forecast"], "kind"].eq("completed").all()
    assert found.loc[found["kind"] == "completed", "forecast"].all()
    completed = table(log, "completed")
    last = completed.iloc[-1]
    assert last["completion"] < 0.3 and pd.isna(last["value"]) and pd.isna(last["low"])
    assert last["status"] == f"withheld: completion is {last['completion']:.2f}, 0.30 is needed"
    assert completed["completion"].is_monotonic_decreasing
    kept = completed[completed["value"].notna()]
    assert (kept["low"] < kept["value"]).all() and (kept["value"] < kept["high"]).all()
    width = kept["high"] - kept["low"]
    assert width.iloc[-1] > width.iloc[0], "the less is known, the wider"


@pytest.mark.slow
def test_the_interval_holds_slower_and_faster_hazards(
    log: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = shown(log)
    monkeypatch.setattr(module, "SHIFTS", (1.0, 1.0))
    narrow = shown(log)
    assert (wide["value"] == narrow["value"]).all()
    assert (wide["low"] < narrow["low"]).all() and (wide["high"] > narrow["high"]).all()
    added = (wide["high"] - narrow["high"]).to_numpy(float)
    taken = (narrow["low"] - wide["low"]).to_numpy(float)
    assert (added > taken).all(), "× 1.5 reaches further than × 0.7"


def test_matured_is_what_measure_says_of_the_mature_rows(log: pd.DataFrame) -> None:
    found = table(log, "matured").loc[pd.Timestamp("2025-03-01", tz="UTC")]
    rows = log[log["as_of"].between("2025-03-01", "2025-04-01", inclusive="left")]
    said = measure(rows).set_index(["metric", "estimator", "population"])
    said = said.loc[("event_rate", "dr", "eligible")]
    assert found[["value", "low", "high"]].tolist() == pytest.approx(
        said[["value", "low", "high"]].tolist()
    )
    assert found["n"] == len(rows) and found["labels"] == said["labels"]
    assert found["explored_labels"] == said["explored_labels"] and found["status"] == "ok"


def test_matured_never_looks_at_the_young(log: pd.DataFrame) -> None:
    """Whatever becomes known of the young, and whether they were declined or not."""
    young = ~log["mature"]
    blank = log.assign(
        event_at=log["event_at"].mask(young),
        followed_until=log["followed_until"].mask(young),
    )
    before, after = table(log, "matured"), table(blank, "matured")
    pd.testing.assert_frame_equal(before, after)
    only = table(log[log["mature"]].reset_index(drop=True), "matured")
    assert only["value"].tolist() == before.loc[only.index, "value"].tolist()


@pytest.mark.slow
def test_a_vintage_partly_mature_is_measured_on_its_mature_rows() -> None:
    log = draw(2, n=30_000)
    july = table(log, "matured").loc[pd.Timestamp("2025-07-01", tz="UTC")]
    rows = log[log["as_of"].between("2025-07-01", "2025-08-01", inclusive="left")]
    mature = int(rows["mature"].sum())
    assert 0 < mature < len(rows)
    assert july["n"] == mature and july["immature"] == len(rows) - mature
    assert july["status"].endswith(f"partly: {mature:,} of {len(rows):,} are mature")
    august = table(log, "matured").loc[pd.Timestamp("2025-08-01", tz="UTC")]
    assert august["n"] == 0 and august["status"].startswith("withheld: none of ")


@pytest.mark.slow
def test_a_log_without_times_has_its_matured_rows_and_says_what_is_missing(
    log: pd.DataFrame,
) -> None:
    for column in ("event_at", "followed_until"):
        bare = log.drop(columns=column)
        pd.testing.assert_frame_equal(table(bare, "matured"), table(log, "matured"))
        completed = table(bare, "completed")
        assert completed.index.equals(table(log, "completed").index)
        assert completed["value"].isna().all()
        said = f'withheld: the log has no column "{column}", which tells of immature rows'
        assert set(completed["status"]) == {said}


def test_the_early_proxy_counts_early_events_and_measures_what_they_say(log: pd.DataFrame) -> None:
    found = table(log, "early")
    seen = log[log["mature"] & log["revealed"]]
    weight = 1 / seen["p_reveal"]
    early = seen["event_at"] <= seen["as_of"] + 0.3 * HORIZON
    cov = np.cov(early.astype(float), seen["event"], aweights=weight)
    phi = cov[0, 1] / np.sqrt(cov[0, 0] * cov[1, 1])
    assert found["correlation"].to_numpy(float) == pytest.approx(phi)
    march = pd.Timestamp("2025-03-01", tz="UTC")
    in_march = seen["as_of"].between("2025-03-01", "2025-04-01", inclusive="left")
    hajek = np.average(early[in_march], weights=weight[in_march])
    assert found.loc[march, "value"] == pytest.approx(hajek, rel=0.05)
    assert found["value"].iloc[-1] is pd.NA
    assert found["status"].iloc[-1].endswith("is 54 days old")


@pytest.mark.slow
def test_twins_of_one_subject_tell_nothing_new(log: pd.DataFrame) -> None:
    twice = pd.concat([log, log]).sort_values("as_of", kind="stable", ignore_index=True)
    one, two = shown(log), shown(twice)
    common = one.index.intersection(two.index)
    assert len(common) >= 4
    assert one.loc[common, "value"].to_numpy(float) == pytest.approx(
        two.loc[common, "value"].to_numpy(float), rel=0.02
    )
    width = [(f["high"] - f["low"]).loc[common].to_numpy(float) for f in (one, two)]
    assert width[1] == pytest.approx(width[0], rel=0.05)
    apart = twice.assign(subject=np.arange(len(twice)))
    assert ((shown(apart)["high"] - shown(apart)["low"]).loc[common] < 0.9 * width[0]).all()


def test_who_had_no_chance_is_counted_and_not_estimated(log: pd.DataFrame) -> None:
    barred = (log.index % 10 == 0) & log["followed_until"].isna()
    found = table(log.assign(p_reveal=log["p_reveal"].mask(barred, 0.0)), "completed")
    share = found["share_not_identified"].iloc[0]
    assert 0 < share < 0.1
    assert found["status"].iloc[0] == f"without the {share:.1%} that had no chance to be revealed"


@pytest.mark.slow
def test_hidden_young_outcomes_widen_the_interval(log: pd.DataFrame) -> None:
    hidden = (~log["mature"] & (log["p_reveal"] == 1) & (log.index % 20 == 0)).to_numpy()
    override = pd.Series(None, index=log.index, dtype="str").mask(hidden, "decline")
    before, after = shown(log), shown(log.assign(override=override))
    wider = (after["high"] - after["low"]) - (before["high"] - before["low"])
    assert (wider > 0.02).all()
    assert after["status"].str.startswith("bounded: ").all()


@pytest.mark.slow
def test_young_rows_out_of_sight_are_not_closed_ones(log: pd.DataFrame) -> None:
    """Lost at random: the forecast stays, with wider bounds said; as closed they would be good."""
    rng = np.random.default_rng(0)
    gone = log["followed_until"].notna() & (rng.random(len(log)) < 0.2)
    status = pd.Series("followed", index=log.index).mask(gone, "lost")
    blind = log.assign(
        status=status,
        revealed=log["followed_until"].notna(),
        event=log["event"].mask(gone),
        event_at=log["event_at"].mask(gone),
        followed_until=log["followed_until"].mask(gone, log["as_of"]),
    )
    before, after = shown(log)["value"].mean(), shown(blind)["value"].mean()
    assert after == pytest.approx(before, rel=0.06)
    closed = shown(blind.assign(status="followed", p_reveal=log["p_reveal"]))["value"].mean()
    assert closed < 0.9 * before
    assert shown(blind)["status"].str.startswith("assumed: ").all()


@pytest.mark.slow
def test_weeks_quarters_and_a_wrong_unit(log: pd.DataFrame) -> None:
    assert len(table(log, "matured", unit="quarter")) == 4
    weeks = table(log, "matured", unit="week").index
    assert set(weeks.day_of_week) == {0} and len(weeks) == 53
    with pytest.raises(LogError, match="unit is month, quarter or week"):
        vintages(log, HORIZON, KNOWN_AT, unit="day")


def test_without_a_mature_row_nothing_is_foreseen(log: pd.DataFrame) -> None:
    young = log[~log["mature"]].reset_index(drop=True)
    found = vintages(young, HORIZON, KNOWN_AT)
    assert found.loc[found["kind"] != "early", "value"].isna().all()
    said = found.loc[found["kind"] == "completed", "status"]
    assert said.str.startswith("withheld: too few rows approved by the policy or explored").all()


WRONG: dict[str, tuple[Callable[[pd.DataFrame], pd.DataFrame], str]] = {
    "young as mature": (
        lambda log: log.assign(mature=True),
        r'"mature" is not as_of \+ 180 days',
    ),
    "an event of the future": (
        lambda log: log.assign(event_at=log["event_at"] + 50 * pd.Timedelta(days=1)),
        '"event_at" lies after known_at in ',
    ),
    "an event before its application": (
        lambda log: log.assign(event_at=log["event_at"] - 400 * pd.Timedelta(days=1)),
        '"event_at" lies before as_of in ',
    ),
    "outcomes without their time": (
        lambda log: log.assign(followed_until=log["followed_until"].mask(log["mature"])),
        '"followed_until" is null although the outcome is there in ',
    ),
    "events without their time": (
        lambda log: log.assign(event_at=log["event_at"].mask(log["mature"])),
        '"event_at" contradicts "event" in ',
    ),
    "news that come late": (
        lambda log: log.assign(
            followed_until=log["followed_until"].mask(
                log["followed_until"].eq(KNOWN_AT), KNOWN_AT - pd.Timedelta(seconds=1)
            ),
            as_of=log["as_of"].clip(upper=KNOWN_AT - pd.Timedelta(hours=1)),
        ),
        "immature rows without an event, which says that they closed",
    ),
    "no time of decision": (lambda log: log.drop(columns="as_of"), 'no column "as_of"'),
}


@pytest.mark.parametrize("what", WRONG)
def test_times_that_contradict_are_refused(log: pd.DataFrame, what: str) -> None:
    change, said = WRONG[what]
    with pytest.raises(LogError, match=said):
        vintages(change(log), HORIZON, KNOWN_AT)
