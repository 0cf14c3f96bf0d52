"""Rows of a result by name."""

from collections.abc import Callable

import pandas as pd
import pytest


@pytest.fixture
def row() -> Callable[..., pd.Series]:
    """One estimate: ``row(found, metric, estimator, population, policy, at)``."""

    def row_(
        found: pd.DataFrame,
        metric: str,
        estimator: str = "dr",
        population: str = "all",
        policy: str | None = None,
        at: str | None = None,
    ) -> pd.Series:
        kept = found[
            (found["metric"] == metric)
            & (found["estimator"] == estimator)
            & (found["population"] == population)
        ]
        if policy is not None:
            kept = kept[kept["policy"] == policy]
        if at is not None:
            kept = kept[kept["at"] == at]
        assert len(kept) == 1
        return kept.iloc[0]

    return row_
