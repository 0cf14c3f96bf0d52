"""One pass over blocks finds what whole influence functions, added up by cluster, do."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.measurement import worlds
from truerisk.measurement import estimate
from truerisk.measurement.evidence.rows import Rows
from truerisk.measurement.gamma import Labels
from truerisk.measurement.measure import measure
from truerisk.measurement.one_pass import Spread
from truerisk.measurement.options import Changes, Flagging
from truerisk.statistics import blocks
from truerisk.statistics.influence import Value
from truerisk.statistics.interval import clustered_se

ALL = Flagging(thresholds=[0.1], shares=[0.2])


def whole(values: Sequence[Value], rows: Rows, labels: Labels) -> list[Spread]:
    """The oracle: every influence function at once, and every count of events exact."""
    return [
        Spread(deviation=clustered_se(v.influence, rows.cluster) * len(rows), plenty=False)
        for v in values
    ]


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(blocks, "BLOCK", 64)
    yield


LOGS = {
    "seed": st.integers(0, 1_000),
    "subjects": st.sampled_from([40, 900, 10**9]),
    "digits": st.sampled_from([1, 2, 17]),
    "pi": st.sampled_from([0.05, 0.3]),
    "closed": st.sampled_from([0.0, 0.1]),
}


@pytest.mark.slow
@settings(max_examples=2, deadline=None)
@given(**LOGS)
def test_intervals_are_those_of_whole_influence_functions(**log: float) -> None:
    same_as_whole(**log)  # type: ignore[arg-type]


@pytest.mark.thorough
@settings(max_examples=40, deadline=None)
@given(**LOGS)
def test_they_are_of_many_logs(**log: float) -> None:
    same_as_whole(**log, by=["region"], bands=3)  # type: ignore[arg-type]


def same_as_whole(
    seed: int, subjects: int, digits: int, pi: float, closed: float, **groups: Any
) -> None:
    rng = np.random.default_rng(seed)
    log = worlds.draw(seed, n=900, pi=pi)
    never = (rng.random(len(log)) < closed) & log["p_reveal"].lt(1)
    log = worlds.reveal(
        log.assign(p_reveal=log["p_reveal"].mask(never, 0.0)), log["revealed"] & ~never
    )
    log = log.assign(
        p_approve=log["p_reveal"],
        p_decline=1 - log["p_reveal"],
        subject=rng.integers(0, subjects, len(log)),
        score=log["score"].round(digits).clip(0.01, 0.99),
        region=rng.choice(["north", "south"], len(log)),
    )
    below = log["score"].lt(worlds.WIDER) * 1.0
    changes = Changes(
        policies={"wider": pd.DataFrame({"approve": below, "decline": 1 - below})},
        rivals={"m": log["m"]},
    )
    asked = {"flagging": ALL, "changes": changes, **groups}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK", 64)
        found = measure(log, **asked)
        patch.setattr(estimate, "one_pass", whole)
        expected = measure(log, **asked)
    assert found["value"].notna().sum() > 10
    pd.testing.assert_frame_equal(found, expected, rtol=1e-12, atol=1e-13)


def test_blocks_part_no_cluster(small_blocks: None) -> None:
    """A cluster of more rows than a block is in one of its own; scattered rows are in one block."""
    rng = np.random.default_rng(0)
    code = np.sort(np.r_[np.zeros(300, int), rng.integers(1, 400, 500), np.full(200, 400)])
    no, one = np.zeros(1_000, bool), np.ones(1_000)
    rows = Rows(
        score=one, pi=one, seen=~no, y=one, walked=no, lost=no, unseen=no, cluster=code, day=code
    )
    values = rng.normal(size=1_000)
    sums = np.bincount(code, values)
    assert len(rows.blocks) > 8 and all(b.rows.start < b.rows.stop for b in rows.blocks)
    assert all(set(code[b.rows]).isdisjoint(code[b.rows.stop :]) for b in rows.blocks)
    assert sum(b.squares(values[b.rows]) for b in rows.blocks) == pytest.approx(sums @ sums)
    mixed = rng.permutation(1_000)
    [block] = rows.at(mixed).blocks
    assert block.squares(values[mixed]) == pytest.approx(sums @ sums)
