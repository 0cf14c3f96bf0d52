"""Everyone alike: simple to explain, and costly, because every label costs its full price."""

import numpy as np

from truerisk.decisions.exploration.explorable import Explorable
from truerisk.problem.exploration import Exploration


def weights(exploration: Exploration, rows: Explorable) -> np.ndarray:
    """1 for every row that may be explored, shape (n open,)."""
    return np.ones(int(rows.open.sum()))
