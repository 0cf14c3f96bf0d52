"""EMP against empulse where everybody is revealed, against a search over cutoffs elsewhere."""

import numpy as np
import pandas as pd
import pytest

from tests.measurement import worlds
from truerisk.errors import LogError
from truerisk.measurement.worth.action_values import action_values
from truerisk.measurement.worth.emp import emp


def everybody(log: pd.DataFrame) -> pd.DataFrame:
    sure = log.assign(p_reveal=1.0, p_approve=1.0, p_decline=0.0)
    return worlds.reveal(sure, np.ones(len(log), dtype=bool))


@pytest.mark.slow
@pytest.mark.parametrize("digits", [12, 1])  # 1: many equal scores
def test_equals_empulse_where_everybody_is_revealed(digits: int) -> None:
    empcs_score = pytest.importorskip("empulse.metrics").empcs_score
    log = everybody(worlds.draw(3, n=2_000))
    log["score"] = log["score"].round(digits)
    y, score = log["y"].to_numpy(), log["score"].to_numpy()
    for rates in ({}, {"success_rate": 0.2, "default_rate": 0.5, "roi": 0.1}):
        found = emp(log, **rates).set_index("figure")["value"]
        assert found["emp"] == pytest.approx(empcs_score(y, score, **rates), rel=1e-6)
        declined = empcs_score.optimal_rate(y, score, **rates)
        assert found["emp_fraction"] == pytest.approx(declined, rel=1e-6)


def test_doubly_robust_weights_equal_a_search_over_every_cutoff() -> None:
    log = worlds.draw(4, n=800)
    s = action_values(log)
    a, b = np.append(0, np.cumsum(s.a)), np.append(0, np.cumsum(s.b))
    shares = (np.arange(4_000) + 0.5) / 4_000
    most = np.array([(x * a - 0.2644 * b).max() for x in (*shares, 1.0)]) / len(s)
    by_search = 0.35 * most[:-1].mean() + 0.1 * most[-1]
    found = emp(log)["value"][0]
    assert found == pytest.approx(by_search, rel=1e-5)
    seen = log[log["revealed"]]
    naive = emp(everybody(seen))["value"][0]
    assert naive < 0.7 * found  # the approved alone leave little to decline


def test_shares_that_are_none_are_refused() -> None:
    for wrong in ({"success_rate": 0.8, "default_rate": 0.3}, {"roi": 0.0}):
        with pytest.raises(LogError, match="must be above 0"):
            emp(worlds.draw(1), **wrong)
