"""The campaigns: what they promise about truth, and why a model of response is a trap in them."""

import numpy as np
import pandas as pd
import pytest

from truerisk.simulator import Campaigns, simulate_prospects

LARGE = 4_000  # customers
KINDS = {
    (1, 1): "sure thing",
    (1, 0): "persuadable",
    (0, 1): "do-not-disturb",
    (0, 0): "lost cause",
}


@pytest.fixture(scope="module")
def world() -> Campaigns:
    return simulate_prospects(LARGE, campaigns=8)


@pytest.fixture(scope="module")
def gain(world: Campaigns) -> np.ndarray:
    """What a contact is worth in truth, dollars, (n,)."""
    adds = world.truth["p_contact"] - world.truth["p_skip"]
    return (world.prospects["margin"] * adds - world.prospects["contact_cost"]).to_numpy()


def test_the_same_arguments_give_the_same_world() -> None:
    one, two, other = (simulate_prospects(300, campaigns=2, seed=s) for s in (1, 1, 2))
    for name in ("prospects", "visits", "truth"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(two, name))
    assert not one.truth["p_skip"].equals(other.truth["p_skip"])


def test_prospects_come_in_order_of_time_and_return(world: Campaigns) -> None:
    prospects = world.prospects
    assert prospects["prospect_id"].is_unique and prospects["listed_at"].is_monotonic_increasing
    assert str(prospects["listed_at"].dtype) == "datetime64[us, UTC]"
    assert not prospects.duplicated(["customer_id", "campaign"]).any()
    assert prospects["customer_id"].value_counts().median() >= 3
    assert world.visits["visited_at"].is_monotonic_increasing
    assert world.visits["visited_at"].min() < prospects["listed_at"].min()
    assert not prospects.isna().any().any() and not world.truth.isna().any().any()


def test_each_person_has_both_outcomes_and_their_probabilities(world: Campaigns) -> None:
    truth = world.truth
    kinds = [KINDS[pair] for pair in zip(truth["event_contact"], truth["event_skip"])]
    assert truth["kind"].tolist() == kinds and set(kinds) == set(KINDS.values())
    for action in ("contact", "skip"):
        p, y = truth[f"p_{action}"], truth[f"event_{action}"]
        noise = np.sqrt((p * (1 - p)).sum())
        assert abs((y - p).sum()) < 4 * noise
        tenth = np.ceil(p.rank(pct=True) * 10)
        off = (y - p).groupby(tenth).sum() / np.sqrt((p * (1 - p)).groupby(tenth).sum())
        assert off.abs().max() < 4


def test_responses_show_the_outcome_of_what_was_done_and_no_other(world: Campaigns) -> None:
    truth = world.truth.set_index("prospect_id")
    some = truth.index[::7]
    contacted = dict(zip(some, truth.loc[some, "old_contact"]))
    seen = world.responses(contacted).set_index("prospect_id")
    assert list(seen.index) == list(some)
    did = truth.loc[some, "old_contact"]
    assert (seen["action"].eq("contact") == did).all()
    expected = truth.loc[some, "event_contact"].where(did, truth.loc[some, "event_skip"])
    assert (seen["bought"] == expected).all()
    listed = world.prospects.set_index("prospect_id").loc[some, "listed_at"]
    waited = (seen["observed_at"] - listed).dt.total_seconds() / 86_400
    assert waited[seen["bought"] == 1].between(1, 30).all()
    assert np.allclose(waited[seen["bought"] == 0], 30)
    with pytest.raises(KeyError):
        world.responses({"P9999999": True})


def test_old_contacts_are_drawn_with_the_chance_that_is_logged(world: Campaigns) -> None:
    truth = world.truth
    assert set(truth["old_chance"]) == {0.25, 0.75}
    off = (truth["old_contact"] - truth["old_chance"]).sum()
    assert abs(off) < 4 * np.sqrt((truth["old_chance"] * (1 - truth["old_chance"])).sum())
    buys = truth["p_skip"].groupby(truth["old_chance"]).mean()
    assert buys[0.75] > 1.5 * buys[0.25], "who is contacted more often buys anyway"


def test_the_best_buyers_are_not_those_whom_a_contact_persuades(
    world: Campaigns, gain: np.ndarray
) -> None:
    """Contacting everyone loses, contacting the likeliest buyers hardly earns, knowing whom a
    contact moves earns ten times as much."""
    truth = world.truth
    best = np.maximum(gain, 0).mean()
    assert best > 0.7 and gain.mean() < -1
    responders = truth["p_contact"].to_numpy()
    top = [
        gain[responders >= np.quantile(responders, 1 - q)].sum() for q in np.arange(0.05, 1, 0.05)
    ]
    assert max(top) / len(gain) < 0.2 * best
    assert (truth["p_contact"] < truth["p_skip"]).mean() > 0.2, "a contact annoys some"
    usual = (responders * world.prospects["margin"] > world.prospects["contact_cost"]).to_numpy()
    assert gain[usual].sum() < 0, "more response than its cost, and less than nothing in dollars"
