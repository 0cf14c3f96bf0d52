"""Which rows are alike: one subject's, or all that are connected through a subject or a device."""

from collections.abc import Sequence

import numpy as np
import pandas as pd


def codes(frame: pd.DataFrame, columns: Sequence[str]) -> np.ndarray:
    """A code per cluster, shape (n,): rows that share a value of any column are connected.

    With several columns the clusters are the connected components, so that two subjects with one
    device, and all their rows, are one.
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
    return pd.factorize(component[first])[0]


def _codes(values: pd.Series) -> np.ndarray:
    return pd.factorize(values)[0]
