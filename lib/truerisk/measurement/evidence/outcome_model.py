"""m(x) and its sisters: cross-fitted predictions that doubly robust estimates correct."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd

from truerisk.columns import SIDES, m_of, value_of, valued_actions
from truerisk.errors import LogError
from truerisk.measurement.evidence.outcomes import refuse
from truerisk.measurement.evidence.pseudo import Guess
from truerisk.measurement.evidence.reviewed import rates
from truerisk.measurement.evidence.rows import Rows
from truerisk.statistics.clusters import FOLDS
from truerisk.statistics.threads import available

LEAST_LABELS = 200
BINS = 255  # as many as boosting makes of a column
MOST_LABELS = 200_000  # more teach a small tree model nothing and cost minutes
EDGE = 1e-3


def guesses(frame: pd.DataFrame, rows: Rows, features: Sequence[str], outcome: str = "") -> Guess:
    """What each row's event, take-up and following are expected to be.

    A column ``m`` of the frame, or ``m_<outcome>`` of one of several, is taken as P(event), ``m2``
    as that given the verdict. P(taken) is fitted on what was offered, P(followed) on what was
    taken; both are 1 where nobody walked away and nothing was lost.
    """
    named = [m_of(outcome), "m"] if outcome else ["m"]
    given = next((c for c in named if c in frame), None)
    if given is not None:
        m = frame[given].to_numpy()
        refuse(f"{given} is null or outside [0, 1]", ~((m >= 0) & (m <= 1)))
    else:
        m = cross_fit(frame, rows, features)
    taken = followed = None
    took = rows.seen | rows.lost
    if rows.walked.any():
        taken = _fitted(_design(frame, rows, features), took, took | rows.walked, rows.cluster)
    if rows.lost.any():
        followed = _fitted(_design(frame, rows, features), rows.seen, took, rows.cluster)
    return Guess(m, taken, followed, _after(frame, rows, m, features))


def cross_fit(
    frame: pd.DataFrame, rows: Rows, features: Sequence[str], asked: np.ndarray | None = None
) -> np.ndarray:
    """P(event | score, features) for every row by a model that never saw its cluster, shape (n,).

    Fitted on the revealed rows, unweighted, but that one which an audit let pass stands for all
    whom the verdict stopped: 1/q. A poor m costs width, never bias: the correction term
    (R/π)(y − m) is exact for any m that did not see the row. Of rows that are not ``asked`` for (a
    mask) nothing is said.
    """
    if not ((rows.pi > 0) & ~(rows.seen & (rows.chance == 1))).any():
        # Every label that counts is known: (1/1)(y − m) + m is y, whatever m is.
        return np.full(len(rows), rows.y[rows.seen].mean() if rows.seen.any() else 0.5)
    X, weight = _design(frame, rows, features), None if rows.q is None else 1 / rows.q
    return _fitted(X, rows.y > 0, rows.seen, rows.cluster, asked, weight)


def _after(
    frame: pd.DataFrame, rows: Rows, m: np.ndarray, features: Sequence[str]
) -> np.ndarray | None:
    """P(event | verdict) where an audit decides, null elsewhere, (n,); None where nobody reviews.

    The audited outcomes' weighted rate by verdict, without a row's own cluster; from 200 of them on
    a cross-fitted model of the score, the features and the verdict.
    """
    if rows.q is None:
        return None
    if "m2" in frame:
        return np.where(rows.q < 1, frame["m2"].to_numpy(dtype=float), np.nan)
    hidden = rows.q < 1
    audited = hidden & rows.seen
    if audited.sum() < LEAST_LABELS:
        return rates(frame["verdict"], rows, m)
    X = np.column_stack(
        [_design(frame, rows, features), pd.factorize(frame["verdict"], sort=True)[0]]
    )
    fitted = _fitted(X, rows.y > 0, audited, rows.cluster, hidden, least=LEAST_LABELS // 2)
    return np.where(hidden, fitted, np.nan)


def expected_value(frame: pd.DataFrame, rows: Rows, features: Sequence[str]) -> np.ndarray:
    """m_v(x): the realised dollars expected where the outcome is seen, cross-fitted, shape (n,)."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    dollars = [value_of(a, side) for a in valued_actions(frame.columns) for side in SIDES]
    X, value = _design(frame, rows, [*features, *dollars]), frame["realised_value"].to_numpy(float)
    known = rows.seen & ~np.isnan(value)

    def learnt(some: np.ndarray, test: np.ndarray) -> np.ndarray | float:
        if len(some) < LEAST_LABELS:
            return value[some].mean() if len(some) else 0.0
        model = HistGradientBoostingRegressor(
            max_iter=60, max_leaf_nodes=15, min_samples_leaf=40, early_stopping=False,
            random_state=0,
        )  # fmt: skip
        teaches = _teaches(X, some)
        return model.fit(teaches(some), value[some]).predict(teaches(test))

    return _by_fold(learnt, _Taught(X, value, known, rows.cluster))


