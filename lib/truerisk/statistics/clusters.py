"""Which rows are alike: one subject's, or all that are connected through a subject or a device."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from truerisk.errors import LogError
from truerisk.statistics.order import ordered
from truerisk.statistics.ranking import Ranking, starts

FOLDS = 5  # of an outcome model that never saw a row's cluster


def codes(frame: pd.DataFrame, columns: Sequence[str]) -> np.ndarray:
    """A code per cluster, shape (n,): rows that share a value of any column are connected.

    With several columns the clusters are the connected components, so that two subjects with one
    device, and all their rows, are one. Codes follow a hash of the values, not the order of rows:
    the same rows in another order, or with others beside them, are folded alike.
    """
    first = _codes(frame[columns[0]])
    if len(columns) == 1:
        return first
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    # A graph whose nodes are the values of every column; a row joins the values it holds.
    joined, nodes = [first], int(first.max()) + 1
    for column in columns[1:]:
        joined.append(_codes(frame[column]) + nodes)
        nodes = int(joined[-1].max()) + 1
    pairs = np.concatenate([np.stack([first, other]) for other in joined[1:]], axis=1)
    graph = coo_matrix((np.ones(pairs.shape[1], dtype=np.int8), pairs), shape=(nodes, nodes))
    component = connected_components(graph, directed=False)[1]
    # Components are numbered by their first node: the least code of the first column.
    least = np.full(int(component.max()) + 1, len(component))
    np.minimum.at(least, component[first], first)
    return least[component[first]]


def closed_up(code: np.ndarray) -> np.ndarray:
    """The codes of some rows, (n,), as ``codes`` gives them where there are no others."""
    there = np.zeros((int(code.max(initial=0)) // FOLDS + 1, FOLDS), dtype=bool)
    rank, fold = np.divmod(code, FOLDS)
    there[rank, fold] = True
    return (np.cumsum(there, axis=0) - 1)[rank, fold] * FOLDS + fold


def _codes(values: pd.Series) -> np.ndarray:
    """A code of each value by its hash, (n,): its remainder by FOLDS is the value's own, whatever
    other values there are; the values of one remainder are numbered by the rank of their hash. Null
    is a value too."""
    if isinstance(values.dtype, np.dtype) and values.dtype.kind in "iu":
        each = pd.util.hash_array(values.to_numpy())  # no two numbers have one hash
        order, sorted_ = ordered(each)
        first = starts(sorted_)
        return Ranking(order, first).spread(_numbered(sorted_[first]))
    try:
        code, found = pd.factorize(values, use_na_sentinel=False)
    except TypeError:
        raise LogError(f'The column "{values.name}" of the log holds lists.') from None
    names = pd.Series(found)
    if names.dtype == object:
        names = names.map(lambda name: name if isinstance(name, str) else repr(name))
    place = pd.util.hash_pandas_object(names, index=False, categorize=False).to_numpy()
    order, sorted_ = ordered(place)
    rank = np.empty(len(place), dtype=np.int64)
    rank[order] = _numbered(sorted_)
    return rank[code]


def _numbered(places: np.ndarray) -> np.ndarray:
    """The codes of different values by their sorted hashes, (n,)."""
    own = (places % FOLDS).astype(np.int64)
    rank = np.empty(len(places), dtype=np.int64)
    for fold in range(FOLDS):
        mine = np.flatnonzero(own == fold)
        rank[mine] = np.arange(len(mine)) * FOLDS + fold
    return rank
