"""m(x): a cross-fitted guess of the event that doubly robust estimates correct."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from truerisk.measurement.log import Rows, mature_rows

FOLDS = 5
LEAST_LABELS = 200
EDGE = 1e-3


def outcome_model(log: pd.DataFrame, features: Sequence[str]) -> pd.Series:
    """m(x) for every row of a log, null where immature: a log that carries it as ``m`` is measured
    again and again without fitting again."""
    frame, rows = mature_rows(log)
    m = np.full(len(log), np.nan)
    m[log["mature"].to_numpy(dtype=bool)] = cross_fit(frame, rows, features)
    return pd.Series(m, index=log.index)


def cross_fit(frame: pd.DataFrame, rows: Rows, features: Sequence[str]) -> np.ndarray:
    """P(event | score, features) for every row by a model that never saw its cluster, shape (n,).

    Fitted on the revealed rows, unweighted. A poor m costs width, never bias: the correction term
    (R/π)(y − m) is exact for any m that did not see the row.
    """
    m = np.full(len(rows), rows.y[rows.seen].mean() if rows.seen.any() else 0.5)
    if not ((rows.pi > 0) & ~(rows.seen & (rows.pi == 1))).any():
        return m  # every label that counts is known: (1/1)(y − m) + m is y, whatever m is
    from sklearn.ensemble import HistGradientBoostingClassifier  # slow to import, often not needed
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    X = _design(frame, rows, features)
    fold = rows.cluster % FOLDS
    for k in range(FOLDS):
        train, test = rows.seen & (fold != k), fold == k
        y = rows.y[train]
        if len(y) < LEAST_LABELS or y.min() == y.max():
            m[test] = y.mean() if len(y) else 0.5
            continue
        model = HistGradientBoostingClassifier(
            max_iter=60, max_leaf_nodes=15, min_samples_leaf=40, l2_regularization=1.0,
            early_stopping=False, random_state=0,
        )  # fmt: skip
        # Its threads wait by spinning: on a busy machine two are a hundred times slower than one.
        with threadpool_limits(1, "openmp"):
            m[test] = model.fit(X[train], y).predict_proba(X[test])[:, 1]
    return np.clip(m, EDGE, 1 - EDGE)


def _design(frame: pd.DataFrame, rows: Rows, features: Sequence[str]) -> np.ndarray:
    columns = [rows.score]
    for name in features:
        values = frame[name]
        if pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
            columns.append(values.to_numpy(dtype=float))
        else:
            columns.append(pd.factorize(values, sort=True)[0].astype(float))
    return np.column_stack(columns)