def _fitted(
    X: np.ndarray,
    y: np.ndarray,
    known: np.ndarray,
    cluster: np.ndarray,
    asked: np.ndarray | None = None,
    weight: np.ndarray | None = None,
    least: int = LEAST_LABELS,
) -> np.ndarray:
    """P(y) for every row of X, (n,), or those ``asked`` for, from the ``known`` of other folds."""
    from sklearn.ensemble import HistGradientBoostingClassifier  # slow to import, often not needed

    if weight is not None:
        X = np.column_stack([_binned(column, column[known]) for column in X.T])

    def learnt(some: np.ndarray, test: np.ndarray) -> np.ndarray | float:
        labels, weights = y[some], None if weight is None else weight[some]
        if len(labels) < least or labels.all() or not labels.any():
            return np.average(labels, weights=weights) if len(labels) else 0.5
        model = HistGradientBoostingClassifier(
            max_iter=60, max_leaf_nodes=15, min_samples_leaf=40, l2_regularization=1.0,
            early_stopping=False, random_state=0,
        )  # fmt: skip
        teaches = _teaches(X, some)
        return model.fit(teaches(some), labels, weights).predict_proba(teaches(test))[:, 1]

    return np.clip(_by_fold(learnt, _Taught(X, y, known, cluster), asked), EDGE, 1 - EDGE)


def _teaches(X: np.ndarray, some: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Rows of X without the columns that are null in all of ``some``, as one that is new may be:
    they teach nothing, and scikit-learn stops at them."""
    empty = np.isnan(X[some]).all(axis=0)
    return lambda rows: X[rows][:, ~empty] if empty.any() else X[rows]


def _binned(column: np.ndarray, met: np.ndarray) -> np.ndarray:
    """Which of BINS of about as many of the values ``met`` each value is in, null as NaN; (n,).

    Given weights, scikit-learn would sort a column anew for every bin, which is three quarters of a
    fit, unless its values are no more than bins.
    """
    met = met[~np.isnan(met)]
    if not len(met):
        return np.full(len(column), np.nan)
    inner = np.linspace(0, 100, BINS + 1)[1:-1]
    borders = np.percentile(met, inner, method="averaged_inverted_cdf")
    return np.where(np.isnan(column), np.nan, np.searchsorted(np.unique(borders), column))


def _by_fold(
    learnt: Callable[[np.ndarray, np.ndarray], np.ndarray | float],
    taught: "_Taught",
    asked: np.ndarray | None = None,
) -> np.ndarray:
    """What each fold's rows (those ``asked`` for) are expected to be by the others, (n,).

    Folds are fitted side by side, each by one thread: boosting's own threads wait by spinning, and
    on a busy machine two are a hundred times slower than one.
    """
    from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

    threads = ThreadpoolController()  # of the libraries that are loaded by now
    m = np.full(len(taught.fold), 0.5)

    def fill(k: int) -> None:
        test = taught.fold == k
        if asked is not None:
            test &= asked
        if test.any():
            with threads.limit(limits=1, user_api="openmp"):  # of this thread's own loops
                m[test] = learnt(taught.but(k), test)

    with ThreadPoolExecutor(min(available(), FOLDS)) as pool:
        list(pool.map(fill, np.unique(taught.fold)))  # few subjects leave some empty
    return m


class _Taught:
    """Which rows a fold's model is fitted on: ``known`` ones of other folds, in an order that does
    not depend on that of the log."""

    def __init__(
        self, X: np.ndarray, y: np.ndarray, known: np.ndarray, cluster: np.ndarray
    ) -> None:
        self.fold = cluster % FOLDS
        self.rows = np.flatnonzero(known)
        self.rank = np.zeros(len(X), dtype=np.int64)
        self.rank[self.rows[sorted_rows(X[self.rows], y[self.rows])]] = np.arange(len(self.rows))
        if len(self.rows) > MOST_LABELS:
            first = np.lexsort((y[self.rows], X[self.rows, 0], cluster[self.rows]))
            self.rows = self.rows[first]

    def but(self, k: int) -> np.ndarray:
        some = self.rows[self.fold[self.rows] != k]
        if len(some) > MOST_LABELS:
            some = some[:: -(-len(some) // MOST_LABELS)]
        return some[np.argsort(self.rank[some])]


def sorted_rows(X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The rows by the last column of X, then the one before and so on, then y; (n,).

    A column is only looked at where those after it do not tell all rows apart.
    """
    place, places = np.zeros(len(y), dtype=np.int64), min(len(y), 1)
    for column in (*X.T[::-1], y):
        if places == len(y):
            break
        known = np.where(np.isnan(column), np.inf, column)  # equal to itself, and the last
        values, rank = np.unique(known, return_inverse=True)
        found, place = np.unique(place * len(values) + rank, return_inverse=True)
        places = len(found)
    return np.argsort(place, kind="stable")


def _design(frame: pd.DataFrame, rows: Rows, features: Sequence[str]) -> np.ndarray:
    """The score and the features as numbers, null as NaN; (n, 1 + features)."""
    X = np.empty((len(frame), 1 + len(features)))
    X[:, 0] = rows.score
    for place, name in enumerate(features, start=1):
        X[:, place] = as_number(frame[name])
    return X


def as_number(values: pd.Series, met: np.ndarray | slice = slice(None)) -> np.ndarray:
    """A feature as an outcome model takes it, (n,): numbers, null as NaN; of texts the rank among
    those of the rows ``met``, −1 for null and for any other."""
    if pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        column = values.to_numpy(dtype=float, na_value=np.nan)
        refuse(f'the feature "{values.name}" is infinite', np.isinf(column))
        return column
    try:
        code, levels = pd.factorize(values)
    except TypeError:
        raise LogError(
            f'The outcome model cannot use the feature "{values.name}": it holds lists.'
        ) from None
    known = np.unique(code[met])
    known = known[known >= 0]
    rank = np.full(len(levels) + 1, -1.0)  # the last is that of null, −1
    rank[known] = np.argsort(np.argsort([str(levels[k]) for k in known], kind="stable"))
    return rank[code]
